"""`overheard inbox`: what wants an answer, and the notes that follow it until it is resolved."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click

from overheard.commands.options import (
    LARGEST,
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
from overheard.errors import UsageError

if TYPE_CHECKING:
    from overheard.insight.scope import Scope


@click.group("inbox", cls=DefaultGroup, default="show")
def inbox_command() -> None:
    """Complaints that want an answer, and what becomes of them: `inbox BRAND`, `inbox note`, `inbox notes`."""


@inbox_command.command("show")
@click.argument("brand")
@click.option("--praise", is_flag=True, help="Instead the praise that is worth a thank-you.")
@click.option("--limit", default=20, show_default=True, type=Whole(), help="At most so many.")
@scope_options
@by_option
@format_option("table", "json", "csv", "md")
@pass_home
def show(home: Home, brand: str, praise: bool, limit: int, scope: Scope, by: str | None, form: str) -> None:
    """Complaints that want an answer, the worst and the longest waiting first; reply rate and time of each source.

    Open are complaints that no reply is known of, from the last 90 days unless --since says more; what is noted as
    resolved is left out. The word `show` may be left out.

    \b
    Examples:
      overheard inbox "Nordwind Bank" --limit 5
      overheard inbox "Nordwind Bank" --praise --source trustpilot
      overheard inbox show notes                     a brand that is called like a command
    """
    from overheard.insight.inbox import Inbox, find_inbox
    from overheard.insight.split import answer_by
    from overheard.report.formats import render
    from overheard.store.brands import find_brand

    with home.store() as store, asking(store) as session:
        asked = find_brand(session, brand)

        def ask(narrowed: Scope) -> Inbox:
            return find_inbox(session, asked, narrowed, home.settings.inbox, praise=praise, limit=limit)

        found = ask(scope) if by is None else answer_by(session, asked, scope, by, ask)
    if form == "csv" and isinstance(found, Inbox) and found.open > len(found.entries):
        say(f"{len(found.entries):,} of {found.open:,} open; --limit shows more")
    render(found, form, console())


@inbox_command.command("note")
@click.argument("words", nargs=-1, required=True, metavar="MENTION… [TEXT]")
@click.option("--status", help="What the mention is from now on, such as in_progress  [default: as it was]")
@click.option("--by", help="Who says so.")
@pass_home
def note(home: Home, words: tuple[str, ...], status: str | None, by: str | None) -> None:
    """Note what was done about mentions: give their numbers, then a text, a status or both.

    Notes are only ever added, and stay when the mention is crawled again. `resolved` takes it out of the inbox until
    the customer edits it; `waiting` is for the customer. E-mail addresses, numbers and the like in the text are masked.

    \b
    Examples:
      overheard inbox note 117 --status in_progress "Refund is on its way" --by Ana
      overheard inbox note 117 118 --status resolved
    """
    from datetime import UTC, datetime

    from overheard.nlp.privacy import mask
    from overheard.store.inbox import add_notes

    numbers, text = _told(words)
    with home.store() as store, store.session() as session:
        count = add_notes(
            session, numbers, status=status, text=mask(text) if text else None, by=by, now=datetime.now(UTC)
        )
    say(f"noted on {count} mention{'' if count == 1 else 's'}")


def _told(words: tuple[str, ...]) -> tuple[list[int], str | None]:
    """Split numbers from the text behind them; raises UsageError where there is none, or more than one text."""
    texts = [word for word in words if not re.fullmatch(r"[0-9]{1,18}", word)]
    if len(texts) > 1 or (texts and words[-1] != texts[0]) or len(texts) == len(words):
        raise UsageError(
            f"{' '.join(words)!r:.200}: expected the numbers of mentions, then at most one text in quotes: "
            'inbox note 117 118 "called back"'
        )
    numbers = [int(word) for word in words if word not in texts]
    if any(not 1 <= number <= LARGEST for number in numbers):
        raise UsageError(f"mention {max(numbers)}: expected a whole number from 1 to {LARGEST}")
    return numbers, texts[0] if texts else None


@inbox_command.command("notes")
@click.argument("mentions", nargs=-1, required=True, type=Whole())
@format_option("table", "json", "csv", "md")
@pass_home
def notes(home: Home, mentions: tuple[int, ...], form: str) -> None:
    """What became of mentions: their notes, the oldest first.

    \b
    Example:
      overheard inbox notes 117
    """
    from overheard.insight.cases import find_cases
    from overheard.report.formats import render

    with home.store() as store, store.reading() as session:
        found = find_cases(session, mentions)
    render(found, form, console())
