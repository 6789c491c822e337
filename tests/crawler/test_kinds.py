from __future__ import annotations

import re
from pathlib import Path

import pytest

from overheard.crawler.kinds import kinds, parse_target
from overheard.errors import UsageError

DOCS = Path(__file__).parents[2] / "docs" / "sources"


def test_each_spider_is_a_kind_that_says_what_it_is() -> None:
    found = kinds()
    assert list(found) == [
        "appstore", "bazaarvoice", "bluesky", "discourse", "feed", "googleplay", "hackernews", "isso", "lemmy",
        "mastodon", "reddit", "schemaorg", "selectors", "stackexchange", "steam", "trustpilot", "woocommerce",
        "wordpress", "youtube",
    ]  # fmt: skip
    assert all(kind.help.endswith(".") and kind.required + kind.optional for kind in found.values())
    assert [name for name, kind in found.items() if not kind.newest_first] == [
        "isso", "mastodon", "schemaorg", "selectors",
    ]  # fmt: skip
    assert [name for name, kind in found.items() if kind.spider.credentials] == [
        "bazaarvoice", "bluesky", "reddit", "trustpilot", "youtube",
    ]  # fmt: skip
    assert {name: kind.spider.sought for name, kind in found.items() if kind.spider.sought} == {
        "bluesky": "query", "feed": "search", "hackernews": "query", "lemmy": "query", "mastodon": "tag",
        "reddit": "query", "stackexchange": "query", "wordpress": "search",
    }  # fmt: skip
    for name, kind in found.items():
        assert kind.spider.sought in (None, *kind.required, *kind.optional)
        assert (DOCS / f"{name}.md").read_text(encoding="utf-8").startswith(f"# {name}: ")
        assert kind.spider.name == name
        (row,) = re.findall(r"^\| target \|.*", (DOCS / f"{name}.md").read_text(encoding="utf-8"), re.MULTILINE)
        assert [key for key in (*kind.required, *kind.optional) if f"`{key}`" not in row] == [], name


@pytest.mark.parametrize(
    ("kind", "text", "target"),
    [
        ("appstore", "id=123456789,country=be", {"id": "123456789", "country": "be"}),
        ("appstore", " country=be|nl , id=1 ", {"id": "1", "country": "be|nl"}),
        ("appstore", "country=nl,be,id=1", {"id": "1", "country": "be|nl"}),
        ("appstore", "https://apps.apple.com/nl/app/x/id77", {"id": "77", "country": "nl"}),
        ("schemaorg", "https://shop.example/product/1", {"url": "https://shop.example/product/1"}),
        ("schemaorg", "url=https://shop.example/?a=1,b=2#reviews", {"url": "https://shop.example/?a=1,b=2"}),
        ("feed", "HTTP://blog.example/feed", {"url": "http://blog.example/feed"}),
        (
            "feed",
            "url=https://news.example/rss?q=a,b, search= Orange  SA",
            {"url": "https://news.example/rss?q=a,b", "search": "Orange SA"},
        ),
    ],
)
def test_a_target(kind: str, text: str, target: dict[str, str]) -> None:
    assert parse_target(kind, text) == target
    assert kinds()[kind].validate(target) == target
    assert kinds()[kind].host(target)


TARGETS = {
    "bazaarvoice": {"product": "kettle-7"}, "bluesky": {"query": "lamp"}, "reddit": {"subreddit": "laptops"},
    "trustpilot": {"domain": "lumora.example"}, "youtube": {"video": "Lantern-_02"},
}  # fmt: skip


def test_credentials_leave_this_machine_encrypted_only() -> None:
    for name, kind in kinds().items():
        if not kind.spider.credentials:
            continue
        for base in ("https://api.example", "http://127.0.0.9:80", "http://localhost:80", "http://[::1]:80"):
            target = TARGETS[name] | {"base": base}
            assert kind.validate(target) == target
        for base in ("http://api.example", "http://localhost.example", "http://127.example", "http://128.0.0.1"):
            with pytest.raises(UsageError, match=rf"^{base} would get your .* unencrypted; use https"):
                kind.validate(TARGETS[name] | {"base": base})
        with pytest.raises(UsageError, match=f"a target of {name} holds no 'token'") as caught:
            kind.validate(TARGETS[name] | {"token": "a1b2c3"})
        assert "a1b2c3" not in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "text", "words"),
    [
        ("hackernews", "query=Orange SA,tags=comment", "Orange SA"),
        ("mastodon", "url=https://mastodon.example,tag=#Orange", "orange"),
        ("lemmy", "url=https://lemmy.example/c/phones", None),
        ("lemmy", "url=https://lemmy.example,query=Orange", "Orange"),
        ("feed", "https://blog.example/feed", None),
        ("schemaorg", "https://shop.example/product/1", None),
    ],
)
def test_what_a_target_searches_for(kind: str, text: str, words: str | None) -> None:
    assert kinds()[kind].seeks(parse_target(kind, text)) == words


@pytest.mark.parametrize(
    ("kind", "text", "message"),
    [
        ("trustpilt", "x=1", "no kind of source 'trustpilt'; expected one of appstore, bazaarvoice"),
        ("appstore", "123", "no key=value; expected id=…,country=…"),
        ("appstore", "id=1", "needs 'country'"),
        ("appstore", "id=1,id=2,country=be", "twice"),
        ("feed", "shop.example", "expected url=… or a web address"),
        ("feed", "url=ftp://shop.example", "no web address"),
        ("feed", "url=file:///etc/passwd", "no web address"),
        ("feed", "", "no key=value"),
        ("schemaorg", "https://me:secret@shop.example/", "no user name or password"),
        ("schemaorg", "https://shop.example/a b", "no web address"),
        ("schemaorg", "colour=red", "has no 'colour'"),
        (
            "youtube",
            "video=Lantern-_02,key=secret",
            "holds no 'key', for it is stored and shown; set OVERHEARD_YOUTUBE_",
        ),
        ("youtube", "key=secret", "docs/sources/youtube.md"),
        ("youtube", "https://youtu.be/Lantern-_02?key=secret", "holds no 'key'"),
        ("bazaarvoice", "product=kettle-7, passkey = secret", "write [bazaarvoice] into credentials.toml"),
        ("trustpilot", "domain=a.example,domain=b.example,api_key=secret", "holds no 'api_key'"),
        ("bluesky", "query=lamp,password=secret", "set OVERHEARD_BLUESKY_HANDLE and OVERHEARD_BLUESKY_PASSWORD"),
        ("reddit", "query=lamp,client_id=secret", "holds no 'client_id'"),
    ],
)
def test_a_wrong_target_is_refused_in_one_line(kind: str, text: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_target(kind, text)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "text", "wants"),
    [
        ("googleplay", "id=com.example.app", True),
        ("appstore", "id=1,country=be", False),
        ("feed", "https://NEWS.google.com/rss/search?q=x", True),
        ("feed", "https://news.google.com.example/rss", False),
        ("feed", "https://blog.example/feed?from=news.google.com", False),
        ("schemaorg", "https://shop.example/product/1", False),
    ],
)
def test_what_wants_a_yes(kind: str, text: str, wants: bool) -> None:
    assert bool(kinds()[kind].reservation(parse_target(kind, text))) is wants
