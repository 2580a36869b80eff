/* SPDX-License-Identifier: Apache-2.0 */
/* The line's rate: raised when the host asks, back to the first one where nothing intact comes. */
#ifndef TB_LINE_H
#define TB_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
  uint32_t baud;   /* 0: the one that the board booted with */
  uint32_t unread; /* bytes since the last intact frame */
  bool proven;     /* this rate has carried an intact frame */
} tb_line_t;

/* Another rate; 0: the first one. Where the board cannot, the old one stays. */
void tb_line_set(tb_line_t *line, uint32_t baud);

/* So many bytes have come; goes back to the first rate if that makes too many without a frame. */
void tb_line_heard(tb_line_t *line, size_t n);

/* One of them was the last of an intact frame. */
void tb_line_intact(tb_line_t *line);

#ifdef __cplusplus
}
#endif
#endif
