from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from promises import json_values, refused, storable
from sqlalchemy import select

from overheard.crawler.api import OTHER_FORM
from overheard.crawler.outcomes import PageError
from overheard.crawler.page import NO_TEXT
from overheard.crawler.spiders.trustpilot import LAST_PAGE, TrustpilotSpider, parse, parse_company
from overheard.errors import UsageError
from overheard.intake.item import Item
from overheard.store.tables import Mention

NUMBER = "5f0c1d2e3a4b5c6d7e8f9a0b"
URL = TrustpilotSpider.first_urls({"id": NUMBER})[0]
FIND = TrustpilotSpider.first_urls({"domain": "lumora.example"})[0]
KEY = "tp-key-6d1f0c52"
TEXTS = [
    "Parcel came a day early and well packed.", "Die Hotline war freundlich, aber langsam.",
    "Retour was zo geregeld.", "Comanda a ajuns cu o zi întârziere.", "Prodotto bello, imballaggio scarso.",
    "Remboursement reçu en deux jours.", "La web falla al pagar.", "Atendimento simpático e rápido.",
]  # fmt: skip


def review(number: int, **changes: Any) -> dict[str, Any]:
    """A review as the API has it."""
    return {
        "links": [{"href": f"https://api.trustpilot.com/v1/reviews/{number:024x}", "method": "GET", "rel": "self"}],
        "id": f"{number:024x}",
        "consumer": {
            "links": [], "id": f"c{number:023x}", "displayName": f"Milo Vantage {number}", "displayLocation": "NL",
            "numberOfReviews": 3,
        },
        "businessUnit": {"id": NUMBER, "identifyingName": "lumora.example", "displayName": "Lumora"},
        "location": None,
        "stars": 4,
        "title": f"Order {number} at Lumora",
        "text": TEXTS[number % 8],
        "language": "en",
        "createdAt": "2026-02-03T10:00:00Z",
        "experiencedAt": "2026-01-01T00:00:00Z",
        "updatedAt": None,
        "companyReply": None,
        "isVerified": True,
        "numberOfLikes": 0,
        "status": "active",
        "reportData": None,
        "complianceLabels": [],
    } | changes  # fmt: skip


def page(*reviews: Any) -> bytes:
    return json.dumps({"links": [{"href": URL, "method": "GET", "rel": "next-page"}], "reviews": reviews}).encode()


def company(**changes: Any) -> bytes:
    known = {"id": NUMBER, "displayName": "Lumora", "name": {"identifying": "lumora.example", "referring": []},
             "status": "active", "score": {"stars": 4.5, "trustScore": 4.4},
             "numberOfReviews": {"total": 251, "oneStar": 9, "fiveStars": 180}}  # fmt: skip
    return json.dumps(known | changes).encode()


def test_a_review() -> None:
    given = review(
        10, stars=2, language="de-DE", title="Nie wieder", text="Das Paket kam offen an.<br>Schade &amp; teuer.",
        createdAt="2026-03-04T05:06:07.000Z", updatedAt="2026-03-05T08:00:00",
        location={"id": "17", "name": "Lumora Utrecht", "urlFormattedName": "Utrecht"},
        companyReply={"text": "Das tut uns leid.", "createdAt": "2026-03-04T09:30:00Z", "updatedAt": None},
    )  # fmt: skip
    assert parse(page(given), URL).items == (
        Item(
            external_id="00000000000000000000000a",
            text="Das Paket kam offen an.\nSchade & teuer.",
            title="Nie wieder",
            rating=0.25,
            rating_given="2",
            rating_scale=5.0,
            language="de",
            author="Milo Vantage 10",
            url="https://www.trustpilot.com/reviews/00000000000000000000000a",
            published=datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC),
            edited=datetime(2026, 3, 5, 8, tzinfo=UTC),
            reply_state="answered",
            reply="Das tut uns leid.",
            replied=datetime(2026, 3, 4, 9, 30, tzinfo=UTC),
            attributes={"country": "nl", "location": "Lumora Utrecht", "verified": "yes"},
        ),
    )


def test_what_a_review_may_lack() -> None:
    (bare,) = parse(page({"id": "1", "title": "Top", "text": None, "stars": None, "consumer": None}), URL).items
    assert (bare.text, bare.title, bare.rating, bare.author, bare.published) == ("", "Top", None, None, None)
    assert (bare.reply_state, bare.edited, bare.attributes) == ("unanswered", None, {})


@pytest.mark.parametrize(
    ("place", "expected"), [("PT", "pt"), ("Utrecht, Netherlands", None), ("", None), (None, None)]
)
def test_only_the_country_of_an_author_is_kept(place: str | None, expected: str | None) -> None:
    (found,) = parse(page(review(1, consumer={"displayName": "Ana", "displayLocation": place})), URL).items
    assert found.attributes.get("country") == expected


def test_a_title_that_is_cut_from_the_text_is_none() -> None:
    (found,) = parse(page(review(1, title="Parcel came a day…", text="Parcel came a day early.")), URL).items
    assert found.title is None


