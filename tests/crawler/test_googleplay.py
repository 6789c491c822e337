from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from promises import refused, storable
from sqlalchemy import select

from overheard.crawler.api import OTHER_FORM, query_of
from overheard.crawler.page import NO_TEXT
from overheard.crawler.spiders.googleplay import GoogleplaySpider, parse
from overheard.errors import UsageError
from overheard.intake.item import Item
from overheard.store.tables import Mention, Source

TARGET = {"id": "com.example.lantern", "language": "nl", "country": "be"}
URL = GoogleplaySpider.first_urls(TARGET)[0]
PLACES = {"id": 0, "by": 1, "stars": 2, "title": 3, "text": 4, "time": 5, "reply": 7, "account": 9, "version": 10}
TEXTS = [
    "Opens fast and never crashed on me.", "Seit dem Update stürzt die App beim Start ab.",
    "Handige app, maar de kaart laadt traag.", "Merge bine și arată frumos.", "Ottima, la uso ogni giorno.",
    "Trop de publicités depuis cet été.", "No me deja entrar con mi cuenta.", "Adoro o novo desenho!",
]  # fmt: skip


def review(number: int, **changes: Any) -> list[Any]:
    """A review as the list has it; the higher the number, the older it is."""
    picture = [None, 2, None, [None, None, f"https://pictures.example/{number}"]]
    row: list[Any] = [None] * 17
    row[6], row[12], row[16] = 3, [[["vaf_app_quality_stability", [1]]]], 1
    given = {
        "id": f"{number % 2**32:08x}-0000-4000-8000-000000000000",
        "by": [f"Jelle Voorbeeld{number}", picture],
        "stars": 4,
        "text": f"{TEXTS[number % len(TEXTS)]} ({number})",
        "time": [1_760_000_000 - 60 * number, 77_000_000],
        "account": [f"1179{number:017d}", f"Jelle Voorbeeld{number}", None, [picture, True], picture],
        "version": "4.2.1-release",
    } | changes
    for name, value in given.items():
        row[PLACES[name]] = value
    return row


def envelope(payload: str | None, error: list[Any] | None = None) -> bytes:
    """What the service puts around a page or an error."""
    frames = [["wrb.fr", "UsvDTd", payload, None, None, error, "generic"], ["di", 43], ["af.httprm", 43, "-871", 17]]
    return b")]}'\n\n" + json.dumps(frames, separators=(",", ":")).encode()


def page(*reviews: Any, token: str | None = None) -> bytes:
    paging = [] if token is None else [[None, token]]
    return envelope(json.dumps([list(reviews), *paging], separators=(",", ":")))


PROBLEM = "type.googleapis.com/wireless.android.finsky.boq.web.data.store.error.PlayDataError"
REFUSED = envelope(None, [5, None, [[PROBLEM, [1]]]])
"""What the service sends, with status 200, for an unknown app, a token that it does not know, and now and then."""


def test_a_review() -> None:
    given = review(
        1, title="Top!", text="Werkt goed &amp; snel.<br>Aanrader", stars=5,
        reply=["Lantern Games", "Bedankt, Jelle!", [1_760_003_600, 500_000_000]],
    )  # fmt: skip
    found = parse(page(given), URL)
    assert found.items == (
        Item(
            external_id="00000001-0000-4000-8000-000000000000",
            text="Werkt goed & snel.\nAanrader",
            title="Top!",
            rating=1.0,
            rating_given="5",
            rating_scale=5.0,
            language="nl",
            author="Jelle Voorbeeld1",
            url="https://play.google.com/store/apps/details?id=com.example.lantern"
            "&reviewId=00000001-0000-4000-8000-000000000000",
            published=datetime(2025, 10, 9, 8, 52, 20, 77_000, tzinfo=UTC),
            reply_state="answered",
            reply="Bedankt, Jelle!",
            replied=datetime(2025, 10, 9, 9, 53, 20, 500_000, tzinfo=UTC),
            attributes={"app_version": "4.2.1-release"},
        ),
    )
    assert (found.next, found.rejected, found.claimed) == ((), {}, None)


