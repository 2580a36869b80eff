/* SPDX-License-Identifier: Apache-2.0 */
/* Answers each line "function a b c d" on stdin with the function's value. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tb_scale.h"

static int32_t call(const char *name, int32_t a, int32_t b, int32_t c, int32_t d) {
  if (strcmp(name, "high_mul") == 0) {
    return tb_high_mul(a, b);
  }
  if (strcmp(name, "rounding_shift") == 0) {
    return tb_rounding_shift(a, b);
  }
  if (strcmp(name, "requantize") == 0) {
    return tb_requantize(a, b, c);
  }
  if (strcmp(name, "clamp8") == 0) {
    return tb_clamp8(a, b, c);
  }
  return tb_scale(a, b, c, tb_out(d, INT8_MIN, INT8_MAX)); /* "scale" */
}

int main(void) {
  char name[32];
  int32_t a, b, c, d;
  while (scanf("%31s %" SCNd32 " %" SCNd32 " %" SCNd32 " %" SCNd32, name, &a, &b, &c, &d) == 5) {
    printf("%" PRId32 "\n", call(name, a, b, c, d));
  }
  return 0;
}
