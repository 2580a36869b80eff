/* SPDX-License-Identifier: Apache-2.0 */
/* DEPTHWISE_CONV_2D of any window, and of small images: one or three pixels of a row times four
 * channels, with weights[tap][channel], so that four neighbouring channels are neighbouring bytes
 * of both image and filter.
 *
 * Three pixels are taken where their windows leave the image neither left nor right, one pixel
 * elsewhere. Only taps inside the image are multiplied. Where that is all of them, the input's zero
 * point is folded into the bias; elsewhere it is subtracted from every byte that is read, and the
 * bias is the model's own. Channels that are left over, and those of a depth multiplier, are done
 * one at a time. */
#include "tb_kernels.h"
#include "tb_scale.h"
#include "tb_window.h"

#define INLINE static inline __attribute__((always_inline)) /* so that `zero` may be a constant */
#define CHANNELS 4
#define PIXELS 3

/* The taps of a window, or of three, that lie inside the image. */
typedef struct {
  const tb_depthwise_any_t *op;
  const int8_t *ring_begin;
  const int8_t *row;         /* the first tap's byte, of channel 0 */
  const int8_t *ring_end;    /* where a row's first tap would be, had the ring one row more */
  int32_t ring, down, right; /* bytes of the ring, to the next row's first tap, to the next tap */
  int32_t rows, width, skip; /* rows of taps; bytes of the filter in a row, and to the next row */
  const int8_t *filter;      /* of the first tap */
  const int32_t *bias;
  tb_out_t out;
} area_t;

/* Scales one channel the long way. */
static __attribute__((noinline)) void store_long(const area_t *at, int32_t channel, int32_t sum,
                                                 int8_t *to) {
  const tb_depthwise_any_t *const op = at->op;
  *to = (int8_t)tb_scale(sum, op->multiplier[channel], op->shift[channel], at->out);
}

/* Runs a statement for each tap of one pixel, at x0 and w. */
#define FOR_TAPS(source, ...)                                \
  do {                                                       \
    const int8_t *row = area.row + (source);                 \
    const int8_t *const ring_end = area.ring_end + (source); \
    for (int32_t rows = area.rows; rows > 0; rows--) {       \
      const int8_t *x0 = row, *const end = w + area.width;   \
      while (w != end) {                                     \
        __VA_ARGS__;                                         \
        x0 += right, w += next;                              \
      }                                                      \
      w += area.skip;                                        \
      row += area.down;                                      \
      if (row >= ring_end) row -= area.ring;                 \
    }                                                        \
  } while (0)

