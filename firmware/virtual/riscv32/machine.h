/* SPDX-License-Identifier: Apache-2.0 */
/* QEMU's "virt" machine, as far as the port uses it, and the machine-mode registers. */
#ifndef MACHINE_H
#define MACHINE_H

#include <stdint.h>

#define FINISHER_BASE 0x00100000u /* writing here ends the emulator; 4 KB */
#define RTC_BASE 0x00101000u      /* the host's time in ns; 4 KB */
#define UART_BASE 0x10000000u     /* 16550, 256 bytes */

#define REG8(address) (*(volatile uint8_t *)(uintptr_t)(address))
#define REG32(address) (*(volatile uint32_t *)(uintptr_t)(address))

#define CSR_READ(name)                             \
  __extension__({                                  \
    uint32_t value_;                               \
    __asm__ volatile("csrr %0, " #name : "=r"(value_)); \
    value_;                                        \
  })
#define CSR_WRITE(name, value) __asm__ volatile("csrw " #name ", %0" : : "r"((uint32_t)(value)))

/* The emulator's exit status after a trap. */
#define EXIT_TRAP 70u

/* Ends the emulator with this exit status. */
__attribute__((noreturn)) static inline void machine_exit(uint32_t status) {
  for (;;) {
    REG32(FINISHER_BASE) = status == 0 ? 0x5555u : (status << 16) | 0x3333u;
  }
}

#endif