@pytest.mark.parametrize(
    ("changes", "field", "expected"),
    [
        ({"reply": None}, "reply_state", "unanswered"),
        ({"reply": ["Lantern Games", "", [1_760_003_600, 0]]}, "reply_state", "unanswered"),
        ({"reply": ["Lantern Games", "Danke!"]}, "replied", None),
        ({"reply": ["Lantern Games", "Danke!", ["soon"]]}, "replied", "rejected"),
        ({"version": None}, "attributes", {}),
        ({"stars": 0}, "rating", None),
        ({"stars": None}, "rating", None),
        ({"stars": 1}, "rating", 0.0),
        ({"time": [1_760_000_000]}, "published", datetime(2025, 10, 9, 8, 53, 20, tzinfo=UTC)),
        ({"time": [1_760_000_000, None]}, "published", datetime(2025, 10, 9, 8, 53, 20, tzinfo=UTC)),
        ({"time": None}, "published", None),
        ({"time": [9e18, 0]}, "published", None),
        ({"title": "Handige app", "text": "Handige app, maar traag."}, "title", None),
        ({"title": "Alleen een titel", "text": None}, "title", "Alleen een titel"),
        ({"by": None}, "author", None),
        ({"by": ["A Google user"]}, "author", None),
        ({"by": ["Een Google-gebruiker"]}, "author", None),
        ({"by": ["Un utilisateur de Google"]}, "author", None),
        ({"by": ["Ana Googleanu"]}, "author", "Ana Googleanu"),
        ({"id": ""}, "external_id", "rejected"),
        ({"id": 17}, "external_id", "17"),
    ],
)
def test_a_field(changes: dict[str, Any], field: str, expected: Any) -> None:
    found = parse(page(review(1, **changes)), URL)
    if expected == "rejected":
        assert (found.items, found.rejected) == ((), {OTHER_FORM: 1})
    else:
        assert getattr(found.items[0], field) == expected


@pytest.mark.parametrize(
    ("body", "token"),
    [
        pytest.param(page(review(1), token="CtgBIs8B-_x="), "CtgBIs8B-_x=", id="a token"),
        pytest.param(page(review(1), token=""), None, id="an empty token"),
        pytest.param(page(review(1)), None, id="no token"),
        pytest.param(envelope(json.dumps([[review(1)], [None, None]])), None, id="null"),
        pytest.param(envelope(json.dumps([[review(1)], None])), None, id="no paging"),
        pytest.param(page(token="CtgB"), None, id="a token behind nothing"),
    ],
)
def test_the_next_page(body: bytes, token: str | None) -> None:
    found = parse(body, URL)
    assert [query_of(url).get("token") for url in found.next] == [token] * bool(token)
    for url in found.next:
        assert query_of(url) == {**query_of(URL), "token": token}


@pytest.mark.parametrize("payload", ["[]", "[null]", "[[]]", "[[],[null,null]]", "[null,[null,null]]"])
def test_no_reviews(payload: str) -> None:
    found = parse(envelope(payload), URL)
    assert (found.items, found.rejected, found.next) == ((), {}, ())


def test_what_cannot_be_used_is_counted() -> None:
    found = parse(page(review(1), review(2, text=" <br> "), [], {"id": "x"}, review(3, text=["?"]), None), URL)
    assert [item.text[-3:] for item in found.items] == ["(1)"]
    assert found.rejected == {NO_TEXT: 1, OTHER_FORM: 4}


@pytest.mark.parametrize(
    ("body", "outcome", "reason"),
    [
        (REFUSED, "failed", "it answered error 5, expected reviews; check the app's id"),
        (envelope(None), "failed", "error None"),
        (b')]}\'\n\n[["er",null,null,null,null,400,null,null,null,3],["di",12]]', "layout_changed", "got other JSON"),
        (b')]}\'\n\n[["wrb.fr","xdSrCf","[]",null,null,null,"generic"]]', "layout_changed", "got other JSON"),
        (envelope('{"reviews": []}'), "layout_changed", "got other JSON"),
        (envelope('["none"]'), "layout_changed", "got other JSON"),
        (envelope("null"), "layout_changed", "got plain text"),
        (envelope(""), "layout_changed", "got nothing"),
        (b")]}'", "layout_changed", "got nothing"),
        (b"null", "layout_changed", "got plain text"),
        (b"<html><title>Before you continue</title><p>Cookies", "layout_changed", "got an HTML page"),
        (
            b"<html><title>Sorry...</title><div class='g-recaptcha'></div>Our systems have detected unusual traffic",
            "blocked",
            "proof of being human",
        ),
    ],
)
def test_what_is_no_page(body: bytes, outcome: str, reason: str) -> None:
    error = refused(parse, body, URL)
    assert error.outcome == outcome
    assert re.search(reason, str(error))


def test_a_label_in_a_review_does_not_change_how_the_page_is_read() -> None:
    """Nor do null characters and halves of pairs, which JSON can hold and a store cannot."""
    given = review(1, text="Slecht <meta charset=utf-16> \ud83d\ude00 \ud83d \x00 einde", version="\ud83d1.0\x00")
    item = parse(page(given), URL, "application/json; charset=utf-8").items[0]
    assert item.text.endswith("😀 einde")
    assert item.attributes == {"app_version": "1.0"}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=8) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=12,
)


