"""`overheard source`: kinds, add, try, list, show, edit, pause, resume, remove."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from overheard.commands.brands import confirm
from overheard.commands.options import (
    UNITS,
    Home,
    Whole,
    format_option,
    json_text,
    pass_home,
    say,
    seconds,
    table,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from overheard.crawler.probe import Finding
    from overheard.intake.item import Item
    from overheard.store.tables import Source

PARTS = ("text", "title", "rating", "published", "author", "reply")
"""Parts of a mention of which `source try` says in how many items they were found."""


def interval(length: int) -> str | None:
    """Return an interval in seconds as `--every` takes it, such as 6h; null where it is no whole number of hours."""
    for unit, size in sorted(UNITS.items(), key=lambda item: -item[1]):
        if length % size == 0:
            return f"{length // size}{unit}"
    return None


def described(source: Source) -> dict[str, Any]:
    """Return a source as plain data, with its last crawl."""
    last = source.crawls[-1] if source.crawls else None
    return {
        "source": source.id,
        "brand": source.brand.name if source.brand else None,
        "kind": source.kind,
        "name": source.name,
        "target": source.target,
        "language": source.language,
        "every": source.every,
        "paused": source.paused,
        "watermark": source.watermark,
        "last_crawl": last.started_at if last else None,
        "outcome": last.outcome if last else None,
        "reason": last.reason if last else None,
    }


@click.group("source")
def source_command() -> None:
    """The places to listen at."""


@source_command.command("add")
@click.argument("brand")
@click.argument("kind")
@click.option("--target", required=True, help="What to crawl: a URL, or key=value,key=value.")
@click.option("--name", help="What to call it  [default: the kind]")
@click.option("--lang", "language", help="The language that is mostly written there, such as nl.")
@click.option("--every", help="How often to crawl it: 6h, 1d, 2w  [default: 1d]")
@click.option("--no-check", is_flag=True, help="Add it without a look at its first page.")
@click.option("--yes", is_flag=True, help="Do not ask where the service may not want it.")
@pass_home
def add(
    home: Home, brand: str, kind: str, target: str, name: str | None, language: str | None, every: str | None,
    no_check: bool, yes: bool,
) -> None:  # fmt: skip
    """Add a place to crawl for a brand, after a look at its first page; `overheard source kinds` lists the KINDs.

    \b
    Examples:
      overheard source add "Nordwind Bank" appstore --target id=123456789,country=be
      overheard source add "Nordwind Bank" schemaorg --target https://shop.example/product/1
      overheard source add "Nordwind Bank" feed --target https://forum.example/feed.atom --every 6h
    """
    from overheard.crawler.kinds import find_kind, parse_target
    from overheard.store.brands import add_source, find_brand

    parsed = parse_target(kind, target)
    interval_ = seconds(every) if every else None
    code = _language(home, language)
    with home.store() as store, store.reading() as session:
        find_brand(session, brand)
    if reservation := find_kind(kind).reservation(parsed):
        confirm(f"{reservation} Add it?", yes)
    if not no_check:
        _check(home, kind, parsed)
    with home.store() as store, store.session() as session:
        owner = find_brand(session, brand)
        source = add_source(session, owner, kind, parsed, name=name, language=code, every=interval_)
        tell_overlap(source)
        say(f"added source {source.id} ({kind}) of {owner.name!r}. Next: `overheard crawl --source {source.id}`")


def tell_overlap(source: Source) -> None:
    """Say which other sources of its brand begin at a page that this one begins at, too."""
    from overheard.crawler.kinds import find_kind

    kind = find_kind(source.kind)
    for other in source.brand.sources if source.brand else ():
        if other.kind != source.kind or other.id == source.id:
            continue
        if shared := kind.shared(source.target, other.target):
            say(
                f"note: source {other.id} reads {' and '.join(shared)} too, and what both find counts twice; "
                f"leave it out of one of them (`overheard source edit {other.id} --target …`)"
            )


def _check(home: Home, kind: str, target: dict[str, str]) -> None:
    """Say what the first page of a target holds; raises CrawlError where it cannot be read."""
    from overheard.crawler.probe import probe
    from overheard.errors import CrawlError

    finding = probe(kind, target, home.settings)
    if finding.outcome not in ("ok", "empty"):
        raise CrawlError(f"{finding.outcome}: {finding.reason}; nothing added (--no-check adds it all the same)")
    say(f"{kind} {_spelled(target)}: {told(finding, datetime.now(UTC))}")


def told(finding: Finding, now: datetime) -> str:
    """Return in words what the first page of a target holds, such as "50 on the first page, newest 3 days ago"."""
    count = len(finding.items)
    if not count and finding.listed:
        pages = f"{finding.listed} page{'s, which' if finding.listed > 1 else ', which'} a crawl reads"
        return f"no mentions on the first page itself; it lists {pages}"
    if not count:
        return f"nothing on the first page{f' ({finding.reason})' if finding.reason else ''}"
    words = [f"{count} on the first page"]
    if finding.newest:
        days = (now - finding.newest).days
        words.append("newest today" if days < 1 else f"newest {days} day{'s' if days > 1 else ''} ago")
    if finding.claimed is not None:
        words.append(f"{finding.claimed} in all, says the service")
    if finding.rejected:
        reasons = ", ".join(f"{count} × {reason}" for reason, count in finding.rejected.items())
        words.append(f"{sum(finding.rejected.values())} of no use ({reasons})")
    return ", ".join(words)


def _spelled(target: Mapping[str, str]) -> str:
    """Return a target in one line; rules, which have many, are only named."""
    return ",".join(f"{key}={'…' if chr(10) in value else value}" for key, value in target.items())


@source_command.command("kinds")
@format_option("table", "json")
def kinds_(form: str) -> None:
    """List the kinds of source: what a target of each holds, and what it needs of yours.

    \b
    Example:
      overheard source kinds
    """
    from overheard.crawler.kinds import kinds

    rows: list[dict[str, Any]] = [
        {
            "kind": kind.name, "help": kind.help, "required": kind.required, "optional": kind.optional,
            "credentials": kind.spider.credentials, "documented": not kind.spider.undocumented,
        }
        for kind in kinds().values()
    ]  # fmt: skip
    if form == "json":
        click.echo(json_text(rows))
        return
    shown = [(row["kind"], _keys(row), ", ".join(row["credentials"])) for row in rows]
    table(("kind", "target", "needs"), shown, [row["help"] for row in rows])


def _keys(row: Mapping[str, Any]) -> str:
    return " ".join([*row["required"], *(f"[{key}]" for key in row["optional"])])


@source_command.command("try")
@click.argument("target")
@click.option("--kind", help="The kind of source  [default: selectors with --rules, else schemaorg]")
@click.option("--rules", type=click.Path(exists=True, dir_okay=False), help="A site described in TOML (selectors).")
@click.option("--count", default=3, show_default=True, type=Whole(), help="How many mentions to show.")
@format_option("table", "json")
@pass_home
def try_(home: Home, target: str, kind: str | None, rules: str | None, count: int, form: str) -> None:
    """Show what would be collected from the first page of TARGET, a URL or key=value,key=value; nothing is stored.

    \b
    Examples:
      overheard source try https://shop.example/product/1
      overheard source try https://shop.example/reviews --rules shop.toml
      overheard source try id=123456789,country=be --kind appstore
    """
    from overheard.crawler.kinds import find_kind, parse_target
    from overheard.crawler.probe import probe
    from overheard.errors import CrawlError

    name = kind or ("selectors" if rules else "schemaorg")
    parsed = find_kind(name).validate({"url": target, "rules": rules}) if rules else parse_target(name, target)
    finding = probe(name, parsed, home.settings)
    if finding.outcome not in ("ok", "empty"):
        raise CrawlError(f"{finding.outcome}: {finding.reason}")
    shown = [_shown(item) for item in finding.items[:count]]
    # A rating of 0.0 is one star, and no lack of one.
    found = {key: sum(getattr(item, key) not in (None, "") for item in finding.items) for key in PARTS}
    if form == "json":
        click.echo(json_text({"items": shown, "found": found}))
    else:
        for row in shown:
            table(("field", "value"), [(key, value) for key, value in row.items() if value not in (None, {})])
        click.echo(", ".join(f"{key} in {number}" for key, number in found.items()))
    say(told(finding, datetime.now(UTC)))


def _shown(item: Item) -> dict[str, Any]:
    """Return an item as it may be shown: its author as yes or no, personal data masked."""
    from overheard.nlp.privacy import mask

    row = asdict(item) | {"author": item.author is not None}
    row |= {name: mask(row[name]) for name in ("title", "text", "reply") if row[name]}
    return {name: value for name, value in row.items() if name not in ("author_in_url", "external_id", "url")}


def _language(home: Home, code: str | None) -> str | None:
    from overheard.errors import UsageError

    if code is not None and code not in home.settings.languages:
        raise UsageError(f"language {code!r}: expected one of {', '.join(home.settings.languages)}")
    return code


@source_command.command("list")
@click.argument("brand", required=False)
@format_option("table", "json")
@pass_home
def list_(home: Home, brand: str | None, form: str) -> None:
    """List the sources, of one brand or of all, with their last outcome.

    \b
    Example:
      overheard source list "Nordwind Bank"
    """
    from overheard.store.brands import find_brand, list_sources

    with home.store() as store, store.reading() as session:
        owner = find_brand(session, brand) if brand else None
        rows = [described(source) for source in list_sources(session, owner)]
    if form == "json":
        click.echo(json_text(rows))
    elif rows:
        _print_list([_readable(row) for row in rows])
    else:
        say("no source yet; add one with `overheard source add BRAND KIND --target …`")


def _print_list(rows: list[dict[str, Any]]) -> None:
    keys = ("source", "kind", "every", "paused", "outcome", "crawled", "brand", "name")
    shown = [
        row | {"crawled": (row["last_crawl"] or "")[:10], "name": row["name"] if row["name"] != row["kind"] else ""}
        for row in rows
    ]
    table(keys, [[row[key] for key in keys] for row in shown], [row["target"] for row in rows])


def _readable(row: dict[str, Any]) -> dict[str, Any]:
    from overheard.nightly import DAILY
    from overheard.store.brands import FROM_FILES

    every = row["every"] or (DAILY if row["kind"] not in FROM_FILES else None)
    return row | {
        "target": _spelled(row["target"]),
        "every": every and (interval(every) or f"{every} seconds"),
        "paused": "yes" if row["paused"] else "no",
        "watermark": _minute(row["watermark"]),
        "last_crawl": _minute(row["last_crawl"]),
    }


def _minute(time: datetime | None) -> str | None:
    return f"{time:%Y-%m-%d %H:%M}" if time else None


@source_command.command("show")
@click.argument("source", type=Whole())
@format_option("table", "json")
@pass_home
def show(home: Home, source: int, form: str) -> None:
    """Show one source and how its last crawl ended.

    \b
    Example:
      overheard source show 1
    """
    from overheard.store.brands import find_source

    with home.store() as store, store.reading() as session:
        row = described(find_source(session, source))
    if form == "json":
        click.echo(json_text(row))
    else:
        table(("key", "value"), list(_readable(row).items()))


@source_command.command("edit")
@click.argument("source", type=Whole())
@click.option("--target", help="Another target; the watermark is forgotten.")
@click.option("--name", help="Another name.")
@click.option("--lang", "language", help="Another language.")
@click.option("--every", help="Another interval: 6h, 1d, 2w.")
@click.option("--yes", is_flag=True, help="Do not ask where the service may not want it.")
@pass_home
def edit(
    home: Home, source: int, target: str | None, name: str | None, language: str | None, every: str | None, yes: bool
) -> None:
    """Change a source: what is given is replaced, the rest stays.

    \b
    Example:
      overheard source edit 1 --every 12h
    """
    from overheard.crawler.kinds import find_kind, parse_target
    from overheard.errors import UsageError
    from overheard.store.brands import FROM_FILES, find_source, name_source, retarget

    if not any((target, name, language, every)):
        raise UsageError("nothing to change; add --target, --name, --lang or --every")
    interval = seconds(every) if every else None
    with home.store() as store, store.reading() as session:
        found = find_source(session, source)
        if target and found.kind in FROM_FILES:
            raise UsageError(f"source {source} is what files are imported into; it has no target to change")
        parsed = parse_target(found.kind, target) if target else None
        if parsed and (reservation := find_kind(found.kind).reservation(parsed)):
            confirm(f"{reservation} Read it?", yes)
    with home.store() as store, store.session() as session:
        found = find_source(session, source)
        if parsed:
            retarget(found, parsed)
            tell_overlap(found)
        if name:
            name_source(found, name)
        found.language = _language(home, language) or found.language
        found.every = interval or found.every
        say(f"changed source {source}")


@source_command.command("pause")
@click.argument("source", type=Whole())
@pass_home
def pause(home: Home, source: int) -> None:
    """Leave a source out of `refresh` until it is resumed.

    \b
    Example:
      overheard source pause 1
    """
    _set_paused(home, source, True)


@source_command.command("resume")
@click.argument("source", type=Whole())
@pass_home
def resume(home: Home, source: int) -> None:
    """Let `refresh` crawl a paused source again.

    \b
    Example:
      overheard source resume 1
    """
    _set_paused(home, source, False)


def _set_paused(home: Home, number: int, paused: bool) -> None:
    from overheard.store.brands import find_source

    with home.store() as store, store.session() as session:
        find_source(session, number).paused = paused
    say(f"{'paused' if paused else 'resumed'} source {number}")


@source_command.command("remove")
@click.argument("source", type=Whole())
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_home
def remove(home: Home, source: int, yes: bool) -> None:
    """Remove a source and its mentions.

    \b
    Example:
      overheard source remove 1 --yes
    """
    from overheard.store.brands import find_source, remove_source

    with home.store() as store:
        with store.reading() as session:
            find_source(session, source)
        confirm(f"Remove source {source} and its mentions?", yes)
        with store.session() as session:
            count = remove_source(session, find_source(session, source))
    say(f"removed source {source} and {count} mentions")
