"""A run as HTML, Markdown and JUnit: the same figures, whatever the run is like."""

from __future__ import annotations

import csv
import json
import re
import shutil
import subprocess
import xml.etree.ElementTree as ET
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from support.run_folders import write_run
from tinybench.bench.records import SampleRecord
from tinybench.compiler.program import Boundary, DeviceTensor
from tinybench.errors import UsageError
from tinybench.report.figures import class_names, confusions, rows, verdict, worst
from tinybench.report.load import load_run
from tinybench.report.result import tell_outputs
from tinybench.report.scores import Scores
from tinybench.workflow.report import compare_report, make_report, write_report

FORMATS = ("html", "md", "json", "junit", "csv")
COUNT = 24
PHONE = 390  # pixels
BAD_GATE = {"gate": "min_accuracy", "wanted": 0.9, "seen": 0.5, "unit": "share", "passed": False}


def in_folders(record: SampleRecord) -> SampleRecord:
    """Named as images in a folder per class; every third one is taken for the next class."""
    label = record.index % 4
    top1 = label if record.index % 3 else (label + 1) % 4
    name = ("<b>ird", "b & c", "d", "e")[label]
    return replace(record, name=f"{name}/{record.index}.png", device_top1=top1)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reports") / "run"
    return write_run(folder, COUNT, bend=in_folders, model={"sha256": "c0de" * 16})


def test_confusions_are_counted_and_named(run: Path) -> None:
    records = load_run(run).records
    assert class_names(records) == {0: "<b>ird", 1: "b & c", 2: "d", 3: "e"}
    pairs = confusions(records)
    assert sum(pair.count for pair in pairs) == COUNT // 3
    assert {(pair.label, pair.answer) for pair in pairs} <= {
        ("<b>ird", "b & c"),
        ("b & c", "d"),
        ("d", "e"),
        ("e", "<b>ird"),
    }
    assert len(worst(records, 5)) == 5
    assert all(r.device_top1 != r.label for r in worst(records, 100))


def test_the_page_holds_every_figure_and_needs_nothing_else(run: Path) -> None:
    page = make_report(run, "html")
    text = unescape(re.sub(r"<[^>]*>", "", page))
    for row in rows(load_run(run)):
        for part in (row.what.strip(), row.device, row.desktop, row.how):
            assert part in text
    assert "<b>ird" not in page, "names are escaped"
    assert not re.findall(r'(?:src|href)="(?!data:|#)', page), "nothing is loaded"
    assert not re.findall(r"url\((?!#)", page)
    assert len(page) < 5_000_000


def test_what_went_wrong_comes_first(tmp_path: Path) -> None:
    def unlike(record: SampleRecord) -> SampleRecord:
        return replace(record, outputs_equal=record.index != 5)

    changes: dict[str, Any] = {
        "agreement": {"outputs_byte_equal": COUNT - 1},
        "gates": [BAD_GATE],
    }
    run = write_run(tmp_path / "run", COUNT, bend=unlike, **changes)
    said = "1 of 24 samples differ from TFLM; gates not kept: min_accuracy"
    assert verdict(load_run(run).result) == said
    assert f'<p id="verdict" class="verdict">{said}</p>' in make_report(run, "html")
    assert worst(load_run(run).records, 1)[0].index == 5
    assert make_report(run, "md").startswith(f"### m.tflite on virt-c3: {said}\n")
    suite = ET.fromstring(make_report(run, "junit"))
    assert (suite.get("tests"), suite.get("failures")) == ("3", "2")
    failures = {case.get("name"): case.find("failure") for case in suite.iter("testcase")}
    assert failures["run"] is None
    assert failures["min_accuracy"] is not None
    assert failures["min_accuracy"].get("message") == (
        "min_accuracy: wanted >= 0.9 share, seen 0.5 share"
    )


def test_a_run_that_measured_nothing_has_a_report(tmp_path: Path) -> None:
    reason = {"status": "failed", "status_reason": "it trapped"}
    run = write_run(tmp_path / "run", 1, **reason)
    for form in FORMATS:
        assert make_report(run, form)
    assert "failed: it trapped" in make_report(run, "html")
    suite = ET.fromstring(make_report(run, "junit"))
    assert suite.get("failures") == "1"


def test_the_matrix_counts_what_was_answered(run: Path) -> None:
    """Against the records, counted here in another way."""
    matrix = re.search(r'<div id="matrix".*?</div>', make_report(run, "html"), re.DOTALL)
    assert matrix is not None
    records = load_run(run).records
    wanted = [
        str(sum((r.label, r.device_top1) == (label, answer) for r in records))
        for label in range(4)
        for answer in range(4)
    ]
    shown = re.findall(r"<text [^>]*>(\d+)</text>", matrix[0])
    assert sorted(shown) == sorted(count for count in wanted if count != "0")
    assert "<title>b &amp; c, taken for d</title>" in matrix[0], "said of a cell pointed at"
    assert {"b &amp; c", "d", "e"} <= set(re.findall(r"<text [^>]*>([^<]*)</text>", matrix[0]))


