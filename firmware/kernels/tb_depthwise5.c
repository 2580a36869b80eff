/* SPDX-License-Identifier: Apache-2.0 */
/* DEPTHWISE_CONV_2D of five rows by five columns: the filter is read as it is needed. */
#include "tb_depthwise.h"

/* A filter with zeros for the rows that lie outside; returns what that adds to the bias. */
static int32_t without_outside(const line_t *line, const int8_t *filter, int8_t *own) {
  const int32_t width = line->op->window.kernel_w;
  const int8_t *const first = filter + line->first * width, *const last =
                                                                filter + line->last * width;
  const int8_t *const end = filter + line->op->window.kernel_h * width;
  int32_t sum = 0;
  for (; filter != first; *own++ = 0) sum += *filter++;
  while (filter != last) *own++ = *filter++;
  for (; filter != end; *own++ = 0) sum += *filter++;
  return sum * line->op->zero;
}

#define FILTER5                                                        \
  const int8_t *p0 = line->at[0] + source, *p1 = line->at[1] + source; \
  const int8_t *p2 = line->at[2] + source, *p3 = line->at[3] + source; \
  const int8_t *p4 = line->at[4] + source;                             \
  const int8_t *w = op->filter + channel * 25;                         \
  int8_t own[25];                                                      \
  if (line->last - line->first != 5) {                                 \
    bias += without_outside(line, w, own);                             \
    w = own;                                                           \
  }                                                                    \
  int32_t blank[5], v;                                                 \
  columns_outside(w, zero, blank)

/* What each column of a filter adds where it lies outside. */
static void columns_outside(const int8_t *w, int32_t zero, int32_t blank[5]) {
  for (int k = 0; k < 5; k++, w++) {
    blank[k] = zero * (w[0] + w[5] + w[10] + w[15] + w[20]);
  }
}

/* Adds the next column to sums: TAPS(i) those of its value v in the row whose filter is w + i. */
#define READ(TAPS)       \
  do {                   \
    v = *p0, p0 += next; \
    TAPS(0);             \
    v = *p1, p1 += next; \
    TAPS(5);             \
    v = *p2, p2 += next; \
    TAPS(10);            \
    v = *p3, p3 += next; \
    TAPS(15);            \
    v = *p4, p4 += next; \
    TAPS(20);            \
  } while (0)

#define ALL(i)                                                                 \
  (first += v * w[(i) + 4], second += v * w[(i) + 3], third += v * w[(i) + 2], \
   fourth += v * w[(i) + 1], fifth += v * w[i])
#define ALL_BLANK() \
  (first += blank[4], second += blank[3], third += blank[2], fourth += blank[1], fifth += blank[0])
#define SHIFT() (first = second, second = third, third = fourth, fourth = fifth, fifth = bias)

static inline void line5_stride1(const line_t *line, int32_t channel, int32_t source, int32_t sign,
                                 int8_t *to) {
  LINE;
  COLUMNS(4);
  FILTER5;
  int32_t first = bias, second = bias, third = bias, fourth = bias, fifth = bias;
  for (; column < begin; column++) {
    if (INSIDE(column)) {
      READ(ALL);
    } else {
      ALL_BLANK();
    }
    SHIFT();
  }
  while (to < inner) {
    READ(ALL);
    STORE(first);
    SHIFT();
  }
  while (to != end) {
    ALL_BLANK();
    STORE(first);
    SHIFT();
  }
}

#define ODD(i) (first += v * w[(i) + 3], second += v * w[(i) + 1])
#define ODD_BLANK() (first += blank[3], second += blank[1])
#define EVEN(i) (first += v * w[(i) + 4], second += v * w[(i) + 2], third += v * w[i])
#define EVEN_BLANK() (first += blank[4], second += blank[2], third += blank[0])
#define SHIFT2() (first = second, second = third, third = bias)

static inline void line5_stride2(const line_t *line, int32_t channel, int32_t source, int32_t sign,
                                 int8_t *to) {
  LINE;
  COLUMNS(3);
  FILTER5;
  int32_t first = bias, second = bias, third = bias;
  for (int even = 1; column < begin; column++, even = !even) {
    if (even) {
      if (INSIDE(column)) {
        READ(EVEN);
      } else {
        EVEN_BLANK();
      }
      SHIFT2();
    } else if (INSIDE(column)) {
      READ(ODD);
    } else {
      ODD_BLANK();
    }
  }
  while (to < inner) {
    READ(ODD);
    READ(EVEN);
    STORE(first);
    SHIFT2();
  }
  const int8_t *const half = line->half ? to : NULL;
  while (to != end) {
    if (to == half) {
      READ(ODD);
    } else {
      ODD_BLANK();
    }
    EVEN_BLANK();
    STORE(first);
    SHIFT2();
  }
}

ROW_OF(tb_row5_stride1, line5_stride1, 2)
ROW_OF(tb_row5_stride2, line5_stride2, 2)
