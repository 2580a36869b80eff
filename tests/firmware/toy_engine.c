/* SPDX-License-Identifier: Apache-2.0 */
/* A model that a reader can run in the head: output = input reversed, plus one. Two inputs, so
 * that order matters. TOY_BYTES sets the size of the first. Built with TOY_FAULTS=1, the first
 * input byte chooses a way to misbehave. */
#include <stddef.h>
#include <string.h>

#include "tb_engine.h"
#include "tb_log.h"
#include "tb_port.h"

#ifndef TOY_BYTES
#define TOY_BYTES 300
#endif
#ifndef TOY_FAULTS
#define TOY_FAULTS 0
#endif
#ifndef TOY_SETUP
#define TOY_SETUP 0 /* what setup() returns */
#endif
#define TOY_SECOND 5
#define TOY_OUTPUT (TOY_BYTES + TOY_SECOND)
#define TOY_USED (2 * ((TOY_OUTPUT + 3) & ~3) + 16)

static _Alignas(16) uint8_t arena[TOY_USED + 4096];

static const tb_tensor_t inputs[] = {
    {.data = arena,
     .bytes = TOY_BYTES,
     .scale_bits = 0x3B808081,
     .zero_point = -128,
     .dtype = TB_INT8,
     .rank = 2,
     .dims = {1, TOY_BYTES}},
    {.data = arena + ((TOY_BYTES + 3) & ~3),
     .bytes = TOY_SECOND,
     .dtype = TB_UINT8,
     .rank = 1,
     .dims = {TOY_SECOND}},
};
static const tb_tensor_t outputs[] = {
    {.data = arena + TOY_USED - ((TOY_OUTPUT + 3) & ~3),
     .bytes = TOY_OUTPUT,
     .scale_bits = 0x3F800000,
     .zero_point = 3,
     .dtype = TB_INT8,
     .rank = 1,
     .dims = {TOY_OUTPUT}},
};

static int32_t setup(void) { return TOY_SETUP; }

/* Takes `depth` times 64 bytes of stack, really. */
static uint8_t __attribute__((noinline)) use_stack(int depth, uint8_t value) {
  volatile uint8_t frame[64];
  for (size_t i = 0; i < sizeof frame; i++) frame[i] = (uint8_t)(value + i);
  return depth == 0 ? frame[0] : (uint8_t)(use_stack(depth - 1, frame[1]) - 1);
}

static void print(const char *text) { tb_port_write((const uint8_t *)text, strlen(text)); }

static int32_t misbehave(uint8_t how) {
  volatile int *volatile nowhere = NULL;
  uint8_t few[4] = {0};
  uint8_t *volatile at = few;
  switch (how) {
    case 1: /* store where nothing is */ *nowhere = 1; break;
    case 2: /* hang, here and nowhere else */
      for (;;) continue;
    case 3: /* print text, as a forgotten printf does, and go on */
      print("hello from the engine\n");
      break;
    case 4: /* fail */ return -3;
    case 5: /* write beyond an array */ at[4] = 1; break;
    case 6: /* say why and stop */
      print("tb-trap: mcause=0x7 mepc=0x20001234 mtval=0x0\n");
      for (;;) tb_port_ticks();
    case 7: /* print noise without end */
      for (;;) print("\x01\xFE\x80noise");
    case 8: /* start over */ tb_port_reset(); break;
    case 9: /* an instruction that no CPU knows */ __builtin_trap();
    case 10: /* use the log */ tb_log(TB_LOG_LEVEL_WARNING, "what the engine has to say"); break;
    default: break;
  }
  return 0;
}

static int32_t invoke(void) {
  static uint8_t joined[TOY_OUTPUT];
  int32_t status = misbehave(TOY_FAULTS ? arena[0] : 0);
  if (status != 0) return status;
  memcpy(joined, inputs[0].data, TOY_BYTES);
  memcpy(joined + TOY_BYTES, inputs[1].data, TOY_SECOND);
  for (size_t i = 0; i < TOY_OUTPUT; i++) {
    outputs[0].data[i] = (uint8_t)(joined[TOY_OUTPUT - 1 - i] + 1);
  }
  outputs[0].data[0] = (uint8_t)(outputs[0].data[0] + use_stack(16, 9) - 9);
  memset(arena, 0xEE, TOY_SECOND); /* engines may write over their inputs */
  return 0;
}

const tb_engine_t tb_engine = {
    .name = "toy",
    .model_sha256 = {0x70, 0x79},
    .build_id = {0x42},
    .arena = arena,
    .arena_bytes = sizeof arena,
    .input_count = 2,
    .output_count = 1,
    .inputs = inputs,
    .outputs = outputs,
    .setup = setup,
    .invoke = invoke,
};
