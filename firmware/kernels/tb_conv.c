/* SPDX-License-Identifier: Apache-2.0 */
/* CONV_2D and FULLY_CONNECTED: register-blocked over pixels and output channels.
 *
 * The filter is packed in blocks of four output channels, filter[block][tap][4], a block that is
 * not full filled up with zeros. Three pixels of a row times four channels are twelve sums in
 * registers: a step of the inner loop loads three input bytes and four weights for twelve
 * multiplications. What it walks along is a run of consecutive bytes: the channels of a pixel for
 * a 1x1 window, a filter row's taps for wider ones. Where that run would be short, the windows of
 * three pixels are gathered first, so that each is one run for all blocks.
 *
 * The input's zero point is folded into the bias, as if every tap met a pixel. Where a window
 * leaves the image, its taps are not multiplied: that zero point times the sum of their weights is
 * added back, for rows once for all pixels. Only gathered windows have bytes of the zero point
 * there. */
#include <string.h>

#include "tb_huffman.h"
#include "tb_kernels.h"
#include "tb_scale.h"
#include "tb_window.h"

#define CHANNELS 4
#define PIXELS 3
#define MAX_ROWS 16    /* filter rows that pixels3() can follow */
#define SHORT_RUN 32   /* bytes below which windows are gathered */
#define MAX_WINDOW 320 /* bytes of a window that can be gathered */

typedef const int8_t *bytes;

/* Four output channels, on one output row. */
typedef struct {
  const tb_conv2d_t *op;
  const tb_rows_t *in;
  int32_t group;       /* its first input channel */
  bytes weights;       /* of the block */
  const int32_t *bias; /* of the block */
  int32_t top;         /* image row of the window's first tap */
  int32_t first, last; /* filter rows that lie inside the image */
  int32_t channel;     /* first of the block */
  int32_t count;       /* channels of the block, 1..4 */
  tb_out_t out;
} block_t;

/* One row of the windows: where the next pixel's taps begin, and how far to the one after it. */
typedef struct {
  bytes at;
  int32_t step;
} row_t;

#define TAP3(i)                                                     \
  do {                                                              \
    const int32_t w0 = w[4 * (i)], w1 = w[4 * (i) + 1];             \
    const int32_t w2 = w[4 * (i) + 2], w3 = w[4 * (i) + 3];         \
    const int32_t v0 = x0[i], v1 = x1[i], v2 = x2[i];               \
    a00 += v0 * w0, a01 += v0 * w1, a02 += v0 * w2, a03 += v0 * w3; \
    a10 += v1 * w0, a11 += v1 * w1, a12 += v1 * w2, a13 += v1 * w3; \
    a20 += v2 * w0, a21 += v2 * w1, a22 += v2 * w2, a23 += v2 * w3; \
  } while (0)

#define TAP1(i)                                         \
  do {                                                  \
    const int32_t v = x[i];                             \
    a0 += v * w[4 * (i)], a1 += v * w[4 * (i) + 1];     \
    a2 += v * w[4 * (i) + 2], a3 += v * w[4 * (i) + 3]; \
  } while (0)

/* Channel i of three pixels. */
#define STORE3(i, sign, s0, s1, s2)                                                \
  do {                                                                             \
    const int32_t m = multiplier[i], s = shift[i], rounding = tb_rounding(s, out); \
    to0[i] = (int8_t)tb_scale_short(s0, m, s, rounding, sign, out);                \
    to1[i] = (int8_t)tb_scale_short(s1, m, s, rounding, sign, out);                \
    to2[i] = (int8_t)tb_scale_short(s2, m, s, rounding, sign, out);                \
  } while (0)

#define STORE(sign)                                    \
  do {                                                 \
    STORE3(0, sign, a00, a10, a20);                    \
    if (at->count > 1) STORE3(1, sign, a01, a11, a21); \
    if (at->count > 2) STORE3(2, sign, a02, a12, a22); \
    if (at->count > 3) STORE3(3, sign, a03, a13, a23); \
  } while (0)

