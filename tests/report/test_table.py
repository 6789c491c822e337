"""Plain tables at any width: nothing is broken that belongs together, nothing is lost."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from overheard.report.bars import DivergingBar
from overheard.report.styles import titled
from overheard.report.table import show_framed, show_table


@pytest.mark.parametrize("width", [40, 60, 72, 80])
def test_no_figure_of_a_framed_table_is_cut(width: int) -> None:
    table = titled("Periods")
    table.add_column("Month", no_wrap=True)
    for name in ("Net", "Smoothed"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("", justify="center")
    table.add_column("Change", justify="right", no_wrap=True)
    table.add_row("2017-10", Text("−34 (−46…−20)"), "−22 (−31…−13)", DivergingBar(3, 4, 4), "+100 (+90…+110) ▲")
    file = io.StringIO()
    show_framed(Console(file=file, width=width), table)
    text = file.getvalue()
    for figure in ("2017-10", "−34 (−46…−20)", "−22 (−31…−13)", "+100 (+90…+110) ▲"):
        assert figure in text
    assert all(cell_len(line.rstrip()) <= width for line in text.splitlines())
    assert text.startswith("Periods")


HEAD = ("source", "name", "outcome", "items", "oldest", "newest", "unchanged", "rejected")
OK = (1, "fenna reviews", "ok", 1200, date(2026, 1, 31), date(2026, 10, 17), 40, None)
BAD = (12, "the whole forum", "layout_changed", 0, None, None, None, 3)
WHY = "https://forum.example/a-long-way/to-the/feed.atom?page=1&order=newest: expected a feed, got an HTML page"


def printed(
    width: int, columns: Sequence[str], rows: Sequence[Sequence[object]], below: Sequence[str | None] = ()
) -> str:
    file = io.StringIO()
    show_table(Console(file=file, width=width), columns, rows, below)
    return file.getvalue()


@pytest.mark.parametrize(
    ("width", "expected"),
    [
        (
            110,
            """\
source  name             outcome         items  oldest      newest      unchanged  rejected
     1  fenna reviews    ok               1200  2026-01-31  2026-10-17         40
    12  the whole forum  layout_changed      0                                            3
    https://forum.example/a-long-way/to-the/feed.atom?page=1&order=newest: expected a feed, got an HTML page
""",
        ),
        (
            76,
            """\
source  name        outcome         items  oldest      newest      unchanged
     1  fenna       ok               1200  2026-01-31  2026-10-17         40
        reviews
    12  the whole   layout_changed      0
        forum
    rejected 3
    https://forum.example/a-long-way/to-the/feed.atom?page=1&order=newest:
    expected a feed, got an HTML page
""",
        ),
        (
            62,
            """\
source  name             outcome         items  oldest
     1  fenna reviews    ok               1200  2026-01-31
    newest 2026-10-17, unchanged 40
    12  the whole forum  layout_changed      0
    rejected 3
    https://forum.example/a-long-way/to-the/feed.atom?page=1&order=newest:
    expected a feed, got an HTML page
""",
        ),
    ],
)
def test_what_does_not_fit_stands_below_its_row(width: int, expected: str) -> None:
    assert printed(width, HEAD, [OK, BAD], [None, WHY]) == expected


def test_cells_are_plain_and_cannot_steer_the_terminal() -> None:
    moment = datetime(2026, 10, 17, 9, 30, 1, tzinfo=UTC)
    rows = [("a[b]", "\x1b[31mred\x1b[0m :smile:\n2"), ("when", moment), ("none", None)]
    assert printed(80, ("key", "value"), rows) == (
        "key   value\na[b]  red :smile: 2\nwhen  2026-10-17 09:30\nnone\n"
    )  # fmt: skip


WORD = st.text(st.sampled_from("abäß漢1−,.()/"), min_size=1, max_size=18)
CELL = st.one_of(st.none(), st.integers(0, 10**9), st.dates(), st.lists(WORD, max_size=9).map(" ".join))


@settings(max_examples=300)
@given(st.data(), st.integers(60, 160))
def test_every_word_is_there_unbroken_within_the_width(data: st.DataObject, width: int) -> None:
    count = data.draw(st.integers(2, 9))
    rows = data.draw(st.lists(st.tuples(*[CELL] * count), min_size=1, max_size=4))
    text = printed(width, [f"column{number}" for number in range(count)], rows)
    assert max(map(cell_len, text.splitlines())) <= width
    words = text.replace(", column", " column").split()
    for row in rows:
        for word in " ".join(str(cell) for cell in row if cell is not None).split():
            assert word in words or f"{word}," in words


def test_two_columns_of_numbers_that_do_not_fit_side_by_side_are_broken_between_words() -> None:
    first, second = "1 1 1 1111 111漢漢 1111111漢", "1 1 1111 11111 111漢漢 11111111"
    assert printed(60, ("a", "b"), [(first, second)]).splitlines() == [
        f"a{' ' * 29}b", f"{first}  1 1 1111 11111 111漢漢", f"{' ' * 30}11111111"
    ]  # fmt: skip
