"""`overheard doctor`: the health of all sources at a glance."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from overheard.commands.options import Home, format_option, json_text, pass_home, say, table
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
    from rich.text import Text

    columns = ["source", "name", "brand", "health", "mentions", "newest", "crawled"]
    rows = [
        [
            each.source_id, each.name if each.name == each.kind else f"{each.name} ({each.kind})", each.brand,
            Text(each.health, STYLES.get(each.health, "red"), no_wrap=True), each.mentions, _day(each.newest),
            _day(each.last_crawl),
        ]
        for each in found
    ]  # fmt: skip
    if any(each.vanished for each in found):
        columns.append("vanished")
        rows = [[*row, each.vanished or None] for row, each in zip(rows, found, strict=True)]
    table(columns, rows, [each.reason for each in found])


def _day(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d}" if moment else ""
