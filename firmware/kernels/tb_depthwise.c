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
#include "tb_window.h"

#define MAX_ROWS 5
#define INLINE static inline __attribute__((always_inline)) /* so that `sign` is a constant */

/* One output row. */
typedef struct {
  const tb_depthwise_t *op;
  const tb_rows_t *in;
  const int8_t *at[MAX_ROWS]; /* the window's rows at the first image column, channel 0 */
  int32_t step[MAX_ROWS];     /* to the next column; 0: the row lies outside */
  int32_t top;                /* image row of the window's first tap */
  tb_out_t out;
} line_t;

/* What the functions below have in registers: of the row, and of a channel. */
#define ROW_CONSTANTS                                             \
  const tb_depthwise_t *const op = line->op;                      \
  const tb_window_t *const win = &op->window;                     \
  const int32_t step = win->out_c, inner = op->inner_last * step; \
  const int32_t whole = win->out_w * step;                        \
  const tb_out_t out = line->out

#define CHANNEL_CONSTANTS                                              \
  const int32_t bias = op->bias[channel], m = op->multiplier[channel]; \
  const int32_t shift = op->shift[channel];                            \
  const int32_t rounding = tb_rounding(shift, out);                    \
  const int8_t *const end_inner = to + inner;                          \
  const int8_t *const end = to + whole;                                \
  int32_t column = -win->pad_left

#define ROW(k) (line->at[k] + (line->step[k] != 0 ? source : 0))

/* Reads the next column: INSIDE the image for sure, or MAYBE. */
#define INSIDE READ
#define MAYBE                                     \
  do {                                            \
    if ((uint32_t)column < (uint32_t)win->in_w) { \
      READ;                                       \
    } else {                                      \
      BLANK;                                      \
    }                                             \
    column++;                                     \
  } while (0)

/* The columns that are inside for sure, then those that may not be. */
#define ALL_OUTPUTS                                                    \
  do {                                                                 \
    while (to < end_inner) {                                           \
      OUTPUT(INSIDE);                                                  \
    }                                                                  \
    column += op->inner_last > 0 ? op->inner_last * win->stride_w : 0; \
    while (to != end) {                                                \
      OUTPUT(MAYBE);                                                   \
    }                                                                  \
  } while (0)

/* --- three rows by three columns: the filter in registers -------------------------------- */

#define READ (a = *p0, b = *p1, c = *p2, p0 += s0, p1 += s1, p2 += s2)
#define BLANK (a = b = c = *op->blank)
#define SUM(k) (a * w[k] + b * w[3 + (k)] + c * w[6 + (k)])
#define LINE3                                                                  \
  CHANNEL_CONSTANTS;                                                           \
  const int8_t *p0 = ROW(0), *p1 = ROW(1), *p2 = ROW(2);                       \
  const int32_t s0 = line->step[0], s1 = line->step[1], s2 = line->step[2];    \
  const int8_t *const f = op->filter + channel * 9;                            \
  const int32_t w[9] = {f[0], f[1], f[2], f[3], f[4], f[5], f[6], f[7], f[8]}; \
  int32_t a, b, c

#define OUTPUT(next)                                                     \
  do {                                                                   \
    next;                                                                \
    *to = tb_scale_short(first + SUM(2), m, shift, rounding, sign, out); \
    first = second + SUM(1);                                             \
    second = bias + SUM(0);                                              \
    to += step;                                                          \
  } while (0)

INLINE void line3_stride1(const line_t *line, int32_t channel, int32_t source, int32_t sign,
                          int8_t *to) {
  ROW_CONSTANTS;
  LINE3;
  MAYBE;
  int32_t first = bias + SUM(0);
  MAYBE;
  first += SUM(1);
  int32_t second = bias + SUM(0);
  ALL_OUTPUTS;
}
#undef OUTPUT

