/* SPDX-License-Identifier: Apache-2.0 */
#include "tb_paint.h"

#include <stdbool.h>

#include "tb_engine.h"
#include "tb_wire.h"

/* Kept clear below tb_paint's own frame: the x86-64 red zone, spilled registers. What is counted
 * as touched is too much by this at most, and only for an engine that uses less stack than it. */
#define STACK_MARGIN 128u

/* Depends on the place, so that an engine that clears or copies memory does not hit it by chance;
 * the patterns for paint and ~paint differ in every byte. */
static uint8_t pattern(uint8_t paint, size_t at) {
  return (uint8_t)(paint ^ (at * 167u + (at >> 8) * 59u));
}

static bool in_input(const uint8_t *at) {
  for (uint16_t i = 0; i < tb_engine.input_count; i++) {
    const tb_tensor_t *input = &tb_engine.inputs[i];
    if (at >= input->data && at < input->data + input->bytes) return true;
  }
  return false;
}

/* noinline: so that this frame lies below those that are in use. The writes go below it, to memory
 * that no C object owns; volatile keeps them. */
static __attribute__((noinline)) void paint_stack(uint8_t paint) {
  const tb_port_facts_t *facts = tb_port_facts();
  if (facts->stack_low == NULL) return;
  volatile uint8_t *low = facts->stack_low;
  size_t free_bytes = (size_t)((uintptr_t)__builtin_frame_address(0) - (uintptr_t)low);
  if (free_bytes <= STACK_MARGIN) return;
  for (size_t i = 0; i < free_bytes - STACK_MARGIN; i++) low[i] = pattern(paint, i);
}

void tb_paint(uint8_t paint) {
  for (uint32_t i = 0; tb_engine.arena != NULL && i < tb_engine.arena_bytes; i++) {
    if (!in_input(&tb_engine.arena[i])) tb_engine.arena[i] = pattern(paint, i);
  }
  paint_stack(paint);
}

uint32_t tb_arena_touched(uint8_t paint) {
  if (tb_engine.arena == NULL) return TB_NOT_MEASURED;
  uint32_t used = tb_engine.arena_bytes;
  while (used > 0 && !in_input(&tb_engine.arena[used - 1]) &&
         tb_engine.arena[used - 1] == pattern(paint, used - 1)) {
    used--;
  }
  return used;
}

uint32_t tb_stack_touched(uint8_t paint) {
  const tb_port_facts_t *facts = tb_port_facts();
  if (facts->stack_low == NULL) return TB_NOT_MEASURED;
  const volatile uint8_t *low = facts->stack_low;
  size_t size = (size_t)(facts->stack_high - facts->stack_low);
  size_t untouched = 0;
  while (untouched < size && low[untouched] == pattern(paint, untouched)) untouched++;
  return (uint32_t)(size - untouched);
}
