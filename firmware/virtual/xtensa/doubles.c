/* SPDX-License-Identifier: Apache-2.0 */
/* Binary64 arithmetic (IEEE 754-2019, to nearest, ties to even) that gcc calls by these names, for
 * TFLite Micro, which prepares its kernels in it. See integers.c for why it is not in libgcc here.
 *
 * As in floats.c: the leading one of a significand is at bit 62, its last bit says whether anything
 * below it was lost, and its exponent is as it is stored. */
#include <stdint.h>

double __floatsidf(int32_t value);
double __floatunsidf(uint32_t value);
int32_t __fixdfsi(double value);
uint32_t __fixunsdfsi(double value);
double __extendsfdf2(float value);
double __muldf3(double left, double right);
double __divdf3(double left, double right);
double __adddf3(double left, double right);
double __subdf3(double left, double right);

#define SIGN 0x8000000000000000u
#define INFINITE 0x7FF0000000000000u
#define NOT_A_NUMBER 0x7FF8000000000000u
#define HIDDEN 0x0010000000000000u
#define LEADING 62
#define GUARD 10 /* bits below those that are stored */
#define BIAS 1023
#define SINGLE_SIGN 0x80000000u
#define SINGLE_INFINITE 0x7F800000u
#define SINGLE_HIDDEN 0x00800000u
#define SINGLE_BIAS 127

typedef union {
  double value;
  uint64_t bits;
} binary64_t;

typedef union {
  float value;
  uint32_t bits;
} binary32_t;

typedef struct {
  uint64_t significand;
  int32_t exponent;
} parts_t;

static double from_bits(uint64_t bits) { return (binary64_t){.bits = bits}.value; }

static uint64_t to_bits(double value) { return (binary64_t){.value = value}.bits; }

static int is_nan(uint64_t bits) { return (bits & ~SIGN) > INFINITE; }

static int is_infinite(uint64_t bits) { return (bits & ~SIGN) == INFINITE; }

static int is_zero(uint64_t bits) { return (bits & ~SIGN) == 0; }

/* Of a finite number: of a subnormal one, its leading one is lower. */
static parts_t parts_of(uint64_t bits) {
  int32_t stored = (int32_t)(bits >> 52 & 0x7FFu);
  uint64_t fraction = bits & (HIDDEN - 1u);
  return (parts_t){(stored == 0 ? fraction : fraction | HIDDEN) << GUARD, stored == 0 ? 1 : stored};
}

/* Of a finite number but 0: its leading one is brought to where it belongs. */
static parts_t normal_parts_of(uint64_t bits) {
  parts_t parts = parts_of(bits);
  int32_t up = __builtin_clzll(parts.significand) - (63 - LEADING);
  return (parts_t){parts.significand << up, parts.exponent - up};
}

static uint64_t shift_down(uint64_t significand, int32_t by) {
  if (by == 0) return significand;
  if (by > 63) return significand != 0;
  return significand >> by | ((significand << (64 - by)) != 0);
}

/* Any significand: its leading one is brought to where it belongs. */
static double pack(uint64_t sign, int32_t exponent, uint64_t significand) {
  if (significand == 0) return from_bits(sign);
  int32_t up = __builtin_clzll(significand) - (63 - LEADING);
  significand = up < 0 ? shift_down(significand, -up) : significand << up;
  exponent -= up;
  if (exponent > 2046) return from_bits(sign | INFINITE);
  if (exponent < 1) {
    significand = shift_down(significand, 1 - exponent);
    exponent = 1;
  }
  uint64_t half = 1u << (GUARD - 1), rest = significand & ((1u << GUARD) - 1u);
  significand = (significand + half) >> GUARD;
  if (rest == half) significand &= ~(uint64_t)1;
  /* The hidden bit adds one to the exponent, as does a carry out of the significand. */
  return from_bits(sign | ((((uint64_t)exponent - 1u) << 52) + significand));
}

double __floatunsidf(uint32_t value) { return pack(0, BIAS + LEADING, value); }

double __floatsidf(int32_t value) {
  uint32_t size = value < 0 ? 0u - (uint32_t)value : (uint32_t)value;
  return pack(value < 0 ? SIGN : 0, BIAS + LEADING, size);
}

/* Towards zero; 2^32 - 1 where it is too large. */
static uint32_t whole_size(uint64_t bits) {
  parts_t parts = parts_of(bits);
  int32_t below = BIAS + LEADING - parts.exponent;
  if (below > LEADING) return 0;
  return below < LEADING - 31 ? UINT32_MAX : (uint32_t)(parts.significand >> below);
}

