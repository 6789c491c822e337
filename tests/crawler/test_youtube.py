from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from promises import json_values, refused, storable
from sqlalchemy import select

from overheard.crawler.api import OTHER_FORM
from overheard.crawler.outcomes import PageError
from overheard.crawler.spiders.youtube import (
    NO_WORDS,
    OWN_WORDS,
    YoutubeSpider,
    cut_short,
    parse,
    refusal,
    replies_url,
)
from overheard.errors import UsageError
from overheard.intake.item import Item
from overheard.store.tables import Crawl, Mention

NOW = int(datetime.now(UTC).timestamp()) - 3600
VIDEO = "Lantern-_01"
OWNER = "UC" + "lantern" * 3 + "0"
KEY = "AIza-not-a-real-key"
URL = YoutubeSpider.first_urls({"video": VIDEO})[0]
TEXTS = [
    "Love it.", "Klingt gut.", "Mooie lamp.", "Foarte bună.", "Che bella.", "Trop chère.", "Me encanta.", "Gostei.",
]  # fmt: skip


def when(number: int) -> datetime:
    """The time of a comment: the higher its number, the older."""
    return datetime.fromtimestamp(NOW - number * 60, UTC)


def moment(number: int) -> str:
    """The time of a comment as the service writes it."""
    return when(number).strftime("%Y-%m-%dT%H:%M:%SZ")


def comment(name: str, number: int, **changes: Any) -> dict[str, Any]:
    """A comment as the service has it."""
    snippet = {
        "channelId": OWNER,
        "videoId": VIDEO,
        "textDisplay": TEXTS[number % 8],
        "authorDisplayName": f"@viewer{number}",
        "authorProfileImageUrl": "https://yt3.example/ytc/x",
        "authorChannelUrl": f"http://www.youtube.com/@viewer{number}",
        "authorChannelId": {"value": f"UCviewer{number:016d}"},
        "canRate": True,
        "viewerRating": "none",
        "likeCount": 3,
        "publishedAt": moment(number),
        "updatedAt": moment(number),
    } | changes
    return {"kind": "youtube#comment", "etag": "e", "id": name, "snippet": snippet}


def owned(name: str, number: int, text: str) -> dict[str, Any]:
    """A comment by the channel itself."""
    return comment(
        name, number, textDisplay=text, authorDisplayName="@LanternGames", authorChannelId={"value": OWNER}
    )  # fmt: skip


def thread(number: int, *replies: Any, total: int | None = None, top: Any = None, **changes: Any) -> dict[str, Any]:
    """A thread as the service has it, with the replies that its page holds."""
    name = f"Ugt{number}"
    snippet = {
        "channelId": OWNER,
        "videoId": VIDEO,
        "topLevelComment": top or comment(name, number, **changes),
        "canReply": True,
        "totalReplyCount": len(replies) if total is None else total,
        "isPublic": True,
    }
    embedded = {"replies": {"comments": list(replies)}} if replies else {}
    return {"kind": "youtube#commentThread", "etag": "e", "id": name, "snippet": snippet} | embedded


def page(*items: Any, token: str | None = None) -> bytes:
    info = {"totalResults": len(items), "resultsPerPage": 100}
    answer = {"kind": "youtube#commentThreadListResponse", "etag": "e", "pageInfo": info, "items": list(items)}
    return json.dumps(answer | ({"nextPageToken": token} if token else {})).encode()


def error(status: int, reason: str, detail: str | None = None) -> dict[str, Any]:
    """A refusal as the service sends it."""
    body: dict[str, Any] = {
        "code": status,
        "message": 'The request cannot be completed, see <a href="/youtube/v3/getting-started">the guide</a>.',
        "errors": [{"message": "No.", "domain": "youtube.quota", "reason": reason}],
    }
    if detail:
        kinds = "type.googleapis.com/google.rpc."
        info = {"@type": f"{kinds}ErrorInfo", "reason": detail, "domain": "googleapis.com"}
        body |= {"status": "INVALID_ARGUMENT", "details": [info, {"@type": f"{kinds}LocalizedMessage"}]}
    headers = {"Content-Type": "application/json; charset=UTF-8"}
    return {"status": status, "body": json.dumps({"error": body}), "headers": headers}


