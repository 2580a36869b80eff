/* SPDX-License-Identifier: Apache-2.0 */
/* SOFTMAX of int16 tensors, after TFLite's reference_ops::SoftmaxInt16: exp(x) and 1 / (1 + x) from
 * tables of 513 entries, linear between them. */
#include "tb_fixedpoint.h"
#include "tb_kernels16.h"
#include "tb_scale16.h"

/* The table at x / 128, of which -256 is its first entry. */
static int32_t between(const int16_t *table, int32_t x) {
  const int16_t *at = table + 256 + (x >> 7);
  return (int16_t)(at[0] + (((at[1] - at[0]) * (x & 0x7F) + 64) >> 7));
}

static void softmax_row(const tb_softmax16_t *op, const int16_t *in, int16_t *out) {
  int32_t max = INT16_MIN, sum = 0;
  for (int32_t i = 0; i < op->depth; i++) {
    max = in[i] > max ? in[i] : max;
  }
  for (int32_t i = 0; i < op->depth; i++) {
    const int32_t distance = tb_requantize(in[i] - max, op->multiplier, op->shift);
    out[i] = (int16_t)between(op->exp_table, tb_clamp16(distance + 32767, INT16_MIN, INT16_MAX));
    sum += out[i];
  }
  const int32_t headroom = tb_leading_zeros((uint32_t)sum) - 1;
  const int32_t top17 = (int32_t)((((uint32_t)sum << headroom) + (1u << 13)) >> 14);
  const int32_t scale =
      between(op->inverse_table, tb_clamp16(top17 - (1 << 15) - (1 << 16), INT16_MIN, INT16_MAX));
  const int32_t shift = 30 - headroom;
  for (int32_t i = 0; i < op->depth; i++) {
    const uint32_t share = (uint32_t)out[i] * (uint32_t)scale + (1u << (shift - 1));
    out[i] = tb_clamp16((int32_t)(share >> shift), 0, INT16_MAX);
  }
}

void tb_softmax16(const tb_softmax16_t *op, const int16_t *in, int16_t *out) {
  for (int32_t row = 0; row < op->rows; row++) {
    softmax_row(op, in, out);
    in += op->depth;
    out += op->depth;
  }
}
