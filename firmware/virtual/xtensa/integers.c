/* SPDX-License-Identifier: Apache-2.0 */
/* Integer arithmetic that gcc calls by these names. An ESP8266 has it in its ROM, so Debian's
 * libgcc for the lx106 leaves it out. (An ESP32's core does all of this in one or two
 * instructions.) */
#include <stdint.h>

uint64_t __umulsidi3(uint32_t a, uint32_t b);
int64_t __muldi3(int64_t a, int64_t b);
uint32_t __udivsi3(uint32_t a, uint32_t b);
uint32_t __umodsi3(uint32_t a, uint32_t b);
int32_t __divsi3(int32_t a, int32_t b);
uint64_t __udivdi3(uint64_t a, uint64_t b);
uint64_t __umoddi3(uint64_t a, uint64_t b);
int64_t __divdi3(int64_t a, int64_t b);

/* The core multiplies 16 by 16 bits exactly, and 32 by 32 for the low word. */
static uint32_t high_product(uint32_t a, uint32_t b) {
  uint32_t a0 = a & 0xFFFFu, a1 = a >> 16, b0 = b & 0xFFFFu, b1 = b >> 16;
  uint32_t low = a1 * b0 + (a0 * b0 >> 16);
  uint32_t middle = a0 * b1 + (low & 0xFFFFu);
  return a1 * b1 + (low >> 16) + (middle >> 16);
}

uint64_t __umulsidi3(uint32_t a, uint32_t b) { return (uint64_t)high_product(a, b) << 32 | a * b; }

int64_t __muldi3(int64_t a, int64_t b) {
  uint32_t a0 = (uint32_t)a, a1 = (uint32_t)((uint64_t)a >> 32);
  uint32_t b0 = (uint32_t)b, b1 = (uint32_t)((uint64_t)b >> 32);
  uint32_t high = high_product(a0, b0) + a0 * b1 + a1 * b0;
  return (int64_t)((uint64_t)high << 32 | a0 * b0);
}

static uint32_t divide(uint32_t a, uint32_t b, uint32_t *rest) {
  uint32_t quotient = 0;
  if (b != 0 && a >= b) {
    for (int shift = __builtin_clz(b) - __builtin_clz(a); shift >= 0; shift--) {
      quotient <<= 1;
      if (a >= b << shift) {
        a -= b << shift;
        quotient |= 1u;
      }
    }
  }
  *rest = a;
  return quotient;
}

uint32_t __udivsi3(uint32_t a, uint32_t b) {
  uint32_t rest;
  return divide(a, b, &rest);
}

uint32_t __umodsi3(uint32_t a, uint32_t b) {
  uint32_t rest;
  divide(a, b, &rest);
  return rest;
}

static uint32_t size_of(int32_t a) { return a < 0 ? 0u - (uint32_t)a : (uint32_t)a; }

int32_t __divsi3(int32_t a, int32_t b) {
  uint32_t rest, quotient = divide(size_of(a), size_of(b), &rest);
  return (int32_t)((a ^ b) < 0 ? 0u - quotient : quotient);
}

static uint64_t divide_long(uint64_t a, uint64_t b, uint64_t *rest) {
  uint64_t quotient = 0;
  if (b != 0 && a >= b) {
    for (int shift = __builtin_clzll(b) - __builtin_clzll(a); shift >= 0; shift--) {
      quotient <<= 1;
      if (a >= b << shift) {
        a -= b << shift;
        quotient |= 1u;
      }
    }
  }
  *rest = a;
  return quotient;
}

uint64_t __udivdi3(uint64_t a, uint64_t b) {
  uint64_t rest;
  return divide_long(a, b, &rest);
}

uint64_t __umoddi3(uint64_t a, uint64_t b) {
  uint64_t rest;
  divide_long(a, b, &rest);
  return rest;
}

static uint64_t long_size_of(int64_t a) { return a < 0 ? 0u - (uint64_t)a : (uint64_t)a; }

int64_t __divdi3(int64_t a, int64_t b) {
  uint64_t rest, quotient = divide_long(long_size_of(a), long_size_of(b), &rest);
  return (int64_t)((a ^ b) < 0 ? 0u - quotient : quotient);
}
