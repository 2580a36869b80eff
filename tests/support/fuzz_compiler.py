"""Compiles damaged models under a memory and a time limit; prints what happened as JSON.

Run by the fuzz test in a process of its own: `python -m support.fuzz_compiler SEED COUNT MODEL...`
Half of the models are damaged as bytes, half as graphs.
"""

from __future__ import annotations

import json
import random
import signal
import sys
import time
import traceback
from pathlib import Path

from support.fuzz_reader import SECONDS_PER_MODEL, limit_memory
from support.graph_damage import damage
from support.mutate import mutate, structure
from tinybench.compiler import compile_graph
from tinybench.errors import ModelError, UnsupportedModel
from tinybench.model.graph import Graph
from tinybench.model.read import parse_tflite
from tinybench.render.model_source import render_model

Model = tuple[bytes, list[int], Graph]
"""A file, the places in it where damage matters, and what the reader makes of it."""


class TooSlowError(Exception):
    """The alarm rang."""


def damaged_graph(seed: int, number: int, models: list[Model]) -> Graph:
    """Mutant ``number``; the same for the same arguments.

    Raises:
        ModelError: the reader already refuses it.
    """
    chance = random.Random(f"{seed}:{number}")
    data, places, whole = chance.choice(models)
    if number % 2:
        return damage(whole, chance)
    return parse_tflite(mutate(data, places, chance))


def load(paths: list[Path]) -> list[Model]:
    files = (path.read_bytes() for path in paths)
    return [(data, structure(data), parse_tflite(data)) for data in files]


def main(seed: int, count: int, paths: list[Path]) -> int:
    models = load(paths)
    limit_memory()
    signal.signal(signal.SIGPROF, _ring)
    compiled: list[int] = []
    unsupported = unreadable = 0
    slowest = 0.0
    for number in range(count):
        signal.setitimer(signal.ITIMER_PROF, SECONDS_PER_MODEL)
        start = time.process_time()
        try:
            graph = damaged_graph(seed, number, models)
            try:
                render_model(compile_graph(graph), None, "00" * 16)
                compiled.append(number)
            except UnsupportedModel as error:
                assert error.seen and error.todo
                unsupported += 1
        except ModelError:
            unreadable += 1
        except BaseException:
            traceback.print_exc()
            print(f"mutant {number} of seed {seed}", file=sys.stderr)
            return 1
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
        slowest = max(slowest, time.process_time() - start)
    outcome = {"compiled": compiled, "unsupported": unsupported, "unreadable": unreadable}
    print(json.dumps({**outcome, "slowest_s": slowest}))
    return 0


def _ring(number: int, frame: object) -> None:
    raise TooSlowError(f"no answer within {SECONDS_PER_MODEL} s of processor time")


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2]), [Path(path) for path in sys.argv[3:]]))
