/* SPDX-License-Identifier: Apache-2.0 */
/* DEPTHWISE_CONV_2D of int16x8 models: all channels of an output pixel after one another. Which
 * taps lie inside the image is found out once per pixel; those outside are left out. */
#include "tb_kernels16.h"
#include "tb_scale16.h"

/* The taps of a window that lie inside, along one axis. */
typedef struct {
  int32_t first, last;
} taps_t;

static taps_t inside(int32_t origin, int32_t dilation, int32_t taps, int32_t size) {
  taps_t t = {0, taps};
  while (t.first < t.last && origin + t.first * dilation < 0) t.first++;
  while (t.last > t.first && origin + (t.last - 1) * dilation >= size) t.last--;
  return t;
}

static void one_pixel(const tb_depthwise16_t *op, const int16_t *in, int32_t top, int32_t left,
                      int16_t *out) {
  const tb_window_t *win = &op->window;
  const taps_t ky = inside(top, win->dilation_h, win->kernel_h, win->in_h);
  const taps_t kx = inside(left, win->dilation_w, win->kernel_w, win->in_w);
  const int32_t line = win->dilation_h * win->in_w * win->in_c, step = win->dilation_w * win->in_c;
  const int32_t origin = (top * win->in_w + left) * win->in_c + ky.first * line + kx.first * step;
  const int32_t taps = win->kernel_h * win->kernel_w, width = kx.last - kx.first;
  const int8_t *filter = op->filter + ky.first * win->kernel_w + kx.first;
  int32_t source = 0, repeat = op->depth_multiplier;
  for (int32_t c = 0; c < win->out_c; c++, filter += taps) {
    const int16_t *row = in + (origin + source);
    const int8_t *w = filter;
    int32_t sum = 0;
    for (int32_t y = ky.first; y < ky.last; y++, row += line, w += win->kernel_w) {
      const int16_t *x = row;
      for (int32_t k = 0; k < width; k++, x += step) {
        sum += *x * w[k];
      }
    }
    out[c] =
        tb_scale16(op->bias[c] + sum, op->multiplier[c], op->shift[c], op->act_min, op->act_max);
    if (--repeat == 0) {
      repeat = op->depth_multiplier;
      source++;
    }
  }
}

void tb_depthwise16(const tb_depthwise16_t *op, const int16_t *in, int16_t *out) {
  const tb_window_t *win = &op->window;
  for (int32_t i = 0; i < win->out_h; i++) {
    const int32_t y = win->bottom_up ? win->out_h - 1 - i : i;
    int16_t *to = out + y * win->out_w * win->out_c;
    for (int32_t x = 0; x < win->out_w; x++, to += win->out_c) {
      one_pixel(op, in, y * win->stride_h - win->pad_top, x * win->stride_w - win->pad_left, to);
    }
  }
}
