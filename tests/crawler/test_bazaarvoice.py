from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from promises import json_values, storable
from sqlalchemy import select

from overheard.crawler.api import OTHER_FORM, query_of
from overheard.crawler.outcomes import PageError
from overheard.crawler.page import NO_TEXT
from overheard.crawler.spiders.bazaarvoice import LAST_OFFSET, BazaarvoiceSpider, parse
from overheard.errors import UsageError
from overheard.intake.item import Item
from overheard.store.tables import Mention

URL = BazaarvoiceSpider.first_urls({"product": "kettle-7"})[0]
KEY = "bv-pass-93ae10"
TEXTS = [
    "Boils fast and the lid closes well.", "Der Deckel klemmt seit gestern.", "Mooie ketel, maar hij lekt.",
    "Fierbe repede și e silențios.", "Il filtro si stacca subito.", "Le bouton est dur à presser.",
    "La base se calienta demasiado.", "Aquece a água num instante.",
]  # fmt: skip


def review(number: int, **changes: Any) -> dict[str, Any]:
    """A review as the API has it."""
    return {
        "Id": str(9000 + number), "CID": "a0", "SourceClient": "homestead", "ProductId": "kettle-7",
        "AuthorId": f"author-{number}", "UserNickname": f"TeaOwl{number}", "UserLocation": "Ghent",
        "ContentLocale": "en_GB", "Rating": 4, "RatingRange": 5, "IsRatingsOnly": False, "IsRecommended": True,
        "Title": f"Kettle report {number}", "ReviewText": TEXTS[number % 8], "ModerationStatus": "APPROVED",
        "SubmissionTime": "2026-02-03T10:00:00.000+00:00", "LastModeratedTime": "2026-02-03T10:20:00.000+00:00",
        "LastModificationTime": "2026-02-04T05:00:24.000+00:00", "IsSyndicated": False, "ClientResponses": [],
        "Badges": {}, "BadgesOrder": [], "Pros": None, "Cons": None, "Photos": [], "SecondaryRatings": {},
    } | changes  # fmt: skip


PRODUCT = {"Id": "kettle-7", "Name": "Copper Kettle 7", "ProductPageUrl": "https://homestead.example/p/kettle-7"}


def answer(*reviews: Any, **changes: Any) -> dict[str, Any]:
    return {
        "Limit": 100, "Offset": 0, "TotalResults": 3, "Locale": "en_US", "Results": list(reviews),
        "Includes": {"Products": {"kettle-7": PRODUCT}, "ProductsOrder": ["kettle-7"]}, "HasErrors": False,
        "Errors": [],
    } | changes  # fmt: skip


def page(*reviews: Any, **changes: Any) -> bytes:
    return json.dumps(answer(*reviews, **changes)).encode()


def error(code: str | None, message: str | None = "Something is wrong.") -> bytes:
    return page(TotalResults=0, Includes={}, HasErrors=True, Errors=[{"Code": code, "Message": message}])


def test_a_review() -> None:
    found = parse(
        page(
            review(
                1, Rating=2, ContentLocale="nl_BE", Title="Lekt", ReviewText="Na een week lek.<br />Jammer &amp; duur.",
                Badges={"verifiedPurchaser": {"Id": "verifiedPurchaser", "BadgeType": "Custom"}},
                ClientResponses=[
                    {"Department": "Klantendienst", "Response": " ", "Date": None},
                    {"Department": "Klantendienst", "Response": "Sorry! U krijgt een nieuwe.", "Name": "Ruben",
                     "ResponseSource": "Homestead", "Date": "2026-02-05T08:30:00.000+00:00"},
                ],
            )
        ),
        URL,
    )  # fmt: skip
    assert found.claimed == 3
    assert found.items == (
        Item(
            external_id="9001",
            text="Na een week lek.\nJammer & duur.",
            title="Lekt",
            rating=0.25,
            rating_given="2",
            rating_scale=5.0,
            language="nl",
            author="TeaOwl1",
            url="https://homestead.example/p/kettle-7",
            published=datetime(2026, 2, 3, 10, tzinfo=UTC),
            reply_state="answered",
            reply="Sorry! U krijgt een nieuwe.",
            replied=datetime(2026, 2, 5, 8, 30, tzinfo=UTC),
            attributes={"product": "Copper Kettle 7", "location": "Ghent", "recommended": "yes", "verified": "yes"},
        ),
    )


