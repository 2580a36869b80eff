"""What lies where in a real board's flash: partition tables, as ESP-IDF's CSV has them."""

from __future__ import annotations

from tinybench import resources
from tinybench.boards.facts import Board
from tinybench.errors import ConfigError

_UNITS = {"K": 2**10, "M": 2**20}


def app_bytes(board: Board) -> int:
    """Flash for code and constants: a real board's app partition.

    Raises:
        ConfigError: its partition table does not exist, or has no app.
    """
    if board.kind == "virtual":
        return board.memory.flash_bytes
    sizes = [size for kind, _, size in partitions(board) if kind == "app"]
    if not sizes:
        raise ConfigError(
            f"{board.source}: a partition of type app",
            f"{board.build.partitions} has none",
            "give build.partitions another table, or this one a line such as that of 4mb.csv",
        )
    return max(sizes)


def partitions(board: Board) -> list[tuple[str, int, int]]:
    """Type, offset and size in bytes of each partition; ESP-IDF's CSV, without blank fields.

    Raises:
        ConfigError: the table does not exist or cannot be read.
    """
    folder = resources.firmware() / board.build.port / "partitions"
    path = folder / board.build.partitions
    have = sorted(table.name for table in folder.glob("*.csv"))
    if path.name not in have or path.parent != folder:
        wanted = f"{board.source}: build.partitions, one of {', '.join(have)}"
        raise ConfigError(wanted, repr(board.build.partitions), "see boards/README.md")
    lines = path.read_text(encoding="utf-8").splitlines()
    rows = [[field.strip() for field in line.split(",")] for line in lines]
    try:
        return [
            (row[1], _number(row[3]), _number(row[4]))
            for row in rows
            if len(row) > 4 and not row[0].startswith("#")
        ]
    except ValueError as error:
        todo = "write them as 0x10000, 64K or 1M"
        raise ConfigError(f"{path}: offset and size as numbers", str(error), todo) from error


def _number(text: str) -> int:
    unit = _UNITS.get(text[-1:].upper(), 0)
    return int(text[:-1], 0) * unit if unit else int(text, 0)


def check_partitions(board: Board) -> None:
    """Refuses a table that is not there, has no app, or reaches beyond the flash chip.

    Raises:
        ConfigError: naming the key.
    """
    app_bytes(board)
    end = max(offset + size for _, offset, size in partitions(board))
    if end > board.memory.flash_bytes:
        raise ConfigError(
            f"{board.source}: build.partitions within memory.flash_bytes "
            f"({board.memory.flash_bytes:,} B)",
            f"{board.build.partitions} reaches to {end:,} B",
            f'partitions = "{board.memory.flash_bytes >> 20}mb.csv"',
        )
