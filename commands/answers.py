"""`overheard summary` and `mentions`: ask about a brand; `accept` and `reject`: what is about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from overheard.commands.options import (
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
    from overheard.insight.duplicates import Duplicates
    from overheard.insight.mentions import Found
    from overheard.insight.scope import Scope


@click.command("summary")
@click.argument("brand")
@scope_options
@by_option
@format_option("table", "json", "csv", "md")
@pass_home
def summary_command(home: Home, brand: str, scope: Scope, by: str | None, form: str) -> None:
    """What customers praise and what hurts, by dimension, with quotes.

    \b
    Examples:
      overheard summary "Nordwind Bank" --since 90d
      overheard summary "Nordwind Bank" --lang nl --format json
      overheard summary "Nordwind Bank" --query 'refund* NEAR/5 late' --by product
    """
    from overheard.insight.split import summarise_by
    from overheard.insight.summary import summarise
    from overheard.report.formats import render
    from overheard.store.brands import find_brand

    with home.store() as store, asking(store) as session:
        asked = find_brand(session, brand)
        found = summarise(session, asked, scope) if by is None else summarise_by(session, asked, scope, by)
    render(found, form, console())


@click.command("mentions")
@click.argument("brand")
@click.option(
    "--polarity", type=click.Choice(["positive", "negative", "neutral"]), help="Only opinions of this polarity."
)
@click.option("--duplicates", is_flag=True, help="The near-duplicates that are left out of counts, by group.")
@click.option("--rejected", is_flag=True, help="Instead those that were found and are not about the brand, and why.")
@click.option("--limit", default=20, show_default=True, type=Whole(),
              help="At most so many, or so many groups of near-duplicates.")  # fmt: skip
@scope_options
@by_option
@format_option("table", "json", "csv", "md")
@pass_home
def mentions_command(
    home: Home, brand: str, polarity: str | None, duplicates: bool, rejected: bool, limit: int, scope: Scope,
    by: str | None, form: str,
) -> None:  # fmt: skip
    """The mentions themselves, newest first, with what was read in them; with --by the newest of each value.

    \b
    Examples:
      overheard mentions "Nordwind Bank" --dimension speed --polarity negative --limit 5
      overheard mentions "Nordwind Bank" --duplicates
      overheard mentions Orange --rejected
    """
    from overheard.insight.duplicates import find_duplicates
    from overheard.insight.mentions import count_found, find_mentions
    from overheard.insight.split import answer_by
    from overheard.report.formats import render
    from overheard.store.brands import find_brand

    if duplicates and (polarity or rejected):
        raise UsageError("--duplicates shows groups of whole mentions; leave --polarity and --rejected out")
    if by and rejected:
        raise UsageError(f"--by {by} splits what is said of the brand; leave it or --rejected out")
    with home.store() as store, asking(store) as session:
        asked = find_brand(session, brand)

        def ask(narrowed: Scope) -> Duplicates | list[Found]:
            if duplicates:
                return find_duplicates(session, asked, narrowed, limit=limit)
            return find_mentions(session, asked, narrowed, polarity=polarity, rejected=rejected, limit=limit)

        found = ask(scope) if by is None else answer_by(session, asked, scope, by, ask)
        # Not a part of the answer, which is a list of mentions in every format.
        if isinstance(found, list) and len(found) == limit:
            total = count_found(session, asked, scope, polarity=polarity, rejected=rejected)
            if total is None or total > limit:
                of = "more" if total is None else f"{total:,}"
                say(f"the newest {limit:,} of {of} mentions; --limit shows others")
    render(found, form, console())


@click.command("accept")
@click.argument("brand")
@click.argument("mentions", nargs=-1, required=True, type=Whole())
@pass_home
def accept_command(home: Home, brand: str, mentions: tuple[int, ...]) -> None:
    """Count mentions as about the brand, whatever the judgement was or will be; give their numbers.

    \b
    Example:
      overheard accept Orange 117 118
    """
    _decide(home, brand, mentions, rejected=False)


@click.command("reject")
@click.argument("brand")
@click.argument("mentions", nargs=-1, required=True, type=Whole())
@pass_home
def reject_command(home: Home, brand: str, mentions: tuple[int, ...]) -> None:
    """Leave mentions out as not about the brand, whatever the judgement was or will be; give their numbers.

    \b
    Example:
      overheard reject Orange 119
    """
    _decide(home, brand, mentions, rejected=True)


def _decide(home: Home, brand: str, mentions: tuple[int, ...], *, rejected: bool) -> None:
    from overheard import nightly
    from overheard.store import relevance
    from overheard.store.brands import find_brand

    with home.store() as store:
        with store.session() as session:
            found = find_brand(session, brand)
            changed = relevance.decide(session, found, mentions, rejected=rejected)
        nightly.settle(store)
    done = "left out of" if rejected else "counted for"
    hint = "" if rejected or not changed else "; `overheard classify` reads those that are not read yet"
    say(f"{len(set(mentions))} mentions {done} {found.name!r}, {changed} changed{hint}")
