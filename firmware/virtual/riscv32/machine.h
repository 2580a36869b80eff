/* SPDX-License-Identifier: Apache-2.0 */
/* QEMU's "virt" machine, as far as the port uses it. */
#ifndef MACHINE_H
#define MACHINE_H

#include <stdint.h>

#include "csr.h"

#define FINISHER_BASE 0x00100000u /* writing here ends the emulator; 4 KB */
#define RTC_BASE 0x00101000u      /* the host's time in ns; 4 KB */
#define CONSOLE_BASE 0x10001000u  /* the first virtio slot; 4 KB */
#define CONSOLE_IRQ 1u
#define PLIC_BASE 0x0C000000u /* interrupt controller; 64 MB */

/* The emulator's exit status. */
#define EXIT_TRAP 70u
#define EXIT_NO_CONSOLE 71u /* started without the devices that the board file lists */

#define PLIC_PRIORITY(irq) REG32(PLIC_BASE + 4u * (irq))
#define PLIC_ENABLE REG32(PLIC_BASE + 0x2000u)
#define PLIC_CLAIM REG32(PLIC_BASE + 0x200004u)
#define MIE_EXTERNAL 0x800u

/* Ends the emulator with this exit status. */
__attribute__((noreturn)) static inline void machine_exit(uint32_t status) {
  for (;;) {
    REG32(FINISHER_BASE) = status == 0 ? 0x5555u : (status << 16) | 0x3333u;
  }
}

/* Differs between starts of the emulator: the low word of the host's time in ns. */
static inline uint32_t machine_seed(void) { return REG32(RTC_BASE); }

/* Instructions, in two halves: read again when the low one has wrapped in between. */
static inline uint64_t machine_ticks(void) {
  uint32_t high, low, again;
  do {
    high = CSR_READ(minstreth);
    low = CSR_READ(minstret);
    again = CSR_READ(minstreth);
  } while (high != again);
  return (uint64_t)high << 32 | low;
}

/* Interrupts wake machine_sleep() and are never taken: nothing runs beside the code one reads. */
static inline void machine_enable_irq(uint32_t irq) {
  PLIC_PRIORITY(irq) = 1;
  PLIC_ENABLE = 1u << irq;
  CSR_WRITE(mie, MIE_EXTERNAL);
}

static inline void machine_sleep(void) { __asm__ volatile("wfi"); }

static inline void machine_irq_done(void) { PLIC_CLAIM = PLIC_CLAIM; }

static inline void machine_fence(void) { __asm__ volatile("fence" : : : "memory"); }

#endif
