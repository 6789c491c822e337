"""What a summary has found, in one line each: surprises, disagreement, who spoils and who is praised, signals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from overheard.insight.disagreement import Disagreement, Spoiler
from overheard.insight.impact import Impact
from overheard.insight.summary import SignalFigures, Summary
from overheard.insight.surprise import Surprise
from overheard.insight.targets import MeasuredTarget
from overheard.report import figures
from overheard.report.surveys import value
from overheard.report.targets import VERDICTS, reached, wanted

SURPRISING = 4
"""Surprises that are told."""

LISTED = 5
"""Teams and people that are named."""

SPOILERS = 3
"""Touchpoints that are told."""


def weight(entry: Impact) -> str:
    """Write what a pain or a praise weighs: impact, what it moves, how often.

    >>> from overheard.insight.impact import Impact
    >>> weight(Impact("speed", "Speed", "pain", 502, 0.213, 0.197, 0.23, 0.7, 14.9, -9.3))
    'impact 14.9, moves the net by −9, 502 mentions (21 %)'
    """
    mentions = f"{figures.count(entry.mentions)} mentions"
    if entry.impact is None:
        return f"{mentions}, too few to weigh"
    moved = "" if entry.moves is None else f"moves the net by {figures.signed(entry.moves)}, "
    return f"impact {entry.impact:.1f}, {moved}{mentions} ({figures.share(entry.share)})"


def findings(summary: Summary) -> Iterator[tuple[str, str]]:
    """Yield a heading and a line for everything that was found; nothing for what was not."""
    if summary.surprises:
        first = summary.surprises[0]
        told = "; ".join(_surprise(entry) for entry in summary.surprises[:SURPRISING])
        yield "Surprising", f"{figures.period(first.since, first.until)}: {told}"
    disagreeing = [entry for entry in summary.disagreements if entry.mentions]
    if disagreeing:
        yield "Stars and text", f"{'; '.join(_disagreement(entry) for entry in disagreeing)}{_reach(summary)}"
    spoiling = [entry for entry in summary.spoilers if entry.mentions][:SPOILERS]
    if spoiling:
        yield "Spoils good visits", f"{'; '.join(_spoiler(entry) for entry in spoiling)}{_reach(summary)}"
    if summary.praised:
        named = (f"{cue.name} ({figures.count(cue.mentions)})" for cue in summary.praised[:LISTED])
        yield "Praised by name", f"{', '.join(named)}{_reach(summary)}"
    signals = [entry for entry in summary.signals if entry.mentions]
    if signals:
        yield "Signals", _signals(signals)
    if summary.targets:
        yield "Targets", "; ".join(_target(each) for each in summary.targets)
    if summary.surveys:
        yield "Asked", "; ".join(f"{each.label} {value(each)}" for each in summary.surveys)


def _target(each: MeasuredTarget) -> str:
    return f"{each.label} {wanted(each)}: {reached(each)}, {VERDICTS[each.verdict]} ({each.owner})"


def _reach(summary: Summary) -> str:
    return "" if summary.newest.whole else f" (of the newest {figures.count(summary.newest.mentions)})"


def _surprise(entry: Surprise) -> str:
    side = f" {entry.side}" if entry.side else ""
    now, usual = figures.share(entry.value), figures.share(entry.usual)
    if entry.kind == "new":
        return f"{entry.label}{side} in {now} of mentions, {usual} in the year before"
    return f"{entry.label} is {now} of all {entry.side}, {usual} at others of the industry"


def _disagreement(entry: Disagreement) -> str:
    found = f"{entry.label.lower()} {figures.count(entry.mentions)} of {figures.count(entry.of)}"
    return f"{found} (mention {entry.examples[0]})"


def _spoiler(entry: Spoiler) -> str:
    return f"{entry.label} {figures.count(entry.mentions)} of {figures.count(entry.of)} with pain there"


def _signals(signals: Sequence[SignalFigures]) -> str:
    return ", ".join(
        f"{entry.label.lower()} {figures.count(entry.mentions)} ({figures.share(entry.share) or 'too few'})"
        for entry in signals
    )
