/* SPDX-License-Identifier: Apache-2.0 */
/* Runs the linked engine on samples from stdin: reads all inputs, answers with all outputs,
 * until the input ends. The arena is filled with noise before each sample, so that a kernel
 * that reads what nothing wrote is seen. */
#include <stdio.h>

#include "tb_engine.h"

enum { DONE = 0, SETUP_FAILED = 3, CUT_SHORT = 4, INVOKE_FAILED = 5, NO_READER = 6 };

static void make_noise(uint32_t seed) {
  for (uint32_t i = 0; i < tb_engine.arena_bytes; i++) {
    seed = seed * 1664525u + 1013904223u;
    tb_engine.arena[i] = (uint8_t)(seed >> 24);
  }
}

/* 1: all there, 0: the end came before the first byte, -1: in the middle. */
static int read_inputs(void) {
  for (int i = 0; i < tb_engine.input_count; i++) {
    const tb_tensor_t *tensor = &tb_engine.inputs[i];
    const size_t got = fread(tensor->data, 1, tensor->bytes, stdin);
    if (got != tensor->bytes) {
      return i == 0 && got == 0 ? 0 : -1;
    }
  }
  return 1;
}

static int write_outputs(void) {
  for (int i = 0; i < tb_engine.output_count; i++) {
    const tb_tensor_t *tensor = &tb_engine.outputs[i];
    if (fwrite(tensor->data, 1, tensor->bytes, stdout) != tensor->bytes) {
      return 0;
    }
  }
  return 1;
}

int main(void) {
  if (tb_engine.setup() != 0) {
    return SETUP_FAILED;
  }
  for (uint32_t sample = 1;; sample++) {
    make_noise(sample);
    const int got = read_inputs();
    if (got != 1) {
      return got == 0 ? DONE : CUT_SHORT;
    }
    if (tb_engine.invoke() != 0) {
      return INVOKE_FAILED;
    }
    if (!write_outputs()) {
      return NO_READER;
    }
  }
}
