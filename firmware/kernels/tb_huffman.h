/* SPDX-License-Identifier: Apache-2.0 */
/* Canonical Huffman code of int8 values, as compiler/coding.py makes it. */
#ifndef TB_HUFFMAN_H
#define TB_HUFFMAN_H

#include <stdint.h>

#define TB_HUFFMAN_LONGEST 15             /* bits of a code word */
#define TB_HUFFMAN_LENGTHS 128            /* bytes: a nibble per value, 0: it does not occur */
#define TB_HUFFMAN_TABLES (2 * 256 + 256) /* bytes of work space; 2-byte aligned */

/* A stream of code words, first bit highest. */
typedef struct {
  const uint8_t *next;   /* three bytes after its end may be read */
  uint32_t bits;         /* those read ahead, at the top */
  int32_t count;         /* how many */
  const uint16_t *root;  /* by the next 8 bits: length << 8 | value; 0: the word is longer */
  const uint8_t *sorted; /* values in the order of their words */
  uint16_t first[TB_HUFFMAN_LONGEST + 1]; /* first word of a length */
  uint16_t words[TB_HUFFMAN_LONGEST + 1]; /* how many there are of it */
  uint16_t place[TB_HUFFMAN_LONGEST + 1]; /* where their values begin in `sorted` */
} tb_huffman_t;

/* Begins to read; makes its tables. */
tb_huffman_t tb_huffman(const uint8_t *lengths, const uint8_t *code, uint8_t *tables);

/* The next n values. */
void tb_huffman_read(tb_huffman_t *from, int8_t *to, int32_t n);

#endif
