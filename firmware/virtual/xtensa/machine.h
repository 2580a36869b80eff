/* SPDX-License-Identifier: Apache-2.0 */
/* QEMU's "sim" machine with an lx106 core: special registers, and the calls that it takes from a
 * program as Tensilica's own simulator does (simcall: number in a2, arguments from a3 on). */
#ifndef MACHINE_H
#define MACHINE_H

#include <stdint.h>

#define SR_READ(name)                                    \
  __extension__({                                        \
    uint32_t value_;                                     \
    __asm__ volatile("rsr." #name " %0" : "=r"(value_)); \
    value_;                                              \
  })

/* The emulator's exit status. */
#define EXIT_TRAP 70u

/* What a trap's line calls its three numbers. */
#define TRAP_CAUSE "exccause"
#define TRAP_PC "epc1"
#define TRAP_VALUE "excvaddr"

enum { SIMCALL_EXIT = 1, SIMCALL_READ = 3, SIMCALL_WRITE = 4, SIMCALL_OPEN = 5, SIMCALL_CLOSE = 6 };
enum { INTERRUPTED = 4, TRY_AGAIN = 11 }; /* errno, in a3 */

/* Asks the host for a service, again where a signal of its own came between. 0: refused. */
static inline uint32_t machine_call(uint32_t number, uint32_t first, uint32_t second,
                                    uint32_t third) {
  for (;;) {
    register uint32_t a2 __asm__("a2") = number;
    register uint32_t a3 __asm__("a3") = first;
    register uint32_t a4 __asm__("a4") = second;
    register uint32_t a5 __asm__("a5") = third;
    __asm__ volatile("simcall" : "+r"(a2), "+r"(a3) : "r"(a4), "r"(a5) : "memory");
    if (a2 != UINT32_MAX) return a2;
    if (a3 != INTERRUPTED && a3 != TRY_AGAIN) return 0;
  }
}

/* Ends the emulator with this exit status. */
__attribute__((noreturn)) static inline void machine_exit(uint32_t status) {
  for (;;) {
    machine_call(SIMCALL_EXIT, status, 0, 0);
  }
}

/* Differs between starts of the emulator: four bytes of the host's /dev/urandom. */
uint32_t machine_seed(void);

/* Instructions, to within 25: CCOUNT steps once in 25 of them. */
uint64_t machine_ticks(void);

#endif
