/* SPDX-License-Identifier: Apache-2.0 */
/* Exact fixed-point arithmetic: TFLite Micro's double rounding, in fewer instructions.
 * Twin of host/tinybench/compiler/fixedpoint.py; both are tested against TFLite Micro. */
#ifndef TB_FIXEDPOINT_H
#define TB_FIXEDPOINT_H

#include <stdint.h>

/* Right shifts of negative numbers are arithmetic on every compiler that we build with. */
typedef char tb_assert_arithmetic_shift[(-1 >> 1) == -1 ? 1 : -1];

/* round(a * b / 2^31), halves up: gemmlowp SaturatingRoundingDoublingHighMul, without its
 * saturation, which needs a = b = INT32_MIN (no multiplier is negative here). */
static inline int32_t tb_high_mul(int32_t a, int32_t b) {
  return (int32_t)(((int64_t)a * b + ((int64_t)1 << 30)) >> 31);
}

/* x / 2^e, halves away from zero: gemmlowp RoundingDivideByPOT. Adding the sign before and
 * the half after the shift cannot overflow: x is a product, which no multiplier can bring to
 * either end of int32, or e is large. */
static inline int32_t tb_rounding_shift(int32_t x, int32_t e) {
  return e > 0 ? (((x + (x >> 31)) >> (e - 1)) + 1) >> 1 : x;
}

/* TFLite's MultiplyByQuantizedMultiplier: x * multiplier * 2^(shift - 31), rounded twice. */
static inline int32_t tb_requantize(int32_t x, int32_t multiplier, int32_t shift) {
  if (shift > 0) {
    return tb_high_mul((int32_t)((uint32_t)x << shift), multiplier);
  }
  return tb_rounding_shift(tb_high_mul(x, multiplier), -shift);
}

/* Of x > 0. */
static inline int32_t tb_leading_zeros(uint32_t x) {
  int32_t n = 0;
  while ((x & 0x80000000u) == 0) {
    x <<= 1;
    n++;
  }
  return n;
}

/* An int8 as an int32, for the caller to narrow where it is stored: gcc otherwise extends its sign
 * before a store of one byte. */
static inline int32_t tb_clamp8(int32_t x, int32_t low, int32_t high) {
  x = x < low ? low : x;
  return x > high ? high : x;
}

#endif