def test_a_time_that_is_no_later_is_no_edit() -> None:
    (found,) = parse(page(review(1, createdAt="2026-03-04T05:06:07Z", updatedAt="2026-03-04T05:06:07Z")), URL).items
    assert found.edited is None


@pytest.mark.parametrize(
    ("reviews", "number", "following"),
    [([review(1)], 1, "page=2"), ([review(1)], 41, "page=42"), ([], 2, None), ([review(1)], LAST_PAGE, None)],
)
def test_the_next_page(reviews: list[Any], number: int, following: str | None) -> None:
    found = parse(page(*reviews), URL.replace("page=1", f"page={number}")).next
    assert bool(found) is bool(following)
    assert not following or (found[0].endswith(f"&{following}") and "perPage=100&orderBy=createdat.desc" in found[0])


def test_the_look_up_leads_to_the_reviews() -> None:
    found = parse_company(company(), FIND)
    assert (found.items, found.next, found.claimed) == ((), (URL,), 251)
    assert parse_company(company(numberOfReviews=None), FIND).claimed is None


def test_what_cannot_be_used_is_counted() -> None:
    found = parse(page(review(1), review(2, text=" ", title=None), {"text": "no id"}, "what?"), URL)
    assert [item.external_id for item in found.items] == [f"{1:024x}"]
    assert found.rejected == {NO_TEXT: 1, OTHER_FORM: 2}


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        (b"<html><p>Something went wrong", "layout_changed"),
        (b"<html><title>Just a moment...</title>", "blocked"),
        (b'{"message": "Unknown error", "errorCode": 1001}', "layout_changed"),
        (b"null", "layout_changed"),
        (b"", "layout_changed"),
    ],
)
@pytest.mark.parametrize("read", [parse, parse_company])
def test_what_is_no_page(read: Callable[..., Any], body: bytes, outcome: str) -> None:
    assert refused(read, body, URL).outcome == outcome


@pytest.mark.parametrize("number", ["../../private", "", None, 7])
def test_an_id_that_is_none_is_asked_for_nothing(number: Any) -> None:
    with pytest.raises(PageError, match="expected a company"):
        parse_company(company(id=number), FIND)


