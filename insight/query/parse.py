"""A query as a tree: parsed from what a person typed, printed so that parsing gives the same tree again."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import TypeAlias

from overheard import taxonomy
from overheard.errors import UsageError
from overheard.store.search import Term, split

LONGEST = 4_000
"""Characters of a query."""

TERMS = 64
"""Words, phrases and fields in a query."""

DEEPEST = 20
"""Parentheses and NOTs inside one another."""

FARTHEST = 30
"""The largest n of NEAR/n; a NEAR without a number is NEAR/10."""

PLACES = 2_000
"""Pairs of terms times the words between them, over every NEAR of a query: as many phrases PostgreSQL looks for."""

SHORTEST = 2
"""Letters before a wildcard."""


@dataclass(frozen=True, slots=True)
class Near:
    """One of the terms on the left stands near one of those on the right (see `store.search.Near`)."""

    left: tuple[Term, ...]
    right: tuple[Term, ...]
    distance: int = 10


@dataclass(frozen=True, slots=True)
class Field:
    """A field has a value, or with `prefix` one that begins so. The value is as `FIELDS` wrote it.

    `column` is where it stands in the query, from 1.
    """

    name: str
    value: str
    prefix: bool = False
    column: int = field(default=0, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class And:
    """All of two or more; its fields of sentences hold for one and the same sentence."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """At least one of two or more."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """A mention for which `item` does not hold."""

    item: Node


Node: TypeAlias = "Term | Near | Field | And | Or | Not"


class _Wrong(Exception):
    """What is wrong with the value of a field, and what is expected."""


def _named(names: tuple[str, ...]) -> Callable[[str, bool], str]:
    def check(value: str, prefix: bool) -> str:
        name = value.casefold()
        if not any(known.startswith(name) if prefix else known == name for known in names):
            raise _Wrong(f"expected one of {', '.join(names)}")
        return name

    return check


def _stars(value: str, prefix: bool) -> str:
    match = re.fullmatch(r"(<=|>=|<|>|=|)([0-9])(?:[.,]([0-9]{1,2}))?", value)
    if prefix or not match or not 1 <= float(f"{match[2]}.{match[3] or 0}") <= 5:
        raise _Wrong("expected a number of stars from 1 to 5, such as 3, <3 or >=4.5")
    fraction = (match[3] or "").rstrip("0")
    return match[1].removeprefix("=") + match[2] + ("." + fraction if fraction else "")


def _day(value: str, prefix: bool) -> str:
    if not prefix and re.fullmatch(r"[0-9]{1,4}[dw]", value.casefold()):
        return value.casefold()
    try:
        if prefix:
            raise ValueError
        return date.fromisoformat(value).isoformat()
    except ValueError:
        raise _Wrong("expected a date such as 2026-01-31, or how long ago: 90d, 2w") from None


def _language(value: str, prefix: bool) -> str:
    if prefix or not re.fullmatch(r"[a-z]{2,3}", value.casefold()):
        raise _Wrong("expected a code such as en or nl")
    return value.casefold()


def _number(value: str, prefix: bool) -> str:
    if prefix or not re.fullmatch(r"[0-9]{1,12}", value):
        raise _Wrong("expected the number of a theme, such as 12")
    return str(int(value))


def _words(value: str, prefix: bool) -> str:
    words = " ".join(split(value))
    if not words:
        raise _Wrong("expected letters or digits")
    return words


def _any(value: str, prefix: bool) -> str:
    if not value.strip() or '"' in value:
        raise _Wrong("expected a name")
    return value.strip()


def _taxonomy(entries: str) -> Callable[[str, bool], str]:
    return lambda value, prefix: _named(tuple(entry.name for entry in getattr(taxonomy.load(), entries)))(value, prefix)


SENTENCE = ("dimension", "polarity", "touchpoint", "signal", "theme")
"""Fields of a sentence; the others are of a mention."""

LABELS = {"product": "product", "location": "location", "version": "app_version"}
"""Fields that are attributes of a mention, and the attributes' keys; `--by` splits an answer by them too."""

FIELDS: dict[str, Callable[[str, bool], str]] = {
    "dimension": _taxonomy("dimensions"),
    "polarity": _named(("positive", "negative", "neutral", "mixed")),
    "touchpoint": _taxonomy("touchpoints"),
    "signal": _taxonomy("signals"),
    "theme": _number,
    "source": _any,
    "lang": _language,
    "rating": _stars,
    "author": _any,
    "since": _day,
    "until": _day,
    "reply": _named(("answered", "unanswered", "unknown")),
    **dict.fromkeys(LABELS, _words),
}
"""What each field takes: given a value and whether a wildcard follows it, the value in one spelling."""


