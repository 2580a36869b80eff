/* SPDX-License-Identifier: Apache-2.0 */
/* The bare-metal ports' common half: start-up, traps, and what tb_port.h asks for. machine.h of
 * each has the rest. */
#include "tb_port.h"

#include <string.h>

#include "console.h"
#include "guard.h"
#include "machine.h"

#define REBOOTED 0x7462726Bu /* says that boots is valid and tb_port_reset() was called */

/* Placed by the linker script. */
extern uint8_t tb_stack_low[], tb_stack_high[];
extern uint8_t tb_data_low[], tb_data_high[], tb_bss_low[], tb_bss_high[];
extern const uint8_t tb_data_image[];

void tb_reset(void) __attribute__((noreturn));
void tb_start(void) __attribute__((noreturn));
void tb_trap_report(uint32_t cause, uint32_t pc, uint32_t value) __attribute__((noreturn));

/* Survives tb_port_reset(). */
static struct {
  uint32_t rebooted;
  uint32_t boots;
} kept __attribute__((section(".noinit")));

static tb_port_facts_t facts = {
    .board = TB_BOARD_NAME,
    .chip = TB_CHIP_NAME,
    .clock_hz = TB_CLOCK_HZ,
    .stack_low = tb_stack_low,
    .stack_high = tb_stack_high,
};

/* Start-up ------------------------------------------------------------------------------------ */

static void identify_boot(void) {
  int software = kept.rebooted == REBOOTED;
  kept.boots = software ? kept.boots + 1u : 0u;
  kept.rebooted = 0;
  facts.reset_reason = software ? TB_RESET_SOFTWARE : TB_RESET_POWER_ON;
  facts.boot_id = (machine_seed() ^ kept.boots * 0x9E3779B9u) | 1u;
}

void tb_start(void) {
  memcpy(tb_data_low, tb_data_image, (size_t)(tb_data_high - tb_data_low));
  memset(tb_bss_low, 0, (size_t)(tb_bss_high - tb_bss_low));

  guard_memory();
  console_setup();
  identify_boot();
  tb_main();
  machine_exit(0);
}

/* Traps --------------------------------------------------------------------------------------- */

static void write_text(const char *text) { console_write((const uint8_t *)text, strlen(text)); }

static void write_hex(const char *label, uint32_t value) {
  char text[] = "0x00000000";
  for (size_t i = 9; i > 1; i--) {
    text[i] = "0123456789abcdef"[value & 15u];
    value >>= 4;
  }
  write_text(label);
  write_text(text);
}

/* One line of text between frame delimiters, then the end. The console is set up anew, whatever
 * has become of it. A second trap in here comes back here and only ends the emulator. */
void tb_trap_report(uint32_t cause, uint32_t pc, uint32_t value) {
  static const uint8_t delimiter = 0;
  static int entered;
  if (!entered) {
    entered = 1;
    console_setup();
    console_write(&delimiter, 1);
    write_hex("\ntb-trap: " TRAP_CAUSE "=", cause);
    write_hex(" " TRAP_PC "=", pc);
    write_hex(" " TRAP_VALUE "=", value);
    write_text("\n");
    console_write(&delimiter, 1);
  }
  machine_exit(EXIT_TRAP);
}

/* tb_port.h ----------------------------------------------------------------------------------- */

const tb_port_facts_t *tb_port_facts(void) { return &facts; }

size_t tb_port_read(uint8_t *to, size_t n) { return console_read(to, n); }

void tb_port_write(const uint8_t *from, size_t n) { console_write(from, n); }

bool tb_port_set_baud(uint32_t baud) {
  (void)baud; /* a socket has none */
  return false;
}

uint64_t tb_port_ticks(void) { return machine_ticks(); }

void tb_port_reset(void) {
  kept.rebooted = REBOOTED;
  tb_reset();
}
