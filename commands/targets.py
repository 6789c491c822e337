"""`overheard targets`: what a brand wants to reach, who answers for it, and how far it is."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from overheard.commands.options import (
    DefaultGroup,
    Home,
    asking,
    by_option,
    console,
    format_option,
    pass_home,
    say,
    scope_options,
    seconds,
)
from overheard.errors import UsageError

if TYPE_CHECKING:
    from overheard.insight.scope import Scope

PLAIN = ("net", "stars", "reply_rate", "reply_time")
NAMED = ("dimension", "touchpoint", "index")


@click.group("targets", cls=DefaultGroup, default="show")
def targets_command() -> None:
    """What a brand wants to reach, and who answers for it; `targets show` measures it."""


def _measure_options(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed(
        (
            click.option("--net", "net", is_flag=True, help="Net sentiment, from -100 to 100."),
            click.option("--dimension", help="The net of this dimension, such as speed."),
            click.option("--touchpoint", help="The net at this part of the journey, such as receive."),
            click.option("--index", help="The CX index of 0 to 100: effective, easy, enjoyable or overall."),
            click.option("--stars", is_flag=True, help="Mean stars, from 1 to 5."),
            click.option("--reply-rate", is_flag=True, help="The share of mentions with a reply, such as 80%."),
            click.option("--reply-time", is_flag=True, help="The median time to a reply at most, such as 4h or 1d."),
        )
    ):
        command = option(command)
    return command


def _measure(given: dict[str, Any]) -> tuple[str, str]:
    """Return measure and name of the one option that says what the target is for; raises UsageError."""
    from overheard.insight.targets import check_name

    said = [(key, "" if key in PLAIN else str(value)) for key, value in given.items() if value]
    if len(said) != 1:
        words = ", ".join(f"--{key.replace('_', '-')}" for key in (*NAMED, *PLAIN))
        raise UsageError(f"{len(said)} measures given; expected one of {words}")
    check_name(*said[0])
    return said[0]


def _value(measure: str, text: str) -> float:
    """Return the value of a target as the store keeps it; raises UsageError."""
    if measure == "reply_time":
        return float(seconds(text))
    number = text.strip().replace("\N{MINUS SIGN}", "-").removesuffix("%" if measure == "reply_rate" else "").strip()
    if not re.fullmatch(r"[+-]?[0-9]{1,3}(?:\.[0-9]{1,3})?", number):
        example = {"stars": "4.2", "reply_rate": "80%"}.get(measure, "20")
        raise UsageError(f"target {text!r}: expected a number such as {example}")
    if measure == "reply_rate" and "%" not in text and 0 < float(number) <= 1:
        raise UsageError(f"target {text!r}: a share or per cent? write {100 * float(number):g}% or {number}%")
    return float(number)


class _WithValue(click.Command):
    """A command that takes a negative value, such as -10 or the typo -4h, for a value and not for an option."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        marked = [f"\N{MINUS SIGN}{each[1:]}" if re.match(r"-[0-9.]", each) else each for each in args]
        return super().parse_args(ctx, marked)


@targets_command.command("set", cls=_WithValue)
@click.argument("brand")
@_measure_options
@click.argument("value")
@click.option("--owner", required=True, help="Who answers for it.")
@pass_home
def set_(home: Home, /, brand: str, value: str, owner: str, **given: Any) -> None:
    """Set a target of a brand, in place of the one that there is.

    \b
    Examples:
      overheard targets set "Nordwind Bank" --dimension speed 20 --owner "Ana, logistics"
      overheard targets set "Nordwind Bank" --touchpoint support -10 --owner Bea
      overheard targets set "Nordwind Bank" --reply-time 4h --owner Chris
    """
    from datetime import UTC, datetime

    from overheard.store.brands import find_brand
    from overheard.store.targets import set_target

    measure, name = _measure(given)
    with home.store() as store, store.session() as session:
        found = find_brand(session, brand)
        target = set_target(session, found, measure, name, _value(measure, value), owner, datetime.now(UTC))
        say(f"target of {found.name!r} for {' '.join(filter(None, (measure, name)))}: {value}, {target.owner}")


@targets_command.command("show")
@click.argument("brand", required=False)
@scope_options
@by_option
@format_option("table", "json", "csv", "md")
@pass_home
def show(home: Home, brand: str | None, scope: Scope, by: str | None, form: str) -> None:
    """The targets of a brand, or of all, with what was reached; the word `show` may be left out.

    With --by each value is measured against the targets of the whole brand.

    \b
    Example:
      overheard targets show "Nordwind Bank" --since 90d
    """
    from overheard.insight.split import answer_by
    from overheard.insight.targets import MeasuredTargets, measure_all
    from overheard.report.formats import render
    from overheard.store.brands import find_brand, list_brands

    if by is not None and brand is None:
        raise UsageError(f"--by {by} splits what one brand reached; name it: overheard targets show BRAND --by {by}")
    with home.store() as store, asking(store) as session:
        brands = [find_brand(session, brand)] if brand else list_brands(session)

        def ask(narrowed: Scope) -> MeasuredTargets:
            return measure_all(session, brands, narrowed)

        found = ask(scope) if by is None else answer_by(session, brands[0], scope, by, ask)
    render(found, form, console())


@targets_command.command("remove")
@click.argument("brand")
@_measure_options
@pass_home
def remove(home: Home, /, brand: str, **given: Any) -> None:
    """Remove a target of a brand.

    \b
    Example:
      overheard targets remove "Nordwind Bank" --dimension speed
    """
    from overheard.store.brands import find_brand
    from overheard.store.targets import remove_target

    measure, name = _measure(given)
    with home.store() as store, store.session() as session:
        found = find_brand(session, brand)
        remove_target(session, found, measure, name)
        say(f"{found.name!r} has no target for {' '.join(filter(None, (measure, name)))} any more")
