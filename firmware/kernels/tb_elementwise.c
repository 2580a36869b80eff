/* SPDX-License-Identifier: Apache-2.0 */
/* ADD, SUB, MUL, MAXIMUM, MINIMUM, PRELU with broadcasting, and every function of one int8 as a
 * table. */
#include "tb_broadcast.h"
#include "tb_fixedpoint.h"
#include "tb_kernels.h"
#include "tb_scale.h"

#define HEADROOM 20 /* bits by which ADD scales its inputs up */

static inline int32_t add_one(const tb_add_t *op, int32_t a, int32_t b) {
  const int32_t wide_a = (a + op->a_offset) * (1 << HEADROOM);
  const int32_t wide_b = (b + op->b_offset) * (1 << HEADROOM);
  const int32_t sum = tb_requantize(wide_a, op->a_multiplier, op->a_shift) +
                      op->b_sign * tb_requantize(wide_b, op->b_multiplier, op->b_shift);
  return tb_requantize(sum, op->multiplier, op->shift) + op->out_offset;
}

static inline int32_t prelu_one(const tb_prelu_t *op, int32_t a, int32_t b) {
  const int32_t x = a + op->in_offset;
  const int32_t scaled =
      x >= 0 ? tb_requantize(x, op->multiplier, op->shift)
             : tb_requantize(x * (b + op->alpha_offset), op->leak_multiplier, op->leak_shift);
  return scaled + op->out_offset;
}

void tb_add(const tb_add_t *op, const int8_t *a, const int8_t *b, int8_t *out) {
  TB_FOR_EACH(int8_t, &op->shape, a, b,
              *out++ = tb_clamp8(add_one(op, *pa, *pb), op->act_min, op->act_max));
}

void tb_mul(const tb_mul_t *op, const int8_t *a, const int8_t *b, int8_t *out) {
  const tb_out_t limits = tb_out(op->out_offset, op->act_min, op->act_max);
  const int32_t a_offset = op->a_offset, b_offset = op->b_offset;
  const int32_t m = op->multiplier, shift = op->shift;
  if (shift >= 0) {
    const int32_t rounding = tb_rounding(shift, limits);
    TB_FOR_EACH(int8_t, &op->shape, a, b, {
      const int32_t product = (*pa + a_offset) * (*pb + b_offset);
      *out++ = tb_scale_short(product, m, shift, rounding, 2, limits);
    });
  } else {
    TB_FOR_EACH(int8_t, &op->shape, a, b,
                *out++ = tb_scale((*pa + a_offset) * (*pb + b_offset), m, shift, limits));
  }
}

void tb_maximum(const tb_maximum_t *op, const int8_t *a, const int8_t *b, int8_t *out) {
  TB_FOR_EACH(int8_t, &op->shape, a, b, *out++ = *pa > *pb ? *pa : *pb);
}

void tb_minimum(const tb_minimum_t *op, const int8_t *a, const int8_t *b, int8_t *out) {
  TB_FOR_EACH(int8_t, &op->shape, a, b, *out++ = *pa < *pb ? *pa : *pb);
}

void tb_prelu(const tb_prelu_t *op, const int8_t *a, const int8_t *b, int8_t *out) {
  TB_FOR_EACH(int8_t, &op->shape, a, b,
              *out++ = tb_clamp8(prelu_one(op, *pa, *pb), INT8_MIN, INT8_MAX));
}

void tb_lookup(const tb_lookup_t *op, const int8_t *in, int8_t *out) {
  const int8_t *end = op->table + 256 * op->channels + 128;
  const int8_t *table = op->table + 128;
  for (int32_t i = 0; i < op->count; i++) {
    out[i] = table[in[i]];
    table += 256;
    if (table == end) {
      table = op->table + 128;
    }
  }
}
