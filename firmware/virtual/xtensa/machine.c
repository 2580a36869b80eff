/* SPDX-License-Identifier: Apache-2.0 */
#include "machine.h"

/* The emulated clock has 40 MHz, and -icount shift=0 makes an instruction last 1 ns. */
#define INSTRUCTIONS_PER_STEP 25u

uint32_t machine_seed(void) {
  static const char path[] = "/dev/urandom";
  uint32_t seed = 0;
  uint32_t fd = machine_call(SIMCALL_OPEN, (uint32_t)(uintptr_t)path, 0, 0);
  if (fd != 0) {
    machine_call(SIMCALL_READ, fd, (uint32_t)(uintptr_t)&seed, sizeof seed);
    machine_call(SIMCALL_CLOSE, fd, 0, 0);
  }
  return seed;
}

/* 32 bits wrap after 107,000 million instructions; the core reads more often than that. */
uint64_t machine_ticks(void) {
  static uint32_t wraps, last;
  uint32_t now = SR_READ(ccount);
  wraps += now < last;
  last = now;
  return ((uint64_t)wraps << 32 | now) * INSTRUCTIONS_PER_STEP;
}
