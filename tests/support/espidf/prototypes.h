/* Stand-in for ESP-IDF's headers: the functions of v5.5.3 that firmware/esp32 calls. `tools/espidf
 * compile` includes this file behind the real headers: a signature that differs is an error there.
 */
#ifndef STANDIN_PROTOTYPES_H
#define STANDIN_PROTOTYPES_H

esp_err_t uart_driver_install(uart_port_t uart_num, int rx_buffer_size, int tx_buffer_size,
                              int queue_size, QueueHandle_t *uart_queue, int intr_alloc_flags);
esp_err_t uart_param_config(uart_port_t uart_num, const uart_config_t *uart_config);
esp_err_t uart_set_pin(uart_port_t uart_num, int tx_io_num, int rx_io_num, int rts_io_num,
                       int cts_io_num);
esp_err_t uart_set_rx_full_threshold(uart_port_t uart_num, int threshold);
esp_err_t uart_get_buffered_data_len(uart_port_t uart_num, size_t *size);
esp_err_t uart_wait_tx_done(uart_port_t uart_num, TickType_t ticks_to_wait);
esp_err_t uart_set_baudrate(uart_port_t uart_num, uint32_t baudrate);
int uart_read_bytes(uart_port_t uart_num, void *buf, uint32_t length, TickType_t ticks_to_wait);
int uart_write_bytes(uart_port_t uart_num, const void *src, size_t size);

esp_err_t usb_serial_jtag_driver_install(usb_serial_jtag_driver_config_t *config);
esp_err_t usb_serial_jtag_wait_tx_done(TickType_t ticks_to_wait);
int usb_serial_jtag_read_bytes(void *buf, uint32_t length, TickType_t ticks_to_wait);
int usb_serial_jtag_write_bytes(const void *src, size_t size, TickType_t ticks_to_wait);

void esp_chip_info(esp_chip_info_t *out_info);
esp_err_t esp_clk_tree_src_get_freq_hz(soc_module_clk_t clk_src,
                                       esp_clk_tree_src_freq_precision_t precision,
                                       uint32_t *freq_value);
esp_err_t esp_flash_get_physical_size(esp_flash_t *chip, uint32_t *flash_size);
size_t heap_caps_get_free_size(uint32_t caps);
size_t heap_caps_get_largest_free_block(uint32_t caps);
const char *esp_get_idf_version(void);
esp_err_t esp_efuse_mac_get_default(uint8_t *mac);
size_t esp_psram_get_size(void);
uint32_t esp_random(void);
esp_reset_reason_t esp_reset_reason(void);
void esp_restart(void) __attribute__((__noreturn__));
int64_t esp_timer_get_time(void);
esp_cpu_cycle_count_t esp_cpu_get_cycle_count(void);
esp_err_t esp_task_wdt_add(TaskHandle_t task_handle);
esp_err_t esp_task_wdt_reset(void);
TaskHandle_t xTaskCreateStaticPinnedToCore(TaskFunction_t pxTaskCode, const char *const pcName,
                                           const uint32_t ulStackDepth, void *const pvParameters,
                                           UBaseType_t uxPriority,
                                           StackType_t *const puxStackBuffer,
                                           StaticTask_t *const pxTaskBuffer,
                                           const BaseType_t xCoreID);

#endif
