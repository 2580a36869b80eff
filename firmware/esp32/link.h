/* SPDX-License-Identifier: Apache-2.0 */
/* The board's serial line: uart/ or usb-serial-jtag/, as its file in boards/ says. */
#ifndef TB_LINK_H
#define TB_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The driver holds so many bytes, of the heap, while the core is busy. Its interrupts go to the
 * core that calls this. Ends in a panic where the driver refuses. */
void link_setup(uint32_t held_bytes);

/* Up to n bytes; waits for the first one, but not for ever: 0 when none came meanwhile. */
size_t link_read(uint8_t *to, size_t n);

/* All n bytes; 0 where the other side takes none for so long that it must be gone. */
size_t link_write(const uint8_t *from, size_t n);

/* Another rate, once all that was written has left. False: it cannot; nothing has changed. */
bool link_set_baud(uint32_t baud);

#endif