def test_a_thread_with_the_answer_of_the_channel() -> None:
    given = thread(
        9, comment("Ugt9.b", 7, textDisplay="Idem ici &amp; ailleurs<br>hélas"), owned("Ugt9.c", 5, "On le corrige."),
        owned("Ugt9.a", 8, "Merci !"), updatedAt=moment(6), textDisplay="Trop lent <b>depuis</b> mars",
    )  # fmt: skip
    found = parse(page(given), URL)
    assert (found.rejected, found.next, found.claimed) == ({}, (), None)
    assert found.items == (
        Item(
            external_id="Ugt9",
            text="Trop lent depuis mars",
            author="@viewer9",
            url=f"https://www.youtube.com/watch?v={VIDEO}&lc=Ugt9",
            published=when(9),
            edited=when(6),
            reply_state="answered",
            reply="Merci !\n\nOn le corrige.",
            replied=when(8),
            attributes={"video": VIDEO},
        ),
        Item(
            external_id="Ugt9.b",
            text="Idem ici & ailleurs\nhélas",
            author="@viewer7",
            url=f"https://www.youtube.com/watch?v={VIDEO}&lc=Ugt9.b",
            published=when(7),
            attributes={"video": VIDEO, "reply_to": "Ugt9"},
        ),
    )


@pytest.mark.parametrize(
    ("given", "state"),
    [
        pytest.param(thread(1), "unanswered", id="nobody replied"),
        pytest.param(thread(1, comment("Ugt1.a", 0)), "unanswered", id="others replied"),
        pytest.param(thread(1, owned("Ugt1.a", 0, "Thanks")), "answered", id="the channel replied"),
        pytest.param(thread(1, comment("Ugt1.a", 0), total=9), "unknown", id="not all replies are here"),
        pytest.param(thread(1, owned("Ugt1.a", 0, "Thanks"), total=9), "answered", id="its reply is here"),
        pytest.param(thread(1, owned("Ugt1.a", 0, " ")), "unanswered", id="an empty reply is none"),
    ],
)
def test_whether_the_channel_replied(given: dict[str, Any], state: str) -> None:
    assert parse(page(given), URL).items[0].reply_state == state


def test_without_the_channel_nobody_knows_whether_it_replied() -> None:
    given = thread(1, owned("Ugt1.a", 0, "Thanks"))
    del given["snippet"]["channelId"]
    found = parse(page(given), URL).items
    assert [item.reply_state for item in found] == ["unknown", "unknown"]


def test_an_older_comment_on_the_channel_itself() -> None:
    given = thread(1)
    del given["snippet"]["videoId"]
    found = parse(page(given), URL).items[0]
    assert (found.url, found.attributes) == (f"https://www.youtube.com/channel/{OWNER}", {})


@pytest.mark.parametrize(
    ("token", "url", "more"),
    [
        ("QURTSl9p=", URL, "pageToken=QURTSl9p%3D"),
        (None, URL, None),
        ("QURT", f"{URL}&pageToken=QURT", None),
        ("QUVU", f"{URL}&pageToken=QURT", "pageToken=QUVU"),
    ],
)
def test_the_next_page(token: str | None, url: str, more: str | None) -> None:
    following = parse(page(thread(1), token=token), url).next
    assert [URL in each.replace("&" + (more or "?"), "") for each in following] == ([True] if more else [])
    assert parse(page(token=token), url).next == following, "a page may be empty and not the last"


def test_threads_with_more_replies_than_the_page_holds() -> None:
    shown = page(thread(1, comment("Ugt1.a", 0)), thread(2, comment("Ugt2.a", 0), total=6), thread(3, total=2), "what?")
    assert cut_short(shown, URL) == ["Ugt2", "Ugt3"]
    assert replies_url(f"{URL}&pageToken=QU", "Ugt2", "a1") == (
        "https://www.googleapis.com/youtube/v3/comments?part=snippet&parentId=Ugt2&maxResults=100&textFormat=plainText"
        "&of=QU&run=a1"
    )
    fetched = {"Ugt2": [comment("Ugt2.a", 0), owned("Ugt2.b", 1, "Grazie")], "Ugt3": []}
    found = parse(shown, URL, replies=fetched)
    assert [item.external_id for item in found.items] == ["Ugt1", "Ugt1.a", "Ugt2", "Ugt2.a", "Ugt3"]
    assert [item.reply_state for item in found.items if item.external_id in ("Ugt2", "Ugt3")] == [
        "answered", "unanswered",
    ]  # fmt: skip


