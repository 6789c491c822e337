"""Search by words: how a text is split into words, and the index that SQLite and PostgreSQL keep of them alike.

Both servers are given words that we have split and spelt, so that neither can split them another way: a word is
written in the letters a to z alone, which is one token to every tokeniser. SQLite indexes the column by FTS5,
PostgreSQL as a `tsvector`. Triggers of SQLite, and a generated column of PostgreSQL, keep the index true to the column
in the transaction that writes it.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    ForeignKey,
    Select,
    SQLColumnExpression,
    Text,
    bindparam,
    cast,
    column,
    delete,
    exists,
    insert,
    literal,
    literal_column,
    select,
    table,
)  # fmt: skip
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Mapped, Session, mapped_column

from overheard.store.tables import Base, Mention

WORDS = 10_000
"""Words of a mention that are indexed; the rest of a longer text is not found. PostgreSQL numbers 16,383."""

TIMES = 250
"""Places of one word in one mention that are indexed; PostgreSQL keeps 255."""

TOKEN = 60
"""Letters of a spelt word that count: of longer ones, the beginning is searched."""

LABEL = 200
"""The same for the value of an attribute."""

BATCH = 2_000
"""Mentions indexed at a time."""

GAP, _LABEL, _IS, _SPACE = "zy", "zx", "zw", "zv"
"""Spellings that no word begins with: between title and text, and for an attribute, what follows it, and its spaces."""

_MARKS = re.compile("[\u0300-\u036f\u0591-\u05c7\u0640\u064b-\u065f\u0670]")
"""Diacritics of the Latin, Greek, Cyrillic, Hebrew and Arabic scripts; those of others are part of the letter."""

_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe"})
"""Letters whose stroke or ligature Unicode does not take apart."""

_ALONE = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
"""Scripts that write no spaces: each character is a word, and what is typed together is a phrase."""

_WORD = re.compile(f"[{_ALONE}]|(?:[^\\W_{_ALONE}]|[\u0900-\u0963\u0966-\u0dff])+")
_ASCII = re.compile("[a-z0-9]+")


class MentionWords(Base):
    """The words of a mention as they are indexed: spelt by `spell`, then its attributes, each as one word.

    PostgreSQL has a column `vector` beside them, which it computes, SQLite a table `mention_search` of FTS5.
    """

    __tablename__ = "mention_words"

    mention_id: Mapped[int] = mapped_column(ForeignKey("mentions.id", ondelete="CASCADE"), primary_key=True)
    words: Mapped[str] = mapped_column(Text)


@dataclass(frozen=True, slots=True)
class Term:
    """A word, or several one after another; the last is the beginning of a word where it has a wildcard (`prefix`)."""

    words: tuple[str, ...]
    prefix: bool = False


@dataclass(frozen=True, slots=True)
class Near:
    """Two terms, in either order: the one begins at most `distance` words after the other's end.

    At a distance of 1 they stand side by side. They may share words.
    """

    left: Term
    right: Term
    distance: int


@dataclass(frozen=True, slots=True)
class Label:
    """An attribute of a mention has this value, its words compared."""

    key: str
    words: tuple[str, ...]
    prefix: bool = False


@dataclass(frozen=True, slots=True)
class Every:
    """All `parts`, and none of `without`."""

    parts: tuple[Sought, ...]
    without: tuple[Sought, ...] = ()


@dataclass(frozen=True, slots=True)
class Some:
    """At least one of the `parts`."""

    parts: tuple[Sought, ...]


Sought: TypeAlias = "Term | Near | Label | Every | Some"


def split(text: str) -> list[str]:
    """Return the words of a text: runs of letters and digits, case-folded, without diacritics.

    >>> split("Größe: l'équipe n°5")
    ['grosse', 'l', 'equipe', 'n', '5']
    """
    if text.isascii():
        return _ASCII.findall(text.lower())
    folded = unicodedata.normalize("NFKD", text.casefold()).casefold()
    plain = unicodedata.normalize("NFC", _MARKS.sub("", folded)).translate(_LETTERS)
    return _WORD.findall(plain)


def label(key: str, value: str) -> Label:
    """Return the search for an attribute with this value."""
    return Label(key, tuple(split(value)))


class _Spelling(dict[int, str]):
    """a to y stand for themselves; whatever begins with z is one other character, so beginnings stay beginnings."""

    def __missing__(self, code: int) -> str:
        self[code] = "zk" + "".join(chr(ord("a") + int(digit, 16)) for digit in f"{code:06x}")
        return self[code]


_SPELLING = _Spelling({ord(letter): letter for letter in "abcdefghijklmnopqrstuvwxy"})
_SPELLING |= {ord("z"): "zz", **{ord("0") + digit: f"z{chr(ord('a') + digit)}" for digit in range(10)}}


def spell(word: str) -> str:
    """Return a word in the letters a to z, the beginning of which spells its beginning.

    >>> spell("zoo2")
    'zzoozc'
    """
    return word.translate(_SPELLING)[:TOKEN]


def words_column(title: str | None, text: str, attributes: Mapping[str, str]) -> str:
    """Return what `MentionWords.words` holds of a mention."""
    times: Counter[str] = Counter()
    spelt = []
    for word in [*split(title or ""), None, *split(text)][:WORDS]:
        times[word or ""] += 1
        spelt.append(GAP if word is None or times[word] > TIMES else spell(word))
    labels = [_label(key, tuple(split(str(value)))) for key, value in sorted(attributes.items())]
    return " ".join([*spelt, GAP, *labels])


def _label(key: str, words: Sequence[str]) -> str:
    name = "".join(word.translate(_SPELLING) for word in split(key))
    return (_LABEL + name + _IS + _SPACE.join(word.translate(_SPELLING) for word in words))[:LABEL]


_WORDS = Base.metadata.tables[MentionWords.__tablename__]
_ADD = insert(_WORDS)


Content: TypeAlias = tuple[int, str | None, str, Mapping[str, str]]
"""Id, title, text and attributes of a mention."""


def index_mentions(session: Session, mentions: Iterable[Content], *, new: bool = False) -> None:
    """Index mentions, anew unless they are `new`. Belongs into the transaction that writes them."""
    rows = [{"mention_id": key, "words": words_column(title, text, found)} for key, title, text, found in mentions]
    if not rows:
        return
    if not new:
        session.execute(delete(MentionWords).where(MentionWords.mention_id.in_([row["mention_id"] for row in rows])))
    session.execute(_ADD, rows)


def index_missing(connection: Connection, on_mentions: Callable[[int], None] | None = None) -> None:
    """Index all mentions that are not indexed yet, some at a time; for what was stored without `index_mentions`."""
    mentions = Base.metadata.tables[Mention.__tablename__].c
    wanted = (
        select(mentions.id, mentions.title, mentions.text, mentions.attributes)
        .where(mentions.id > bindparam("after"), ~exists().where(_WORDS.c.mention_id == mentions.id))
        .order_by(mentions.id)
        .limit(BATCH)
    )
    after = 0
    while rows := connection.execute(wanted, {"after": after}).all():
        connection.execute(_ADD, [{"mention_id": key, "words": words_column(*content)} for key, *content in rows])
        after = rows[-1].id
        if on_mentions:
            on_mentions(len(rows))


def found(dialect: str, sought: Sought, *, among: SQLColumnExpression[int] | None = None) -> Select[Any]:
    """Select the ids of the mentions that hold what is sought.

    With `among`, only this one where it does: as a correlated subquery, quick where most of the few looked at do.
    """
    if dialect == "sqlite":
        index = table("mention_search", column("rowid", BigInteger))
        key: ColumnElement[int] = index.c.rowid
        matches: ColumnElement[bool] = literal_column("mention_search").op("MATCH")(literal(_fts5(sought), Text))
        rows: Select[Any] = select(key).select_from(index).where(matches)
    else:
        words = table("mention_words", column("mention_id", BigInteger), column("vector", postgresql.TSVECTOR))
        key = words.c.mention_id
        rows = select(key).where(words.c.vector.op("@@")(cast(literal(_tsquery(sought), Text), postgresql.TSQUERY)))
    return rows if among is None else rows.where(key == among)


def _fts5(sought: Sought) -> str:
    if isinstance(sought, Every):
        text = " AND ".join(f"({_fts5(part)})" for part in sought.parts)
        without = " OR ".join(f"({_fts5(part)})" for part in sought.without)
        return f"({text}) NOT ({without})" if without else text
    if isinstance(sought, Some):
        return " OR ".join(f"({_fts5(part)})" for part in sought.parts)
    if isinstance(sought, Near):
        return f"NEAR({_fts5(sought.left)} {_fts5(sought.right)}, {sought.distance - 1})"
    spelt = _spelt(sought)
    return f'"{" ".join(spelt)}"{" *" if sought.prefix else ""}'


def _spelt(sought: Term | Label) -> list[str]:
    return [_label(sought.key, sought.words)] if isinstance(sought, Label) else [spell(word) for word in sought.words]


def _tsquery(sought: Sought) -> str:
    if isinstance(sought, Every):
        text = " & ".join(f"({_tsquery(part)})" for part in sought.parts)
        return text + "".join(f" & !({_tsquery(part)})" for part in sought.without)
    if isinstance(sought, Some):
        return " | ".join(f"({_tsquery(part)})" for part in sought.parts)
    if isinstance(sought, Near):
        both = ((sought.left, sought.right), (sought.right, sought.left))
        return " | ".join(_follows(_places(first), _places(second), sought.distance) for first, second in both)
    return _following(_places(sought))


def _places(sought: Term | Label) -> list[str]:
    """Return the lexemes of a term in the notation of a tsquery, one for each place."""
    spelt = _spelt(sought)
    return [*spelt[:-1], f"{spelt[-1]}:*"] if sought.prefix else spelt


def _following(places: Sequence[str]) -> str:
    return f"({' <-> '.join(places)})"


def _follows(first: Sequence[str], second: Sequence[str], distance: int) -> str:
    """Write that the second begins in the first, or at most so many words after its end, as NEAR of FTS5 has it."""
    apart = [f"({_following(first)} <{words}> {_following(second)})" for words in range(1, distance + 1)]
    shared = (_overlaid(first, second, offset) for offset in range(len(first)))
    return " | ".join([*apart, *(_following(places) for places in shared if places)])


def _overlaid(first: Sequence[str], second: Sequence[str], offset: int) -> list[str] | None:
    """Return the places of both where the second begins `offset` words into the first; None if they contradict."""
    places = list(first)
    for number, place in enumerate(second, offset):
        if number == len(places):
            places.append(place)
            continue
        both = _both(places[number], place)
        if both is None:
            return None
        places[number] = both
    return places


def _both(one: str, other: str) -> str | None:
    """Return the lexeme that fulfils both, None where no word can."""
    for narrow, wide in ((one, other), (other, one)):
        if narrow == wide or (wide.endswith(":*") and narrow.removesuffix(":*").startswith(wide.removesuffix(":*"))):
            return narrow
    return None


def holds(words: Sequence[str], sought: Sought) -> bool:
    """Tell whether spelt words hold what is sought, as the indexes would; see `spell`."""
    if isinstance(sought, Every):
        return all(holds(words, part) for part in sought.parts) and not holds(words, Some(sought.without))
    if isinstance(sought, Some):
        return any(holds(words, part) for part in sought.parts)
    if isinstance(sought, Near):
        both = ((sought.left, sought.right), (sought.right, sought.left))
        return any(
            0 <= later - earlier < len(first.words) + sought.distance
            for first, second in both
            for earlier in _starts(words, first)
            for later in _starts(words, second)
        )
    return any(True for _ in _starts(words, sought))


def _starts(words: Sequence[str], sought: Term | Label) -> Iterator[int]:
    *before, last = _spelt(sought)
    for start in range(len(words) - len(before)):
        end = words[start + len(before)]
        is_last = end.startswith(last) if sought.prefix else end == last
        if is_last and list(words[start : start + len(before)]) == before:
            yield start
