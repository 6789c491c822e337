from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from promises import json_values, refused, storable
from sqlalchemy import select

from overheard.crawler.api import OTHER_FORM
from overheard.crawler.page import NO_TEXT
from overheard.crawler.spiders.steam import SteamSpider, parse
from overheard.errors import UsageError
from overheard.intake.item import Item
from overheard.store.tables import Mention

URL = SteamSpider.first_urls({"id": "123456"})[0]


def review(number: int, **changes: Any) -> dict[str, Any]:
    """A review as the list has it."""
    return {
        "recommendationid": str(number),
        "author": {"steamid": f"7656119{number:010d}", "num_games_owned": 12, "playtime_forever": 971},
        "language": "dutch",
        "review": f"Leuk spel, zegt nummer {number}.",
        "timestamp_created": 1_760_000_000 - number,
        "timestamp_updated": 1_760_000_000 - number,
        "voted_up": True,
        "votes_up": 4,
        "weighted_vote_score": "0.581749",
        "steam_purchase": True,
    } | changes


def answer(*reviews: Any, cursor: str = "AoJ4next==", total: int | None = None) -> dict[str, Any]:
    summary = {"num_reviews": len(reviews)} | ({} if total is None else {"total_reviews": total})
    return {"success": 1, "query_summary": summary, "reviews": list(reviews), "cursor": cursor}


def page(*reviews: Any, **rest: Any) -> bytes:
    return json.dumps(answer(*reviews, **rest)).encode()


def test_a_review() -> None:
    given = review(
        1, review="[h1]Top[/h1] Blijft leuk.", timestamp_updated=1_760_000_100,
        developer_response="Dank je!", timestamp_dev_responded=1_760_000_200,
    )  # fmt: skip
    found = parse(page(given, total=7), URL)
    assert found.claimed == 7
    assert found.items == (
        Item(
            external_id="1",
            text="Top Blijft leuk.",
            rating=1.0,
            rating_given="recommended",
            language="nl",
            author="76561190000000001",
            url="https://store.steampowered.com/app/123456",
            published=datetime(2025, 10, 9, 8, 53, 19, tzinfo=UTC),
            edited=datetime(2025, 10, 9, 8, 55, tzinfo=UTC),
            reply_state="answered",
            reply="Dank je!",
            replied=datetime(2025, 10, 9, 8, 56, 40, tzinfo=UTC),
        ),
    )


@pytest.mark.parametrize(
    ("reviews", "cursor", "more"),
    [([review(1)], "AoJ4 +/=", True), ([review(1)], "*", False), ([review(1)], "", False), ([], "AoJ4", False)],
)
def test_the_next_page(reviews: list[Any], cursor: str, more: bool) -> None:
    following = parse(page(*reviews, cursor=cursor), URL).next
    assert bool(following) is more
    assert not more or "cursor=AoJ4+%2B%2F%3D" in following[0]


def test_what_cannot_be_used_is_counted() -> None:
    found = parse(page(review(1), review(2, review="[hr][/hr]"), {"review": "no id"}, "what?"), URL)
    assert [item.external_id for item in found.items] == ["1"]
    assert found.rejected == {NO_TEXT: 1, OTHER_FORM: 2}


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        (b"<html><p>Something went wrong", "layout_changed"),
        (b'{"reviews": []}', "layout_changed"),
        (b"null", "layout_changed"),
        (b'{"success": 2}', "failed"),
    ],
)
def test_what_is_no_page(body: bytes, outcome: str) -> None:
    assert refused(parse, body, URL).outcome == outcome


JSON = json_values(*review(1))


@settings(max_examples=60, deadline=None)
@given(JSON, JSON)
def test_any_json_is_a_page_that_can_be_stored(one: Any, reviews: Any) -> None:
    storable(parse, json.dumps(answer(one) | {"reviews": reviews if reviews else [one]}).encode(), URL)


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ({"id": "12"}, {"id": "12"}),
        ({"id": "12", "language": "NL"}, {"id": "12", "language": "dutch"}),
        ({"id": "12", "language": "all"}, {"id": "12"}),
        ({"url": "https://store.steampowered.com/app/12/Some_Game/"}, {"id": "12"}),
        ({"id": "12", "base": "http://127.0.0.1:8000/"}, {"id": "12", "base": "http://127.0.0.1:8000"}),
    ],
)
def test_a_target(target: dict[str, str], expected: dict[str, str]) -> None:
    assert SteamSpider.validate(target) == expected


@pytest.mark.parametrize(
    ("target", "message"),
    [({"id": "game"}, "no number"), ({"id": "1", "language": "xx"}, "expected one of english"), ({}, "needs 'id'")],
)
def test_a_wrong_target(target: dict[str, str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        SteamSpider.validate(target)


def test_crawls_of_a_game(new_site: Callable[[], Any], bench: Any) -> None:
    """All pages at first, one page when nothing is new, what is new and edited later; an unknown game is empty."""
    site = new_site()
    shown = [review(number) for number in range(250)]
    pages = {"*": 0, "AoJ4a": 100, "AoJ4b": 200, "AoJ4c": 300}

    def serve(asked: Any) -> dict[str, Any]:
        start = pages[asked.query["cursor"]]
        following = [cursor for cursor, place in pages.items() if place == start + 100]
        total = len(shown) if start == 0 else None
        body = page(*shown[start : start + 100], cursor=following[0] if following else "AoJ4c", total=total)
        return {"body": body, "headers": {"Content-Type": "application/json; charset=utf-8"}}

    site.serve("/appreviews/7", serve)
    site.answer(SteamSpider.first_urls({"id": "8", "base": ""})[0], {"body": page(cursor="*", total=0)})
    bench.add("game", "steam", {"id": "7", "base": site.url})
    bench.add("none", "steam", {"id": "8", "base": site.url})
    first = bench.crawl("game", "none")
    assert (first["game"]["outcome"], first["game"]["added"]) == ("ok", 250)
    assert (first["none"]["outcome"], first["none"]["items"]) == ("empty", 0)
    site.asked.clear()
    assert bench.crawl("game")["game"]["pages"] == 1
    shown.insert(0, review(-1, review="Nieuw en goed."))
    shown[1] = review(0, review="Leuk spel, maar hij loopt vast.", voted_up=False)
    third = bench.crawl("game")["game"]
    assert (third["pages"], third["added"], third["updated"]) == (1, 1, 1)
    with bench.store.reading() as session:
        mention = session.scalars(select(Mention).where(Mention.text.startswith("Leuk spel, maar"))).one()
        assert (mention.rating, mention.reply_state) == (0.0, "unanswered")
        assert "7656119" not in (mention.author or "") + (mention.url or "")


def test_recorded_answers(recorded: Path) -> None:
    """Reviews of three games in an envelope that was rebuilt (objects by id), and summaries as they were sent."""
    counts = {}
    for path in sorted(recorded.glob("steam/review_*.json")):
        given = json.loads(path.read_text(encoding="utf-8"))
        found = parse(page(*given["reviews"].values(), total=given["query_summary"]["total_reviews"]), URL)
        assert not found.rejected
        counts[path.stem] = len(found.items)
    assert counts == {"review_357330": 6, "review_438320": 12, "review_608110": 0}
    summaries = json.loads((recorded / "steam/appreviews_summary_2026-09-11.json").read_text(encoding="utf-8"))
    claimed = {name: parse(json.dumps(given).encode(), URL).claimed for name, given in summaries.items()}
    assert (claimed["1245620"], claimed["999999999"]) == (1154113, 0)
