from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from promises import json_values, refused, storable
from scrapy.http import Response
from sqlalchemy import select

from overheard.crawler.api import OTHER_FORM
from overheard.crawler.outcomes import PageError
from overheard.crawler.page import NO_TEXT
from overheard.crawler.spiders.mastodon import MastodonSpider, parse, refuse
from overheard.errors import UsageError
from overheard.intake.item import Item
from overheard.store.tables import Mention

INSTANCE = "https://mastodon.example"
URL = MastodonSpider.first_urls({"url": INSTANCE, "tag": "lantern"})[0]
START = datetime(2026, 3, 1, 12, tzinfo=UTC)
CLOSED = {"error": "This method requires an authenticated user"}


def stamp(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def status(number: int, **changes: Any) -> dict[str, Any]:
    """A post as the timeline has it, the older the higher its number; each by somebody else elsewhere."""
    who = f"corina{number}"
    account = {"id": "77", "username": who, "acct": f"{who}@toots.example", "display_name": "Corina", "bot": False}
    return {
        "id": str(116_000_000_000_000_000 - number * 65_536_000),
        "created_at": stamp(START - timedelta(seconds=number)),
        "in_reply_to_id": None,
        "sensitive": False,
        "spoiler_text": "",
        "visibility": "public",
        "language": "ro",
        "uri": f"https://toots.example/users/{who}/statuses/{number}",
        "url": f"https://toots.example/@{who}/{number}",
        "edited_at": None,
        "content": f"<p>Lampa mea merge bine, numărul {number}.</p>",
        "reblog": None,
        "account": account,
        "quote": None,
    } | changes


def page(*statuses: Any) -> bytes:
    return json.dumps(list(statuses)).encode()


def test_a_post() -> None:
    given = status(
        1,
        content=(
            '<p>Ma lampe <a href="https://mastodon.example/tags/lantern" class="mention hashtag" rel="tag">#<span>'
            'Lantern</span></a> est &quot;morte&quot;.<br>Merci <span class="h-card" translate="no"><a href="https://'
            'mastodon.example/@quill" class="u-url mention">@<span>quill</span></a></span> !</p><p><a href="https://'
            'www.shop.example/lampes/lantern-2" target="_blank"><span class="invisible">https://www.</span><span '
            'class="ellipsis">shop.example/lampes/lan</span><span class="invisible">tern-2</span></a></p>'
        ),
        spoiler_text="Service après-vente",
        sensitive=True,
        language="fr-FR",
        edited_at="2026-03-01T12:10:00.000Z",
    )
    given["account"]["bot"] = True
    assert parse(page(given), URL).items == (
        Item(
            external_id="115999999934464000",
            text='Ma lampe #Lantern est "morte".\nMerci @quill !\n\nhttps://www.shop.example/lampes/lantern-2',
            title="Service après-vente",
            language="fr",
            author="corina1@toots.example",
            url="https://mastodon.example/statuses/115999999934464000",
            published=datetime(2026, 3, 1, 11, 59, 59, tzinfo=UTC),
            edited=datetime(2026, 3, 1, 12, 10, tzinfo=UTC),
            attributes={"bot": "yes"},
        ),
    )


@pytest.mark.parametrize(
    ("changes", "text", "title"),
    [
        ({"content": "<p>Top!</p>", "spoiler_text": "  "}, "Top!", None),
        ({"content": "", "spoiler_text": "Batteria morta"}, "", "Batteria morta"),
        ({"content": "<p>Lampara rota</p>", "spoiler_text": "lampara"}, "Lampara rota", None),
        (
            {"content": '<p class="quote-inline">RE: <a href="https://a.example/@bo/1">@bo/1</a></p><p>Idem</p>'},
            "Idem",
            None,
        ),
        (
            {
                "content": '<p>Também acho<span class="quote-inline"><br/>RE: <a href="https://a.example/@bo/1">'
                '<span class="invisible">https://</span>a.example/@bo/1</a></span> mesmo</p>'
            },
            "Também acho mesmo",
            None,
        ),
    ],
)  # fmt: skip
def test_text_and_warning(changes: dict[str, Any], text: str, title: str | None) -> None:
    (item,) = parse(page(status(1, **changes)), URL).items
    assert (item.text, item.title) == (text, title)


def test_an_author_of_the_instance_itself_has_its_name() -> None:
    given = status(1, account={"acct": "corina"}, edited_at="2020-01-01T00:00:00Z", language=None)
    (item,) = parse(page(given), URL).items
    assert (item.author, item.edited, item.language) == ("corina@mastodon.example", None, None)


@pytest.mark.parametrize("own", ["quill", "quill@mastodon.example", "corina1@toots.example"])
def test_own_voice_boosts_and_what_is_not_public_are_left_out(own: str) -> None:
    others = [status(1), status(2, account={"acct": "Quill"}), status(3, account={"acct": "quill@other.example"})]
    hidden = [status(4, reblog=status(5)), status(6, visibility="private"), status(7, visibility="direct")]
    found = parse(page(*others, *hidden), URL, own=own)
    expected = ["corina1@toots.example", "Quill@mastodon.example", "quill@other.example"]
    expected.remove("corina1@toots.example" if own.startswith("corina1") else "Quill@mastodon.example")
    assert [item.author for item in found.items] == expected
    assert not found.rejected


TIMELINE = "https://mastodon.example/api/v1/timelines/tag/lantern"


@pytest.mark.parametrize(
    ("link", "more"),
    [
        (f'<{TIMELINE}?limit=40&max_id=17>; rel="next", <{TIMELINE}?limit=40&min_id=99>; rel="prev"', "17"),
        (f'<{TIMELINE}?min_id=99>; rel="prev", <http://10.0.0.1/x?max_id=18>; rel=next', "18"),
        (f'<{TIMELINE}?limit=40&min_id=99>; rel="prev"', None),
        (f'<{TIMELINE}?limit=40>; rel="next"', None),
        ("", None),
    ],
)
def test_the_next_page(link: str, more: str | None) -> None:
    assert parse(page(status(1)), URL, link=link).next == ((f"{URL}&max_id={more}",) if more else ())
    assert parse(page(), URL, link=link).next == ()


def test_what_cannot_be_used_is_counted() -> None:
    found = parse(page(status(1), status(2, content="<p> </p>"), {"content": "no id"}, status(3, id="../7"), 8), URL)
    assert [item.external_id for item in found.items] == [status(1)["id"]]
    assert found.rejected == {NO_TEXT: 1, OTHER_FORM: 3}


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        (b"<html><title>Just a moment...</title>", "blocked"),
        (b"<html><p>A blog", "layout_changed"),
        (b'{"statuses": []}', "layout_changed"),
        (b"null", "layout_changed"),
        (b"", "layout_changed"),
    ],
)
def test_what_is_no_page(body: bytes, outcome: str) -> None:
    assert refused(parse, body, URL).outcome == outcome


