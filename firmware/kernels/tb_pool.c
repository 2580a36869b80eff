/* SPDX-License-Identifier: Apache-2.0 */
/* AVERAGE_POOL_2D, MAX_POOL_2D: the window is cut at the input's border; an average divides
 * by the number of elements that are left, halves away from zero. */
#include "tb_fixedpoint.h"
#include "tb_kernels.h"
#include "tb_window.h"

/* Taps first <= k < last of a window lie inside; tap k reads position origin + k. */
typedef struct {
  int32_t origin, first, last;
} span_t;

static span_t span_inside(int32_t origin, int32_t taps, int32_t size) {
  const int32_t first = origin < 0 ? -origin : 0;
  const int32_t last = size - origin < taps ? size - origin : taps;
  const span_t span = {origin, first < taps ? first : taps, last > first ? last : first};
  return span;
}

/* The part of a window that lies in the input, and the channel that is reduced. */
typedef struct {
  const tb_rows_t *in;
  span_t y, x;
  int32_t channels, channel;
} area_t;

typedef int32_t reduce_fn(const area_t *area);

/* The first element of the area's k-th row. */
static const int8_t *area_row(const area_t *area, int32_t k) {
  const int32_t column = area->x.origin + area->x.first;
  return tb_row(area->in, area->y.origin + k) + column * area->channels + area->channel;
}

static int32_t average(const area_t *area) {
  const int32_t count = (area->y.last - area->y.first) * (area->x.last - area->x.first);
  int32_t sum = 0;
  for (int32_t ky = area->y.first; ky < area->y.last; ky++) {
    const int8_t *v = area_row(area, ky);
    for (int32_t kx = area->x.first; kx < area->x.last; kx++, v += area->channels) {
      sum += *v;
    }
  }
  return (sum > 0 ? sum + count / 2 : sum - count / 2) / count;
}

static int32_t maximum(const area_t *area) {
  int32_t max = INT8_MIN;
  for (int32_t ky = area->y.first; ky < area->y.last; ky++) {
    const int8_t *v = area_row(area, ky);
    for (int32_t kx = area->x.first; kx < area->x.last; kx++, v += area->channels) {
      max = *v > max ? *v : max;
    }
  }
  return max;
}

static void pool_row(const tb_max_pool_t *op, const tb_rows_t *in, int32_t y, int8_t *out,
                     reduce_fn *reduce) {
  const tb_window_t *win = &op->window;
  area_t area = {.in = in, .channels = win->in_c};
  area.y = span_inside(y * win->stride_h - win->pad_top, win->kernel_h, win->in_h);
  for (int32_t x = 0; x < win->out_w; x++) {
    area.x = span_inside(x * win->stride_w - win->pad_left, win->kernel_w, win->in_w);
    for (area.channel = 0; area.channel < win->in_c; area.channel++) {
      *out++ = tb_clamp8(reduce(&area), op->act_min, op->act_max);
    }
  }
}

void tb_average_pool_row(const void *op, const tb_rows_t *in, int32_t y, int8_t *out) {
  pool_row(op, in, y, out, average);
}

void tb_max_pool_row(const void *op, const tb_rows_t *in, int32_t y, int8_t *out) {
  pool_row(op, in, y, out, maximum);
}

void tb_average_pool(const tb_average_pool_t *op, const int8_t *in, int8_t *out) {
  tb_all_rows(tb_average_pool_row, op, &op->window, in, out);
}

void tb_max_pool(const tb_max_pool_t *op, const int8_t *in, int8_t *out) {
  tb_all_rows(tb_max_pool_row, op, &op->window, in, out);
}
