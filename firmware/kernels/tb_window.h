/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of a tensor that is there as a whole or in a ring, and the order of output rows. */
#ifndef TB_WINDOW_H
#define TB_WINDOW_H

#include <stdint.h>

#include "tb_kernels.h"

static inline const int8_t *tb_row(const tb_rows_t *rows, int32_t y) {
  return rows->first + (y % rows->capacity) * rows->bytes;
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