uint32_t __fixunsdfsi(double value) {
  uint64_t bits = to_bits(value);
  return bits & SIGN || is_nan(bits) ? 0 : whole_size(bits);
}

int32_t __fixdfsi(double value) {
  uint64_t bits = to_bits(value);
  if (is_nan(bits)) return 0;
  uint32_t size = whole_size(bits);
  if (bits & SIGN) return size > INT32_MAX ? INT32_MIN : -(int32_t)size;
  return size > INT32_MAX ? INT32_MAX : (int32_t)size;
}

double __extendsfdf2(float value) {
  uint32_t single = (binary32_t){.value = value}.bits;
  uint64_t sign = (uint64_t)(single & SINGLE_SIGN) << 32;
  uint32_t size = single & ~SINGLE_SIGN, fraction = single & (SINGLE_HIDDEN - 1u);
  if (size > SINGLE_INFINITE) return from_bits(NOT_A_NUMBER);
  if (size == SINGLE_INFINITE) return from_bits(sign | INFINITE);
  int32_t stored = (int32_t)(size >> 23);
  uint64_t significand = stored == 0 ? fraction : fraction | SINGLE_HIDDEN;
  return pack(sign, (stored == 0 ? 1 : stored) - SINGLE_BIAS + BIAS, significand << (LEADING - 23));
}

/* A product's upper 64 of 126 bits. */
static uint64_t product_of(uint64_t x, uint64_t y) {
  uint64_t x0 = (uint32_t)x, x1 = x >> 32, y0 = (uint32_t)y, y1 = y >> 32;
  uint64_t low = x0 * y0, crossed = x1 * y0 + (low >> 32);
  uint64_t middle = x0 * y1 + (uint32_t)crossed;
  uint64_t high = x1 * y1 + (crossed >> 32) + (middle >> 32);
  low = middle << 32 | (uint32_t)low;
  return high << 2 | low >> 62 | ((low << 2) != 0);
}

double __muldf3(double left, double right) {
  uint64_t a = to_bits(left), b = to_bits(right), sign = (a ^ b) & SIGN;
  if (is_nan(a) || is_nan(b)) return from_bits(NOT_A_NUMBER);
  if (is_infinite(a) || is_infinite(b)) {
    return from_bits(is_zero(a) || is_zero(b) ? NOT_A_NUMBER : sign | INFINITE);
  }
  if (is_zero(a) || is_zero(b)) return from_bits(sign);
  parts_t x = normal_parts_of(a), y = normal_parts_of(b);
  return pack(sign, x.exponent + y.exponent - BIAS, product_of(x.significand, y.significand));
}

/* A quotient of two significands, its first bit at bit 62. */
static uint64_t quotient_of(uint64_t x, uint64_t y) {
  uint64_t quotient = 0;
  for (int bit = LEADING; bit >= 0; bit--) {
    quotient <<= 1;
    if (x >= y) {
      x -= y;
      quotient |= 1u;
    }
    x <<= 1;
  }
  return quotient | (x != 0);
}

double __divdf3(double left, double right) {
  uint64_t a = to_bits(left), b = to_bits(right), sign = (a ^ b) & SIGN;
  if (is_nan(a) || is_nan(b) || (is_infinite(a) && is_infinite(b)) || (is_zero(a) && is_zero(b))) {
    return from_bits(NOT_A_NUMBER);
  }
  if (is_infinite(a) || is_zero(b)) return from_bits(sign | INFINITE);
  if (is_infinite(b) || is_zero(a)) return from_bits(sign);
  parts_t x = normal_parts_of(a), y = normal_parts_of(b);
  return pack(sign, x.exponent - y.exponent + BIAS, quotient_of(x.significand, y.significand));
}

double __adddf3(double left, double right) {
  uint64_t a = to_bits(left), b = to_bits(right);
  if (is_nan(a) || is_nan(b)) return from_bits(NOT_A_NUMBER);
  if (is_infinite(a) && is_infinite(b)) return from_bits(a == b ? a : NOT_A_NUMBER);
  if ((a & ~SIGN) < (b & ~SIGN)) {
    uint64_t larger = b;
    b = a;
    a = larger;
  }
  if (is_infinite(a)) return from_bits(a);
  parts_t x = parts_of(a), y = parts_of(b);
  y.significand = shift_down(y.significand, x.exponent - y.exponent);
  if (((a ^ b) & SIGN) == 0) return pack(a & SIGN, x.exponent, x.significand + y.significand);
  uint64_t rest = x.significand - y.significand;
  return pack(rest == 0 ? 0 : a & SIGN, x.exponent, rest);
}

double __subdf3(double left, double right) {
  return __adddf3(left, from_bits(to_bits(right) ^ SIGN));
}