def test_what_cannot_be_used_is_counted() -> None:
    nameless = thread(6, authorChannelId=None, authorDisplayName=None)
    own = thread(3, comment("Ugt3.a", 1), top=owned("Ugt3", 3, "New!"))
    broken = ["what?", {"id": "Ugt4"}, thread(5, {"id": "Ugt5.a"}, total=1)]
    found = parse(page(thread(1), thread(2, textDisplay=" "), own, *broken, nameless), URL)
    assert [item.external_id for item in found.items] == ["Ugt1", "Ugt3.a", "Ugt5", "Ugt6"]
    assert found.items[-1].author is None
    assert found.rejected == {NO_WORDS: 1, OWN_WORDS: 1, OTHER_FORM: 3}


@pytest.mark.parametrize("body", [b"<html><p>Sorry", b"null", b"[]", b'{"kind": "x"}', b'{"items": 1}', b""])
def test_what_is_no_page(body: bytes) -> None:
    for read in (parse, cut_short):
        assert refused(read, body, URL).outcome == "layout_changed"


@pytest.mark.parametrize(
    ("answer", "outcome", "message"),
    [
        (error(403, "quotaExceeded"), "blocked", "used up until midnight Pacific time"),
        (error(403, "rateLimitExceeded"), "blocked", "raise crawl.delay"),
        (error(403, "commentsDisabled"), "blocked", "comments are turned off"),
        (error(400, "badRequest", "API_KEY_INVALID"), "blocked", "does not accept your key"),
        (error(400, "keyInvalid"), "blocked", "does not accept your key"),
        (error(403, "accessNotConfigured", "SERVICE_DISABLED"), "blocked", "enable it"),
        (error(403, "forbidden", "API_KEY_SERVICE_BLOCKED"), "blocked", "its restrictions"),
        (error(404, "videoNotFound"), "failed", "no such video"),
        (error(404, "channelNotFound"), "failed", "no such channel"),
        (error(403, "forbidden"), "blocked", "403: forbidden"),
        (error(400, "invalidPageToken"), "failed", "400: invalidPageToken"),
        (error(400, "<b>"), "failed", "400: without a reason"),
    ],
)
def test_what_a_refusal_means(answer: dict[str, Any], outcome: str, message: str) -> None:
    found = refusal(answer["body"].encode(), answer["status"])
    assert found is not None
    assert (found.outcome, message in str(found)) == (outcome, True), str(found)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[1]", b'{"error": "no"}', b'{"error": {"errors": 3}}'])
def test_a_refusal_that_is_not_of_the_service_has_no_meaning_of_its_own(body: bytes) -> None:
    assert refusal(body, 403) is None


NAMES = [*thread(1), *thread(1)["snippet"], *comment("", 1), *comment("", 1)["snippet"], "value", "comments", "error"]
JSON = json_values(*NAMES)


