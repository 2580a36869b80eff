/* SPDX-License-Identifier: Apache-2.0 */
/* The serial line as a blocking byte pipe. */
#ifndef CONSOLE_H
#define CONSOLE_H

#include <stddef.h>
#include <stdint.h>

void console_setup(void);
size_t console_read(uint8_t *to, size_t n); /* up to n bytes, at least one */
void console_write(const uint8_t *from, size_t n);

#endif