#define WEIGHTS const int32_t w0 = w[0], w1 = w[1], w2 = w[2], w3 = w[3]
#define TAP(x, a)                                                                      \
  (a##0 += (x[0] - zero) * w0, a##1 += (x[1] - zero) * w1, a##2 += (x[2] - zero) * w2, \
   a##3 += (x[3] - zero) * w3)

/* Channel i of one pixel, or of three. */
#define CHANNEL(i)                                    \
  const int32_t m = multiplier[i], shift = shifts[i]; \
  const int32_t rounding = tb_rounding(shift & 31, out) /* if shift >= 0 */
#define STORE(i, to, sum)                                                   \
  do {                                                                      \
    if (shift >= 0) {                                                       \
      (to)[i] = (int8_t)tb_scale_short(sum, m, shift, rounding, sign, out); \
    } else {                                                                \
      store_long(at, channel + (i), sum, (to) + (i));                       \
    }                                                                       \
  } while (0)
#define STORE1(i)        \
  do {                   \
    CHANNEL(i);          \
    STORE(i, to0, a##i); \
  } while (0)
#define STORE3(i)        \
  do {                   \
    CHANNEL(i);          \
    STORE(i, to0, a##i); \
    STORE(i, to1, b##i); \
    STORE(i, to2, c##i); \
  } while (0)

/* What all blocks of a pixel, or of three, have in registers. */
#define BLOCKS                                               \
  const area_t area = *at; /* which no store can change */   \
  const tb_depthwise_any_t *const op = area.op;              \
  const int32_t next = op->window.out_c, right = area.right; \
  const tb_out_t out = area.out;                             \
  const int32_t sign = out.sign

/* Runs a statement for each whole block of channels. */
#define FOR_BLOCKS(...)                                                            \
  const int32_t *bias = area.bias, *multiplier = op->multiplier;                   \
  const int8_t *shifts = op->shift;                                                \
  for (int32_t channel = 0; channel <= next - CHANNELS; channel += CHANNELS) {     \
    const int8_t *w = area.filter + channel;                                       \
    int32_t a0 = bias[0], a1 = bias[1], a2 = bias[2], a3 = bias[3];                \
    __VA_ARGS__;                                                                   \
    bias += CHANNELS, multiplier += CHANNELS, shifts += CHANNELS, to0 += CHANNELS; \
  }

/* All whole blocks of three pixels. */
INLINE void blocks3(const area_t *at, int32_t zero, int8_t *to0) {
  BLOCKS;
  const int32_t apart = op->window.stride_w * op->window.in_c;
  FOR_BLOCKS({
    int8_t *const to1 = to0 + next, *const to2 = to1 + next;
    int32_t b0 = a0, b1 = a1, b2 = a2, b3 = a3, c0 = a0, c1 = a1, c2 = a2, c3 = a3;
    FOR_TAPS(channel, {
      const int8_t *const x1 = x0 + apart, *const x2 = x1 + apart;
      WEIGHTS;
      TAP(x0, a), TAP(x1, b), TAP(x2, c);
    });
    STORE3(0);
    STORE3(1);
    STORE3(2);
    STORE3(3);
  })
}

/* All whole blocks of one pixel. */
INLINE void blocks1(const area_t *at, int32_t zero, int8_t *to0) {
  BLOCKS;
  FOR_BLOCKS({
    FOR_TAPS(channel, {
      WEIGHTS;
      TAP(x0, a);
    });
    STORE1(0);
    STORE1(1);
    STORE1(2);
    STORE1(3);
  })
}

static void blocks3_inside(const area_t *at, int8_t *to) { blocks3(at, 0, to); }

static void blocks3_cut(const area_t *at, int8_t *to) { blocks3(at, at->op->zero, to); }

static void blocks1_inside(const area_t *at, int8_t *to) { blocks1(at, 0, to); }

static void blocks1_cut(const area_t *at, int8_t *to) { blocks1(at, at->op->zero, to); }

/* One pixel's channels from `channel` on, one at a time. */
static void singles(const area_t *at, int32_t channel, int32_t zero, int8_t *to) {
  BLOCKS;
  (void)sign;
  int32_t source = channel, repeat = op->depth_multiplier;
  for (; channel < next; channel++) {
    const int8_t *w = area.filter + channel;
    int32_t sum = area.bias[channel];
    FOR_TAPS(source, sum += (*x0 - zero) * *w);
    to[channel] = (int8_t)tb_scale(sum, op->multiplier[channel], op->shift[channel], out);
    if (--repeat == 0) {
      repeat = op->depth_multiplier;
      source++;
    }
  }
}

/* All channels of output x, or of three from x on; returns how many pixels.
 *
 * row: of the input, that of the first tap. ky: taps along the filter's height. */
static int32_t some_pixels(area_t *at, const int8_t *row, tb_span_t ky, int32_t x, int8_t *to) {
  const tb_depthwise_any_t *const op = at->op;
  const tb_window_t *const win = &op->window;
  const int32_t left = x * win->stride_w - win->pad_left;
  const int32_t pixels = left >= 0 && x + PIXELS <= op->inner_last ? PIXELS : 1;
  const tb_span_t kx = tb_span_inside(left, win->dilation_w, win->kernel_w, win->in_w);
  const int32_t width = kx.last - kx.first,
                offset = (left + kx.first * win->dilation_w) * win->in_c;
  const int all = at->rows == win->kernel_h && width == win->kernel_w;
  const int32_t zero = all ? 0 : op->zero;
  at->row = row + offset;
  at->width = width * win->out_c;
  at->skip = (win->kernel_w - width) * win->out_c;
  at->filter = op->filter + (ky.first * win->kernel_w + kx.first) * win->out_c;
  at->bias = all ? op->folded : op->bias;
  at->ring_end = at->ring_begin + at->ring + offset;
  if (op->depth_multiplier > 1) {
    singles(at, 0, zero, to);
    return 1;
  }
  if (pixels == 1) {
    (all ? blocks1_inside : blocks1_cut)(at, to);
  } else {
    (all ? blocks3_inside : blocks3_cut)(at, to);
  }
  const int32_t apart = win->stride_w * win->in_c;
  for (int32_t p = 0; p < pixels && win->out_c % CHANNELS; p++, to += win->out_c) {
    singles(at, win->out_c & -CHANNELS, zero, to);
    at->row += apart, at->ring_end += apart;
  }
  return pixels;
}

void tb_depthwise_any_row(const void *parameters, const tb_rows_t *in, int32_t y, int8_t *out) {
  const tb_depthwise_any_t *op = parameters;
  const tb_window_t *win = &op->window;
  const int32_t top = y * win->stride_h - win->pad_top;
  const tb_span_t ky = tb_span_inside(top, win->dilation_h, win->kernel_h, win->in_h);
  const int8_t *const row = tb_row(in, ky.first < ky.last ? top + ky.first * win->dilation_h : 0);
  area_t at = {
      .op = op,
      .ring = in->capacity * in->bytes,
      .ring_begin = in->first,
      .down = win->dilation_h * in->bytes,
      .right = win->dilation_w * win->in_c,
      .rows = ky.last - ky.first,
      .out = tb_out(op->out_offset, op->act_min, op->act_max),
  };
  for (int32_t x = 0; x < win->out_w;) {
    x += some_pixels(&at, row, ky, x, out + x * win->out_c);
  }
}

void tb_depthwise_any(const tb_depthwise_any_t *op, const int8_t *in, int8_t *out) {
  tb_all_rows(tb_depthwise_any_row, op, &op->window, in, out);
}
