"""A bar with pain to the left and praise to the right of one axis."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions
from rich.measure import Measurement
from rich.segment import Segment
from rich.style import Style

PRAISE = Style(color="green")
PAIN = Style(color="red")
AXIS = Style(dim=True)

NARROWEST = 9
WIDEST = 41


@dataclass(frozen=True, slots=True)
class DivergingBar:
    """Counts of pain and praise as lengths; `largest` is the count that fills one side (of all bars in a column)."""

    pain: int
    praise: int
    largest: int

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        """Say how narrow and how wide the bar can be, in cells."""
        return Measurement(min(NARROWEST, options.max_width), min(WIDEST, options.max_width))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Segment]:
        """Draw the bar in the width that the table leaves, in plain characters where the terminal knows no others."""
        side = max(1, (min(WIDEST, options.max_width) - 1) // 2)
        full, left, right, axis = ("#", "#", "#", "|") if options.ascii_only else ("█", "▐", "▌", "│")
        pain, praise = self._length(self.pain, side, full, left), self._length(self.praise, side, full, right)
        yield Segment(pain[::-1].rjust(side), PAIN)
        yield Segment(axis, AXIS)
        yield Segment(praise.ljust(side), PRAISE)

    def _length(self, count: int, side: int, full: str, half: str) -> str:
        """Return the bar from the axis outwards; a count above 0 is never without a mark."""
        if count == 0 or self.largest == 0:
            return ""
        halves = max(1, round(2 * side * count / self.largest))
        return full * (halves // 2) + half * (halves % 2)
