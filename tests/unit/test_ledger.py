"""The ledger says what a step bought, and says it plainly where that is nothing."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

from tinybench.cli.pipeline import ledger_markdown
from tinybench.workflow.ledger import Row, add_verdict, draw_ledger, ledger_json
from tinybench.workflow.sizes import model_sizes


def row(step: str, *, flash: int, coded: int, ticks: int, zipped: int, **more: Any) -> Row:
    def way(weights: str, size: int, spent: int) -> dict[str, Any]:
        return {
            "weights": weights,
            "flash_bytes": size,
            "arena_bytes": 1000 if weights == "plain" else 1700,
            "ticks": spent,
            "unit": "instructions",
            "method": "counted",
            "reason": "",
            "argmax_equal": 19,
            "n": 20,
        }

    accuracy = {"value": 0.9, "low": 0.88, "high": 0.92, "n": 1000}
    return Row(
        step=step,
        source="",
        what="prune",
        options={},
        figures={
            **{"parameters": 1200, "nonzero_share": 0.5, "gzip_bytes": zipped},
            **{"int8_top1": accuracy, "float_top1": accuracy},
        },
        facts={},
        device=(way("plain", flash, ticks), way("huffman", coded, ticks + 1000)),
        **more,
    )


BASE = row("base", flash=50_000, coded=49_000, ticks=10_000, zipped=40_000)


def test_zeros_buy_nothing_but_when_zipped_or_in_code() -> None:
    pruned = row("pruned", flash=50_000, coded=30_000, ticks=10_000, zipped=15_000)
    lines = add_verdict(pruned, BASE).verdict
    assert lines[0] == "buys nothing on the device with plain weights"
    assert "zipped: -25,000 B (-62%)" in lines
    assert lines[-1].startswith("with Huffman-coded weights: -19,000 B flash")
    assert lines[-1].endswith("for +10.0% instructions and +700 B arena"), "against plain weights"


def test_code_that_saves_nothing_is_not_said_to_have_bought_what_plain_weights_did() -> None:
    smaller = row("smaller", flash=30_000, coded=30_020, ticks=5_000, zipped=20_000)
    lines = add_verdict(smaller, BASE).verdict
    assert lines[0].startswith("on the device: -20,000 B flash")
    assert lines[-1] == "Huffman code buys nothing beside plain weights"


def test_fewer_channels_buy_flash_and_instructions() -> None:
    smaller = row("smaller", flash=30_000, coded=29_000, ticks=5_000, zipped=20_000)
    lines = add_verdict(smaller, BASE).verdict
    assert lines[0] == "on the device: -20,000 B flash (-40%), -5,000 instructions (-50%)"


def test_a_step_must_beat_its_control_with_every_seed() -> None:
    control = {"name": "a random cut", "seeds": [0, 1, 2], "mean_gain": 0.02}
    won = row("won", flash=1, coded=1, ticks=1, zipped=1, control={**control, "beats": True})
    lost = row("lost", flash=1, coded=1, ticks=1, zipped=1, control={**control, "beats": False})
    assert (
        "beats its control (a random cut) with each of 3 seeds" in add_verdict(won, None).verdict[0]
    )
    assert "did not beat its control (a random cut)" in add_verdict(lost, None).verdict[0]


def test_json_and_picture(tmp_path: Path) -> None:
    rows = [BASE, add_verdict(row("x", flash=9, coded=8, ticks=7, zipped=6), BASE)]
    assert [r["step"] for r in ledger_json(rows)["rows"]] == ["base", "x"]
    draw_ledger(rows, tmp_path / "ledger.svg")
    text = "".join(ElementTree.parse(tmp_path / "ledger.svg").getroot().itertext())
    assert "flash of the firmware, B" in text
    assert "instructions per inference" in text


def test_markdown_has_a_cell_for_each_column_and_what_each_step_bought() -> None:
    rows = [BASE, add_verdict(row("x", flash=9, coded=8, ticks=7, zipped=6), BASE)]
    lines = ledger_markdown(rows).splitlines()
    head, marks, base, x = (line.split(" | ") for line in lines[:4])
    assert len(head) == len(marks) == len(base) == len(x) == 15
    assert base[0] == "| base" and base[head.index("parameters")] == "1,200"
    assert base[head.index(".tflite, B")] == "-", "not known"
    assert base[head.index("int8")] == "0.900 (0.880..0.920)"
    assert base[-1] == "19 of 20 |"
    assert "- x: on the device: -49,991 B flash (-100%), -9,993 instructions (-100%)" in lines
    assert "an inference: instructions, counted" in lines[-1]


def test_sizes_of_a_model(tmp_path: Path) -> None:
    from support.models import conv_model

    data = conv_model()
    file = tmp_path / "model.tflite"
    file.write_bytes(data)
    sizes = model_sizes(file)
    assert sizes.tflite == len(data)
    assert sizes.gzip < sizes.tflite
    assert all(0 <= layer.entropy_bits <= 8 for layer in sizes.layers)
    assert sizes.layers
