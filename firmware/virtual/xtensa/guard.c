/* SPDX-License-Identifier: Apache-2.0 */
/* Region protection (Xtensa ISA reference manual, 4.6.3): what may be done in each eighth of the
 * address space. No kind of access is "read only", so a write to flash does not trap here. */
#include "guard.h"

#include "machine.h"

#define REGIONS 8u
#define REGION_SHIFT 29
#define DATA 0u       /* read and write, do not execute */
#define EVERYTHING 2u /* read, write, execute; no cache */
#define NOTHING 15u

extern uint8_t tb_flash_low[], tb_ram_low[];

static uint32_t region_of(const uint8_t *address) {
  return (uint32_t)(uintptr_t)address >> REGION_SHIFT;
}

void guard_memory(void) {
  for (uint32_t region = 0; region < REGIONS; region++) {
    int flash = region == region_of(tb_flash_low), ram = region == region_of(tb_ram_low);
    uint32_t code = flash ? EVERYTHING : NOTHING;
    uint32_t data = flash || ram ? DATA : NOTHING;
    uint32_t address = region << REGION_SHIFT;
    __asm__ volatile("witlb %0, %1\n\tisync" : : "r"(code), "r"(address) : "memory");
    __asm__ volatile("wdtlb %0, %1\n\tdsync" : : "r"(data), "r"(address) : "memory");
  }
}
