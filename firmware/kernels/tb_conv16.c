/* SPDX-License-Identifier: Apache-2.0 */
/* CONV_2D and FULLY_CONNECTED of int16x8 models.
 *
 * As tb_conv.c, in fewer special cases: three pixels of a row times a block of four output channels
 * where no window leaves the image, one pixel elsewhere, whose taps outside are left out. A product
 * has up to 23 bits, so that the sums of a large window need more than 32: they are kept in 32 bits
 * for `chunk` taps and then added to sums of 64. */
#include <string.h>

#include "tb_kernels16.h"
#include "tb_scale16.h"

#define CHANNELS 4
#define PIXELS 3

typedef const int16_t *words;
typedef const int8_t *bytes;

/* Sums of up to three pixels and four channels. */
typedef struct {
  int32_t now[PIXELS * CHANNELS];
  int64_t before[PIXELS * CHANNELS];
  int32_t left; /* taps until `now` must be added to `before` */
  int32_t pixels;
  int32_t step; /* elements from one pixel's taps to the next one's */
} sums_t;

/* Four output channels, on one output row. */
typedef struct {
  const tb_conv2d16_t *op;
  words image; /* at the group's first channel */
  bytes weights;
  const int64_t *bias;
  int32_t top;     /* image row of the window's first tap */
  int32_t channel; /* first of the block */
  int32_t count;   /* channels of the block, 1..4 */
} block_t;

static void run3(words x0, int32_t step, int32_t run, bytes w, int32_t sums[PIXELS * CHANNELS]) {
  int32_t a00 = sums[0], a01 = sums[1], a02 = sums[2], a03 = sums[3];
  int32_t a10 = sums[4], a11 = sums[5], a12 = sums[6], a13 = sums[7];
  int32_t a20 = sums[8], a21 = sums[9], a22 = sums[10], a23 = sums[11];
  words x1 = x0 + step, x2 = x1 + step;
  for (const words end = x0 + run; x0 != end; w += CHANNELS) {
    const int32_t w0 = w[0], w1 = w[1], w2 = w[2], w3 = w[3];
    const int32_t v0 = *x0++, v1 = *x1++, v2 = *x2++;
    a00 += v0 * w0, a01 += v0 * w1, a02 += v0 * w2, a03 += v0 * w3;
    a10 += v1 * w0, a11 += v1 * w1, a12 += v1 * w2, a13 += v1 * w3;
    a20 += v2 * w0, a21 += v2 * w1, a22 += v2 * w2, a23 += v2 * w3;
  }
  sums[0] = a00, sums[1] = a01, sums[2] = a02, sums[3] = a03;
  sums[4] = a10, sums[5] = a11, sums[6] = a12, sums[7] = a13;
  sums[8] = a20, sums[9] = a21, sums[10] = a22, sums[11] = a23;
}

static void run1(words x, int32_t run, bytes w, int32_t sums[CHANNELS]) {
  int32_t a0 = sums[0], a1 = sums[1], a2 = sums[2], a3 = sums[3];
  for (const words end = x + run; x != end; w += CHANNELS) {
    const int32_t v = *x++;
    a0 += v * w[0], a1 += v * w[1], a2 += v * w[2], a3 += v * w[3];
  }
  sums[0] = a0, sums[1] = a1, sums[2] = a2, sums[3] = a3;
}

static void begin(sums_t *sums, int32_t chunk, int32_t pixels, int32_t step) {
  memset(sums->now, 0, sizeof sums->now);
  memset(sums->before, 0, sizeof sums->before);
  sums->left = chunk;
  sums->pixels = pixels;
  sums->step = step;
}

static void add_run(sums_t *sums, int32_t chunk, words x, int32_t run, bytes w) {
  while (run > 0) {
    const int32_t n = run < sums->left ? run : sums->left;
    if (sums->pixels == PIXELS) {
      run3(x, sums->step, n, w, sums->now);
    } else {
      run1(x, n, w, sums->now);
    }
    x += n, w += n * CHANNELS, run -= n, sums->left -= n;
    if (sums->left == 0) {
      for (int i = 0; i < PIXELS * CHANNELS; i++) {
        sums->before[i] += sums->now[i];
        sums->now[i] = 0;
      }
      sums->left = chunk;
    }
  }
}

