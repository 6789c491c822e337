from __future__ import annotations

import gzip
import json
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from promises import json_values, refused, storable
from sqlalchemy import select

from overheard.crawler.api import OTHER_FORM, query_of
from overheard.crawler.outcomes import PageError
from overheard.crawler.page import NO_TEXT
from overheard.crawler.spiders.stackexchange import StackexchangeSpider, parse
from overheard.errors import UsageError
from overheard.intake.item import Item
from overheard.store.tables import Mention

URL = StackexchangeSpider.first_urls({"query": "lanternly", "site": "pt.stackoverflow"})[0]
LATEST = 1_760_000_000
THROTTLED = {
    "error_id": 502,
    "error_message": "too many requests from this IP, more requests available in 5400 seconds",
    "error_name": "throttle_violation",
}


def question(number: int, **changes: Any) -> dict[str, Any]:
    """A question as the filter `withbody` shows it, the first the newest."""
    return {
        "tags": ["lanternly", "pdf"],
        "owner": {
            "account_id": 17,
            "reputation": 41,
            "user_id": 12,
            "user_type": "registered",
            "display_name": "M&#225;rio Quental",
            "link": "https://pt.stackoverflow.com/users/12/mario-quental",
        },
        "is_answered": False,
        "view_count": 17,
        "answer_count": 1,
        "score": 1,
        "last_activity_date": LATEST,
        "creation_date": LATEST - number,
        "question_id": 7000 - number,
        "content_license": "CC BY-SA 4.0",
        "link": f"https://pt.stackoverflow.com/questions/{7000 - number}/porque-e-lento",
        "title": "Porque &#233; o Lanternly t&#227;o lento?",
        "body": f"<p>O Lanternly demora muito na vez {number}.</p>\n",
    } | changes


def answer(*questions: Any, **changes: Any) -> dict[str, Any]:
    return {"items": list(questions), "has_more": False, "quota_max": 300, "quota_remaining": 297} | changes


def page(*questions: Any, **changes: Any) -> bytes:
    return json.dumps(answer(*questions, **changes)).encode()


def test_a_question() -> None:
    body = (
        "<p>Gosto do <em>Lanternly</em> &amp; do leitor.</p>\n<blockquote><p>The reader is slow.</p></blockquote>\n"
        "<pre><code>lanternly --open\nError 7</code></pre>\n<p>Mas o <code>open</code> falha.</p>"
    )
    found = parse(page(question(0, body=body, last_edit_date=LATEST + 60), total=9), URL)
    assert found.claimed == 9
    assert found.items == (
        Item(
            external_id="7000",
            text="Gosto do Lanternly & do leitor.\n\nMas o open falha.",
            title="Porque é o Lanternly tão lento?",
            language="pt",
            author="Mário Quental",
            url="https://pt.stackoverflow.com/questions/7000/porque-e-lento",
            published=datetime(2025, 10, 9, 8, 53, 20, tzinfo=UTC),
            edited=datetime(2025, 10, 9, 8, 54, 20, tzinfo=UTC),
            attributes={"tags": "lanternly, pdf"},
        ),
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"body": "<pre>lanternly</pre>"},
        {"link": "javascript:alert(1)"},
        {"link": "https://stackoverflow.com/q/1"},
        {"owner": {"user_type": "does_not_exist", "display_name": "user77"}},
        {"tags": []},
        {"last_edit_date": LATEST - 9},
    ],
)
def test_a_question_that_lacks_something_is_still_one(changes: dict[str, Any]) -> None:
    (item,) = parse(page(question(0, **changes)), URL).items
    assert item.title
    assert (item.language == "pt") is ("link" not in changes)
    assert item.url is None or item.url.startswith("https://")
    assert item.edited is None
    assert item.reply_state == "unknown"


@pytest.mark.parametrize(
    ("number", "questions", "rest", "kept", "following"),
    [
        (1, [question(1)], {"has_more": True}, 1, {"page": "2"}),
        (24, [question(1)], {"has_more": True}, 1, {"page": "25"}),
        (25, [question(1), question(2), question(2)], {"has_more": True}, 1, {"page": "1", "todate": "1759999998"}),
        (25, [question(1), question(2)], {}, 2, {}),
        (3, [], {"has_more": True}, 0, {}),
    ],
)
def test_the_next_page(
    number: int, questions: list[Any], rest: dict[str, Any], kept: int, following: dict[str, str]
) -> None:
    found = parse(page(*questions, **rest), URL[:-1] + str(number))
    assert len(found.items) == kept
    assert [dict(query_of(next_url)) for next_url in found.next] == (
        [dict(query_of(URL)) | following] if following else []
    )


@pytest.mark.parametrize("last", [question(1), {"question_id": 5}, "?"])
def test_a_last_page_that_does_not_say_where_to_go_on_is_a_failure(last: Any) -> None:
    with pytest.raises(PageError, match="page 25 is the last"):
        parse(page(question(1), last, has_more=True), URL[:-1] + "25")


