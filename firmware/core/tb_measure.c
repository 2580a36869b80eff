/* SPDX-License-Identifier: Apache-2.0 */
/* The measured loop. What one inference is: the window opens with the input tensors in memory
 * and closes with the output tensors complete. Nothing that depends on the input is outside. */
#include "tb_measure.h"

#include "tb_engine.h"
#include "tb_frame.h"
#include "tb_paint.h"

static uint32_t crc_all(const tb_tensor_t *tensors, uint16_t count) {
  uint32_t crc = 0;
  for (uint16_t i = 0; i < count; i++) crc = tb_crc32(crc, tensors[i].data, tensors[i].bytes);
  return crc;
}

bool tb_measure(uint8_t paint, uint32_t input_crc, tb_measured_t *m) {
  if (paint != 0) tb_paint(paint);
  m->input_crc = crc_all(tb_engine.inputs, tb_engine.input_count);
  if (m->input_crc != input_crc) return false;

  uint64_t opened = tb_port_ticks();
  m->status = tb_engine.invoke();
  uint64_t closed = tb_port_ticks();

  m->ticks = closed - opened;
  m->arena_used = paint != 0 ? tb_arena_touched(paint) : TB_NOT_MEASURED;
  m->stack_used = paint != 0 ? tb_stack_touched(paint) : TB_NOT_MEASURED;
  m->output_crc = crc_all(tb_engine.outputs, tb_engine.output_count);
  m->output_bytes = 0;
  for (uint16_t i = 0; i < tb_engine.output_count; i++) {
    m->output_bytes += tb_engine.outputs[i].bytes;
  }
  return true;
}
