/* SPDX-License-Identifier: Apache-2.0 */
#include "facts.h"

#include <stdio.h>

#include "esp_chip_info.h"
#include "esp_clk_tree.h"
#include "esp_flash.h"
#include "esp_heap_caps.h"
#include "esp_idf_version.h"
#include "esp_mac.h"
#include "esp_psram.h"
#include "esp_random.h"
#include "esp_system.h"
#include "sdkconfig.h"
#include "tb_board.h"

#define WORDS_BYTES 200 /* a text on the wire has at most 255 */

static char words[WORDS_BYTES];

static const uint8_t reasons[] = {
    [ESP_RST_POWERON] = TB_RESET_POWER_ON,     [ESP_RST_EXT] = TB_RESET_POWER_ON,
    [ESP_RST_USB] = TB_RESET_POWER_ON,         [ESP_RST_JTAG] = TB_RESET_POWER_ON,
    [ESP_RST_SW] = TB_RESET_SOFTWARE,          [ESP_RST_PANIC] = TB_RESET_PANIC,
    [ESP_RST_CPU_LOCKUP] = TB_RESET_PANIC,     [ESP_RST_INT_WDT] = TB_RESET_WATCHDOG,
    [ESP_RST_TASK_WDT] = TB_RESET_WATCHDOG,    [ESP_RST_WDT] = TB_RESET_WATCHDOG,
    [ESP_RST_BROWNOUT] = TB_RESET_BROWN_OUT,   [ESP_RST_PWR_GLITCH] = TB_RESET_BROWN_OUT,
    [ESP_RST_DEEPSLEEP] = TB_RESET_DEEP_SLEEP,
};

static uint32_t reset_reason(void) {
  size_t reason = (size_t)esp_reset_reason();
  return reason < sizeof reasons ? reasons[reason] : TB_RESET_UNKNOWN;
}

static uint32_t clock_hz(void) {
  uint32_t hz = 0;
  esp_err_t error =
      esp_clk_tree_src_get_freq_hz(SOC_MOD_CLK_CPU, ESP_CLK_TREE_SRC_FREQ_PRECISION_CACHED, &hz);
  return error == ESP_OK ? hz : 0;
}

static uint32_t psram_bytes(void) {
#ifdef CONFIG_SPIRAM
  return (uint32_t)esp_psram_get_size();
#else
  return 0;
#endif
}

static void describe(void) {
  esp_chip_info_t chip;
  uint8_t mac[6] = {0};
  uint32_t flash = 0;
  esp_chip_info(&chip);
  if (esp_efuse_mac_get_default(mac) != ESP_OK) mac[0] = 0;
  if (esp_flash_get_physical_size(NULL, &flash) != ESP_OK) flash = 0;
  snprintf(words, sizeof words,
           "revision %u.%u, mac %02x:%02x:%02x:%02x:%02x:%02x, ESP-IDF %s, flash %lu B, "
           "PSRAM %lu B, heap %lu B free, largest %lu B",
           chip.revision / 100u, chip.revision % 100u, mac[0], mac[1], mac[2], mac[3], mac[4],
           mac[5], esp_get_idf_version(), (unsigned long)flash, (unsigned long)psram_bytes(),
           (unsigned long)heap_caps_get_free_size(MALLOC_CAP_INTERNAL | MALLOC_CAP_8BIT),
           (unsigned long)heap_caps_get_largest_free_block(MALLOC_CAP_INTERNAL | MALLOC_CAP_8BIT));
}

void facts_fill(tb_port_facts_t *facts, uint32_t receive_bytes) {
  describe();
  facts->board = TB_BOARD_NAME;
  facts->chip = CONFIG_IDF_TARGET;
  facts->clock_hz = clock_hz();
  facts->boot_id = esp_random();
  facts->reset_reason = reset_reason();
  facts->receive_bytes = receive_bytes;
  facts->baud = TB_BAUD;
  facts->system = words;
}
