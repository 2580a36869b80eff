/* SPDX-License-Identifier: Apache-2.0 */
/* Physical memory protection (RISC-V privileged architecture 3.7). The first matching entry
 * decides; locked entries bind machine mode too. A write to flash traps as well. */
#include "guard.h"

#include "machine.h"

#define READ 0x01u
#define WRITE 0x02u
#define EXECUTE 0x04u
#define UP_TO_HERE 0x08u /* from the entry before, up to this address */
#define POWER_OF_TWO 0x18u
#define LOCKED 0x80u

/* Address registers hold address / 4; a block of 2^k bytes sets its k - 3 lowest bits. */
#define AT(address) ((uint32_t)(uintptr_t)(address) >> 2)
#define BLOCK(address, bytes) (AT(address) | ((bytes) / 8u - 1u))
#define EVERYTHING 0xFFFFFFFFu

extern uint8_t tb_flash_low[], tb_flash_high[], tb_ram_low[], tb_ram_high[];

void guard_memory(void) {
  CSR_WRITE(pmpaddr0, AT(tb_flash_low));
  CSR_WRITE(pmpaddr1, AT(tb_flash_high));
  CSR_WRITE(pmpaddr2, AT(tb_ram_low));
  CSR_WRITE(pmpaddr3, AT(tb_ram_high));
  CSR_WRITE(pmpaddr4, BLOCK(FINISHER_BASE, 8192u)); /* and the clock behind it */
  CSR_WRITE(pmpaddr5, BLOCK(CONSOLE_BASE, 4096u));
  CSR_WRITE(pmpaddr6, BLOCK(PLIC_BASE, 0x4000000u));
  CSR_WRITE(pmpaddr7, EVERYTHING);
  CSR_WRITE(pmpcfg0, LOCKED |                                          /* 0: below flash */
                         (LOCKED | UP_TO_HERE | READ | EXECUTE) << 8 | /* 1: flash */
                         LOCKED << 16 |                                /* 2: below RAM */
                         (LOCKED | UP_TO_HERE | READ | WRITE) << 24);  /* 3: RAM */
  /* Second, since its last entry forbids what no earlier one allows. */
  CSR_WRITE(pmpcfg1, (LOCKED | POWER_OF_TWO | READ | WRITE) |           /* 4: finisher, clock */
                         (LOCKED | POWER_OF_TWO | READ | WRITE) << 8 |  /* 5: console */
                         (LOCKED | POWER_OF_TWO | READ | WRITE) << 16 | /* 6: PLIC */
                         (LOCKED | POWER_OF_TWO) << 24);                /* 7: everything */
}
