/* SPDX-License-Identifier: Apache-2.0 */
/* DEPTHWISE_CONV_2D of 3x3 and 5x5: one channel of one output row at a time, sums carried forward.
 * (Other windows and short rows: tb_depthwise_any.c.)
 *
 * Walking over the image's columns, a column of taps is read once and added to every output whose
 * window it is part of. With three filter columns and stride 1, it completes one output, is the
 * middle of the next and begins a third: sums in registers, and nothing is read twice.
 *
 * The input's zero point is folded into the bias, which makes an input byte that equals it count
 * as nothing: columns outside of the image, before and after the inner loop, are read as such a
 * byte ("blank"). Rows outside have their weights replaced by zeros and what was folded in of them
 * taken out again, so that every row is one in the image and all have the same step. */
#include "tb_depthwise.h"

static int32_t one_sum(const line_t *line, const int8_t *w, int32_t source, int32_t left) {
  const tb_window_t *win = &line->op->window;
  int32_t sum = 0, outside = 0;
  w += line->first * win->kernel_w;
  for (int32_t ky = line->first; ky < line->last; ky++) {
    const int8_t *row = tb_row(line->in, line->top + ky) + source;
    int32_t x = left;
    for (const int8_t *const end = w + win->kernel_w; w != end; w++, x++) {
      if ((uint32_t)x < (uint32_t)win->in_w) {
        sum += row[x * win->in_c] * *w;
      } else {
        outside += *w;
      }
    }
  }
  return sum + outside * line->op->zero;
}

/* What was folded into the bias of the filter rows that lie outside. */
static int32_t rows_outside(const line_t *line, const int8_t *w) {
  const tb_window_t *win = &line->op->window;
  int32_t sum = 0;
  for (int32_t i = 0; i < line->first * win->kernel_w; i++) sum += w[i];
  for (int32_t i = line->last * win->kernel_w; i < win->kernel_h * win->kernel_w; i++) sum += w[i];
  return sum * line->op->zero;
}

void tb_line_long(const line_t *line, int32_t channel, int32_t source, int8_t *to) {
  const tb_depthwise_t *op = line->op;
  const tb_window_t *win = &op->window;
  const int8_t *filter = op->filter + channel * win->kernel_h * win->kernel_w;
  const int32_t bias = op->bias[channel] + rows_outside(line, filter);
  for (int32_t ox = 0; ox < win->out_w; ox++, to += win->out_c) {
    const int32_t sum = bias + one_sum(line, filter, source, ox * win->stride_w - win->pad_left);
    *to = (int8_t)tb_scale(sum, op->multiplier[channel], op->shift[channel], line->out);
  }
}

static row_fn *choose_row(const line_t *line) {
  const tb_window_t *win = &line->op->window;
  const int relu = line->out.sign == 0;
  if (win->kernel_w == 3) {
    if (win->stride_w == 1) return relu ? tb_row3_stride1_relu : tb_row3_stride1;
    return relu ? tb_row3_stride2_relu : tb_row3_stride2;
  }
  return win->stride_w == 1 ? tb_row5_stride1 : tb_row5_stride2;
}

/* Which rows the window meets, at least one; in place of one outside stands one inside. */
static void find_rows(line_t *line) {
  const tb_window_t *win = &line->op->window;
  int32_t first = 0, last = win->kernel_h;
  while (first < last && line->top + first < 0) first++;
  while (last > first && line->top + last - 1 >= win->in_h) last--;
  line->first = first, line->last = last;
  for (int32_t ky = 0; ky < win->kernel_h; ky++) {
    const int inside = ky >= first && ky < last;
    line->at[ky] = tb_row(line->in, line->top + (inside ? ky : first));
  }
}

void tb_depthwise_row(const void *parameters, const tb_rows_t *in, int32_t y, int8_t *out) {
  const tb_depthwise_t *op = parameters;
  line_t line = {
      .op = op,
      .in = in,
      .top = y * op->window.stride_h - op->window.pad_top,
      .inner = op->inner_last * op->window.out_c,
      .whole = op->window.out_w * op->window.out_c,
      .half = op->inner_last * 2 - op->window.pad_left + op->window.kernel_w - 2 < op->window.in_w,
      .out = tb_out(op->out_offset, op->act_min, op->act_max),
  };
  find_rows(&line);
  choose_row (&line)(&line, out);
}

void tb_depthwise(const tb_depthwise_t *op, const int8_t *in, int8_t *out) {
  tb_all_rows(tb_depthwise_row, op, &op->window, in, out);
}
