/* SPDX-License-Identifier: Apache-2.0 */
/* From a 32-bit sum to an int8 output, exactly as TFLite Micro rounds, in ten instructions or
 * eight.
 *
 * TFLite rounds twice and then adds the zero point z. With a right shift of n = s + 1 that is
 *   h = round(sum * m / 2^31), halves up: (v + 1) >> 1 of v = floor(4 * sum * m / 2^32), which is
 *       the upper half of one product
 *   y = round(h / 2^n), halves away from zero: (((h + (h >> 31)) >> s) + 1) >> 1
 * Floors of floors are one floor, so y + z = (v + 2 * (v >> 31) + rounding) >> (s + 2), where
 * rounding = 1 + (1 + 2 * z) * 2^(s + 1) is the same for a whole channel. (The sign is that of v
 * instead of h: they differ for v = -1 alone, which gives z either way.) Where the clamp lets pass
 * nothing below z, as RELU's does, the sign makes no difference and is left out.
 *
 * That is the short way; it holds for |sum| < 2^29 and 0 <= s <= 20. The compiler proves that per
 * channel from the weights and stores s; other channels go the long way and are marked by a
 * negative number, (TFLite's shift - 64). */
#ifndef TB_SCALE_H
#define TB_SCALE_H

#include "tb_fixedpoint.h"

#define TB_LONG_WAY 64

/* What all channels of an op share. */
typedef struct {
  int32_t round; /* 1 + 2 * zero point */
  int32_t low, high;
  int32_t sign; /* 2, or 0 where nothing below the zero point passes */
} tb_out_t;

static inline tb_out_t tb_out(int32_t out_offset, int32_t act_min, int32_t act_max) {
  const tb_out_t out = {1 + 2 * out_offset, act_min, act_max, act_min >= out_offset ? 0 : 2};
  return out;
}

/* A channel's last rounding with the zero point. */
static inline int32_t tb_rounding(int32_t shift, tb_out_t out) {
  return (int32_t)((2 * (uint32_t)out.round) << shift) + 1;
}

/* `sign`: out.sign, as a constant where the caller knows it. */
static inline int32_t tb_scale_short(int32_t sum, int32_t multiplier, int32_t shift,
                                     int32_t rounding, int32_t sign, tb_out_t out) {
  const int32_t v = (int32_t)(((int64_t)(int32_t)((uint32_t)sum << 2) * multiplier) >> 32);
  return tb_clamp8((v + (v >> 31) * sign + rounding) >> (shift + 2), out.low, out.high);
}

/* A multiplier with a right shift of 0 or more, in the form in which it takes seven instructions.
 */
typedef struct {
  int32_t multiplier, sign, rounding, shift;
} tb_factor_t;

/* shift: TFLite's, 0 or negative. */
static inline tb_factor_t tb_factor(int32_t multiplier, int32_t shift) {
  if (shift == 0 || shift < -30) { /* a shift by more than 30 leaves nothing */
    const tb_factor_t factor = {shift == 0 ? multiplier : 0, 0, 1, 1};
    return factor;
  }
  const tb_factor_t factor = {multiplier, -2, 1 + (1 << -shift), 1 - shift};
  return factor;
}

/* x times a factor, rounded as above but without a zero point; x4 = 4 * x, |x| < 2^29. */
static inline int32_t tb_times(int32_t x4, tb_factor_t by) {
  const int32_t v = (int32_t)(((int64_t)x4 * by.multiplier) >> 32);
  return (v + ((v >> 31) & by.sign) + by.rounding) >> by.shift;
}

static inline int32_t tb_scale(int32_t sum, int32_t multiplier, int32_t shift, tb_out_t out) {
  if (shift >= 0) {
    return tb_scale_short(sum, multiplier, shift, tb_rounding(shift, out), 2, out);
  }
  const int32_t y = tb_requantize(sum, multiplier, shift + TB_LONG_WAY);
  return tb_clamp8(y + (out.round - 1) / 2, out.low, out.high);
}

#endif
