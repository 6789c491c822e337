"""A small review site on loopback, for the demo, for tests, and alone: `python -m overheard.demo.site --port 8000`.

/                                        links everything
/{brand}/{product}[?page=2]              reviews in HTML and JSON-LD, newest first
/{brand}/community, …/community.atom     posts for people, and as a feed with ETag and Last-Modified
/{country}/rss/customerreviews/page={n}/id={app}/sortBy=mostRecent/json
/{country}/review?id={app}               the same for people
/reviews/{id}                            leads to the page that shows the review
/private/unreleased                      what robots.txt forbids
"""

from __future__ import annotations

import argparse
import hashlib
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import Message
from email.utils import format_datetime, parsedate_to_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from types import TracebackType
from typing import Any, ClassVar, Self
from urllib.parse import parse_qs, urlsplit

from overheard.demo import content, feeds, pages
from overheard.demo.content import BRANDS, Review
from overheard.errors import UsageError

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Query:
    """What a request asks beside its path: the last value of each parameter, and the headers."""

    values: Mapping[str, str]
    headers: Message


@dataclass(frozen=True, slots=True)
class Answer:
    """What the site says to one request; `headers` are those beside Content-Type and Content-Length."""

    status: int
    body: str = ""
    content_type: str = "text/html; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)


_TEXT = "text/plain; charset=utf-8"
_NOT_FOUND = Answer(404, "There is no such page.\n", _TEXT)


class DemoSite:
    """The site as a context manager: it answers from entering to leaving, on 127.0.0.1 alone.

    `port` 0 takes a free one. `started` (aware, default now) is what the dates of the reviews are counted back from.
    `url` is without a closing slash. `requests` lists the path and query of each request, in the order they came.
    Entering raises UsageError where the port cannot be used.
    """

    def __init__(self, port: int = 0, started: datetime | None = None) -> None:
        self.url = ""
        self.requests: list[str] = []
        self._port = port
        self._started = started or datetime.now(UTC)
        self._reviews = content.load(self._started)
        self._server: _Server | None = None

    def __enter__(self) -> Self:
        try:
            self._server = _Server((HOST, self._port), self)
        except (OSError, OverflowError) as error:
            reason = f"port {self._port} of {HOST} cannot be used ({error})"
            raise UsageError(f"{reason}; name another, or 0 for any") from None
        self.url = f"http://{HOST}:{self._server.server_port}"
        Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()

    def answer(self, target: str, headers: Message) -> Answer:
        """Return what the site says to a GET of this path and query."""
        parts = urlsplit(target)
        query = Query({name: given[-1] for name, given in parse_qs(parts.query).items()}, headers)
        for pattern, handle in self._ROUTES:
            if found := re.fullmatch(pattern, parts.path):
                return handle(self, query, **found.groupdict())
        return _NOT_FOUND

    def _of(self, **wanted: str) -> tuple[Review, ...]:
        return tuple(r for r in self._reviews if all(getattr(r, name) == value for name, value in wanted.items()))

    def _index(self, query: Query) -> Answer:
        countries = {
            owner.slug: sorted({r.country for r in self._of(brand=owner.name, kind="appstore") if r.country})
            for owner in BRANDS
        }
        return Answer(200, pages.index(countries))

    def _robots(self, query: Query) -> Answer:
        return Answer(200, pages.ROBOTS, _TEXT)

    def _private(self, query: Query) -> Answer:
        return Answer(200, pages.private_page(self.url))

    def _product(self, query: Query, slug: str, product_slug: str) -> Answer:
        owner = content.brand(slug)
        product = content.product(owner, product_slug) if owner else None
        given = query.values.get("page", "1")
        if owner is None or product is None or not re.fullmatch(r"[1-9]\d{0,5}", given):
            return _NOT_FOUND
        reviews = self._of(kind="schemaorg", product=product.slug)
        page = pages.product_page(self.url, owner, product, int(given), reviews)
        return Answer(200, page) if page else _NOT_FOUND

    def _community(self, query: Query, slug: str) -> Answer:
        owner = content.brand(slug)
        if owner is None:
            return _NOT_FOUND
        return Answer(200, pages.community_page(owner, self._of(brand=owner.name, kind="feed")))

    def _atom(self, query: Query, slug: str) -> Answer:
        owner = content.brand(slug)
        if owner is None:
            return _NOT_FOUND
        posts = self._of(brand=owner.name, kind="feed")
        body = feeds.atom(self.url, owner, posts)
        tag = f'"{hashlib.sha256(body.encode()).hexdigest()[:16]}"'
        headers = {"ETag": tag, "Last-Modified": format_datetime(posts[0].published, usegmt=True)}
        if _is_current(query.headers, tag, posts[0].published):
            return Answer(304, headers=headers)
        return Answer(200, body, "application/atom+xml; charset=utf-8", headers)

    def _appstore(self, query: Query, country: str, page: str, app_id: str) -> Answer:
        if int(page) > feeds.DEPTH:
            return Answer(400, feeds.TOO_DEEP, _TEXT)
        number = max(1, int(page))
        reviews = self._in_store(country, app_id)
        body = feeds.appstore_page(self.url, country, app_id, number, reviews, self._started)
        return Answer(200, body, "application/json; charset=utf-8")

    def _store(self, query: Query, country: str) -> Answer:
        app_id = query.values.get("id", "")
        reviews = self._in_store(country, app_id)
        owner = next((known for known in BRANDS if known.app_id == app_id), None)
        return Answer(200, pages.store_page(owner, country, reviews)) if owner and reviews else _NOT_FOUND

    def _in_store(self, country: str, app_id: str) -> tuple[Review, ...]:
        names = {owner.app_id: owner.name for owner in BRANDS}
        return self._of(brand=names.get(app_id, ""), kind="appstore", country=country)

    def _permalink(self, query: Query, review_id: str) -> Answer:
        for review in self._of(id=review_id):
            return Answer(302, headers={"Location": f"{self.url}{self._place(review)}#{review.id}"})
        return _NOT_FOUND

    def _place(self, review: Review) -> str:
        """Return the path and query of the page on which people can read the review."""
        owner = next(known for known in BRANDS if known.name == review.brand)
        if review.kind == "appstore":
            return f"/{review.country}/review?id={owner.app_id}"
        if review.kind == "feed":
            return f"/{owner.slug}/community"
        siblings = self._of(kind="schemaorg", product=review.product or "")
        return f"/{owner.slug}/{review.product}?page={siblings.index(review) // pages.PAGE_SIZE + 1}"

    _ROUTES: ClassVar[tuple[tuple[str, Callable[..., Answer]], ...]] = (
        (r"/", _index),
        (r"/robots\.txt", _robots),
        (r"/private/unreleased", _private),
        (r"/reviews/(?P<review_id>[\w-]+)", _permalink),
        (r"/(?P<country>[a-z]{2})/review", _store),
        (
            r"/(?P<country>[a-z]{2})/rss/customerreviews/page=(?P<page>\d{1,6})/id=(?P<app_id>\d+)/sortBy=mostRecent/json",
            _appstore,
        ),
        (r"/(?P<slug>[a-z]+)/community", _community),
        (r"/(?P<slug>[a-z]+)/community\.atom", _atom),
        (r"/(?P<slug>[a-z]+)/(?P<product_slug>[a-z-]+)", _product),
    )