@dataclass(frozen=True, slots=True)
class _Token:
    """`kind` is `(`, `)`, AND, OR, NOT, NEAR, `term` or `end`; `column` counts from 1."""

    kind: str
    text: str
    column: int
    node: Term | Field | int | None = None


_PIECE = re.compile(
    r"""
    (?P<space>\s+) | (?P<open>\() | (?P<close>\))
    | (?P<operator>AND|OR|NOT)(?=[\s()"]|$) | (?P<minus>-)(?=[\w("])
    | (?P<nothing>[^\W\d_]+:)(?=[\s()]|$)
    | NEAR(?:/(?P<near>[^\s()"]*))?(?=[\s()"]|$)
    | (?:(?P<field>[^\W\d_]+):)?(?:"(?P<quoted>[^"]*)(?P<end>"?)(?P<star>\**) | (?P<bare>[^\s()"]+))
    """,
    re.VERBOSE,
)


def parse(text: str) -> Node:
    """Return the tree of a query; raises UsageError, with the column, where it cannot be read."""
    return _Parser(text).parse()


class _Parser:
    def __init__(self, text: str) -> None:
        if len(text) > LONGEST:
            raise UsageError(f"a query of {len(text)} characters; expected at most {LONGEST}, ask in parts")
        # Typographic quotes are quotes; what no database can hold is no part of a word. Columns stay as they are.
        self._text = re.sub("[\x00-\x1f\x7f\ud800-\udfff]", " ", re.sub("[“”„«»]", '"', text))
        self._tokens = list(self._read())
        self._place, self._places = 0, 0
        terms = [token for token in self._tokens if token.kind == "term"]
        if len(terms) > TERMS:
            raise self._error(f"more than {TERMS} words, phrases and fields; ask in parts", terms[TERMS])

    def _error(self, what: str, token: _Token) -> UsageError:
        return UsageError(f"query, column {token.column}: {what}")

    def _read(self) -> Iterator[_Token]:
        place = 0
        while place < len(self._text):
            match = _PIECE.match(self._text, place)
            assert match, self._text[place:]
            token = self._token(match)
            if token:
                yield token
            place = match.end()
        yield _Token("end", "", len(self._text) + 1)

    def _token(self, match: re.Match[str]) -> _Token | None:
        """Return what stands there, None for blanks and for signs without a letter or a digit."""
        found, text, column = match.groupdict(), match[0], match.start() + 1
        here = _Token("", text, column)
        if found["space"]:
            return None
        if found["open"] or found["close"] or found["operator"]:
            return _Token(text, text, column)
        if found["minus"]:
            return _Token("NOT", text, column)
        if text.startswith("NEAR") and found["bare"] is None and found["field"] is None:
            return _Token("NEAR", text, column, self._distance(found["near"], here))
        if found["quoted"] is not None and not found["end"]:
            raise self._error("this quote is never closed", _Token("", "", match.start("quoted")))
        if found["nothing"] and text[:-1].casefold() in FIELDS:
            raise self._error(f"{text} has no value; write it right behind the colon", here)
        if found["field"]:
            return _Token("term", text, column, self._field(found, here))
        node = self._term(found | {"bare": found["bare"] or found["nothing"]}, here)
        return None if node is None else _Token("term", text, column, node)

    def _distance(self, given: str | None, here: _Token) -> int:
        if given is None:
            return 10
        if not re.fullmatch(r"[0-9]{1,3}", given) or not 1 <= int(given) <= FARTHEST:
            raise self._error(f"{here.text!r}: expected a number of words from 1 to {FARTHEST}, as in NEAR/5", here)
        return int(given)

    def _value(self, found: dict[str, str | None], here: _Token) -> tuple[str, bool]:
        """Return a value without its wildcard, and whether it has one."""
        if found["bare"] is None:
            value = found["quoted"] or ""
            stem = value.rstrip("*")
            return stem, bool(found["star"]) or stem != value
        stem = found["bare"].rstrip("*")
        if "*" in stem:
            raise self._error(f"a wildcard stands at the end of a word only, not as in {here.text!r}", here)
        return stem, stem != found["bare"]

    def _term(self, found: dict[str, str | None], here: _Token) -> Term | None:
        value, prefix = self._value(found, here)
        words = tuple(split(value))
        if prefix and len(words[-1] if words else "") < SHORTEST:
            raise self._error(f"a wildcard needs {SHORTEST} letters or more before it", here)
        return Term(words, prefix) if words else None

    def _field(self, found: dict[str, str | None], here: _Token) -> Field:
        name = str(found["field"]).casefold()
        if name not in FIELDS:
            raise self._error(
                f"no field {found['field']!r}; expected one of {', '.join(FIELDS)}, or quotes around what is sought",
                here,
            )
        value, prefix = self._value(found, here)
        if prefix and (name in {"author"} or not value):
            raise self._error(f"{name}: takes no wildcard there", here)
        try:
            return Field(name, FIELDS[name](value, prefix), prefix, here.column)
        except _Wrong as wrong:
            raise self._error(f"{name}:{value}{'*' if prefix else ''}: {wrong}", here) from None

    def parse(self) -> Node:
        if self._next.kind == "end":
            raise UsageError("nothing to search for; expected words, such as 'refund* NEAR/5 late'")
        node = self._either(0)
        if self._next.kind != "end":
            raise self._error("this closes no parenthesis", self._next)
        return node

    @property
    def _next(self) -> _Token:
        return self._tokens[self._place]

    def _take(self) -> _Token:
        self._place += 1
        return self._tokens[self._place - 1]

    def _either(self, depth: int) -> Node:
        items = [self._all(depth)]
        while self._next.kind == "OR":
            self._take()
            items.append(self._all(depth))
        return Or(tuple(items)) if len(items) > 1 else items[0]

    def _all(self, depth: int) -> Node:
        items = [self._negated(depth)]
        while self._next.kind not in {"OR", ")", "end"}:
            if self._next.kind == "AND":
                self._take()
            items.append(self._negated(depth))
        return And(tuple(items)) if len(items) > 1 else items[0]

    def _negated(self, depth: int) -> Node:
        if self._next.kind != "NOT":
            return self._near(depth)
        self._check_depth(depth, self._take())
        return Not(self._negated(depth + 1))

    def _near(self, depth: int) -> Node:
        start = self._next
        node = self._single(depth)
        if self._next.kind != "NEAR":
            return node
        near = self._take()
        assert isinstance(near.node, int)
        left, right = self._terms(node, start), self._terms(self._single(depth), near)
        if self._next.kind == "NEAR":
            raise self._error("NEAR joins two; write a NEAR/5 b AND b NEAR/5 c", self._next)
        self._places += len(left) * len(right) * near.node
        if self._places > PLACES:
            asked = f"{len(left)} × {len(right)} pairs up to {near.node} words apart"
            most = f"expected at most {PLACES:,} pairs × words in a query"
            raise self._error(f"{asked} are {self._places:,} with those before; {most}, ask in parts", near)
        return Near(left, right, near.node)

    def _terms(self, node: Node, token: _Token) -> tuple[Term, ...]:
        terms = node.items if isinstance(node, Or) else (node,)
        if all(isinstance(term, Term) for term in terms):
            return tuple(term for term in terms if isinstance(term, Term))
        raise self._error("NEAR joins words, phrases, or (these OR those)", token)

    def _single(self, depth: int) -> Node:
        token = self._take()
        if token.kind == "(":
            self._check_depth(depth, token)
            if self._next.kind == ")":
                raise self._error("nothing between these parentheses", token)
            node = self._either(depth + 1)
            if self._next.kind != ")":
                raise self._error("this parenthesis is never closed", token)
            self._take()
            return node
        if token.kind == "term":
            assert isinstance(token.node, Term | Field)
            return token.node
        what = "something is missing at the end" if token.kind == "end" else f"{token.text!r} is not expected here"
        raise self._error(f"{what}; expected a word, a phrase, a field or a parenthesis ('and' is a word)", token)

    def _check_depth(self, depth: int, token: _Token) -> None:
        if depth >= DEEPEST:
            raise self._error(f"more than {DEEPEST} parentheses and NOTs inside one another", token)


def written(node: Node) -> str:
    """Print a tree as a query; parsing it gives the tree again."""
    if isinstance(node, Term):
        return _value_text(" ".join(node.words)) + "*" * node.prefix
    if isinstance(node, Near):
        return f"{_terms_text(node.left)} NEAR/{node.distance} {_terms_text(node.right)}"
    if isinstance(node, Field):
        return f"{node.name}:{_value_text(node.value)}{'*' * node.prefix}"
    if isinstance(node, Not):
        return f"NOT {_inside(node.item, And, Or)}"
    if isinstance(node, And):
        return " ".join(_inside(item, And, Or) for item in node.items)
    return " OR ".join(_inside(item, Or) for item in node.items)


def _value_text(value: str) -> str:
    return value if re.fullmatch(r'[^\s()"*:“”„«»]+', value) else f'"{value}"'


def _terms_text(terms: tuple[Term, ...]) -> str:
    text = " OR ".join(written(term) for term in terms)
    return text if len(terms) == 1 else f"({text})"


def _inside(node: Node, *kinds: type[And] | type[Or]) -> str:
    return f"({written(node)})" if isinstance(node, kinds) else written(node)
