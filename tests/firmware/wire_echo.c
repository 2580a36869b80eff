/* SPDX-License-Identifier: Apache-2.0 */
/* The firmware's codec as a program, for comparison with Python's. On stdin: operation u8,
 * length u32 (host order), bytes; on stdout: length u32, bytes. The input of every operation lies
 * in a block of exactly its size, so that a sanitizer sees any byte read or written beyond. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tb_frame.h"

static void answer(const uint8_t *bytes, size_t n) {
  uint32_t length = (uint32_t)n;
  fwrite(&length, sizeof length, 1, stdout);
  fwrite(bytes, 1, n, stdout);
  fflush(stdout);
}

/* Encoded over its own input, as a draft does it. */
static void encode_in_place(const uint8_t *bytes, size_t n) {
  size_t room = n / 254 + 1;
  uint8_t *block = malloc(room + n);
  if (n > 0) memcpy(block + room, bytes, n);
  answer(block, tb_cobs_encode(block, block + room, n));
  free(block);
}

static void decode(uint8_t *bytes, size_t n) {
  size_t got = tb_cobs_decode(bytes, n);
  if (got == SIZE_MAX) {
    answer((const uint8_t *)"malformed", 9);
  } else {
    answer(bytes, got);
  }
}

/* Out: nothing, or type u8, seq u16, payload. */
static void open_frame(uint8_t *bytes, size_t n) {
  tb_frame_t frame;
  uint8_t out[3 + TB_PAYLOAD_MAX];
  if (!tb_frame_open(bytes, n, &frame)) {
    answer(out, 0);
    return;
  }
  tb_out_t to = {out, out + sizeof out, true};
  tb_put_u8(&to, frame.type);
  tb_put_u16(&to, frame.seq);
  tb_put_bytes(&to, frame.payload.at, (size_t)(frame.payload.end - frame.payload.at));
  answer(out, (size_t)(to.at - out));
}

/* In: type u8, seq u16, payload. Out: the whole frame. */
static void make_frame(uint8_t *bytes, size_t n) {
  tb_draft_t *draft = malloc(sizeof *draft);
  tb_in_t in = {bytes, bytes + n, true};
  uint8_t type = tb_get_u8(&in);
  uint16_t seq = tb_get_u16(&in);
  tb_put_bytes(tb_draft_begin(draft, type, seq), in.at, (size_t)(in.end - in.at));
  answer(draft->bytes, tb_draft_end(draft));
  free(draft);
}

/* In: type u8, payload. Out: the payload again, by way of the message's struct; records, which no
 * struct holds, are copied. "malformed" if the payload is too short. */
static void echo_message(uint8_t *bytes, size_t n) {
  uint8_t out_bytes[TB_PAYLOAD_MAX + 256];
  tb_in_t in = {bytes + 1, bytes + n, true};
  tb_out_t out = {out_bytes, out_bytes + sizeof out_bytes, true};
  switch (bytes[0]) {
#define ECHO(name, number)              \
  case number: {                        \
    tb_##name##_t message;              \
    if (tb_get_##name(&in, &message)) { \
      tb_put_##name(&out, &message);    \
    }                                   \
    break;                              \
  }
    TB_FOR_EACH_MESSAGE(ECHO)
    default: break;
  }
  if (!in.ok) {
    answer((const uint8_t *)"malformed", 9);
    return;
  }
  tb_put_bytes(&out, in.at, (size_t)(in.end - in.at));
  answer(out_bytes, (size_t)(out.at - out_bytes));
}

int main(void) {
  uint8_t operation;
  uint32_t n;
  while (fread(&operation, 1, 1, stdin) == 1 && fread(&n, sizeof n, 1, stdin) == 1) {
    uint8_t *bytes = malloc(n > 0 ? n : 1);
    if (fread(bytes, 1, n, stdin) != n) return 1;
    uint32_t crc = 0;
    switch (operation) {
      case 'c':
        crc = tb_crc32(0, bytes, n);
        answer((const uint8_t *)&crc, sizeof crc);
        break;
      case 'e': encode_in_place(bytes, n); break;
      case 'd': decode(bytes, n); break;
      case 'o': open_frame(bytes, n); break;
      case 'm': make_frame(bytes, n); break;
      case 's': echo_message(bytes, n); break;
      default: return 2;
    }
    free(bytes);
  }
  return 0;
}
