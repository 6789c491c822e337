"""`overheard explain`: everything known about one mention."""

from __future__ import annotations

import click

from overheard.commands.options import Home, Whole, console, format_option, pass_home


@click.command("explain")
@click.argument("mention", type=Whole())
@format_option("table", "json", "csv", "md")
@pass_home
def explain_command(home: Home, mention: int, form: str) -> None:
    """Everything that is known about one mention: what was read in it, where it comes from, what it counts in.

    \b
    Example:
      overheard explain 117
    """
    from overheard.insight.explain import explain
    from overheard.report.formats import render

    with home.store() as store, store.reading() as session:
        found = explain(session, mention)
    render(found, form, console())
