/* SPDX-License-Identifier: Apache-2.0 */
#include "tb_bytes.h"

#include <string.h>

static bool has(tb_in_t *in, size_t n) {
  in->ok = in->ok && (size_t)(in->end - in->at) >= n;
  return in->ok;
}

void tb_get_bytes(tb_in_t *in, uint8_t *to, size_t n) {
  if (!has(in, n)) {
    memset(to, 0, n);
    return;
  }
  memcpy(to, in->at, n);
  in->at += n;
}

uint8_t tb_get_u8(tb_in_t *in) {
  uint8_t b[1];
  tb_get_bytes(in, b, sizeof b);
  return b[0];
}

uint16_t tb_get_u16(tb_in_t *in) {
  uint8_t b[2];
  tb_get_bytes(in, b, sizeof b);
  return (uint16_t)(b[0] | b[1] << 8);
}

uint32_t tb_get_u32(tb_in_t *in) {
  uint32_t low = tb_get_u16(in);
  return low | (uint32_t)tb_get_u16(in) << 16;
}

uint64_t tb_get_u64(tb_in_t *in) {
  uint64_t low = tb_get_u32(in);
  return low | (uint64_t)tb_get_u32(in) << 32;
}

int32_t tb_get_i32(tb_in_t *in) { return (int32_t)tb_get_u32(in); }

static tb_span_t get_span(tb_in_t *in, size_t n) {
  tb_span_t span = {in->at, n};
  if (!has(in, n)) return (tb_span_t){in->at, 0};
  in->at += n;
  return span;
}

tb_span_t tb_get_text(tb_in_t *in) { return get_span(in, tb_get_u8(in)); }

tb_span_t tb_get_rest(tb_in_t *in) { return get_span(in, (size_t)(in->end - in->at)); }

void tb_put_bytes(tb_out_t *out, const uint8_t *from, size_t n) {
  out->ok = out->ok && (size_t)(out->end - out->at) >= n;
  if (!out->ok || n == 0) return;
  memcpy(out->at, from, n);
  out->at += n;
}

void tb_put_u8(tb_out_t *out, uint8_t value) { tb_put_bytes(out, &value, 1); }

void tb_put_u16(tb_out_t *out, uint16_t value) {
  tb_put_u8(out, (uint8_t)value);
  tb_put_u8(out, (uint8_t)(value >> 8));
}

void tb_put_u32(tb_out_t *out, uint32_t value) {
  tb_put_u16(out, (uint16_t)value);
  tb_put_u16(out, (uint16_t)(value >> 16));
}

void tb_put_u64(tb_out_t *out, uint64_t value) {
  tb_put_u32(out, (uint32_t)value);
  tb_put_u32(out, (uint32_t)(value >> 32));
}

void tb_put_i32(tb_out_t *out, int32_t value) { tb_put_u32(out, (uint32_t)value); }

void tb_put_text(tb_out_t *out, tb_span_t text) {
  size_t n = text.n < 255 ? text.n : 255;
  tb_put_u8(out, (uint8_t)n);
  tb_put_bytes(out, text.at, n);
}

tb_span_t tb_text(const char *text) {
  tb_span_t span = {(const uint8_t *)text, 0};
  while (text[span.n] != '\0') span.n++;
  return span;
}
