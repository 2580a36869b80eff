"""Who is told how a long piece of work goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from tinybench.bench.records import SampleRecord


class Watch(Protocol):
    """Is told how a long piece of work goes on."""

    def phase(self, text: str) -> None:
        """A step begins."""

    def start(self, planned: int) -> None:
        """So many samples are going to be measured."""

    def record(self, record: SampleRecord) -> None:
        """A sample was measured."""

    def unreadable(self, name: str) -> None:
        """A sample could not be read."""

    def board(self, state: str) -> None:
        """What the board is at, where it does not simply measure; "" when it does so again."""


class Silent:
    """A Watch that keeps quiet."""

    def phase(self, text: str) -> None:
        """Says nothing."""

    def start(self, planned: int) -> None:
        """Says nothing."""

    def record(self, record: SampleRecord) -> None:
        """Says nothing."""

    def unreadable(self, name: str) -> None:
        """Says nothing."""

    def board(self, state: str) -> None:
        """Says nothing."""
