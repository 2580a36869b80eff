/* SPDX-License-Identifier: Apache-2.0 */
/* All that the core asks of a board. A port implements these and calls tb_main(). */
#ifndef TB_PORT_H
#define TB_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum tb_reset_reason {
  TB_RESET_UNKNOWN = 0,
  TB_RESET_POWER_ON = 1,
  TB_RESET_SOFTWARE = 2,
  TB_RESET_PANIC = 3,
  TB_RESET_WATCHDOG = 4,
  TB_RESET_BROWN_OUT = 5,
  TB_RESET_DEEP_SLEEP = 6
};

typedef struct {
  const char *board; /* as in boards/NAME.toml */
  const char *chip;
  const char *system;     /* revision, MAC, memory: one line for people; NULL: nothing to tell */
  uint32_t clock_hz;      /* 0: no clock to speak of (virtual) */
  uint32_t boot_id;       /* differs between boots as far as the board can tell */
  uint32_t reset_reason;  /* enum tb_reset_reason */
  uint8_t *stack_low;     /* lowest byte of the stack; NULL: cannot be painted */
  uint8_t *stack_high;    /* one past its highest byte */
  uint32_t receive_bytes; /* held while the core is busy, none lost; 0: the sender is held back */
  uint32_t baud;          /* the line's rate after a boot; 0: it has none that could be set */
} tb_port_facts_t;

/* Never NULL; constant while running. */
const tb_port_facts_t *tb_port_facts(void);

/* Up to n bytes that have arrived; blocks until there is at least one.
 * 0: the other side is gone for good. */
size_t tb_port_read(uint8_t *to, size_t n);

/* All n bytes; blocks until they are on their way. */
void tb_port_write(const uint8_t *from, size_t n);

/* The line's rate from now on. What was written before still leaves at the old one: wait for it.
 * False: the line cannot have this rate; nothing has changed. Not called where facts->baud is 0. */
bool tb_port_set_baud(uint32_t baud);

/* The latency counter: rises by one per unit that the board file names; wraps at 2^64. */
uint64_t tb_port_ticks(void);

/* Start over, as after power-on (reset reason TB_RESET_SOFTWARE). Does not return. */
void tb_port_reset(void);

/* The core's loop: answers requests until tb_port_read() returns 0. */
void tb_main(void);

#ifdef __cplusplus
}
#endif
#endif
