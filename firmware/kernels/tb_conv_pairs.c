/* SPDX-License-Identifier: Apache-2.0 */
/* CONV_2D and FULLY_CONNECTED with two pixels in one word: one multiplication for two of them.
 *
 * A word x0 + x1 * 2^16 times a weight holds both pixels' products. Such products may be summed as
 * long as both sums fit 16 bits, whatever the pixels are, so the compiler cuts the taps of each two
 * output channels into groups of which it has proven that from their weights.
 *
 * A group's sum starts at 2^15, so that its low half is never negative; its high half is then the
 * sum >> 16. High halves are added up, and whole sums are, modulo 2^32. What the latter hold beyond
 * the former is the total of the low halves, and 2^15 for every group.
 *
 * Some columns' windows are made into words first and serve all output channels. Then four pixels
 * (two words) times two channels are four sums in registers: a tap loads two words and two weights
 * for eight products. */
#include "tb_kernels.h"
#include "tb_scale.h"
#include "tb_window.h"

#define PIXELS 4
#define CHANNELS 2
#define START 0x8000 /* of a group's sum */

typedef const int8_t *bytes;

/* Two output channels. */
typedef struct {
  const tb_conv2d_pairs_t *op;
  bytes weights;         /* of the first tap */
  const uint8_t *groups; /* the first one's length: taps, halved; 0 ends them */
  int32_t channel;
  int32_t count; /* channels that there are, 1..2 */
  int fast;      /* both are, and are scaled the short way */
  tb_out_t out;
} pair_t;

/* --- windows into words ------------------------------------------------------------------ */

/* Four runs that begin `step` bytes after each other; returns the end of what it wrote. */
static int32_t *pack_runs(bytes x0, int32_t step, int32_t run, int32_t *to) {
  bytes x1 = x0 + step, x2 = x1 + step, x3 = x2 + step;
  for (const bytes end = x0 + run; x0 != end; x0++, x1++, x2++, x3++, to += 2) {
    to[0] = *x0 + *x1 * (1 << 16);
    to[1] = *x2 + *x3 * (1 << 16);
  }
  return to;
}

/* One row of one pixel's window, which may leave the image, into its half of every other word. */
static int32_t *pack_row(const tb_conv2d_pairs_t *op, bytes row, int32_t left, int32_t unit,
                         int first, int32_t *to) {
  const tb_window_t *win = &op->window;
  for (int32_t kx = 0; kx < win->kernel_w; kx++) {
    const int32_t column = left + kx * win->dilation_w;
    const int inside = row != 0 && (uint32_t)column < (uint32_t)win->in_w;
    bytes x = inside ? row + column * win->in_c : &op->zero;
    const int32_t next = inside ? 1 : 0;
    for (const int32_t *end = to + 2 * op->group_in; to != end; to += 2, x += next) {
      *to = (first ? 0 : *to) + *x * unit;
    }
  }
  return to;
}

/* Four windows from output column x on; beyond the last column the last one again. */
static void pack(const tb_conv2d_pairs_t *op, const tb_rows_t *in, int32_t top, int32_t x,
                 int32_t group, int32_t *to) {
  const tb_window_t *win = &op->window;
  const int inner = x >= op->inner_first && x + PIXELS <= op->inner_last;
  int32_t *const end = to + 2 * op->taps;
  for (int32_t ky = 0; ky < win->kernel_h; ky++) {
    const int32_t y = top + ky * win->dilation_h;
    const bytes row = (uint32_t)y < (uint32_t)win->in_h ? tb_row(in, y) + group : 0;
    const int32_t left = x * win->stride_w - win->pad_left;
    if (inner && row != 0) {
      to = pack_runs(row + left * win->in_c, win->stride_w * win->in_c, op->run, to);
      continue;
    }
    int32_t *const begin = to;
    for (int32_t i = 0; i < PIXELS; i++) {
      const int32_t column = x + i < win->out_w ? i : win->out_w - 1 - x;
      to = pack_row(op, row, left + column * win->stride_w, i % 2 == 0 ? 1 : 1 << 16, i % 2 == 0,
                    begin + i / 2) -
           i / 2;
    }
  }
  if (to != end) {
    to[0] = to[1] = 0;
  }
}

/* --- words into outputs ------------------------------------------------------------------ */

#define TAP(i)                                                      \
  do {                                                              \
    const int32_t v0 = x[2 * (i)];                                  \
    const int32_t v1 = x[2 * (i) + 1];                              \
    const int32_t w0 = w[2 * (i)];                                  \
    const int32_t w1 = w[2 * (i) + 1];                              \
    s00 += v0 * w0, s01 += v0 * w1, s10 += v1 * w0, s11 += v1 * w1; \
  } while (0)

/* Adds up a group's sum, and its high half. */
#define ADD_UP(total, high, sum) total += (uint32_t)(sum), high += (sum) >> 16

/* The low halves' total: without what every group started with, and the high halves. */
#define LOW(total, high) (int32_t)((total) - started - ((uint32_t)(high) << 16))

