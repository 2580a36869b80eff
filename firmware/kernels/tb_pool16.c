/* SPDX-License-Identifier: Apache-2.0 */
/* AVERAGE_POOL_2D, MAX_POOL_2D, MEAN and SUM of int16 tensors. */
#include "tb_fixedpoint.h"
#include "tb_kernels16.h"
#include "tb_scale16.h"

/* The part of a window that lies inside, at its first channel. */
typedef struct {
  const int16_t *first;
  int32_t rows, columns;
  int32_t line; /* elements from row to row */
  int32_t step; /* and from column to column */
} area_t;

typedef int32_t reduce_fn(const area_t *area, int32_t channel);

static int32_t average(const area_t *area, int32_t channel) {
  const int32_t count = area->rows * area->columns;
  const int16_t *row = area->first + channel;
  int32_t sum = 0;
  for (int32_t y = 0; y < area->rows; y++, row += area->line) {
    for (int32_t x = 0; x < area->columns; x++) {
      sum += row[x * area->step];
    }
  }
  return (sum > 0 ? sum + count / 2 : sum - count / 2) / count;
}

static int32_t maximum(const area_t *area, int32_t channel) {
  const int16_t *row = area->first + channel;
  int32_t max = INT16_MIN;
  for (int32_t y = 0; y < area->rows; y++, row += area->line) {
    for (int32_t x = 0; x < area->columns; x++) {
      const int32_t v = row[x * area->step];
      max = v > max ? v : max;
    }
  }
  return max;
}

/* The window with its top left corner at (top, left), cut at the image's borders. */
static area_t area_at(const tb_window_t *win, const int16_t *in, int32_t top, int32_t left) {
  const int32_t y0 = top < 0 ? 0 : top, x0 = left < 0 ? 0 : left;
  const int32_t y1 = top + win->kernel_h < win->in_h ? top + win->kernel_h : win->in_h;
  const int32_t x1 = left + win->kernel_w < win->in_w ? left + win->kernel_w : win->in_w;
  const area_t area = {in + (y0 * win->in_w + x0) * win->in_c, y1 - y0, x1 - x0,
                       win->in_w * win->in_c, win->in_c};
  return area;
}

static void pool(const tb_max_pool16_t *op, const int16_t *in, int16_t *out, reduce_fn *reduce) {
  const tb_window_t *win = &op->window;
  for (int32_t i = 0; i < win->out_h; i++) {
    const int32_t y = win->bottom_up ? win->out_h - 1 - i : i;
    int16_t *to = out + y * win->out_w * win->out_c;
    for (int32_t x = 0; x < win->out_w; x++, to += win->out_c) {
      const area_t area =
          area_at(win, in, y * win->stride_h - win->pad_top, x * win->stride_w - win->pad_left);
      for (int32_t c = 0; c < win->out_c; c++) {
        to[c] = tb_clamp16(reduce(&area, c), op->act_min, op->act_max);
      }
    }
  }
}

void tb_average_pool16(const tb_average_pool16_t *op, const int16_t *in, int16_t *out) {
  pool(op, in, out, average);
}

void tb_max_pool16(const tb_max_pool16_t *op, const int16_t *in, int16_t *out) {
  pool(op, in, out, maximum);
}

void tb_mean16(const tb_mean16_t *op, const int16_t *in, int16_t *out) {
  for (int32_t o = 0; o < op->outer; o++) {
    for (int32_t i = 0; i < op->inner; i++) {
      const int16_t *v = in + i;
      int32_t sum = 0;
      for (int32_t r = 0; r < op->reduced; r++, v += op->inner) {
        sum += *v;
      }
      *out++ = tb_clamp16(tb_requantize(sum, op->multiplier, op->shift), INT16_MIN, INT16_MAX);
    }
    in += op->reduced * op->inner;
  }
}
