/* SPDX-License-Identifier: Apache-2.0 */
/* The ESP-IDF port: a task of its own for the core, away from the system's interrupts. */
#include "tb_port.h"

#include "esp_cpu.h"
#include "esp_err.h"
#include "esp_heap_caps.h"
#include "esp_system.h"
#include "esp_task_wdt.h"
#include "esp_timer.h"
#include "facts.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"
#include "link.h"
#include "tb_board.h"

/* The kernel checks that a task's lowest words are as it left them: they are not painted. */
#define GUARD_BYTES 64u
#define PRIORITY 5 /* above the idle tasks, below the system's own */

/* Received while the core is busy. In throughput mode the next sample waits there. */
#define HELD_MIN 4096u
#define HELD_MAX 32768u

void app_main(void);

static StackType_t stack[TB_STACK_BYTES / sizeof(StackType_t)];
static StaticTask_t task;
static tb_port_facts_t facts;
static uint32_t cycles_ahead; /* of the cycle counter, when the timer began */

/* esp_timer counts the crystal's microseconds, so this many cycles have passed, within a few us. */
static uint64_t cycles_by_timer(void) {
  return (uint64_t)esp_timer_get_time() * (facts.clock_hz / 1000000u);
}

static void run(void *nothing) {
  (void)nothing;
  cycles_ahead = esp_cpu_get_cycle_count() - (uint32_t)cycles_by_timer();
  ESP_ERROR_CHECK(esp_task_wdt_add(NULL));
  for (;;) tb_main();
}

/* Half of what the heap has in one piece, between these two. */
static uint32_t held_bytes(void) {
  size_t half = heap_caps_get_largest_free_block(MALLOC_CAP_INTERNAL | MALLOC_CAP_8BIT) / 2u;
  return half < HELD_MIN ? HELD_MIN : half > HELD_MAX ? HELD_MAX : (uint32_t)half;
}

/* app_main's own core gets the link's interrupts; the model runs on the last one. */
void app_main(void) {
  uint32_t held = held_bytes();
  link_setup(held);
  facts_fill(&facts, held);
  facts.stack_low = (uint8_t *)stack + GUARD_BYTES;
  facts.stack_high = (uint8_t *)stack + sizeof stack;
  xTaskCreateStaticPinnedToCore(run, "tinybench", sizeof stack, NULL, PRIORITY, stack, &task,
                                portNUM_PROCESSORS - 1);
}

const tb_port_facts_t *tb_port_facts(void) { return &facts; }

/* A serial line never ends, so this never returns 0. The watchdog is satisfied by reading and
 * writing alone: it bites when an inference takes longer than it waits, unless it tells of itself
 * meanwhile, as those that are verified do. */
size_t tb_port_read(uint8_t *to, size_t n) {
  size_t got = 0;
  while (got == 0) {
    esp_task_wdt_reset();
    got = link_read(to, n);
  }
  esp_task_wdt_reset();
  return got;
}

/* What cannot be sent is lost: the host asks again. */
void tb_port_write(const uint8_t *from, size_t n) {
  (void)link_write(from, n);
  esp_task_wdt_reset();
}

bool tb_port_set_baud(uint32_t baud) { return link_set_baud(baud); }

/* The CPU's counter has 32 bits, which last 18 s at 240 MHz. The timer says which lap it is on;
 * the counter's exact value is the one next to it. */
uint64_t tb_port_ticks(void) {
  uint64_t near = cycles_by_timer();
  uint32_t exact = esp_cpu_get_cycle_count() - cycles_ahead;
  return near + (uint64_t)(int64_t)(int32_t)(exact - (uint32_t)near);
}

void tb_port_reset(void) { esp_restart(); }
