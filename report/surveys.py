"""Surveys on the terminal: each score with its interval, then what the comments of each group say."""

from __future__ import annotations

from collections.abc import Iterator

from rich import box
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from overheard.insight.statistics import Estimate
from overheard.insight.surveys import SurveyFigures, SurveyGroup, Surveys, SurveyScore
from overheard.report import figures, markdown, spreadsheet
from overheard.report.inbox import rate
from overheard.report.printable import printable
from overheard.report.styles import QUIET, net_text

COLUMNS = (
    "brand", "survey", "scale", "responses", "comments", "first", "last", *spreadsheet.estimate_columns("value"),
    "group", "group_responses", "group_share", "group_comments", "dimension", "praise", "pain", "neutral",
    *spreadsheet.estimate_columns("net"), *spreadsheet.estimate_columns("public"),
)  # fmt: skip

SHOWN = 5
"""Dimensions shown for each group."""

NONE = (
    "No answers here. Widen the period or the filters, or bring some in: "
    "`overheard import FILE --kind survey --brand BRAND`."
)


def parts(found: Surveys, width: int) -> Iterator[RenderableType]:
    """Yield what to print for surveys."""
    scope = figures.limits(found.scope)
    yield Text.assemble((f"{printable(found.brand)}: surveys", "bold"), "  ", (printable(scope), QUIET))
    if not found.surveys:
        yield Text(NONE)
        return
    for survey in found.surveys:
        yield Text()
        yield Text.assemble((survey.label, "bold"), f"  {value(survey)}")
        yield Text(_answers(survey), style=QUIET)
        yield _groups(survey)
        if any(group.dimensions for group in survey.groups):
            yield _dimensions(survey)
    yield Text.assemble("In public  ", net_text(found.public_net), f", {figures.count(found.public_mentions)} mentions")


def value(survey: SurveyFigures | SurveyScore) -> str:
    """Write the value of a survey with its interval: +30 (+14…+45), 80 % (49…94), 5.5 (5.0…5.9) of 7."""
    if survey.survey == "nps":
        return figures.net(survey.value)
    if survey.survey == "csat":
        top = f"{survey.scale:g}"
        best = "80 % and more" if survey.scale == 100 else f"{survey.scale - 1:g} or {top} of {top}"
        return f"{rate(survey.value)} answered {best}"
    return f"{_mean(survey.value)} of {survey.scale:g}"


def _mean(found: Estimate) -> str:
    if found.value is None or found.low is None or found.high is None:
        return figures.missing(found.n)
    return f"{found.value:.1f} ({found.low:.1f}{figures.TO}{found.high:.1f})"


def _answers(survey: SurveyFigures) -> str:
    period = f"{figures.day(survey.first)} to {figures.day(survey.last)}"
    text = f"{figures.count(survey.responses)} answers ({period}), {figures.count(survey.comments)} with a comment"
    unread = survey.comments - sum(group.analysed for group in survey.groups)
    return text + (f", {figures.count(unread)} of them not read (`overheard classify`)" if unread else "")


def _groups(survey: SurveyFigures) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold", padding=(0, 1))
    table.add_column("")
    for name in ("Answers", "Share", "Comments", "Net of the comments"):
        table.add_column(name, justify="right")
    for group in survey.groups:
        cells = (figures.count(group.responses), figures.share(group.share), figures.count(group.comments))
        table.add_row(group.group.capitalize(), *cells, net_text(group.net_sentiment))
    return table


def _dimensions(survey: SurveyFigures) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold", padding=(0, 1))
    table.add_column("Comments")
    table.add_column("Dimension")
    for name in ("Praise", "Pain", "Net", "In public"):
        table.add_column(name, justify="right")
    for group in survey.groups:
        for position, entry in enumerate(group.dimensions[:SHOWN]):
            table.add_row(
                group.group.capitalize() if position == 0 else "",
                entry.label,
                figures.count(entry.praise),
                figures.count(entry.pain),
                net_text(entry.net),
                net_text(entry.public),
                end_section=position + 1 == len(group.dimensions[:SHOWN]),
            )
    return table


def rows(found: Surveys) -> Iterator[spreadsheet.Row]:
    """Yield a row for each dimension of each group, or for the group where its comments bear on none."""
    for survey in found.surveys:
        for group in survey.groups:
            start: spreadsheet.Row = {
                "brand": found.brand,
                "survey": survey.survey,
                "scale": survey.scale,
                "responses": survey.responses,
                "comments": survey.comments,
                "first": spreadsheet.day(survey.first),
                "last": spreadsheet.day(survey.last),
                **spreadsheet.estimate("value", survey.value),
                "group": group.group,
                "group_responses": group.responses,
                "group_share": group.share,
                "group_comments": group.comments,
            }
            yield from _group_rows(start, group)


def _group_rows(start: spreadsheet.Row, group: SurveyGroup) -> Iterator[spreadsheet.Row]:
    if not group.dimensions:
        yield {**dict.fromkeys(COLUMNS), **start}
    for entry in group.dimensions:
        yield {
            **start,
            "dimension": entry.dimension,
            "praise": entry.praise,
            "pain": entry.pain,
            "neutral": entry.neutral,
            **spreadsheet.estimate("net", entry.net),
            **spreadsheet.estimate("public", entry.public),
        }


def lines(found: Surveys) -> Iterator[str]:
    """Yield the lines of surveys as Markdown."""
    yield f"# {markdown.escaped(found.brand)}: surveys"
    yield ""
    yield markdown.escaped(figures.limits(found.scope))
    yield ""
    if not found.surveys:
        yield NONE
        return
    for survey in found.surveys:
        yield f"## {survey.label}: {value(survey)}"
        yield ""
        yield _answers(survey)
        yield ""
        cells = [
            (
                group.group.capitalize(), figures.count(group.responses), figures.share(group.share),
                figures.count(group.comments), figures.net(group.net_sentiment),
            )
            for group in survey.groups
        ]  # fmt: skip
        yield from markdown.table(("", "Answers", "Share", "Comments", "Net of the comments"), cells)
        said = [
            (f"{group.group.capitalize()}: {entry.label}", figures.count(entry.praise), figures.count(entry.pain),
             figures.net(entry.net), figures.net(entry.public))
            for group in survey.groups
            for entry in group.dimensions[:SHOWN]
        ]  # fmt: skip
        if said:
            yield from markdown.table(("Comments", "Praise", "Pain", "Net", "In public"), said)
    yield f"In public: {figures.net(found.public_net)}, {figures.count(found.public_mentions)} mentions"
