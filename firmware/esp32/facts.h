/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TB_FACTS_H
#define TB_FACTS_H

#include "tb_port.h"

/* All but the stack: who this is, why it started, what it has. To be asked before the model's task
 * runs, as it asks the system for it. */
void facts_fill(tb_port_facts_t *facts, uint32_t receive_bytes);

#endif