#define OUTPUT(next)                                                     \
  do {                                                                   \
    next;                                                                \
    first += SUM(1);                                                     \
    next;                                                                \
    *to = tb_scale_short(first + SUM(2), m, shift, rounding, sign, out); \
    first = bias + SUM(0);                                               \
    to += step;                                                          \
  } while (0)

INLINE void line3_stride2(const line_t *line, int32_t channel, int32_t source, int32_t sign,
                          int8_t *to) {
  ROW_CONSTANTS;
  LINE3;
  MAYBE;
  int32_t first = bias + SUM(0);
  ALL_OUTPUTS;
}
#undef OUTPUT
#undef READ
#undef BLANK
#undef SUM

/* --- five rows by five columns: the filter is read as it is needed ----------------------- */

#define READ \
  (a = *p0, b = *p1, c = *p2, d = *p3, e = *p4, p0 += s0, p1 += s1, p2 += s2, p3 += s3, p4 += s4)
#define BLANK (a = b = c = d = e = *op->blank)
#define SUM(k) (a * w[k] + b * w[5 + (k)] + c * w[10 + (k)] + d * w[15 + (k)] + e * w[20 + (k)])
#define LINE5                                                                        \
  CHANNEL_CONSTANTS;                                                                 \
  const int8_t *p0 = ROW(0), *p1 = ROW(1), *p2 = ROW(2), *p3 = ROW(3), *p4 = ROW(4); \
  const int32_t s0 = line->step[0], s1 = line->step[1], s2 = line->step[2];          \
  const int32_t s3 = line->step[3], s4 = line->step[4];                              \
  const int8_t *const w = op->filter + channel * 25;                                 \
  int32_t a, b, c, d, e

#define OUTPUT(next)                                                     \
  do {                                                                   \
    next;                                                                \
    *to = tb_scale_short(first + SUM(4), m, shift, rounding, sign, out); \
    first = second + SUM(3);                                             \
    second = third + SUM(2);                                             \
    third = fourth + SUM(1);                                             \
    fourth = bias + SUM(0);                                              \
    to += step;                                                          \
  } while (0)

static inline void line5_stride1(const line_t *line, int32_t channel, int32_t source, int32_t sign,
                                 int8_t *to) {
  ROW_CONSTANTS;
  LINE5;
  int32_t first = bias, second = bias, third = bias, fourth = bias;
  for (int i = 0; i < 4; i++) {
    MAYBE;
    first = second + SUM(3);
    second = third + SUM(2);
    third = fourth + SUM(1);
    fourth = bias + SUM(0);
  }
  ALL_OUTPUTS;
}
#undef OUTPUT

#define OUTPUT(next)                                                     \
  do {                                                                   \
    next;                                                                \
    first += SUM(3);                                                     \
    second += SUM(1);                                                    \
    next;                                                                \
    *to = tb_scale_short(first + SUM(4), m, shift, rounding, sign, out); \
    first = second + SUM(2);                                             \
    second = bias + SUM(0);                                              \
    to += step;                                                          \
  } while (0)

static inline void line5_stride2(const line_t *line, int32_t channel, int32_t source, int32_t sign,
                                 int8_t *to) {
  ROW_CONSTANTS;
  LINE5;
  MAYBE;
  int32_t first = bias + SUM(0);
  MAYBE;
  first += SUM(1);
  MAYBE;
  first += SUM(2);
  int32_t second = bias + SUM(0);
  ALL_OUTPUTS;
}

/* --- any other window, and channels that are scaled the long way ------------------------- */

