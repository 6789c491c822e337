"""`overheard doctor`: the health of all sources at a glance."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from overheard.commands.options import Home, console, format_option, json_text, pass_home, say
from overheard.errors import PartialError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from overheard.crawler.health import Health

STYLES = {"well": "green", "paused": "dim", "never crawled": "yellow", "overdue": "yellow", "stale": "yellow"}


@click.command("doctor")
@format_option("table", "json")
@pass_home
def doctor_command(home: Home, form: str) -> None:
    """Show how every source is: its last crawl, what it holds, what is wrong and the way out.

    Exit code 3 when something is wrong with one of them. Nothing is fetched.

    \b
    Example:
      overheard doctor
    """
    from overheard.crawler.health import ailing, examine
    from overheard.nightly import DAILY

    with home.store() as store, store.reading() as session:
        found = examine(session, home.settings, datetime.now(UTC), DAILY)
    if form == "json":
        click.echo(json_text([asdict(each) for each in found]))
    elif found:
        _show(found)
    else:
        say("no source yet; add one with `overheard source add BRAND KIND --target …`")
    if home.settings.crawl.names_nobody:
        say("sites cannot tell whom to reach about your crawls: set crawl.contact in overheard.toml (docs/settings.md)")
    if bad := ailing(found):
        raise PartialError("; ".join(f"source {each.source_id} {each.health}: {each.reason}" for each in bad))


def _show(found: Sequence[Health]) -> None:
    from rich.table import Table
    from rich.text import Text

    drawn = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    for key in ("source", "health", "kind", "mentions", "newest", "crawled"):
        drawn.add_column(key, no_wrap=True, justify="right" if key == "mentions" else "left")
    for key in ("brand", "name", "reason"):
        drawn.add_column(key, overflow="fold", min_width=len(key))
    for each in found:
        mentions = f"{each.mentions}{f' ({each.vanished} gone)' if each.vanished else ''}"
        drawn.add_row(
            str(each.source_id), Text(each.health, STYLES.get(each.health, "red")), each.kind, mentions,
            _day(each.newest), _day(each.last_crawl), each.brand, each.name, Text(each.reason or ""),
        )  # fmt: skip
    console().print(drawn, markup=False)


def _day(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d}" if moment else ""
