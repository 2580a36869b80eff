/* SPDX-License-Identifier: Apache-2.0 */
/* REDUCE_MAX, REDUCE_MIN, ARG_MAX, ARG_MIN: the largest along one axis, or where it is.
 *
 * The smallest is the largest of the negated values, so one search serves all four. Of equals
 * the first counts. */
#include <string.h>

#include "tb_kernels.h"

/* Position of the largest of op->reduced values, op->inner apart. */
static int32_t find(const tb_arg_max_t *op, const int8_t *values) {
  int32_t found = 0, best = op->sign * values[0];
  for (int32_t r = 1; r < op->reduced; r++) {
    const int32_t value = op->sign * values[r * op->inner];
    if (value > best) {
      best = value;
      found = r;
    }
  }
  return found;
}

void tb_reduce_max(const tb_reduce_max_t *op, const int8_t *in, int8_t *out) {
  for (int32_t o = 0; o < op->outer; o++) {
    for (int32_t i = 0; i < op->inner; i++) {
      *out++ = in[i + find(op, in + i) * op->inner];
    }
    in += op->reduced * op->inner;
  }
}

void tb_arg_max(const tb_arg_max_t *op, const int8_t *in, int8_t *out) {
  for (int32_t o = 0; o < op->outer; o++) {
    for (int32_t i = 0; i < op->inner; i++) {
      const int32_t found = find(op, in + i);
      memcpy(out, &found, sizeof found);
      out += sizeof found;
    }
    in += op->reduced * op->inner;
  }
}
