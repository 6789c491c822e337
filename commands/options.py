"""What the commands share: settings and store at hand, parameter types, progress bars, output formats."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, date, datetime, timedelta
from functools import cached_property, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

from overheard.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console
    from sqlalchemy.orm import Session

    from overheard.nightly import Classified
    from overheard.nlp.classifier import Classifier
    from overheard.settings import Settings
    from overheard.store.database import Store

F = TypeVar("F", bound=Callable[..., Any])

UNITS = {"h": 3600, "d": 86_400, "w": 7 * 86_400}
INTERVAL = re.compile(r"([0-9]{1,6})\s*([hdw])")
LONGEST_INTERVAL = 520 * UNITS["w"]

YEARS = range(1900, 3000)
"""Years of the dates that a command takes: every mention is in them, and so is a period as long before each."""

MANY = 100_000
"""Mentions from which a search is told to take longer than two seconds."""

LARGEST = 999_999_999_999
"""The largest number that a command takes: no store has so many rows, and every database can count so far."""


class Home:
    """The settings and the store of this invocation, each read when it is first wanted."""

    def __init__(self, config: Path | None, verbose: bool) -> None:
        self.config = config
        self.verbose = verbose

    @cached_property
    def settings(self) -> Settings:
        """The settings of overheard.toml, or the defaults."""
        from overheard import settings

        return settings.load(self.config)

    @contextmanager
    def store(self) -> Iterator[Store]:
        """Open the store for the length of a command."""
        from overheard.store.database import Store

        store = Store.open(self.settings.store_url)
        try:
            yield store
        finally:
            store.close()


def load_classifier() -> Classifier:
    """Load the shipped model with one thread per core; takes about a second."""
    from overheard.nlp.classifier import Classifier

    return Classifier()


def seconds(text: str) -> int:
    """Return an interval such as 6h, 1d or 2w in seconds, at most ten years; raises UsageError."""
    match = INTERVAL.fullmatch(text.strip().lower())
    length = int(match[1]) * UNITS[match[2]] if match else 0
    if not 0 < length <= LONGEST_INTERVAL:
        raise UsageError(f"interval {text!r}: expected a number with h, d or w, such as 6h, 1d or 2w, at most 520w")
    return length


class DefaultGroup(click.Group):
    """A group whose command `default` may stay unsaid: `inbox BRAND` is `inbox show BRAND`.

    A first argument that is no command of the group belongs to the default one; so does all after `--`, for a brand
    that is called like a command.
    """

    def __init__(self, *args: Any, default: str, **rest: Any) -> None:
        super().__init__(*args, **{"no_args_is_help": False, **rest})
        self.default = default

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or (args[0] not in self.commands and args[0] not in self.get_help_option_names(ctx)):
            args = [self.default, *args]
        return super().parse_args(ctx, args)


class Whole(click.ParamType[int]):
    """A whole number in plain digits, from `least` to `most`."""

    name = "number"

    def __init__(self, least: int = 1, most: int = LARGEST) -> None:
        self.least = least
        self.most = most

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        # Not int() alone: it takes "1_0" for ten, and digits of any script.
        number = int(value) if re.fullmatch(r"[0-9]{1,18}", value) else None
        if number is None or not self.least <= number <= self.most:
            self.fail(f"{value!r}: expected a whole number from {self.least} to {self.most}", param, ctx)
        return number


class Day(click.ParamType[date]):
    """A date (2026-01-31), or how long ago (90d, 2w), in the years of `YEARS`."""

    name = "when"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        if isinstance(value, date):
            return value
        try:
            found = _day(value)
        except ValueError:
            self.fail(f"{value!r} is no date; expected such as 2026-01-31, or how long ago: 90d, 2w", param, ctx)
        except OverflowError:
            found = None
        if found is None or found.year not in YEARS:
            span = f"{YEARS[0]} to {YEARS[-1]}"
            self.fail(f"{value!r} is a day outside of the years {span}; expected such as 2026-01-31, 90d", param, ctx)
        return found


def _day(value: str) -> date:
    """Read a date, or how long ago; raises ValueError for neither, OverflowError for what no date can say."""
    match = INTERVAL.fullmatch(value.strip().lower())
    if not match:
        return date.fromisoformat(value)
    return (datetime.now(UTC) - timedelta(seconds=int(match[1]) * UNITS[match[2]])).date()


class Pair(click.ParamType[tuple[str, str]]):
    """KEY=VALUE."""

    name = "key=value"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        if isinstance(value, tuple):
            return value
        key, equals, rest = value.partition("=")
        if not equals or not key.strip():
            self.fail(f"{value!r}: expected KEY=VALUE", param, ctx)
        return key.strip(), rest.strip()


class Pairs(click.ParamType[dict[str, str]]):
    """KEY=VALUE,KEY=VALUE."""

    name = "key=value,…"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> dict[str, str]:
        if isinstance(value, dict):
            return value
        return dict(Pair().convert(part, param, ctx) for part in value.split(",") if part.strip())


def scope_options(command: F) -> F:
    """Add the filters that work the same everywhere, --since to --query; the command gets them as one `scope`."""

    @wraps(command)
    def with_scope(
        *args: Any, since: date | None, until: date | None, lang: str | None, source: str | None,
        touchpoint: str | None, dimension: str | None, query: str | None, **rest: Any,
    ) -> Any:  # fmt: skip
        from overheard.insight.scope import Scope

        if since and until and since > until:
            raise UsageError(f"--since {since} lies after --until {until}; swap them")
        scope = Scope(since, until, lang.casefold() if lang else None, source, touchpoint, dimension, query)
        return command(*args, scope=scope, **rest)

    for option in reversed(
        (
            click.option("--since", type=Day(), help="From this date on, or how long ago (90d, 2w)."),
            click.option("--until", type=Day(), help="Up to and with this date."),
            click.option("--lang", help="Only mentions in this language, such as nl."),
            click.option("--source", help="Only this source: its number, name or kind."),
            click.option("--touchpoint", help="Only sentences at this part of the journey, such as receive."),
            click.option("--dimension", help="Only sentences that bear on this dimension, such as speed."),
            click.option("--query", help="Only mentions that a search finds, such as 'refund* NEAR/5 late'."),
        )
    ):
        with_scope = option(with_scope)
    return cast(F, with_scope)


def by_option(command: F) -> F:
    """Add --by: one answer for each product, location or version that the mentions name."""
    return click.option(
        "--by", type=click.Choice(["product", "location", "version"]), help="An answer for each of these."
    )(command)


def format_option(*formats: str) -> Callable[[F], F]:
    """Add --format with these choices; the first is the default."""
    return click.option(
        "--format", "form", type=click.Choice(formats), default=formats[0], show_default=True, help="How to write it."
    )


pass_home = click.make_pass_decorator(Home)


def console() -> Console:
    """Return a console on stdout; without a terminal it writes plain text, NO_COLOR is obeyed."""
    from rich.console import Console

    return Console(highlight=False, soft_wrap=False)


def say(text: str) -> None:
    """Tell a person something that is not the result: on stderr."""
    click.echo(text, err=True)


def table(columns: Sequence[str], rows: Sequence[Sequence[object]], below: Sequence[str | None] = ()) -> None:
    """Print rows as a plain table on stdout, each with its text of `below` under it."""
    from overheard.report.table import show_table

    show_table(console(), columns, rows, below)


def judged_line(done: Classified) -> str:
    """Return the line that says what became of mentions that searches found."""
    return f"{done.judged} mentions found by searches, {done.rejected} of them not about the brand"


class Progress:
    """A bar on stderr for work that takes a while; silent when stderr is no terminal."""

    def __init__(self, label: str) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar

        self._bar = Bar(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
            TimeRemainingColumn(), console=Console(stderr=True), disable=not sys.stderr.isatty(), transient=True,
        )  # fmt: skip
        self._task = self._bar.add_task(label, total=None)

    def __enter__(self) -> Progress:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def start(self, total: int) -> None:
        """Say how much there is to do."""
        self._bar.update(self._task, total=total)

    def advance(self, count: int = 1) -> None:
        """Say how much more is done."""
        self._bar.advance(self._task, count)

    def tell(self, label: str) -> None:
        """Change what stands beside the bar."""
        self._bar.update(self._task, description=label)


@contextmanager
def asking(store: Store) -> Iterator[Session]:
    """One snapshot of the store to ask; a bar on stderr shows how far the counting of many mentions is."""
    from overheard.insight.counted import LISTENER, STEPS

    with store.reading() as session, ExitStack() as stack:
        bars: list[Progress] = []

        def on_step(mentions: int) -> None:
            if mentions > MANY and not bars:
                bars.append(stack.enter_context(Progress(f"counting {mentions:,} mentions")))
                bars[0].start(STEPS)
            for bar in bars:
                bar.advance()

        session.info[LISTENER] = on_step
        yield session


def json_text(value: object) -> str:
    """Return plain data as indented JSON, escaped where a character could steer a terminal."""
    import json

    from overheard.report.printable import escaped

    return escaped(json.dumps(value, ensure_ascii=False, indent=2, default=_plain))


def _plain(value: object) -> str:
    from overheard.report.formats import stamp

    return stamp(value) if isinstance(value, date) else str(value)
