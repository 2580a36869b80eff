/* SPDX-License-Identifier: Apache-2.0 */
/* DEPTHWISE_CONV_2D of three rows by three columns: the filter in registers. */
#include "tb_depthwise.h"

#define READ (a = *p0, b = *p1, c = *p2, p0 += next, p1 += next, p2 += next)
#define SUM(k) (a * w[k] + b * w[3 + (k)] + c * w[6 + (k)]) /* of the column that was read */
#define BLANK(k) (zero * (w[k] + w[3 + (k)] + w[6 + (k)]))  /* of one outside */
#define WITHOUT(k)                                                 \
  if ((k) < line->first || (k) >= line->last) {                    \
    bias += zero * (w[3 * (k)] + w[3 * (k) + 1] + w[3 * (k) + 2]); \
    w[3 * (k)] = w[3 * (k) + 1] = w[3 * (k) + 2] = 0;              \
  }
#define FILTER3                                                          \
  const int8_t *p0 = line->at[0] + source, *p1 = line->at[1] + source;   \
  const int8_t *p2 = line->at[2] + source;                               \
  const int8_t *const f = op->filter + channel * 9;                      \
  int32_t w[9] = {f[0], f[1], f[2], f[3], f[4], f[5], f[6], f[7], f[8]}; \
  int32_t a, b, c;                                                       \
  if (line->last - line->first != 3) {                                   \
    WITHOUT(0) WITHOUT(1) WITHOUT(2)                                     \
  }

INLINE void line3_stride1(const line_t *line, int32_t channel, int32_t source, int32_t sign,
                          int8_t *to) {
  LINE;
  COLUMNS(2);
  FILTER3
  int32_t first = bias, second = bias;
  for (; column < begin; column++) {
    if (INSIDE(column)) {
      READ;
      first = second + SUM(1);
      second = bias + SUM(0);
    } else {
      first = second + BLANK(1);
      second = bias + BLANK(0);
    }
  }
  while (to < inner) {
    READ;
    STORE(first + SUM(2));
    first = second + SUM(1);
    second = bias + SUM(0);
  }
  while (to != end) {
    STORE(first + BLANK(2));
    first = second + BLANK(1);
    second = bias + BLANK(0);
  }
}

INLINE void line3_stride2(const line_t *line, int32_t channel, int32_t source, int32_t sign,
                          int8_t *to) {
  LINE;
  FILTER3
  int32_t first = bias;
  if (column < 0) {
    first += BLANK(0);
  } else {
    READ;
    first += SUM(0);
  }
  while (to < inner) {
    READ;
    first += SUM(1);
    READ;
    STORE(first + SUM(2));
    first = bias + SUM(0);
  }
  const int8_t *const half = line->half ? to : NULL;
  while (to != end) {
    if (to == half) {
      READ;
      first += SUM(1);
    } else {
      first += BLANK(1);
    }
    STORE(first + BLANK(2));
    first = bias + BLANK(0);
  }
}

ROW_OF(tb_row3_stride1, line3_stride1, 2)
ROW_OF(tb_row3_stride1_relu, line3_stride1, 0)
ROW_OF(tb_row3_stride2, line3_stride2, 2)
ROW_OF(tb_row3_stride2_relu, line3_stride2, 0)
