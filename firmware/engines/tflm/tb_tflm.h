/* SPDX-License-Identifier: Apache-2.0 */
/* TensorFlow Lite Micro as an engine: what a rendered model.cc says of its model, and the two
 * functions that it gives to the core. */
#ifndef TB_TFLM_H
#define TB_TFLM_H

#include <stddef.h>
#include <stdint.h>

#include "tb_engine.h"
#include "tensorflow/lite/micro/micro_op_resolver.h"

struct tb_tflm_t {
  const uint8_t *flatbuffer;
  uint8_t *arena;
  uint32_t arena_bytes;
  uint16_t input_count;
  uint16_t output_count;
  /* As the model file has them; where their data lies is filled in by tb_tflm_setup(). */
  tb_tensor_t *inputs;
  tb_tensor_t *outputs;
  /* A resolver with the model's ops; NULL where TFLM refuses one. */
  const tflite::MicroOpResolver *(*resolver)();
};

extern const tb_tflm_t tb_tflm;

/* What tb_tflm_setup() and tb_tflm_invoke() return. */
enum tb_tflm_status {
  TB_TFLM_OK = 0,
  TB_TFLM_SCHEMA = 1,   /* the flatbuffer is of another schema */
  TB_TFLM_RESOLVER = 2, /* an op could not be registered */
  TB_TFLM_ALLOCATE = 3, /* AllocateTensors() failed: the arena is too small, or an op refuses */
  TB_TFLM_TENSOR = 4,   /* an input or output is not of the size that model.cc says */
  TB_TFLM_INVOKE = 5    /* Invoke() failed */
};

int32_t tb_tflm_setup(void);
int32_t tb_tflm_invoke(void);

/* In a profile build: ticks of each op, low and high word, one row per op. */
#ifdef TB_PROFILE
extern uint32_t tb_tflm_ticks[][2];
extern const uint32_t tb_tflm_ops;
#endif

/* In an arena build: how many bytes of the arena to try with, which the host writes into the ELF
 * for every try, and what TFLM's allocator says that it used. */
#ifdef TB_ARENA
extern const volatile uint32_t tb_tflm_try;
extern uint32_t tb_tflm_used;
#endif

#endif
