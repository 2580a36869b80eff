/* SPDX-License-Identifier: Apache-2.0 */
/* ADD, SUB, MUL, MAXIMUM, MINIMUM, PRELU with broadcasting, and every function of one int8 as a
 * table. Elements are made in the order of their addresses, so an output may also begin below an
 * operand that it is written over. */
#include "tb_broadcast.h"
#include "tb_fixedpoint.h"
#include "tb_kernels.h"
#include "tb_scale.h"
#include "tb_window.h"

#define HEADROOM 20     /* bits by which ADD scales its inputs up */
#define MANY_PIXELS 256 /* for which MUL makes a table per channel */

static inline int32_t prelu_one(const tb_prelu_t *op, int32_t a, int32_t b) {
  const int32_t x = a + op->in_offset;
  const int32_t scaled =
      x >= 0 ? tb_requantize(x, op->multiplier, op->shift)
             : tb_requantize(x * (b + op->alpha_offset), op->leak_multiplier, op->leak_shift);
  return scaled + op->out_offset;
}

void tb_add(const tb_add_t *op, const int8_t *a, const int8_t *b, int8_t *out) {
  const tb_factor_t by_a = tb_factor(op->a_multiplier, op->a_shift);
  const tb_factor_t by_b = tb_factor(op->b_multiplier, op->b_shift);
  const tb_factor_t by = tb_factor(op->multiplier, op->shift);
  const int32_t a_offset = op->a_offset, b_offset = op->b_offset, b_sign = op->b_sign;
  const int32_t out_offset = op->out_offset, low = op->act_min, high = op->act_max;
  const int32_t up = 4 << HEADROOM;
  TB_FOR_EACH(int8_t, &op->shape, a, b, {
    const int32_t wide_a = tb_times((*pa + a_offset) * up, by_a);
    const int32_t wide_b = tb_times((*pb + b_offset) * up, by_b);
    *out++ =
        (int8_t)tb_clamp8(tb_times((wide_a + b_sign * wide_b) * 4, by) + out_offset, low, high);
  });
}

/* in[pixels][channels] times `factors`, one per channel: each channel's products as a table. */
static void mul_channels(const tb_mul_t *op, const int8_t *in, int32_t in_offset,
                         const int8_t *factors, int32_t factor_offset, int8_t *out) {
  const tb_out_t limits = tb_out(op->out_offset, op->act_min, op->act_max);
  const int32_t channels = op->shape.size[3], count = op->shape.size[2] * channels;
  int8_t table[256];
  for (int32_t c = 0; c < channels; c++) {
    const int32_t factor = factors[c] + factor_offset;
    for (int32_t x = INT8_MIN; x <= INT8_MAX; x++) {
      table[x - INT8_MIN] =
          (int8_t)tb_scale((x + in_offset) * factor, op->multiplier, op->shift, limits);
    }
    for (int32_t i = c; i < count; i += channels) {
      out[i] = table[in[i] - INT8_MIN];
    }
  }
}

void tb_mul(const tb_mul_t *op, const int8_t *a, const int8_t *b, int8_t *out) {
  const tb_broadcast_t *shape = &op->shape;
  const int32_t m = op->multiplier, shift = op->shift;
  const int whole = shape->size[0] * shape->size[1] == 1 && shape->size[2] >= MANY_PIXELS &&
                    shape->step_a[3] == 1 && shape->step_b[3] == 1;
  if (whole && shape->step_b[2] == 0) {
    mul_channels(op, a, op->a_offset, b, op->b_offset, out);
    return;
  }
  if (whole && shape->step_a[2] == 0) {
    mul_channels(op, b, op->b_offset, a, op->a_offset, out);
    return;
  }
  const tb_out_t limits = tb_out(op->out_offset, op->act_min, op->act_max);
  const int32_t a_offset = op->a_offset, b_offset = op->b_offset;
  if (shift >= 0) {
    const int32_t rounding = tb_rounding(shift, limits);
    TB_FOR_EACH(int8_t, shape, a, b, {
      const int32_t product = (*pa + a_offset) * (*pb + b_offset);
      *out++ = (int8_t)tb_scale_short(product, m, shift, rounding, 2, limits);
    });
  } else {
    TB_FOR_EACH(int8_t, shape, a, b,
                *out++ = (int8_t)tb_scale((*pa + a_offset) * (*pb + b_offset), m, shift, limits));
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
              *out++ = (int8_t)tb_clamp8(prelu_one(op, *pa, *pb), INT8_MIN, INT8_MAX));
}

/* One table for all elements. */
static void look_up(const int8_t *table, const int8_t *in, int8_t *out, int32_t count) {
  const int8_t *const end4 = in + (count & ~3), *const end = in + count;
  for (; in != end4; in += 4, out += 4) {
    const int8_t y0 = table[in[0]], y1 = table[in[1]], y2 = table[in[2]], y3 = table[in[3]];
    out[0] = y0, out[1] = y1, out[2] = y2, out[3] = y3;
  }
  while (in != end) {
    *out++ = table[*in++];
  }
}

void tb_lookup(const tb_lookup_t *op, const int8_t *in, int8_t *out) {
  const int8_t *const first = op->table + 128, *const last = first + 256 * op->channels;
  if (op->channels == 1) {
    look_up(first, in, out, op->count);
    return;
  }
  const int8_t *table = first;
  for (const int8_t *const end = in + op->count; in != end;) {
    *out++ = table[*in++];
    table += 256;
    table = table == last ? first : table;
  }
}

/* The same as links of a chain. */

void tb_add_row(const void *op, const tb_rows_t *in, int32_t y, int8_t *out) {
  tb_add((const tb_add_t *)op, tb_row(&in[0], y), tb_row(&in[1], y), out);
}

void tb_mul_row(const void *op, const tb_rows_t *in, int32_t y, int8_t *out) {
  tb_mul((const tb_mul_t *)op, tb_row(&in[0], y), tb_row(&in[1], y), out);
}

void tb_maximum_row(const void *op, const tb_rows_t *in, int32_t y, int8_t *out) {
  tb_maximum((const tb_maximum_t *)op, tb_row(&in[0], y), tb_row(&in[1], y), out);
}

void tb_minimum_row(const void *op, const tb_rows_t *in, int32_t y, int8_t *out) {
  tb_minimum((const tb_minimum_t *)op, tb_row(&in[0], y), tb_row(&in[1], y), out);
}

void tb_lookup_row(const void *op, const tb_rows_t *in, int32_t y, int8_t *out) {
  tb_lookup((const tb_lookup_t *)op, tb_row(&in[0], y), out);
}
