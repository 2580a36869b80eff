/* SPDX-License-Identifier: Apache-2.0 */
#include "tb_scale.h"

int32_t tb_scale_long(int32_t sum, int32_t multiplier, int32_t shift) {
  return tb_requantize(sum, multiplier, 31 + TB_LONG_WAY - shift);
}
