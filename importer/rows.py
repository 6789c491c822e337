"""A row of a table becomes an item, or the reason why it cannot."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from overheard.errors import ImportFileError
from overheard.importer.columns import ColumnMap, find_column
from overheard.importer.names import normalise
from overheard.importer.shapes import is_number, is_url, language_of, profile_in
from overheard.importer.table import Row, Table
from overheard.intake.desk import AHEAD
from overheard.intake.item import Item
from overheard.intake.values import CLASSES, Rating, class_rating, is_relative, parse_date, parse_rating
from overheard.nlp.privacy import mask
from overheard.store.brands import CONTROL, LONGEST_NAME

_LONGEST_NUMBER = 5

_ESSENTIAL = ("text", "published", "rating", "id", "brand")
"""What a row must reach to: spreadsheets leave out separators at a row's end, but a broken line ends early too."""

_BREAK = re.compile(r"<br\s*/?>|</(?:p|div|li)>", re.IGNORECASE)
_TAG = re.compile(r"</?(?:p|div|span|b|i|u|em|strong|a|ul|ol|li|font|blockquote)(?:\s[^<>]*)?>", re.IGNORECASE)
_MADE_FROM_TEXT = re.compile(r"\s*(?:\.{3}|…)\s*$")
_ANSWERED = {
    "answered": "answered", "replied": "answered", "responded": "answered", "beantwortet": "answered",
    "beantwoord": "answered", "repondu": "answered", "risposto": "answered", "respondido": "answered",
    "respondida": "answered", "raspuns": "answered", "unanswered": "unanswered", "not answered": "unanswered",
    "not replied": "unanswered", "unbeantwortet": "unanswered", "nicht beantwortet": "unanswered",
    "onbeantwoord": "unanswered", "sans reponse": "unanswered", "non risposto": "unanswered",
    "no respondido": "unanswered", "sin respuesta": "unanswered", "nao respondido": "unanswered",
    "nao respondida": "unanswered", "fara raspuns": "unanswered",
}  # fmt: skip


class UnusableRowError(ImportFileError):
    """A row that cannot become a mention; the message says why, with nothing personal in it.

    `column` is the one whose cell does not fit it, None where it is none: a shifted row may have anything there.
    """

    def __init__(self, message: str, column: str | None = None) -> None:
        super().__init__(message)
        self.column = column


@dataclass(frozen=True, slots=True)
class Reading:
    """An item with the source and the brand that its row names, None where it names none."""

    item: Item
    source: str | None
    brand: str | None