@pytest.mark.parametrize("code", [401, 422])
def test_an_instance_that_wants_a_log_in_says_so(code: int) -> None:
    with pytest.raises(
        PageError, match=f"{code}: this instance shows its timelines only to people who log in"
    ) as caught:
        refuse(Response(URL, status=code, body=json.dumps(CLOSED).encode()))
    assert caught.value.outcome == "blocked"


@pytest.mark.parametrize(("code", "body"), [(200, b'{"error": "x"}'), (422, b"<html>"), (422, b"[]"), (503, b"{}")])
def test_other_answers_are_left_to_the_general_rules(code: int, body: bytes) -> None:
    refuse(Response(URL, status=code, body=body))


JSON = json_values(*status(1), "acct")


@settings(max_examples=60, deadline=None)
@given(JSON, st.dictionaries(st.sampled_from(list(status(1))), JSON, max_size=2), st.booleans())
def test_any_json_is_a_page_that_can_be_stored(one: Any, changes: dict[str, Any], alone: bool) -> None:
    body = json.dumps(one if alone else [one, status(1) | changes]).encode()
    storable(parse, body, URL, own="quill")


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ({"url": INSTANCE + "/", "tag": "#Lantern"}, {"url": INSTANCE, "tag": "lantern"}),
        ({"url": f"{INSTANCE}/tags/Lumin%C4%83"}, {"url": INSTANCE, "tag": "lumină"}),
        (
            {"url": INSTANCE, "tag": "a", "own": "@Quill@b.example"},
            {"url": INSTANCE, "tag": "a", "own": "quill@b.example"},
        ),
        ({"url": "http://127.0.0.1:99", "tag": "a"}, {"url": "http://127.0.0.1:99", "tag": "a"}),
    ],
)
def test_a_target(target: dict[str, str], expected: dict[str, str]) -> None:
    assert MastodonSpider.validate(target) == expected