@settings(max_examples=60, deadline=None)
@given(JSON, JSON, JSON)
def test_any_json_is_a_page_that_can_be_stored(one: Any, two: Any, replies: Any) -> None:
    shapes = [
        one,
        thread(1, two, replies),
        thread(2, snippet=two),
        thread(3, top=one),
        thread(4) | {"replies": replies},
    ]
    for body in (
        page(*shapes),
        json.dumps(one).encode(),
        json.dumps({"items": replies, "nextPageToken": two}).encode(),
    ):
        refusal(body, 403)
        storable(parse, body, URL, replies={"Ugt1": [two]})
        with suppress(PageError):
            cut_short(body, URL)


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ({"video": f" {VIDEO} "}, {"video": VIDEO}),
        ({"video": f"https://youtu.be/{VIDEO}?t=3"}, {"video": VIDEO}),
        ({"url": f"https://www.youtube.com/watch?app=desktop&v={VIDEO}&t=9s"}, {"video": VIDEO}),
        ({"url": f"https://m.youtube.com/shorts/{VIDEO}"}, {"video": VIDEO}),
        ({"url": f"https://www.youtube.com/live/{VIDEO}?feature=share"}, {"video": VIDEO}),
        ({"channel": OWNER}, {"channel": OWNER}),
        ({"url": f"https://www.youtube.com/channel/{OWNER}/videos"}, {"channel": OWNER}),
        ({"video": VIDEO, "base": "http://127.0.0.1:8000/"}, {"video": VIDEO, "base": "http://127.0.0.1:8000"}),
    ],
)
def test_a_target(target: dict[str, str], expected: dict[str, str]) -> None:
    assert YoutubeSpider.validate(target) == expected


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ({}, "expected video=… or channel=…"),
        ({"video": VIDEO, "channel": OWNER}, "expected video=… or channel=…"),
        ({"video": "lamp"}, "behind v="),
        ({"url": "https://www.youtube.com/@LanternGames"}, "behind v="),
        ({"channel": "@LanternGames"}, "expected UC"),
        ({"video": VIDEO, "key": KEY}, "has no 'key'"),
    ],
)
def test_a_wrong_target(target: dict[str, str], message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        YoutubeSpider.validate(target)
    assert "\n" not in str(caught.value)


def test_a_channel_is_asked_for_all_its_threads() -> None:
    assert YoutubeSpider.first_urls({"channel": OWNER}) == [
        "https://www.googleapis.com/youtube/v3/commentThreads?part=snippet%2Creplies"
        f"&allThreadsRelatedToChannelId={OWNER}&order=time&maxResults=100&textFormat=plainText"
    ]


class Service:
    """The service with one video: 100 threads a page, at most five replies of each, 100 replies a page."""

    def __init__(self, site: Any) -> None:
        self.threads: list[dict[str, Any]] = []
        self.replies: dict[str, list[dict[str, Any]]] = {}
        self.refused: dict[str, dict[str, Any]] = {}
        site.serve("/youtube/v3/commentThreads", lambda asked: self.answer(asked, self.threads, "commentThreads"))
        site.serve(
            "/youtube/v3/comments",
            lambda asked: self.answer(asked, self.replies.get(asked.query["parentId"]), "comments"),
        )

    def post(self, number: int, *replies: Any, **changes: Any) -> None:
        """Add a thread on top."""
        self.replies[f"Ugt{number}"] = list(replies)
        self.threads.insert(0, thread(number, *replies[:5], total=len(replies), **changes))

    def answer(self, asked: Any, shown: list[dict[str, Any]] | None, name: str) -> dict[str, Any]:
        """Answer a request as the service does."""
        if asked.headers.get("X-Goog-Api-Key") != KEY:
            return error(400, "badRequest", "API_KEY_INVALID")
        if refused := self.refused.get(asked.query.get("videoId", "")):
            return refused
        if shown is None:
            return error(404, "commentNotFound")
        assert asked.query["maxResults"] == "100"
        assert asked.query.get("order") == ("time" if name == "commentThreads" else None)
        start = int(asked.query.get("pageToken", "0"))
        token = str(start + 100) if len(shown) > start + 100 else None
        headers = {"Content-Type": "application/json; charset=UTF-8"}
        return {"body": page(*shown[start : start + 100], token=token), "headers": headers}


@pytest.fixture
def key(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("OVERHEARD_YOUTUBE_KEY", KEY)
    return KEY


def test_crawls_of_a_video(new_site: Callable[[], Any], bench: Any, key: str) -> None:
    """All threads with all replies at first, then one page, with what is new and edited; the key is sent, not kept."""
    site = new_site()
    service = Service(site)
    for number in range(230, 0, -1):
        service.post(number)
    talk = [comment(f"Ugt0.{at:03}", 400 - at) for at in range(119)]
    service.post(0, *talk[:60], owned("Ugt0.own", 300, "Vielen Dank, @viewer0!"), *talk[60:])
    bench.add("video", "youtube", {"video": VIDEO, "base": site.url})
    first = bench.crawl("video")["video"]
    assert (first["outcome"], first["added"], first["rejected"]) == ("ok", 231 + 119, 0), first
    assert first["pages"] == 5, "three of threads, two of replies"
    assert {asked.headers.get("X-Goog-Api-Key") for asked in site.asked} == {KEY}
    assert not [asked.path for asked in site.asked if KEY in asked.path or asked.path == "/robots.txt"]
    with bench.store.reading() as session:
        talked = session.scalars(select(Mention).where(Mention.external_id == "Ugt0")).one()
        assert (talked.reply_state, talked.url) == (
            "answered", f"https://www.youtube.com/watch?v={VIDEO}&lc=Ugt0",
        )  # fmt: skip
        assert "viewer" not in (talked.author or "") + (talked.reply or "")
    service.replies["Ugt0"], service.threads[0] = [], thread(0)
    site.asked.clear()
    second = bench.crawl("video")["video"]
    assert (second["pages"], second["added"], len(site.asked)) == (1, 0, 1)
    service.post(-1, comment("Ugt-1.a", -2), textDisplay="De nieuwe lamp is top.")
    service.threads[1] = thread(0, owned("Ugt0.own", -3, "Danke!"), textDisplay="Nu trilt hij.", updatedAt=moment(-3))
    third = bench.crawl("video")["video"]
    assert (third["outcome"], third["added"], third["updated"]) == ("ok", 2, 1), third
    with bench.store.reading() as session:
        edited = session.scalars(select(Mention).where(Mention.external_id == "Ugt0")).one()
        assert (edited.text, edited.reply) == ("Nu trilt hij.", "Danke!")
        assert KEY not in "".join(reason or "" for reason in session.scalars(select(Crawl.reason)))


def test_replies_that_are_gone_when_they_are_asked_for(new_site: Callable[[], Any], bench: Any, key: str) -> None:
    site = new_site()
    service = Service(site)
    service.post(1, *(comment(f"Ugt1.{at}", at) for at in range(7)))
    service.post(0)
    del service.replies["Ugt1"]
    bench.add("gone", "youtube", {"video": VIDEO, "base": site.url})
    found = bench.crawl("gone")["gone"]
    assert (found["outcome"], found["added"]) == ("ok", 2 + 5)


def test_a_crawl_that_was_cut_off_among_replies_loses_none(new_site: Callable[[], Any], bench: Any, key: str) -> None:
    site = new_site()
    service = Service(site)
    service.post(1)
    service.post(0, *(comment(f"Ugt0.{at:03}", 400 - at) for at in range(120)))
    bench.add("cut", "youtube", {"video": VIDEO, "base": site.url})
    assert bench.crawl("cut", crawl={"max_pages": 2})["cut"]["added"] == 0
    assert bench.crawl("cut")["cut"]["added"] == 2 + 120
    assert not [asked.path for asked in site.asked if {"of", "run"} & asked.query.keys()]


def test_what_the_service_refuses(
    new_site: Callable[[], Any], bench: Any, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each refusal ends its own way; a video without comments is empty; no reason and no log holds the key."""
    site = new_site()
    service = Service(site)
    redirect = {"status": 302, "body": "", "headers": {"Location": f"{site.url}/elsewhere"}}
    service.refused = {
        "quota-gone-": error(403, "quotaExceeded"),
        "comments-of": error(403, "commentsDisabled"),
        "not-a-video": error(404, "videoNotFound"),
        "plain-403-x": {"status": 403, "body": "<html>no"},
        "leads-astra": redirect,
    }
    names = {"quota-gone-": "quota", "comments-of": "off", "not-a-video": "missing", "plain-403-x": "wall",
             "leads-astra": "moved", "nothing-yet": "none"}  # fmt: skip
    for video, name in names.items():
        bench.add(name, "youtube", {"video": video, "base": site.url})
    found = bench.crawl(*names.values())
    outcomes = {name: result["outcome"] for name, result in found.items()}
    assert [outcomes[name] for name in ("quota", "off", "wall")] == ["blocked"] * 3
    assert [outcomes[name] for name in ("missing", "moved", "none")] == ["failed", "failed", "empty"]
    assert "midnight Pacific" in found["quota"]["reason"]
    assert "turned off" in found["off"]["reason"]
    assert "no such video" in found["missing"]["reason"]
    assert "403" in found["wall"]["reason"]
    assert not [asked for asked in site.asked if "elsewhere" in asked.path], "the key goes to nobody else"
    monkeypatch.setenv("OVERHEARD_YOUTUBE_KEY", "AIza-mistyped")
    wrong = bench.crawl("none")["none"]
    assert (wrong["outcome"], "does not accept your key" in wrong["reason"]) == ("blocked", True)
    monkeypatch.delenv("OVERHEARD_YOUTUBE_KEY")
    without = bench.crawl("none")["none"]
    assert (without["outcome"], "OVERHEARD_YOUTUBE_KEY" in without["reason"]) == ("blocked", True)
    assert KEY not in json.dumps([found, wrong, without])


def test_recorded_answers(recorded: Path) -> None:
    """Pages of 2019 without replies and without the channel; one thread on a channel itself."""
    counts = {}
    for path in sorted(recorded.glob("youtube/*.json")):
        body = path.read_bytes()
        found = parse(body, URL)
        assert found.rejected == {}
        assert len(found.items) == body.count(b'"youtube#comment"')
        counts[path.stem] = (len(found.items), len(found.next), len(cut_short(body, URL)))
    assert counts == {
        "comment_threads_by_video_paged_1": (5, 1, 1),
        "comment_threads_by_video_paged_2": (5, 0, 1),
        "comment_threads_with_search": (1, 0, 0),
    }
