"""Ten thousand damaged answers, and all parsers: no traceback, no hang, no flood of memory; see run_mutations.py.

`python tests/crawler/run_mutations.py '{"count": 0, "recorded": null, "only": [NUMBER]}'` reads one of them again.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from overheard.crawler import jsonld
from overheard.crawler.outcomes import PageError
from overheard.crawler.selectors import Rules
from overheard.crawler.spiders import schemaorg, selectors

SCRIPT = Path(__file__).with_name("run_mutations.py")
COUNT, SECONDS, MEGABYTES = 10_000, 5.0, 500


RULES = Rules(item=".r", text=".t", title="h3", date="time", author=".by", reply=".reply", url="a", id="@id")


@pytest.mark.parametrize(
    "opened",
    [
        "<div itemscope itemtype='https://schema.org/Review'><p itemprop=reviewBody>word ",
        "<div itemprop=reviewBody>word ",
        "<a href=x><div>",
        "<h1><div>x",
        "<div class=r><p class=t>word",
        "<div class=t>word",
        "<div class=reply><time>5 Hrumpf 2025</time>",
    ],
)
def test_what_is_nested_thousands_of_times_is_read_in_little_time(opened: str) -> None:
    body = (
        "<div class=r itemscope itemtype='https://schema.org/Review'><input type=password>" + opened * 3000
    ).encode()
    url, now = "https://shop.example/p", datetime(2026, 11, 22, tzinfo=UTC)
    started = time.process_time()
    for read in (lambda: schemaorg.parse(body, url, now), lambda: selectors.parse(body, url, now, RULES)):
        with suppress(PageError):
            read()
    assert time.process_time() - started < SECONDS


def test_empty_blocks_around_an_answer_are_read_in_little_time() -> None:
    card = (
        "<div class=review><b class=author>Ann</b> <span aria-label='4 of 5 stars'></span> <time>2026-10-0{n}</time>"
        "<p class=body>Great shop, fast delivery to my home, would buy here again number {n}.</p>{answer}</div>"
    )
    wrapped = "<div>" * 6000 + "Thanks a lot"
    page = "".join(card.format(n=n, answer=wrapped if n == 5 else "") for n in range(1, 6))
    started = time.process_time()
    found = schemaorg.parse(page.encode(), "https://shop.example/p", datetime(2026, 11, 22, tzinfo=UTC))
    assert time.process_time() - started < SECONDS
    assert [item.rating for item in found.items] == [0.75] * 5


@pytest.mark.parametrize("between", [" " * 200_000, "// " * 60_000, "/* " * 60_000, ", " * 60_000, '"\\' * 60_000])
def test_linked_data_with_long_gaps_is_read_in_little_time(between: str) -> None:
    started = time.process_time()
    jsonld.load('{"@type": "Review", ' + between + "<![CDATA[ oops }")
    assert time.process_time() - started < SECONDS


@pytest.mark.parametrize("sign", ["\x01", "&#1;", "&#x1F", "&#65535;", "\ufffe"])
def test_characters_that_no_text_may_hold_are_left_out(sign: str) -> None:
    card = (
        "<div class=review><b class=author>Ann</b> <span aria-label='4 of 5 stars'></span> <time>2026-10-0{n}</time>"
        "<p class=body>Great{sign} shop.<button>Helpful?</button>{sign} I would buy here again, number {n}.</p></div>"
    )
    page = "".join(card.format(n=n, sign=sign) for n in range(1, 4))
    found = schemaorg.parse(page.encode(), "https://shop.example/p", datetime(2026, 11, 22, tzinfo=UTC))
    assert [item.text for item in found.items] == [
        f"Great shop. I would buy here again, number {n}." for n in range(1, 4)
    ]


@pytest.mark.slow
@pytest.mark.parametrize("corpus", ["own", "recorded"])
def test_damaged_answers_are_pages_or_named_errors(corpus: str, request: pytest.FixtureRequest) -> None:
    folder = str(request.getfixturevalue("recorded")) if corpus == "recorded" else None
    order = {"count": COUNT, "recorded": folder, "only": []}
    command = [sys.executable, "-W", "error", str(SCRIPT), json.dumps(order)]
    # The tests share what lies beside their rooms.
    around = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    ended = subprocess.run(command, capture_output=True, text=True, timeout=900, env=around)
    assert ended.returncode == 0, ended.stderr[-4000:]
    report = json.loads(ended.stdout)
    assert not report["failures"], "\n".join(report["failures"])
    assert report["slowest"][0] < SECONDS, report["slowest"]
    assert report["memory"] < MEGABYTES
    assert sum(report["ends"].values()) == COUNT
    assert report["ends"]["page"] > COUNT / 4, "most of the damage must reach the parsers"
