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
 * The input's zero point is folded into the bias, which makes an input byte that equals it count
 * as nothing: where a window leaves the image, such bytes are read instead ("blank"). */
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
    to0[i] = tb_scale_short(s0, m, s, rounding, sign, out);                        \
    to1[i] = tb_scale_short(s1, m, s, rounding, sign, out);                        \
    to2[i] = tb_scale_short(s2, m, s, rounding, sign, out);                        \
  } while (0)

#define STORE(sign)                                    \
  do {                                                 \
    STORE3(0, sign, a00, a10, a20);                    \
    if (at->count > 1) STORE3(1, sign, a01, a11, a21); \
    if (at->count > 2) STORE3(2, sign, a02, a12, a22); \
    if (at->count > 3) STORE3(3, sign, a03, a13, a23); \
  } while (0)

/* `groups` times three neighbouring pixels, whose windows are `count` runs of `run` bytes. */
static void pixels3(const block_t *at, row_t *rows, int32_t count, int32_t run, int32_t groups,
                    int8_t *to0) {
  const tb_conv2d_t *op = at->op;
  const int32_t *const bias = at->bias;
  const row_t *const end_row = rows + count;
  const int32_t run4 = run & ~3;
  for (; groups > 0; groups--) {
    int32_t a00 = bias[0], a01 = bias[1], a02 = bias[2], a03 = bias[3];
    int32_t a10 = a00, a11 = a01, a12 = a02, a13 = a03;
    int32_t a20 = a00, a21 = a01, a22 = a02, a23 = a03;
    bytes w = at->weights;
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

static void store1(const block_t *at, const int32_t sums[CHANNELS], int8_t *to) {
  const tb_conv2d_t *op = at->op;
  for (int32_t i = 0; i < at->count; i++) {
    const int32_t c = at->channel + i;
    to[i] = tb_scale(sums[i], op->multiplier[c], op->shift[c], at->out);
  }
}

/* One pixel; its window may leave the image on any side. A filter row is read in `pieces`. */
static void pixel1(const block_t *at, int32_t left, int32_t pieces, int8_t *to) {
  const tb_conv2d_t *op = at->op;
  const tb_window_t *win = &op->window;
  const int32_t run = pieces == 1 ? op->run : op->group_in;
  int32_t sums[CHANNELS] = {at->bias[0], at->bias[1], at->bias[2], at->bias[3]};
  bytes w = at->weights;
  for (int32_t ky = 0; ky < win->kernel_h; ky++) {
    const int32_t y = at->top + ky * win->dilation_h;
    const int inside_y = (uint32_t)y < (uint32_t)win->in_h;
    const bytes row = inside_y ? tb_row(at->in, y) + at->group : op->blank;
    for (int32_t kx = 0; kx < pieces; kx++) {
      const int32_t column = left + kx * win->dilation_w;
      const int inside = inside_y && (uint32_t)column < (uint32_t)win->in_w;
      const bytes x = inside ? row + column * win->in_c : op->blank;
      w = run1(x, run, w, sums);
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
  for (int32_t ky = 0; ky < win->kernel_h; ky++) {
    const int32_t y = at->top + ky * win->dilation_h;
    const int inside = (uint32_t)y < (uint32_t)win->in_h;
    rows[ky].at = inside ? tb_row(at->in, y) + left * win->in_c + at->group : op->blank;
    rows[ky].step = inside ? win->stride_w * win->in_c : 0;
  }
  pixels3(at, rows, win->kernel_h, op->run, groups, to);
  return groups * PIXELS;
}

static int all_short(const block_t *at) {
  for (int32_t i = 0; i < at->count; i++) {
    if (at->op->shift[at->channel + i] < 0) {
      return 0;
    }
  }
  return 1;
}

static void block_row(const block_t *at, int8_t *to) {
  const tb_conv2d_t *op = at->op;
  const tb_window_t *win = &op->window;
  const int fast = win->kernel_h <= MAX_ROWS && all_short(at);
  for (int32_t x = 0; x < win->out_w;) {
    const int inner = x >= op->inner_first && x < op->inner_last;
    if (fast && inner && x + PIXELS <= op->inner_last) {
      x += inner_row(at, x, to + x * win->out_c);
    } else {
      pixel1(at, x * win->stride_w - win->pad_left, inner ? 1 : win->kernel_w, to + x * win->out_c);
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

/* --- windows of short runs: gathered ---------------------------------------------------- */

/* The window whose first tap is (top, left), as one run. */
static void gather(const block_t *at, int32_t left, int8_t *to) {
  const tb_conv2d_t *op = at->op;
  const tb_window_t *win = &op->window;
  for (int32_t ky = 0; ky < win->kernel_h; ky++) {
    const int32_t y = at->top + ky * win->dilation_h;
    const int inside = (uint32_t)y < (uint32_t)win->in_h;
    const bytes row = inside ? tb_row(at->in, y) + left * win->in_c : op->blank;
    int32_t first = left < 0 ? -left : 0;
    int32_t last = win->in_w - left < win->kernel_w ? win->in_w - left : win->kernel_w;
    if (!inside || last < first) {
      first = last = 0;
    }
    first *= win->in_c, last *= win->in_c;
    int32_t i = 0;
    for (; i < first; i++) *to++ = *op->blank;
    for (; i < last; i++) *to++ = row[i];
    for (; i < op->run; i++) *to++ = *op->blank;
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
        pixels3(&at, &whole, 1, size, 1, to + at.channel);
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
  if (gathered) {
    gathered_row(&at, end, out);
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

/* --- coded weights ---------------------------------------------------------------------- */

/* Some blocks at a time: decoded, then run over the whole image. */
void tb_conv2d_coded(const tb_conv2d_coded_t *op, const int8_t *in, int8_t *out) {
  const tb_conv2d_t *conv = &op->conv;
  const tb_window_t *win = &conv->window;
  const tb_rows_t rows = {in, win->in_h, win->in_w * win->in_c};
  const int32_t block_bytes = win->kernel_h * win->kernel_w * conv->group_in * CHANNELS;
  tb_huffman_t code = tb_huffman(op->lengths, op->code, op->tables);
  for (block_t at = first_block(conv, &rows); at.channel < win->out_c;) {
    block_t piece = at;
    piece.weights = op->decoded;
    int32_t blocks = 0;
    for (; blocks < op->blocks && at.channel < win->out_c; blocks++) next_block(&at);
    tb_huffman_read(&code, op->decoded, blocks * block_bytes);
    for (int32_t y = 0; y < win->out_h; y++) {
      some_blocks(piece, at.channel, y, out + y * win->out_w * win->out_c);
    }
  }
}
