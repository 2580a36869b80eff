"""Checkouts of TFLite Micro and ESP-NN; few have them, and none may be in the project."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from tinybench.tflm.checkouts import ESP_NN, TFLM

LACKS = [c.variable for c in (TFLM, ESP_NN) if not os.environ.get(c.variable)]
needs_sources = pytest.mark.skipif(
    bool(LACKS), reason=f"no sources of TFLite Micro here: {' and '.join(LACKS)} not set"
)

RESOLVER = """
#include "tensorflow/lite/micro/kernels/conv.h"
template <unsigned int tOpCount>
class MicroMutableOpResolver {
  TfLiteStatus AddConv2D(const TFLMRegistration& registration = Register_CONV_2D()) {
    return AddBuiltin(BuiltinOperator_CONV_2D, registration, ParseConv2D);
  }
  TfLiteStatus AddRelu() {
    return AddBuiltin(BuiltinOperator_RELU, tflite::Register_RELU(), ParseRelu);
  }
};
"""
MICRO = "tensorflow/lite/micro"
FILES = {
    f"{MICRO}/micro_mutable_op_resolver.h": RESOLVER,
    f"{MICRO}/micro_interpreter.cc": '#include "tensorflow/lite/micro/micro_allocator.h"\n',
    f"{MICRO}/micro_allocator.h": '#include <algorithm>\n#include "flatbuffers/base.h"\n',
    f"{MICRO}/micro_allocator.cc": '#include "tensorflow/lite/micro/micro_allocator.h"\n'
    '  #  include "tensorflow/lite/micro/debug_log.h"\n',
    f"{MICRO}/micro_profiler_interface.h": "",
    f"{MICRO}/debug_log.h": "",
    f"{MICRO}/debug_log.cc": "",
    "tensorflow/lite/schema/schema_generated.h": "",
    "third_party/flatbuffers/include/flatbuffers/base.h": "",
    f"{MICRO}/kernels/conv.h": "",
    f"{MICRO}/kernels/conv.cc": '#include "tensorflow/lite/micro/kernels/conv.h"\n'
    "TFLMRegistration Register_CONV_2D() {\n}\n",
    f"{MICRO}/kernels/conv_common.cc": "",
    f"{MICRO}/kernels/esp_nn/conv.cc": '#include "tensorflow/lite/micro/kernels/conv.h"\n'
    "#include <esp_nn.h>\nTFLMRegistration Register_CONV_2D() {\n}\n",
    f"{MICRO}/kernels/activations.cc": "TFLMRegistration Register_RELU() {\n}\n",
    f"{MICRO}/kernels/unused.cc": "TFLMRegistration Register_ABS() {\n}\n",
}
ESP_NN_FILES = {
    "include/esp_nn.h": "",
    "src/common/common_functions.h": "",
    "src/convolution/esp_nn_conv_ansi.c": "",
    "src/convolution/esp_nn_conv_opt.c": "",
    "src/convolution/esp_nn_conv_esp32s3.c": "",
}


def write_files(root: Path, files: Mapping[str, str]) -> Path:
    """A folder with these files."""
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root
