/* SPDX-License-Identifier: Apache-2.0 */
/* AVERAGE_POOL_2D, MAX_POOL_2D: the window is cut at the input's border; an average divides
 * by the number of elements that are left, halves away from zero. */
#include "tb_fixedpoint.h"
#include "tb_kernels.h"
#include "tb_window.h"

typedef int32_t reduce_fn(const tb_window_t *win, tb_span_t y, tb_span_t x, const int8_t *in);

static int32_t average(const tb_window_t *win, tb_span_t y, tb_span_t x, const int8_t *in) {
  const int32_t count = (y.last - y.first) * (x.last - x.first);
  int32_t sum = 0;
  for (int32_t ky = y.first; ky < y.last; ky++) {
    const int8_t *v = in + ((y.origin + ky) * win->in_w + x.origin + x.first) * win->in_c;
    for (int32_t kx = x.first; kx < x.last; kx++, v += win->in_c) {
      sum += *v;
    }
  }
  return (sum > 0 ? sum + count / 2 : sum - count / 2) / count;
}

static int32_t maximum(const tb_window_t *win, tb_span_t y, tb_span_t x, const int8_t *in) {
  int32_t max = INT8_MIN;
  for (int32_t ky = y.first; ky < y.last; ky++) {
    const int8_t *v = in + ((y.origin + ky) * win->in_w + x.origin + x.first) * win->in_c;
    for (int32_t kx = x.first; kx < x.last; kx++, v += win->in_c) {
      max = *v > max ? *v : max;
    }
  }
  return max;
}

static void pool(const tb_max_pool_t *op, const int8_t *in, int8_t *out, reduce_fn *reduce) {
  const tb_window_t *win = &op->window;
  for (int32_t i = 0; i < win->out_h; i++) {
    const int32_t oy = tb_nth_row(win, i);
    int8_t *to = out + oy * win->out_w * win->out_c;
    const tb_span_t y = tb_span(oy * win->stride_h - win->pad_top, win->kernel_h, 1, win->in_h);
    for (int32_t ox = 0; ox < win->out_w; ox++) {
      const tb_span_t x = tb_span(ox * win->stride_w - win->pad_left, win->kernel_w, 1, win->in_w);
      for (int32_t c = 0; c < win->in_c; c++) {
        *to++ = tb_clamp8(reduce(win, y, x, in + c), op->act_min, op->act_max);
      }
    }
  }
}

void tb_average_pool(const tb_average_pool_t *op, const int8_t *in, int8_t *out) {
  pool(op, in, out, average);
}

void tb_max_pool(const tb_max_pool_t *op, const int8_t *in, int8_t *out) {
  pool(op, in, out, maximum);
}
