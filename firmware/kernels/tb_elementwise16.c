/* SPDX-License-Identifier: Apache-2.0 */
/* ADD, SUB, MUL, MAXIMUM, MINIMUM and PRELU of int16 tensors with broadcasting, other scales, and
 * LOGISTIC and TANH, which interpolate in one table: tanh(x) = 2 * sigmoid(2 * x) - 1. */
#include "tb_broadcast.h"
#include "tb_fixedpoint.h"
#include "tb_kernels16.h"
#include "tb_scale16.h"

#define HEADROOM 15 /* bits by which ADD scales its inputs up */

static inline int16_t add_one(const tb_add16_t *op, int32_t a, int32_t b) {
  const int32_t sum =
      tb_requantize(a * (1 << HEADROOM), op->a_multiplier, op->a_shift) +
      op->b_sign * tb_requantize(b * (1 << HEADROOM), op->b_multiplier, op->b_shift);
  return tb_clamp16(tb_requantize(sum, op->multiplier, op->shift), op->act_min, op->act_max);
}

static inline int16_t mul_one(const tb_mul16_t *op, int32_t a, int32_t b) {
  return tb_clamp16(tb_requantize(a * b, op->multiplier, op->shift), op->act_min, op->act_max);
}

void tb_add16(const tb_add16_t *op, const int16_t *a, const int16_t *b, int16_t *out) {
  TB_FOR_EACH(int16_t, &op->shape, a, b, *out++ = add_one(op, *pa, *pb));
}

void tb_mul16(const tb_mul16_t *op, const int16_t *a, const int16_t *b, int16_t *out) {
  TB_FOR_EACH(int16_t, &op->shape, a, b, *out++ = mul_one(op, *pa, *pb));
}

void tb_maximum16(const tb_maximum16_t *op, const int16_t *a, const int16_t *b, int16_t *out) {
  TB_FOR_EACH(int16_t, &op->shape, a, b, *out++ = *pa > *pb ? *pa : *pb);
}

void tb_minimum16(const tb_minimum16_t *op, const int16_t *a, const int16_t *b, int16_t *out) {
  TB_FOR_EACH(int16_t, &op->shape, a, b, *out++ = *pa < *pb ? *pa : *pb);
}

static inline int16_t prelu_one(const tb_prelu16_t *op, int32_t a, int32_t slope) {
  const int32_t y = a >= 0 ? tb_requantize(a, op->multiplier, op->shift)
                           : tb_requantize(a * slope, op->leak_multiplier, op->leak_shift);
  return tb_clamp16(y, INT16_MIN, INT16_MAX);
}

void tb_prelu16(const tb_prelu16_t *op, const int16_t *a, int16_t *out) {
  TB_FOR_EACH(int16_t, &op->shape, a, op->slope, *out++ = prelu_one(op, *pa, *pb));
}

void tb_leaky_relu16(const tb_leaky_relu16_t *op, const int16_t *in, int16_t *out) {
  for (int32_t i = 0; i < op->count; i++) {
    const int32_t x = in[i];
    const int32_t y = x >= 0
                          ? tb_requantize(x, op->multiplier, op->shift)
                          : op->leak_sign * tb_requantize(x, op->leak_multiplier, op->leak_shift);
    out[i] = tb_clamp16(y, INT16_MIN, INT16_MAX);
  }
}

static inline int32_t rescale(const tb_requantize16_t *op, int32_t x) {
  const int32_t y = tb_requantize(x + op->in_offset, op->multiplier, op->shift) + op->out_offset;
  return tb_clamp16(y, op->low, op->high);
}

void tb_requantize16(const tb_requantize16_t *op, const int16_t *in, int16_t *out) {
  for (int32_t i = 0; i < op->count; i++) out[i] = (int16_t)rescale(op, in[i]);
}

void tb_narrow16(const tb_narrow16_t *op, const int16_t *in, int8_t *out) {
  for (int32_t i = 0; i < op->count; i++) out[i] = (int8_t)rescale(op, in[i]);
}

void tb_widen16(const tb_widen16_t *op, const int8_t *in, int16_t *out) {
  for (int32_t i = 0; i < op->count; i++) out[i] = (int16_t)rescale(op, in[i]);
}

/* x in steps of 1 / 12288. */
static inline int32_t table_input(const tb_logistic16_t *op, int32_t x) {
  const int32_t half = op->shift > 0 ? (int32_t)(1u << (op->shift - 1)) : 0;
  return (x * op->multiplier + half) >> op->shift;
}

/* The table at |x| / 2^bits, with `bits` more of fraction; its end beyond. */
static inline int32_t between(const uint16_t *table, int32_t x, int32_t bits, int32_t beyond) {
  const int32_t size = x < 0 ? -x : x;
  const int32_t at = size >> bits;
  if (at >= 255) {
    return beyond;
  }
  return (table[at] << bits) + (size & ((1 << bits) - 1)) * (table[at + 1] - table[at]);
}

void tb_logistic16(const tb_logistic16_t *op, const int16_t *in, int16_t *out) {
  for (int32_t i = 0; i < op->count; i++) {
    const int32_t x = table_input(op, in[i]);
    const int32_t y = between(op->table, x, 9, 0x7FFF << 10);
    out[i] = (int16_t)((x >= 0 ? y + (1 << 9) : (1 << 25) - y + (1 << 9) - 1) >> 10);
  }
}

void tb_tanh16(const tb_tanh16_t *op, const int16_t *in, int16_t *out) {
  for (int32_t i = 0; i < op->count; i++) {
    const int32_t x = table_input(op, in[i]);
    const int32_t y = between(op->table, x, 8, 0xFFFF << 8) - (1 << 23);
    out[i] = (int16_t)((x >= 0 ? y + (1 << 7) : -y + (1 << 7) - 1) >> 8);
  }
}
