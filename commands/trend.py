"""`overheard trend`: how what is said of a brand moves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from overheard.commands.options import Home, asking, console, format_option, pass_home, scope_options

if TYPE_CHECKING:
    from overheard.insight.scope import Scope


class By(click.Choice[str]):
    """The kind of period; what `--by` means in other commands is pointed to."""

    def __init__(self) -> None:
        super().__init__(["day", "week", "month"])

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if str(value).casefold() in ("product", "location", "version"):
            self.fail(
                f"{value!r}: here --by is the period: day, week or month; "
                f"`overheard summary BRAND --by {value}` has an answer for each",
                param,
                ctx,
            )
        return str(super().convert(value, param, ctx))


@click.command("trend")
@click.argument("brand")
@click.option("--by", type=By(), help="A figure for each of these  [default: what suits the span]")
@scope_options
@format_option("table", "json", "csv", "md")
@pass_home
def trend_command(home: Home, brand: str, by: str | None, scope: Scope, form: str) -> None:
    """Counts and net sentiment over time, smoothed, with the changes that are certain.

    \b
    Examples:
      overheard trend "Nordwind Bank"
      overheard trend "Nordwind Bank" --by week --since 26w --dimension speed
    """
    from overheard.insight.trend import find_trend
    from overheard.report.formats import render
    from overheard.store.brands import find_brand

    with home.store() as store, asking(store) as session:
        found = find_trend(session, find_brand(session, brand), scope, by=by)
    render(found, form, console())
