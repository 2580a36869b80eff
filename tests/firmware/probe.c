/* SPDX-License-Identifier: Apache-2.0 */
/* Stands in for the core in tests of a port: each byte that arrives asks for something. */
#include <string.h>

#include "tb_port.h"

#define FRAME 4096u
#define WINDOW 96u

#ifdef __riscv
#define NO_SUCH_INSTRUCTION ".insn 4, 0x0000100b"
#define LACKING_INSTRUCTION ".insn 4, 0x1005202f" /* atomic: no "a" in rv32imc */
#else
#define NO_SUCH_INSTRUCTION "ill"
#define LACKING_INSTRUCTION ".byte 0x20, 0x22, 0xc2" /* quou: an lx106 does not divide */
#endif

extern uint8_t tb_flash_low[], tb_ram_low[], tb_ram_high[];

static uint8_t frame[FRAME] __attribute__((aligned(4)));
static const uint8_t constant = 42;
static volatile uint32_t zero;

static void answer(uint64_t value) { tb_port_write((const uint8_t *)&value, sizeof value); }

static void read_exactly(uint8_t *to, size_t n) {
  while (n > 0) {
    size_t got = tb_port_read(to, n);
    to += got;
    n -= got;
  }
}

static uint32_t __attribute__((noinline)) recurse(uint32_t depth) {
  volatile uint8_t page[256];
  page[depth % 256u] = 1;
  return depth == 0 ? page[0] : recurse(depth - 1) + page[depth % 256u];
}

static uint32_t address_of(const void *object) { return (uint32_t)(uintptr_t)object + zero; }

static void store(uint32_t address) { *(volatile uint8_t *)(uintptr_t)address = 1; }

static uint32_t load(uint32_t address) { return *(volatile uint8_t *)(uintptr_t)address; }

static void jump(uint32_t address) { ((void (*)(void))(uintptr_t)address)(); }

/* The slow and obvious versions, byte by byte. */
static int same(const uint8_t *a, const uint8_t *b, size_t n) {
  for (size_t i = 0; i < n; i++) {
    if (a[i] != b[i]) return 0;
  }
  return 1;
}

static int sign(int value) { return (value > 0) - (value < 0); }

/* memcpy, memset and memcmp for every small size and pair of alignments; 0 if all are right. */
static uint32_t check_memory_functions(void) {
  static uint8_t from[WINDOW], got[WINDOW], want[WINDOW];
  for (size_t i = 0; i < WINDOW; i++) from[i] = (uint8_t)(i * 37u + 11u);
  for (size_t n = 0; n < 72; n++) {
    for (size_t shift = 0; shift < 16; shift++) {
      uint8_t *to = got + 4 + shift % 4;
      const uint8_t *source = from + 4 + shift / 4;
      for (size_t i = 0; i < WINDOW; i++) got[i] = want[i] = 0x5A;
      for (size_t i = 0; i < n; i++) want[(size_t)(to - got) + i] = source[i];
      if (memcpy(to, source, n + zero) != to || !same(got, want, WINDOW)) return 1;
      if (memcmp(to, source, n + zero) != 0) return 2;
      for (size_t i = 0; i < n; i++) {
        to[i] ^= 0x80u;
        if (sign(memcmp(to, source, n + zero)) != sign(to[i] - source[i])) return 3;
        to[i] ^= 0x80u;
      }
      for (size_t i = 0; i < n; i++) want[(size_t)(to - got) + i] = 0xA5;
      if (memset(to, 0x1A5, n + zero) != to || !same(got, want, WINDOW)) return 4;
    }
  }
  return 0;
}

void tb_main(void) {
  for (;;) {
    const tb_port_facts_t *facts = tb_port_facts();
    uint64_t before = tb_port_ticks();
    uint8_t what = 0;
    read_exactly(&what, 1);
    switch (what) {
      case 'e': /* send a frame back */
        read_exactly(frame, FRAME);
        tb_port_write(frame, FRAME);
        break;
      case 'b': answer(facts->boot_id); break;
      case 'r': answer(facts->reset_reason); break;
      case 's': answer((uint64_t)(facts->stack_high - facts->stack_low)); break;
      case 'R': tb_port_reset(); break;
      case 'm': answer(check_memory_functions()); break;
      case 't': /* what reading the counter twice costs */
        before = tb_port_ticks();
        answer(tb_port_ticks() - before);
        break;
      case '0': store(zero); break;
      case '1': store(address_of(&constant)); break;
      case '2': store(address_of(tb_ram_high)); break;
      case '3': store(address_of(tb_ram_low) - 1u); break;
      case '4': answer(load(address_of(tb_ram_high) + 0x1000u)); break;
      case '5': answer(load(address_of(tb_flash_low) - 1u)); break;
      case '6': jump(address_of(frame)); break;
      case '7': answer(recurse(100000u)); break;
      case '8': __asm__ volatile(NO_SUCH_INSTRUCTION); break;
      case '9': __asm__ volatile(LACKING_INSTRUCTION); break;
      case 'u': answer(*(volatile uint32_t *)(uintptr_t)(address_of(frame) + 1u)); break;
      case 'U': *(volatile uint16_t *)(uintptr_t)(address_of(frame) + 3u) = 1; break;
      default: break;
    }
  }
}
