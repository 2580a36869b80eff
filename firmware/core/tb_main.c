/* SPDX-License-Identifier: Apache-2.0 */
/* The loop: bytes in, cut at the delimiters, to the session. */
#include "tb_log.h"
#include "tb_port.h"
#include "tb_session.h"

typedef struct {
  uint8_t bytes[TB_ENCODED_MAX + 2];
  size_t fill;
} tb_inbox_t;

static tb_session_t session;
static tb_inbox_t inbox;

/* Hands over what has become complete by the bytes from `seen` on; keeps the rest. */
static void deliver(size_t seen) {
  size_t start = 0;
  for (size_t i = seen; i < inbox.fill; i++) {
    if (inbox.bytes[i] != 0) continue;
    if (i > start) tb_session_receive(&session, &inbox.bytes[start], i - start);
    start = i + 1;
  }
  inbox.fill -= start;
  for (size_t i = 0; start > 0 && i < inbox.fill; i++) inbox.bytes[i] = inbox.bytes[start + i];
  if (inbox.fill == sizeof inbox.bytes) inbox.fill = 0; /* longer than any frame: noise */
}

void tb_log(enum tb_log_level level, const char *line) { tb_session_log(&session, level, line); }

void tb_main(void) {
  tb_session_start(&session);
  inbox.fill = 0;
  for (;;) {
    size_t seen = inbox.fill;
    size_t n = tb_port_read(&inbox.bytes[seen], sizeof inbox.bytes - seen);
    if (n == 0) return;
    inbox.fill += n;
    tb_line_heard(&session.line, n);
    deliver(seen);
  }
}