def test_what_cannot_be_used_is_counted() -> None:
    found = parse(page(question(1), question(2, title="", body="<hr>"), {"title": "no id"}, "what?", None), URL)
    assert [item.external_id for item in found.items] == ["6999"]
    assert found.rejected == {NO_TEXT: 1, OTHER_FORM: 3}


@pytest.mark.parametrize(
    ("body", "outcome", "reason"),
    [
        (json.dumps(THROTTLED).encode(), "blocked", "more requests available in 5400 seconds"),
        (b'{"error_id": 403, "error_message": "page above 25", "error_name": "access_denied"}', "blocked", "above 25"),
        (b'{"error_id": 400, "error_message": "No site found for name `x`"}', "failed", "check the target"),
        (b'{"error_id": 500, "error_message": "a\\nb"}', "failed", "a b"),
        (b"<html><title>Just a moment...</title>", "blocked", "proof of being human"),
        (b"<html><p>Something went wrong", "layout_changed", "an HTML page"),
        (b'{"has_more": false}', "layout_changed", "other JSON"),
        (b'{"items": {}}', "layout_changed", "other JSON"),
        (b"null", "layout_changed", "expected questions"),
    ],
)
def test_what_is_no_page(body: bytes, outcome: str, reason: str) -> None:
    error = refused(parse, body, URL)
    assert error.outcome == outcome
    assert re.search(reason, str(error))


JSON = json_values(*question(1))
KEYS = st.sampled_from([*answer(), "backoff", "total", "error_id", "error_message"])


@settings(max_examples=60, deadline=None)
@given(JSON, JSON, KEYS, st.sampled_from(list(question(1))), st.sampled_from(["1", "25"]))
def test_any_json_is_a_page_that_can_be_stored(one: Any, other: Any, key: str, field: str, number: str) -> None:
    body = answer(one, question(1) | {field: other}, has_more=True) | {key: other}
    storable(parse, json.dumps(body).encode(), URL[:-1] + number)


@pytest.mark.parametrize(
    ("site", "expected"),
    [
        ("stackoverflow", "stackoverflow"),
        ("https://stackoverflow.com/questions", "stackoverflow"),
        ("Money.StackExchange.com", "money"),
        ("pt.stackoverflow.com", "pt.stackoverflow"),
        ("mathoverflow.net", "mathoverflow.net"),
    ],
)
def test_a_target(site: str, expected: str) -> None:
    assert StackexchangeSpider.validate({"query": " Lantern  Games", "site": site}) == {
        "query": "Lantern Games",
        "site": expected,
    }


