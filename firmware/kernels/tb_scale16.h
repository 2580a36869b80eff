/* SPDX-License-Identifier: Apache-2.0 */
/* From a sum of up to 47 bits to an int16 output, as TFLite Micro scales int64 sums: with a
 * multiplier of 15 bits, and rounded once. value = sum * multiplier / 2^shift, with multiplier in
 * [0, 2^15) and shift in [8, 46], which is 15 - TFLite's. */
#ifndef TB_SCALE16_H
#define TB_SCALE16_H

#include <stdint.h>

static inline int16_t tb_clamp16(int32_t x, int32_t low, int32_t high) {
  x = x < low ? low : x;
  return (int16_t)(x > high ? high : x);
}

static inline int16_t tb_scale16(int64_t sum, int32_t multiplier, int32_t shift, int32_t low,
                                 int32_t high) {
  const int64_t rounded = sum * multiplier + ((int64_t)1 << (shift - 1));
  return tb_clamp16((int32_t)(rounded >> shift), low, high);
}

#endif
