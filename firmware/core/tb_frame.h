/* SPDX-License-Identifier: Apache-2.0 */
/* Frames on the wire: 0x00 | COBS(type u8, seq u16, payload, CRC-32) | 0x00. No state, no I/O. */
#ifndef TB_FRAME_H
#define TB_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tb_wire.h"

#ifdef __cplusplus
extern "C" {
#endif

/* zlib's CRC-32. Start with 0; feed the last return value to go on. */
uint32_t tb_crc32(uint32_t crc, const uint8_t *bytes, size_t n);

/* COBS, without delimiters. Encoding puts n + n / 254 + 1 bytes at most and returns how many;
 * `to` may be the same block as `from`, if it begins n / 254 + 1 bytes or more before it.
 * Decoding works in place; returns the decoded length, or SIZE_MAX if the bytes are no COBS. */
size_t tb_cobs_encode(uint8_t *to, const uint8_t *from, size_t n);
size_t tb_cobs_decode(uint8_t *bytes, size_t n);

typedef struct {
  uint8_t type; /* enum tb_message */
  uint16_t seq;
  tb_in_t payload;
} tb_frame_t;

/* What stood between two delimiters, decoded in place; the frame points into it.
 * False: not a frame, or damaged. */
bool tb_frame_open(uint8_t *encoded, size_t n, tb_frame_t *frame);

/* A frame in the making. The payload is written with tb_put_...() to what begin returns, then
 * encoded over itself:
 *
 *   0x00 | room for COBS's extra bytes | type seq payload CRC | 0x00
 */
#define TB_COBS_ROOM (TB_ENCODED_MAX - TB_PAYLOAD_MAX - 7)
typedef struct {
  uint8_t bytes[1 + TB_ENCODED_MAX + 1];
  tb_out_t out;
} tb_draft_t;

tb_out_t *tb_draft_begin(tb_draft_t *draft, uint8_t type, uint16_t seq);

/* Encodes. Returns how many bytes of draft->bytes to send; 0 if the payload was too long. */
size_t tb_draft_end(tb_draft_t *draft);

#ifdef __cplusplus
}
#endif
#endif
