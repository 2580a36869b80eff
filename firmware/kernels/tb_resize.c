/* SPDX-License-Identifier: Apache-2.0 */
/* RESIZE_BILINEAR: each output is four pixels of the input, weighted in 1024ths along each axis.
 *
 * Which pixels and which weights depends on the row and on the column alone: the compiler makes a
 * table for each. In front of the first pixel the weight of the next one is negative, but that
 * is the same pixel then; the weights of an axis add up to 2048 at most, sums stay below 2^30. */
#include "tb_fixedpoint.h"
#include "tb_kernels.h"

static int32_t mix(int32_t a, int32_t b, int32_t weight) {
  return a * (1024 - weight) + b * weight;
}

void tb_resize_bilinear(const tb_resize_bilinear_t *op, const int8_t *in, int8_t *out) {
  for (int32_t y = 0; y < op->rows; y++) {
    const int32_t *row = op->row + 3 * y;
    for (int32_t x = 0; x < op->columns; x++) {
      const int32_t *column = op->column + 3 * x;
      const int8_t *upper = in + row[0], *lower = in + row[1];
      for (int32_t c = 0; c < op->depth; c++) {
        const int32_t left = column[0] + c, right = column[1] + c;
        const int32_t above = mix(upper[left], upper[right], column[2]);
        const int32_t below = mix(lower[left], lower[right], column[2]);
        *out++ = (int8_t)tb_rounding_shift(mix(above, below, row[2]), 20);
      }
    }
  }
}