/* `groups` times three neighbouring pixels, whose windows are `count` runs of `run` bytes. */
static void pixels3(const block_t *at, bytes weights, row_t *rows, int32_t count, int32_t run,
                    int32_t groups, int8_t *to0) {
  const tb_conv2d_t *op = at->op;
  const int32_t *const bias = at->bias;
  const row_t *const end_row = rows + count;
  const int32_t run4 = run & ~3;
  for (; groups > 0; groups--) {
    int32_t a00 = bias[0], a01 = bias[1], a02 = bias[2], a03 = bias[3];
    int32_t a10 = a00, a11 = a01, a12 = a02, a13 = a03;
    int32_t a20 = a00, a21 = a01, a22 = a02, a23 = a03;
    bytes w = weights;
    for (row_t *row = rows; row != end_row; row++) {
      bytes x0 = row->at, x1 = x0 + row->step, x2 = x1 + row->step;
      const bytes end4 = x0 + run4, end = x0 + run;
      row->at = x2 + row->step;
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
    /* Read here and not before the loop: the sums need the registers. */
    const int32_t *const multiplier = op->multiplier + at->channel;
    const int8_t *const shift = op->shift + at->channel;
    const int32_t step = op->window.out_c;
    const tb_out_t out = at->out;
    int8_t *const to1 = to0 + step, *const to2 = to1 + step;
    if (out.sign == 0) {
      STORE(0);
    } else {
      STORE(2);
    }
    to0 = to2 + step;
  }
}

/* Adds one run to the sums of one pixel. */
static bytes run1(bytes x, int32_t run, bytes w, int32_t sums[CHANNELS]) {
  int32_t a0 = sums[0], a1 = sums[1], a2 = sums[2], a3 = sums[3];
  const bytes end4 = x + (run & ~3), end = x + run;
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
  sums[0] = a0, sums[1] = a1, sums[2] = a2, sums[3] = a3;
  return w;
}

/* The block's channels of one pixel. */
static void store1(const block_t *at, const int32_t sums[CHANNELS], int8_t *to) {
  const int32_t *multiplier = at->op->multiplier + at->channel;
  const int8_t *shift = at->op->shift + at->channel;
  const tb_out_t out = at->out;
  for (const int8_t *const end = to + at->count; to != end; sums++, multiplier++, shift++) {
    *to++ = (int8_t)tb_scale(*sums, *multiplier, *shift, out);
  }
}

/* Adds weights times `zero` to the sums: of taps outside of the image. */
static __attribute__((noinline)) bytes outside(bytes w, int32_t count, int32_t zero,
                                               int32_t sums[CHANNELS]) {
  int32_t a0 = 0, a1 = 0, a2 = 0, a3 = 0;
  for (const bytes end = w + count * CHANNELS; w != end; w += CHANNELS) {
    a0 += w[0], a1 += w[1], a2 += w[2], a3 += w[3];
  }
  sums[0] += zero * a0, sums[1] += zero * a1, sums[2] += zero * a2, sums[3] += zero * a3;
  return w;
}

static int32_t within(int32_t x, int32_t low, int32_t high) {
  return x < low ? low : x > high ? high : x;
}

/* One pixel; its window may leave the image on the left and right. `width` columns of a filter row
 * meet consecutive bytes of the input. */
static void pixel1(const block_t *at, int32_t left, int32_t width, int8_t *to) {
  const tb_conv2d_t *op = at->op;
  const tb_window_t *win = &op->window;
  const int32_t channels = op->group_in, zero = op->zero;
  int32_t sums[CHANNELS] = {at->bias[0], at->bias[1], at->bias[2], at->bias[3]};
  bytes w = at->weights + at->first * op->run * CHANNELS;
  for (int32_t ky = at->first; ky < at->last; ky++) {
    const bytes row = tb_row(at->in, at->top + ky * win->dilation_h) + at->group;
    for (int32_t kx = 0; kx < win->kernel_w; kx += width) {
      const int32_t column = left + kx * win->dilation_w;
      if (column >= 0 && column + width <= win->in_w) {
        w = run1(row + column * win->in_c, width * channels, w, sums);
        continue;
      }
      const int32_t begin = within(-column, 0, width);
      const int32_t end = within(win->in_w - column, begin, width);
      if (begin > 0) w = outside(w, begin * channels, zero, sums);
      if (end > begin)
        w = run1(row + (column + begin) * win->in_c, (end - begin) * channels, w, sums);
      if (end < width) w = outside(w, (width - end) * channels, zero, sums);
    }
  }
  store1(at, sums, to);
}

/* Groups of pixels in the inner columns, from column x on; returns how many columns are done. */
static int32_t inner_row(const block_t *at, int32_t x, int8_t *to) {
  const tb_conv2d_t *op = at->op;
  const tb_window_t *win = &op->window;
  const int32_t groups = (op->inner_last - x) / PIXELS;
  const int32_t left = x * win->stride_w - win->pad_left;
  row_t rows[MAX_ROWS];
  for (int32_t ky = at->first; ky < at->last; ky++) {
    const bytes row = tb_row(at->in, at->top + ky * win->dilation_h);
    rows[ky - at->first] = (row_t){row + left * win->in_c + at->group, win->stride_w * win->in_c};
  }
  pixels3(at, at->weights + at->first * op->run * CHANNELS, rows, at->last - at->first, op->run,
          groups, to);
  return groups * PIXELS;
}

static int all_short(const block_t *at) {
  const int8_t *const shift = at->op->shift + at->channel;
  int32_t all = shift[0];
  for (int32_t i = 1; i < at->count; i++) all |= shift[i];
  return all >= 0;
}

/* The block's bias with the filter rows that lie outside. */
static void add_rows_outside(const block_t *at, int32_t bias[CHANNELS]) {
  const tb_conv2d_t *op = at->op;
  const int32_t below = op->window.kernel_h - at->last, zero = op->zero;
  for (int i = 0; i < CHANNELS; i++) bias[i] = at->bias[i];
  outside(at->weights, at->first * op->run, zero, bias);
  outside(at->weights + at->last * op->run * CHANNELS, below * op->run, zero, bias);
}

static void block_row(const block_t *whole, int8_t *to) {
  const tb_conv2d_t *op = whole->op;
  const tb_window_t *win = &op->window;
  const int one_run = win->kernel_w == 1 || (op->group_in == win->in_c && win->dilation_w == 1);
  const int32_t width = one_run ? win->kernel_w : 1;
  const int fast = win->kernel_h <= MAX_ROWS && all_short(whole);
  const block_t *at = whole;
  block_t cut;
  int32_t bias[CHANNELS];
  if (at->last - at->first != win->kernel_h) {
    add_rows_outside(whole, bias);
    cut = *whole;
    cut.bias = bias;
    at = &cut;
  }
  for (int32_t x = 0; x < win->out_w;) {
    const int inner = x >= op->inner_first && x + PIXELS <= op->inner_last;
    if (fast && inner) {
      x += inner_row(at, x, to + x * win->out_c);
    } else {
      pixel1(at, x * win->stride_w - win->pad_left, width, to + x * win->out_c);
      x++;
    }
  }
}

/* Steps to the next block of four output channels, within a group or into the next. */
static void next_block(block_t *at) {
  const tb_conv2d_t *op = at->op;
  const int32_t taps = op->window.kernel_h * op->window.kernel_w * op->group_in;
  at->channel += at->count;
  at->weights += taps * CHANNELS;
  at->bias += CHANNELS;
  if (at->channel % op->group_out == 0) {
    at->group += op->group_in;
  }
  const int32_t left = op->group_out - at->channel % op->group_out;
  at->count = left < CHANNELS ? left : CHANNELS;
}

/* --- a pixel or two of a pointwise convolution ------------------------------------------ */

static void few_pixels(const block_t *row, int32_t end, int8_t *to) {
  const tb_conv2d_t *op = row->op;
  const tb_window_t *win = &op->window;
  bytes x = tb_row(row->in, row->top);
  for (int32_t left = win->out_w; left > 0; left--, x += win->stride_w * win->in_c) {
    block_t at = *row;
    for (; at.channel < end; at.channel += CHANNELS, at.bias += CHANNELS) {
      int32_t sums[CHANNELS] = {at.bias[0], at.bias[1], at.bias[2], at.bias[3]};
      at.weights = run1(x, op->run, at.weights, sums);
      at.count = end - at.channel < CHANNELS ? end - at.channel : CHANNELS;
      store1(&at, sums, to + at.channel);
    }
    to += win->out_c;
  }
}

/* --- windows of short runs: gathered ---------------------------------------------------- */

/* The window whose first tap is (top, left), as one run. */
static void gather(const block_t *at, int32_t left, int8_t *to) {
  const tb_conv2d_t *op = at->op;
  const tb_window_t *win = &op->window;
  for (int32_t ky = 0; ky < win->kernel_h; ky++) {
    const int32_t y = at->top + ky * win->dilation_h;
    const int inside = (uint32_t)y < (uint32_t)win->in_h;
    const bytes row = tb_row(at->in, inside ? y : 0) + left * win->in_c; /* read where inside */
    int32_t first = left < 0 ? -left : 0;
    int32_t last = win->in_w - left < win->kernel_w ? win->in_w - left : win->kernel_w;
    if (!inside || last < first) {
      first = last = 0;
    }
    first *= win->in_c, last *= win->in_c;
    int32_t i = 0;
    for (; i < first; i++) *to++ = (int8_t)op->zero;
    for (; i < last; i++) *to++ = row[i];
    for (; i < op->run; i++) *to++ = (int8_t)op->zero;
  }
}

static void gathered_row(const block_t *row, int32_t end, int8_t *to) {
  const tb_conv2d_t *op = row->op;
  const tb_window_t *win = &op->window;
  const int32_t size = win->kernel_h * op->run;
  int8_t windows[PIXELS * MAX_WINDOW];
  for (int32_t x = 0; x < win->out_w; x += PIXELS, to += PIXELS * win->out_c) {
    const int32_t pixels = win->out_w - x < PIXELS ? win->out_w - x : PIXELS;
    for (int32_t i = 0; i < pixels; i++) {
      gather(row, (x + i) * win->stride_w - win->pad_left, windows + i * size);
    }
    for (block_t at = *row; at.channel < end; next_block(&at)) {
      if (pixels == PIXELS && all_short(&at)) {
        row_t whole = {windows, size};
        pixels3(&at, at.weights, &whole, 1, size, 1, to + at.channel);
        continue;
      }
      for (int32_t i = 0; i < pixels; i++) {
        int32_t sums[CHANNELS] = {at.bias[0], at.bias[1], at.bias[2], at.bias[3]};
        run1(windows + i * size, size, at.weights, sums);
        store1(&at, sums, to + i * win->out_c + at.channel);
      }
    }
  }
}

/* --- rows ------------------------------------------------------------------------------- */

static block_t first_block(const tb_conv2d_t *op, const tb_rows_t *in) {
  return (block_t){
      .op = op,
      .in = in,
      .weights = op->filter,
      .bias = op->bias,
      .count = op->group_out < CHANNELS ? op->group_out : CHANNELS,
      .out = tb_out(op->out_offset, op->act_min, op->act_max),
  };
}

/* Output row y of the channels from block `at` up to `end`. */
static void some_blocks(block_t at, int32_t end, int32_t y, int8_t *out) {
  const tb_conv2d_t *op = at.op;
  const tb_window_t *win = &op->window;
  const int gathered = win->kernel_h * win->kernel_w > 1 && op->group_in == win->in_c &&
                       win->dilation_w == 1 && op->run < SHORT_RUN &&
                       win->kernel_h * op->run <= MAX_WINDOW;
  at.top = y * win->stride_h - win->pad_top;
  at.first = 0, at.last = win->kernel_h;
  while (at.first < at.last && at.top + at.first * win->dilation_h < 0) at.first++;
  while (at.last > at.first && at.top + (at.last - 1) * win->dilation_h >= win->in_h) at.last--;
  if (gathered) {
    gathered_row(&at, end, out);
    return;
  }
  const int all_inside =
      at.first == 0 && at.last == 1 && op->inner_first == 0 && op->inner_last == win->out_w;
  if (all_inside && win->kernel_h * win->kernel_w == 1 && op->group_in == win->in_c &&
      win->out_w < PIXELS) {
    few_pixels(&at, end, out);
    return;
  }
  for (; at.channel < end; next_block(&at)) {
    block_row(&at, out + at.channel);
  }
}

void tb_conv2d_row(const void *parameters, const tb_rows_t *in, int32_t y, int8_t *out) {
  const tb_conv2d_t *op = parameters;
  some_blocks(first_block(op, in), op->window.out_c, y, out);
}

void tb_conv2d(const tb_conv2d_t *op, const int8_t *in, int8_t *out) {
  tb_all_rows(tb_conv2d_row, op, &op->window, in, out);
}

/* --- some blocks of channels at a time -------------------------------------------------- */

/* Steps over so many blocks; returns how many there were. */
static int32_t next_blocks(block_t *at, int32_t blocks) {
  int32_t passed = 0;
  for (; passed < blocks && at->channel < at->op->window.out_c; passed++) next_block(at);
  return passed;
}

/* Output rows y to end - 1 of the channels from block `at` up to `channels`. */
static void some_rows(const block_t *at, int32_t channels, int32_t y, int32_t end, int8_t *out) {
  const tb_window_t *win = &at->op->window;
  for (; y < end; y++) some_blocks(*at, channels, y, out + y * win->out_w * win->out_c);
}

void tb_conv2d_bands(const tb_conv2d_bands_t *op, const int8_t *in, int8_t *out) {
  const tb_window_t *win = &op->conv.window;
  const tb_rows_t rows = {in, win->in_h, win->in_w * win->in_c};
  for (int32_t done = 0; done < win->out_h; done += op->rows) {
    const int32_t left = win->out_h - done;
    const int32_t height = left < op->rows ? left : op->rows;
    const int32_t y = win->bottom_up ? left - height : done;
    for (block_t at = first_block(&op->conv, &rows); at.channel < win->out_c;) {
      const block_t piece = at;
      next_blocks(&at, op->blocks);
      some_rows(&piece, at.channel, y, y + height, out);
    }
  }
}

/* Decoded, then run over the whole image. */
void tb_conv2d_coded(const tb_conv2d_coded_t *op, const int8_t *in, int8_t *out) {
  const tb_conv2d_t *conv = &op->conv;
  const tb_window_t *win = &conv->window;
  const tb_rows_t rows = {in, win->in_h, win->in_w * win->in_c};
  const int32_t block_bytes = win->kernel_h * win->kernel_w * conv->group_in * CHANNELS;
  tb_huffman_t code = tb_huffman(op->lengths, op->code, op->tables);
  for (block_t at = first_block(conv, &rows); at.channel < win->out_c;) {
    block_t piece = at;
    piece.weights = op->decoded;
    tb_huffman_read(&code, op->decoded, next_blocks(&at, op->blocks) * block_bytes);
    some_rows(&piece, at.channel, 0, win->out_h, out);
  }
}
