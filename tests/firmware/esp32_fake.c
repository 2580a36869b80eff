/* The ESP-IDF port as a process of this computer, on a system that is made up below: a clock that
 * the test moves, a line that it fills. Prints what the core would see. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "espidf.h"
#include "link.h"
#include "tb_engine.h"
#include "tb_port.h"

void app_main(void);

/* The clocks: cycles since power-on; the timer started a little later and rounds down. */
static uint64_t cycles;
#define TIMER_STARTED 12345678u

int64_t esp_timer_get_time(void) { return (int64_t)((cycles - TIMER_STARTED) / 240u); }
esp_cpu_cycle_count_t esp_cpu_get_cycle_count(void) { return (uint32_t)cycles; }

/* The line. */
static uint8_t line[4096];
static size_t line_fill, line_at;
static unsigned fed, reads;

esp_err_t uart_driver_install(uart_port_t n, int rx, int tx, int q, QueueHandle_t *h, int f) {
  (void)h, (void)f;
  printf("driver %d %d %d %d\n", (int)n, rx, tx, q);
  return ESP_OK;
}
esp_err_t uart_param_config(uart_port_t n, const uart_config_t *config) {
  (void)n;
  printf("baud %d\n", config->baud_rate);
  return ESP_OK;
}
esp_err_t uart_set_pin(uart_port_t n, int tx, int rx, int rts, int cts) {
  (void)n;
  printf("pins %d %d %d %d\n", tx, rx, rts, cts);
  return ESP_OK;
}
esp_err_t uart_set_rx_full_threshold(uart_port_t n, int threshold) {
  (void)n, (void)threshold;
  return ESP_OK;
}
esp_err_t uart_get_buffered_data_len(uart_port_t n, size_t *size) {
  (void)n;
  *size = line_fill - line_at;
  return ESP_OK;
}
esp_err_t uart_wait_tx_done(uart_port_t n, TickType_t ticks) {
  (void)n, (void)ticks;
  return ESP_OK;
}
esp_err_t uart_set_baudrate(uart_port_t n, uint32_t baud) {
  (void)n;
  return baud > 5000000u ? -1 : ESP_OK;
}
/* As the driver does: all that is asked for, or what there is when the time is up. Nothing arrives
 * on the first two calls. */
int uart_read_bytes(uart_port_t n, void *to, uint32_t length, TickType_t ticks) {
  (void)n;
  if (ticks > 0 && ++reads <= 2) return 0;
  size_t have = line_fill - line_at;
  size_t got = have < length ? have : length;
  memcpy(to, &line[line_at], got);
  line_at += got;
  return (int)got;
}
int uart_write_bytes(uart_port_t n, const void *from, size_t size) {
  (void)n, (void)from;
  return (int)size;
}

/* The system. */
void esp_chip_info(esp_chip_info_t *chip) { *chip = (esp_chip_info_t){.revision = 301}; }
esp_err_t esp_clk_tree_src_get_freq_hz(soc_module_clk_t clock,
                                       esp_clk_tree_src_freq_precision_t precision, uint32_t *hz) {
  (void)clock, (void)precision;
  *hz = 240000000u;
  return ESP_OK;
}
esp_err_t esp_flash_get_physical_size(esp_flash_t *chip, uint32_t *size) {
  (void)chip;
  *size = 4u << 20;
  return ESP_OK;
}
size_t heap_caps_get_free_size(uint32_t caps) { return caps ? 200000 : 0; }
size_t heap_caps_get_largest_free_block(uint32_t caps) {
  const char *given = getenv("LARGEST_BLOCK");
  return caps ? (given ? (size_t)atoi(given) : 110000) : 0;
}
const char *esp_get_idf_version(void) { return "v5.5.3"; }
esp_err_t esp_efuse_mac_get_default(uint8_t *mac) {
  memcpy(mac, "\x24\x6f\x28\xaa\xbb\xcc", 6);
  return ESP_OK;
}
uint32_t esp_random(void) { return 0xB007u; }
esp_reset_reason_t esp_reset_reason(void) { return (esp_reset_reason_t)atoi(getenv("REASON")); }
void esp_restart(void) { exit(3); }
esp_err_t esp_task_wdt_add(TaskHandle_t handle) {
  (void)handle;
  return ESP_OK;
}
esp_err_t esp_task_wdt_reset(void) {
  fed++;
  return ESP_OK;
}
TaskHandle_t xTaskCreateStaticPinnedToCore(TaskFunction_t run, const char *const name,
                                           const uint32_t bytes, void *const argument,
                                           UBaseType_t priority, StackType_t *const stack,
                                           StaticTask_t *const task, const BaseType_t core) {
  (void)name, (void)priority, (void)stack, (void)task;
  printf("task %u on core %d\n", (unsigned)bytes, core);
  run(argument);
  return NULL;
}

static void check_ticks(void) {
  const uint64_t lengths[] = {1, 240, 4294967295u, 4294967296u, 4294967297u, 30000000000u};
  for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
    uint64_t before = tb_port_ticks();
    cycles += lengths[i];
    uint64_t after = tb_port_ticks();
    printf("ticks %llu\n", (unsigned long long)(after - before));
  }
}

static void check_read(void) {
  uint8_t got[10];
  memcpy(line, "abcdefghijkl", line_fill = 12);
  size_t n = tb_port_read(got, sizeof got);
  printf("read %zu %.*s after %u waits, watchdog fed\n", n, (int)n, (char *)got, reads - 1);
  n = tb_port_read(got, sizeof got);
  printf("read %zu %.*s%s\n", n, (int)n, (char *)got, fed < 4 ? ", watchdog hungry" : "");
}

/* Stands for the core's loop. */
void tb_main(void) {
  const tb_port_facts_t *facts = tb_port_facts();
  printf("facts %s %s %u %#x %u %u %u\n", facts->board, facts->chip, (unsigned)facts->clock_hz,
         (unsigned)facts->boot_id, (unsigned)facts->reset_reason, (unsigned)facts->receive_bytes,
         (unsigned)facts->baud);
  printf("system %s\n", facts->system);
  printf("stack %zu\n", (size_t)(facts->stack_high - facts->stack_low));
  check_ticks();
  check_read();
  printf("set_baud %d %d\n", tb_port_set_baud(921600), tb_port_set_baud(99000000));
  tb_port_reset();
}

int main(void) {
  cycles = 1u << 31;
  app_main();
  return 0;
}
