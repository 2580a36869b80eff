/* SPDX-License-Identifier: Apache-2.0 */
/* The emulator's own standard input and output, which the host makes the serial line. */
#include "console.h"

#include "machine.h"

#define PAGE_BYTES 4096u /* the emulator reads page by page, and would wait for a second one */

enum { STANDARD_INPUT = 0, STANDARD_OUTPUT = 1 };

void console_setup(void) {}

size_t console_read(uint8_t *to, size_t n) {
  uint32_t address = (uint32_t)(uintptr_t)to;
  size_t within = PAGE_BYTES - address % PAGE_BYTES;
  return machine_call(SIMCALL_READ, STANDARD_INPUT, address, n < within ? n : within);
}

void console_write(const uint8_t *from, size_t n) {
  while (n > 0) {
    uint32_t put = machine_call(SIMCALL_WRITE, STANDARD_OUTPUT, (uint32_t)(uintptr_t)from, n);
    if (put == 0) return; /* the host is gone; the next read says so */
    from += put;
    n -= put;
  }
}
