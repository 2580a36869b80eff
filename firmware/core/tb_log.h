/* SPDX-License-Identifier: Apache-2.0 */
/* Words for the host's device log, from anything that runs in the core's loop: an engine, a port.
 */
#ifndef TB_LOG_H
#define TB_LOG_H

#include "tb_wire.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One line, without a line end; what is longer than a frame is not sent. In an engine's setup, or
 * on a failure: within invoke its cost is measured with the model's. Not from an interrupt. */
void tb_log(enum tb_log_level level, const char *line);

#ifdef __cplusplus
}
#endif
#endif
