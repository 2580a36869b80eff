"""The sources of TFLite Micro and ESP-NN, in checkouts that the user has.

Of esp-tflite-micro only what a model needs is built: the interpreter and the model's ops, found by
following includes. A header's companions are NAME.cc and NAME_common.cc beside it; with ESP-NN,
kernels/esp_nn/NAME.cc stands for kernels/NAME.cc, as in that component's CMakeLists.txt.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from tinybench.errors import ConfigError, UnsupportedModel

_MICRO = PurePosixPath("tensorflow/lite/micro")
_RESOLVER = _MICRO / "micro_mutable_op_resolver.h"
_ROOTS = (_MICRO / "micro_interpreter.cc",)
_HEADERS = (
    _RESOLVER,
    _MICRO / "micro_profiler_interface.h",
    _MICRO / "debug_log.h",
    PurePosixPath("tensorflow/lite/schema/schema_generated.h"),
)
_OURS = {_MICRO / "debug_log.cc", _MICRO / "micro_time.cc"}  # the adapter has its own
_SEARCHED = ("", "third_party/flatbuffers/include", "third_party/gemmlowp", "third_party/ruy")
_INCLUDE = re.compile(rb'^[ \t]*#[ \t]*include[ \t]*[<"]([^>"]+)[>"]', re.MULTILINE)
_ADD = re.compile(r"TfLiteStatus (Add\w+)\(.*?Register_(\w+)\(", re.DOTALL)


@dataclass(frozen=True)
class Component:
    """One of them.

    Attributes:
        name: as in the ESP-IDF component registry.
        option: names the folder on the command line.
        variable: names it in the environment.
        marker: a file that such a folder has.
        tried: the commit that tinybench is tested with.
    """

    name: str
    option: str
    variable: str
    marker: str
    tried: str


TFLM = Component(
    "esp-tflite-micro",
    "--tflm-source",
    "TINYBENCH_TFLM_SOURCE",
    str(_RESOLVER),
    "99f49e1 (1.4.0)",
)
ESP_NN = Component(
    "esp-nn",
    "--esp-nn-source",
    "TINYBENCH_ESP_NN_SOURCE",
    "include/esp_nn.h",
    "d45b843 (1.2.3)",
)


@dataclass(frozen=True)
class Checkouts:
    """Where the sources are.

    Attributes:
        tflm: a checkout of esp-tflite-micro.
        esp_nn: of esp-nn; None with the reference kernels.
    """

    tflm: Path
    esp_nn: Path | None

    @property
    def kernels(self) -> str:
        """Which are built: "esp-nn" or "reference"."""
        return "reference" if self.esp_nn is None else "esp-nn"


@dataclass(frozen=True)
class Taken:
    """A file of a checkout.

    Attributes:
        component: its name.
        path: below the checkout.
        origin: the file.
    """

    component: str
    path: PurePosixPath
    origin: Path


def find_checkouts(tflm: Path | None, esp_nn: Path | None, kernels: str) -> Checkouts:
    """The folders that are named by option or environment, if they are what they should be.

    Args:
        tflm, esp_nn: as given by option or in tinybench.toml; None where not.
        kernels: "esp-nn" or "reference".

    Raises:
        ConfigError: not named, no such folder, or of something else.
    """
    return Checkouts(_find(TFLM, tflm), _find(ESP_NN, esp_nn) if kernels == "esp-nn" else None)


def _find(component: Component, named: Path | None) -> Path:
    folder = named or Path(os.environ.get(component.variable, ""))
    wanted = (
        f"a checkout of espressif/{component.name}: virtual boards run it, and there it is tried "
    )
    wanted += "how much arena TFLM needs on any board"
    how = f"{component.option} DIR, or {component.variable}=DIR"
    if str(folder) in ("", "."):
        clone = f"git clone https://github.com/espressif/{component.name}"
        raise ConfigError(wanted, "none is named", f"{how}; tried with {component.tried}: {clone}")
    if not (folder / component.marker).is_file():
        seen = "no such folder" if not folder.is_dir() else f"it has no {component.marker}"
        raise ConfigError(wanted, f"{folder}: {seen}", f"{how}, its topmost folder")
    return folder.resolve()


def take_files(checkouts: Checkouts, methods: Sequence[str]) -> list[Taken]:
    """All files that a firmware takes from the checkouts, sorted.

    Args:
        checkouts: where they are.
        methods: of the op resolver, see resolver.methods().

    Raises:
        UnsupportedModel: this version of TFLM lacks one of the ops.
        ConfigError: a file is not where the sources of this version would have it.
    """
    walk = _Walk(checkouts)
    for root in _ROOTS:
        walk.source(root)
    registers, definitions = _registers(checkouts.tflm), _definitions(checkouts)
    for method in methods:
        kernel = definitions.get(registers.get(method, ""))
        if kernel is None:
            raise _lacks(checkouts, method)
        walk.source(kernel)
    for header in _HEADERS:
        walk.header(header)
    taken = [Taken(TFLM.name, path, checkouts.tflm / path) for path in walk.found]
    taken += [Taken(ESP_NN.name, path, origin) for path, origin in _esp_nn(checkouts)]
    return sorted(taken, key=lambda file: (file.component, file.path))


def _registers(tflm: Path) -> dict[str, str]:
    """Method of the resolver -> the op whose kernel it registers."""
    text = (tflm / _RESOLVER).read_text("utf-8", "replace")
    parts = text.split("TfLiteStatus Add")[1:]
    found = (_ADD.match(f"TfLiteStatus Add{part}") for part in parts)
    return {match[1]: match[2] for match in found if match is not None}


def _lacks(checkouts: Checkouts, method: str) -> UnsupportedModel:
    return UnsupportedModel(
        "ops that the checkout's TFLite Micro has",
        f"{checkouts.tflm} has no {method}",
        f"take a newer checkout of {TFLM.name}, or a model without the op",
    )


def _definitions(checkouts: Checkouts) -> dict[str, PurePosixPath]:
    """Op -> file with its Register_OP(), ESP-NN's before the reference where it is asked for."""
    folders = ["kernels"] + (["kernels/esp_nn"] if checkouts.esp_nn is not None else [])
    index = {}
    for folder in folders:
        for path in sorted((checkouts.tflm / _MICRO / folder).glob("*.cc")):
            text = path.read_text("utf-8", "replace")
            for op in re.findall(r"^TFLMRegistration\*?\s+Register_(\w+)\(\)\s*\{", text, re.M):
                index[op] = PurePosixPath(path.relative_to(checkouts.tflm).as_posix())
    return index