JSON = json_values(*review(1))


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.sampled_from(list(review(1))), JSON), JSON)
def test_any_json_is_a_page_that_can_be_stored(changes: dict[str, Any], other: Any) -> None:
    for body in (page(review(1, **changes)), page(other), json.dumps({"reviews": other}).encode()):
        storable(parse, body, URL)


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ({"domain": " Lumora.example "}, {"domain": "lumora.example"}),
        ({"domain": "www.lumora.example"}, {"domain": "www.lumora.example"}),
        ({"url": "https://nl.trustpilot.com/review/lumora.example?stars=1"}, {"domain": "lumora.example"}),
        ({"id": NUMBER.upper()}, {"id": NUMBER}),
        ({"domain": "lumora.example", "id": NUMBER}, {"id": NUMBER}),
        ({"id": NUMBER, "base": "http://127.0.0.1:8000/"}, {"id": NUMBER, "base": "http://127.0.0.1:8000"}),
        ({"id": NUMBER, "base": "https://api.trustpilot.com"}, {"id": NUMBER}),
    ],
)
def test_a_target(target: dict[str, str], expected: dict[str, str]) -> None:
    assert TrustpilotSpider.validate(target) == expected
    assert TrustpilotSpider.validate(expected) == expected


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ({}, "needs 'domain'"),
        ({"domain": "Lumora"}, "as shop.example"),
        ({"domain": "https://lumora.example"}, "as shop.example"),
        ({"domain": "lumora.example/x?y=1"}, "as shop.example"),
        ({"id": "12"}, "24 hexadecimal digits"),
        ({"domain": "lumora.example", "key": "abc"}, "has no 'key'"),
    ],
)
def test_a_wrong_target(target: dict[str, str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        TrustpilotSpider.validate(target)


class Service:
    """Trustpilot's API: a look-up, and the reviews of one company for those who know the key, newest first."""

    def __init__(self, site: Any) -> None:
        self.started = datetime.now(UTC)
        self.shown = [self.written(number) for number in range(249, -1, -1)]
        self.busy = 1
        self.site = site
        site.serve("/v1/business-units/find", self.find)
        site.serve(f"/v1/business-units/{NUMBER}/reviews", self.reviews)

    def written(self, number: int, **changes: Any) -> dict[str, Any]:
        """A review of some hours ago, the higher its number the fewer."""
        moment = self.started - timedelta(hours=300 - number)
        return review(number, createdAt=f"{moment:%Y-%m-%dT%H:%M:%SZ}", **changes)

    def find(self, asked: Any) -> dict[str, Any]:
        if asked.headers.get("apikey", asked.headers.get("Apikey")) != KEY:
            return {"status": 403, "body": b"Forbidden"}
        if asked.query["name"] != "lumora.example":
            return {"status": 404, "body": b'{"message": "Business unit not found"}'}
        return {"body": company(), "headers": {"Content-Type": "application/json; charset=utf-8"}}

    def reviews(self, asked: Any) -> dict[str, Any]:
        if asked.headers.get("apikey", asked.headers.get("Apikey")) != KEY:
            return {"status": 403, "body": b"Forbidden"}
        if self.busy:
            self.busy -= 1
            return {"status": 429, "headers": {"Retry-After": "0"}, "body": b"Too Many Requests"}
        assert (asked.query["perPage"], asked.query["orderBy"]) == ("100", "createdat.desc")
        start = 100 * (int(asked.query["page"]) - 1)
        return {"body": page(*self.shown[start : start + 100]), "headers": {"Content-Type": "application/json"}}


def test_crawls_of_a_company(new_site: Callable[[], Any], bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The look-up and all pages at first, the look-up and one page later; the key goes in a header and nowhere else."""
    site = new_site()
    service = Service(site)
    monkeypatch.setenv("OVERHEARD_TRUSTPILOT_KEY", KEY)
    bench.add("lumora", "trustpilot", {"domain": "lumora.example", "base": site.url})
    bench.add("number", "trustpilot", {"id": NUMBER, "base": site.url})
    bench.add("nobody", "trustpilot", {"domain": "nobody.example", "base": site.url})
    first = bench.crawl("lumora", "nobody")
    assert (first["lumora"]["outcome"], first["lumora"]["pages"], first["lumora"]["added"]) == ("ok", 5, 250)
    assert (first["nobody"]["outcome"], "404" in first["nobody"]["reason"]) == ("failed", True)
    assert not any(KEY in asked.path for asked in site.asked)
    assert "/robots.txt" not in [asked.path for asked in site.asked]
    site.asked.clear()
    service.shown.insert(0, service.written(250, text="Neu und gut.", title=None, stars=5))
    service.shown[2] = service.written(248, text="Nach drei Wochen kaputt.", stars=1)
    second = bench.crawl("lumora")["lumora"]
    assert (second["outcome"], second["pages"], second["added"], second["updated"]) == ("ok", 2, 1, 1)
    assert site.paths() == [
        "/v1/business-units/find?name=lumora.example",
        URL.removeprefix("https://api.trustpilot.com"),
    ]
    with bench.store.reading() as session:
        mention = session.scalars(select(Mention).where(Mention.text.startswith("Nach drei"))).one()
        assert (mention.rating, mention.reply_state) == (0.0, "unanswered")
        assert "Vantage" not in (mention.author or "") + (mention.url or "")
    assert bench.crawl("number", limit=100)["number"]["pages"] == 1
    for path in filter(Path.is_file, bench.settings.directory.rglob("*")):
        assert KEY.encode() not in path.read_bytes()


def test_a_key_is_needed_shown_nowhere_and_taken_along_by_no_redirect(
    new_site: Callable[[], Any], bench: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    site, elsewhere = new_site(), new_site()
    Service(site)
    bench.add("kept", "trustpilot", {"id": NUMBER, "base": site.url})
    missing = bench.crawl("kept")["kept"]
    assert (missing["outcome"], "OVERHEARD_TRUSTPILOT_KEY" in missing["reason"]) == ("blocked", True)
    monkeypatch.setenv("OVERHEARD_TRUSTPILOT_KEY", "another-key-31")
    refused = bench.crawl("kept")["kept"]
    assert (refused["outcome"], "403" in refused["reason"], "another-key-31" in str(refused)) == (
        "blocked",
        True,
        False,
    )
    site.serve(
        f"/v1/business-units/{NUMBER}/reviews", lambda asked: {"status": 302, "headers": {"Location": elsewhere.url}}
    )
    assert bench.crawl("kept")["kept"]["outcome"] == "failed"
    assert not elsewhere.asked


def test_recorded_reviews(recorded: Path) -> None:
    """Objects of the site's own pages, put into the form of the API: their texts, times and replies are real."""
    counts = {}
    for name in ("reviews", "companies"):
        content = (recorded / f"trustpilot/{name}.json").read_text(encoding="utf-8")
        given = json.loads(content)
        shown = given if name == "reviews" else [each for company in given for each in company["reviews"]]
        found = parse(page(*map(_as_api, shown)), URL)
        assert found.rejected == {}
        assert all(item.published and item.rating is not None and item.language == "en" for item in found.items)
        assert len(found.items) == content.count('"experiencedDate"')
        answered = [item for item in found.items if item.reply_state == "answered"]
        assert all(item.reply and item.replied for item in answered)
        counts[name] = (len(found.items), len(answered))
    assert counts == {"reviews": (60, 1), "companies": (60, 19)}


def _as_api(given: dict[str, Any]) -> dict[str, Any]:
    reply = given["reply"]
    return {
        "id": given["id"], "stars": given["rating"], "title": given["title"], "text": given["text"],
        "language": given["language"], "consumer": {"displayName": given["consumer"]["displayName"]},
        "createdAt": given["dates"]["publishedDate"], "updatedAt": given["dates"]["updatedDate"],
        "companyReply": reply and {"text": reply["message"], "createdAt": reply["publishedDate"]},
        "isVerified": given["labels"]["verification"]["isVerified"], "location": given["location"],
    }  # fmt: skip
