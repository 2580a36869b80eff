/* SPDX-License-Identifier: Apache-2.0 */
/* Binary32 arithmetic (IEEE 754-2019, to nearest, ties to even) that gcc calls by these names, for
 * models with float inputs or outputs. See integers.c for why it is not in libgcc here.
 *
 * In the making, a number is its significand, with the leading one at bit 30 and the last bit
 * saying whether anything below it was lost, and its exponent as it is stored. */
#include <stdint.h>

float __floatsisf(int32_t value);
float __truncdfsf2(double value);
float __mulsf3(float left, float right);
float __addsf3(float left, float right);
float __subsf3(float left, float right);

#define SIGN 0x80000000u
#define INFINITE 0x7F800000u
#define NOT_A_NUMBER 0x7FC00000u
#define HIDDEN 0x00800000u
#define LEADING 30
#define GUARD 7 /* bits below those that are stored */
#define BIAS 127

typedef union {
  float value;
  uint32_t bits;
} binary32_t;

typedef union {
  double value;
  uint64_t bits;
} binary64_t;

static float from_bits(uint32_t bits) { return (binary32_t){.bits = bits}.value; }

static uint32_t to_bits(float value) { return (binary32_t){.value = value}.bits; }

static int is_nan(uint32_t bits) { return (bits & ~SIGN) > INFINITE; }

static int is_infinite(uint32_t bits) { return (bits & ~SIGN) == INFINITE; }

static int32_t exponent_of(uint32_t bits) {
  int32_t stored = (int32_t)(bits >> 23 & 0xFFu);
  return stored == 0 ? 1 : stored;
}

static uint32_t significand_of(uint32_t bits) {
  uint32_t fraction = bits & (HIDDEN - 1u);
  return (bits & INFINITE ? fraction | HIDDEN : fraction) << GUARD;
}

static uint32_t shift_down(uint32_t significand, int32_t by) {
  if (by == 0) return significand;
  if (by > 31) return significand != 0;
  return significand >> by | ((significand << (32 - by)) != 0);
}

/* Any significand: its leading one is brought to where it belongs. */
static float pack(uint32_t sign, int32_t exponent, uint32_t significand) {
  if (significand == 0) return from_bits(sign);
  int32_t up = __builtin_clz(significand) - (31 - LEADING);
  significand = up < 0 ? shift_down(significand, -up) : significand << up;
  exponent -= up;
  if (exponent > 254) return from_bits(sign | INFINITE);
  if (exponent < 1) {
    significand = shift_down(significand, 1 - exponent);
    exponent = 1;
  }
  uint32_t half = 1u << (GUARD - 1), rest = significand & ((1u << GUARD) - 1u);
  significand = (significand + half) >> GUARD;
  if (rest == half) significand &= ~1u;
  /* The hidden bit adds one to the exponent, as does a carry out of the significand. */
  return from_bits(sign | ((((uint32_t)exponent - 1u) << 23) + significand));
}

float __floatsisf(int32_t value) {
  uint32_t size = value < 0 ? 0u - (uint32_t)value : (uint32_t)value;
  return pack(value < 0 ? SIGN : 0, BIAS + LEADING, size);
}

float __mulsf3(float left, float right) {
  uint32_t a = to_bits(left), b = to_bits(right), sign = (a ^ b) & SIGN;
  if (is_nan(a) || is_nan(b)) return from_bits(NOT_A_NUMBER);
  uint32_t x = significand_of(a), y = significand_of(b);
  if (is_infinite(a) || is_infinite(b)) {
    return from_bits(x == 0 || y == 0 ? NOT_A_NUMBER : sign | INFINITE);
  }
  uint64_t product = (uint64_t)x * y; /* 60 bits below its leading one, or fewer */
  if (product == 0) return from_bits(sign);
  int32_t up = __builtin_clzll(product) - 1;
  product <<= up;
  uint32_t significand = (uint32_t)(product >> 32) | ((uint32_t)product != 0);
  return pack(sign, exponent_of(a) + exponent_of(b) - BIAS + 2 - up, significand);
}

float __addsf3(float left, float right) {
  uint32_t a = to_bits(left), b = to_bits(right);
  if (is_nan(a) || is_nan(b)) return from_bits(NOT_A_NUMBER);
  if (is_infinite(a) && is_infinite(b)) return from_bits(a == b ? a : NOT_A_NUMBER);
  if ((a & ~SIGN) < (b & ~SIGN)) {
    uint32_t larger = b;
    b = a;
    a = larger;
  }
  if (is_infinite(a)) return from_bits(a);
  int32_t exponent = exponent_of(a);
  uint32_t x = significand_of(a), y = shift_down(significand_of(b), exponent - exponent_of(b));
  if (((a ^ b) & SIGN) == 0) return pack(a & SIGN, exponent, x + y);
  return pack(x == y ? 0 : a & SIGN, exponent, x - y);
}

float __subsf3(float left, float right) { return __addsf3(left, from_bits(to_bits(right) ^ SIGN)); }

/* Binary64's significand has its leading one at bit 52; what is subnormal there is nothing here. */
float __truncdfsf2(double value) {
  uint64_t bits = (binary64_t){.value = value}.bits;
  uint32_t sign = (uint32_t)(bits >> 32) & SIGN;
  int32_t stored = (int32_t)(bits >> 52 & 0x7FFu);
  uint64_t significand = (bits & ((UINT64_C(1) << 52) - 1u)) | UINT64_C(1) << 52;
  if (stored == 0x7FF) {
    return from_bits(significand << 12 ? NOT_A_NUMBER : sign | INFINITE);
  }
  if (stored == 0) return from_bits(sign);
  uint32_t lost = significand & ((1u << (52 - LEADING)) - 1u);
  uint32_t kept = (uint32_t)(significand >> (52 - LEADING)) | (lost != 0);
  return pack(sign, stored - 1023 + BIAS, kept);
}