def test_a_tag_in_an_address_is_encoded() -> None:
    assert MastodonSpider.first_urls({"url": INSTANCE, "tag": "lumină"})[0].endswith("/tag/lumin%C4%83?limit=40")


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ({"url": INSTANCE}, "needs 'tag'"),
        ({"url": "mastodon.example", "tag": "lantern"}, "no web address"),
        ({"url": f"{INSTANCE}/@quill", "tag": "lantern"}, "is a page"),
        ({"url": INSTANCE, "tag": "two words"}, "no hashtag"),
        ({"url": INSTANCE, "tag": "lantern", "own": "quill lamps"}, "no handle"),
    ],
)
def test_a_wrong_target(target: dict[str, str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        MastodonSpider.validate(target)


class Timeline:
    """A hashtag's timeline: newest arrival first, paged by id, with the links that Mastodon gives."""

    def __init__(self, site: Any, tag: str) -> None:
        self.path = f"/api/v1/timelines/tag/{tag}"
        self.statuses: list[dict[str, Any]] = []
        self.troubles: list[dict[str, Any]] = []
        self.url = site.serve(self.path, self.respond)

    def respond(self, asked: Any) -> dict[str, Any]:
        if self.troubles:
            return self.troubles.pop(0)
        highest = int(asked.query.get("max_id", 10**20))
        shown = [each for each in self.statuses if int(each["id"]) < highest][: int(asked.query["limit"])]
        headers = {"Content-Type": "application/json; charset=utf-8", "X-RateLimit-Remaining": "298"}
        if shown:
            low, high = shown[-1]["id"], shown[0]["id"]
            headers["Link"] = (
                f'<{self.url}?limit=40&max_id={low}>; rel="next", <{self.url}?limit=40&min_id={high}>; rel="prev"'
            )
        return {"body": json.dumps(shown), "headers": headers}


def test_crawls_of_a_hashtag(new_site: Callable[[], Any], bench: Any) -> None:
    """All pages at first, one page when nothing is new; later all that arrived since, however old, and edits."""
    site = new_site()
    timeline = Timeline(site, "lantern")
    timeline.statuses = [status(number) for number in range(90)]
    limits = {"X-RateLimit-Limit": "300", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": stamp(START)}
    timeline.troubles = [{"status": 429, "body": '{"error":"Too many requests"}', "headers": limits}]
    bench.add("tag", "mastodon", {"url": site.url, "tag": "lantern", "own": "quill"})
    first = bench.crawl("tag")["tag"]
    assert (first["outcome"], first["pages"], first["added"]) == ("ok", 4, 90)
    ids = [each["id"] for each in timeline.statuses]
    pages = [f"{timeline.path}?limit=40", *[f"{timeline.path}?limit=40&max_id={ids[at]}" for at in (39, 79, 89)]]
    assert site.paths() == [pages[0], *pages]
    second = bench.crawl("tag")["tag"]
    assert (second["pages"], second["outcome"] == "drop") == (1, False)
    fresh = [status(-number) for number in range(60, 0, -1)]
    # One that arrived late stands last on its page, among those of its time of arrival.
    fresh[39] = status(-21, created_at="2026-01-05T08:00:00.000Z")
    fresh[50] = status(-10, account={"acct": "quill"}, content="<p>Het eigen nieuws.</p>")
    timeline.statuses = fresh + timeline.statuses
    timeline.statuses[60] = status(0, content="<p>Lampa mea a murit.</p>", edited_at=stamp(START + timedelta(hours=1)))
    third = bench.crawl("tag")["tag"]
    assert (third["pages"], third["added"], third["updated"]) == (2, 59, 1)
    with bench.store.reading() as session:
        mention = session.scalars(select(Mention).where(Mention.text == "Lampa mea a murit.")).one()
        assert (mention.external_id, mention.url) == (ids[0], f"{site.url}/statuses/{ids[0]}")
        assert mention.edited == START + timedelta(hours=1)
    # Not read here: closing one of its files in a process that has the store open takes SQLite's locks away.
    files = [str(path) for path in bench.settings.directory.rglob("*") if path.is_file()]
    kept = subprocess.run(["cat", *files], capture_output=True, check=True).stdout
    assert b"Lampa mea a murit" in kept
    for hidden in (b"corina", b"toots.example", b"eigen nieuws"):
        assert hidden not in kept, hidden


def test_a_crawl_that_was_cut_short_leaves_no_hole(new_site: Callable[[], Any], bench: Any) -> None:
    site = new_site()
    timeline = Timeline(site, "lamp")
    timeline.statuses = [status(number) for number in range(30, 60)]
    bench.add("cut", "mastodon", {"url": site.url, "tag": "lamp"})
    assert bench.crawl("cut")["cut"]["added"] == 30
    timeline.statuses = [status(number) for number in range(-60, 60)]
    cut = bench.crawl("cut", limit=20)["cut"]
    assert (cut["outcome"], cut["reason"], cut["added"]) == ("ok", "stopped at the limit of 20 items", 20)
    assert bench.crawl("cut")["cut"]["added"] == 70


def test_tags_that_cannot_be_read(new_site: Callable[[], Any], bench: Any) -> None:
    """A tag that nobody used is empty; a closed instance, and one whose robots.txt forbids it, are blocked."""
    open_site, closed, forbidding = new_site(), new_site(), new_site()
    Timeline(open_site, "nothing")
    Timeline(closed, "lamp").troubles = [{"status": 422, "body": json.dumps(CLOSED)}]
    Timeline(closed, "lantern").troubles = [{"status": 401, "body": json.dumps(CLOSED)}]
    forbidding.answer("/robots.txt", {"body": "User-agent: *\nDisallow: /api/"})
    for name, site, tag in (
        ("unused", open_site, "nothing"),
        ("closed", closed, "lamp"),
        ("shut", closed, "lantern"),
        ("forbidden", forbidding, "lamp"),
        ("no instance", open_site, "lamp"),
    ):
        bench.add(name, "mastodon", {"url": site.url, "tag": tag})
    found = bench.crawl("unused", "closed", "shut", "forbidden", "no instance")
    assert {name: result["outcome"] for name, result in found.items()} == {
        "unused": "empty",
        "closed": "blocked",
        "shut": "blocked",
        "forbidden": "blocked",
        "no instance": "failed",
    }
    assert all("only to people who log in" in found[name]["reason"] for name in ("closed", "shut"))
    assert not forbidding.paths()


def test_recorded_answers(recorded: Path) -> None:
    """Hashtag and public timelines and a thread, of the real service in 2025 and of real server software in 2026."""
    counts = {}
    for name, place, number in (
        ("get_timeline_hashtag_anonymous.yml", "http_interactions", 0),
        ("get_timeline_public_anonymous.yml", "http_interactions", 0),
        ("get_context_anonymous.yml", "http_interactions", 0),
        ("test_hashtag_tl.yaml", "interactions", 2),
        ("test_timeline_disabled.yaml", "interactions", 2),
    ):
        tape = yaml.safe_load((recorded / "mastodon" / name).read_text(encoding="utf-8"))
        answer = tape[place][number]["response"]
        given = json.loads(answer["body"]["string"])
        link = answer["headers"].get("link", "")
        found = parse(
            page(*(given if isinstance(given, list) else given["descendants"])),
            URL,
            link=link if isinstance(link, str) else link[0],
        )
        assert found.rejected == {}
        assert all(item.author and item.published and "\u200b" not in item.text for item in found.items)
        counts[name.partition(".")[0]] = len(found.items), [url.partition("&")[2] for url in found.next]
    assert counts == {
        "get_timeline_hashtag_anonymous": (5, ["max_id=114869144089828147"]),
        "get_timeline_public_anonymous": (20, ["max_id=114870361500887110"]),
        "get_context_anonymous": (59, []),
        "test_hashtag_tl": (1, ["max_id=117020593741189701"]),
        "test_timeline_disabled": (20, ["max_id=117024218475038112"]),
    }
    hashtags = yaml.safe_load((recorded / "mastodon/get_timeline_hashtag_anonymous.yml").read_text(encoding="utf-8"))
    words = parse(hashtags["http_interactions"][0]["response"]["body"]["string"].encode(), URL).items
    assert all("#rstats" in item.text.casefold() and "<" not in item.text for item in words)
