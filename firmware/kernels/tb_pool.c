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

#define CHANNELS 4 /* that are reduced together */

/* Reduces one channel, or CHANNELS of them. */
typedef void reduce_fn(const area_t *area, int32_t *result);

/* The first element of the area's k-th row. */
static const int8_t *area_row(const area_t *area, int32_t k) {
  const int32_t column = area->x.origin + area->x.first;
  return tb_row(area->in, area->y.origin + k) + column * area->channels + area->channel;
}

/* Runs `statement` for every element of an area's first channel, at v. */
#define FOR_AREA(area, statement)                                   \
  do {                                                              \
    const int32_t step = (area)->channels;                          \
    const int32_t columns = (area)->x.last - (area)->x.first;       \
    for (int32_t ky = (area)->y.first; ky < (area)->y.last; ky++) { \
      const int8_t *v = area_row(area, ky);                         \
      for (int32_t left = columns; left > 0; left--, v += step) {   \
        statement;                                                  \
      }                                                             \
    }                                                               \
  } while (0)

static int32_t rounded(const area_t *area, int32_t sum) {
  const int32_t count = (area->y.last - area->y.first) * (area->x.last - area->x.first);
  return (sum > 0 ? sum + count / 2 : sum - count / 2) / count;
}

static void average1(const area_t *area, int32_t *result) {
  int32_t sum = 0;
  FOR_AREA(area, sum += *v);
  *result = rounded(area, sum);
}

static void average4(const area_t *area, int32_t *result) {
  int32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0;
  FOR_AREA(area, (s0 += v[0], s1 += v[1], s2 += v[2], s3 += v[3]));
  result[0] = rounded(area, s0), result[1] = rounded(area, s1);
  result[2] = rounded(area, s2), result[3] = rounded(area, s3);
}

#define LARGER(m, x) ((m) = (x) > (m) ? (x) : (m))

static void maximum1(const area_t *area, int32_t *result) {
  int32_t max = INT8_MIN;
  FOR_AREA(area, LARGER(max, *v));
  *result = max;
}

static void maximum4(const area_t *area, int32_t *result) {
  int32_t m0 = INT8_MIN, m1 = INT8_MIN, m2 = INT8_MIN, m3 = INT8_MIN;
  FOR_AREA(area, (LARGER(m0, v[0]), LARGER(m1, v[1]), LARGER(m2, v[2]), LARGER(m3, v[3])));
  result[0] = m0, result[1] = m1, result[2] = m2, result[3] = m3;
}

static void pool_row(const tb_max_pool_t *op, const tb_rows_t *in, int32_t y, int8_t *out,
                     reduce_fn *four, reduce_fn *one) {
  const tb_window_t *win = &op->window;
  const int32_t low = op->act_min, high = op->act_max;
  area_t area = {.in = in, .channels = win->in_c};
  area.y = span_inside(y * win->stride_h - win->pad_top, win->kernel_h, win->in_h);
  for (int32_t x = 0; x < win->out_w; x++) {
    area.x = span_inside(x * win->stride_w - win->pad_left, win->kernel_w, win->in_w);
    for (area.channel = 0; area.channel < area.channels;) {
      const int32_t n = area.channels - area.channel < CHANNELS ? 1 : CHANNELS;
      int32_t result[CHANNELS];
      (n == CHANNELS ? four : one)(&area, result);
      for (int32_t i = 0; i < n; i++) {
        *out++ = (int8_t)tb_clamp8(result[i], low, high);
      }
      area.channel += n;
    }
  }
}

void tb_average_pool_row(const void *op, const tb_rows_t *in, int32_t y, int8_t *out) {
  pool_row(op, in, y, out, average4, average1);
}

void tb_max_pool_row(const void *op, const tb_rows_t *in, int32_t y, int8_t *out) {
  pool_row(op, in, y, out, maximum4, maximum1);
}

void tb_average_pool(const tb_average_pool_t *op, const int8_t *in, int8_t *out) {
  tb_all_rows(tb_average_pool_row, op, &op->window, in, out);
}

void tb_max_pool(const tb_max_pool_t *op, const int8_t *in, int8_t *out) {
  tb_all_rows(tb_max_pool_row, op, &op->window, in, out);
}
