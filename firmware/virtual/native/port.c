/* SPDX-License-Identifier: Apache-2.0 */
/* The port as a host process: `firmware [--fd=N [--rate-fd=M]]` speaks over the inherited socket N,
 * else over stdin and stdout. Its latency counter is CLOCK_MONOTONIC in nanoseconds.
 *
 * Given the file M, its line has a rate, which stands in the file's first four bytes: what carries
 * the bytes (tinybench's cable) can read there what they were sent at. */
#include <errno.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "tb_port.h"

#define STACK_BYTES (256u * 1024u) /* of the process's stack, as much as is painted */
#define BOOT_BAUD 115200u
#define MOST_BAUD 3000000u
#define REASON_VARIABLE "TB_RESET_REASON"

#ifndef TB_BOARD_NAME
#define TB_BOARD_NAME "native"
#define TB_CHIP_NAME "host"
#endif

static int in_fd = STDIN_FILENO;
static int out_fd = STDOUT_FILENO;
static int rate_fd = -1;
static char **arguments;
static tb_port_facts_t facts = {.board = TB_BOARD_NAME, .chip = TB_CHIP_NAME};

const tb_port_facts_t *tb_port_facts(void) { return &facts; }

size_t tb_port_read(uint8_t *to, size_t n) {
  ssize_t got;
  do {
    got = read(in_fd, to, n);
  } while (got < 0 && errno == EINTR);
  return got > 0 ? (size_t)got : 0;
}

/* When the other side is gone the next read says so; nothing to report here. */
void tb_port_write(const uint8_t *from, size_t n) {
  while (n > 0) {
    ssize_t put = write(out_fd, from, n);
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return;
    from += put;
    n -= (size_t)put;
  }
}

/* The other end has read all that was written, and had a moment to look at the rate. */
static void drain(void) {
  const struct timespec moment = {.tv_nsec = 5000000};
  int unread;
  do {
    nanosleep(&moment, NULL);
  } while (ioctl(out_fd, SIOCOUTQ, &unread) == 0 && unread > 0);
  nanosleep(&moment, NULL);
}

bool tb_port_set_baud(uint32_t baud) {
  if (baud == 0 || baud > MOST_BAUD) return false;
  drain();
  return pwrite(rate_fd, &baud, sizeof baud, 0) == sizeof baud;
}

uint64_t tb_port_ticks(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void tb_port_reset(void) {
  setenv(REASON_VARIABLE, "software", 1);
  execv("/proc/self/exe", arguments);
  _exit(EXIT_FAILURE); /* no /proc: the host sees the link close */
}

static uint32_t fresh_boot_id(void) {
  uint32_t id = 0;
  if (getentropy(&id, sizeof id) != 0) id = (uint32_t)tb_port_ticks();
  return id;
}

/* AddressSanitizer owns the memory below the stack pointer; a sanitized build does not paint it. */
static void set_stack(void) {
#ifndef __SANITIZE_ADDRESS__
  facts.stack_high = __builtin_frame_address(0);
  facts.stack_low = facts.stack_high - STACK_BYTES;
#endif
}

int main(int argc, char **argv) {
  arguments = argv;
  if (argc > 1 && strncmp(argv[1], "--fd=", 5) == 0) in_fd = out_fd = atoi(argv[1] + 5);
  if (argc > 2 && strncmp(argv[2], "--rate-fd=", 10) == 0) rate_fd = atoi(argv[2] + 10);
  if (rate_fd >= 0 && tb_port_set_baud(BOOT_BAUD)) facts.baud = BOOT_BAUD;
  facts.boot_id = fresh_boot_id();
  facts.reset_reason = getenv(REASON_VARIABLE) ? TB_RESET_SOFTWARE : TB_RESET_POWER_ON;
  set_stack();
  tb_main();
  return EXIT_SUCCESS;
}
