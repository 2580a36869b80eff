"""What is derived from the declaration, or stated a second time in C, agrees with it."""

from __future__ import annotations

import re
from enum import IntEnum
from pathlib import Path

import pytest

from tinybench import resources
from tinybench.compiler import check
from tinybench.wire import generate
from tinybench.wire.messages import MAX_DIMS, Dtype, ResetReason

CORE = resources.firmware() / "core"
ROOT = Path(__file__).resolve().parents[3]


def test_header_is_up_to_date() -> None:
    assert (CORE / "tb_wire.h").read_text() == generate.render_header(), "run tools/regen"


def test_document_is_up_to_date() -> None:
    assert (ROOT / "docs/protocol.md").read_text() == generate.render_document(), "run tools/regen"


@pytest.mark.parametrize(
    ("header", "name", "prefix", "enum"),
    [
        ("tb_port.h", "tb_reset_reason", "TB_RESET_", ResetReason),
        ("tb_engine.h", "tb_dtype", "TB_", Dtype),
    ],
)
def test_handwritten_enums_agree(header: str, name: str, prefix: str, enum: type[IntEnum]) -> None:
    body = re.search(rf"enum {name} \{{(.*?)\}}", (CORE / header).read_text(), re.DOTALL)
    assert body
    stated = re.findall(rf"{prefix}(\w+) = (\d+)", body.group(1))
    assert {key: int(value) for key, value in stated} == {m.name: int(m) for m in enum}


def test_dimensions_agree() -> None:
    header = (CORE / "tb_engine.h").read_text()
    assert f"#define TB_MAX_DIMS {MAX_DIMS}\n" in header
    assert "uint16_t dims[TB_MAX_DIMS];" in header
    assert (check.MAX_RANK, check.MAX_DIMENSION) == (MAX_DIMS, 0xFFFF)


def test_types_at_the_edge_agree() -> None:
    assert {name.upper() for name in check.EDGE_TYPES} == {dtype.name for dtype in Dtype}