def _esp_nn(checkouts: Checkouts) -> Iterator[tuple[PurePosixPath, Path]]:
    """Headers, and the portable C that ESP32 and ESP32-C3 use."""
    if checkouts.esp_nn is None:
        return
    for glob in ("include/*.h", "src/*/*.h", "src/*/*_ansi.c", "src/*/*_opt.c"):
        for path in checkouts.esp_nn.glob(glob):
            yield PurePosixPath(path.relative_to(checkouts.esp_nn).as_posix()), path


class _Walk:
    """Follows includes through a checkout."""

    def __init__(self, checkouts: Checkouts) -> None:
        self._root = checkouts.tflm
        self._esp_nn = checkouts.esp_nn is not None
        self.found: set[PurePosixPath] = set()

    def source(self, path: PurePosixPath) -> None:
        """Takes a source, its headers, and their companions, and so on."""
        waiting = [path]
        while waiting:
            path = waiting.pop()
            if path in self.found or path in _OURS:
                continue
            self.found.add(path)
            for included in self._included(path):
                waiting.append(included)
                if path != _RESOLVER:
                    waiting += self._companions(included)

    def header(self, path: PurePosixPath) -> None:
        """Takes a header and those that it includes."""
        waiting = [path]
        while waiting:
            path = waiting.pop()
            if path not in self.found:
                self.found.add(path)
                waiting += self._included(path)

    def _included(self, path: PurePosixPath) -> list[PurePosixPath]:
        try:
            names = _INCLUDE.findall((self._root / path).read_bytes())
        except OSError as error:
            wanted = f"{TFLM.name} with the files that its version {TFLM.tried} has"
            todo = f"git -C {self._root} checkout {TFLM.tried.split()[0]}"
            raise ConfigError(wanted, f"{self._root}: {path}: {error.strerror}", todo) from error
        found = (self._resolve(path.parent, name.decode("utf-8", "replace")) for name in names)
        return [path for path in found if path is not None]

    def _resolve(self, beside: PurePosixPath, name: str) -> PurePosixPath | None:
        for folder in (beside, *map(PurePosixPath, _SEARCHED)):
            if (self._root / folder / name).is_file():
                return PurePosixPath(os.path.normpath(folder / name))
        return None  # the compiler's, or not for this build

    def _companions(self, header: PurePosixPath) -> list[PurePosixPath]:
        if header.suffix != ".h":
            return []
        stem = header.with_suffix("")
        if str(header).startswith("third_party"):
            return []
        plain = stem.with_suffix(".cc")
        own = plain.parent / "esp_nn" / plain.name
        if self._esp_nn and (self._root / own).is_file():
            plain = own
        common = stem.with_name(f"{stem.name}_common.cc")
        return [path for path in (plain, common) if (self._root / path).is_file()]


def digest(files: Sequence[Taken]) -> str:
    """SHA-256 over what was taken, names and content."""
    total = hashlib.sha256()
    for file in files:
        name = f"{file.component}/{file.path}".encode()
        content = file.origin.read_bytes()
        for part in (name, content):
            total.update(len(part).to_bytes(8, "little") + part)
    return total.hexdigest()
