"""`overheard alerts`: what is unusual or broken, since when and why; `ack`, `snooze` and `backtest`."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import click

from overheard.commands.options import (
    Day,
    DefaultGroup,
    Home,
    Progress,
    Whole,
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


@click.group("alerts", cls=DefaultGroup, default="list")
def alerts_command() -> None:
    """What is unusual or broken, since when and why.

    `overheard alerts BRAND` is short for `overheard alerts list BRAND`.

    \b
    Examples:
      overheard alerts
      overheard alerts "Nordwind Bank" --all
      overheard alerts snooze 12 --for 7d
    """


@alerts_command.command("list")
@click.argument("brand", required=False)
@click.option("--all", "history", is_flag=True, help="Also those that are acknowledged, snoozed or over.")
@scope_options
@by_option
@format_option("table", "json", "csv", "md")
@pass_home
def list_command(
    home: Home, brand: str | None, history: bool, scope: Scope, by: str | None, form: str
) -> None:  # fmt: skip
    """List the open alerts of a brand or of all, the latest first: how unusual, why, in whose words.

    They are found by `overheard refresh`; --since and --until keep what lasted into that period, --lang, --query and
    --by what is quoted from such mentions.

    \b
    Examples:
      overheard alerts list "Nordwind Bank"
      overheard alerts list --all --since 30d --format json
    """
    from overheard.insight.alerts import alerts_by, list_alerts
    from overheard.report.formats import render
    from overheard.store.brands import find_brand

    if by is not None and brand is None:
        raise UsageError(f"--by {by} splits the alerts of one brand; name it: overheard alerts BRAND --by {by}")
    with home.store() as store, store.reading() as session:
        asked = find_brand(session, brand) if brand else None
        found = (
            list_alerts(session, asked, scope, history=history)
            if by is None or asked is None
            else alerts_by(session, asked, scope, by, history=history)
        )
    render(found, form, console())


@alerts_command.command("ack")
@click.argument("numbers", metavar="ID…", nargs=-1, required=True, type=Whole())
@pass_home
def ack_command(home: Home, numbers: tuple[int, ...]) -> None:
    """Say that somebody takes care of alerts: they are not told any more, and not listed without --all.

    \b
    Example:
      overheard alerts ack 12
    """
    _set(home, numbers, "acked", None)


@alerts_command.command("snooze")
@click.argument("numbers", metavar="ID…", nargs=-1, required=True, type=Whole())
@click.option("--for", "length", required=True, help="How long: 12h, 7d, 2w.")
@pass_home
def snooze_command(home: Home, numbers: tuple[int, ...], length: str) -> None:
    """Leave alerts out for a while; what is not over by then is open again.

    \b
    Example:
      overheard alerts snooze 12 --for 7d
    """
    _set(home, numbers, "snoozed", datetime.now(UTC) + timedelta(seconds=seconds(length)))


def _set(home: Home, numbers: tuple[int, ...], state: str, until: datetime | None) -> None:
    from overheard.store.alerts import set_state

    with home.store() as store, store.session() as session:
        for number in numbers:
            set_state(session, number, state, until, datetime.now(UTC))
    say(f"{len(set(numbers))} {state}{f' until {until:%Y-%m-%d %H:%M} UTC' if until else ''}")


@alerts_command.command("backtest")
@click.argument("brand", required=False)
@click.option("--since", type=Day(), help="Count nights from this date on  [default: all that have enough history]")
@click.option("--replays", default=20, show_default=True, type=Whole(0, 1000), help="Replays with incidents put in.")
@click.option("--seed", default=0, show_default=True, type=Whole(0), help="Chooses the incidents.")
@format_option("table", "json", "csv", "md")
@pass_home
def backtest_command(
    home: Home, brand: str | None, since: date | None, replays: int, seed: int, form: str
) -> None:  # fmt: skip
    """Replay history night by night: how many alerts there would have been, and how soon incidents are found.

    Incidents, three times the pain for three days, are put into random dimensions. Nothing is stored.

    \b
    Example:
      overheard alerts backtest "Nordwind Bank" --since 365d
    """
    from overheard import taxonomy
    from overheard.insight.backtest import backtest
    from overheard.insight.history import days_of, read_history
    from overheard.report.formats import render
    from overheard.store.brands import find_brand, list_brands

    names = [entry.name for entry in taxonomy.load().dimensions]
    histories = []
    with home.store() as store, store.reading() as session:
        for each in [find_brand(session, brand)] if brand else list_brands(session):
            days = days_of(session, each)
            if days is not None and each.model_version_id is not None:
                histories.append((each.name, read_history(session, each, names, *days)))
    if not histories:
        raise UsageError("there is no history to replay; import some and run `overheard classify`")
    with Progress("replaying") as bar:
        bar.start(len(histories) * replays)
        found = backtest(histories, since, replays=replays, seed=seed, on_replay=bar.advance)
    render(found, form, console())
