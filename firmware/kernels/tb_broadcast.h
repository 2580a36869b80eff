/* SPDX-License-Identifier: Apache-2.0 */
/* How two operands are walked through that broadcast. The compiler merges axes that broadcast
 * alike, so the innermost loop is long: equal shapes become one axis, a per-channel operand two. */
#ifndef TB_BROADCAST_H
#define TB_BROADCAST_H

#include <stdint.h>

/* Runs `statement` for every element of the output, with pa and pb at its operands. */
#define TB_FOR_EACH(type, shape, a, b, statement)                                             \
  do {                                                                                        \
    const int32_t row = (shape)->size[3];                                                     \
    const int32_t next_a = (shape)->step_a[3], next_b = (shape)->step_b[3];                   \
    for (int32_t i = 0; i < (shape)->size[0]; i++) {                                          \
      for (int32_t j = 0; j < (shape)->size[1]; j++) {                                        \
        for (int32_t k = 0; k < (shape)->size[2]; k++) {                                      \
          const type *pa =                                                                    \
              (a) + i * (shape)->step_a[0] + j * (shape)->step_a[1] + k * (shape)->step_a[2]; \
          const type *pb =                                                                    \
              (b) + i * (shape)->step_b[0] + j * (shape)->step_b[1] + k * (shape)->step_b[2]; \
          for (const type *const end = out + row; out != end;) {                              \
            statement;                                                                        \
            pa += next_a;                                                                     \
            pb += next_b;                                                                     \
          }                                                                                   \
        }                                                                                     \
      }                                                                                       \
    }                                                                                         \
  } while (0)

#endif
