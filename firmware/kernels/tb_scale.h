/* SPDX-License-Identifier: Apache-2.0 */
/* From a 32-bit sum to an int8 output, exactly as TFLite Micro rounds, in a dozen instructions.
 *
 * round(sum * m / 2^31) needs only the upper half of a product if the sum is scaled up by 4
 * first: floor(4 * sum * m / 2^32) = floor(sum * m / 2^30), of which (v + 1) >> 1 is the rounding.
 * That is the short way; it holds for |sum| < 2^29 and a right shift of at least 1. The compiler
 * proves that per channel from the weights and stores (right shift - 1); other channels go the
 * long way and are marked by a negative number, (TFLite's shift - 64). */
#ifndef TB_SCALE_H
#define TB_SCALE_H

#include "tb_fixedpoint.h"

#define TB_LONG_WAY 64

/* What all channels of an op share. */
typedef struct {
  int32_t round; /* 1 + 2 * zero point: the last rounding and the zero point in one addition */
  int32_t low, high;
} tb_out_t;

static inline tb_out_t tb_out(int32_t out_offset, int32_t act_min, int32_t act_max) {
  const tb_out_t out = {1 + 2 * out_offset, act_min, act_max};
  return out;
}

static inline int8_t tb_scale_short(int32_t sum, int32_t multiplier, int32_t shift, tb_out_t out) {
  const int32_t v = (int32_t)(((int64_t)(int32_t)((uint32_t)sum << 2) * multiplier) >> 32);
  const int32_t h = (v + 1) >> 1;
  return tb_clamp8((((h + (h >> 31)) >> shift) + out.round) >> 1, out.low, out.high);
}

static inline int8_t tb_scale(int32_t sum, int32_t multiplier, int32_t shift, tb_out_t out) {
  if (shift >= 0) {
    return tb_scale_short(sum, multiplier, shift, out);
  }
  const int32_t y = tb_requantize(sum, multiplier, shift + TB_LONG_WAY);
  return tb_clamp8(y + (out.round - 1) / 2, out.low, out.high);
}

#endif