@settings(max_examples=100, deadline=None)
@given(JSON, st.sampled_from([*PLACES, "frame", "payload", "list", "body"]))
def test_any_json_is_a_page_that_can_be_stored(one: Any, place: str) -> None:
    bodies = {
        "body": json.dumps(one).encode(),
        "frame": json.dumps([["wrb.fr", "UsvDTd", one, None, None, one]]).encode(),
        "payload": envelope(json.dumps(one)),
        "list": envelope(json.dumps([one, one])),
    }
    storable(parse, bodies.get(place) or page(review(1, **{place: one}), one), URL)


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ({"id": " com.Example.app_2 "}, {"id": "com.Example.app_2", "language": "en", "country": "us"}),
        ({"id": "a.b", "language": "PT-br", "country": "BR"}, {"id": "a.b", "language": "pt-BR", "country": "br"}),
        ({"id": "a.b", "language": "es_419"}, {"id": "a.b", "language": "es-419", "country": "us"}),
        (
            {"url": "https://play.google.com/store/apps/details?id=a.b.c&hl=nl&gl=BE"},
            {"id": "a.b.c", "language": "nl", "country": "be"},
        ),
        (
            {"url": "https://play.google.com/store/apps/details?gl=&id=a.b#reviews"},
            {"id": "a.b", "language": "en", "country": "us"},
        ),
        ({**TARGET, "base": "http://127.0.0.1:8000/"}, {**TARGET, "base": "http://127.0.0.1:8000"}),
        ({**TARGET, "base": "https://play.google.com"}, TARGET),
    ],
)
def test_a_target(target: dict[str, str], expected: dict[str, str]) -> None:
    valid = GoogleplaySpider.validate(target)
    assert valid == expected
    assert GoogleplaySpider.validate(valid) == valid


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ({}, "needs 'id'"),
        ({"id": "lantern"}, "expected such as com.example.app"),
        ({"id": "com.ex ample"}, "expected such as com.example.app"),
        ({"id": 'com.example","x'}, "expected such as com.example.app"),
        ({"id": "a.b", "language": "dutch"}, "a code such as nl"),
        ({"id": "a.b", "country": "bel"}, "no code of two letters"),
        ({"id": "a.b", "sort": "1"}, "has no 'sort'"),
        ({"url": "https://play.google.com/store/apps/developer?id=Lantern+Games"}, "has no 'url'"),
        ({"url": "https://play.google.com/store/apps/details?hl=nl"}, "needs 'id'"),
        ({"url": "https://[play.google.com/store/apps/details?id=a.b"}, "has no 'url'"),
        ({"url": "https://shop.example/store/apps/details?id=a.b"}, "has no 'url'"),
    ],
)
def test_a_wrong_target(target: dict[str, str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        GoogleplaySpider.validate(target)


def test_the_kind_says_that_nobody_documented_it() -> None:
    assert (GoogleplaySpider.undocumented, GoogleplaySpider.obeys_robots) == (True, False)


class Shop:
    """A shop with the reviews of some apps, 20 a page; it knows a token only from whom it gave a cookie.

    `loops` are the apps whose lists begin again behind their end, `deaf` those whose tokens are not heard, `moody`
    those whose second page is an error.
    """

    loops = ("com.example.large",)
    deaf = ("com.example.deaf",)
    moody = ("com.example.moody",)

    def __init__(self) -> None:
        self.apps: dict[str, list[Any]] = {}
        self.busy = 0
        self.calls: list[tuple[str, int]] = []

    def serve(self, asked: Any) -> dict[str, Any]:
        assert (asked.method, asked.query) == ("POST", {"rpcids": "UsvDTd", "hl": "nl", "gl": "be"})
        assert asked.headers["Content-Type"].startswith("application/x-www-form-urlencoded")
        ((name, wanted, nothing, kind),) = json.loads(parse_qs(asked.body.decode())["f.req"][0])[0]
        assert (name, nothing, kind) == ("UsvDTd", None, "generic")
        _, _, (two, order, (size, _, token), _, _), (app, seven) = json.loads(wanted)
        assert (two, order, size, seven) == (2, 2, 150, 7)
        if self.busy:
            self.busy -= 1
            return {"status": 429, "headers": {"Retry-After": "1"}, "body": "<html><title>Error 429"}
        start = int(base64.urlsafe_b64decode(token)) if token else 0
        self.calls.append((app, start))
        headers = {"Content-Type": "application/json; charset=utf-8"}
        if not token:
            headers["Set-Cookie"] = "NID=511=lantern; path=/; HttpOnly; SameSite=none"
        if app not in self.apps or (token and (app in self.moody or "NID=511=lantern" not in asked.headers["Cookie"])):
            return {"body": REFUSED, "headers": headers}
        return {"body": self.page(app, start, 20), "headers": headers}

    def page(self, app: str, start: int, size: int) -> bytes:
        shown = self.apps[app]
        if not shown:
            return envelope("[]")
        if app in self.deaf or (app in self.loops and start >= len(shown)):
            start = 0
            size -= 1  # so that its tokens are others than before
        end = start + size
        more = end < len(shown) or app in self.loops or app in self.deaf
        return page(*shown[start:end], token=base64.urlsafe_b64encode(b"%d" % end).decode() if more else None)


def test_crawls_of_apps(new_site: Callable[[], Any], bench: Any) -> None:
    """All pages at first, one page when nothing is new, what is new and edited later; an error is no end of a list.

    A list that begins again ends the crawl and counts once, and leaves no hole: the watermark stays, so that the next
    crawl reads all of it again, and what came meanwhile.
    """
    site, shop = new_site(), Shop()
    site.serve("/_/PlayStoreUi/data/batchexecute", shop.serve)
    lantern, large = [[review(start + number) for number in range(count)] for start, count in ((0, 45), (3000, 40))]
    shop.apps = {
        "com.example.lantern": lantern,
        "com.example.quiet": [],
        "com.example.moody": [review(number) for number in range(1000, 1045)],
        "com.example.deaf": [review(number) for number in range(2000, 2045)],
        "com.example.large": large,
    }
    for app in (*shop.apps, "com.example.unknown"):
        bench.add(app, "googleplay", {**TARGET, "id": app, "base": site.url})
    shop.busy = 1
    first = bench.crawl()
    ends = {app: (result["outcome"], result["pages"], result["items"]) for app, result in first.items()}
    assert ends == {
        "com.example.lantern": ("ok", 3, 45),
        "com.example.quiet": ("empty", 1, 0),
        "com.example.moody": ("failed", 1, 20),
        "com.example.deaf": ("loop", 1, 19),
        "com.example.large": ("loop", 2, 40),
        "com.example.unknown": ("failed", 0, 0),
    }
    assert first["com.example.lantern"]["reason"].startswith("nothing new since")  # its reviews are old
    for app in ("com.example.deaf", "com.example.large"):
        assert "it only repeats earlier pages" in first[app]["reason"]
    assert "it answered error 5, expected reviews" in first["com.example.moody"]["reason"]
    assert [start for app, start in shop.calls if app == "com.example.large"] == [0, 20, 40]
    assert "/robots.txt" not in [asked.path for asked in site.asked]

    large.insert(0, review(2999))
    second = bench.crawl("com.example.lantern", "com.example.large")
    numbers = {app: (result["pages"], result["added"], result["updated"]) for app, result in second.items()}
    assert numbers == {"com.example.lantern": (1, 0, 0), "com.example.large": (3, 1, 0)}

    edited = review(30, text="Nu werkt hij wel.", stars=5, time=[1_760_000_100, 0])
    lantern[:] = [review(-2), edited, *(row for row in lantern if row[0] != edited[0])]
    lantern[5] = review(3, reply=["Lantern Games", "Dank je wel!", [1_760_000_200, 0]])
    third = bench.crawl("com.example.lantern")["com.example.lantern"]
    assert (third["pages"], third["added"]) == (1, 1)
    with bench.store.reading() as session:
        found = session.scalars(select(Mention).where(Mention.source_id == bench.ids["com.example.lantern"])).all()
        assert len(found) == 46
        again = next(mention for mention in found if mention.external_id == edited[0])
        assert (again.text, again.rating) == ("Nu werkt hij wel.", 1.0)
        assert [mention.reply for mention in found if mention.reply_state == "answered"] == ["Dank je wel!"]
        kept = " ".join(f"{mention.author} {mention.url} {mention.attributes}" for mention in found)
        assert "Voorbeeld" not in kept
        assert "1179000000" not in kept
        marked = {app for app, number in bench.ids.items() if session.get_one(Source, number).watermark}
        assert marked == {"com.example.lantern"}


def test_recorded_answers(recorded: Path) -> None:
    """Two pages of one app as they were sent; the first page's token led to the second."""
    pages = [parse((recorded / f"googleplay/translate-{name}.txt").read_bytes(), URL) for name in ("initial", "page2")]
    assert [(len(found.items), found.rejected, len(found.next)) for found in pages] == [(150, {}, 1), (150, {}, 1)]
    assert [sum(item.reply_state == "answered" for item in found.items) for found in pages] == [42, 30]
    assert [sum("app_version" in item.attributes for item in found.items) for found in pages] == [117, 114]
    assert [sum(item.author is None for item in found.items) for found in pages] == [2, 1]
    items = [item for found in pages for item in found.items]
    assert len({item.external_id for item in items}) == 300
    dates = [item.published for item in items if item.published]
    assert len(dates) == 300
    assert dates == sorted(dates, reverse=True)
    assert {item.rating_given for item in items} == {"1", "2", "3", "4", "5"}
    # Ten reviews were changed after they had been answered.
    assert sum(bool(item.replied and item.published and item.replied < item.published) for item in items) == 10
