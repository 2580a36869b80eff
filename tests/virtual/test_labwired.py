"""The UART by its registers, and a model behind it, on a chip model that is not QEMU's."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest

from support.against_tflm import needs_tflm
from support.labwired_link import LabwiredLink
from support.models import conv_model
from tinybench.bench.device import Device
from tinybench.boards import load_board
from tinybench.build.driver import build_project
from tinybench.compiler import compile_graph
from tinybench.model.oracle import TflmRunner
from tinybench.model.read import parse_tflite
from tinybench.render.project import render_project

pytest.importorskip("labwired", reason="labwired is not installed (pip install labwired)")
pytestmark = needs_tflm

C3 = Path(__file__).with_name("boards") / "bare-c3.toml"
SAMPLES = 3
CLKDIV, DIVIDER = 0x60000014, 16


def test_a_model_answers_over_a_c3s_uart(tmp_path: Path) -> None:
    board = load_board(C3)
    model = conv_model()
    project = render_project(
        compile_graph(parse_tflite(model)),
        board,
        engine="aot",
        labels=None,
        build_id="5a" * 16,
        out=tmp_path / "project",
    )
    elf = build_project(project, board, log=tmp_path / "build.log").elf
    inputs = np.random.default_rng(20261125).integers(-128, 128, (SAMPLES, 1, 8, 8, 3), np.int8)
    tflm = TflmRunner(model)
    link = LabwiredLink(elf, "esp32c3")
    with Device(link, reply_timeout_s=60) as device:
        hello = device.hello()
        assert (hello.board, hello.chip) == (board.name, board.chip.name)
        for number, sample in enumerate(inputs):
            answer = device.infer(number, [sample.tobytes()])
            assert answer.outputs == [tflm.run([sample])[0].tobytes()]
            assert answer.ticks > 0
        assert link.sim.read_u32(CLKDIV) & 0xFFF == DIVIDER, "the port has set the line's rate"


ESP32_FIRMWARE = """
  .section .text
  .globl _start
_start:
  j 1f
  .balign 4
  .literal_position
1:
  movi a2, 0x3FF40000 /* UART0: FIFO; STATUS at 0x1C */
  movi a3, 'H'
  memw
  s32i a3, a2, 0
2:
  memw
  l32i a3, a2, 0x1C
  extui a3, a3, 0, 8
  beqz a3, 2b
  l32i a3, a2, 0
  s32i a3, a2, 0 /* what comes in goes out */
  j 2b
"""


def test_its_esp32_sends_and_does_not_receive(tmp_path: Path) -> None:
    """Why there is no session with an ESP32 here. If this fails, there can be one."""
    import labwired

    (tmp_path / "echo.S").write_text(ESP32_FIRMWARE)
    gcc = load_board("virt-esp32").build.toolchain + "gcc"
    elf = tmp_path / "echo.elf"
    place = ("-mtext-section-literals", "-nostdlib", "-Wl,-n,-Ttext=0x40080000")  # IRAM
    subprocess.run([gcc, *place, tmp_path / "echo.S", "-o", elf], check=True)
    with labwired.Sim(elf, chip="esp32") as sim:
        sim.run_for("100us")
        assert sim.read_uart_bytes() == b"H"
        sim.send_bytes(b"A")
        sim.run_for("1ms")
        assert (sim.read_u32(0x3FF4001C) & 0xFF, sim.read_uart_bytes()) == (0, b"")
    with pytest.raises(ValueError, match="no such UART"):
        labwired.Sim(elf, chip="esp32", uart="uart0")
