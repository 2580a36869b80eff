/* SPDX-License-Identifier: Apache-2.0 */
/* DEPTHWISE_CONV_2D: any window, stride, dilation and depth multiplier.
 *
 * Neighbouring taps of one channel lie in_c bytes apart in the input and out_c bytes apart in
 * the filter, so a channel is two pointers walking with constant steps. */
#include "tb_fixedpoint.h"
#include "tb_kernels.h"
#include "tb_window.h"

static int32_t channel_sum(const tb_depthwise_t *op, tb_span_t y, tb_span_t x, const int8_t *in,
                           const int8_t *filter) {
  const tb_window_t *win = &op->window;
  const int32_t in_step = win->dilation_w * win->in_c;
  const int32_t w_step = win->out_c;
  const int32_t offset = op->in_offset;
  int32_t acc = 0;
  for (int32_t ky = y.first; ky < y.last; ky++) {
    const int32_t row = (y.origin + ky * win->dilation_h) * win->in_w + x.origin;
    const int8_t *v = in + (row + x.first * win->dilation_w) * win->in_c;
    const int8_t *w = filter + (ky * win->kernel_w + x.first) * w_step;
    for (int32_t kx = x.first; kx < x.last; kx++) {
      acc += *w * (*v + offset);
      v += in_step;
      w += w_step;
    }
  }
  return acc;
}

static void pixel(const tb_depthwise_t *op, tb_span_t y, tb_span_t x, const int8_t *in,
                  int8_t *out) {
  int32_t c = 0;
  for (int32_t in_c = 0; in_c < op->window.in_c; in_c++) {
    for (int32_t m = 0; m < op->depth_multiplier; m++, c++) {
      const int32_t acc = op->bias[c] + channel_sum(op, y, x, in + in_c, op->filter + c);
      const int32_t v = tb_requantize(acc, op->multiplier[c], op->shift[c]) + op->out_offset;
      out[c] = tb_clamp8(v, op->act_min, op->act_max);
    }
  }
}

void tb_depthwise(const tb_depthwise_t *op, const int8_t *in, int8_t *out) {
  const tb_window_t *win = &op->window;
  for (int32_t oy = 0; oy < win->out_h; oy++) {
    const tb_span_t y =
        tb_span(oy * win->stride_h - win->pad_top, win->kernel_h, win->dilation_h, win->in_h);
    for (int32_t ox = 0; ox < win->out_w; ox++) {
      const tb_span_t x =
          tb_span(ox * win->stride_w - win->pad_left, win->kernel_w, win->dilation_w, win->in_w);
      pixel(op, y, x, in, out);
      out += win->out_c;
    }
  }
}
