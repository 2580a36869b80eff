/* SPDX-License-Identifier: Apache-2.0 */
/* MEAN and SUM: sums, then one requantization, which for MEAN also divides. */
#include "tb_fixedpoint.h"
#include "tb_kernels.h"

static int8_t scaled(const tb_mean_t *op, int32_t sum) {
  const int32_t y = tb_requantize(sum - op->zero_sum, op->multiplier, op->shift);
  return (int8_t)tb_clamp8(y + op->out_offset, INT8_MIN, INT8_MAX);
}

/* One row of sums, four neighbours at a time. */
static int8_t *sum_row(const tb_mean_t *op, const int8_t *in, int8_t *out) {
  const int32_t inner = op->inner, reduced = op->reduced;
  int32_t i = 0;
  for (; i + 4 <= inner; i += 4) {
    const int8_t *v = in + i;
    int32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0;
    for (int32_t left = reduced; left > 0; left--, v += inner) {
      s0 += v[0], s1 += v[1], s2 += v[2], s3 += v[3];
    }
    *out++ = scaled(op, s0);
    *out++ = scaled(op, s1);
    *out++ = scaled(op, s2);
    *out++ = scaled(op, s3);
  }
  for (; i < inner; i++) {
    const int8_t *v = in + i;
    int32_t sum = 0;
    for (int32_t left = reduced; left > 0; left--, v += inner) {
      sum += *v;
    }
    *out++ = scaled(op, sum);
  }
  return out;
}

void tb_mean(const tb_mean_t *op, const int8_t *in, int8_t *out) {
  for (int32_t o = 0; o < op->outer; o++, in += op->reduced * op->inner) {
    out = sum_row(op, in, out);
  }
}
