/* SPDX-License-Identifier: Apache-2.0 */
/* CONV_2D and FULLY_CONNECTED: register-blocked over pixels and output channels.
 *
 * The filter is packed in blocks of four output channels, filter[block][tap][4], a block that is
 * not full filled up with zeros. Three pixels of a row times four channels are twelve sums in
 * registers: a step of the inner loop loads three input bytes and four weights for twelve
 * multiplications. A filter row's taps are one run of bytes in the image, so the loop is long.
 *
 * The input's zero point is folded into the bias, which makes an input byte that equals it count
 * as nothing: where a window leaves the image, such bytes are read instead ("blank"). */
#include "tb_kernels.h"
#include "tb_scale.h"

#define CHANNELS 4
#define PIXELS 3

typedef const int8_t *bytes;

/* Where one pixel's windows begin, and what to read for rows outside of the image. */
typedef struct {
  const tb_conv2d_t *op;
  bytes image; /* first channel of the group */
  bytes weights; /* of the block */
  const int32_t *bias;
  int32_t top; /* image row of the window's first tap */
  int32_t channel; /* first of the block */
  int32_t count; /* channels of the block, 1..4 */
} block_t;

#define TAP3(i)                                                          \
  do {                                                                   \
    const int32_t w0 = w[4 * (i)], w1 = w[4 * (i) + 1];                  \
    const int32_t w2 = w[4 * (i) + 2], w3 = w[4 * (i) + 3];              \
    const int32_t v0 = x0[i], v1 = x1[i], v2 = x2[i];                    \
    a00 += v0 * w0, a01 += v0 * w1, a02 += v0 * w2, a03 += v0 * w3;      \
    a10 += v1 * w0, a11 += v1 * w1, a12 += v1 * w2, a13 += v1 * w3;      \
    a20 += v2 * w0, a21 += v2 * w1, a22 += v2 * w2, a23 += v2 * w3;      \
  } while (0)

#define TAP1(i)                                                     \
  do {                                                              \
    const int32_t v = x[i];                                         \
    a0 += v * w[4 * (i)], a1 += v * w[4 * (i) + 1];                 \
    a2 += v * w[4 * (i) + 2], a3 += v * w[4 * (i) + 3];             \
  } while (0)

static inline void store3(const block_t *at, tb_out_t out, int32_t i, int32_t s0, int32_t s1,
                          int32_t s2, int8_t *to) {
  const tb_conv2d_t *op = at->op;
  const int32_t c = at->channel + i, m = op->multiplier[c], shift = op->shift[c];
  const int32_t step = op->window.out_c;
  to += i;
  to[0] = tb_scale(s0, m, shift, out);
  to[step] = tb_scale(s1, m, shift, out);
  to[2 * step] = tb_scale(s2, m, shift, out);
}

/* Three neighbouring pixels whose windows lie inside the image from left to right. */
static void pixels3(const block_t *at, int32_t left, tb_out_t out, int8_t *to) {
  const tb_conv2d_t *op = at->op;
  const tb_window_t *win = &op->window;
  const int32_t *bias = at->bias;
  const int32_t step = win->stride_w * win->in_c;
  const int32_t run = op->run;
  int32_t a00 = bias[0], a01 = bias[1], a02 = bias[2], a03 = bias[3];
  int32_t a10 = a00, a11 = a01, a12 = a02, a13 = a03;
  int32_t a20 = a00, a21 = a01, a22 = a02, a23 = a03;
  bytes w = at->weights;
  for (int32_t ky = 0; ky < win->kernel_h; ky++) {
    const int32_t y = at->top + ky * win->dilation_h;
    bytes x0 = op->blank, x1 = x0, x2 = x0;
    if ((uint32_t)y < (uint32_t)win->in_h) {
      x0 = at->image + (y * win->in_w + left) * win->in_c;
      x1 = x0 + step;
      x2 = x1 + step;
    }
    const bytes end4 = x0 + (run & ~3);
    const bytes end = x0 + run;
    while (x0 != end4) {
      TAP3(0);
      TAP3(1);
      TAP3(2);
      TAP3(3);
      x0 += 4, x1 += 4, x2 += 4, w += 16;
    }
    while (x0 != end) {
      TAP3(0);
      x0++, x1++, x2++, w += 4;
    }
  }
  switch (at->count) {
    default: store3(at, out, 3, a03, a13, a23, to); /* fall through */
    case 3: store3(at, out, 2, a02, a12, a22, to); /* fall through */
    case 2: store3(at, out, 1, a01, a11, a21, to); /* fall through */
    case 1: store3(at, out, 0, a00, a10, a20, to);
  }
}