def test_what_a_review_may_lack() -> None:
    (bare,) = parse(page({"Id": "1", "ReviewText": "Ok."}, Includes=None), URL).items
    assert (bare.rating, bare.author, bare.url, bare.published, bare.language) == (None, None, None, None, None)
    assert (bare.reply_state, bare.attributes) == ("unknown", {})
    (twice,) = parse(page({"Id": "1", "ReviewText": r"Too warm.\nNice pockets."}), URL).items
    assert twice.text == "Too warm.\nNice pockets."


@pytest.mark.parametrize(
    ("rating", "top", "expected"),
    [(8, 10, 0.8), (3, None, 0.5), (4.0, 5, 0.75), (0, 5, None), (None, 5, None), (7, 5, None)],
)
def test_a_rating_is_read_by_its_own_range(rating: float | None, top: int | None, expected: float | None) -> None:
    assert parse(page(review(1, Rating=rating, RatingRange=top)), URL).items[0].rating == expected


def test_a_review_that_was_passed_on_says_from_where() -> None:
    passed = review(1, IsSyndicated=True, SyndicationSource={"Name": "Copperworks", "ContentLink": None})
    own = review(2, SyndicationSource={"Name": "Copperworks"})
    one, two = parse(page(passed, own), URL).items
    assert (one.attributes["syndicated_from"], "syndicated_from" in two.attributes) == ("Copperworks", False)


def test_reviews_of_a_sibling_product_keep_its_own_name() -> None:
    (found,) = parse(page(review(1, ProductId="kettle-8", IsRecommended=False)), URL).items
    assert (found.attributes["product"], found.attributes["recommended"], found.url) == ("kettle-8", "no", None)


def test_times_of_moderation_are_no_edits() -> None:
    assert parse(page(review(1)), URL).items[0].edited is None


@pytest.mark.parametrize(
    ("count", "offset", "following"),
    [(100, 0, "100"), (20, 0, "20"), (20, 240, "260"), (0, 100, None), (1, LAST_OFFSET - 1, str(LAST_OFFSET)),
     (1, LAST_OFFSET, None)],
)  # fmt: skip
def test_the_next_page_begins_where_this_one_ends(count: int, offset: int, following: str | None) -> None:
    found = parse(page(*map(review, range(count))), URL.replace("Offset=0", f"Offset={offset}")).next
    assert [query_of(url)["Offset"] for url in found] == ([following] if following else [])
    assert all(query_of(url)["Sort"] == "SubmissionTime:desc" for url in found)


def test_what_cannot_be_used_is_counted() -> None:
    stars = review(2, IsRatingsOnly=True, Title=None, ReviewText=None)
    found = parse(page(review(1), stars, {"ReviewText": "no id"}, "what?"), URL)
    assert [item.external_id for item in found.items] == ["9001"]
    assert found.rejected == {NO_TEXT: 1, OTHER_FORM: 2}


@pytest.mark.parametrize(
    ("body", "outcome", "message"),
    [
        (
            error("ERROR_PARAM_INVALID_API_KEY", "The passKey provided is invalid."),
            "blocked",
            "does not accept your key",
        ),
        (error("ERROR_ACCESS_DENIED"), "blocked", "ERROR_ACCESS_DENIED"),
        (error("ERROR_REQUEST_LIMIT_REACHED"), "blocked", "try again later"),
        (
            error("ERROR_PARAM_INVALID_FILTER_ATTRIBUTE", "Unknown\nfilter"),
            "failed",
            "ATTRIBUTE: Unknown filter; check",
        ),
        (error(None, None), "failed", "an error without a code"),
        (page(HasErrors=True, Errors=None), "failed", "an error without a code"),
        (page(Results=None), "layout_changed", "other JSON"),
        (b"<html><h1>Developer Inactive</h1>", "layout_changed", "an HTML page"),
        (b"null", "layout_changed", "expected Bazaarvoice's reviews"),
        (b"", "layout_changed", "nothing"),
    ],
)
def test_what_is_no_page(body: bytes, outcome: str, message: str) -> None:
    with pytest.raises(PageError) as caught:
        parse(body, URL)
    assert (caught.value.outcome, message in str(caught.value)) == (outcome, True)
    assert "\n" not in str(caught.value)


