/* SPDX-License-Identifier: Apache-2.0 */
/* Reset and trap entry. It lies at the first address of flash. */

  .section .text.tb_reset, "ax", @progbits
  .globl tb_reset
tb_reset:
  .option push
  .option norelax /* or the linker would set gp relative to gp */
  la gp, __global_pointer$
  .option pop
  la sp, tb_stack_high
  la t0, tb_trap
  csrw mtvec, t0
  tail tb_start

/* A trap ends the run, so nothing is saved, and the stack may be what was at fault. */
  .section .text.tb_trap, "ax", @progbits
  .balign 4
tb_trap:
  la sp, tb_trap_stack_high
  csrr a0, mcause
  csrr a1, mepc
  csrr a2, mtval
  tail tb_trap_report
