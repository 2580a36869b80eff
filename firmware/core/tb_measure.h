/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TB_MEASURE_H
#define TB_MEASURE_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
  uint32_t input_crc;
  uint32_t output_crc;
  uint32_t output_bytes;
  uint64_t ticks;
  uint32_t arena_used; /* or TB_NOT_MEASURED */
  uint32_t stack_used; /* or TB_NOT_MEASURED */
  int32_t status;      /* what the engine returned */
} tb_measured_t;

/* One inference on the inputs that lie in the arena. False: their CRC-32, all in order, is not
 * the one given; m->input_crc says what it is, and nothing was computed.
 * With paint != 0 free arena and stack are painted before, and how much of them was touched is
 * found after; both outside the window. A byte that the engine happens to leave equal to its
 * paint looks untouched: measure again with ~paint and take the larger. */
bool tb_measure(uint8_t paint, uint32_t input_crc, tb_measured_t *m);

#ifdef __cplusplus
}
#endif
#endif
