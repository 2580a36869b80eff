/* SPDX-License-Identifier: Apache-2.0 */
/* The chip's own USB port. It has no baud rate. */
#include "link.h"

#include "driver/usb_serial_jtag.h"
#include "esp_err.h"
#include "freertos/FreeRTOS.h"

#define WAIT pdMS_TO_TICKS(1000)
#define PACKET 64 /* the driver drops a packet for which its ring has no room, without a word */
#define SEND_RING 2048

void link_setup(uint32_t held_bytes) {
  usb_serial_jtag_driver_config_t config = {
      .tx_buffer_size = SEND_RING,
      .rx_buffer_size = held_bytes + PACKET,
  };
  ESP_ERROR_CHECK(usb_serial_jtag_driver_install(&config));
}

size_t link_read(uint8_t *to, size_t n) {
  int got = usb_serial_jtag_read_bytes(to, (uint32_t)n, WAIT);
  return got > 0 ? (size_t)got : 0;
}

/* The ring may take less than it is given; one second without any room: nobody reads there. */
size_t link_write(const uint8_t *from, size_t n) {
  size_t done = 0;
  while (done < n) {
    size_t piece = n - done < SEND_RING / 2 ? n - done : SEND_RING / 2;
    int put = usb_serial_jtag_write_bytes(from + done, piece, WAIT);
    if (put <= 0) break;
    done += (size_t)put;
  }
  /* Quiet while a model runs: what is in the ring would be sent by interrupts. */
  if (usb_serial_jtag_wait_tx_done(WAIT) != ESP_OK) return 0;
  return done;
}

/* USB has none; the host is told so and does not ask. */
bool link_set_baud(uint32_t baud) {
  (void)baud;
  return false;
}
