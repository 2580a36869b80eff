/* SPDX-License-Identifier: Apache-2.0 */
#include "tb_tflm.h"

#include <new>

#include "tensorflow/lite/micro/memory_helpers.h"
#include "tensorflow/lite/micro/micro_interpreter.h"
#include "tensorflow/lite/micro/micro_profiler_interface.h"
#include "tensorflow/lite/schema/schema_generated.h"
#ifdef TB_PROFILE
#include "tb_port.h"
#endif
#ifdef TB_TAP
#include "tb_tap.h"
#endif

namespace {

// With its context, which knows every tensor; GetTensor() only does where none shares memory.
class Interpreter : public tflite::MicroInterpreter {
public:
  using MicroInterpreter::context;
  using MicroInterpreter::MicroInterpreter;
};

// No constructor runs before setup(), and no destructor ever.
alignas(Interpreter) uint8_t storage[sizeof(Interpreter)];
Interpreter *interpreter;

#if defined(TB_PROFILE) || defined(TB_TAP)
// TFLM tells of each op of the model, in their order, before and after it runs.
class Observer : public tflite::MicroProfilerInterface {
public:
  uint32_t op = 0;

  uint32_t BeginEvent(const char *) override {
#ifdef TB_PROFILE
    opened_ = tb_port_ticks();
#endif
    return op++;
  }

  void EndEvent(uint32_t at) override {
#ifdef TB_PROFILE
    const uint64_t took = tb_port_ticks() - opened_;
    if (at >= tb_tflm_ops) return;
    tb_tflm_ticks[at][0] = static_cast<uint32_t>(took);
    tb_tflm_ticks[at][1] = static_cast<uint32_t>(took >> 32);
#else
    Tap(at);
#endif
  }

private:
#ifdef TB_PROFILE
  uint64_t opened_ = 0;
#else
  void Tap(uint32_t at) {
    const auto *graph = tflite::GetModel(tb_tflm.flatbuffer)->subgraphs()->Get(0);
    for (const int32_t tensor : *graph->operators()->Get(at)->outputs()) {
      const TfLiteContext &context = interpreter->context();
      const TfLiteEvalTensor *made = context.GetEvalTensor(&context, tensor);
      size_t bytes = 0;
      if (tflite::TfLiteEvalTensorByteLength(made, &bytes) != kTfLiteOk) continue;
      tb_tap(static_cast<uint32_t>(tensor), 0, made->data.raw, static_cast<uint32_t>(bytes));
    }
  }
#endif
};

alignas(Observer) uint8_t observer_storage[sizeof(Observer)];
Observer *observer;

tflite::MicroProfilerInterface *observe() { return observer = new (observer_storage) Observer; }
#else
tflite::MicroProfilerInterface *observe() { return nullptr; }
#endif

bool allocate(const tflite::MicroOpResolver &resolver, size_t arena_bytes) {
  interpreter = new (storage) Interpreter(tflite::GetModel(tb_tflm.flatbuffer), resolver,
                                          tb_tflm.arena, arena_bytes, nullptr, observe());
  return interpreter->AllocateTensors() == kTfLiteOk;
}

bool place(tb_tensor_t *to, TfLiteTensor *from) {
  if (from == nullptr || from->bytes != to->bytes) return false;
  to->data = from->data.uint8;
  return true;
}

bool place_all() {
  for (uint16_t i = 0; i < tb_tflm.input_count; i++) {
    if (!place(&tb_tflm.inputs[i], interpreter->input(i))) return false;
  }
  for (uint16_t i = 0; i < tb_tflm.output_count; i++) {
    if (!place(&tb_tflm.outputs[i], interpreter->output(i))) return false;
  }
  return true;
}

} // namespace

int32_t tb_tflm_setup(void) {
  if (tflite::GetModel(tb_tflm.flatbuffer)->version() != TFLITE_SCHEMA_VERSION) {
    return TB_TFLM_SCHEMA;
  }
  const tflite::MicroOpResolver *resolver = tb_tflm.resolver();
  if (resolver == nullptr) return TB_TFLM_RESOLVER;
#ifdef TB_ARENA
  if (!allocate(*resolver, tb_tflm_try)) return TB_TFLM_ALLOCATE;
  tb_tflm_used = static_cast<uint32_t>(interpreter->arena_used_bytes());
#else
  if (!allocate(*resolver, tb_tflm.arena_bytes)) return TB_TFLM_ALLOCATE;
#endif
  return place_all() ? TB_TFLM_OK : TB_TFLM_TENSOR;
}

int32_t tb_tflm_invoke(void) {
#if defined(TB_PROFILE) || defined(TB_TAP)
  observer->op = 0;
#endif
  return interpreter->Invoke() == kTfLiteOk ? TB_TFLM_OK : TB_TFLM_INVOKE;
}