class RowReader:
    """Reads the rows of a table by a column map.

    `maps` gives the meaning of values by role or column (`{"rating": {"1": "positive"}}`); `where` keeps only rows
    with these values in these columns. Without `texts_needed` a row without a text is read too. Raises
    ImportFileError where one of them names no column, or a rating's meaning is none.
    """

    def __init__(
        self,
        table: Table,
        columns: ColumnMap,
        maps: Mapping[str, Mapping[str, str]],
        where: Mapping[str, str],
        *,
        texts_needed: bool = True,
    ) -> None:
        self._columns = columns
        self._texts_needed = texts_needed
        self._maps = {
            self._mapped_column(table, name): {_key(value): meaning.strip() for value, meaning in meanings.items()}
            for name, meanings in maps.items()
        }
        self._where = {find_column(name, table.columns, table.path): _key(value) for name, value in where.items()}
        rating = columns.roles.get("rating", ("",))[0]
        self._rating_map = self._maps.pop(rating, None)
        _check_rating_map(self._rating_map or {})
        used = [name for role in _ESSENTIAL for name in columns.roles.get(role, ())]
        self._width = max((table.columns.index(name) + 1 for name in used), default=0)

    def _mapped_column(self, table: Table, name: str) -> str:
        if name in self._columns.roles:
            return self._columns.roles[name][0]
        return self._columns.attributes.get(name) or find_column(name, table.columns, table.path)

    def wants(self, row: Row) -> bool:
        """Say whether the row has the values that `where` asks for."""
        return all(_key(row.values.get(column, "")) == value for column, value in self._where.items())

    def read(self, row: Row) -> Reading:
        """Return the row's item; raises UnusableRowError with the reason."""
        if row.fault:
            raise UnusableRowError(row.fault)
        if row.width is not None and row.width < self._width:
            raise UnusableRowError(f"{row.width} fields, expected at least {self._width}: is a line broken in two?")
        text, title = self._texts(row)
        published = self._published(row)
        rating = self._rating(row)
        author, url, author_in_url = self._author(row)
        reply = self._cell(row, "reply")
        item = Item(
            external_id=self._cell(row, "id"),
            text=text,
            title=title,
            rating=rating.value if rating else None,
            rating_given=rating.given if rating else None,
            rating_scale=rating.scale if rating else None,
            language=language_of(self._cell(row, "language") or ""),
            author=author,
            author_in_url=author_in_url,
            url=url,
            published=published,
            edited=self._date(row, "edited"),
            reply_state=self._reply_state(row, reply),
            reply=plain(reply) if reply else None,
            replied=self._date(row, "replied"),
            attributes=self._attributes(row),
        )
        return Reading(item, self._cell(row, "source"), self.brand_of(row))

    def _cell(self, row: Row, role: str) -> str | None:
        names = self._columns.roles.get(role)
        return self.value(row, names[0]) if names else None

    def value(self, row: Row, column: str) -> str | None:
        """Return what a row has in a column, as `maps` explains it; None for nothing."""
        value = row.values.get(column, "").strip()
        if column in self._maps:
            value = self._maps[column].get(_key(value), value)
        return value or None

    def _texts(self, row: Row) -> tuple[str, str | None]:
        parts = [self.value(row, name) for name in self._columns.roles.get("text", ())]
        text = plain("\n".join(part for part in parts if part))
        title = plain(self._cell(row, "title") or "") or None
        if not text and title is None and self._texts_needed:
            raise UnusableRowError("no text and no title")
        # Review sites make a title out of the first words where the customer gave none: it says nothing twice.
        if title and text.casefold().startswith(_MADE_FROM_TEXT.sub("", title).casefold()):
            title = None if title == text or _MADE_FROM_TEXT.search(title) else title
        return text, title

    def _published(self, row: Row) -> datetime | None:
        names = self._columns.roles.get("published", ())
        day = self.value(row, names[0]) if names else None
        if day is None:
            return None
        clock = self.value(row, names[1]) if len(names) > 1 else None
        return self._read_date(row, names[0], f"{day} {clock}" if clock else day)

    def _date(self, row: Row, role: str) -> datetime | None:
        value = self._cell(row, role)
        return self._read_date(row, self._columns.roles[role][0], value) if value else None

    def _read_date(self, row: Row, column: str, value: str) -> datetime:
        fetched = self._cell(row, "fetched")
        base = parse_date(fetched, day_first=self._columns.day_first) if fetched else None
        found = parse_date(value, day_first=self._columns.day_first, base=base)
        if found is None:
            relative = base is None and is_relative(value)
            why = "counts from a day that no column names: --columns fetched=COLUMN" if relative else "is no date"
            raise UnusableRowError(f"{column}{self._shown(value)} {why}", column)
        if found > datetime.now(UTC) + AHEAD:
            raise UnusableRowError(f"{column}{self._shown(value)} lies in the future", column)
        return found

    def _rating(self, row: Row) -> Rating | None:
        given = self._cell(row, "rating")
        if given is None:
            return None
        if self._rating_map is not None:
            return self._mapped_rating(given)
        scale = self._columns.scale
        found = parse_rating(given, scale)
        if found is None and not (scale and 1 < scale < 10 and is_number(given) and _key(given) == "0"):
            expected = f"out of {scale:g}" if scale else "such as 4/5"
            raise UnusableRowError(
                f"rating{self._shown(given)} is none, expected {expected}; are the row's cells shifted?",
                self._columns.roles["rating"][0],
            )
        return found

    def _mapped_rating(self, given: str) -> Rating | None:
        meaning = (self._rating_map or {}).get(_key(given))
        if meaning is None:
            raise UnusableRowError(
                f"rating{self._shown(given)} has no meaning in --map rating", self._columns.roles["rating"][0]
            )
        found = class_rating(meaning, given) or parse_rating(meaning)
        return Rating(found.value, given[:100], found.scale) if found else None

    def _author(self, row: Row) -> tuple[str | None, str | None, bool]:
        author, url = self._cell(row, "author"), self._cell(row, "url")
        if url is None or not is_url(url):
            return author, None, False
        if handle := profile_in(url):
            # It is what the link tells, whatever name the author shows beside it.
            return handle, url, True
        name = re.sub(r"[\W_]", "", (author or "").casefold())
        return author, url, len(name) > 2 and name in re.sub(r"[\W_]", "", url.casefold())

    def _shown(self, value: str) -> str:
        """Quote a value that does not fit; where the file tells of persons it may be one of them, if not a number."""
        if self._columns.personal and not (is_number(value) and len(value) <= _LONGEST_NUMBER):
            return ": its value"
        shown = " ".join(mask(value).split())
        return f" {shown if len(shown) <= 40 else f'{shown[:40]}…'!r}"

    def _reply_state(self, row: Row, reply: str | None) -> str:
        if "reply" in self._columns.roles:
            return "answered" if reply else "unanswered"
        status = self._columns.attributes.get("status")
        return _ANSWERED.get(normalise(self.value(row, status) or ""), "unknown") if status else "unknown"

    def _attributes(self, row: Row) -> dict[str, str]:
        found = {key: self.value(row, column) for key, column in self._columns.attributes.items()}
        return {key: " ".join(value.split())[:200] for key, value in found.items() if value}

    def brand_of(self, row: Row) -> str | None:
        """Return the brand that the row names, None where no column has brands; raises UnusableRowError for no name."""
        if "brand" not in self._columns.roles:
            return None
        column = self._columns.roles["brand"][0]
        name = " ".join((self.value(row, column) or "").split())
        if not name:
            raise UnusableRowError(f"no brand in column {column}")
        if len(name) > LONGEST_NAME or CONTROL.search(name):
            raise UnusableRowError(f"{column} holds no name: more than {LONGEST_NAME} characters, or one for control")
        return name


def plain(text: str) -> str:
    """Return the text without the tags that exports of web pages leave in, line breaks kept."""
    if "<" in text:
        text = _TAG.sub("", _BREAK.sub("\n", text))
    return text.strip()


def _check_rating_map(meanings: Mapping[str, str]) -> None:
    for value, meaning in meanings.items():
        if class_rating(meaning, value) is None and parse_rating(meaning) is None:
            expected = f"{', '.join(CLASSES)}, or a rating such as 4/5"
            raise ImportFileError(f"--map rating:{value}={meaning}: no meaning of a rating; expected {expected}")


def _key(value: str) -> str:
    """How values are compared: whatever their case, and 1.0 is 1."""
    value = value.strip().casefold()
    return f"{float(value):g}" if is_number(value) and "," not in value and len(value) < 12 else value
