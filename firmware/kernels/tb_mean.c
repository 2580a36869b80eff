/* SPDX-License-Identifier: Apache-2.0 */
/* MEAN and SUM: sums, then one requantization, which for MEAN also divides. */
#include "tb_fixedpoint.h"
#include "tb_kernels.h"

void tb_mean(const tb_mean_t *op, const int8_t *in, int8_t *out) {
  for (int32_t o = 0; o < op->outer; o++) {
    for (int32_t i = 0; i < op->inner; i++) {
      const int8_t *v = in + i;
      int32_t sum = 0;
      for (int32_t r = 0; r < op->reduced; r++, v += op->inner) {
        sum += *v;
      }
      const int32_t scaled = tb_requantize(sum - op->zero_sum, op->multiplier, op->shift);
      *out++ = tb_clamp8(scaled + op->out_offset, INT8_MIN, INT8_MAX);
    }
    in += op->reduced * op->inner;
  }
}