JSON = json_values(*review(1), *answer())


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.sampled_from(list(review(1))), JSON), JSON, st.sampled_from(list(answer())))
def test_any_json_is_a_page_that_can_be_stored(changes: dict[str, Any], other: Any, part: str) -> None:
    for body in (page(review(1, **changes)), page(other), page(review(1), **{part: other})):
        storable(parse, body, URL)


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ({"product": " kettle-7 "}, {"product": "kettle-7"}),
        ({"product": "7/A.2", "base": "https://stg.api.bazaarvoice.com/"},
         {"product": "7/A.2", "base": "https://stg.api.bazaarvoice.com"}),
        ({"product": "7", "base": "https://api.bazaarvoice.com"}, {"product": "7"}),
    ],
)  # fmt: skip
def test_a_target(target: dict[str, str], expected: dict[str, str]) -> None:
    assert BazaarvoiceSpider.validate(target) == expected
    assert BazaarvoiceSpider.validate(expected) == expected


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ({}, "needs 'product'"),
        ({"product": "1,2"}, "expected one id"),
        ({"product": "eq:1"}, "expected one id"),
        ({"product": "a b"}, "expected one id"),
        ({"product": "1", "passkey": "abc"}, "has no 'passkey'"),
    ],
)
def test_a_wrong_target(target: dict[str, str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        BazaarvoiceSpider.validate(target)


class Service:
    """A shop's account: reviews of one product for those who know the passkey, newest first, errors with status 200."""

    def __init__(self, site: Any) -> None:
        self.started = datetime.now(UTC)
        self.shown = [self.written(number) for number in range(239, -1, -1)]
        self.busy = 1
        site.serve("/data/reviews.json", self.reviews)

    def written(self, number: int, **changes: Any) -> dict[str, Any]:
        """A review of some hours ago, the higher its number the fewer."""
        moment = self.started - timedelta(hours=300 - number)
        return review(number, SubmissionTime=f"{moment:%Y-%m-%dT%H:%M:%S}.000+00:00", **changes)

    def reviews(self, asked: Any) -> dict[str, Any]:
        query = asked.query
        headers = {"Content-Type": "application/json;charset=utf-8", "X-Bazaarvoice-QPM-Allotted": "60"}
        if query.get("passkey") != KEY:
            body = error("ERROR_PARAM_INVALID_API_KEY", "The passKey provided is invalid.")
            return {"headers": headers, "body": body}
        if self.busy:
            self.busy -= 1
            return {"status": 429, "headers": {"Retry-After": "0"}, "body": b"Too many requests"}
        assert (query["apiversion"], query["Sort"], query["Include"]) == ("5.4", "SubmissionTime:desc", "Products")
        start, limit = int(query["Offset"]), int(query["Limit"])
        if limit > 100 or start > LAST_OFFSET:
            return {"headers": headers, "body": error("ERROR_PARAM_INVALID_LIMIT")}
        shown = self.shown if query["Filter"] == "ProductId:kettle-7" else []
        body = page(*shown[start : start + limit], Offset=start, TotalResults=len(shown))
        return {"headers": headers, "body": body}


def test_crawls_of_a_product(new_site: Callable[[], Any], bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """All pages at first, one page when little is new; the key is sent with each request and kept nowhere."""
    site = new_site()
    service = Service(site)
    monkeypatch.setenv("OVERHEARD_BAZAARVOICE_KEY", KEY)
    bench.add("kettle", "bazaarvoice", {"product": "kettle-7", "base": site.url})
    bench.add("unknown", "bazaarvoice", {"product": "kettle-9", "base": site.url})
    first = bench.crawl("kettle", "unknown")
    assert (first["kettle"]["outcome"], first["kettle"]["pages"], first["kettle"]["added"]) == ("ok", 4, 240)
    assert (first["unknown"]["outcome"], first["unknown"]["items"]) == ("empty", 0)
    assert all(asked.query["passkey"] == KEY for asked in site.asked)
    assert KEY not in str(first)
    assert "/robots.txt" not in [asked.path for asked in site.asked]
    service.shown.insert(0, service.written(240, ReviewText="Nieuw en stil.", Rating=5))
    service.shown[2] = service.written(238, ReviewText="Drei Wochen, dann kaputt.", Rating=1)
    second = bench.crawl("kettle")["kettle"]
    assert (second["outcome"], second["pages"], second["added"], second["updated"]) == ("ok", 1, 1, 1)
    with bench.store.reading() as session:
        mention = session.scalars(select(Mention).where(Mention.text.startswith("Drei Wochen"))).one()
        assert (mention.rating, mention.reply_state) == (0.0, "unanswered")
        assert mention.url == "https://homestead.example/p/kettle-7"
        assert "TeaOwl" not in (mention.author or "")
    for path in filter(Path.is_file, bench.settings.directory.rglob("*")):
        assert KEY.encode() not in path.read_bytes()


def test_a_key_is_needed_shown_nowhere_and_taken_along_by_no_redirect(
    new_site: Callable[[], Any], bench: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    site, elsewhere = new_site(), new_site()
    Service(site)
    bench.add("kept", "bazaarvoice", {"product": "kettle-7", "base": site.url})
    missing = bench.crawl("kept")["kept"]
    assert (missing["outcome"], "OVERHEARD_BAZAARVOICE_KEY" in missing["reason"]) == ("blocked", True)
    monkeypatch.setenv("OVERHEARD_BAZAARVOICE_KEY", "another-key-31")
    refused = bench.crawl("kept")["kept"]
    assert (refused["outcome"], "does not accept your key" in refused["reason"]) == ("blocked", True)
    assert "another-key-31" not in str(refused)
    site.serve("/data/reviews.json", lambda asked: {"status": 302, "headers": {"Location": elsewhere.url + asked.path}})
    moved = bench.crawl("kept")["kept"]
    assert (moved["outcome"], "another-key-31" in str(moved), elsewhere.asked) == ("failed", False, [])


def test_recorded_answers(recorded: Path) -> None:
    """Real answers of demonstration accounts; the ratings without a text are those that say so themselves."""
    counts = {}
    for path in sorted(recorded.glob("bazaarvoice/*.json")):
        content = path.read_text(encoding="utf-8")
        if path.stem == "testShowStatistics":
            continue  # an answer of another interface
        found = parse(content.encode(), URL)
        stars = len(re.findall(r'"IsRatingsOnly":\s*true', content))
        assert found.rejected == ({NO_TEXT: stars} if stars else {})
        assert len(found.items) + stars == content.count('"ModerationStatus"') - content.count('"CommentText"')
        assert all(item.published and item.rating is not None and item.language == "en" for item in found.items)
        assert all((item.reply_state == "answered") == bool(item.reply and item.replied) for item in found.items)
        answered = sum(item.reply_state == "answered" for item in found.items)
        counts[path.stem] = (len(found.items), stars, found.claimed, answered)
    assert counts == {
        "conversationsReviewsEnduranceCycles": (20, 0, 40, 1),
        "conversationsReviewsEnduranceCycles_SortLowestRated": (20, 0, 40, 2),
        "storeItemWithStatsAndReviews": (9, 3, 12, 1),
        "testShowReviewIncludesSearch": (9, 1, 4520, 0),
        "testSyndicationSource": (1, 0, 1, 0),
    }
