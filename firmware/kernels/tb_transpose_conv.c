/* SPDX-License-Identifier: Apache-2.0 */
/* TRANSPOSE_CONV, asked from the output's side, so that no sum has to wait in memory.
 *
 * The window is that of the convolution that would undo this op: it slides over our output, and
 * our input has its results. Tap k of the window at input row i touches output row
 * i * stride - pad + k; so output row y meets the taps k = (y + pad) mod stride, and every
 * stride-th after it, each with another row of the input. */
#include "tb_kernels.h"
#include "tb_scale.h"

static int32_t dot(const int8_t *in, const int8_t *filter, int32_t count, int32_t in_offset) {
  int32_t sum = 0;
  for (int32_t i = 0; i < count; i++) {
    sum += (in[i] + in_offset) * filter[i];
  }
  return sum;
}

/* The sum of one output; y and x count from the edge of the padding. */
static int32_t sum_at(const tb_transpose_conv_t *op, const int8_t *in, const int8_t *filter,
                      int32_t y, int32_t x) {
  const tb_window_t *win = &op->window;
  int32_t sum = 0;
  for (int32_t ky = y % win->stride_h; ky < win->kernel_h && ky <= y; ky += win->stride_h) {
    const int32_t in_y = (y - ky) / win->stride_h;
    if (in_y >= win->out_h) {
      continue;
    }
    for (int32_t kx = x % win->stride_w; kx < win->kernel_w && kx <= x; kx += win->stride_w) {
      const int32_t in_x = (x - kx) / win->stride_w;
      if (in_x < win->out_w) {
        sum += dot(in + (in_y * win->out_w + in_x) * win->out_c,
                   filter + (ky * win->kernel_w + kx) * win->out_c, win->out_c, op->in_offset);
      }
    }
  }
  return sum;
}

void tb_transpose_conv(const tb_transpose_conv_t *op, const int8_t *in, int8_t *out) {
  const tb_window_t *win = &op->window;
  const tb_out_t limits = tb_out(op->out_offset, op->act_min, op->act_max);
  const int32_t taps = win->kernel_h * win->kernel_w * win->out_c;
  for (int32_t y = 0; y < win->in_h; y++) {
    for (int32_t x = 0; x < win->in_w; x++) {
      const int8_t *filter = op->filter;
      for (int32_t c = 0; c < win->in_c; c++, filter += taps) {
        const int32_t sum = sum_at(op, in, filter, y + win->pad_top, x + win->pad_left);
        *out++ = (int8_t)tb_scale(sum + op->bias[c], op->multiplier[c], op->shift[c], limits);
      }
    }
  }
}
