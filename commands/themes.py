"""`overheard themes`: what is said again and again; give themes names, join them, pin them, see what became of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from overheard.commands.options import (
    DefaultGroup,
    Home,
    Whole,
    asking,
    by_option,
    console,
    format_option,
    pass_home,
    say,
    scope_options,
)

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from overheard.insight.scope import Scope
    from overheard.insight.themes import Themes
    from overheard.store.tables import Brand
    from overheard.store.themes import Theme


@click.group("themes", cls=DefaultGroup, default="list")
def themes_command() -> None:
    """What customers say again and again: `themes BRAND` lists it.

    \b
    Examples:
      overheard themes "Nordwind Bank" --since 90d
      overheard themes "Nordwind Bank" --dimension resolution --polarity negative
      overheard themes rename "Nordwind Bank" 12 "No reply to e-mails"

    A brand that is called like one of the commands below is listed with `themes list BRAND`.
    """


@themes_command.command("list")
@click.argument("brand")
@click.option("--polarity", type=click.Choice(["positive", "negative"]), help="Only praise, or only pain.")
@click.option("--limit", default=15, show_default=True, type=Whole(), help="At most so many themes.")
@scope_options
@by_option
@format_option("table", "json", "csv", "md")
@pass_home
def list_command(
    home: Home, brand: str, polarity: str | None, limit: int, scope: Scope, by: str | None, form: str
) -> None:
    """The largest themes, each with its size, its change and quotes.

    \b
    Example:
      overheard themes list "Nordwind Bank" --dimension speed
    """
    from overheard.insight.split import answer_by
    from overheard.insight.themes import Themes, find_themes
    from overheard.report.formats import render
    from overheard.report.themes import unseen
    from overheard.store.brands import find_brand

    with home.store() as store, asking(store) as session:
        asked = find_brand(session, brand)

        def ask(narrowed: Scope) -> Themes:
            return find_themes(session, asked, narrowed, polarity=polarity, limit=limit)

        found = ask(scope) if by is None else answer_by(session, asked, scope, by, ask)
    render(found, form, console())
    if form in ("json", "csv") and isinstance(found, Themes) and (more := unseen(found)):
        say(more)


@themes_command.command("rename")
@click.argument("brand")
@click.argument("theme", type=Whole())
@click.argument("name")
@pass_home
def rename_command(home: Home, brand: str, theme: int, name: str) -> None:
    """Give a theme a name that stays.

    \b
    Example:
      overheard themes rename "Nordwind Bank" 12 "No reply to e-mails"
    """
    from overheard.store import themes

    found = _change(home, brand, lambda session, one: themes.rename(session, one, theme, name))
    say(f"theme {found.id} is called {found.name!r}")


@themes_command.command("merge")
@click.argument("brand")
@click.argument("theme", type=Whole())
@click.argument("into", type=Whole())
@pass_home
def merge_command(home: Home, brand: str, theme: int, into: int) -> None:
    """Make the first theme part of the second; what would join it later joins that.

    \b
    Example:
      overheard themes merge "Nordwind Bank" 14 12
    """
    from overheard import nightly
    from overheard.store import themes

    found = _change(home, brand, lambda session, one: themes.merge(session, one, theme, into))
    with home.store() as store:
        nightly.settle(store)
    say(f"theme {theme} is part of {found.id} {found.name!r} now")


@themes_command.command("pin")
@click.argument("brand")
@click.argument("theme", type=Whole())
@click.option("--off", is_flag=True, help="Let it go again.")
@pass_home
def pin_command(home: Home, brand: str, theme: int, off: bool) -> None:
    """Keep a theme first in lists, and from being merged.

    \b
    Example:
      overheard themes pin "Nordwind Bank" 12
    """
    from overheard.store import themes

    found = _change(home, brand, lambda session, one: themes.pin(session, one, theme, pinned=not off))
    say(f"theme {found.id} {found.name!r} is {'not pinned any more' if off else 'pinned'}")


@themes_command.command("log")
@click.argument("brand")
@click.option("--theme", type=Whole(), help="Only what became of this one.")
@click.option("--limit", default=50, show_default=True, type=Whole(), help="At most so many events.")
@format_option("table", "json", "csv", "md")
@pass_home
def log_command(home: Home, brand: str, theme: int | None, limit: int, form: str) -> None:
    """What became of themes, the latest first: found, merged, split, renamed, pinned.

    \b
    Example:
      overheard themes log "Nordwind Bank"
    """
    from overheard.insight.themes import theme_history
    from overheard.report.formats import render
    from overheard.store.brands import find_brand

    with home.store() as store, store.reading() as session:
        found = theme_history(session, find_brand(session, brand), theme=theme, limit=limit)
    render(found, form, console())


def _change(home: Home, brand: str, change: Callable[[Session, Brand], Any]) -> Theme:
    from overheard.store.brands import find_brand

    with home.store() as store, store.session() as session:
        found: Theme = change(session, find_brand(session, brand))
        session.flush()
        return found