/* One pixel; its window may leave the image on any side, so it is read tap by tap. */
static void pixel1(const block_t *at, int32_t left, int32_t taps, int32_t run, tb_out_t out,
                   int8_t *to) {
  const tb_conv2d_t *op = at->op;
  const tb_window_t *win = &op->window;
  const int32_t *bias = at->bias;
  int32_t a0 = bias[0], a1 = bias[1], a2 = bias[2], a3 = bias[3];
  bytes w = at->weights;
  for (int32_t ky = 0; ky < win->kernel_h; ky++) {
    const int32_t y = at->top + ky * win->dilation_h;
    for (int32_t kx = 0; kx < taps; kx++) {
      const int32_t column = left + kx * win->dilation_w;
      bytes x = op->blank;
      if ((uint32_t)y < (uint32_t)win->in_h && (uint32_t)column < (uint32_t)win->in_w) {
        x = at->image + (y * win->in_w + column) * win->in_c;
      }
      const bytes end4 = x + (run & ~3);
      const bytes end = x + run;
      while (x != end4) {
        TAP1(0);
        TAP1(1);
        TAP1(2);
        TAP1(3);
        x += 4, w += 16;
      }
      while (x != end) {
        TAP1(0);
        x++, w += 4;
      }
    }
  }
  const int32_t sums[CHANNELS] = {a0, a1, a2, a3};
  for (int32_t i = 0; i < at->count; i++) {
    const int32_t c = at->channel + i;
    to[i] = tb_scale(sums[i], op->multiplier[c], op->shift[c], out);
  }
}

/* One output row of one block. `inner`: columns first <= x < last need no test for the sides. */
static void row(const block_t *at, int32_t first, int32_t last, tb_out_t out, int8_t *to) {
  const tb_conv2d_t *op = at->op;
  const tb_window_t *win = &op->window;
  int32_t x = 0;
  while (x < win->out_w) {
    const int32_t left = x * win->stride_w - win->pad_left;
    const int inside = x >= first && x < last;
    if (inside && x + PIXELS <= last) {
      pixels3(at, left, out, to);
      x += PIXELS;
      to += PIXELS * win->out_c;
      continue;
    }
    if (inside) {
      pixel1(at, left, 1, op->run, out, to);
    } else {
      pixel1(at, left, win->kernel_w, op->group_in, out, to);
    }
    x++;
    to += win->out_c;
  }
}

void tb_conv2d(const tb_conv2d_t *op, const int8_t *in, int8_t *out) {
  const tb_window_t *win = &op->window;
  const tb_out_t limits = tb_out(op->out_offset, op->act_min, op->act_max);
  const int32_t block_bytes = win->kernel_h * win->kernel_w * op->group_in * CHANNELS;
  for (int32_t y = 0; y < win->out_h; y++) {
    block_t at = {op, in, op->filter, op->bias, y * win->stride_h - win->pad_top, 0, 0};
    int32_t group_end = op->group_out;
    while (at.channel < win->out_c) {
      at.count = group_end - at.channel < CHANNELS ? group_end - at.channel : CHANNELS;
      row(&at, op->inner_first, op->inner_last, limits, out + at.channel);
      at.channel += at.count;
      at.weights += block_bytes;
      at.bias += CHANNELS;
      if (at.channel == group_end) {
        group_end += op->group_out;
        at.image += op->group_in;
      }
    }
    out += win->out_w * win->out_c;
  }
}