static void line_any(const line_t *line, int32_t channel, int32_t source, int32_t sign,
                     int8_t *to) {
  (void)sign;
  const tb_depthwise_t *op = line->op;
  const tb_window_t *win = &op->window;
  const int8_t *filter = op->filter + channel * win->kernel_h * win->kernel_w;
  for (int32_t ox = 0; ox < win->out_w; ox++, to += win->out_c) {
    const int32_t left = ox * win->stride_w - win->pad_left;
    const int8_t *w = filter;
    int32_t sum = op->bias[channel];
    for (int32_t ky = 0; ky < win->kernel_h; ky++) {
      const int32_t y = line->top + ky * win->dilation_h;
      const int inside = (uint32_t)y < (uint32_t)win->in_h;
      const int8_t *row = inside ? tb_row(line->in, y) + source : op->blank;
      for (int32_t kx = 0; kx < win->kernel_w; kx++) {
        const int32_t x = left + kx * win->dilation_w;
        const int read = inside && (uint32_t)x < (uint32_t)win->in_w;
        sum += *w++ * (read ? row[x * win->in_c] : *op->blank);
      }
    }
    const int32_t m = op->multiplier[channel], shift = op->shift[channel];
    *to = tb_scale(sum, m, shift, line->out);
  }
}

/* --- all channels of a row --------------------------------------------------------------- */

/* A function over all channels of a row, out of one for a single channel. */
#define ROW_OF(name, line_fn, sign)                        \
  static void name(const line_t *line, int8_t *to) {       \
    const tb_depthwise_t *const op = line->op;             \
    int32_t source = 0, repeat = op->depth_multiplier;     \
    for (int32_t c = 0; c < op->window.out_c; c++, to++) { \
      if (op->shift[c] >= 0) {                             \
        line_fn(line, c, source, sign, to);                \
      } else {                                             \
        line_any(line, c, source, sign, to);               \
      }                                                    \
      if (--repeat == 0) {                                 \
        repeat = op->depth_multiplier;                     \
        source++;                                          \
      }                                                    \
    }                                                      \
  }
ROW_OF(row3_stride1, line3_stride1, 2)
ROW_OF(row3_stride1_relu, line3_stride1, 0)
ROW_OF(row3_stride2, line3_stride2, 2)
ROW_OF(row3_stride2_relu, line3_stride2, 0)
ROW_OF(row5_stride1, line5_stride1, 2)
ROW_OF(row5_stride2, line5_stride2, 2)
ROW_OF(row_any, line_any, 2)

typedef void row_fn(const line_t *line, int8_t *to);

static row_fn *choose_row(const line_t *line) {
  const tb_window_t *win = &line->op->window;
  const int plain = win->dilation_h == 1 && win->dilation_w == 1;
  /* The inner loop begins at the first output's last stride_w columns: they must be inside. */
  const int narrow = win->pad_left <= win->kernel_w - win->stride_w;
  if (!plain || !narrow || win->kernel_h != win->kernel_w || win->stride_w > 2) {
    return row_any;
  }
  const int relu = line->out.sign == 0;
  switch (win->kernel_w * 2 + win->stride_w) {
    case 3 * 2 + 1: return relu ? row3_stride1_relu : row3_stride1;
    case 3 * 2 + 2: return relu ? row3_stride2_relu : row3_stride2;
    case 5 * 2 + 1: return row5_stride1;
    case 5 * 2 + 2: return row5_stride2;
    default: return row_any;
  }
}

static void find_rows(line_t *line) {
  const tb_window_t *win = &line->op->window;
  for (int32_t ky = 0; ky < win->kernel_h && ky < MAX_ROWS; ky++) {
    const int32_t y = line->top + ky;
    const int inside = (uint32_t)y < (uint32_t)win->in_h;
    line->at[ky] = inside ? tb_row(line->in, y) : line->op->blank;
    line->step[ky] = inside ? win->in_c : 0;
  }
}

void tb_depthwise_row(const void *parameters, const tb_rows_t *in, int32_t y, int8_t *out) {
  const tb_depthwise_t *op = parameters;
  line_t line = {
      .op = op,
      .in = in,
      .top = y * op->window.stride_h - op->window.pad_top,
      .out = tb_out(op->out_offset, op->act_min, op->act_max),
  };
  find_rows(&line);
  choose_row (&line)(&line, out);
}

void tb_depthwise(const tb_depthwise_t *op, const int8_t *in, int8_t *out) {
  tb_all_rows(tb_depthwise_row, op, &op->window, in, out);
}
