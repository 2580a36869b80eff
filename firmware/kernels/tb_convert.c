/* SPDX-License-Identifier: Apache-2.0 */
/* QUANTIZE and DEQUANTIZE between float32 and int8, inside a graph. */
#include <string.h>

#include "tb_fixedpoint.h"
#include "tb_kernels.h"

/* C's round(), saturated to what can still matter after a zero point; 0 where x is not a number.
 * The fraction is exact, where adding 0.5 first would round 0.49999997 up. */
static int32_t round_away(float x) {
  if (x != x) {
    return 0;
  }
  if (x >= 65536.0f) {
    return 65536;
  }
  if (x <= -65536.0f) {
    return -65536;
  }
  const int32_t whole = (int32_t)x;
  const float fraction = x - (float)whole;
  return whole + (fraction >= 0.5f) - (fraction <= -0.5f);
}

void tb_quantize_float(const tb_quantize_float_t *op, const int8_t *in, int8_t *out) {
  for (int32_t i = 0; i < op->count; i++) {
    float real;
    memcpy(&real, in + 4 * i, sizeof real);
    out[i] = (int8_t)tb_clamp8(round_away(real / op->scale) + op->zero_point, INT8_MIN, INT8_MAX);
  }
}

void tb_dequantize_float(const tb_dequantize_float_t *op, const int8_t *in, int8_t *out) {
  for (int32_t i = 0; i < op->count; i++) {
    const float real = op->scale * (float)(in[i] - op->zero_point);
    memcpy(out + 4 * i, &real, sizeof real);
  }
}
