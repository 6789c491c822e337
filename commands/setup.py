"""`overheard init`, `demo` and `config`: set up, see it work, carry brands, sources and targets along."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any

import click

from overheard.commands.options import Home, Progress, console, load_classifier, pass_home, say
from overheard.errors import DiskError, UsageError

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from overheard.settings import Settings
    from overheard.store.database import Store

TEMPLATE = """\
# Settings of Overheard. Brands and sources live in the store: `overheard config export` writes them out.

# Where the store is: a file beside this one, or "postgresql://user@host/database".
store = "sqlite:///overheard.db"

# The languages that are read; a mention in another one is kept, marked and counted as not analysed.
languages = ["en", "de", "nl", "ro", "it", "fr", "es", "pt"]

[crawl]
# Sites are told who asks for their pages: give an e-mail or web address where they can reach you.
# contact = "you@example.org"
# The least time between two requests to one host, in seconds. All settings: docs/settings.md
delay = 2.0

[inbox]
# Hours that a complaint may wait for a reply: on social networks, and elsewhere.
social = 1.0
reviews = 24.0
"""


@click.command("init")
@pass_home
def init_command(home: Home) -> None:
    """Make overheard.toml, the key of the pseudonyms and the store in this directory; upgrade an older store.

    Safe to run again: what is there stays.

    \b
    Example:
      mkdir listening && cd listening && overheard init
    """
    from overheard import settings
    from overheard.intake.key import make_key
    from overheard.store.database import Store, shown

    path = settings.find_file(home.config) or Path(settings.FILE_NAME)
    if not path.exists():
        try:
            path.write_text(TEMPLATE, encoding="utf-8")
        except OSError as error:
            raise DiskError(
                f"{path.resolve()} cannot be written ({error.strerror}); use a folder you may write to"
            ) from None
        say(f"wrote {path}")
    loaded = settings.load(path)
    make_key(loaded.key_path)
    Store.create(loaded.store_url).close()
    say(f"the store is {shown(loaded.store_url)}")
    say(f"{loaded.key_path.name} turns author names into pseudonyms: back it up, share it with nobody")
    say('Next: `overheard brand add "YOUR BRAND"`')


@click.command("demo")
@click.option("--keep", type=click.Path(path_type=Path, file_okay=False), help="Keep the demo's store in this folder.")
@pass_home
def demo_command(home: Home, keep: Path | None) -> None:
    """Crawl a small review site that comes along, classify, and show two invented brands. Offline; under two minutes.

    \b
    Example:
      overheard demo
    """
    if keep and any(keep.glob("*")):
        raise UsageError(f"folder {str(keep)!r} is not empty; name another for --keep")
    with tempfile.TemporaryDirectory(prefix="overheard-demo-") as temporary:
        _run_demo(keep or Path(temporary), bool(keep))


def _run_demo(folder: Path, kept: bool) -> None:
    from overheard.intake.key import make_key
    from overheard.settings import CrawlSettings, Settings
    from overheard.store.database import Store

    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "overheard.toml").write_text(TEMPLATE, encoding="utf-8")
    except OSError as error:
        raise DiskError(f"{folder} cannot be written ({error.strerror}); name another folder for --keep") from None
    settings = Settings(directory=folder.resolve(), crawl=CrawlSettings(delay=0))
    make_key(settings.key_path)
    store = Store.create(settings.store_url)
    try:
        _crawl_and_show(store, settings)
    finally:
        store.close()
    if kept:
        say(
            f"the store stays in {folder}; try: "
            f"cd {quote(str(folder))} && overheard mentions {quote(_names()[0])} --limit 3"
        )


def _names() -> list[str]:
    from overheard.demo.content import BRANDS

    return [brand.name for brand in BRANDS]


def _crawl_and_show(store: Store, settings: Settings) -> None:
    from overheard import nightly
    from overheard.commands.collect import show_crawls
    from overheard.demo.run import prepare
    from overheard.demo.site import DemoSite
    from overheard.insight.compare import compare
    from overheard.insight.scope import Scope
    from overheard.insight.summary import summarise
    from overheard.report.formats import render
    from overheard.store.brands import find_brand

    with DemoSite() as site:
        say(f"a small review site with invented brands is up at {site.url}")
        prepare(store, site.url)
        with Progress("crawling and classifying") as bar:
            done = nightly.refresh(
                store, settings, load_classifier, on_page=lambda _: bar.advance(), on_start=bar.start,
                on_mentions=bar.advance,
            )  # fmt: skip
    show_crawls(done.crawls, "table")
    click.echo(f"\n{done.classified.mentions} mentions classified by {done.classified.model}\n")
    with store.reading() as session:
        brands = [find_brand(session, name) for name in _names()]
        for brand in brands:
            render(summarise(session, brand, Scope()), "table", console())
            click.echo()
        render(compare(session, brands, Scope()), "table", console())


@click.group("config")
def config_command() -> None:
    """Brands and sources as TOML, to keep them in version control or carry them to another store."""


@config_command.command("export")
@pass_home
def export(home: Home) -> None:
    """Write brands, their sources and their targets as TOML to standard output.

    \b
    Example:
      overheard config export > brands.toml
    """
    import tomli_w

    with home.store() as store, store.reading() as session:
        found = _exported(session)
    click.echo(tomli_w.dumps({"brands": found}), nl=False)


def _exported(session: Session) -> list[dict[str, Any]]:
    from overheard.commands.sources import interval
    from overheard.store.brands import list_brands, terms
    from overheard.store.targets import list_targets

    rows = []
    for brand in list_brands(session):
        row: dict[str, Any] = {"name": brand.name}
        if brand.industry:
            row["industry"] = brand.industry
        if brand.description:
            row["description"] = brand.description
        row |= {
            name: terms(brand, kind)
            for name, kind in (
                ("aliases", "alias"),
                ("products", "product"),
                ("rivals", "rival"),
                ("exclusions", "exclusion"),
            )
            if terms(brand, kind)
        }
        row["sources"] = [
            {"kind": source.kind, "name": source.name, "target": source.target}
            | ({"language": source.language} if source.language else {})
            | ({"every": interval(source.every) or source.every} if source.every else {})
            | ({"paused": True} if source.paused else {})
            for source in brand.sources
        ]
        if targets := list_targets(session, brand):
            row["targets"] = [
                {"measure": target.measure}
                | ({"name": target.name} if target.name else {})
                | {"value": target.value, "owner": target.owner}
                for target in targets
            ]
        rows.append(row)
    return rows


@config_command.command("import")
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path, allow_dash=True))
@pass_home
def import_(home: Home, path: Path) -> None:
    """Add the brands, sources and targets of a TOML file; those that are there already are brought up to date.

    \b
    Example:
      overheard config import brands.toml
    """
    from overheard.commands.inventory import read_inventory, store_inventory
    from overheard.crawler.kinds import find_kind

    try:
        content = sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
        text = content.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"{path} cannot be read: {error}; expected TOML as `overheard config export` writes it"
        ) from None
    inventory = read_inventory(text, str(path), home.settings.languages)
    with home.store() as store, store.session() as session:
        sources = store_inventory(session, inventory)
        for source in sources:
            if reservation := find_kind(source.kind).reservation(source.target):
                say(f"note: source {source.id} of {source.brand and source.brand.name!r}: {reservation}")
    say(f"{len(inventory.brands)} brands and {len(sources)} sources are as {path} says")
