/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of a tensor that is there as a whole or in a ring, the part of a window that lies in it, and
 * the order of output rows. */
#ifndef TB_WINDOW_H
#define TB_WINDOW_H

#include <stdint.h>

#include "tb_kernels.h"

static inline const int8_t *tb_row(const tb_rows_t *rows, int32_t y) {
  return rows->first + (y % rows->capacity) * rows->bytes;
}

/* Taps first <= k < last of a window lie inside the image, along one axis; none if they are equal.
 */
typedef struct {
  int32_t first, last;
} tb_span_t;

/* origin: where tap 0 lies; size: of the image. */
static inline tb_span_t tb_span_inside(int32_t origin, int32_t dilation, int32_t taps,
                                       int32_t size) {
  tb_span_t span = {0, taps};
  while (span.first < taps && origin + span.first * dilation < 0) span.first++;
  while (span.last > span.first && origin + (span.last - 1) * dilation >= size) span.last--;
  return span;
}

/* All output rows, from the top or from the bottom, of a tensor that is there as a whole. */
static inline void tb_all_rows(tb_row_fn *row, const void *op, const tb_window_t *win,
                               const int8_t *in, int8_t *out) {
  const tb_rows_t rows = {in, win->in_h, win->in_w * win->in_c};
  const int32_t bytes = win->out_w * win->out_c;
  for (int32_t i = 0; i < win->out_h; i++) {
    const int32_t y = win->bottom_up ? win->out_h - 1 - i : i;
    row(op, &rows, y, out + y * bytes);
  }
}

#endif
