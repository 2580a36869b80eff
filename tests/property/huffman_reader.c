/* SPDX-License-Identifier: Apache-2.0 */
/* Reads code from stdin as the device does: count, piece and stream size (4 bytes each, little
 * endian), lengths, stream; answers with the values. Blocks are as large as they may be. */
#include <stdio.h>
#include <stdlib.h>

#include "../../firmware/kernels/tb_huffman.c"

static void take(void *to, size_t n) {
  if (fread(to, 1, n, stdin) != n) exit(2);
}

int main(void) {
  int32_t sizes[3];
  take(sizes, sizeof sizes);
  uint8_t *lengths = malloc(TB_HUFFMAN_LENGTHS), *tables = malloc(TB_HUFFMAN_TABLES);
  uint8_t *stream = malloc((size_t)sizes[2]);
  int8_t *values = malloc((size_t)sizes[0]);
  take(lengths, TB_HUFFMAN_LENGTHS);
  take(stream, (size_t)sizes[2]);
  tb_huffman_t code = tb_huffman(lengths, stream, tables);
  for (int32_t done = 0; done < sizes[0];) {
    const int32_t n = sizes[0] - done < sizes[1] ? sizes[0] - done : sizes[1];
    tb_huffman_read(&code, values + done, n);
    done += n;
  }
  const int whole = fwrite(values, 1, (size_t)sizes[0], stdout) == (size_t)sizes[0];
  free(lengths), free(tables), free(stream), free(values);
  return whole ? 0 : 3;
}