/* Four pixels of channel i. */
#define STORE4(i, s0, s1, s2, s3)                                                \
  do {                                                                           \
    const int32_t c = at->channel + i, m = op->multiplier[c], b = op->bias[c];   \
    const int32_t s = op->shift[c], rounding = tb_rounding(s, out);              \
    to[i] = (int8_t)tb_scale_short((s0) + b, m, s, rounding, 2, out);            \
    to[step + i] = (int8_t)tb_scale_short((s1) + b, m, s, rounding, 2, out);     \
    to[2 * step + i] = (int8_t)tb_scale_short((s2) + b, m, s, rounding, 2, out); \
    to[3 * step + i] = (int8_t)tb_scale_short((s3) + b, m, s, rounding, 2, out); \
  } while (0)

/* Some pixels of some channels, scaled in any way. */
static void store_any(const pair_t *at, int32_t pixels, int32_t sums[CHANNELS][PIXELS],
                      int8_t *to) {
  const tb_conv2d_pairs_t *op = at->op;
  for (int32_t i = 0; i < at->count; i++) {
    const int32_t c = at->channel + i;
    for (int32_t p = 0; p < pixels; p++) {
      to[p * op->window.out_c + i] =
          (int8_t)tb_scale(sums[i][p] + op->bias[c], op->multiplier[c], op->shift[c], at->out);
    }
  }
}

/* Two channels of four pixels, of which only so many are there. */
__attribute__((noinline)) static void block(const pair_t *at, const int32_t *x, int32_t pixels,
                                            int8_t *to) {
  bytes w = at->weights;
  const uint8_t *group = at->groups;
  int32_t h00 = 0, h01 = 0, h10 = 0, h11 = 0;
  uint32_t t00 = 0, t01 = 0, t10 = 0, t11 = 0;
  for (int32_t length; (length = *group) != 0; group++) {
    int32_t s00 = START, s01 = START, s10 = START, s11 = START;
    const bytes end = w + 4 * length;
    do {
      TAP(0);
      TAP(1);
      x += 4, w += 4;
    } while (w != end);
    ADD_UP(t00, h00, s00);
    ADD_UP(t01, h01, s01);
    ADD_UP(t10, h10, s10);
    ADD_UP(t11, h11, s11);
  }
  const uint32_t started = (uint32_t)(group - at->groups) * START;
  const tb_conv2d_pairs_t *op = at->op;
  const tb_out_t out = at->out;
  const int32_t step = op->window.out_c;
  if (pixels == PIXELS && at->fast) {
    STORE4(0, LOW(t00, h00), h00, LOW(t10, h10), h10);
    STORE4(1, LOW(t01, h01), h01, LOW(t11, h11), h11);
  } else {
    int32_t sums[CHANNELS][PIXELS] = {{LOW(t00, h00), h00, LOW(t10, h10), h10},
                                      {LOW(t01, h01), h01, LOW(t11, h11), h11}};
    store_any(at, pixels, sums, to);
  }
}

/* To the next pair. */
static void next_pair(pair_t *at) {
  while (*at->groups++ != 0) {
  }
  at->weights += CHANNELS * at->op->taps;
  at->channel += at->count;
}

/* `columns` columns, whose words are there, of all channels of a group. */
static void all_pairs(pair_t *at, int32_t columns, int8_t *to) {
  const tb_conv2d_pairs_t *op = at->op;
  for (const int32_t end = at->channel + op->group_out; at->channel < end; next_pair(at)) {
    const int8_t *const shift = op->shift + at->channel;
    const int32_t *words = op->words;
    at->count = end - at->channel < CHANNELS ? 1 : CHANNELS;
    at->fast = at->count == CHANNELS && shift[0] >= 0 && shift[1] >= 0;
    for (int32_t x = 0; x < columns; x += PIXELS, words += 2 * op->taps) {
      block(at, words, columns - x < PIXELS ? columns - x : PIXELS,
            to + x * op->window.out_c + at->channel);
    }
  }
}

void tb_conv2d_pairs_row(const void *parameters, const tb_rows_t *in, int32_t y, int8_t *out) {
  const tb_conv2d_pairs_t *op = parameters;
  const tb_window_t *win = &op->window;
  const int32_t top = y * win->stride_h - win->pad_top;
  for (int32_t x = 0; x < win->out_w; x += op->columns) {
    const int32_t columns = win->out_w - x < op->columns ? win->out_w - x : op->columns;
    pair_t at = {
        .op = op,
        .weights = op->filter,
        .groups = op->groups,
        .out = tb_out(op->out_offset, op->act_min, op->act_max),
    };
    for (int32_t group = 0; group < win->in_c; group += op->group_in) {
      for (int32_t i = 0; i < columns; i += PIXELS) {
        pack(op, in, top, x + i, group, op->words + i / PIXELS * 2 * op->taps);
      }
      all_pairs(&at, columns, out + x * win->out_c);
    }
  }
}

void tb_conv2d_pairs(const tb_conv2d_pairs_t *op, const int8_t *in, int8_t *out) {
  tb_all_rows(tb_conv2d_pairs_row, op, &op->window, in, out);
}