def test_a_target_with_a_base() -> None:
    given = {"query": "Lanternly", "site": "money", "base": "http://127.0.0.1:8000/"}
    assert StackexchangeSpider.validate(given) == given | {"base": "http://127.0.0.1:8000"}


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ({"query": "Lanternly"}, "needs 'site'"),
        ({"query": "Lanternly", "site": "stack overflow"}, "no name of a site"),
        ({"site": "stackoverflow"}, "needs 'query'"),
        ({"query": "Lanternly", "site": "money", "key": "x"}, "has no 'key'"),
    ],
)
def test_a_wrong_target(target: dict[str, str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        StackexchangeSpider.validate(target)


def sent(body: dict[str, Any], status: int = 200) -> dict[str, Any]:
    """An answer as the service sends all of them: compressed."""
    headers = {"Content-Type": "application/json; charset=utf-8", "Content-Encoding": "gzip"}
    return {"status": status, "body": gzip.compress(json.dumps(body).encode()), "headers": headers}


def service(shown: list[dict[str, Any]], asked: Any, *, backoff: dict[str, float]) -> dict[str, Any]:
    """Answer as the service does to those without a key, with four questions a page."""
    query = asked.query
    number, until = int(query["page"]), int(query.get("todate", 9_999_999_999))
    if query["site"] != "stackoverflow":
        return sent({"error_id": 400, "error_message": "No site found for name", "error_name": "bad_parameter"}, 400)
    if number > 25:
        return sent({"error_id": 403, "error_message": "page above 25", "error_name": "access_denied"}, 400)
    found = [each for each in shown if each["creation_date"] <= until and query["q"] in each["body"]]
    part = found[(number - 1) * 4 : number * 4]
    wish = {"backoff": backoff[query["page"]]} if query["page"] in backoff else {}
    return sent(answer(*part, has_more=number * 4 < len(found), **wish))


def test_crawls_of_a_query(new_site: Callable[[], Any], bench: Any) -> None:
    """More than 25 pages at first, each `backoff` obeyed, by the next source as well; one page later."""
    site = new_site()
    now = int(time.time()) - 60
    shown = [question(number, creation_date=now - number // 3) for number in range(104)]
    backoff = {"1": 0.7, "3": 0.5}
    site.serve("/2.3/search/advanced", lambda asked: service(shown, asked, backoff=backoff))
    bench.add("brand", "stackexchange", {"query": "Lanternly", "site": "stackoverflow", "base": site.url})
    bench.add("none", "stackexchange", {"query": "Quiet", "site": "stackoverflow", "base": site.url})
    bench.add("unknown", "stackexchange", {"query": "Lanternly", "site": "nowhere", "base": site.url})
    first = bench.crawl("brand", "none", "unknown", crawl={"max_pages": 60})
    assert (first["brand"]["outcome"], first["brand"]["pages"], first["brand"]["added"]) == ("ok", 27, 104)
    assert (first["none"]["outcome"], first["none"]["items"]) == ("empty", 0)
    assert first["unknown"]["outcome"] == "failed"
    assert "error 400 (No site found for name); check the target" in first["unknown"]["reason"]
    asked = site.asked
    assert [each.query["page"] for each in asked[:27]] == [*map(str, range(1, 26)), "1", "2"]
    assert asked[25].query["todate"] == str(shown[99]["creation_date"])
    waits = [later.at - earlier.at for earlier, later in pairwise(asked)]
    for place, each in enumerate(asked[:-1]):
        assert waits[place] >= backoff.get(each.query["page"], 0)
    assert {each.query["filter"] for each in asked} == {"withbody"}
    second = bench.crawl("brand")["brand"]
    assert (second["outcome"], second["pages"], second["added"], second["updated"]) == ("ok", 1, 0, 0)
    shown.insert(0, question(-1, creation_date=now + 1, body="<p>Lanternly funktioniert wieder.</p>"))
    shown[1] = question(0, creation_date=now, body="<p>Le Lanternly marche mieux.</p>", last_edit_date=now + 5)
    third = bench.crawl("brand")["brand"]
    # Its first page ends in the very second that was the newest before, so that one more is read.
    assert (third["outcome"], third["pages"], third["added"], third["updated"]) == ("ok", 2, 1, 1)
    with bench.store.reading() as session:
        mention = session.scalars(select(Mention).where(Mention.text.startswith("Le Lanternly"))).one()
        assert (mention.edited is not None, mention.reply_state) == (True, "unknown")
        assert "Quental" not in f"{mention.author} {mention.url} {mention.attributes}"


def test_a_service_that_wants_no_more_requests_is_asked_no_more(new_site: Callable[[], Any], bench: Any) -> None:
    """Not by the next source of the run either; what came before is stored."""
    endings = {
        "spent": sent(answer(question(1), has_more=True, quota_remaining=0)),
        "busy": sent(answer(question(1), has_more=True, backoff=600)),
        "throttled": sent(THROTTLED, 400),
    }
    sites = {}
    for name, ending in endings.items():
        sites[name] = new_site()
        sites[name].serve("/2.3/search/advanced", lambda asked, ending=ending: ending)
        for source in (name, f"{name} too"):
            target = {"query": source, "site": "stackoverflow", "base": sites[name].url}
            bench.add(source, "stackexchange", target)
    names = [source for name in endings for source in (name, f"{name} too")]
    found = bench.crawl(*names)
    assert {found[name]["outcome"] for name in names} == {"blocked"}
    assert [found[name]["added"] for name in endings] == [1, 1, 0]
    assert [len(site.asked) for site in sites.values()] == [1, 1, 1]
    assert "the 300 requests of the day are used up" in found["spent"]["reason"]
    assert "600 seconds, longer than crawl.max_wait" in found["busy"]["reason"]
    assert "more requests available in 5400 seconds" in found["throttled"]["reason"]
    assert "left alone for another" in found["spent too"]["reason"]


def test_recorded_answers(recorded: Path) -> None:
    """Real answers whose texts and titles were taken out: counted as such, and read with words put in their place."""
    counts, waits = {}, {}
    for path in sorted(recorded.glob("stackexchange/*question*")):
        text = path.read_text(encoding="utf-8")
        given = json.loads(text)
        count = text.count('"view_count"')
        assert parse(text.encode(), URL).rejected == {NO_TEXT: count}
        words = {"title": "Lanternly?", "body": "<p>Ich suche einen Rat.</p>"}
        filled = [each | words for each in given["items"]]
        found = parse(json.dumps(given | {"items": filled}).encode(), URL)
        assert found.rejected == {}
        assert len(found.items) == count
        assert all(item.published and item.author and item.attributes for item in found.items)
        assert bool(found.next) is given["has_more"]
        counts[path.name], waits[path.name] = (len(found.items), found.claimed), given.get("backoff")
    assert counts == {
        "stackexchange_question": (1, 1),
        "stackexchange_question_backoff_page": (2, 2),
        "stackexchange_question_page": (2, 2),
        "stackexchange_question_page_2": (2, 2),
    }
    assert waits["stackexchange_question_backoff_page"] == 0.2
