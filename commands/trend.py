"""`overheard trend`: how what is said of a brand moves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from overheard.commands.options import Home, asking, console, format_option, pass_home, scope_options
from overheard.errors import UsageError

if TYPE_CHECKING:
    from overheard.insight.scope import Scope
    from overheard.insight.trend import Trend


PERIODS = ("day", "week", "month")
ATTRIBUTES = ("product", "location", "version")


@click.command("trend")
@click.argument("brand")
@click.option(
    "--by", multiple=True, type=click.Choice([*PERIODS, *ATTRIBUTES]),
    help="A figure for each day, week or month  [default: what suits the span]; a trend for each of the others.",
)  # fmt: skip
@scope_options
@format_option("table", "json", "csv", "md")
@pass_home
def trend_command(home: Home, brand: str, by: tuple[str, ...], scope: Scope, form: str) -> None:
    """Counts and net sentiment over time, smoothed, with the changes that are certain.

    \b
    Examples:
      overheard trend "Nordwind Bank"
      overheard trend "Nordwind Bank" --by week --since 26w --dimension speed
      overheard trend "Nordwind Bank" --by month --by product
    """
    from overheard.insight.split import answer_by
    from overheard.insight.trend import find_trend
    from overheard.report.formats import render
    from overheard.store.brands import find_brand

    periods, attributes = ([name for name in by if name in known] for known in (PERIODS, ATTRIBUTES))
    if max(len(periods), len(attributes)) > 1:
        raise UsageError(f"--by {' --by '.join(by)}: expected one period at most, and one of {', '.join(ATTRIBUTES)}")
    period = periods[0] if periods else None
    with home.store() as store, asking(store) as session:
        asked = find_brand(session, brand)

        def ask(narrowed: Scope) -> Trend:
            return find_trend(session, asked, narrowed, by=period)

        found = answer_by(session, asked, scope, attributes[0], ask) if attributes else ask(scope)
    render(found, form, console())