def test_all_of_411_classes_are_in_five_megabytes(tmp_path: Path) -> None:
    def spread(record: SampleRecord) -> SampleRecord:
        n = record.index
        return replace(record, label=n % 411, device_top1=(n * 7) % 411)

    run = write_run(tmp_path / "run", 822, bend=spread)
    page = make_report(run, "html")
    assert len(page) < 5_000_000
    wrong = {(n % 411, n * 7 % 411) for n in range(822) if n % 411 != n * 7 % 411}
    assert f"And {len(wrong) - 40} more pairs" in page


def test_both_runtimes_best_classes_are_shown(run: Path) -> None:
    shown = re.findall(r"<br>(device|desktop):([^<]*)", make_report(run, "html"))
    assert {who for who, _ in shown} == {"device", "desktop"}
    bad = worst(load_run(run).records, 1)[0]
    tensor = load_run(run).result["outputs"]["tensors"][0]
    scores = [
        f"{(float(pair.split(':')[1]) - tensor['zero_point']) * tensor['scale']:.4g}"
        for pair in bad.desktop_top5.split()
    ]
    assert len(scores) == 4
    desktop = next(text for who, text in shown if who == "desktop")
    assert re.findall(r" (-?[\d.]+)", desktop) == scores


def test_both_runtimes_scores_are_in_the_models_units(tmp_path: Path) -> None:
    """Equal bytes are equal scores, whether the file puts out bytes or real numbers.

    Runs of older versions do not say which; those of this one do.
    """
    tensor = {"name": "y", "dtype": "int8", "shape": [1, 4], "scale": 0.5, "zero_point": -3}

    def raw(record: SampleRecord) -> SampleRecord:
        return replace(record, desktop_top5="2:9 0:-3", label=0, device_top1=2)

    run = write_run(tmp_path / "run", 2, bend=raw)
    result = json.loads((run / "result.json").read_text())
    result["outputs"] |= {"bytes_per_sample": 4, "tensors": [tensor]}
    (run / "result.json").write_text(json.dumps(result))
    (run / "manifest.json").unlink()  # it tells of another content
    (run / "outputs.bin").write_bytes(np.array([[-3, -9, 9, -11]] * 2, np.int8).tobytes())
    for score, told in ((9.0, 6.0), (6.0, 9.0)):  # of samples.csv: a byte, or what it stands for
        rows = list(csv.DictReader((run / "samples.csv").open()))
        with (run / "samples.csv").open("w", newline="") as file:
            out = csv.DictWriter(file, list(rows[0]))
            out.writeheader()
            out.writerows(row | {"device_score": str(score)} for row in rows)
        scores = Scores(load_run(run))
        assert scores.best(1) == [(2, 6.0), (0, 0.0), (1, -3.0), (3, -4.0)]
        assert scores.told(9.0) == told
    assert scores.best(2) == [], "the file ends before"


@pytest.mark.parametrize(
    ("boundary", "score"),
    [
        (None, 9.0),
        (Boundary("requantize", "uint8", 0.5, 125), 137.0),
        (Boundary("requantize", "uint8", 0.25, 7), 31.0),
        (Boundary("dequantize", "float32"), 6.0),
    ],
)
def test_a_run_tells_what_the_file_puts_out(
    tmp_path: Path, boundary: Boundary | None, score: float
) -> None:
    tensor = DeviceTensor(0, "y", "int8", (1, 4), 0.5, -3, 0, boundary)
    outputs = json.loads(json.dumps(tell_outputs([tensor])))

    def raw(record: SampleRecord) -> SampleRecord:
        return replace(record, device_score=score, label=0, device_top1=2)

    run = write_run(tmp_path / "run", 2, bend=raw, outputs=outputs)
    (run / "manifest.json").unlink()  # it tells of another outputs.bin
    (run / "outputs.bin").write_bytes(np.array([[-3, -9, 9, -11]] * 2, np.int8).tobytes())
    scores = Scores(load_run(run))
    assert scores.best(0)[0] == (2, 6.0)
    assert scores.told(score) == 6.0


def test_the_flash_map_adds_up(run: Path) -> None:
    flash = load_run(run).result["flash"]
    table = re.search(r'<table id="flash">.*?</table>', make_report(run, "html"), re.DOTALL)
    assert table is not None
    sizes = [int(n.replace(",", "")) for n in re.findall(r'<td class="n">([\d,]+)</td>', table[0])]
    assert sum(sizes) == flash["total_bytes"]


