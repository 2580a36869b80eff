/* SPDX-License-Identifier: Apache-2.0 */
/* memcpy, memset and memcmp by words. The C library's are built for size: a byte at a time, 4 to 6
 * instructions each, which would weigh on every measured count. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef uint32_t __attribute__((may_alias)) word_t;

/* Or gcc would see what these loops do and call the function that they make up. */
#define NO_LIBRARY_CALLS __attribute__((optimize("no-tree-loop-distribute-patterns")))

#define WORD sizeof(word_t)
#define OFFSET(pointer) ((uintptr_t)(pointer) % WORD)

NO_LIBRARY_CALLS void *memcpy(void *restrict to, const void *restrict from, size_t n) {
  uint8_t *d = to;
  const uint8_t *s = from;
  if (n >= 2 * WORD && OFFSET(d) == OFFSET(s)) {
    for (; OFFSET(d) != 0; n--) *d++ = *s++;
    for (; n >= 4 * WORD; n -= 4 * WORD, d += 4 * WORD, s += 4 * WORD) {
      word_t a = ((const word_t *)s)[0], b = ((const word_t *)s)[1];
      word_t c = ((const word_t *)s)[2], e = ((const word_t *)s)[3];
      ((word_t *)d)[0] = a, ((word_t *)d)[1] = b;
      ((word_t *)d)[2] = c, ((word_t *)d)[3] = e;
    }
    for (; n >= WORD; n -= WORD, d += WORD, s += WORD) *(word_t *)d = *(const word_t *)s;
  }
  for (; n >= 4; n -= 4, d += 4, s += 4) {
    uint8_t a = s[0], b = s[1], c = s[2], e = s[3];
    d[0] = a, d[1] = b, d[2] = c, d[3] = e;
  }
  while (n-- > 0) *d++ = *s++;
  return to;
}

NO_LIBRARY_CALLS void *memset(void *to, int value, size_t n) {
  uint8_t *d = to;
  uint8_t byte = (uint8_t)value;
  if (n >= 2 * WORD) {
    word_t word = byte * 0x01010101u;
    for (; OFFSET(d) != 0; n--) *d++ = byte;
    for (; n >= 4 * WORD; n -= 4 * WORD, d += 4 * WORD) {
      ((word_t *)d)[0] = word, ((word_t *)d)[1] = word;
      ((word_t *)d)[2] = word, ((word_t *)d)[3] = word;
    }
    for (; n >= WORD; n -= WORD, d += WORD) *(word_t *)d = word;
  }
  while (n-- > 0) *d++ = byte;
  return to;
}

NO_LIBRARY_CALLS int memcmp(const void *left, const void *right, size_t n) {
  const uint8_t *l = left, *r = right;
  if (OFFSET(l) == OFFSET(r)) {
    for (; n > 0 && OFFSET(l) != 0 && *l == *r; n--) l++, r++;
    for (; n >= WORD && OFFSET(l) == 0 && *(const word_t *)l == *(const word_t *)r; n -= WORD) {
      l += WORD;
      r += WORD;
    }
  }
  for (; n > 0; n--, l++, r++) {
    if (*l != *r) return *l - *r;
  }
  return 0;
}
