/* SPDX-License-Identifier: Apache-2.0 */
/* A bare ESP32-C3, without ESP-IDF: for emulators that have the chip's own registers. */
#ifndef MACHINE_H
#define MACHINE_H

#include <stdint.h>

#include "csr.h"

#define RANDOM 0x600260B0u /* ESP32-C3 technical reference manual, 25.3 */

#define EXIT_TRAP 70u

/* Nothing can be told an exit status. */
__attribute__((noreturn)) static inline void machine_exit(uint32_t status) {
  (void)status;
  for (;;) {
  }
}

static inline uint32_t machine_seed(void) { return REG32(RANDOM); }

/* The core's performance counter, counting cycles: 1.10 of the manual. It has 32 bits. */
static inline uint64_t machine_ticks(void) {
  static uint32_t wraps, last, counting;
  if (!counting) {
    counting = 1;
    CSR_WRITE(0x7E0, 1); /* PCER: cycles */
    CSR_WRITE(0x7E1, 1); /* PCMR: count */
  }
  uint32_t now = CSR_READ(0x7E2);
  wraps += now < last;
  last = now;
  return (uint64_t)wraps << 32 | now;
}

#endif
