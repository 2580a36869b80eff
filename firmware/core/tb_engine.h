/* SPDX-License-Identifier: Apache-2.0 */
/* What the core asks of an engine. A rendered model.cc (engine "aot") or an adapter in
 * engines/ provides one tb_engine object; nothing else of it is visible. */
#ifndef TB_ENGINE_H
#define TB_ENGINE_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TB_MAX_DIMS 6

/* TFLite's TensorType numbers (schema.fbs), as far as a device tensor can have them. */
enum tb_dtype { TB_FLOAT32 = 0, TB_INT32 = 2, TB_UINT8 = 3, TB_INT16 = 7, TB_INT8 = 9 };

/* One model input or output. The bytes lie in the arena, 4-byte aligned. */
typedef struct {
  uint8_t *data;
  uint32_t bytes;
  uint32_t scale_bits; /* IEEE-754 single as bits; 0 where not quantized */
  int32_t zero_point;
  uint8_t dtype; /* enum tb_dtype */
  uint8_t rank;
  uint16_t dims[TB_MAX_DIMS];
} tb_tensor_t;

typedef struct {
  const char *name; /* "aot", "tflm" */
  uint8_t model_sha256[32];
  uint8_t build_id[16]; /* hash of all that the firmware was made of */
  /* Inputs, outputs and everything between, one block; NULL: it also holds what must stay from
   * one inference to the next, so that nobody may paint it. */
  uint8_t *arena;
  uint32_t arena_bytes;
  uint16_t input_count;
  uint16_t output_count;
  const tb_tensor_t *inputs;
  const tb_tensor_t *outputs;
  /* Once at boot. 0, or an engine's own error code. */
  int32_t (*setup)(void);
  /* Inputs lie complete in their tensors and may be overwritten. On return 0 the outputs
   * are complete and stay until the next call or until an input is written. */
  int32_t (*invoke)(void);
} tb_engine_t;

extern const tb_engine_t tb_engine;

#ifdef __cplusplus
}
#endif
#endif
