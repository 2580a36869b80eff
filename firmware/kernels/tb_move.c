/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes that only change their place.
 *
 * Reading in order: PAD and CONCATENATION write pieces to where they belong.
 * Writing in order: slices, splits and transpositions are one walk over the input with a step per
 * axis; what mirrors or repeats has a table of offsets per axis instead. The compiler merges axes,
 * so that the innermost copy is as long as the op allows. */
#include <string.h>

#include "tb_kernels.h"
#include "tb_window.h"

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

/* The same as a link of a chain: op->rows are the pixels of a row. */
void tb_copy_rows_row(const void *op, const tb_rows_t *in, int32_t y, int8_t *out) {
  tb_copy_rows((const tb_copy_rows_t *)op, tb_row(in, y), out);
}

/* The innermost axis; most transpositions move single bytes. */
static int8_t *copy_line(const tb_copy_strided_t *op, const int8_t *in, int8_t *out) {
  const int32_t size = op->size[4], step = op->step[4], run = op->run;
  if (run == 1) {
    for (int32_t i = 0; i < size; i++) {
      *out++ = in[i * step];
    }
    return out;
  }
  for (int32_t i = 0; i < size; i++) {
    memcpy(out, in + i * step, (size_t)run);
    out += run;
  }
  return out;
}

void tb_copy_strided(const tb_copy_strided_t *op, const int8_t *in, int8_t *out) {
  int32_t done[4] = {0, 0, 0, 0};
  int32_t place = op->in_offset;
  int axis;
  do {
    out = copy_line(op, in + place, out);
    for (axis = 3; axis >= 0; axis--) {
      if (++done[axis] < op->size[axis]) {
        place += op->step[axis];
        break;
      }
      place -= (op->size[axis] - 1) * op->step[axis];
      done[axis] = 0;
    }
  } while (axis >= 0);
}

void tb_copy_indexed(const tb_copy_indexed_t *op, const int8_t *in, int8_t *out) {
  const int32_t *const at_i = op->offset;
  const int32_t *const at_j = at_i + op->size[0];
  const int32_t *const at_k = at_j + op->size[1];
  const int32_t *const at_l = at_k + op->size[2];
  for (int32_t i = 0; i < op->size[0]; i++) {
    for (int32_t j = 0; j < op->size[1]; j++) {
      for (int32_t k = 0; k < op->size[2]; k++) {
        const int8_t *from = in + at_i[i] + at_j[j] + at_k[k];
        for (int32_t l = 0; l < op->size[3]; l++) {
          memcpy(out, from + at_l[l], (size_t)op->run);
          out += op->run;
        }
      }
    }
  }
}
