"""Published models on their published inputs, on the virtual boards, byte for byte."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from support.realdata import BIRD, KWS, PERSON, real
from tinybench.workflow import BenchReport, DataConfig, Project, bench_model

pytestmark = pytest.mark.realdata
BOARDS = ["virt-c3", pytest.param("virt-esp32", marks=pytest.mark.slow)]


def run(root: Path, model: Path, board: str, **data: object) -> BenchReport:
    """A bench that ends well, every output byte as TFLM's."""
    config = DataConfig(**data)  # type: ignore[arg-type]
    report = bench_model(Project(root=root, model=model, board=board, data=config))
    assert report.error is None
    agreement = report.result["agreement"]
    assert agreement["oracle"].startswith("TFLM")
    assert agreement["outputs_byte_equal"] == report.result["samples"]["planned"]
    return report


@pytest.mark.parametrize("board", BOARDS)
def test_person_detect_scores_as_published(tmp_path: Path, board: str) -> None:
    folder = real("tflm/person_detection_testdata")
    # The two bitmaps hold int8 bit patterns, not pixels.
    pictures = [np.asarray(Image.open(folder / f"{n}.bmp")) for n in ("no_person", "person")]
    x = np.stack(pictures).astype(np.uint8).view(np.int8).reshape(2, 96, 96, 1)
    np.savez(tmp_path / "person.npz", x=x, y=np.array([0, 1]))
    report = run(tmp_path, real(PERSON), board, path=tmp_path / "person.npz")
    scores = np.fromfile(report.folder / "outputs.bin", np.int8)
    assert scores.tolist() == [57, -57, -113, 113]
    assert report.result["latency"]["max"] <= 105_000_000


@pytest.mark.parametrize("board", BOARDS)
def test_keywords_are_told_as_on_the_desktop(tmp_path: Path, board: str) -> None:
    report = run(tmp_path, real(KWS), board, path=real("mlperf-tiny/kws01"))
    assert report.result["samples"]["measured"] == 300
    assert report.result["accuracy"]["device_top1"] == pytest.approx(276 / 300)
    assert report.result["latency"]["max"] <= 44_300_000


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("board", BOARDS)
def test_all_birds_are_told_as_tflm_tells_them(tmp_path: Path, board: str) -> None:
    labels = real("birds/labels.txt")
    report = run(tmp_path, real(BIRD), board, path=real("birds/images"), labels=labels)
    assert report.result["samples"]["measured"] == 822
    assert report.result["accuracy"]["device_top1"] == pytest.approx(709 / 822, abs=0.002)
    assert report.result["latency"]["max"] <= 459_000_000
