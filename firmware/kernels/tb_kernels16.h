/* SPDX-License-Identifier: Apache-2.0 */
/* The kernels of int16x8 models: int16 activations, int8 weights, int64 biases.
 *
 * As in tb_kernels.h, but there are no offsets (int16 tensors have no zero point), and tensors are
 * aligned to their elements. Nothing here is a link of a chain: windows count elements, and all of
 * an input is there as a whole. What only moves bytes is the same kernel as for int8. */
#ifndef TB_KERNELS16_H
#define TB_KERNELS16_H

#include <stdint.h>

#include "tb_kernels.h"

#ifdef __cplusplus
extern "C" {
#endif

/* CONV_2D, and FULLY_CONNECTED as a 1x1 window over a row of pixels.
 * filter, bias: packed as those of tb_conv2d_t. Windows of columns inner_first <= x < inner_last do
 * not leave the image on either side. pieces: 1 where a filter row meets consecutive elements of
 * the input, else as many as it has columns. chunk: so many products of a sum fit 32 bits.
 * multiplier, shift: see tb_scale16.h. */
typedef struct {
  tb_window_t window;
  int32_t group_in, group_out;
  int32_t pieces, chunk, inner_first, inner_last;
  int32_t act_min, act_max;
  const int8_t *filter;
  const int64_t *bias;
  const int32_t *multiplier;
  const int8_t *shift;
} tb_conv2d16_t;
void tb_conv2d16(const tb_conv2d16_t *op, const int16_t *in, int16_t *out);

/* DEPTHWISE_CONV_2D. filter[out_c][kernel_h][kernel_w]; out_c = in_c * depth_multiplier. Sums
 * without the bias fit 32 bits. */
typedef struct {
  tb_window_t window;
  int32_t depth_multiplier;
  int32_t act_min, act_max;
  const int8_t *filter;
  const int64_t *bias;
  const int32_t *multiplier;
  const int8_t *shift;
} tb_depthwise16_t;
void tb_depthwise16(const tb_depthwise16_t *op, const int16_t *in, int16_t *out);

/* TRANSPOSE_CONV: as tb_transpose_conv_t. Sums over one tap's channels fit 32 bits. */
typedef struct {
  tb_window_t window;
  int32_t act_min, act_max;
  const int8_t *filter;
  const int64_t *bias;
  const int32_t *multiplier;
  const int8_t *shift;
} tb_transpose_conv16_t;
void tb_transpose_conv16(const tb_transpose_conv16_t *op, const int16_t *in, int16_t *out);

/* AVERAGE_POOL_2D and MAX_POOL_2D. */
typedef struct {
  tb_window_t window;
  int32_t act_min, act_max;
} tb_average_pool16_t, tb_max_pool16_t;
void tb_average_pool16(const tb_average_pool16_t *op, const int16_t *in, int16_t *out);
void tb_max_pool16(const tb_max_pool16_t *op, const int16_t *in, int16_t *out);

/* MEAN and SUM of in[outer][reduced][inner] over the middle. */
typedef struct {
  int32_t outer, reduced, inner;
  int32_t multiplier, shift;
} tb_mean16_t;
void tb_mean16(const tb_mean16_t *op, const int16_t *in, int16_t *out);

/* ADD, and SUB with b_sign = -1: as tb_add(), with 15 bits to spare. In place on an input that is
 * not repeated. */
typedef struct {
  tb_broadcast_t shape;
  int32_t a_multiplier, a_shift;
  int32_t b_multiplier, b_shift, b_sign;
  int32_t multiplier, shift, act_min, act_max;
} tb_add16_t;
void tb_add16(const tb_add16_t *op, const int16_t *a, const int16_t *b, int16_t *out);

/* MUL. In place on an input that is not repeated. */
typedef struct {
  tb_broadcast_t shape;
  int32_t multiplier, shift, act_min, act_max;
} tb_mul16_t;
void tb_mul16(const tb_mul16_t *op, const int16_t *a, const int16_t *b, int16_t *out);

/* MAXIMUM and MINIMUM of one scale. In place on an input that is not repeated. */
typedef struct {
  tb_broadcast_t shape;
} tb_maximum16_t, tb_minimum16_t;
void tb_maximum16(const tb_maximum16_t *op, const int16_t *a, const int16_t *b, int16_t *out);
void tb_minimum16(const tb_minimum16_t *op, const int16_t *a, const int16_t *b, int16_t *out);

/* PRELU: the slopes of negative a are constant, with their zero point taken off. In place. */
typedef struct {
  tb_broadcast_t shape;
  int32_t multiplier, shift;
  int32_t leak_multiplier, leak_shift;
  const int16_t *slope;
} tb_prelu16_t;
void tb_prelu16(const tb_prelu16_t *op, const int16_t *a, int16_t *out);

/* LEAKY_RELU: what is negative is scaled by leak_sign times its multiplier. In place. */
typedef struct {
  int32_t count;
  int32_t multiplier, shift;
  int32_t leak_multiplier, leak_shift, leak_sign;
} tb_leaky_relu16_t;
void tb_leaky_relu16(const tb_leaky_relu16_t *op, const int16_t *in, int16_t *out);

/* QUANTIZE from int16 to another scale, to int8 and from int8. tb_requantize16() in place. */
typedef struct {
  int32_t count;
  int32_t in_offset, multiplier, shift, out_offset;
  int32_t low, high;
} tb_requantize16_t, tb_narrow16_t, tb_widen16_t;
void tb_requantize16(const tb_requantize16_t *op, const int16_t *in, int16_t *out);
void tb_narrow16(const tb_narrow16_t *op, const int16_t *in, int8_t *out);
void tb_widen16(const tb_widen16_t *op, const int8_t *in, int16_t *out);

/* LOGISTIC and TANH: between entries of table[256], sigmoid(i / 24) in Q0.16. The input is first
 * brought to steps of 1 / 12288: (x * multiplier + half) >> shift. In place. */
typedef struct {
  int32_t count;
  int32_t multiplier, shift;
  const uint16_t *table;
} tb_logistic16_t, tb_tanh16_t;
void tb_logistic16(const tb_logistic16_t *op, const int16_t *in, int16_t *out);
void tb_tanh16(const tb_tanh16_t *op, const int16_t *in, int16_t *out);

/* SOFTMAX of rows of `depth`, between entries of two tables in Q0.15: exp_table[513] is exp(x) for
 * x in [-10, 0], inverse_table[513] is 1 / (1 + x) for x in [0, 1]. The distance to the row's
 * largest element is first brought to steps of 10 / 65535. In place. */
typedef struct {
  int32_t rows, depth;
  int32_t multiplier, shift;
  const int16_t *exp_table;
  const int16_t *inverse_table;
} tb_softmax16_t;
void tb_softmax16(const tb_softmax16_t *op, const int16_t *in, int16_t *out);

#ifdef __cplusplus
}
#endif
#endif
