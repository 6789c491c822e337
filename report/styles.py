"""What the pages for a terminal share: colours, nets in the colour of their sign, addresses, the table's frame."""

from __future__ import annotations

from rich import box
from rich.table import Table
from rich.text import Text

from overheard.insight.statistics import Estimate
from overheard.report import figures
from overheard.report.printable import printable

GOOD, BAD, QUIET = "green", "red", "dim"


def net_text(estimate: Estimate) -> Text:
    """Write a net in the colour of its sign where the whole interval has one sign."""
    text = figures.net(estimate)
    if estimate.low is None or estimate.high is None:
        return Text(text, style=QUIET)
    return Text(text, style=GOOD if estimate.low > 0 else BAD if estimate.high < 0 else "")


def address(url: str, indent: int) -> Text:
    """Write a URL on a line of its own that is never broken, so that it can be copied."""
    return Text(" " * indent + printable(url), style=QUIET, no_wrap=True)


def titled(title: str | None = None) -> Table:
    """Return an empty table in the house's style."""
    return Table(
        title=title, title_justify="left", title_style=QUIET, box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold",
        padding=(0, 1),
    )  # fmt: skip
