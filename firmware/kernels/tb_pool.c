/* SPDX-License-Identifier: Apache-2.0 */
/* AVERAGE_POOL_2D, MAX_POOL_2D: the window is cut at the input's border; an average divides
 * by the number of elements that are left, halves away from zero. Four channels are reduced
 * together, those that are left over one at a time. */
#include "tb_fixedpoint.h"
#include "tb_kernels.h"
#include "tb_window.h"

#define CHANNELS 4

/* Runs a statement for every element of a channel, at v. */
#define FOR_AREA(...)                                            \
  do {                                                           \
    const int8_t *part = corner + channel;                       \
    const int8_t *const ring_end = corner_end + channel;         \
    for (int32_t left_rows = rows; left_rows > 0; left_rows--) { \
      const int8_t *const end = part + width;                    \
      for (const int8_t *v = part; v != end; v += channels) {    \
        __VA_ARGS__;                                             \
      }                                                          \
      part += down;                                              \
      if (part >= ring_end) part -= ring;                        \
    }                                                            \
  } while (0)

#define ADD(sum, x) ((sum) += (x))
#define LARGER(max, x) ((max) = (x) > (max) ? (x) : (max))
#define AVERAGE(sum) (((sum) > 0 ? (sum) + half : (sum) - half) / count)
#define ITSELF(max) (max)
#define STORE(x) (*out++ = (int8_t)tb_clamp8(x, low, high))

/* All channels of a pixel, from `begin`, TAKE and RESULT. */
#define REDUCE(begin, TAKE, RESULT)                                             \
  do {                                                                          \
    int32_t channel = 0;                                                        \
    for (; channel <= channels - CHANNELS; channel += CHANNELS) {               \
      int32_t r0 = begin, r1 = begin, r2 = begin, r3 = begin;                   \
      FOR_AREA(TAKE(r0, v[0]), TAKE(r1, v[1]), TAKE(r2, v[2]), TAKE(r3, v[3])); \
      STORE(RESULT(r0));                                                        \
      STORE(RESULT(r1));                                                        \
      STORE(RESULT(r2));                                                        \
      STORE(RESULT(r3));                                                        \
    }                                                                           \
    for (; channel < channels; channel++) {                                     \
      int32_t r0 = begin;                                                       \
      FOR_AREA(TAKE(r0, *v));                                                   \
      STORE(RESULT(r0));                                                        \
    }                                                                           \
  } while (0)

/* Inlined, so that `average` is a constant. */
static inline __attribute__((always_inline)) void
pool_row(const tb_max_pool_t *op, const tb_rows_t *in, int32_t y, int8_t *out, int average) {
  const tb_window_t win = op->window;
  const int32_t low = op->act_min, high = op->act_max, channels = win.in_c;
  const int32_t top = y * win.stride_h - win.pad_top;
  const tb_span_t ky = tb_span_inside(top, 1, win.kernel_h, win.in_h);
  const int8_t *const row = tb_row(in, top + ky.first);
  const int32_t ring = in->capacity * in->bytes, down = in->bytes, rows = ky.last - ky.first;
  int32_t left = -win.pad_left;
  for (int32_t x = 0; x < win.out_w; x++, left += win.stride_w) {
    const tb_span_t kx = tb_span_inside(left, 1, win.kernel_w, win.in_w);
    const int32_t columns = kx.last - kx.first, width = columns * channels;
    const int32_t count = rows * columns, half = count / 2;
    const int8_t *const corner = row + (left + kx.first) * channels;
    const int8_t *const corner_end = in->first + ring + (corner - row); /* had it a row more */
    if (average) {
      REDUCE(0, ADD, AVERAGE);
    } else {
      REDUCE(INT8_MIN, LARGER, ITSELF);
    }
  }
}

void tb_average_pool_row(const void *op, const tb_rows_t *in, int32_t y, int8_t *out) {
  pool_row(op, in, y, out, 1);
}

void tb_max_pool_row(const void *op, const tb_rows_t *in, int32_t y, int8_t *out) {
  pool_row(op, in, y, out, 0);
}

void tb_average_pool(const tb_average_pool_t *op, const int8_t *in, int8_t *out) {
  tb_all_rows(tb_average_pool_row, op, &op->window, in, out);
}

void tb_max_pool(const tb_max_pool_t *op, const int8_t *in, int8_t *out) {
  tb_all_rows(tb_max_pool_row, op, &op->window, in, out);
}
