/* SPDX-License-Identifier: Apache-2.0 */
/* In a tap build, what a kernel has just made goes to the host at once. */
#include "tb_tap.h"

#include "tb_frame.h"
#include "tb_port.h"

#ifdef TB_TAP
static tb_draft_t draft;

void tb_tap(uint32_t tensor, uint32_t offset, const void *data, uint32_t n) {
  const uint8_t *at = data;
  while (n > 0) {
    const uint32_t piece = n < TB_CHUNK_MAX ? n : TB_CHUNK_MAX;
    const tb_tap_t tap = {.tensor = tensor, .offset = offset, .data = {at, piece}};
    tb_put_tap(tb_draft_begin(&draft, TB_MSG_TAP, 0), &tap);
    tb_port_write(draft.bytes, tb_draft_end(&draft));
    at += piece, offset += piece, n -= piece;
  }
}
#endif
