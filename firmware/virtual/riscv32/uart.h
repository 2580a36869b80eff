/* SPDX-License-Identifier: Apache-2.0 */
/* The emulated 16550 as a blocking byte pipe. */
#ifndef UART_H
#define UART_H

#include <stddef.h>
#include <stdint.h>

void uart_setup(void);
size_t uart_read(uint8_t *to, size_t n); /* up to n bytes, at least one */
void uart_write(const uint8_t *from, size_t n);

#endif
