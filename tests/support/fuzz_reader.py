"""Feeds damaged models to reader and compiler under limits of memory and time; prints what came.

Run by the fuzz test in a process of its own: `python fuzz_reader.py SEED COUNT MODEL...`
"""

from __future__ import annotations

import json
import random
import resource
import signal
import sys
import time
import traceback
from pathlib import Path
from types import FrameType

from support.mutate import mutate, structure
from tinybench.compiler import compile_graph
from tinybench.errors import ModelError
from tinybench.model.read import parse_tflite

MEMORY_BYTES = 256 << 20  # above what Python and NumPy have mapped at the start
SECONDS_PER_MODEL = 10


class TooSlowError(Exception):
    """The alarm rang."""


def main(seed: int, count: int, paths: list[Path]) -> int:
    models = [(path.name, path.read_bytes()) for path in paths]
    models = [(name, data, structure(data)) for name, data in models]
    # Small models are read in a millisecond: most of the mutants are theirs.
    weights = [1 / (2000 + len(data)) for _, data, _ in models]
    limit_memory()
    signal.signal(signal.SIGPROF, _ring)
    outcome = {"read": 0, "compiled": 0, "slowest_s": 0.0}
    for number in range(count):
        rng = random.Random(f"{seed}:{number}")
        name, data, places = rng.choices(models, weights)[0]
        mutant = mutate(data, places, rng)
        signal.setitimer(signal.ITIMER_PROF, SECONDS_PER_MODEL)
        start = time.process_time()
        try:
            graph = parse_tflite(mutant)
            outcome["read"] += 1
            compile_graph(graph)
            outcome["compiled"] += 1
        except ModelError:
            pass
        except BaseException:
            traceback.print_exc()
            print(f"mutant {number} of seed {seed}, made of {name}", file=sys.stderr)
            return 1
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
        outcome["slowest_s"] = max(outcome["slowest_s"], time.process_time() - start)
    outcome["peak_bytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps(outcome))
    return 0


def limit_memory() -> None:
    """Allows MEMORY_BYTES more address space than what is mapped now."""
    mapped = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (mapped + MEMORY_BYTES, mapped + MEMORY_BYTES))


def _ring(number: int, frame: FrameType | None) -> None:
    raise TooSlowError(f"no answer within {SECONDS_PER_MODEL} s of processor time")


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2]), [Path(path) for path in sys.argv[3:]]))
