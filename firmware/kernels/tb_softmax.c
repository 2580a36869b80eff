/* SPDX-License-Identifier: Apache-2.0 */
/* SOFTMAX in fixed point, after TFLite's reference_ops::Softmax and gemmlowp.
 *
 * exp() depends only on the distance to the row's maximum, so it is a table of 256 entries.
 * The sum is kept in Q12.19 and inverted by three Newton-Raphson steps. */
#include <string.h>

#include "tb_fixedpoint.h"
#include "tb_kernels.h"

#define SUM_INTEGER_BITS 12

/* x * 2^e, saturating. */
static int32_t shift_left_saturating(int32_t x, int32_t e) {
  const int64_t wide = (int64_t)x * ((int64_t)1 << e);
  return wide > INT32_MAX ? INT32_MAX : wide < INT32_MIN ? INT32_MIN : (int32_t)wide;
}

/* 1 / (1 + x) for x in [0, 1), Q0.31: gemmlowp one_over_one_plus_x_for_x_in_0_1. The two
 * constants are 48/17 and -32/17 in Q2.29. */
static int32_t reciprocal_one_plus(int32_t x) {
  const int32_t half_denominator = (int32_t)(((int64_t)x + INT32_MAX + 1) / 2);
  int32_t estimate = 1515870810 + tb_high_mul(half_denominator, -1010580540);
  for (int i = 0; i < 3; i++) {
    const int32_t error = (1 << 29) - tb_high_mul(half_denominator, estimate);
    estimate += shift_left_saturating(tb_high_mul(estimate, error), 2);
  }
  return shift_left_saturating(estimate, 1);
}

static void softmax_row(const tb_softmax_t *op, const int8_t *in, int8_t *out) {
  int32_t max = INT8_MIN;
  for (int32_t i = 0; i < op->depth; i++) {
    max = in[i] > max ? in[i] : max;
  }
  int32_t sum = 0;
  for (int32_t i = 0; i < op->depth; i++) {
    sum += tb_rounding_shift(op->exp_table[max - in[i]], SUM_INTEGER_BITS);
  }
  const int32_t headroom = tb_leading_zeros((uint32_t)sum);
  const uint32_t fraction = ((uint32_t)sum << headroom) - 0x80000000u;
  const int32_t scale = reciprocal_one_plus((int32_t)fraction);
  const int32_t exponent = SUM_INTEGER_BITS - headroom + 31 - 8;
  if (exponent > 31) { /* The sum is 512 or more: no share reaches half of 1/256. */
    memset(out, INT8_MIN, (size_t)op->depth);
    return;
  }
  for (int32_t i = 0; i < op->depth; i++) {
    const int32_t share = tb_high_mul(scale, op->exp_table[max - in[i]]);
    out[i] = (int8_t)tb_clamp8(tb_rounding_shift(share, exponent) + INT8_MIN, INT8_MIN, INT8_MAX);
  }
}

void tb_softmax(const tb_softmax_t *op, const int8_t *in, int8_t *out) {
  for (int32_t row = 0; row < op->rows; row++) {
    softmax_row(op, in, out);
    in += op->depth;
    out += op->depth;
  }
}
