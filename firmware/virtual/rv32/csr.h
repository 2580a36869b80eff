/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CSR_H
#define CSR_H

#include <stdint.h>

#define REG8(address) (*(volatile uint8_t *)(uintptr_t)(address))
#define REG32(address) (*(volatile uint32_t *)(uintptr_t)(address))

#define CSR_READ(name)                                  \
  __extension__({                                       \
    uint32_t value_;                                    \
    __asm__ volatile("csrr %0, " #name : "=r"(value_)); \
    value_;                                             \
  })
#define CSR_WRITE(name, value) __asm__ volatile("csrw " #name ", %0" : : "r"((uint32_t)(value)))

/* What a trap's line calls its three numbers. */
#define TRAP_CAUSE "mcause"
#define TRAP_PC "mepc"
#define TRAP_VALUE "mtval"

#endif
