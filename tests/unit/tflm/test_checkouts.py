"""Which files of a checkout a firmware takes, and what is said of folders that are none."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.tflm_sources import ESP_NN_FILES, FILES, MICRO, write_files
from tinybench.errors import ConfigError, UnsupportedModel
from tinybench.tflm.checkouts import Checkouts, digest, find_checkouts, take_files


@pytest.fixture
def tflm(tmp_path: Path) -> Path:
    return write_files(tmp_path / "esp-tflite-micro", FILES)


@pytest.fixture
def esp_nn(tmp_path: Path) -> Path:
    return write_files(tmp_path / "esp-nn", ESP_NN_FILES)


def names(checkouts: Checkouts, *methods: str) -> set[str]:
    return {str(file.path) for file in take_files(checkouts, methods)}


def test_only_what_the_model_needs_is_taken(tflm: Path) -> None:
    taken = names(Checkouts(tflm, None), "AddConv2D")
    unwanted = {"debug_log.cc", "kernels/esp_nn/conv.cc", "kernels/activations.cc"}
    unwanted |= {"kernels/unused.cc"}
    assert taken == set(FILES) - {f"{MICRO}/{name}" for name in unwanted}
    assert f"{MICRO}/kernels/activations.cc" in names(Checkouts(tflm, None), "AddRelu")
    assert f"{MICRO}/kernels/conv.cc" not in names(Checkouts(tflm, None), "AddRelu")


def test_esp_nn_stands_for_the_reference_kernel(tflm: Path, esp_nn: Path) -> None:
    taken = names(Checkouts(tflm, esp_nn), "AddConv2D", "AddRelu")
    assert f"{MICRO}/kernels/esp_nn/conv.cc" in taken
    assert f"{MICRO}/kernels/conv.cc" not in taken
    assert f"{MICRO}/kernels/conv_common.cc" in taken
    assert taken >= set(ESP_NN_FILES) - {"src/convolution/esp_nn_conv_esp32s3.c"}
    assert "src/convolution/esp_nn_conv_esp32s3.c" not in taken


def test_the_digest_is_of_what_is_taken(tflm: Path) -> None:
    checkouts = Checkouts(tflm, None)
    before = digest(take_files(checkouts, ["AddConv2D"]))
    (tflm / MICRO / "kernels/unused.cc").write_text("changed")
    assert digest(take_files(checkouts, ["AddConv2D"])) == before
    (tflm / MICRO / "kernels/conv.h").write_text("// changed")
    assert digest(take_files(checkouts, ["AddConv2D"])) != before


def test_an_op_that_the_checkout_lacks_is_named(tflm: Path) -> None:
    with pytest.raises(UnsupportedModel, match="has no AddAbs"):
        take_files(Checkouts(tflm, None), ["AddAbs"])


def test_a_checkout_with_a_hole_is_refused(tflm: Path) -> None:
    (tflm / MICRO / "micro_interpreter.cc").unlink()
    with pytest.raises(ConfigError, match=r"micro_interpreter\.cc"):
        take_files(Checkouts(tflm, None), ["AddConv2D"])


def test_folders_are_found_by_option_or_environment(
    tflm: Path, esp_nn: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TINYBENCH_TFLM_SOURCE", raising=False)
    monkeypatch.delenv("TINYBENCH_ESP_NN_SOURCE", raising=False)
    with pytest.raises(ConfigError, match=r"none is named.*--tflm-source DIR.*99f49e1"):
        find_checkouts(None, esp_nn, "esp-nn")
    with pytest.raises(ConfigError, match=r"none is named.*--esp-nn-source DIR.*d45b843"):
        find_checkouts(tflm, None, "esp-nn")
    assert find_checkouts(tflm, None, "reference") == Checkouts(tflm, None)
    monkeypatch.setenv("TINYBENCH_TFLM_SOURCE", str(tflm))
    monkeypatch.setenv("TINYBENCH_ESP_NN_SOURCE", str(esp_nn))
    assert find_checkouts(None, None, "esp-nn") == Checkouts(tflm, esp_nn)


def test_wrong_folders_are_told_apart(tflm: Path, esp_nn: Path) -> None:
    with pytest.raises(ConfigError, match=r"it has no tensorflow.*micro_mutable_op_resolver\.h"):
        find_checkouts(esp_nn, None, "reference")
    with pytest.raises(ConfigError, match="no such folder"):
        find_checkouts(tflm / "none", None, "reference")
    with pytest.raises(ConfigError, match=r"it has no include/esp_nn\.h"):
        find_checkouts(tflm, tflm, "esp-nn")
