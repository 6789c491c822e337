"""`overheard surveys`: what customers answered, beside what they say in public."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from overheard.commands.options import Home, asking, by_option, console, format_option, pass_home, scope_options

if TYPE_CHECKING:
    from overheard.insight.scope import Scope


@click.command("surveys")
@click.argument("brand")
@scope_options
@by_option
@format_option("table", "json", "csv", "md")
@pass_home
def surveys_command(home: Home, brand: str, scope: Scope, by: str | None, form: str) -> None:
    """NPS, CSAT and CES with their intervals, and what the comments say, beside what is said in public.

    Answers come from `overheard import FILE --kind survey`. Filters of language and text, and --by,
    leave answers with comments.

    \b
    Example:
      overheard surveys "Nordwind Bank" --since 90d
    """
    from overheard.insight.surveys import survey_figures, surveys_by
    from overheard.report.formats import render
    from overheard.store.brands import find_brand

    with home.store() as store, asking(store) as session:
        asked = find_brand(session, brand)
        found = survey_figures(session, asked, scope) if by is None else surveys_by(session, asked, scope, by)
    render(found, form, console())
