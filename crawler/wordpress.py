"""What all lists of a WordPress site share, those of its plug-ins too: addresses, paging by headers, errors."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from pydantic import model_validator
from scrapy.http import Response

from overheard.crawler.api import Shape, query_of, with_query
from overheard.crawler.outcomes import PageError
from overheard.crawler.spider import check_url
from overheard.errors import UsageError

PAGE_SIZE = 100
"""The most that WordPress gives."""

_CODE = re.compile(r"[\w-]{1,60}", re.ASCII)


def site_root(text: str) -> str:
    """Return the root of a site by its address or that of its REST interface; raises UsageError.

    >>> site_root("https://blog.example/wp-json/wp/v2/comments")
    'https://blog.example'
    >>> site_root("https://blog.example/index.php?rest_route=/wp/v2/posts")
    'https://blog.example/index.php?rest_route=/'
    """
    url = check_url(text)
    parts = urlsplit(url)
    path, *route = re.split(r"/wp-json(?=/|$)", parts.path)
    if "rest_route" in query_of(url):
        return parts._replace(path=path or "/", query="rest_route=/").geturl()
    if parts.query and not route:
        raise UsageError(f"{text!r} is more than a site's address; expected such as https://blog.example")
    return parts._replace(path=path.rstrip("/"), query="").geturl()


def check_number(target: dict[str, str], key: str) -> dict[str, str]:
    """Return this key of a target with its number, nothing where there is none; raises UsageError."""
    number = target.get(key, "").strip()
    if number and not (number.isascii() and number.isdigit()):
        raise UsageError(f"{key} {target[key]!r} is no number; expected such as {key}=15")
    return {key: number} if number else {}


def list_url(site: str, route: str, **wishes: str | None) -> str:
    """Return the address of the first page of a list, newest first; `site` is its root."""
    every: dict[str, str | int | None] = {"per_page": PAGE_SIZE, "page": 1, "order": "desc"}
    if "rest_route=" in site:
        return with_query(site, rest_route=f"/{route}", **(every | wishes))
    return with_query(f"{site}/wp-json/{route}", **(every | wishes))


def feed_root(url: str) -> str:
    """Return the part of a list's address under which the site's feeds lie, with a slash at its end."""
    path = re.split(r"/wp-json/|/index\.php$", urlsplit(url).path)[0]
    return urlsplit(url)._replace(path=f"{path.rstrip('/')}/", query="").geturl()


@dataclass(frozen=True, slots=True)
class Paging:
    """What the headers of a page say of its list, None where they do not: whether a page follows, how many there are.

    `total` counts all objects of the list.
    """

    follows: bool = False
    pages: int | None = None
    total: int | None = None

    @classmethod
    def of(cls, response: Response) -> Paging:
        """Read the headers of an answer."""
        link = b",".join(response.headers.getlist("Link")).decode("latin-1")
        follows = re.search(r";\s*rel=[\"']?next\b", link, re.IGNORECASE) is not None
        return cls(follows, _count(response, "X-WP-TotalPages"), _count(response, "X-WP-Total"))

    def next(self, url: str, objects: Sequence[Any]) -> tuple[str, ...]:
        """Return the page that follows this one; where no header tells, one does until a page is empty."""
        number = int(query_of(url).get("page", 1))
        more = self.follows or (bool(objects) if self.pages is None else number < self.pages)
        return (with_query(url, page=number + 1),) if more else ()


def _count(response: Response, header: str) -> int | None:
    given = (response.headers.get(header) or b"").decode("latin-1").strip()
    return int(given[:9]) if given.isascii() and given.isdigit() else None


def error_code(body: bytes) -> str:
    """Return the code of an error as WordPress sends it ("rest_no_route"), nothing for other answers."""
    try:
        given = json.loads(body[:100_000])
    except (ValueError, RecursionError):
        return ""
    code = given.get("code") if isinstance(given, dict) else None
    return code if isinstance(code, str) and _CODE.fullmatch(code) else ""


def check_open(response: Response, instead: str) -> None:
    """Raise PageError where a site has no REST interface or keeps it to itself; `instead` is the way out."""
    code = error_code(response.body)
    if response.status == 404:
        said = f"404 {code}".strip()
        raise PageError("failed", f"it answered {said}: no such REST interface, or it is switched off; {instead}")
    if response.status in (401, 403) and code:
        raise PageError("blocked", f"it answered {response.status} {code}: not open to the public; {instead}")


class Listing(Shape):
    """A list, which is an answer without an envelope."""

    objects: tuple[Any, ...]

    @model_validator(mode="before")
    @classmethod
    def _name(cls, given: Any) -> Any:
        return {"objects": given} if isinstance(given, list) else None
