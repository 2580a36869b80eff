/* SPDX-License-Identifier: Apache-2.0 */
/* CONV_2D: grouped, dilated, any window.
 *
 * For one output pixel, the taps of a filter row that lie inside the input are one run of
 * consecutive bytes, in the input as in the filter. Four output channels share each input
 * byte: one load and one offset addition serve four multiplications. */
#include "tb_fixedpoint.h"
#include "tb_kernels.h"
#include "tb_window.h"

#define BLOCK 4 /* output channels computed together */

static void dot_block(const int8_t *x, const int8_t *w, int32_t w_step, int32_t n, int32_t offset,
                      int32_t acc[BLOCK]) {
  const int8_t *w1 = w + w_step;
  const int8_t *w2 = w1 + w_step;
  const int8_t *w3 = w2 + w_step;
  int32_t a0 = acc[0], a1 = acc[1], a2 = acc[2], a3 = acc[3];
  for (int32_t i = 0; i < n; i++) {
    const int32_t v = x[i] + offset;
    a0 += v * w[i];
    a1 += v * w1[i];
    a2 += v * w2[i];
    a3 += v * w3[i];
  }
  acc[0] = a0;
  acc[1] = a1;
  acc[2] = a2;
  acc[3] = a3;
}

static void dot_one(const int8_t *x, const int8_t *w, int32_t n, int32_t offset, int32_t *acc) {
  int32_t a = *acc;
  for (int32_t i = 0; i < n; i++) {
    a += (x[i] + offset) * w[i];
  }
  *acc = a;
}

/* Where the runs of one output pixel lie. */
typedef struct {
  tb_span_t y, x;
  int32_t run;   /* bytes of a run */
  int32_t taps;  /* filter columns of a run */
} pixel_t;

/* Adds the pixel's window to the accumulators of `channels` (BLOCK or 1) output channels. */
static void accumulate(const tb_conv2d_t *op, const pixel_t *at, const int8_t *in,
                       const int8_t *filter, int32_t channels, int32_t *acc) {
  const tb_window_t *win = &op->window;
  const int32_t filter_size = win->kernel_h * win->kernel_w * op->group_in;
  for (int32_t ky = at->y.first; ky < at->y.last; ky++) {
    const int32_t row = (at->y.origin + ky * win->dilation_h) * win->in_w + at->x.origin;
    for (int32_t kx = at->x.first; kx < at->x.last; kx += at->taps) {
      const int8_t *x = in + (row + kx * win->dilation_w) * win->in_c;
      const int8_t *w = filter + (ky * win->kernel_w + kx) * op->group_in;
      if (channels == BLOCK) {
        dot_block(x, w, filter_size, at->run, op->in_offset, acc);
      } else {
        dot_one(x, w, at->run, op->in_offset, acc);
      }
    }
  }
}

static void pixel(const tb_conv2d_t *op, const pixel_t *at, const int8_t *in, int8_t *out) {
  const tb_window_t *win = &op->window;
  const int32_t filter_size = win->kernel_h * win->kernel_w * op->group_in;
  int32_t group_end = op->group_out;
  int32_t c = 0;
  while (c < win->out_c) {
    int32_t acc[BLOCK];
    const int32_t channels = group_end - c >= BLOCK ? BLOCK : 1;
    for (int32_t i = 0; i < channels; i++) {
      acc[i] = op->bias[c + i];
    }
    accumulate(op, at, in, op->filter + c * filter_size, channels, acc);
    for (int32_t i = 0; i < channels; i++, c++) {
      const int32_t v = tb_requantize(acc[i], op->multiplier[c], op->shift[c]) + op->out_offset;
      out[c] = tb_clamp8(v, op->act_min, op->act_max);
    }
    if (c == group_end) {
      group_end += op->group_out;
      in += op->group_in;
    }
  }
}

void tb_conv2d(const tb_conv2d_t *op, const int8_t *in, int8_t *out) {
  const tb_window_t *win = &op->window;
  const int whole_row = win->dilation_w == 1 && op->group_in == win->in_c;
  pixel_t at;
  for (int32_t y = 0; y < win->out_h; y++) {
    at.y = tb_span(y * win->stride_h - win->pad_top, win->kernel_h, win->dilation_h, win->in_h);
    for (int32_t x = 0; x < win->out_w; x++) {
      at.x = tb_span(x * win->stride_w - win->pad_left, win->kernel_w, win->dilation_w, win->in_w);
      at.taps = whole_row ? at.x.last - at.x.first : 1;
      at.run = at.taps * op->group_in;
      pixel(op, &at, in, out);
      out += win->out_c;
    }
  }
}
