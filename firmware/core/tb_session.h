/* SPDX-License-Identifier: Apache-2.0 */
/* The conversation with the host: one request in, one answer out. docs/protocol.md says what. */
#ifndef TB_SESSION_H
#define TB_SESSION_H

#include "tb_frame.h"
#include "tb_line.h"
#include "tb_measure.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
  int32_t engine_status; /* of tb_engine.setup() */
  bool greeted;
  bool has_result;  /* run, seq and measured are those of the last run */
  bool has_outputs; /* ... and its outputs still lie in the arena */
  uint16_t run_seq;
  tb_run_t run;
  tb_measured_t measured;
  tb_line_t line;
  tb_draft_t draft;
} tb_session_t;

/* Sets the engine up and says Booted. */
void tb_session_start(tb_session_t *s);

/* What stood between two delimiters; decoded in place and answered. */
void tb_session_receive(tb_session_t *s, uint8_t *encoded, size_t n);

/* A line for the host's device log. Not while an inference is being measured. */
void tb_session_log(tb_session_t *s, enum tb_log_level level, const char *line);

#ifdef __cplusplus
}
#endif
#endif
