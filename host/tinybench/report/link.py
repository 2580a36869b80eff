"""What a run's link went through, and how fast samples went: in result.json and for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from tinybench.bench.link_stats import LinkStats
from tinybench.bench.records import Stream

Json = dict[str, Any]

BITS_PER_BYTE = 10
_QUIET = "latency mode: the link is quiet while the device computes"
_NO_RATE = "this link has no rate"


def describe_link(stats: LinkStats | None) -> Json:
    """``link`` in result.json: counts of this sitting; of a run that was resumed, its last one."""
    if stats is None:
        return {"link": None, "link_reason": "the device never answered"}
    counts = asdict(stats)
    cable, faults, baud = (counts.pop(key) for key in ("cable", "faults", "baud"))
    counts["chunks"] = {str(size): count for size, count in stats.chunks.items()}
    counts["baud"] = baud
    if baud is None:
        counts["baud_reason"] = _NO_RATE
    counts["cable"] = {"spec": cable, "faults": dict(faults)} if cable else None
    if not cable:
        counts["cable_reason"] = "no bad cable was put in"
    return {"link": counts}


def describe_throughput(stream: Stream | None, stats: LinkStats | None, kind: str) -> Json:
    """``throughput`` in result.json; of a virtual board it is the emulator's."""
    if stream is None or stream.seconds <= 0:
        return {"throughput": None, "throughput_reason": _QUIET}
    baud = stats.baud if stats else None
    virtual = "; an emulator's speed on this computer, no board's" if kind == "virtual" else ""
    line = stream.bytes_to_device * BITS_PER_BYTE / baud / stream.seconds if baud else None
    out: Json = {
        "samples_per_s": round(stream.n / stream.seconds, 3),
        "n": stream.n,
        "seconds": round(stream.seconds, 3),
        "method": "wall time from the first input's first byte to the last outputs, the next input "
        f"on its way while one is computed{virtual}",
        "line_share": None if line is None else round(line, 4),
    }
    if line is None:
        out["line_share_reason"] = _NO_RATE
    framing = 1 - stream.input_bytes / stream.bytes_to_device
    out["framing_share"] = round(framing, 4)
    out["line_method"] = (
        "bits to the device, ten a byte, over rate and time; framing is what of them is not inputs"
    )
    return {"throughput": out}


def link_rows(result: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """(what, value, how) of link and throughput, for people."""
    stream, link = result.get("throughput"), result.get("link")
    if stream:
        yield "throughput", f"{stream['samples_per_s']:,} samples/s", stream["method"]
        if stream["line_share"] is not None:
            framing = f"of it {stream['framing_share']:.1%} framing; {stream['line_method']}"
            yield "line used", f"{stream['line_share']:.1%}", framing
    if not link:
        return
    frames = f"of {link['frames_to_device']:,}"
    yield "frames sent again", f"{link['resends']:,}", f"{frames}, over the whole run"
    damaged = f"{link['damaged_to_device']:,} to the device, {link['damaged_to_host']:,} back"
    yield "frames damaged", damaged, "as far as either end could tell"
    away = f"{link['resets']:,} resets, {link['reconnects']:,} reconnects"
    yield "device away", away, "told apart by the boot id"
    sizes = ", ".join(f"{count:,} of {size} B" for size, count in link["chunks"].items())
    yield "pieces", sizes, "sent or asked for; shorter where frames arrive damaged"
    if link["baud"]:
        yield "baud", f"{link['baud']:,}", "at the end of the run"
    if link["cable"]:
        put = ", ".join(f"{n:,} {kind}" for kind, n in link["cable"]["faults"].items())
        yield "bad cable", put or "no fault yet", f"put in by {link['cable']['spec']}"