def _is_current(headers: Message, tag: str, changed: datetime) -> bool:
    """Say whether the asker has this state already; as HTTP has it, a date counts only where no tag is given."""
    if known := headers.get("If-None-Match"):
        return tag in [part.strip().removeprefix("W/") for part in known.split(",")] or known.strip() == "*"
    try:
        return parsedate_to_datetime(headers.get("If-Modified-Since") or "") >= changed
    except (ValueError, TypeError):
        return False


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], site: DemoSite) -> None:
        self.site = site
        super().__init__(address, _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        # A reader may hang up in the middle of a page: that is no fault of the site's.
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    server_version = "OverheardDemo"

    def do_GET(self) -> None:
        self.server.site.requests.append(self.path)
        answer = self.server.site.answer(self.path, self.headers)
        body = answer.body.encode()
        self.send_response(answer.status)
        if answer.status != 304:
            self.send_header("Content-Type", answer.content_type)
            self.send_header("Content-Length", str(len(body)))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Stay silent: `requests` holds what was asked."""


def main() -> None:
    """Serve until the keyboard interrupts, and print the address."""
    parser = argparse.ArgumentParser(description="The review site of `overheard demo`, alone.")
    parser.add_argument("--port", type=int, default=0, help="the port on 127.0.0.1; any free one by default")
    try:
        with DemoSite(parser.parse_args().port) as site:
            print(f"{site.url}/ (Ctrl-C ends it)", flush=True)
            Event().wait()
    except UsageError as error:
        parser.error(str(error))
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
