"""Print a summary, a comparison, near-duplicates or found mentions on a terminal, in tables that fit its width.

Colours follow rich: none where the output is no terminal or NO_COLOR is set.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from overheard.insight.compare import Comparison
from overheard.insight.duplicates import Duplicates
from overheard.insight.mentions import Found
from overheard.insight.summary import Summary
from overheard.report.comparison import comparison_parts
from overheard.report.duplicates import duplicate_parts
from overheard.report.mentions import mention_parts
from overheard.report.summary import summary_parts

Answer = Summary | Comparison | Duplicates | Sequence[Found]


def show(answer: Answer, console: Console) -> None:
    """Print an answer for a person."""
    if isinstance(answer, Summary):
        parts = summary_parts(answer)
    elif isinstance(answer, Comparison):
        parts = comparison_parts(answer, console.width)
    elif isinstance(answer, Duplicates):
        parts = duplicate_parts(answer)
    else:
        parts = mention_parts(answer)
    for part in parts:
        unbroken = isinstance(part, Text) and part.no_wrap is True
        console.print(part, highlight=False, markup=False, emoji=False, soft_wrap=unbroken)
