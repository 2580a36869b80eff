/* SPDX-License-Identifier: Apache-2.0 */
/* DEPTHWISE_CONV_2D: one channel of one output row at a time, sums carried forward.
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

#define PIXELS 4 /* that any other window takes together */

/* PIXELS sums of neighbouring outputs whose windows leave the image neither left nor right. */
static void some_sums(const line_t *line, const int8_t *w, int32_t source, int32_t left,
                      int32_t sums[PIXELS]) {
  const tb_window_t *win = &line->op->window;
  const int32_t step = win->dilation_w * win->in_c, apart = win->stride_w * win->in_c;
  int32_t s0 = sums[0], s1 = sums[0], s2 = sums[0], s3 = sums[0];
  w += line->first * win->kernel_w;
  for (int32_t ky = line->first; ky < line->last; ky++) {
    const int8_t *x0 = tb_row(line->in, line->top + ky * win->dilation_h) + left * win->in_c;
    x0 += source;
    const int8_t *x1 = x0 + apart, *x2 = x1 + apart, *x3 = x2 + apart;
    for (const int8_t *const end = w + win->kernel_w; w != end; w++) {
      s0 += *x0 * *w, s1 += *x1 * *w, s2 += *x2 * *w, s3 += *x3 * *w;
      x0 += step, x1 += step, x2 += step, x3 += step;
    }
  }
  sums[0] = s0, sums[1] = s1, sums[2] = s2, sums[3] = s3;
}

static int32_t one_sum(const line_t *line, const int8_t *w, int32_t source, int32_t left) {
  const tb_window_t *win = &line->op->window;
  int32_t sum = 0, outside = 0;
  w += line->first * win->kernel_w;
  for (int32_t ky = line->first; ky < line->last; ky++) {
    const int8_t *row = tb_row(line->in, line->top + ky * win->dilation_h) + source;
    int32_t x = left;
    for (const int8_t *const end = w + win->kernel_w; w != end; w++, x += win->dilation_w) {
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

void tb_line_any(const line_t *line, int32_t channel, int32_t source, int32_t sign, int8_t *to) {
  (void)sign;
  const tb_depthwise_t *op = line->op;
  const tb_window_t *win = &op->window;
  const int8_t *filter = op->filter + channel * win->kernel_h * win->kernel_w;
  const int32_t bias = op->bias[channel] + rows_outside(line, filter);
  const int32_t m = op->multiplier[channel], shift = op->shift[channel];
  for (int32_t ox = 0; ox < win->out_w;) {
    const int32_t left = ox * win->stride_w - win->pad_left;
    int32_t sums[PIXELS] = {bias}, count = PIXELS;
    if (left >= 0 && ox + PIXELS <= op->inner_last) {
      some_sums(line, filter, source, left, sums);
    } else {
      sums[0] += one_sum(line, filter, source, left);
      count = 1;
    }
    for (int32_t i = 0; i < count; i++, to += win->out_c)
      *to = tb_scale(sums[i], m, shift, line->out);
    ox += count;
  }
}

static ROW_OF(row_any, tb_line_any, 2)

    static row_fn *choose_row(const line_t *line) {
  const tb_window_t *win = &line->op->window;
  const int plain = win->dilation_h == 1 && win->dilation_w == 1;
  /* The inner loop begins at the first output's last stride_w columns: they must be inside. */
  const int narrow = win->pad_left <= win->kernel_w - win->stride_w;
  const int tiny = win->out_w == 1 || line->first == line->last;
  if (!plain || !narrow || tiny || win->kernel_h != win->kernel_w || win->stride_w > 2) {
    return row_any;
  }
  const int relu = line->out.sign == 0;
  switch (win->kernel_w * 2 + win->stride_w) {
    case 3 * 2 + 1: return relu ? tb_row3_stride1_relu : tb_row3_stride1;
    case 3 * 2 + 2: return relu ? tb_row3_stride2_relu : tb_row3_stride2;
    case 5 * 2 + 1: return tb_row5_stride1;
    case 5 * 2 + 2: return tb_row5_stride2;
    default: return row_any;
  }
}

/* Which rows the window meets; in place of one outside stands one inside. */
static void find_rows(line_t *line) {
  const tb_window_t *win = &line->op->window;
  int32_t first = 0, last = win->kernel_h;
  while (first < last && line->top + first * win->dilation_h < 0) first++;
  while (last > first && line->top + (last - 1) * win->dilation_h >= win->in_h) last--;
  line->first = first, line->last = last;
  if (first == last || win->kernel_h > MAX_ROWS) {
    return;
  }
  for (int32_t ky = 0; ky < win->kernel_h; ky++) {
    const int inside = ky >= first && ky < last;
    line->at[ky] = tb_row(line->in, line->top + (inside ? ky : first) * win->dilation_h);
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
