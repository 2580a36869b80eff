/* SPDX-License-Identifier: Apache-2.0 */
/* FULLY_CONNECTED: one dot product per unit. */
#include "tb_fixedpoint.h"
#include "tb_kernels.h"

static int32_t dot(const int8_t *x, const int8_t *w, int32_t n, int32_t offset) {
  int32_t acc = 0;
  for (int32_t i = 0; i < n; i++) {
    acc += (x[i] + offset) * w[i];
  }
  return acc;
}

void tb_fully_connected(const tb_fully_connected_t *op, const int8_t *in, int8_t *out) {
  for (int32_t row = 0; row < op->rows; row++) {
    const int8_t *w = op->filter;
    for (int32_t u = 0; u < op->units; u++) {
      const int32_t acc = op->bias[u] + dot(in, w, op->depth, op->in_offset);
      const int32_t c = u * op->channel_step;
      const int32_t v = tb_requantize(acc, op->multiplier[c], op->shift[c]) + op->out_offset;
      *out++ = tb_clamp8(v, op->act_min, op->act_max);
      w += op->depth;
    }
    in += op->depth;
  }
}
