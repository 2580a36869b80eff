/* SPDX-License-Identifier: Apache-2.0 */
/* Words of up to 8 bits, nearly all there are, are found by one look at a table of 256; longer
 * ones by their length: in a canonical code, words of one length follow each other, and as numbers
 * they are larger than the beginnings of all shorter ones. */
#include "tb_huffman.h"

#define ROOT_BITS 8

/* Value v's length: its bit pattern counts, so that -1 is 255. */
static int32_t length_of(const uint8_t *lengths, int32_t v) {
  return (lengths[v >> 1] >> (4 * (v & 1))) & 15;
}

static void fill_root(uint16_t *root, int32_t word, int32_t length, int32_t value) {
  const int32_t same = 1 << (ROOT_BITS - length);
  for (int32_t i = 0; i < same; i++) {
    root[(word << (ROOT_BITS - length)) + i] = (uint16_t)(length << 8 | value);
  }
}

tb_huffman_t tb_huffman(const uint8_t *lengths, const uint8_t *code, uint8_t *tables) {
  uint16_t *const root = (uint16_t *)(void *)tables;
  uint8_t *const sorted = tables + 2 * (1 << ROOT_BITS);
  tb_huffman_t h = {.next = code, .root = root, .sorted = sorted};
  for (int32_t i = 0; i < 1 << ROOT_BITS; i++) root[i] = 0;
  for (int32_t v = 0; v < 256; v++) h.words[length_of(lengths, v)]++;
  int32_t word = 0, place = 0;
  for (int32_t length = 1; length <= TB_HUFFMAN_LONGEST; length++) {
    word <<= 1;
    h.first[length] = (uint16_t)word;
    h.place[length] = (uint16_t)place;
    for (int32_t v = 0; v < 256 && h.words[length] != 0; v++) {
      if (length_of(lengths, v) != length) continue;
      sorted[place++] = (uint8_t)v;
      if (length <= ROOT_BITS) fill_root(root, word, length, v);
      word++;
    }
  }
  return h;
}

/* The value of a word longer than ROOT_BITS; its length goes to *length. */
static int32_t long_word(const tb_huffman_t *h, uint32_t bits, int32_t *length) {
  for (int32_t n = ROOT_BITS + 1; n <= TB_HUFFMAN_LONGEST; n++) {
    const uint32_t over = (bits >> (32 - n)) - h->first[n];
    if (over < h->words[n]) {
      *length = n;
      return h->sorted[h->place[n] + over];
    }
  }
  *length = TB_HUFFMAN_LONGEST; /* no word of this code: not ours */
  return 0;
}

void tb_huffman_read(tb_huffman_t *from, int8_t *to, int32_t n) {
  const uint16_t *const root = from->root;
  const uint8_t *next = from->next;
  uint32_t bits = from->bits;
  int32_t count = from->count;
  uint8_t *at = (uint8_t *)to; /* bit patterns */
  for (const uint8_t *const end = at + n; at != end; at++) {
    if (count < TB_HUFFMAN_LONGEST) {
      bits |= (uint32_t)*next++ << (24 - count);
      count += 8;
      if (count < TB_HUFFMAN_LONGEST) {
        bits |= (uint32_t)*next++ << (24 - count);
        count += 8;
      }
    }
    const uint32_t entry = root[bits >> (32 - ROOT_BITS)];
    int32_t length = (int32_t)(entry >> 8);
    int32_t value = (int32_t)entry;
    if (length == 0) value = long_word(from, bits, &length);
    *at = (uint8_t)value;
    bits <<= length;
    count -= length;
  }
  from->next = next;
  from->bits = bits;
  from->count = count;
}
