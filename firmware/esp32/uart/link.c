/* SPDX-License-Identifier: Apache-2.0 */
/* UART0 on its usual pins, behind a USB bridge or bare. */
#include "link.h"

#include "driver/uart.h"
#include "esp_err.h"
#include "freertos/FreeRTOS.h"
#include "soc/uart_pins.h"
#include "tb_board.h"

#define PORT UART_NUM_0
#define WAIT pdMS_TO_TICKS(1000)
/* Of 128 bytes of FIFO: leaves 0.7 ms at 921,600 bit/s until the interrupt must have run. */
#define FULL_THRESHOLD 64

void link_setup(uint32_t held_bytes) {
  const uart_config_t config = {
      .baud_rate = TB_BAUD,
      .data_bits = UART_DATA_8_BITS,
      .parity = UART_PARITY_DISABLE,
      .stop_bits = UART_STOP_BITS_1,
      .flow_ctrl = UART_HW_FLOWCTRL_DISABLE,
      .source_clk = UART_SCLK_DEFAULT,
  };
  ESP_ERROR_CHECK(uart_driver_install(PORT, (int)held_bytes, 0, 0, NULL, 0));
  ESP_ERROR_CHECK(uart_param_config(PORT, &config));
  ESP_ERROR_CHECK(
      uart_set_pin(PORT, U0TXD_GPIO_NUM, U0RXD_GPIO_NUM, UART_PIN_NO_CHANGE, UART_PIN_NO_CHANGE));
  ESP_ERROR_CHECK(uart_set_rx_full_threshold(PORT, FULL_THRESHOLD));
}

/* The driver waits for all that it is asked for: so for one byte, then for what is there. */
size_t link_read(uint8_t *to, size_t n) {
  if (n == 0 || uart_read_bytes(PORT, to, 1, WAIT) != 1) return 0;
  size_t held = 0;
  ESP_ERROR_CHECK(uart_get_buffered_data_len(PORT, &held));
  size_t more = held < n - 1 ? held : n - 1;
  int got = more > 0 ? uart_read_bytes(PORT, to + 1, (uint32_t)more, 0) : 0;
  return 1 + (size_t)(got > 0 ? got : 0);
}

/* Without a ring for sending, this returns when the last bytes are in the FIFO: at most 128 bytes
 * are still being sent when the model starts, by hardware alone. */
size_t link_write(const uint8_t *from, size_t n) {
  int put = uart_write_bytes(PORT, from, n);
  return put > 0 ? (size_t)put : 0;
}

bool link_set_baud(uint32_t baud) {
  return uart_wait_tx_done(PORT, WAIT) == ESP_OK && uart_set_baudrate(PORT, baud) == ESP_OK;
}
