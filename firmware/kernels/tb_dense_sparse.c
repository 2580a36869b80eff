/* SPDX-License-Identifier: Apache-2.0 */
/* FULLY_CONNECTED of which most weights are zero, as pruning leaves it: a block of four channels
 * has only those taps for which one of the four has a weight. */
#include "tb_kernels.h"
#include "tb_scale.h"

#define CHANNELS 4

void tb_dense_sparse(const tb_dense_sparse_t *op, const int8_t *in, int8_t *out) {
  const tb_out_t limits = tb_out(op->out_offset, op->act_min, op->act_max);
  const uint16_t *tap = op->taps;
  const int8_t *weight = op->filter;
  for (int32_t channel = 0; channel < op->channels; channel += CHANNELS) {
    const int32_t *const bias = op->bias + channel;
    int32_t s0 = bias[0], s1 = bias[1], s2 = bias[2], s3 = bias[3];
    const uint16_t *const end = tap + op->counts[channel / CHANNELS];
    for (; tap != end; tap++, weight += CHANNELS) {
      const int32_t x = in[*tap];
      s0 += x * weight[0];
      s1 += x * weight[1];
      s2 += x * weight[2];
      s3 += x * weight[3];
    }
    const int32_t sums[CHANNELS] = {s0, s1, s2, s3};
    for (int32_t i = 0; i < CHANNELS && channel + i < op->channels; i++) {
      const int32_t c = channel + i;
      *out++ = (int8_t)tb_scale(sums[i], op->multiplier[c], op->shift[c], limits);
    }
  }
}
