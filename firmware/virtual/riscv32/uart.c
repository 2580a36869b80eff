/* SPDX-License-Identifier: Apache-2.0 */
#include "uart.h"

#include "machine.h"

#define UART(offset) REG8(UART_BASE + (offset))
#define RBR UART(0) /* receive */
#define THR UART(0) /* transmit */
#define DLL UART(0) /* divisor, low byte, while LCR bit 7 is set */
#define DLM UART(1)
#define IER UART(1)
#define FCR UART(2)
#define LCR UART(3)
#define LSR UART(5)

#define LCR_8N1 0x03u
#define LCR_DIVISOR 0x80u
#define LSR_RECEIVED 0x01u
#define LSR_ROOM 0x20u

/* FIFOs on. Trigger level 14: the emulator hands over that many bytes at a time, where level 1
 * would make it one. */
#define FCR_FIFO_14 0xC1u

/* Turning the FIFOs on drops the byte that may have come before: it is kept here. */
static uint8_t early;
static int have_early;

void uart_setup(void) {
  IER = 0;
  LCR = LCR_8N1 | LCR_DIVISOR;
  DLL = 1;
  DLM = 0;
  LCR = LCR_8N1;
  have_early = (LSR & LSR_RECEIVED) != 0;
  early = RBR;
  FCR = FCR_FIFO_14;
}

size_t uart_read(uint8_t *to, size_t n) {
  size_t count = 0;
  if (have_early && n > 0) {
    have_early = 0;
    to[count++] = early;
  }
  while (count < n) {
    if (LSR & LSR_RECEIVED) {
      to[count++] = RBR;
    } else if (count > 0) {
      break;
    }
  }
  return count;
}

void uart_write(const uint8_t *from, size_t n) {
  for (size_t i = 0; i < n; i++) {
    while (!(LSR & LSR_ROOM)) {
    }
    THR = from[i];
  }
}
