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
  const tb_out_t out = tb_out(d, strcmp(name, "relu") == 0 ? d : INT8_MIN, INT8_MAX);
  if (c >= 0) { /* as kernels that know the sign beforehand */
    return tb_scale_short(a, b, c, tb_rounding(c, out), out.sign, out);
  }
  return tb_scale(a, b, c, out); /* "scale", "relu" */
}

int main(void) {
  char name[32];
  int32_t a, b, c, d;
  while (scanf("%31s %" SCNd32 " %" SCNd32 " %" SCNd32 " %" SCNd32, name, &a, &b, &c, &d) == 5) {
    printf("%" PRId32 "\n", call(name, a, b, c, d));
  }
  return 0;
}