/* Adds the taps first <= kx < last of every filter row that lies inside; `left` is the image column
 * of tap 0. */
static void add_window(const block_t *at, sums_t *sums, int32_t left, int32_t first, int32_t last) {
  const tb_conv2d16_t *op = at->op;
  const tb_window_t *win = &op->window;
  const int32_t chunk = op->chunk, row_taps = win->kernel_w * op->group_in;
  for (int32_t ky = 0; ky < win->kernel_h; ky++) {
    const int32_t y = at->top + ky * win->dilation_h;
    if ((uint32_t)y >= (uint32_t)win->in_h) {
      continue;
    }
    const words row = at->image + y * win->in_w * win->in_c;
    const bytes w = at->weights + ky * row_taps * CHANNELS;
    if (op->pieces == 1) {
      const int32_t skipped = first * op->group_in;
      add_run(sums, chunk, row + (left + first) * win->in_c, (last - first) * op->group_in,
              w + skipped * CHANNELS);
      continue;
    }
    for (int32_t kx = first; kx < last; kx++) {
      add_run(sums, chunk, row + (left + kx * win->dilation_w) * win->in_c, op->group_in,
              w + kx * op->group_in * CHANNELS);
    }
  }
}

static void store(const block_t *at, const sums_t *sums, int16_t *to) {
  const tb_conv2d16_t *op = at->op;
  for (int32_t p = 0; p < sums->pixels; p++, to += op->window.out_c) {
    for (int32_t i = 0; i < at->count; i++) {
      const int32_t c = at->channel + i, k = p * CHANNELS + i;
      const int64_t sum = sums->before[k] + sums->now[k] + at->bias[i];
      to[i] = tb_scale16(sum, op->multiplier[c], op->shift[c], op->act_min, op->act_max);
    }
  }
}

/* One pixel, whose window may leave the image on any side. */
static void border_pixel(const block_t *at, int32_t left, int16_t *to) {
  const tb_window_t *win = &at->op->window;
  int32_t first = 0, last = win->kernel_w;
  while (first < last && left + first * win->dilation_w < 0) first++;
  while (last > first && left + (last - 1) * win->dilation_w >= win->in_w) last--;
  sums_t sums;
  begin(&sums, at->op->chunk, 1, 0);
  add_window(at, &sums, left, first, last);
  store(at, &sums, to);
}

static void block_row(const block_t *at, int16_t *to) {
  const tb_conv2d16_t *op = at->op;
  const tb_window_t *win = &op->window;
  for (int32_t x = 0; x < win->out_w;) {
    const int32_t left = x * win->stride_w - win->pad_left;
    if (x < op->inner_first || x + PIXELS > op->inner_last) {
      border_pixel(at, left, to + x * win->out_c);
      x++;
      continue;
    }
    sums_t sums;
    begin(&sums, op->chunk, PIXELS, win->stride_w * win->in_c);
    add_window(at, &sums, left, 0, win->kernel_w);
    store(at, &sums, to + x * win->out_c);
    x += PIXELS;
  }
}

static void one_row(const tb_conv2d16_t *op, words in, int32_t y, int16_t *out) {
  const tb_window_t *win = &op->window;
  const int32_t block_bytes = win->kernel_h * win->kernel_w * op->group_in * CHANNELS;
  block_t at = {.op = op, .image = in, .weights = op->filter, .bias = op->bias};
  at.top = y * win->stride_h - win->pad_top;
  while (at.channel < win->out_c) {
    const int32_t left = op->group_out - at.channel % op->group_out;
    at.count = left < CHANNELS ? left : CHANNELS;
    block_row(&at, out + at.channel);
    at.channel += at.count;
    at.weights += block_bytes;
    at.bias += CHANNELS;
    if (left <= CHANNELS) {
      at.image += op->group_in;
    }
  }
}

void tb_conv2d16(const tb_conv2d16_t *op, const int16_t *in, int16_t *out) {
  const tb_window_t *win = &op->window;
  for (int32_t i = 0; i < win->out_h; i++) {
    const int32_t y = win->bottom_up ? win->out_h - 1 - i : i;
    one_row(op, in, y, out + y * win->out_w * win->out_c);
  }
}
