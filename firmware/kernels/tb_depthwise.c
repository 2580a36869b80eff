/* SPDX-License-Identifier: Apache-2.0 */
/* DEPTHWISE_CONV_2D: one channel of one output row at a time, sums carried forward.
 *
 * Walking over the image's columns, a column of taps is read once and added to every output whose
 * window it is part of. With three filter columns and stride 1, it completes one output, is the
 * middle of the next and begins a third: sums in registers, and nothing is read twice.
 *
 * The input's zero point is folded into the bias, which makes an input byte that equals it count
 * as nothing: outside of the image such bytes are read ("blank"). A row outside is a pointer with
 * step 0 to one; columns outside occur only before and after the inner loop. */
#include "tb_kernels.h"
#include "tb_scale.h"

#define MAX_ROWS 5

/* One output row of one channel. */
typedef struct {
  const tb_depthwise_t *op;
  const int8_t *image; /* the channel's first byte */
  const int8_t *w;     /* the channel's filter */
  int32_t bias, multiplier, shift;
  int32_t top; /* image row of the window's first tap */
  tb_out_t out;
} line_t;

/* Where the next column of a window is read: a pointer and a step per row. */
typedef struct {
  const int8_t *at[MAX_ROWS];
  int32_t step[MAX_ROWS];
  int32_t column, blank;
} rows_t;

static rows_t find_rows(const line_t *line) {
  const tb_window_t *win = &line->op->window;
  const int32_t skipped = win->pad_left < 0 ? -win->pad_left : 0;
  rows_t rows;
  for (int32_t ky = 0; ky < win->kernel_h; ky++) {
    const int32_t y = line->top + ky;
    const int inside = (uint32_t)y < (uint32_t)win->in_h;
    rows.at[ky] =
        inside ? line->image + (y * win->in_w + skipped) * win->in_c : line->op->blank;
    rows.step[ky] = inside ? win->in_c : 0;
  }
  rows.column = -win->pad_left;
  rows.blank = *line->op->blank;
  return rows;
}

/* What the line functions have in registers. */
#define LINE_CONSTANTS                                                              \
  const tb_window_t *const win = &line->op->window;                                 \
  const int32_t step = win->out_c, inner = line->op->inner_last;                    \
  const int32_t bias = line->bias, m = line->multiplier, shift = line->shift;       \
  const int8_t *const end_inner = to + inner * step;                                \
  const int8_t *const end = to + win->out_w * step;                                 \
  const tb_out_t out = line->out

/* Reads the next column, inside the image for sure, or perhaps not. */
#define INSIDE READ
#define MAYBE                                                       \
  do {                                                              \
    if ((uint32_t)rows.column < (uint32_t)win->in_w) {              \
      READ;                                                         \
    } else {                                                        \
      BLANK;                                                        \
    }                                                               \
    rows.column++;                                                  \
  } while (0)

/* --- three rows by three columns: the filter in registers -------------------------------- */

#define READ (a = *p0, b = *p1, c = *p2, p0 += s0, p1 += s1, p2 += s2)
#define BLANK (a = b = c = rows.blank)
#define SUM(k) (a * w[k] + b * w[3 + (k)] + c * w[6 + (k)])
#define LINE3                                                                       \
  rows_t rows = find_rows(line);                                                    \
  const int8_t *p0 = rows.at[0], *p1 = rows.at[1], *p2 = rows.at[2];                \
  const int32_t s0 = rows.step[0], s1 = rows.step[1], s2 = rows.step[2];            \
  const int8_t *const f = line->w;                                                  \
  const int32_t w[9] = {f[0], f[1], f[2], f[3], f[4], f[5], f[6], f[7], f[8]};      \
  int32_t a, b, c;                                                                  \
  LINE_CONSTANTS

#define OUTPUT(next)                                          \
  do {                                                        \
    next;                                                     \
    *to = tb_scale(first + SUM(2), m, shift, out);            \
    first = second + SUM(1);                                  \
    second = bias + SUM(0);                                   \
    to += step;                                               \
  } while (0)

static void line3_stride1(const line_t *line, int8_t *to) {
  LINE3;
  MAYBE;
  int32_t first = bias + SUM(0);
  MAYBE;
  first += SUM(1);
  int32_t second = bias + SUM(0);
  while (to < end_inner) {
    OUTPUT(INSIDE);
  }
  rows.column += inner > 0 ? inner : 0;
  while (to != end) {
    OUTPUT(MAYBE);
  }
}
#undef OUTPUT

#define OUTPUT(next)                                          \
  do {                                                        \
    next;                                                     \
    first += SUM(1);                                          \
    next;                                                     \
    *to = tb_scale(first + SUM(2), m, shift, out);            \
    first = bias + SUM(0);                                    \
    to += step;                                               \
  } while (0)

static void line3_stride2(const line_t *line, int8_t *to) {
  LINE3;
  MAYBE;
  int32_t first = bias + SUM(0);
  while (to < end_inner) {
    OUTPUT(INSIDE);
  }
  rows.column += inner > 0 ? 2 * inner : 0;
  while (to != end) {
    OUTPUT(MAYBE);
  }
}
#undef OUTPUT
#undef READ
#undef BLANK
#undef SUM

/* --- five rows by five columns: the filter is read as it is needed ----------------------- */

