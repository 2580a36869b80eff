/* SPDX-License-Identifier: Apache-2.0 */
/* What the ESP-NN kernels of esp-tflite-micro ask of ESP-IDF: a clock, for totals that nobody
 * reads here. */
#ifndef TB_ESP_TIMER_H
#define TB_ESP_TIMER_H

#include <stdint.h>

static inline int64_t esp_timer_get_time(void) { return 0; }

#endif
