"""What proves who we are is shown and stored nowhere, however a service quotes it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
import tomli_w
from hypothesis import given
from hypothesis import strategies as st

from overheard.crawler.credentials import HIDDEN, LONGEST, hide, reason_of

KEY = "Ab+C/d=Sec&ret%20Kéy9"
TOKEN = "eyJhbGciOiJFUzI1NksifQ." + "".join(f"{number * 7919:x}Zq" for number in range(60))
PIECE = 8
"""Characters of a secret that nobody may see in a row."""


def pieces_in(text: str, secret: str) -> list[str]:
    """Return the pieces of a secret that a text shows."""
    return [piece for start in range(len(secret) - PIECE + 1) if (piece := secret[start : start + PIECE]) in text]


@pytest.mark.parametrize(
    "write",
    [
        str,
        quote,
        quote_plus,
        lambda text: quote(text, safe=""),
        lambda text: quote_plus(quote_plus(text)),
        lambda text: quote(text, safe="").replace("%2B", "%2b").replace("%C3%A9", "%c3%a9"),
        json.dumps,
        lambda text: json.dumps(text, ensure_ascii=False),
        lambda text: json.dumps(text).replace("/", r"\/"),
    ],
)
@given(secret=st.just(KEY) | st.text(min_size=1).filter(lambda text: text.strip() == text and not text.isalnum()))
def test_a_secret_is_hidden_however_it_is_written(write: Callable[[str], str], secret: str) -> None:
    assert set(hide(write(secret), [secret])) <= set(HIDDEN + '"')


@pytest.mark.parametrize("before", range(LONGEST - 400, LONGEST, 10))
def test_a_reason_is_cut_when_it_shows_no_secret_any_more(before: int) -> None:
    reason = reason_of("x" * before + TOKEN + " and so on" * 40 + "; check the target", [TOKEN])
    assert len(reason) <= LONGEST + 3
    assert reason.endswith("; check the target")
    assert not pieces_in(reason, TOKEN)


def json_answer(given: Any, status: int = 200) -> dict[str, Any]:
    return {"status": status, "body": json.dumps(given), "headers": {"Content-Type": "application/json"}}


def session(asked: Any) -> dict[str, Any]:
    return json_answer({"accessJwt": TOKEN, "refreshJwt": TOKEN[::-1]})


def refused_search(asked: Any) -> dict[str, Any]:
    """Bluesky's words, with the token where they used to be cut, and where they are cut today."""
    said = "".join(f"{'no such search ' * many}{asked.headers['Authorization']} " for many in (9, 26))
    return json_answer({"error": "InvalidRequest", "message": said + "!" * 500}, 400)


def refused_reviews(asked: Any) -> dict[str, Any]:
    """Bazaarvoice's words, with the request that they are about."""
    return json_answer({"HasErrors": True, "Errors": [{"Code": "ERROR_PARAM", "Message": f"GET {asked.path}"}]})


@dataclass(frozen=True)
class Case:
    """A kind of source whose service quotes what it was sent; `secrets` are what it knows and nobody else may."""

    target: dict[str, str]
    services: dict[str, Callable[[Any], dict[str, Any]]]
    credentials: dict[str, str]
    secrets: tuple[str, ...]


CASES = {
    "bluesky": Case(
        {"query": "lantern"},
        {"/xrpc/com.atproto.server.createSession": session, "/xrpc/app.bsky.feed.searchPosts": refused_search},
        {"HANDLE": "@quill.example", "PASSWORD": "qwer-tyui-opas-dfgh"},
        (TOKEN, TOKEN[::-1], "quill.example"),
    ),
    "bazaarvoice": Case(
        {"product": "kettle-7"},
        {"/data/reviews.json": refused_reviews},
        {"KEY": KEY},
        (KEY, quote_plus(KEY), quote(KEY, safe="")),
    ),
}


@pytest.mark.slow
def test_what_a_service_quotes_is_in_no_store_log_or_output(
    new_site: Callable[[], Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried, sources = [], []
    for kind, case in CASES.items():
        site = new_site()
        for path, service in case.services.items():
            site.serve(path, service)
        for name, value in case.credentials.items():
            monkeypatch.setenv(f"OVERHEARD_{kind}_{name}".upper(), value)
        target = case.target | {"base": site.url}
        tried.append(("source", "try", ",".join("=".join(pair) for pair in target.items()), "--kind", kind))
        sources.append({"kind": kind, "target": target})
    (tmp_path / "overheard.toml").write_text("[crawl]\ndelay = 0\n", encoding="utf-8")
    (tmp_path / "brands.toml").write_text(tomli_w.dumps({"brands": [{"name": "Quill", "sources": sources}]}))
    said = ""
    for words in (("init",), ("config", "import", "brands.toml"), *tried, ("crawl", "--format", "json")):
        command = [sys.executable, "-m", "overheard", "--verbose", *words]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode in (0, 1, 3), done.stderr
        said += done.stdout + done.stderr
    stored = subprocess.run(["cat", tmp_path / "overheard.db"], capture_output=True, check=True).stdout
    shown = {"output": said, "store": stored.decode(errors="replace")}
    for where, text in shown.items():
        assert text.count("; check the target") >= len(CASES), where
        assert text.count(HIDDEN) >= len(CASES), where
        for case in CASES.values():
            for secret in case.secrets:
                assert not pieces_in(text, secret), where
