/* SPDX-License-Identifier: Apache-2.0 */
/* In a tap build (TB_TAP), whoever makes a tensor says so. */
#ifndef TB_TAP_H
#define TB_TAP_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* n bytes of a tensor of the model file, just made: a row, or all of it. Sent to the host. */
void tb_tap(uint32_t tensor, uint32_t offset, const void *data, uint32_t n);

#ifdef __cplusplus
}
#endif
#endif
