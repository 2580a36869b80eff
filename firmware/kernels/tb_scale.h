/* SPDX-License-Identifier: Apache-2.0 */
/* From a 32-bit sum to an int8 output, exactly as TFLite Micro rounds, in about 12 instructions.
 *
 * round(sum * m / 2^31) needs the upper half of one product only if the sum is scaled up by 4
 * first: floor(4 * sum * m / 2^32) = floor(sum * m / 2^30), of which (v + 1) >> 1 is the rounding.
 * That holds for |sum| < 2^29 and a right shift of at least 1, which the compiler proves per
 * channel from the weights; channels for which it cannot are marked and take the long way. */
#ifndef TB_SCALE_H
#define TB_SCALE_H

#include "tb_fixedpoint.h"
#include "tb_kernels.h"

#define TB_LONG_WAY 64 /* added to a channel's stored shift (right shift - 1, or 31 - left shift) */

/* What all channels of an op share. */
typedef struct {
  int32_t round; /* 1 + 2 * zero point: the last rounding and the zero point in one addition */
  int32_t low, high;
} tb_out_t;

static inline tb_out_t tb_out(int32_t out_offset, int32_t act_min, int32_t act_max) {
  const tb_out_t out = {1 + 2 * out_offset, act_min, act_max};
  return out;
}

int32_t tb_scale_long(int32_t sum, int32_t multiplier, int32_t shift);

static inline int8_t tb_scale(int32_t sum, int32_t multiplier, int32_t shift, tb_out_t out) {
  int32_t y;
  if (shift < TB_LONG_WAY) {
    const int32_t v = (int32_t)(((int64_t)(int32_t)((uint32_t)sum << 2) * multiplier) >> 32);
    const int32_t h = (v + 1) >> 1;
    y = (((h + (h >> 31)) >> shift) + out.round) >> 1;
  } else {
    y = tb_scale_long(sum, multiplier, shift) + ((out.round - 1) >> 1);
  }
  y = y < out.low ? out.low : y;
  return (int8_t)(y > out.high ? out.high : y);
}

#endif
