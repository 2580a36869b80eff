/* SPDX-License-Identifier: Apache-2.0 */
/* The int8 kernels that a generated model.cc calls: parameters and entry points.
 *
 * Conventions
 *   layout    NHWC, batch 1; every dimension is in elements
 *   offsets   in_offset = -zero point of the input, out_offset = +zero point of the output
 *   scaling   per output channel: value * multiplier[c] * 2^(shift[c] - 31), rounded twice
 *   memory    tensors need no alignment; out may equal an input where "in place" is said
 *
 * The parameters of tb_NAME() are a tb_NAME_t. The compiler lowers each op to one of these and
 * checks every shape; kernels do not. */
#ifndef TB_KERNELS_H
#define TB_KERNELS_H

#include <stdint.h>

/* Rises with every change of a struct or of what a kernel expects; model.cc checks it. */
#define TB_KERNELS_VERSION 16

#ifdef __cplusplus
extern "C" {
#endif

/* A window that slides over the input; positions outside of it contribute nothing. Output rows
 * are made one after the other, from the top or, if bottom_up, from the bottom: a row that will
 * not be read any more may be written over, which is what the arena's plan counts on. */
typedef struct {
  int32_t in_h, in_w, in_c;
  int32_t out_h, out_w, out_c;
  int32_t kernel_h, kernel_w;
  int32_t stride_h, stride_w;
  int32_t dilation_h, dilation_w;
  int32_t pad_top, pad_left;
  int32_t bottom_up;
} tb_window_t;

/* Rows of a tensor: row y lies at first + (y % capacity) * bytes. All rows of a tensor that is
 * there as a whole, or a ring of the last ones. */
typedef struct {
  const int8_t *first;
  int32_t capacity, bytes;
} tb_rows_t;

/* One output row of a kernel; op is its parameters. Those of an elementwise kernel are for one row:
 * in[1] are the rows of its second operand. */
typedef void tb_row_fn(const void *op, const tb_rows_t *in, int32_t y, int8_t *out);
tb_row_fn tb_conv2d_row, tb_conv2d_pairs_row, tb_depthwise_row, tb_depthwise_any_row,
    tb_average_pool_row, tb_max_pool_row, tb_add_row, tb_mul_row, tb_maximum_row, tb_minimum_row,
    tb_lookup_row, tb_copy_rows_row;

/* One kernel of a chain, and the ring that its rows go to; the last one's go to the output. */
typedef struct {
  tb_row_fn *row;
  const void *op;
  const tb_window_t *window;
  uint8_t *ring;
  int32_t capacity;     /* rows */
  const int8_t *beside; /* a second operand, there as a whole */
  int32_t beside_bytes; /* from one of its rows to the next; 0 repeats it */
#ifdef TB_TAP
  uint32_t tensor; /* that it makes, for tb_tap() */
#endif
} tb_link_t;

/* Up to TB_CHAIN_MAX kernels, each reading the one before, run row by row: a row is made when the
 * next kernel needs it, and only as many are kept as that one's window spans. */
#define TB_CHAIN_MAX 8
typedef struct {
  int32_t count;
  const tb_link_t *links;
} tb_chain_t;
void tb_chain(const tb_chain_t *chain, const int8_t *in, int8_t *out);

/* CONV_2D, and FULLY_CONNECTED as a 1x1 window over a row of pixels.
 * filter[blocks][kernel_h][kernel_w][group_in][4]: blocks of four output channels of a group,
 * filled up with zeros. bias has the input's zero point folded in and is filled up to blocks.
 * Output channel c reads the input channels of group c / group_out.
 * run: consecutive bytes of one filter row where the window lies inside the image, which it does
 * for columns inner_first <= x < inner_last. zero: the input's zero point.
 * shift: see tb_scale.h. */
typedef struct {
  tb_window_t window;
  int32_t group_in, group_out;
  int32_t run, inner_first, inner_last;
  int32_t out_offset, act_min, act_max;
  const int8_t *filter;
  const int32_t *bias;
  const int32_t *multiplier;
  const int8_t *shift;
  int32_t zero;
} tb_conv2d_t;
void tb_conv2d(const tb_conv2d_t *op, const int8_t *in, int8_t *out);

/* The same, `rows` rows at a time: so many blocks of four channels, that a cache holds, make theirs
 * of all these rows before the next blocks are read. From the bottom, the first band is the lowest
 * one. */
typedef struct {
  tb_conv2d_t conv;
  int32_t rows, blocks;
} tb_conv2d_bands_t;
void tb_conv2d_bands(const tb_conv2d_bands_t *op, const int8_t *in, int8_t *out);

/* The same with its filter in canonical Huffman code: see tb_huffman.h. So many blocks of four
 * channels at a time are decoded to `decoded`; conv.filter is not read. */
typedef struct {
  tb_conv2d_t conv;
  const uint8_t *lengths;
  const uint8_t *code;
  uint8_t *tables;
  int8_t *decoded;
  int32_t blocks;
} tb_conv2d_coded_t;
void tb_conv2d_coded(const tb_conv2d_coded_t *op, const int8_t *in, int8_t *out);

/* The same with two pixels in a word, see tb_conv_pairs.c. filter[pairs][taps][2]: pairs of output
 * channels of a group, taps filled up to an even number. groups: for each pair the lengths of its
 * groups of taps, halved, and a 0. Words of `columns` pixels, a multiple of four, are made at a
 * time: words[columns / 4][taps][2]. zero: the input's zero point. */
typedef struct {
  tb_window_t window;
  int32_t group_in, group_out, taps;
  int32_t run, inner_first, inner_last, columns;
  int32_t out_offset, act_min, act_max;
  const int8_t *filter;
  const uint8_t *groups;
  const int32_t *bias;
  const int32_t *multiplier;
  const int8_t *shift;
  int8_t zero;
  int32_t *words;
} tb_conv2d_pairs_t;
void tb_conv2d_pairs(const tb_conv2d_pairs_t *op, const int8_t *in, int8_t *out);

/* FULLY_CONNECTED of one row whose weights are mostly zero. Of each block of four channels, filled
 * up with zeros, counts[block] taps are kept: taps[] are the input's elements, filter[][4] the
 * weights. bias has the input's zero point folded in and is filled up to blocks. shift: see
 * tb_scale.h. */
typedef struct {
  int32_t depth, channels;
  const int8_t *filter;
  const uint16_t *taps, *counts;
  int32_t out_offset, act_min, act_max;
  const int32_t *bias;
  const int32_t *multiplier;
  const int8_t *shift;
} tb_dense_sparse_t;
void tb_dense_sparse(const tb_dense_sparse_t *op, const int8_t *in, int8_t *out);

/* DEPTHWISE_CONV_2D of 3x3 and 5x5 windows. filter[out_c][kernel_h][kernel_w]; out_c = in_c *
 * depth_multiplier. bias has the input's zero point folded in; zero: that zero point. Windows of
 * outputs x < inner_last do not leave the image on the right.
 * shift: see tb_scale.h. */
typedef struct {
  tb_window_t window;
  int32_t depth_multiplier, inner_last;
  int32_t out_offset, act_min, act_max;
  const int8_t *filter;
  const int32_t *bias;
  const int32_t *multiplier;
  const int8_t *shift;
  int32_t zero;
} tb_depthwise_t;
void tb_depthwise(const tb_depthwise_t *op, const int8_t *in, int8_t *out);

/* The same with any window: filter[kernel_h][kernel_w][out_c]; bias is the model's, folded has the
 * input's zero point folded in. */
typedef struct {
  tb_window_t window;
  int32_t depth_multiplier, inner_last;
  int32_t out_offset, act_min, act_max;
  const int8_t *filter;
  const int32_t *bias;
  const int32_t *multiplier;
  const int8_t *shift;
  int32_t zero;
  const int32_t *folded;
} tb_depthwise_any_t;
void tb_depthwise_any(const tb_depthwise_any_t *op, const int8_t *in, int8_t *out);

/* TRANSPOSE_CONV. The window is that of the convolution the other way round: its in_* are of the
 * output, its out_* of the input. filter[in_c][kernel_h][kernel_w][out_c] in those names.
 * shift: see tb_scale.h. */
typedef struct {
  tb_window_t window;
  int32_t in_offset, out_offset, act_min, act_max;
  const int8_t *filter;
  const int32_t *bias;
  const int32_t *multiplier;
  const int8_t *shift;
} tb_transpose_conv_t;
void tb_transpose_conv(const tb_transpose_conv_t *op, const int8_t *in, int8_t *out);

/* BATCH_MATMUL: batches of a[rows][depth] times b[depth][columns], either of them transposed. A
 * step is elements from one batch, row, column or place along the depth to the next; 0 repeats.
 * shift: see tb_scale.h. */
typedef struct {
  int32_t batch[3], batch_a[3], batch_b[3];
  int32_t rows, depth, columns;
  int32_t row_a, depth_a, column_b, depth_b;
  int32_t a_offset, b_offset;
  int32_t multiplier, shift, out_offset;
} tb_batch_matmul_t;
void tb_batch_matmul(const tb_batch_matmul_t *op, const int8_t *a, const int8_t *b, int8_t *out);

/* AVERAGE_POOL_2D and MAX_POOL_2D over the part of the window that lies in the input. */
typedef struct {
  tb_window_t window;
  int32_t act_min, act_max;
} tb_average_pool_t, tb_max_pool_t;
void tb_average_pool(const tb_average_pool_t *op, const int8_t *in, int8_t *out);
void tb_max_pool(const tb_max_pool_t *op, const int8_t *in, int8_t *out);

/* MEAN and SUM of in[outer][reduced][inner] over the middle; zero_sum = reduced * input zero point.
 * For MEAN, 1 / reduced is part of the multiplier. */
typedef struct {
  int32_t outer, reduced, inner;
  int32_t zero_sum, multiplier, shift, out_offset;
} tb_mean_t;
void tb_mean(const tb_mean_t *op, const int8_t *in, int8_t *out);

/* REDUCE_MAX and ARG_MAX of in[outer][reduced][inner] over the middle; with sign = -1 instead of 1
 * REDUCE_MIN and ARG_MIN. What tb_arg_max writes are int32. */
typedef struct {
  int32_t outer, reduced, inner, sign;
} tb_reduce_max_t, tb_arg_max_t;
void tb_reduce_max(const tb_reduce_max_t *op, const int8_t *in, int8_t *out);
void tb_arg_max(const tb_arg_max_t *op, const int8_t *in, int8_t *out);

/* Which elements of two inputs meet: a step of 0 repeats the element along that axis. */
typedef struct {
  int32_t size[4];
  int32_t step_a[4];
  int32_t step_b[4];
} tb_broadcast_t;

/* ADD, and SUB with b_sign = -1. Each input is scaled to a
 * common scale with 20 bits to spare, then the sum to the output's. In place on an input
 * that is not repeated. */
typedef struct {
  tb_broadcast_t shape;
  int32_t a_offset, a_multiplier, a_shift;
  int32_t b_offset, b_multiplier, b_shift, b_sign;
  int32_t multiplier, shift, out_offset, act_min, act_max;
} tb_add_t;
void tb_add(const tb_add_t *op, const int8_t *a, const int8_t *b, int8_t *out);

/* MUL. In place on an input that is not repeated. shift: see tb_scale.h. */
typedef struct {
  tb_broadcast_t shape;
  int32_t a_offset, b_offset;
  int32_t multiplier, shift, out_offset, act_min, act_max;
} tb_mul_t;
void tb_mul(const tb_mul_t *op, const int8_t *a, const int8_t *b, int8_t *out);

/* MAXIMUM and MINIMUM of one scale. In place on an input that is not repeated. */
typedef struct {
  tb_broadcast_t shape;
} tb_maximum_t, tb_minimum_t;
void tb_maximum(const tb_maximum_t *op, const int8_t *a, const int8_t *b, int8_t *out);
void tb_minimum(const tb_minimum_t *op, const int8_t *a, const int8_t *b, int8_t *out);

/* PRELU: b is the slope of negative a. In place on an input that is not repeated. */
typedef struct {
  tb_broadcast_t shape;
  int32_t in_offset, alpha_offset;
  int32_t multiplier, shift;
  int32_t leak_multiplier, leak_shift, out_offset;
} tb_prelu_t;
void tb_prelu(const tb_prelu_t *op, const int8_t *a, const int8_t *b, int8_t *out);

/* Any function of one int8, or of one int8 and its channel: table[channels][256], indexed by
 * the value + 128. Element i is of channel i % channels. In place. */
typedef struct {
  int32_t count, channels;
  const int8_t *table;
} tb_lookup_t;
void tb_lookup(const tb_lookup_t *op, const int8_t *in, int8_t *out);

/* SOFTMAX of rows of `depth`. exp_table[d] = exp(-d * beta * scale) in Q0.31, d = max - x. */
typedef struct {
  int32_t rows, depth;
  const int32_t *exp_table;
} tb_softmax_t;
void tb_softmax(const tb_softmax_t *op, const int8_t *in, int8_t *out);

/* PAD and PADV2: a border of `value` around each of four axes. */
typedef struct {
  int32_t in_size[4];
  int32_t before[4];
  int32_t after[4];
  int32_t value;
} tb_pad_t;
void tb_pad(const tb_pad_t *op, const int8_t *in, int8_t *out);

/* One input of a CONCATENATION or PACK: `rows` pieces of `bytes`, every `out_step` bytes from
 * `out_offset` on. */
typedef struct {
  int32_t rows, bytes, out_step, out_offset;
} tb_copy_rows_t;
void tb_copy_rows(const tb_copy_rows_t *op, const int8_t *in, int8_t *out);

/* SLICE, SPLIT, TRANSPOSE and their kind: a walk over the input from `in_offset` on, with size[i]
 * steps of step[i] bytes (0 and backwards too) along axis i. Each place gives `run` bytes. */
typedef struct {
  int32_t in_offset;
  int32_t size[5];
  int32_t step[5];
  int32_t run;
} tb_copy_strided_t;
void tb_copy_strided(const tb_copy_strided_t *op, const int8_t *in, int8_t *out);

/* RESIZE_NEAREST_NEIGHBOR and MIRROR_PAD: output (i, j, k, l) is the `run` bytes of the input at
 * the sum of four offsets. offset[size[0] + .. + size[3]] holds those of one axis after another. */
typedef struct {
  int32_t size[4];
  int32_t run;
  const int32_t *offset;
} tb_copy_indexed_t;
void tb_copy_indexed(const tb_copy_indexed_t *op, const int8_t *in, int8_t *out);

/* RESIZE_BILINEAR. row[rows][3] and column[columns][3] hold, for each position of the output, the
 * offset of a row (or column) of the input, that of the next one, and the next one's 1024ths. */
typedef struct {
  int32_t rows, columns, depth;
  const int32_t *row;
  const int32_t *column;
} tb_resize_bilinear_t;
void tb_resize_bilinear(const tb_resize_bilinear_t *op, const int8_t *in, int8_t *out);

/* QUANTIZE and DEQUANTIZE inside a graph: the only floating point, in software where the
 * core has no FPU. The float tensor is 4-byte aligned. */
typedef struct {
  int32_t count;
  float scale;
  int32_t zero_point;
} tb_quantize_float_t, tb_dequantize_float_t;
void tb_quantize_float(const tb_quantize_float_t *op, const int8_t *in, int8_t *out);
void tb_dequantize_float(const tb_dequantize_float_t *op, const int8_t *in, int8_t *out);

#ifdef __cplusplus
}
#endif
#endif
