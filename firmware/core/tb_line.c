/* SPDX-License-Identifier: Apache-2.0 */
#include "tb_line.h"

#include "tb_port.h"
#include "tb_wire.h"

void tb_line_set(tb_line_t *line, uint32_t baud) {
  uint32_t first = tb_port_facts()->baud;
  if (baud == 0) baud = first;
  if (first == 0 || !tb_port_set_baud(baud)) return;
  *line = (tb_line_t){.baud = baud == first ? 0 : baud};
}

/* Counted in bytes and not in time, so that no port needs a clock for it: a host that speaks at
 * another rate is heard as noise. */
void tb_line_heard(tb_line_t *line, size_t n) {
  if (line->baud == 0) return;
  line->unread += (uint32_t)n;
  if (line->unread > (line->proven ? TB_DEAF_BYTES : TB_TRIAL_BYTES)) tb_line_set(line, 0);
}

void tb_line_intact(tb_line_t *line) {
  line->unread = 0;
  line->proven = true;
}
