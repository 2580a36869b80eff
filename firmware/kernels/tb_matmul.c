/* SPDX-License-Identifier: Apache-2.0 */
/* BATCH_MATMUL of two tensors that are both computed: nothing is known of either before, so zero
 * points are subtracted in the loop. An element of a is loaded once for four columns of b. */
#include "tb_kernels.h"
#include "tb_scale.h"

#define COLUMNS 4

static void one_matrix(const tb_batch_matmul_t *op, const int8_t *a, const int8_t *b, int8_t *out) {
  const tb_out_t limits = tb_out(op->out_offset, INT8_MIN, INT8_MAX);
  const int32_t a_offset = op->a_offset, b_offset = op->b_offset, next = op->column_b;
  for (int32_t row = 0; row < op->rows; row++, a += op->row_a) {
    for (int32_t column = 0; column < op->columns; column += COLUMNS) {
      const int32_t left = op->columns - column;
      /* Where there are fewer columns left, the last one is computed more than once. */
      const int32_t to1 = left > 1 ? next : 0, to2 = left > 2 ? 2 * next : to1;
      const int32_t to3 = left > 3 ? 3 * next : to2;
      const int8_t *pa = a, *pb = b + column * next;
      int32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0;
      for (int32_t k = 0; k < op->depth; k++, pa += op->depth_a, pb += op->depth_b) {
        const int32_t v = *pa + a_offset;
        s0 += v * (pb[0] + b_offset);
        s1 += v * (pb[to1] + b_offset);
        s2 += v * (pb[to2] + b_offset);
        s3 += v * (pb[to3] + b_offset);
      }
      const int32_t sums[COLUMNS] = {s0, s1, s2, s3};
      for (int32_t i = 0; i < COLUMNS && i < left; i++) {
        *out++ = (int8_t)tb_scale(sums[i], op->multiplier, op->shift, limits);
      }
    }
  }
}

void tb_batch_matmul(const tb_batch_matmul_t *op, const int8_t *a, const int8_t *b, int8_t *out) {
  const int32_t *const size = op->batch, *const step_a = op->batch_a, *const step_b = op->batch_b;
  for (int32_t i = 0; i < size[0]; i++) {
    for (int32_t j = 0; j < size[1]; j++) {
      for (int32_t k = 0; k < size[2]; k++) {
        one_matrix(op, a + i * step_a[0] + j * step_a[1] + k * step_a[2],
                   b + i * step_b[0] + j * step_b[1] + k * step_b[2], out);
        out += op->rows * op->columns;
      }
    }
  }
}
