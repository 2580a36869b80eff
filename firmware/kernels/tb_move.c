/* SPDX-License-Identifier: Apache-2.0 */
/* PAD and CONCATENATION: bytes that only change their place. */
#include <string.h>

#include "tb_kernels.h"

/* How many bytes one step along `axis` covers, in a tensor of these sizes. */
static int32_t stride(const int32_t size[4], int axis) {
  int32_t bytes = 1;
  for (int i = axis + 1; i < 4; i++) {
    bytes *= size[i];
  }
  return bytes;
}

void tb_pad(const tb_pad_t *op, const int8_t *in, int8_t *out) {
  int32_t out_size[4];
  int32_t total = 1;
  for (int i = 0; i < 4; i++) {
    out_size[i] = op->before[i] + op->in_size[i] + op->after[i];
    total *= out_size[i];
  }
  memset(out, op->value, (size_t)total);
  for (int32_t i = 0; i < op->in_size[0]; i++) {
    for (int32_t j = 0; j < op->in_size[1]; j++) {
      for (int32_t k = 0; k < op->in_size[2]; k++) {
        int8_t *to = out + (i + op->before[0]) * stride(out_size, 0) +
                     (j + op->before[1]) * stride(out_size, 1) +
                     (k + op->before[2]) * stride(out_size, 2) + op->before[3];
        memcpy(to, in, (size_t)op->in_size[3]);
        in += op->in_size[3];
      }
    }
  }
}

void tb_copy_rows(const tb_copy_rows_t *op, const int8_t *in, int8_t *out) {
  out += op->out_offset;
  for (int32_t i = 0; i < op->rows; i++) {
    memcpy(out, in, (size_t)op->bytes);
    in += op->bytes;
    out += op->out_step;
  }
}
