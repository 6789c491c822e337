"""Which column is what: by what it is called, then by what it holds, and always as the user says."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from statistics import median
from types import MappingProxyType

from overheard.errors import ImportFileError
from overheard.importer import shapes
from overheard.importer.exports import known_export
from overheard.importer.names import ZERO_TO_TEN, is_author, is_bookkeeping, is_personal, normalise, rank_of
from overheard.importer.table import Row, Table
from overheard.intake.values import parse_rating

ROLES = ("text", "title", "rating", "published", "edited", "fetched", "id", "author", "url", "language", "reply",
         "replied", "brand", "source", "product", "location", "app_version", "status")  # fmt: skip
"""What a column may be told to be; `text` and `published` may be put together from several (`text=pros+cons`)."""

MOST_ATTRIBUTES = 8
MOST_SOURCES = 50
UNIQUE_ENOUGH = 0.97
"""Share of different values from which on a column of the sample counts as one of ids."""

_KEPT_AS_ATTRIBUTE = ("product", "location", "app_version", "status")
_JUDGED = 300
_AS_MAPPED = "as --map says"


@dataclass(frozen=True)
class Column:
    """A column with its cells in the sample, empty ones left out."""

    name: str
    values: tuple[str, ...]
    rows: int

    @cached_property
    def judged(self) -> tuple[str, ...]:
        """Up to 300 values, spread over the sample, that predicates are tried on."""
        step = max(1, len(self.values) // _JUDGED)
        return self.values[::step][:_JUDGED]

    @cached_property
    def kinds(self) -> int:
        """How many different values there are."""
        return len(set(self.values))

    @cached_property
    def length(self) -> float:
        """The median length of a value in characters, 0 of none."""
        return median(map(len, self.values)) if self.values else 0.0

    def mostly(self, fits: Callable[[str], bool], least: float = 0.8) -> bool:
        """Say whether most of the judged values fit; where few of the first do, the others are not tried."""
        return shapes.share(self.judged[:20], fits) >= least / 2 and shapes.share(self.judged, fits) >= least


@dataclass(frozen=True)
class ColumnMap:
    """What was chosen: the columns of each role, what is kept besides, and what was left out and why.

    `attributes` maps a key to its column. `personal` are the columns whose content is never written anywhere.
    `scale` is the top of the rating's scale, None where each value names its own or is a class. `remarks` are by role.
    `brand_candidates` are columns that look like brands and were not told to be, with the names in the sample. `notes`
    are doubts about the choice, for a person.
    """

    roles: Mapping[str, tuple[str, ...]]
    attributes: Mapping[str, str]
    left_out: Mapping[str, str]
    personal: frozenset[str]
    scale: float | None
    day_first: bool
    remarks: Mapping[str, str]
    brand_candidates: Mapping[str, tuple[str, ...]]
    notes: tuple[str, ...]


def recognise(
    table: Table, sample: Sequence[Row], told: Mapping[str, str], maps: Mapping[str, Mapping[str, str]]
) -> ColumnMap:
    """Choose the columns; `told` (role → column) overrides, `maps` says which columns' values were explained.

    Raises ImportFileError for a role or a column that there is not, and where no column holds texts.
    """
    return _Recogniser(table, sample, told, maps).choose()


def find_column(name: str, columns: Collection[str], path: object) -> str:
    """Return the column of this name, whatever its case and accents; raises ImportFileError naming the nearest."""
    if name in columns:
        return name
    alike = [column for column in columns if normalise(column) == normalise(name)]
    if len(alike) == 1:
        return alike[0]
    by_key = {column.casefold(): column for column in columns}
    near = get_close_matches(name.casefold(), by_key, n=1, cutoff=0.5)
    hint = f"did you mean {by_key[near[0]]!r}? " if near else ""
    raise ImportFileError(f"{path}: no column {name!r}; {hint}it has {', '.join(columns)}")


class _Recogniser:
    def __init__(
        self, table: Table, sample: Sequence[Row], told: Mapping[str, str], maps: Mapping[str, Mapping[str, str]]
    ) -> None:
        whole = [row for row in sample if row.fault is None]
        self._table = table
        self._rows = whole
        self._columns = {
            name: Column(name, tuple(row.values[name] for row in whole if name in row.values), len(whole))
            for name in table.columns
        }
        self._export = known_export(table.columns)
        self._told = told
        self._mapped = {normalise(key) for key in maps}
        self._roles: dict[str, tuple[str, ...]] = {}
        self._refused: set[str] = set()
        self._left_out: dict[str, str] = {}
        self._remarks: dict[str, str] = {}
        self._scale: float | None = None
        self._notes: list[str] = []

    def choose(self) -> ColumnMap:
        self._take_told()
        self._take_export()
        self._choose_texts()
        self._choose_rating()
        self._choose_dates()
        self._choose_links_and_ids()
        self._choose_names()
        brands = self._brand_candidates()
        attributes = self._choose_attributes()
        authors = (name for name in self._columns if is_author(name))
        personal = {*authors, *self._roles.get("author", ()), *self._unclaimed_personal()}
        return ColumnMap(
            roles=MappingProxyType(self._roles),
            attributes=MappingProxyType(attributes),
            left_out=MappingProxyType(self._left_out),
            personal=frozenset(personal - set(attributes.values())),
            scale=self._scale,
            day_first=self._decide_days(),
            remarks=MappingProxyType(self._remarks),
            brand_candidates=MappingProxyType(brands),
            notes=tuple(self._notes),
        )

    # -- what the user says ------------------------------------------------------------------------------------------

    def _take_told(self) -> None:
        for role, given in self._told.items():
            if role not in ROLES:
                near = get_close_matches(role, ROLES, n=1, cutoff=0.5)
                hint = f"did you mean {near[0]!r}? " if near else ""
                raise ImportFileError(f"--columns {role}={given}: no {role!r}; {hint}expected {', '.join(ROLES)}")
            names = self._told_columns(role, given)
            if names:
                self._roles[role] = names
            else:
                self._refused.add(role)

    def _told_columns(self, role: str, given: str) -> tuple[str, ...]:
        if not given.strip():
            return ()
        parts = given.split("+") if role in ("text", "published") and given not in self._columns else [given]
        return tuple(find_column(part.strip(), self._columns, self._table.path) for part in parts)

    def _take_export(self) -> None:
        """What is known of the export goes for what the user left open."""
        if self._export is None:
            return
        told = {name for names in self._roles.values() for name in names}
        for role, name in self._export.roles_in(self._columns).items():
            if not self._open(role) or name in told:
                continue
            if not name:
                self._refused.add(role)
            elif self._columns[name].values:
                self._roles[role] = (name,)
                self._remarks[role] = f"as {self._export.name} exports it"

    def _open(self, role: str) -> bool:
        return role not in self._roles and role not in self._refused

    def _free(self) -> list[Column]:
        taken = {name for names in self._roles.values() for name in names}
        return [column for name, column in self._columns.items() if name not in taken and column.values]

    def _named(self, role: str) -> list[Column]:
        """Free columns whose name stands for the role, the likeliest first."""
        named = (column for column in self._free() if rank_of(role, column.name) is not None)
        return sorted(named, key=lambda column: rank_of(role, column.name) or 0)

    def _claim(self, role: str, candidates: Iterable[Column]) -> Column | None:
        found = next(iter(candidates), None) if self._open(role) else None
        if found is not None:
            self._roles[role] = (found.name,)
        return found

    # -- texts -------------------------------------------------------------------------------------------------------

    def _choose_texts(self) -> None:
        replies = [
            column for column in self._named("reply") if column.mostly(shapes.is_wordy, 0.5) and column.length > 5
        ]
        texts = [column for column in self._named("text") if _is_prose(column) and column not in replies]
        texts.sort(key=_is_slight)
        found = self._claim("text", texts)
        self._claim("title", (column for column in self._named("title") if column.mostly(shapes.is_wordy)))
        if self._open("text") or found:
            self._add_halves()
        if self._open("text"):
            self._find_text(replies)
        self._claim("reply", (column for column in replies if column in self._free()))

    def _add_halves(self) -> None:
        """What was liked and what was not, asked for in two columns, belongs to the text."""
        halves = [next((c for c in self._named(role) if _is_prose(c)), None) for role in ("pros", "cons")]
        if all(halves):
            self._roles["text"] = (*self._roles.get("text", ()), *(column.name for column in halves if column))

    def _find_text(self, replies: Sequence[Column]) -> None:
        prose = [
            column
            for column in self._free()
            if _is_prose(column) and column.kinds * 2 > len(column.values) and not is_personal(column.name)
            and column not in replies and column.mostly(lambda value: value.count(" ") >= 2, 0.5)
        ]  # fmt: skip
        if found := max(prose, key=lambda column: column.length, default=None):
            self._roles["text"] = (found.name,)
            self._remarks["text"] = "by its content"
        elif "title" in self._roles:
            self._roles["text"] = self._roles.pop("title")
        elif replies:
            self._roles["text"] = (replies[0].name,)
        else:
            names = ", ".join(self._columns)
            raise ImportFileError(
                f"{self._table.path}: none of the columns {names} holds texts; name it: --columns text=COLUMN"
            )

    # -- rating ------------------------------------------------------------------------------------------------------

    def _choose_rating(self) -> None:
        found = self._claim("rating", self._rating_candidates())
        if "rating" not in self._roles:
            return
        column = found or self._columns[self._roles["rating"][0]]
        if {"rating", normalise(column.name)} & self._mapped:
            self._remarks["rating"] = _AS_MAPPED
            return
        by_export = self._remarks.get("rating")
        scale = shapes.Scale(5.0, remark=by_export) if by_export else shapes.decide_scale(column.name, column.values)
        if scale.refusal and found is None:
            scale = self._told_scale(column, scale.refusal)
        if scale.refusal:
            del self._roles["rating"]
            self._refused.add("rating")
            self._left_out[column.name] = scale.refusal
            self._notes.append(f"column {column.name} left out: {scale.refusal}")
            return
        self._scale = scale.top
        self._remarks["rating"] = scale.remark or ""
        if scale.doubt:
            self._notes.append(f"column {column.name} is read as {scale.remark}: {scale.doubt}")

    def _told_scale(self, column: Column, refusal: str) -> shapes.Scale:
        """What the user calls a rating is read as one, or refused aloud."""
        if scale := shapes.named_scale(column.values):
            return scale
        raise ImportFileError(
            f"{self._table.path}: column {column.name!r} cannot be read as a rating: {refusal}; "
            f"or leave it out: --columns rating="
        )

    def _rating_candidates(self) -> list[Column]:
        named = self._named("rating")
        rated = [column for column in named if column.mostly(shapes.is_rating)]
        asked = [
            column
            for column in self._free()
            if (ZERO_TO_TEN.search(normalise(column.name)) and column.mostly(shapes.is_rating))
            or column.mostly(lambda value: not shapes.is_number(value) and parse_rating(value) is not None)
        ]
        classes = [column for column in named if column.kinds <= 5 and column.mostly(shapes.is_class)]
        return [*rated, *asked, *classes]

    # -- dates -------------------------------------------------------------------------------------------------------

    def _choose_dates(self) -> None:
        named = (column for column in self._named("published") if column.mostly(shapes.is_date, 0.5))
        found = self._claim("published", named)
        if found is None and self._open("published"):
            dated = (column for column in self._free() if not _has_other_date_name(column) and _is_date_column(column))
            if found := self._claim("published", dated):
                self._remarks["published"] = "by its content"
        if found and not found.mostly(lambda value: ":" in value or "T" in value, 0.5):
            clocks = [column for column in self._named("time") if column.mostly(shapes.is_clock)]
            if clocks:
                self._roles["published"] = (found.name, clocks[0].name)
        for role in ("edited", "replied", "fetched"):
            self._claim(role, (column for column in self._named(role) if column.mostly(shapes.is_date)))

    def _decide_days(self) -> bool:
        names = [self._roles[role][0] for role in ("published", "edited", "replied") if role in self._roles]
        order = shapes.decide_day_order([value for name in names for value in self._columns[name].values])
        if order is None:
            return True
        if "published" in self._roles:
            reading = "day before month" if order.day_first else "month before day"
            doubt = "" if order.decided else " (the sample does not decide it)"
            self._remarks["published"] = reading + doubt
        return order.day_first

    # -- links, ids, names -------------------------------------------------------------------------------------------

    def _choose_links_and_ids(self) -> None:
        links = [column for column in self._named("url") if column.mostly(shapes.is_url, 0.6)]
        links += sorted((c for c in self._free() if c.mostly(shapes.is_url, 0.9)), key=lambda column: -column.kinds)
        self._claim("url", (column for column in links if not is_personal(column.name)))
        self._claim(
            "language", (c for c in self._named("language") if c.mostly(lambda value: bool(shapes.language_of(value))))
        )
        self._choose_id()

    def _choose_id(self) -> None:
        told = "id" in self._roles
        without = "no column of ids:"
        candidates = [self._columns[name] for name in self._roles.get("id", ())] or self._named("id")
        for column in candidates:
            problem = self._problem_of_id(column)
            if problem is None:
                self._claim("id", [column])
                return
            if told:
                raise ImportFileError(f"{self._table.path}: column {column.name!r} is no id: {problem}; leave it out")
            if self._open("id"):
                self._left_out[column.name] = f"no id: {problem}"
                without = f"column {column.name} is not used as id: {problem};"
        self._notes.append(f"{without} rows are told apart by text, date and rating, and edits cannot be seen")

    def _problem_of_id(self, column: Column) -> str | None:
        if shapes.share(column.values, shapes.is_spoilt) > 0.1:
            return f"a spreadsheet has rounded its values ({column.values[0]})"
        texts = self._roles.get("text", ())
        sound = [row for row in self._rows if self._is_sound(row)] or self._rows
        rows = [row for row in sound if any(name in row.values for name in texts)] or sound
        source = self._source_column
        ids = {(row.values.get(source), row.values[column.name]) for row in rows if column.name in row.values}
        if len(ids) >= UNIQUE_ENOUGH * len(rows):
            return None
        filled = sum(column.name in row.values for row in rows)
        if filled < UNIQUE_ENOUGH * len(rows):
            return f"blank in {len(rows) - filled} of {len(rows)} rows"
        return f"value repeats: {len(ids)} different values in {len(rows)} rows"

    @property
    def _source_column(self) -> str:
        return next((column.name for column in self._named("source") if _is_source(column)), "")

    def _is_sound(self, row: Row) -> bool:
        """Rows that are shifted against the header would make any id repeat."""
        for role, fits in (("published", shapes.is_date), ("rating", shapes.is_rating)):
            value = row.values.get(self._roles[role][0]) if role in self._roles else None
            if value is not None and self._remarks.get(role) != _AS_MAPPED and not fits(value):
                return False
        return True

    def _choose_names(self) -> None:
        # Beside a column of authors, "name" is the name of something else.
        authors = sorted((c for c in self._free() if is_author(c.name)), key=lambda c: normalise(c.name) == "name")
        self._claim("author", authors)
        for name in self._roles.get("brand", ()):
            kinds, rows = self._columns[name].kinds, len(self._rows)
            if kinds > max(50, rows // 2):
                raise ImportFileError(
                    f"{self._table.path}: column {name!r} has {kinds} values in {rows} rows, no brands; name another"
                )
        for name in self._roles.get("source", ()):
            if self._columns[name].mostly(shapes.is_url, 0.5):
                raise ImportFileError(f"{self._table.path}: column {name!r} holds links, no sources; name another")
        self._claim("source", (column for column in self._named("source") if _is_source(column)))
        for role in _KEPT_AS_ATTRIBUTE:
            self._claim(role, (column for column in self._named(role) if _is_short(column)))

    def _brand_candidates(self) -> dict[str, tuple[str, ...]]:
        named = [column for column in self._named("brand") if _is_short(column)]
        return {column.name: tuple(dict.fromkeys(column.values)) for column in named}

    # -- the rest ----------------------------------------------------------------------------------------------------

    def _choose_attributes(self) -> dict[str, str]:
        chosen = {role: self._roles.pop(role)[0] for role in _KEPT_AS_ATTRIBUTE if role in self._roles}
        if self._export:
            made = filter(self._export.ignores, self._columns)
            self._left_out |= dict.fromkeys(made, f"made by {self._export.name}")
        if "language" in self._roles:
            self._left_out |= {column.name: "another language" for column in self._named("language")}
        taken = {*chosen.values(), *(name for names in self._roles.values() for name in names), *self._left_out}
        for name, column in self._columns.items():
            if name in taken:
                continue
            reason = _no_attribute(column)
            key = "_".join(normalise(name).split()) or name
            if reason is None and (len(chosen) >= MOST_ATTRIBUTES or key in chosen):
                reason = f"{MOST_ATTRIBUTES} attributes are enough"
            if reason is None:
                chosen[key] = name
            else:
                self._left_out[name] = reason
        return chosen

    def _unclaimed_personal(self) -> set[str]:
        taken = {name for names in self._roles.values() for name in names}
        return {name for name in self._columns if is_personal(name) and name not in taken}


def _is_prose(column: Column) -> bool:
    few = column.kinds <= 5 and len(column.values) > 50 and column.length < 30
    return column.mostly(shapes.is_wordy, 0.6) and not few and not _is_date_column(column)


def _is_slight(column: Column) -> bool:
    """Whether a column is too short or too seldom filled to be the text where another might be."""
    return column.length < 15 or 2 * len(column.values) < column.rows


def _is_date_column(column: Column) -> bool:
    """By content alone: a bare number is no date, and neither is what has no digit."""
    return column.mostly(lambda value: _has_digit(value) and not shapes.is_number(value) and shapes.is_date(value), 0.9)


def _has_digit(value: str) -> bool:
    return len(value) <= 60 and any(map(str.isdigit, value))


def _has_other_date_name(column: Column) -> bool:
    name = column.name
    return any(rank_of(role, name) is not None for role in ("edited", "replied", "fetched")) or is_personal(name)


def _is_short(column: Column) -> bool:
    return column.mostly(lambda value: len(value) <= 100 and not shapes.is_url(value), 0.9)


def _is_source(column: Column) -> bool:
    named = column.mostly(lambda value: len(value) <= 60 and shapes.is_wordy(value), 0.9)
    return named and column.kinds <= min(MOST_SOURCES, max(3, len(column.values) // 2))


def _no_attribute(column: Column) -> str | None:
    """Why a column that has no role is not kept as an attribute either; None where it is."""
    reasons: tuple[tuple[str, Callable[[], bool]], ...] = (
        ("empty in the sample", lambda: not column.values),
        ("tells of a person", lambda: is_personal(column.name)),
        ("bookkeeping", lambda: is_bookkeeping(column.name)),
        ("the same in every row", lambda: column.kinds == 1 and column.rows > 1),
        ("an id of something else", lambda: normalise(column.name).endswith((" id", " uuid")) or column.name == "id"),
        ("tells of a person", lambda: column.mostly(shapes.is_email, 0.3)),
        ("links", lambda: column.mostly(shapes.is_url, 0.5)),
        ("another date", lambda: _is_date_column(column)),
        ("long texts", lambda: not column.mostly(lambda value: len(value) <= 120, 0.9)),
        ("different in nearly every row", lambda: column.rows > 20 and column.kinds > 0.9 * column.rows),
    )
    return next((reason for reason, applies in reasons if applies()), None)
