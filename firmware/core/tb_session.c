/* SPDX-License-Identifier: Apache-2.0 */
#include "tb_session.h"

#include <string.h>

#include "tb_engine.h"
#include "tb_port.h"
#ifdef TB_BOARD_H
#include "tb_board.h" /* rendered, where macros are not given to the compiler */
#endif

/* Requests under way unanswered, where the port holds the sender back when it is full. */
#define CREDITS_UNLIMITED 64u

#ifndef TB_BUILD_OPTIONS
#define TB_BUILD_OPTIONS ""
#endif

static void send(tb_session_t *s) {
  size_t n = tb_draft_end(&s->draft);
  if (n > 0) tb_port_write(s->draft.bytes, n);
}

static void refuse(tb_session_t *s, uint16_t seq, enum tb_error_code code, uint32_t detail) {
  tb_error_t error = {.code = (uint8_t)code, .detail = detail};
  tb_put_error(tb_draft_begin(&s->draft, TB_MSG_ERROR, seq), &error);
  send(s);
}

/* Frames that the port's receive buffer holds; the one being answered has left it. */
static uint16_t credits(void) {
  uint32_t receive_bytes = tb_port_facts()->receive_bytes;
  if (receive_bytes == 0) return CREDITS_UNLIMITED;
  uint32_t frames = receive_bytes / (TB_ENCODED_MAX + 2);
  return (uint16_t)(frames == 0 ? 1 : frames < CREDITS_UNLIMITED ? frames : CREDITS_UNLIMITED);
}

static void put_tensors(tb_out_t *out, const tb_tensor_t *tensors, uint16_t count) {
  for (uint16_t i = 0; i < count; i++) {
    const tb_tensor_t *t = &tensors[i];
    tb_tensor_facts_t facts = {.dtype = t->dtype,
                               .rank = t->rank,
                               .scale_bits = t->scale_bits,
                               .zero_point = t->zero_point,
                               .size = t->bytes};
    memcpy(facts.dims, t->dims, sizeof facts.dims);
    tb_put_tensor_facts(out, &facts);
  }
}

static void on_greet(tb_session_t *s, uint16_t seq, const tb_greet_t *greet) {
  const tb_port_facts_t *port = tb_port_facts();
  s->greeted = true;
  s->has_result = s->has_outputs = false;
  tb_hello_t hello = {.protocol = TB_PROTOCOL,
                      .session = greet->session,
                      .boot_id = port->boot_id,
                      .reset_reason = (uint8_t)port->reset_reason,
                      .app = TB_APP_BENCH,
                      .clock_hz = port->clock_hz,
                      .chunk = TB_CHUNK_MAX,
                      .credits = credits(),
                      .arena_bytes = tb_engine.arena_bytes,
                      .engine_status = s->engine_status,
                      .board = tb_text(port->board),
                      .chip = tb_text(port->chip),
                      .engine = tb_text(tb_engine.name),
                      .options = tb_text(TB_BUILD_OPTIONS),
                      .system = tb_text(port->system != NULL ? port->system : ""),
                      .input_count = (uint8_t)tb_engine.input_count};
  memcpy(hello.model_sha256, tb_engine.model_sha256, sizeof hello.model_sha256);
  memcpy(hello.build_id, tb_engine.build_id, sizeof hello.build_id);
  tb_out_t *out = tb_draft_begin(&s->draft, TB_MSG_HELLO, seq);
  tb_put_hello(out, &hello);
  put_tensors(out, tb_engine.inputs, tb_engine.input_count);
  put_tensors(out, tb_engine.outputs, tb_engine.output_count);
  send(s);
}

/* The tensor, if it exists and holds offset .. offset + n; else NULL. */
static const tb_tensor_t *find_range(const tb_tensor_t *tensors, uint16_t count, uint16_t index,
                                     uint32_t offset, size_t n) {
  if (index >= count || offset > tensors[index].bytes) return NULL;
  return n <= tensors[index].bytes - offset ? &tensors[index] : NULL;
}

static void on_input(tb_session_t *s, uint16_t seq, const tb_input_t *piece) {
  const tb_tensor_t *to = find_range(tb_engine.inputs, tb_engine.input_count, piece->tensor,
                                     piece->offset, piece->data.n);
  if (to == NULL) {
    refuse(s, seq, TB_ERROR_CODE_BAD_RANGE, piece->offset);
    return;
  }
  s->has_outputs = false; /* they may lie where this input goes */
  memcpy(to->data + piece->offset, piece->data.at, piece->data.n);
  tb_input_ack_t ack = {.credits = credits()};
  tb_put_input_ack(tb_draft_begin(&s->draft, TB_MSG_INPUT_ACK, seq), &ack);
  send(s);
}

static void send_result(tb_session_t *s) {
  const tb_measured_t *m = &s->measured;
  tb_result_t result = {.boot_id = tb_port_facts()->boot_id,
                        .sample = s->run.sample,
                        .input_crc = m->input_crc,
                        .output_crc = m->output_crc,
                        .output_bytes = m->output_bytes,
                        .ticks = m->ticks,
                        .arena_used = m->arena_used,
                        .stack_used = m->stack_used,
                        .status = m->status};
  tb_put_result(tb_draft_begin(&s->draft, TB_MSG_RESULT, s->run_seq), &result);
  send(s);
}

static bool same_run(const tb_session_t *s, uint16_t seq, const tb_run_t *run) {
  return s->has_result && s->run_seq == seq && s->run.sample == run->sample &&
         s->run.input_crc == run->input_crc && s->run.paint == run->paint;
}

