"""A series as a line of blocks, one for each period, with marks beneath where it changed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import pairwise

BLOCKS = "▁▂▃▄▅▆▇█"

HOLE = "·"
"""Stands for a period of which nothing is known."""

UP, DOWN = "▲", "▼"


def sparkline(values: Sequence[float | None], low: float, high: float) -> str:
    """Return a block for each value between `low` and `high`.

    >>> sparkline([-100, 0, None, 100], -100, 100)
    '▁▅·█'
    """
    return "".join(HOLE if value is None else BLOCKS[_height(value, low, high)] for value in values)


def _height(value: float, low: float, high: float) -> int:
    part = (value - low) / (high - low) if high > low else 0.5
    return max(0, min(len(BLOCKS) - 1, int(part * len(BLOCKS))))


def squeezed(values: Sequence[float | None], width: int) -> list[float | None]:
    """Return the means of as many stretches of values as fit, of about one length; unknown values have no say.

    >>> squeezed([1, 3, None, None, 5, 7], 3)
    [2.0, None, 6.0]
    """
    if len(values) <= width:
        return list(values)
    cuts = [len(values) * part // width for part in range(width + 1)]
    stretches = [[value for value in values[one:other] if value is not None] for one, other in pairwise(cuts)]
    return [sum(stretch) / len(stretch) if stretch else None for stretch in stretches]


def marks(size: int, width: int, rises: Collection[int], falls: Collection[int]) -> str:
    """Return the line beneath `size` values squeezed into `width`: where it rose, where it fell.

    >>> marks(6, 3, [2], [5])
    ' ▲▼'
    """
    line = [" "] * min(size, width)
    for positions, mark in ((rises, UP), (falls, DOWN)):
        for position in positions:
            line[position if size <= width else position * width // size] = mark
    return "".join(line).rstrip()
