/* SPDX-License-Identifier: Apache-2.0 */
/* The order of output rows, and the part of a window that lies inside the input. */
#ifndef TB_WINDOW_H
#define TB_WINDOW_H

#include <stdint.h>

#include "tb_kernels.h"

/* The output row that is made as the i-th. */
static inline int32_t tb_nth_row(const tb_window_t *win, int32_t i) {
  return win->bottom_up ? win->out_h - 1 - i : i;
}

/* Taps first <= k < last of the window lie inside; tap k reads position origin + k * dilation. */
typedef struct {
  int32_t origin, first, last;
} tb_span_t;

static inline tb_span_t tb_span(int32_t origin, int32_t taps, int32_t dilation, int32_t size) {
  tb_span_t span = {origin, 0, taps};
  while (span.first < taps && origin + span.first * dilation < 0) {
    span.first++;
  }
  while (span.last > span.first && origin + (span.last - 1) * dilation >= size) {
    span.last--;
  }
  return span;
}

#endif
