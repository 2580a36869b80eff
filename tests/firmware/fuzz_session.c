/* SPDX-License-Identifier: Apache-2.0 */
/* A malicious host: whatever it sends, the core writes nothing outside its buffers and sends only
 * whole frames. Built by tools/fuzz with libFuzzer, AddressSanitizer and UBSan.
 *
 * CRC and COBS would keep a fuzzer out for ever, so of most inputs frames are made here: the input
 * is then a list of (type u8, harm u8, length u16, payload). Tensors lie in blocks of their own,
 * so that a byte beyond any of them is seen. */
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include "tb_engine.h"
#include "tb_frame.h"
#include "tb_port.h"

#define FIRST 300
#define SECOND 5
#define OUTPUT 1030 /* more than a chunk */
#define STREAM_MAX 65536u

static uint8_t first[FIRST], second[SECOND], output[OUTPUT], arena[64];
static const tb_tensor_t inputs[] = {{.data = first, .bytes = FIRST, .dtype = TB_INT8},
                                     {.data = second, .bytes = SECOND, .dtype = TB_UINT8}};
static const tb_tensor_t outputs[] = {{.data = output, .bytes = OUTPUT, .dtype = TB_INT8}};

static int32_t setup(void) { return 0; }

static int32_t invoke(void) {
  memset(output, first[0] + second[0], OUTPUT);
  memset(first, 0xEE, FIRST);
  return second[0] == 0xFF ? -1 : 0;
}

const tb_engine_t tb_engine = {.name = "fuzzed",
                               .arena = arena,
                               .arena_bytes = sizeof arena,
                               .input_count = 2,
                               .output_count = 1,
                               .inputs = inputs,
                               .outputs = outputs,
                               .setup = setup,
                               .invoke = invoke};

static const tb_port_facts_t facts = {
    .board = "fuzz", .chip = "fuzz", .boot_id = 7, .receive_bytes = 4096, .baud = 115200};
static uint8_t stream[STREAM_MAX];
static size_t stream_fill, stream_at, step;
static uint32_t baud;
static jmp_buf booted;

const tb_port_facts_t *tb_port_facts(void) { return &facts; }

size_t tb_port_read(uint8_t *to, size_t n) {
  size_t left = stream_fill - stream_at;
  if (n > left) n = left;
  if (n > step) n = step;
  memcpy(to, stream + stream_at, n);
  stream_at += n;
  return n;
}

/* Every write is one frame. */
void tb_port_write(const uint8_t *from, size_t n) {
  uint8_t copy[TB_ENCODED_MAX];
  if (n < 3 || n - 2 > sizeof copy || from[0] != 0 || from[n - 1] != 0) abort();
  memcpy(copy, from + 1, n - 2);
  if (tb_cobs_decode(copy, n - 2) == SIZE_MAX || copy[0] < 0x80) abort();
}

bool tb_port_set_baud(uint32_t wanted) {
  if (wanted == 0) abort();
  baud = wanted;
  return wanted <= 3000000u;
}

uint64_t tb_port_ticks(void) { return 0; }

void tb_port_reset(void) { longjmp(booted, 1); }

static void add_bytes(const uint8_t *from, size_t n) {
  if (n > STREAM_MAX - stream_fill) n = STREAM_MAX - stream_fill;
  if (n > 0) memcpy(stream + stream_fill, from, n);
  stream_fill += n;
}

static void add_frame(uint8_t type, uint8_t harm, const uint8_t *payload, size_t n) {
  static tb_draft_t draft;
  tb_put_bytes(tb_draft_begin(&draft, type, harm), payload, n);
  size_t length = tb_draft_end(&draft);
  if (length > 0 && harm >= 0xF0) draft.bytes[(size_t)harm * 31u % length] ^= harm;
  add_bytes(draft.bytes, length);
}

/* Runs name the CRC of the inputs, else hardly one would compute. */
static void add_run(uint8_t harm) {
  tb_run_t run = {.sample = harm, .paint = (uint8_t)(harm & 1u ? 0x5A : 0)};
  run.input_crc = tb_crc32(tb_crc32(0, first, FIRST), second, SECOND);
  uint8_t payload[16];
  tb_out_t out = {payload, payload + sizeof payload, true};
  tb_put_run(&out, &run);
  add_frame(TB_MSG_RUN, harm, payload, (size_t)(out.at - payload));
}

static void add_frames(const uint8_t *data, size_t size) {
  while (size >= 4) {
    size_t n = (size_t)data[2] | (size_t)(data[3] & 7u) << 8;
    uint8_t type = data[0], harm = data[1];
    data += 4, size -= 4;
    if (n > size) n = size;
    if (type == 0xAA) {
      add_bytes(data, n);
    } else if (type == 0xAB) {
      add_run(harm);
    } else {
      add_frame(type, harm, data, n);
    }
    data += n, size -= n;
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 2) return 0;
  stream_fill = stream_at = 0;
  step = data[1] == 0 ? 1 : (size_t)data[1] * 8u;
  memset(first, 0, FIRST);
  memset(second, 0, SECOND);
  if (data[0] & 3u) {
    if (data[0] & 2u) add_frame(TB_MSG_GREET, 1, (const uint8_t *)"\x01\0\0\0\0\0", 6);
    add_frames(data + 2, size - 2);
  } else {
    add_bytes(data + 2, size - 2);
  }
  setjmp(booted); /* after a reset the core starts over on what is left */
  tb_main();
  return 0;
}
