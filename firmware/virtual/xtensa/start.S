/* SPDX-License-Identifier: Apache-2.0 */
/* Reset and exception vectors, at the offsets that an lx106 has them. The emulator starts at the
 * first address of flash. Literals must lie before the code that loads them. */

  .section .text.tb_reset, "ax", @progbits
  .globl tb_reset
tb_reset:
  j start
  .org 0x10 /* debug */
  j tb_trap
  .org 0x20 /* NMI */
  j tb_trap
  .org 0x30 /* exceptions */
  j tb_trap
  .org 0x50 /* the same of user mode, which is not used */
  j tb_trap
  .org 0x70 /* exception in an exception */
  j tb_trap

  .balign 4
  .literal_position
start:
  movi a2, 0
  wsr.intenable a2
  wsr.ps a2 /* kernel mode */
  rsync
  movi a2, tb_reset
  wsr.vecbase a2
  movi a1, tb_stack_high
  movi a2, tb_start
  jx a2

/* A trap ends the run, so nothing is saved, and the stack may be what was at fault. */
  .type tb_trap, @function
tb_trap:
  movi a1, tb_trap_stack_high
  rsr.exccause a2
  rsr.epc1 a3
  rsr.excvaddr a4
  movi a5, tb_trap_report
  jx a5
  .size tb_trap, . - tb_trap
