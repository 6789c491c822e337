"""Alerts on the terminal, as CSV and as Markdown: what people wrote is shown and does nothing."""

from __future__ import annotations

from datetime import UTC, date, datetime

from rich.console import Console

from overheard.insight.alerts import AlertEntry, AlertFigures, Alerts
from overheard.insight.quotes import Quote
from overheard.insight.scope import Scope
from overheard.insight.statistics import Chance
from overheard.report.alerts import message, what
from overheard.report.formats import show, to_csv, to_md

from .conftest import HOSTILE, URL

DAY = date(2026, 10, 1)


def figures(measure: str, dimension: str | None, kind: str = "spike") -> AlertFigures:
    return AlertFigures(kind, measure, dimension, DAY, DAY, 2, 31.0, 10.2, Chance(3e-13), Chance(0.004))


def entry(*cells: AlertFigures, text: str | None = None) -> AlertEntry:
    quote = Quote(HOSTILE, 5, 0, 9, HOSTILE, URL, datetime(2026, 10, 1, tzinfo=UTC), 0.9, "text", "en", None)
    return AlertEntry(
        id=7, brand=HOSTILE, kind="spike", state="open", since=DAY, until=DAY, snoozed_until=None, owner="Ada",
        text=text,
        figures=cells, drivers=(), themes=(HOSTILE,), quotes=(quote,), delivered={"webhook": "unknown"},
    )  # fmt: skip


def test_what_happened_is_said_in_a_few_words() -> None:
    cells = [figures("pain", name) for name in ("speed", "ease", "service", "design", "data")]
    assert what(entry(cells[0])) == "pain in speed up"
    assert what(entry(*cells)) == "pain in speed up, also pain in ease, pain in service, pain in design and 1 more"
    assert what(entry(figures("net", None, "drop"))) == "net sentiment of the brand down"
    assert what(entry(figures("mentions", None, "drop"))) == "mentions down"


def test_what_people_wrote_steers_nothing() -> None:
    alerts = (entry(figures("pain", "speed")),)
    found = Alerts(HOSTILE, Scope(), False, alerts, {HOSTILE: DAY}, {HOSTILE: "it waits"})
    console = Console(width=60, record=True, force_terminal=False)
    with console.capture() as capture:
        show(found, console)
    for text in (capture.get(), to_csv(found), to_md(found), message(found.alerts[0])):
        assert not {"\x1b", "\x9b", "\u202e"} & set(text)
    assert "\\*bold\\*" in to_md(found)
    assert "'=HYPERLINK" in to_csv(found)
    assert "p < 1e-12, q 0.004" in " ".join(capture.get().split())
    assert "told: webhook unknown" in capture.get()
    assert "owner: Ada" in capture.get()
