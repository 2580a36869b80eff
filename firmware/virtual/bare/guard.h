/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUARD_H
#define GUARD_H

/* From here on these trap: a jump into RAM, and any access outside flash, RAM and the port's
 * devices that the machine can tell; so a stack overflow too, since the stack lies lowest in RAM.
 */
void guard_memory(void);

#endif
