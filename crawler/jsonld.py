"""JSON-LD as sites really write it: read strictly where that works, repaired where it does not.

About one page in a hundred breaks JSON: trailing commas, comments, raw line breaks in strings, entities in place of
quotes, wrong escapes, a CDATA or comment wrapper, two objects one after the other.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from typing import Any
from urllib.parse import unquote

# Each pattern reads to the end where a closing mark is missing, so that no page makes them start over and over.
_STRING_OR_COMMENT = re.compile(r'("(?:\\.|[^"\\])*+\\?(?:"|\Z))|/\*.*?(?:\*/|\Z)|//[^\n]*|<!--|-->', re.DOTALL)
_STRING_OR_COMMA = re.compile(r'("(?:\\.|[^"\\])*+\\?(?:"|\Z))|,(?=\s*[}\]])', re.DOTALL)
_ESCAPE = re.compile(r'\\(u[0-9a-fA-F]{4}|["\\/bfnrt])|\\')
_WRAPPER = re.compile(r"(?:(?://|/\*)\s*+)?(?:<!\[CDATA\[|\]\]>)(?:\s*+\*/)?")
_SEPARATOR = re.compile(r"[\s,;\ufeff\u2028\u2029]*")
_SCHEME_OR_QUERY = re.compile(r"^https?:|[?#].*")
_DECODER = json.JSONDecoder(strict=False)


def load(text: str) -> list[Any] | None:
    """Return the values of one script, or None where not even a part of it can be read; an empty script holds none."""
    text = text.strip("\ufeff \t\r\n\x00")
    if not text:
        return []
    try:
        return [_DECODER.decode(text)]
    except (ValueError, RecursionError):
        pass
    return _in_a_row(_repaired(text)) or None


def _repaired(text: str) -> str:
    text = _WRAPPER.sub("", text.replace("\x00", ""))
    if "&quot;" in text and '"' not in text:
        text = html.unescape(text)
    text = _STRING_OR_COMMENT.sub(lambda match: match[1] or " ", text)
    text = _STRING_OR_COMMA.sub(lambda match: match[1] or "", text)
    return _ESCAPE.sub(lambda match: match[0] if match[1] else r"\\", text) if "\\" in text else text


def _in_a_row(text: str) -> list[Any]:
    """Read values until one cannot be read: what stands before it is kept."""
    values: list[Any] = []
    at = _end_of_gap(text, 0)
    while at < len(text):
        try:
            value, at = _DECODER.raw_decode(text, at)
        except (ValueError, RecursionError):
            break
        if isinstance(value, dict | list):
            values.append(value)
        at = _end_of_gap(text, at)
    return values


def _end_of_gap(text: str, at: int) -> int:
    gap = _SEPARATOR.match(text, at)
    return gap.end() if gap else at


def walk(values: list[Any]) -> Iterator[tuple[dict[str, Any], dict[str, Any] | None, str | None]]:
    """Yield each object with the object that holds it and the property it is held by, in document order.

    Arrays and @graph are looked through: what stands in them is held by what holds them.
    """
    stack: list[tuple[Any, dict[str, Any] | None, str | None]] = [(value, None, None) for value in reversed(values)]
    met: set[int] = set()
    while stack:
        value, owner, name = stack.pop()
        if isinstance(value, list):
            stack.extend((member, owner, name) for member in reversed(value))
        elif isinstance(value, dict) and id(value) not in met:
            met.add(id(value))  # microdata may hold one object by two properties
            yield value, owner, name
            inner = [(held, None if key == "@graph" else value, bare(key)) for key, held in value.items()]
            stack.extend(reversed([part for part in inner if isinstance(part[0], dict | list)]))


def index(values: list[Any]) -> dict[str, dict[str, Any]]:
    """Return the objects of a page that have an @id and more to say, by it, to resolve references."""
    return {
        node["@id"]: node for node, _, _ in walk(values) if isinstance(node.get("@id"), str) and len(node) > 1
    }  # fmt: skip


@lru_cache(maxsize=4096)
def bare(name: str) -> str:
    """Return a type or property without its vocabulary: `http://schema.org/Review` and `schema:Review` are `Review`."""
    return re.split(r"[/#:]", name)[-1] if not name.startswith("@") else name


def types(node: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the bare types of an object."""
    given = node.get("@type")
    return tuple(bare(name) for name in (given if isinstance(given, list) else [given]) if isinstance(name, str))


def values_of(node: Mapping[str, Any], *names: str) -> list[Any]:
    """Return the values of the first of these properties that is there, as a list, each @value unwrapped."""
    for name in names:
        for key in _spellings(name):
            if (given := node.get(key)) not in (None, "", [], {}):
                members = given if isinstance(given, list) else [given]
                return [m["@value"] if isinstance(m, dict) and "@value" in m else m for m in members]
    return []


@cache
def _spellings(name: str) -> tuple[str, ...]:
    return name, f"schema:{name}", f"http://schema.org/{name}", f"https://schema.org/{name}"


def text_of(node: Mapping[str, Any], *names: str) -> str | None:
    """Return the first text or number among the values of these properties, the name of an object standing for it."""
    for name in names:
        for value in values_of(node, name):
            if isinstance(value, dict):
                value = next(iter(values_of(value, "name", "text", "alternateName")), None)
            if isinstance(value, int | float) and not isinstance(value, bool):
                value = f"{value:.15g}" if isinstance(value, float) else str(value)[:100]
            if isinstance(value, str) and value.strip():
                return value.strip()
    return None


def same_resource(one: str, other: str) -> bool:
    """Say whether two URLs name the same page: fragment, scheme, query and closing slash aside."""
    return _page(one) == _page(other)


@lru_cache(maxsize=1024)
def _page(url: str) -> str:
    return unquote(_SCHEME_OR_QUERY.sub("", url.strip())).rstrip("/").casefold()
