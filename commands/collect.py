"""`overheard crawl`, `import` and `refresh`: bring mentions in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from overheard.commands.options import (
    Day,
    Home,
    Pair,
    Pairs,
    Progress,
    Whole,
    format_option,
    json_text,
    judged_line,
    load_classifier,
    pass_home,
    say,
    table,
)
from overheard.errors import CrawlError, ImportFileError, PartialError, UsageError

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from overheard.crawler.plan import Plan
    from overheard.crawler.run import CrawlProgress, CrawlResult
    from overheard.importer.run import ImportResult
    from overheard.importer.run import Plan as ImportPlan
    from overheard.insight.alerts import AlertEntry

CRAWL_COLUMNS = ("source_id", "outcome", "pages", "items", "added", "updated", "oldest", "newest")

SELDOM = ("unchanged", "rejected", "gone", "repeated", "claimed")
"""Columns that are left out of the table where no crawl has anything in them."""

SHOWN = 5
"""Pages of a source that a dry run lists in its table."""

READ = ("loop", "drop", "stale")
"""Outcomes of crawls that did read their source, and found something about it that a person should know."""


@click.command("crawl")
@click.argument("brand", required=False)
@click.option("--source", "number", type=Whole(), help="Only this source.")
@click.option("--since", type=Day(), help="Leave out what is older: a date, or how long ago (30d).")
@click.option("--limit", type=Whole(), help="At most so many items of each source.")
@click.option("--sweep", is_flag=True, help="Read all that a source shows, and mark what it shows no more as vanished.")
@click.option("--dry-run", is_flag=True, help="Show what would be fetched, and stop.")
@format_option("table", "json")
@pass_home
def crawl_command(
    home: Home, brand: str | None, number: int | None, since: date | None, limit: int | None, sweep: bool,
    dry_run: bool, form: str,
) -> None:  # fmt: skip
    """Crawl the sources of a brand, one source, or all that are not paused.

    A crawl that was cut off goes on where it stopped, after a look at what came since.

    Exit code 0 when every outcome is ok; 3 when one is not, also where its source was read and something about it wants
    a person (loop, drop, stale); 1 when no source could be read: all are blocked, failed, empty or layout_changed.

    \b
    Examples:
      overheard crawl "Nordwind Bank" --since 30d
      overheard crawl --source 2 --limit 50
    """
    from overheard import nightly
    from overheard.crawler.plan import plan
    from overheard.crawler.run import crawl
    from overheard.crawler.walk import Limits

    if sweep and (since or limit):
        raise UsageError("--sweep reads all that a source shows; leave --since and --limit out")
    after = datetime.combine(since, time(), UTC) if since else None
    with home.store() as store:
        with store.reading() as session:
            chosen = _chosen(session, brand, number)
            if dry_run:
                limits = Limits(since=after, limit=limit, max_pages=home.settings.crawl.max_pages, sweep=sweep)
                _show_plans(plan(session, home.settings, chosen, limits), form)
                return
        with store.lock("crawl"), Progress("crawling") as bar:
            results = crawl(
                store, home.settings, chosen, since=after, limit=limit, sweep=sweep,
                on_page=lambda page: _show_page(bar, page),
            )  # fmt: skip
        nightly.settle(store)
    show_crawls(results, form)
    _judge(results)


def _show_plans(plans: Sequence[Plan], form: str) -> None:
    if form == "json":
        click.echo(json_text([asdict(each) for each in plans]))
        return
    columns = ("source", "kind", "at most", "delay", "until")
    rows = [
        (
            each.source_id, each.kind, f"{each.max_pages} pages" + (f", {each.limit} items" if each.limit else ""),
            f"{each.delay:g} s", each.until,
        )
        for each in plans
    ]  # fmt: skip
    table(columns, rows, [each.refusal or "\n".join(_fetched(each)) for each in plans])


def _fetched(plan: Plan) -> list[str]:
    more = len(plan.urls) - SHOWN
    return [*plan.first, *plan.urls[:SHOWN], *([f"and {more} more that are known"] if more > 0 else [])]


def _chosen(session: Session, brand: str | None, number: int | None) -> list[int]:
    from overheard.store.brands import FROM_FILES, find_brand, find_source, list_sources

    owner = find_brand(session, brand) if brand else None
    if number is not None:
        source = find_source(session, number)
        if owner and source.brand_id != owner.id:
            raise UsageError(f"source {number} is not one of {owner.name!r}; see `overheard source list`")
        if source.kind in FROM_FILES:
            raise UsageError(f"source {number} is what files are imported into; there is nothing to crawl")
        return [number]
    crawled = (source for source in list_sources(session, owner) if source.kind not in FROM_FILES)
    found = [source.id for source in crawled if not source.paused]
    if not found:
        whose = f"{owner.name!r} has" if owner else "there is"
        raise UsageError(f"{whose} no source to crawl; add one with `overheard source add BRAND KIND --target …`")
    return found


def _show_page(bar: Progress, page: CrawlProgress) -> None:
    bar.advance()
    bar.tell(f"source {page.source_id}: {page.items} items")


def show_crawls(results: Sequence[CrawlResult], form: str) -> None:
    """Print how each crawl ended."""
    if form == "json":
        click.echo(json_text([asdict(result) for result in results]))
    elif results:
        shown = [*CRAWL_COLUMNS, *(name for name in SELDOM if any(getattr(each, name) for each in results))]
        table(
            ["source" if name == "source_id" else name for name in shown],
            [[_cell(name, getattr(result, name)) for name in shown] for result in results],
            [result.reason for result in results],
        )


def _cell(name: str, value: object) -> object:
    if name in SELDOM:
        return value or None
    return value.date() if isinstance(value, datetime) else value


def _judge(results: Sequence[CrawlResult], failed: Sequence[str] = (), *, did_more: bool = False) -> None:
    """Raise when not every crawl ended well, naming each source and why, or something else `failed`.

    `did_more` than to crawl is done in part.
    """
    bad = [result for result in results if result.outcome != "ok"]
    if not bad and not failed:
        return
    if any(result.outcome == "interrupted" for result in bad):
        raise click.Abort
    reasons = "; ".join([*(f"source {each.source_id} {each.outcome}: {each.reason}" for each in bad), *failed])
    if not did_more and all(result.outcome not in ("ok", *READ) for result in results):
        raise CrawlError(reasons)
    raise PartialError(reasons)


@click.command("import")
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--brand", help="The brand that every row speaks of.")
@click.option(
    "--source",
    help="The place the rows come from, such as trustpilot  [default: a column's, the export's, or the file's name]",
)
@click.option("--columns", type=Pairs(), default={}, help="Which column is which: text=review,published=date.")
@click.option("--map", "maps", type=Pair(), multiple=True, help="Classes: rating:1=positive,2=negative,0=neutral.")
@click.option("--where", "where", type=Pair(), multiple=True, help="Only rows where COLUMN=VALUE. Repeatable.")
@click.option(
    "--rejects", type=click.Path(path_type=Path), help="Where unusable rows go  [default: NAME.rejects.jsonl]"
)
@click.option("--kind", type=click.Choice(["reviews", "survey"]), default="reviews", show_default=True,
              help="What the rows are; answers to a survey are kept apart from what is said in public.")  # fmt: skip
@click.option("--survey", type=click.Choice(["nps", "csat", "ces"]), help="Which survey  [default: by the columns]")
@click.option("--scale", type=Whole(5, 100), help="The top of the scale of csat (5, 7, 100) or ces (7, 5).")
@click.option("--dry-run", is_flag=True, help="Show what would be done, and stop.")
@format_option("table", "json")
@pass_home
def import_command(
    home: Home, path: Path, brand: str | None, source: str | None, columns: dict[str, str],
    maps: tuple[tuple[str, str], ...], where: tuple[tuple[str, str], ...], rejects: Path | None, kind: str,
    survey: str | None, scale: int | None, dry_run: bool, form: str,
) -> None:  # fmt: skip
    """Import reviews or answers to a survey from CSV, TSV, JSON Lines, JSON, XLSX or Parquet.

    The columns are recognised by their names in eight languages and by what they hold; the mapping and three rows are
    shown first. Importing again adds nothing. Rows that cannot be used go to the rejects file and are counted; the exit
    code is 0 as long as one row can be used.

    \b
    Examples:
      overheard import reviews.csv --brand "Nordwind Bank" --source trustpilot
      overheard import export.xlsx --columns brand=company --dry-run
      overheard import tweets.tsv --brand FlixBus --where flixbus=1 \\
          --map rating:1=positive,2=negative,0=neutral
      overheard import nps-2026.csv --kind survey --brand "Nordwind Bank" --columns comment=why
    """
    from overheard import nightly
    from overheard.importer import run
    from overheard.importer.rejects import refuse_other_files
    from overheard.importer.surveys import SurveyPlan, execute_survey, plan_survey

    if not brand and "brand" not in columns:
        raise UsageError('whose reviews are they? add --brand "NAME", or --columns brand=COLUMN')
    if kind == "reviews" and (survey or scale):
        raise UsageError("--survey and --scale are of surveys; add --kind survey")
    plan = (
        plan_survey(
            path, survey=survey, scale=scale, columns=columns, maps=_maps(maps), where=dict(where), brand=brand,
            source=source,
        )
        if kind == "survey"
        else run.plan(path, columns=columns, maps=_maps(maps), where=dict(where), brand=brand, source=source)
    )  # fmt: skip
    _show_plan(plan)
    if dry_run:
        return
    refused = rejects or plan.rejects
    refuse_other_files(refused)
    with home.store() as store:
        with store.lock("import"), Progress("importing") as bar:
            result = (
                execute_survey(store, home.settings, plan, rejects=refused, on_rows=bar.advance)
                if isinstance(plan, SurveyPlan)
                else run.execute(store, home.settings, plan, rejects=refused, on_rows=bar.advance)
            )
        nightly.settle(store)
    _show_import(result, form)


def _maps(pairs: Sequence[tuple[str, str]]) -> dict[str, dict[str, str]]:
    """Turn ("rating:1", "positive,2=negative") into {"rating": {"1": "positive", "2": "negative"}}."""
    maps: dict[str, dict[str, str]] = {}
    for key, rest in pairs:
        name, colon, first = key.partition(":")
        if not colon:
            raise UsageError(f"--map {key}={rest}: expected FIELD:VALUE=CLASS, such as rating:1=positive,2=negative")
        maps.setdefault(name.strip(), {}).update(Pairs().convert(f"{first}={rest}", None, None))
    return maps


def _show_plan(plan: ImportPlan) -> None:
    """Say how the file will be read, with its first rows, personal data masked."""
    from overheard.nlp.privacy import mask

    say(f"{plan.path}: {plan.format}; source {plan.source!r}")
    for role, column, remark in plan.chosen:
        say(f"  {role:<12} {column}{f'  ({remark})' if remark else ''}")
    for note in plan.notes:
        say(f"  note: {note}")
    for number, item in enumerate(plan.samples, 1):
        published = f"{item.published:%Y-%m-%d %H:%M}" if item.published else "no date"
        rating = "no rating" if item.rating is None else f"{item.rating_given} = {item.rating:.2f} of 1"
        text = " ".join(mask(f"{item.title or ''} {item.text}").split())
        say(f"  row {number}: {published} | {rating} | {text[:100]}{'…' if len(text) > 100 else ''}")
    for number, line in enumerate(getattr(plan, "shown", ()), 1):
        text = " ".join(mask(line).split())
        say(f"  row {number}: {text[:120]}{'…' if len(text) > 120 else ''}")


def _show_import(result: ImportResult, form: str) -> None:
    if form == "json":
        click.echo(json_text(asdict(result)))
    else:
        skipped = f", {result.skipped_by_where} left out by --where" if result.skipped_by_where else ""
        click.echo(
            f"{result.read} rows read: {result.added} added, {result.updated} updated, {result.unchanged} unchanged, "
            f"{result.rejected} rejected{skipped}"
        )
        for name, count in sorted(result.brands.items()):
            click.echo(f"  {name}: {count} rows{' (a new brand)' if name in result.brands_created else ''}")
    if result.rejected:
        say(f"the rejected rows and why: {result.rejects_path}")
    if result.rejected and not result.added + result.updated + result.unchanged:
        raise ImportFileError(f"no row could be used; see {result.rejects_path}, or name the columns with --columns")
    say("Next: `overheard classify`")


@click.command("refresh")
@format_option("table", "json")
@pass_home
def refresh_command(home: Home, form: str) -> None:
    """Crawl what is due, classify what is unread, roll up, find and tell what is unusual; for cron.

    Exit code 3 when a source could not be read, or something about one wants a person (see `overheard doctor`), or when
    alerts could not be told on a channel.

    \b
    Example, every night at 3:
      0 3 * * *  cd /srv/overheard && overheard refresh
    """
    import json

    from overheard import nightly
    from overheard.delivery import deliver
    from overheard.report.formats import to_json

    with home.store() as store, Progress("refreshing") as bar:
        done = nightly.refresh(
            store, home.settings, load_classifier, on_page=lambda page: _show_page(bar, page),
            on_start=bar.start, on_mentions=bar.advance,
        )  # fmt: skip
    told: list[AlertEntry] = []
    if form == "table":
        show_crawls(done.crawls, form)
        if done.classified.judged:
            click.echo(judged_line(done.classified))
        click.echo(
            f"{len(done.crawls)} sources crawled, {done.classified.mentions} mentions classified by "
            f"{done.classified.model}, {done.classified.not_analysed} of them not analysed"
        )
    with home.store() as store:
        out = told.append if form == "json" else _show_alert
        failed = deliver(store, home.settings, out)
    if form == "json":
        click.echo(json_text({**asdict(done), "told": json.loads(to_json(told))}))
    _judge(done.crawls, failed, did_more=True)


def _show_alert(entry: AlertEntry) -> None:
    from overheard.report.alerts import message

    click.echo(message(entry))
