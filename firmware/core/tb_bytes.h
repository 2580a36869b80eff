/* SPDX-License-Identifier: Apache-2.0 */
/* Little-endian numbers in and out of a stretch of bytes, never beyond its end. A get or put that
 * finds no room clears ok and does nothing else, so that one test at the end is enough. */
#ifndef TB_BYTES_H
#define TB_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes that belong to somebody else. */
typedef struct {
  const uint8_t *at;
  size_t n;
} tb_span_t;

typedef struct {
  const uint8_t *at;
  const uint8_t *end;
  bool ok;
} tb_in_t;

typedef struct {
  uint8_t *at;
  uint8_t *end;
  bool ok;
} tb_out_t;

void tb_get_bytes(tb_in_t *in, uint8_t *to, size_t n);
uint8_t tb_get_u8(tb_in_t *in);
uint16_t tb_get_u16(tb_in_t *in);
uint32_t tb_get_u32(tb_in_t *in);
uint64_t tb_get_u64(tb_in_t *in);
int32_t tb_get_i32(tb_in_t *in);
tb_span_t tb_get_text(tb_in_t *in);
tb_span_t tb_get_rest(tb_in_t *in);

void tb_put_bytes(tb_out_t *out, const uint8_t *from, size_t n);
void tb_put_u8(tb_out_t *out, uint8_t value);
void tb_put_u16(tb_out_t *out, uint16_t value);
void tb_put_u32(tb_out_t *out, uint32_t value);
void tb_put_u64(tb_out_t *out, uint64_t value);
void tb_put_i32(tb_out_t *out, int32_t value);
/* Longer texts are cut at 255 bytes, the most that their length byte can say. */
void tb_put_text(tb_out_t *out, tb_span_t text);

tb_span_t tb_text(const char *text);

#ifdef __cplusplus
}
#endif
#endif
