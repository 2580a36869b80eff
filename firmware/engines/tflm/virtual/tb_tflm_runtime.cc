/* SPDX-License-Identifier: Apache-2.0 */
/* What a board without a C++ library owes TFLM: a place for its words, and the functions that its
 * vtables name but nobody calls. */
#include <cstdarg>
#include <cstddef>
#include <cstdio>

#include "tb_log.h"
#include "tensorflow/lite/micro/debug_log.h"

namespace {

[[noreturn]] void stop() {
  tb_log(TB_LOG_LEVEL_ERROR, "TFLM called what it must not");
  for (;;) {
  }
}

} // namespace

void operator delete(void *) noexcept { stop(); }
void operator delete(void *, std::size_t) noexcept { stop(); }

extern "C" {

void __cxa_pure_virtual();
void __cxa_pure_virtual() { stop(); }
void abort();
[[noreturn]] void abort() { stop(); }

// Within one frame of the link; TFLM ends its lines itself.
void DebugLog(const char *format, va_list args) {
  char line[160];
  const int length = vsnprintf(line, sizeof line, format, args);
  if (length > 0 && length < static_cast<int>(sizeof line) && line[length - 1] == '\n') {
    line[length - 1] = 0;
  }
  tb_log(TB_LOG_LEVEL_WARNING, line);
}

// ESP-NN says so where a kernel is given no scratch.
int printf(const char *format, ...) {
  va_list args;
  va_start(args, format);
  DebugLog(format, args);
  va_end(args);
  return 0;
}
}
