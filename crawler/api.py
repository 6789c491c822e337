"""JSON interfaces: what their documentation promises as pydantic models, and answers read by them, leniently.

A spider of an interface declares the envelope of an answer and the form of one object in it. What is missing in an
object has a default there; an object that lacks what it cannot be without is counted, and never spoils its page.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlencode, urlsplit

from pydantic import BaseModel, ConfigDict, ValidationError
from scrapy.http import Response
from w3lib.encoding import http_content_type_encoding

from overheard.crawler.page import NO_TEXT, OTHER_FORM, decode, whole
from overheard.crawler.walls import unexpected
from overheard.intake.item import Item
from overheard.intake.values import EARLIEST, LATEST

_ESCAPED = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")
"""The escapes by which JSON may hold what no store takes; pairs of them are characters that it does take."""


class Shape(BaseModel):
    """The base of all models: more keys than declared are fine, numbers stand for strings, nothing is changed later."""

    model_config = ConfigDict(extra="ignore", frozen=True, coerce_numbers_to_str=True)


S = TypeVar("S", bound=Shape)


def content_type(response: Response) -> str | None:
    """Return the Content-Type header of an answer."""
    given = response.headers.get("Content-Type")
    return given.decode("latin-1") if given else None


def read_json(body: bytes, url: str, kind: str | None, model: type[S], expected: str) -> S:
    """Return an answer as its model.

    `kind` is its Content-Type, `expected` what it should be, for people ("comments as JSON"). Raises PageError where it
    is a wall, or of another form.
    """
    # JSON is UTF-8 (RFC 8259): what looks like an HTML page's declaration may stand in a review.
    label = kind if http_content_type_encoding(kind) else "application/json; charset=utf-8"
    try:
        text = decode(body, label)
        answer = json.loads(text)
        suspect = _ESCAPED.search(text) or whole(text) != text
        return model.model_validate(_storable(answer) if suspect else answer)
    except (ValueError, RecursionError):
        raise unexpected(body, url, kind, expected) from None


def read_items(
    objects: Iterable[Any], model: type[S], make: Callable[[S], Item | None]
) -> tuple[tuple[Item, ...], Counter[str]]:
    """Return the items that `make` makes of the objects, in their order, and why others cannot be used, counted.

    `make` returns None for an object without a text.
    """
    items: list[Item] = []
    rejected: Counter[str] = Counter()
    for given in objects:
        try:
            item = make(model.model_validate(given))
        except ValidationError:
            rejected[OTHER_FORM] += 1
            continue
        if item is None:
            rejected[NO_TEXT] += 1
        else:
            items.append(item)
    return tuple(items), rejected


def with_query(url: str, **changes: str | int | None) -> str:
    """Return the URL with these parameters set, those that are None taken out, the others as they were.

    >>> with_query("https://api.example/posts?page=1&tag=bank", page=2, tag=None)
    'https://api.example/posts?page=2'
    """
    parts = urlsplit(url)
    query: dict[str, str | int | None] = dict(parse_qsl(parts.query, keep_blank_values=True))
    return parts._replace(
        query=urlencode({name: value for name, value in (query | changes).items() if value is not None})
    ).geturl()


def query_of(url: str) -> Mapping[str, str]:
    """Return the parameters of a URL, the last of each name."""
    return dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))


def from_epoch(seconds: float | None) -> datetime | None:
    """Return the moment of a Unix time in seconds, None where there is none, or one that no review can have."""
    try:
        moment = datetime.fromtimestamp(seconds, UTC) if seconds is not None else None
    except (ValueError, OverflowError, OSError):
        return None
    return moment if moment and EARLIEST <= moment.year <= LATEST else None


def _storable(value: Any) -> Any:
    """Leave out of every string what no store takes."""
    if isinstance(value, str):
        return whole(value)
    if isinstance(value, list):
        return [_storable(item) for item in value]
    if isinstance(value, dict):
        return {whole(name): _storable(item) for name, item in value.items()}
    return value