def test_a_profile_is_shown_where_it_is_of_the_run(run: Path, tmp_path: Path) -> None:
    result = load_run(run).result
    profile = {
        **{"schema": "tinybench.profile/2", "model": "m", "board": result["board"]["name"]},
        **{"model_sha256": result["model"]["sha256"], "unit": "ticks", "method": "counted"},
        **{"n": 3, "data": "zeros", "profiled": 1100, "shipped": 1000, "overhead": 100},
        "calls": [
            {"ops": [0, 1], "label": "PAD+CONV_2D", "kernel": "tb_conv2d", "ticks": 987}
            | {"share": 1.0, "macs": 12, "weight_bytes": 3, "streamed_bytes": 3}
        ],
    }
    path = tmp_path / "profile.json"
    path.write_text(json.dumps(profile))
    page = make_report(run, "html", profile=path)
    assert '<table id="profile">' in page
    assert "PAD+CONV_2D" in page
    assert "987" in page
    path.write_text(json.dumps(profile | {"model_sha256": "0" * 64}))
    with pytest.raises(UsageError, match="a profile of "):
        make_report(run, "html", profile=path)
    path.write_text("{")
    with pytest.raises(UsageError, match="profile anew"):
        make_report(run, "html", profile=path)


def test_runs_beside_each_other(run: Path, tmp_path: Path) -> None:
    slower = write_run(
        tmp_path / "slower", COUNT, bend=lambda r: replace(in_folders(r), latency=r.latency + 50)
    )
    other = write_run(tmp_path / "other", COUNT, board={"name": "esp32cam", "kind": "hardware"})
    page = compare_report([run, slower, other], "html")
    said = "B is worse in latency, median; C is not comparable"
    assert f'<p id="verdict" class="verdict">{said}</p>' in page
    figures = re.search(r'<table id="figures">.*?</table>', page, re.DOTALL)
    assert figures is not None
    for row in rows(load_run(slower)):
        assert row.what.strip() in unescape(figures[0])
        assert row.device in unescape(figures[0])
    assert "the board: virt-c3, then esp32cam" in unescape(page)
    assert said in compare_report([run, slower, other], "md")
    seen = json.loads(compare_report([run, slower, other], "json"))
    assert [one["mark"] for one in seen["runs"]] == ["A", "B", "C"]
    assert compare_report([run, run], "md").startswith("### 2 runs: no figure is worse\n")
    with pytest.raises(UsageError, match="html, md, json"):
        compare_report([run, slower], "junit")


def test_json_and_csv_are_the_runs_own(run: Path) -> None:
    assert json.loads(make_report(run, "json")) == load_run(run).result
    assert make_report(run, "csv") == (run / "samples.csv").read_text()


def test_mistakes_are_told_of(run: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="html, md, json, junit, csv"):
        make_report(run, "pdf")
    with pytest.raises(UsageError, match="a run folder"):
        make_report(tmp_path / "nowhere", "html")
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="write "):
        write_report(tmp_path / "file" / "report.html", "")


def on_phones(pages: list[str]) -> str:
    """A script that shows pages as narrow as a phone and says how wide they are to be scrolled."""
    escaped = json.dumps(pages).replace("</", "<\\/")
    return f"""<script>
    for (const page of {escaped}) {{
        const phone = document.body.appendChild(document.createElement("iframe"));
        phone.style = "width: {PHONE}px; border: 0";
        phone.onload = () => {{
            phone.dataset.pageWidth = phone.contentDocument.documentElement.scrollWidth;
        }};
        phone.srcdoc = page;
    }}
    </script>"""


def test_a_browser_shows_the_figures(run: Path, tmp_path: Path) -> None:
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("neither chromium nor google-chrome is installed")
    page = tmp_path / "report.html"
    text = make_report(run, "html")
    write_report(page, text + on_phones([text, compare_report([run, run], "html")]))
    command = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"]
    profile = f"--user-data-dir={tmp_path / 'profile'}"
    done = subprocess.run(
        [*command, profile, page.as_uri()], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    table = re.search(r'<table id="figures">.*?</table>', done.stdout, re.DOTALL)
    assert table is not None
    shown = {
        unescape(what): unescape(device)
        for what, device in re.findall(
            r'<tr><th scope="row">(.*?)</th><td class="n">(.*?)</td>', table[0]
        )
    }
    assert shown == {row.what: row.device for row in rows(load_run(run))}
    widths = re.findall(r'data-page-width="(\d+)"', done.stdout)
    assert [int(width) <= PHONE for width in widths] == [True] * 2, (
        "tables scroll within themselves, the page does not"
    )
