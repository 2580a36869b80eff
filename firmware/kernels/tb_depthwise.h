/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernels of DEPTHWISE_CONV_2D share: see tb_depthwise.c. */
#ifndef TB_DEPTHWISE_H
#define TB_DEPTHWISE_H

#include <stddef.h>

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
  int32_t top;                /* image row of the window's first tap */
  int32_t first, last;        /* filter rows that lie inside the image */
  int32_t inner, whole;       /* bytes of outputs x < inner_last, and of all */
  int half;                   /* with stride 2, output inner_last has one more column inside */
  tb_out_t out;
} line_t;

/* All channels of a row. */
typedef void row_fn(const line_t *line, int8_t *to);
row_fn tb_row3_stride1, tb_row3_stride1_relu, tb_row3_stride2, tb_row3_stride2_relu,
    tb_row5_stride1, tb_row5_stride2;

/* One channel of a row, scaled the long way. */
void tb_line_long(const line_t *line, int32_t channel, int32_t source, int8_t *to);

/* What the functions below have in registers: of the row, and of a channel. Outputs before `inner`
 * do not leave the image on the right. */
#define LINE                                                     \
  const tb_depthwise_t *const op = line->op;                     \
  const int32_t step = op->window.out_c, next = op->window.in_c; \
  const tb_out_t out = line->out;                                \
  const int32_t m = op->multiplier[channel];                     \
  const int32_t shift = op->shift[channel];                      \
  const int32_t rounding = tb_rounding(shift, out);              \
  const int8_t *const inner = to + line->inner;                  \
  const int8_t *const end = to + line->whole;                    \
  const int32_t zero = op->zero;                                 \
  int32_t bias = op->bias[channel], column = -op->window.pad_left

/* As many columns are read before the first output. */
#define COLUMNS(n) const int32_t in_w = op->window.in_w, begin = column + (n)

#define INSIDE(column) ((uint32_t)(column) < (uint32_t)in_w)

#define STORE(sum)                                                    \
  do {                                                                \
    *to = (int8_t)tb_scale_short(sum, m, shift, rounding, sign, out); \
    to += step;                                                       \
  } while (0)

/* A function over all channels of a row, out of one for a single channel. */
#define ROW_OF(name, line_fn, sign)                        \
  void name(const line_t *line, int8_t *to) {              \
    const tb_depthwise_t *const op = line->op;             \
    int32_t source = 0, repeat = op->depth_multiplier;     \
    for (int32_t c = 0; c < op->window.out_c; c++, to++) { \
      if (op->shift[c] >= 0) {                             \
        line_fn(line, c, source, sign, to);                \
      } else {                                             \
        tb_line_long(line, c, source, to);                 \
      }                                                    \
      if (--repeat == 0) {                                 \
        repeat = op->depth_multiplier;                     \
        source++;                                          \
      }                                                    \
    }                                                      \
  }

#endif
