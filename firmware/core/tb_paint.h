/* SPDX-License-Identifier: Apache-2.0 */
/* High-water marks: paint free memory, let the engine run, look how far the paint is gone.
 *
 *   arena   |input|#####touched#####|..paint..|      stack   low |..paint..|##touched##| high
 *           0                   used^                                  used^
 */
#ifndef TB_PAINT_H
#define TB_PAINT_H

#include <stdint.h>

#include "tb_port.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Paint the arena but for its inputs, and the stack below the caller. */
void tb_paint(uint8_t paint);

/* Bytes from the arena's start to the last one that is an input or lost its paint.
 * TB_NOT_MEASURED where the engine does not say where its arena is. */
uint32_t tb_arena_touched(uint8_t paint);

/* Bytes from the stack's top down to the lowest one that lost its paint; the core's own frames
 * included. TB_NOT_MEASURED where the port does not say where the stack is. */
uint32_t tb_stack_touched(uint8_t paint);

#ifdef __cplusplus
}
#endif
#endif