#define READ                                                                        \
  (a = *p0, b = *p1, c = *p2, d = *p3, e = *p4, p0 += s0, p1 += s1, p2 += s2, p3 += s3, p4 += s4)
#define BLANK (a = b = c = d = e = rows.blank)
#define SUM(k) (a * w[k] + b * w[5 + (k)] + c * w[10 + (k)] + d * w[15 + (k)] + e * w[20 + (k)])
#define LINE5                                                                       \
  rows_t rows = find_rows(line);                                                    \
  const int8_t *p0 = rows.at[0], *p1 = rows.at[1], *p2 = rows.at[2];                \
  const int8_t *p3 = rows.at[3], *p4 = rows.at[4];                                  \
  const int32_t s0 = rows.step[0], s1 = rows.step[1], s2 = rows.step[2];            \
  const int32_t s3 = rows.step[3], s4 = rows.step[4];                               \
  const int8_t *const w = line->w;                                                  \
  int32_t a, b, c, d, e;                                                            \
  LINE_CONSTANTS

#define OUTPUT(next)                                          \
  do {                                                        \
    next;                                                     \
    *to = tb_scale(first + SUM(4), m, shift, out);            \
    first = second + SUM(3);                                  \
    second = third + SUM(2);                                  \
    third = fourth + SUM(1);                                  \
    fourth = bias + SUM(0);                                   \
    to += step;                                               \
  } while (0)

static void line5_stride1(const line_t *line, int8_t *to) {
  LINE5;
  int32_t first = bias, second = bias, third = bias, fourth = bias;
  for (int i = 0; i < 4; i++) {
    MAYBE;
    first = second + SUM(3);
    second = third + SUM(2);
    third = fourth + SUM(1);
    fourth = bias + SUM(0);
  }
  while (to < end_inner) {
    OUTPUT(INSIDE);
  }
  rows.column += inner > 0 ? inner : 0;
  while (to != end) {
    OUTPUT(MAYBE);
  }
}
#undef OUTPUT

#define OUTPUT(next)                                          \
  do {                                                        \
    next;                                                     \
    first += SUM(3);                                          \
    second += SUM(1);                                         \
    next;                                                     \
    *to = tb_scale(first + SUM(4), m, shift, out);            \
    first = second + SUM(2);                                  \
    second = bias + SUM(0);                                   \
    to += step;                                               \
  } while (0)

static void line5_stride2(const line_t *line, int8_t *to) {
  LINE5;
  MAYBE;
  int32_t first = bias + SUM(0);
  MAYBE;
  first += SUM(1);
  MAYBE;
  first += SUM(2);
  int32_t second = bias + SUM(0);
  while (to < end_inner) {
    OUTPUT(INSIDE);
  }
  rows.column += inner > 0 ? 2 * inner : 0;
  while (to != end) {
    OUTPUT(MAYBE);
  }
}

/* --- any other window -------------------------------------------------------------------- */

static void line_any(const line_t *line, int8_t *to) {
  const tb_window_t *win = &line->op->window;
  const int32_t blank = *line->op->blank;
  for (int32_t ox = 0; ox < win->out_w; ox++, to += win->out_c) {
    const int32_t left = ox * win->stride_w - win->pad_left;
    const int8_t *w = line->w;
    int32_t sum = line->bias;
    for (int32_t ky = 0; ky < win->kernel_h; ky++) {
      const int32_t y = line->top + ky * win->dilation_h;
      const int inside = (uint32_t)y < (uint32_t)win->in_h;
      const int8_t *row = line->image + y * win->in_w * win->in_c;
      for (int32_t kx = 0; kx < win->kernel_w; kx++) {
        const int32_t x = left + kx * win->dilation_w;
        const int read = inside && (uint32_t)x < (uint32_t)win->in_w;
        sum += *w++ * (read ? row[x * win->in_c] : blank);
      }
    }
    *to = tb_scale(sum, line->multiplier, line->shift, line->out);
  }
}

typedef void line_fn(const line_t *line, int8_t *to);

static line_fn *choose_line(const tb_window_t *win) {
  if (win->dilation_h != 1 || win->dilation_w != 1 || win->kernel_h != win->kernel_w) {
    return line_any;
  }
  if (win->kernel_w == 3) {
    return win->stride_w == 1 ? line3_stride1 : win->stride_w == 2 ? line3_stride2 : line_any;
  }
  if (win->kernel_w == 5) {
    return win->stride_w == 1 ? line5_stride1 : win->stride_w == 2 ? line5_stride2 : line_any;
  }
  return line_any;
}

void tb_depthwise(const tb_depthwise_t *op, const int8_t *in, int8_t *out) {
  const tb_window_t *win = &op->window;
  const int32_t taps = win->kernel_h * win->kernel_w;
  line_fn *const compute = choose_line(win);
  line_t line = {.op = op, .out = tb_out(op->out_offset, op->act_min, op->act_max)};
  for (int32_t y = 0; y < win->out_h; y++, out += win->out_w * win->out_c) {
    line.top = y * win->stride_h - win->pad_top;
    line.image = in;
    line.w = op->filter;
    for (int32_t c = 0, m = 0; c < win->out_c; c++, line.w += taps) {
      line.bias = op->bias[c];
      line.multiplier = op->multiplier[c];
      line.shift = op->shift[c];
      compute(&line, out + c);
      if (++m == op->depth_multiplier) {
        m = 0;
        line.image++;
      }
    }
  }
}
