"""How fast near-duplicates are found, and what it costs: seconds, memory, bytes in the store.

    python benchmarks/duplicates.py [--mentions 1000000] [--new 10000] [--format table|json]

Mentions are reviews of one to five of our own sentences; one in twenty is a copy as the tests make them, and one in a
hundred belongs to one template under many names. They are written into a fresh SQLite store as an import leaves them;
then all are compared, and after that some new ones, as after a night's crawl.
"""

from __future__ import annotations

import random
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import click
from sqlalchemy import func, insert, select

from overheard.commands.options import format_option, json_text, say, table
from overheard.intake.duplicates import group_duplicates
from overheard.store.brands import add_brand, import_source
from overheard.store.database import Store
from overheard.store.tables import Mention, MentionBrand

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from copied import CHANGES, NAMES, reviews, sentences

NOW = datetime(2026, 11, 1, tzinfo=UTC)
AT_ONCE = 10_000
TEMPLATE = (
    "My advisor {} helped me within {} minutes, explained the {} in plain words, and since then I recommend this "
    "company to everybody I know."
)


def posts(seed: int) -> Iterator[tuple[str, str]]:
    """Yield a language and a text without end: reviews, copies of them, and a template."""
    rng = random.Random(seed)
    texts = sentences()
    words = {language: " ".join(rng.sample(said, 500)).split() for language, said in texts.items()}
    earlier: list[tuple[str, list[str]]] = []
    for language, review in reviews(rng, texts):
        kind = rng.random()
        if kind < 0.01:
            noun = rng.choice(words["en"])
            yield "en", TEMPLATE.format(rng.choice(NAMES), rng.randint(2, 50), noun)
        elif kind < 0.06 and earlier:
            other, said = rng.choice(earlier)
            yield other, " ".join(CHANGES[rng.choice(list(CHANGES))](rng, said, words[other]))
        else:
            if len(review) > 14 and len(earlier) < 100_000:
                earlier.append((language, review))
            yield language, " ".join(review)


def write(store: Store, brand: int, source: int, found: Iterator[tuple[str, str]], first: int, count: int) -> None:
    """Write mentions into the store as they come, some in each transaction."""
    for start in range(first, first + count, AT_ONCE):
        some = islice(found, min(AT_ONCE, first + count - start))
        rows = [_row(source, number, language, text) for number, (language, text) in enumerate(some, start)]
        with store.session() as session:
            ids = session.scalars(insert(Mention).returning(Mention.id), rows)
            session.execute(insert(MentionBrand), [{"mention_id": mention, "brand_id": brand} for mention in ids])


def _row(source: int, number: int, language: str, text: str) -> dict[str, Any]:
    published = NOW - timedelta(minutes=number)
    return {
        "source_id": source, "external_id": str(number), "content_hash": "-", "text": text, "language": language,
        "author": f"{number % 900_001:032x}", "published": published, "fetched": NOW, "day": published.date(),
        "reply_state": "unknown", "attributes": {},
    }  # fmt: skip


def measure(mentions: int, new: int) -> dict[str, float]:
    """Write, compare, write some more, compare those; return the figures."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "store.db"
        store = Store.create(f"sqlite:///{path}")
        with store.session() as session:
            brand, source = add_brand(session, "Nordwind").id, import_source(session, "file").id
        found = posts(5)
        write(store, brand, source, found, 0, mentions)
        say(f"{mentions} mentions written")
        before, held = _size(path), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        seconds, cpu = _compared(store)
        say(f"compared in {seconds:.0f} s, {cpu:.0f} s of them at work")
        with store.reading() as session:
            copies = session.scalar(select(func.count(MentionBrand.duplicate_of))) or 0
        after, most = _size(path), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        write(store, brand, source, found, mentions, new)
        again, again_cpu = _compared(store)
        store.close()
    return {
        "mentions": mentions, "seconds": seconds, "cpu_seconds": cpu, "per_cpu_second": mentions / cpu,
        "copies": copies, "memory_mb": (most - held) / 1024, "store_mb": before / 1e6,
        "index_mb": (after - before) / 1e6, "new": new, "new_seconds": again, "new_cpu_seconds": again_cpu,
    }  # fmt: skip


def _compared(store: Store) -> tuple[float, float]:
    """Return the seconds that comparing took, and the processor's; on a busy machine only these say something."""
    started, worked = time.perf_counter(), time.process_time()
    group_duplicates(store)
    return time.perf_counter() - started, time.process_time() - worked


def _size(path: Path) -> int:
    """The bytes of a store; its files are only looked at, never opened."""
    return sum(file.stat().st_size for file in path.parent.glob(f"{path.name}*"))


@click.command()
@click.option("--mentions", default=1_000_000, show_default=True, type=click.IntRange(min=1))
@click.option("--new", default=10_000, show_default=True, type=click.IntRange(min=1))
@format_option("table", "json")
def main(mentions: int, new: int, form: str) -> None:
    """Measure how near-duplicates are found at scale."""
    figures = measure(mentions, new)
    if form == "json":
        click.echo(json_text({name: round(value, 1) for name, value in figures.items()}))
    else:
        table(("figure", "value"), [(name, f"{value:,.1f}") for name, value in figures.items()])


if __name__ == "__main__":
    main()