static void on_run(tb_session_t *s, uint16_t seq, const tb_run_t *run) {
  if (same_run(s, seq, run)) {
    send_result(s);
    return;
  }
  if (s->engine_status != 0) {
    refuse(s, seq, TB_ERROR_CODE_ENGINE_FAILED, (uint32_t)s->engine_status);
    return;
  }
  s->has_result = s->has_outputs = false;
  if (!tb_measure(run->paint, run->input_crc, &s->measured)) {
    refuse(s, seq, TB_ERROR_CODE_INPUT_MISMATCH, s->measured.input_crc);
    return;
  }
  s->run = *run;
  s->run_seq = seq;
  s->has_result = true;
  s->has_outputs = s->measured.status == 0;
  send_result(s);
}

static void on_output_read(tb_session_t *s, uint16_t seq, const tb_output_read_t *ask) {
  if (!s->has_outputs || s->run.sample != ask->sample) {
    refuse(s, seq, TB_ERROR_CODE_NO_RESULT, ask->sample);
    return;
  }
  const tb_tensor_t *from =
      find_range(tb_engine.outputs, tb_engine.output_count, ask->tensor, ask->offset, ask->length);
  if (from == NULL || ask->length > TB_CHUNK_MAX) {
    refuse(s, seq, TB_ERROR_CODE_BAD_RANGE, ask->offset);
    return;
  }
  tb_output_t piece = {.sample = ask->sample,
                       .tensor = ask->tensor,
                       .offset = ask->offset,
                       .data = {from->data + ask->offset, ask->length}};
  tb_put_output(tb_draft_begin(&s->draft, TB_MSG_OUTPUT, seq), &piece);
  send(s);
}

static void on_baud(tb_session_t *s, uint16_t seq, const tb_baud_t *ask) {
  uint32_t first = tb_port_facts()->baud;
  tb_baud_ack_t ack = {.baud = first == 0 || ask->baud == 0 ? first : ask->baud};
  tb_put_baud_ack(tb_draft_begin(&s->draft, TB_MSG_BAUD_ACK, seq), &ack);
  send(s);
  tb_line_set(&s->line, ask->baud);
}

static void on_ping(tb_session_t *s, uint16_t seq, const tb_ping_t *ping) {
  tb_pong_t pong = {.data = ping->data};
  tb_put_pong(tb_draft_begin(&s->draft, TB_MSG_PONG, seq), &pong);
  send(s);
}

static bool is_request(uint8_t type) {
  return (type >= TB_MSG_GREET && type <= TB_MSG_BAUD) || type == TB_MSG_PING;
}

/* False: the payload has not its type's layout. */
static bool dispatch(tb_session_t *s, const tb_frame_t *frame) {
  tb_in_t in = frame->payload;
  union {
    tb_greet_t greet;
    tb_input_t input;
    tb_run_t run;
    tb_output_read_t output_read;
    tb_baud_t baud;
    tb_ping_t ping;
  } ask;
  switch (frame->type) {
    case TB_MSG_GREET:
      if (!tb_get_greet(&in, &ask.greet) || in.at != in.end) return false;
      on_greet(s, frame->seq, &ask.greet);
      return true;
    case TB_MSG_INPUT:
      if (!tb_get_input(&in, &ask.input)) return false;
      on_input(s, frame->seq, &ask.input);
      return true;
    case TB_MSG_RUN:
      if (!tb_get_run(&in, &ask.run) || in.at != in.end) return false;
      on_run(s, frame->seq, &ask.run);
      return true;
    case TB_MSG_OUTPUT_READ:
      if (!tb_get_output_read(&in, &ask.output_read) || in.at != in.end) return false;
      on_output_read(s, frame->seq, &ask.output_read);
      return true;
    case TB_MSG_BAUD:
      if (!tb_get_baud(&in, &ask.baud) || in.at != in.end) return false;
      on_baud(s, frame->seq, &ask.baud);
      return true;
    case TB_MSG_PING:
      if (!tb_get_ping(&in, &ask.ping)) return false;
      on_ping(s, frame->seq, &ask.ping);
      return true;
    default:
      if (in.at != in.end) return false;
      tb_port_reset();
      return true;
  }
}

void tb_session_receive(tb_session_t *s, uint8_t *encoded, size_t n) {
  tb_frame_t frame;
  if (!tb_frame_open(encoded, n, &frame)) {
    refuse(s, 0, TB_ERROR_CODE_DAMAGED, 0);
    return;
  }
  tb_line_intact(&s->line);
  size_t length = (size_t)(frame.payload.end - frame.payload.at);
  if (!is_request(frame.type)) {
    refuse(s, frame.seq, TB_ERROR_CODE_UNKNOWN_TYPE, frame.type);
  } else if (!s->greeted && frame.type != TB_MSG_GREET) {
    refuse(s, frame.seq, TB_ERROR_CODE_NOT_GREETED, frame.type);
  } else if (!dispatch(s, &frame)) {
    refuse(s, frame.seq, TB_ERROR_CODE_BAD_REQUEST, (uint32_t)length);
  }
}

void tb_session_log(tb_session_t *s, enum tb_log_level level, const char *line) {
  tb_log_t log = {.level = (uint8_t)level, .line = tb_text(line)};
  tb_put_log(tb_draft_begin(&s->draft, TB_MSG_LOG, 0), &log);
  send(s);
}

void tb_session_start(tb_session_t *s) {
  const tb_port_facts_t *port = tb_port_facts();
  memset(s, 0, sizeof *s);
  tb_booted_t booted = {.boot_id = port->boot_id, .reset_reason = (uint8_t)port->reset_reason};
  tb_put_booted(tb_draft_begin(&s->draft, TB_MSG_BOOTED, 0), &booted);
  send(s);
  s->engine_status = tb_engine.setup();
  if (s->engine_status != 0) tb_session_log(s, TB_LOG_LEVEL_ERROR, "the engine's setup failed");
}
