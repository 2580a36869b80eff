/* SPDX-License-Identifier: Apache-2.0 */
/* UART0 by its registers (ESP32-C3 technical reference manual, 26), polled. */
#include "console.h"

#include "machine.h"

#define UART0 0x60000000u
#define FIFO REG32(UART0)
#define STATUS REG32(UART0 + 0x1Cu)
#define CLKDIV REG32(UART0 + 0x14u)
#define FIFO_BYTES 128u
#define DIVIDER 16u /* as fast as a poll: 80 MHz / 16 */

static uint32_t received(void) { return STATUS & 0x3FFu; }

static uint32_t unsent(void) { return STATUS >> 16 & 0x3FFu; }

void console_setup(void) { CLKDIV = DIVIDER; }

size_t console_read(uint8_t *to, size_t n) {
  size_t got = 0;
  while (got == 0 && n > 0) {
    for (uint32_t there = received(); there > 0 && got < n; there--) to[got++] = (uint8_t)FIFO;
  }
  return got;
}

/* The FIFO takes words only: a byte's store would be read, changed and written. */
void console_write(const uint8_t *from, size_t n) {
  for (size_t i = 0; i < n; i++) {
    while (unsent() >= FIFO_BYTES) {
    }
    FIFO = from[i];
  }
}
