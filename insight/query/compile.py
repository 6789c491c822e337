"""A query as conditions of the database: which mentions it finds, and which of their sentences it is about."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Text, and_, cast, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from overheard import taxonomy
from overheard.errors import UsageError
from overheard.insight import counted
from overheard.insight.query.parse import LABELS, SENTENCE, And, Field, Near, Node, Not, Or, parse
from overheard.store import search
from overheard.store.search import Every, Label, Some, Sought, Term
from overheard.store.tables import Brand, Mention, MentionRollup, Opinion, OpinionDimension, Source
from overheard.store.themes import Theme, ThemeOpinion, find_theme

STAR = 0.005 / 4
"""How exact a number of stars is, on 0..1."""

COMPARE: dict[str, Callable[[Any, float], Any]] = {
    "<": lambda rating, stars: rating < stars - STAR,
    "<=": lambda rating, stars: rating <= stars + STAR,
    ">": lambda rating, stars: rating > stars + STAR,
    ">=": lambda rating, stars: rating >= stars - STAR,
    "": lambda rating, stars: rating.between(stars - STAR, stars + STAR),
}

Group = list[tuple[Field, ...]]
"""What one sentence has to fulfil: of each entry at least one of the fields, which have one name."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence as it is compared: its spelt words, what was read in it; `dimensions` maps names to polarities.

    `opinion_id` is its number in the store, by which it is found in themes.
    """

    words: Sequence[str]
    sentiment: str
    touchpoint: str
    signals: Collection[str]
    dimensions: Mapping[str, str]
    opinion_id: int = 0


class Query:
    """A query about one brand, as its model version `version` read it.

    Raises UsageError where the text is no query, or asks for what cannot be: an unknown source or language, a period
    that ends before it begins. Raises NotFoundError where it asks for a theme that the brand has not.
    """

    def __init__(self, session: Session, brand: Brand, text: str) -> None:
        self._session = session
        self._brand = brand
        self._dialect = session.get_bind().dialect.name
        self.root = parse(text)
        self._groups = list(_groups(self.root))
        for field in _fields(self.root):
            if field.name == "theme":
                find_theme(session, brand, int(field.value))
            if field.name == "source" and not self._sources(field):
                known = ", ".join(sorted({repr(name) for _, name, _ in self._all_sources()})) or "none yet"
                raise _wrong(field, f"no such source; there are {known}")
            if field.name == "lang" and not self._is_language(field.value):
                raise _wrong(field, "no language; expected a code such as en or nl")
        _check_periods(self.root)
        for group in self._groups:
            _check_polarity(group)
        self._words = list(_positive(self.root))

    @property
    def is_for_sentences(self) -> bool:
        """Whether a field of sentences is asked for."""
        return bool(self._groups)

    @property
    def words(self) -> Sought | None:
        """The whole query as one search for words, None where it asks for more."""
        return _sought(self.root)

    @property
    def driver(self) -> Sought | None:
        """Words that every mention found holds, None where other mentions may be found too."""
        node = self.root
        return _sought(node) or (isinstance(node, And) and _all_words(node)) or None

    @property
    def is_rare(self) -> bool:
        """Whether so few mentions hold the words of `driver` that one looks at them all, rather than at the newest.

        PostgreSQL, which has to fetch each of them to know that it is there, counts fewer as few.
        """
        most = counted.FEW if self._dialect == "sqlite" else counted.FEW // 10
        return self.count(most + 1) <= most

    def count(self, most: int) -> int:
        """Return how many mentions, of any brand, hold the words of `driver`, counting up to `most`."""
        if self.driver is None:
            return most
        rows = search.found(self._dialect, self.driver).limit(most).subquery()
        return self._session.scalar(select(func.count()).select_from(rows)) or 0

    def condition(self, *, probing: bool = False) -> ColumnElement[bool]:
        """Return what a mention has to fulfil; `probing` where few mentions are looked at, one by one."""
        return self._of(self.root, probing)

    def marks(self, sentence: Sentence) -> bool:
        """Tell whether the sentence is what was searched for: it has the fields asked for, or holds words sought."""
        return any(_fulfils(sentence, group) and self._in_themes(sentence, group) for group in self._groups) or any(
            search.holds(sentence.words, sought) for sought in self._words
        )

    def _in_themes(self, sentence: Sentence, group: Group) -> bool:
        asked = [_of_theme(fields, sentence.opinion_id) for fields in group if fields[0].name == "theme"]
        return not asked or bool(self._session.scalar(select(and_(*asked))))

    def _of(self, node: Node, probing: bool) -> ColumnElement[bool]:
        sought = _sought(node)
        if sought is not None:
            return self._holds(sought, probing)
        if isinstance(node, And):
            return self._all(node, probing)
        if isinstance(node, Or):
            return or_(*(self._of(item, probing) for item in node.items))
        if isinstance(node, Not):
            return ~self._of(node.item, probing)
        assert isinstance(node, Field)
        return self._has_sentence([(node,)]) if node.name in SENTENCE else self._field(node)

    def _all(self, node: And, probing: bool) -> ColumnElement[bool]:
        """Join conditions: words become one search, and fields of sentences one condition of one sentence."""
        words, group = _all_words(node), _group(node)
        conditions = [self._holds(words, probing)] if words else []
        conditions += [self._has_sentence(group)] if group else []
        rest = [item for item in node.items if _same_field(item) is None and not (words and _is_of_words(item))]
        return and_(*conditions, *(self._of(item, probing) for item in rest))

    def _holds(self, sought: Sought, probing: bool) -> ColumnElement[bool]:
        if probing:
            return search.found(self._dialect, sought, among=Mention.id).correlate(Mention).exists()
        return Mention.id.in_(search.found(self._dialect, sought))

    def _has_sentence(self, group: Group) -> ColumnElement[bool]:
        opinion = aliased(Opinion)
        version = self._brand.model_version_id or 0
        of_dimensions = {"dimension", "polarity"}
        conditions = [_of_opinion(fields, opinion) for fields in group if fields[0].name not in of_dimensions]
        polarities = [_values(fields, "polarity") for fields in group if fields[0].name == "polarity"]
        dimensions = [_values(fields, "dimension") for fields in group if fields[0].name == "dimension"]
        for names in dimensions:
            bearing = aliased(OpinionDimension)
            conditions.append(
                exists().where(
                    bearing.opinion_id == opinion.id,
                    bearing.dimension.in_(names),
                    *(bearing.polarity.in_(words) for words in polarities),
                )
            )
        if not dimensions:
            conditions += [opinion.sentiment.in_(words) for words in polarities]
        return exists().where(opinion.mention_id == Mention.id, opinion.model_version_id == version, *conditions)

    def _field(self, field: Field) -> ColumnElement[bool]:
        value = field.value
        if field.name == "rating":
            stars = (float(value.lstrip("<>=")) - 1) / 4
            comparison = COMPARE[value[: len(value) - len(value.lstrip("<>="))]]
            return and_(Mention.rating.is_not(None), comparison(Mention.rating, stars))
        if field.name == "author":
            return and_(Mention.author.is_not(None), Mention.author == value)
        if field.name == "source":
            return Mention.source_id.in_(self._sources(field))
        if field.name in {"since", "until"}:
            day = _day(value)
            return Mention.day >= day if field.name == "since" else Mention.day <= day
        if field.name == "reply":
            return or_(*(Mention.reply_state == state for state in _beginning(REPLIES, field)))
        return Mention.language == value

    def _sources(self, field: Field) -> list[int]:
        key = field.value.casefold()

        def is_meant(*names: str) -> bool:
            return any(name.casefold().startswith(key) if field.prefix else name.casefold() == key for name in names)

        return [number for number, name, kind in self._all_sources() if is_meant(name, kind, str(number))]

    def _all_sources(self) -> list[tuple[int, str, str]]:
        sources = self._session.execute(select(Source.id, Source.name, Source.kind))
        return [(number, name, kind) for number, name, kind in sources]

    def _is_language(self, code: str) -> bool:
        if self._session.scalar(select(exists().where(MentionRollup.language == code))):
            return True
        # Its model takes a moment to load: asked for where no mention says it.
        from overheard.nlp.likelihoods import known

        return code in known()


REPLIES = ("answered", "unanswered", "unknown")


def _wrong(field: Field, what: str) -> UsageError:
    given = f"{field.name}:{field.value}{'*' if field.prefix else ''}"
    return UsageError(f"query, column {field.column}: {given}: {what}")


def _check_periods(node: Node) -> None:
    """Refuse days that are asked for together and exclude each other."""
    items = node.items if isinstance(node, And | Or) else (node.item,) if isinstance(node, Not) else ()
    if isinstance(node, And):
        days = [item for item in items if isinstance(item, Field) and item.name in {"since", "until"}]
        last = min((field for field in days if field.name == "until"), key=lambda each: _day(each.value), default=None)
        for since in days:
            if since.name == "since" and last is not None and _day(since.value) > _day(last.value):
                raise _wrong(since, f"lies after until:{last.value}; swap them")
    for item in items:
        _check_periods(item)


def _day(value: str) -> date:
    if value[-1] in "dw":
        return (datetime.now(UTC) - timedelta(days=int(value[:-1]) * (7 if value[-1] == "w" else 1))).date()
    return date.fromisoformat(value)


def _beginning(names: Sequence[str], field: Field) -> list[str]:
    return [name for name in names if (name.startswith(field.value) if field.prefix else name == field.value)]


def _known(name: str) -> tuple[str, ...]:
    """Return the values that a field of sentences can have."""
    words = taxonomy.load()
    entries = {"dimension": words.dimensions, "touchpoint": words.touchpoints, "signal": words.signals}
    if name == "polarity":
        return ("positive", "negative", "neutral", "mixed")
    return tuple(entry.name for entry in entries[name])


def _values(fields: Sequence[Field], name: str) -> list[str]:
    return [value for field in fields for value in _beginning(_known(name), field)]


def _of_opinion(fields: Sequence[Field], opinion: type[Opinion]) -> ColumnElement[bool]:
    name = fields[0].name
    if name == "touchpoint":
        return opinion.touchpoint.in_(_values(fields, name))
    if name == "signal":
        return or_(*(cast(opinion.signals, Text).like(f'%"{signal}"%') for signal in _values(fields, name)))
    return _of_theme(fields, opinion.id)


def _of_theme(fields: Sequence[Field], opinion_id: Any) -> ColumnElement[bool]:
    given = Theme.id.in_([int(field.value) for field in fields])
    numbers = select(func.coalesce(Theme.merged_into, Theme.id)).where(given)
    return exists().where(ThemeOpinion.opinion_id == opinion_id, ThemeOpinion.theme_id.in_(numbers))


def _check_polarity(group: Group) -> None:
    names = {fields[0].name for fields in group}
    if "dimension" in names and any(field.value == "mixed" for fields in group for field in fields):
        raise UsageError(
            "polarity:mixed is of a whole sentence; a dimension is positive, negative or neutral in it, leave one out"
        )


def _sought(node: Node) -> Sought | None:
    """Return what is sought by a tree of words alone, None where it asks for more or finds by what is not there."""
    if isinstance(node, Term):
        return node
    if isinstance(node, Near):
        pairs = tuple(search.Near(left, right, node.distance) for left in node.left for right in node.right)
        return pairs[0] if len(pairs) == 1 else Some(pairs)
    if isinstance(node, Field) and node.name in LABELS:
        return Label(LABELS[node.name], tuple(node.value.split()), node.prefix)
    if isinstance(node, Or):
        parts = [_sought(item) for item in node.items]
        return Some(tuple(part for part in parts if part)) if all(parts) else None
    if isinstance(node, And) and all(map(_is_of_words, node.items)):
        return _all_words(node)
    return None


def _all_words(node: And) -> Every | None:
    """Return the words of an AND as one search, without what it excludes; None where it asks for none."""
    parts = tuple(part for part in map(_sought, node.items) if part)
    without = tuple(part for part in (_sought(item.item) for item in node.items if isinstance(item, Not)) if part)
    return Every(parts, without) if parts else None


def _is_of_words(node: Node) -> bool:
    return _sought(node.item if isinstance(node, Not) else node) is not None


def _same_field(node: Node) -> tuple[Field, ...] | None:
    """Return the fields of sentences that are alternatives of one name, None where the node is anything else."""
    fields = node.items if isinstance(node, Or) else (node,)
    found = tuple(field for field in fields if isinstance(field, Field) and field.name in SENTENCE)
    return found if len(found) == len(fields) and len({field.name for field in found}) == 1 else None


def _group(node: And) -> Group:
    return [fields for fields in map(_same_field, node.items) if fields]


def _groups(node: Node) -> Iterator[Group]:
    """Yield what sentences are asked for, without what is asked not to be there."""
    alone = _same_field(node)
    if alone:
        yield [alone]
    elif isinstance(node, And):
        if group := _group(node):
            yield group
        for item in node.items:
            if _same_field(item) is None:
                yield from _groups(item)
    elif isinstance(node, Or):
        for item in node.items:
            yield from _groups(item)


def _fields(node: Node) -> Iterator[Field]:
    if isinstance(node, Field):
        yield node
    elif isinstance(node, Not):
        yield from _fields(node.item)
    elif isinstance(node, And | Or):
        for item in node.items:
            yield from _fields(item)


def _positive(node: Node) -> Iterator[Sought]:
    if isinstance(node, And | Or):
        for item in node.items:
            yield from _positive(item)
    elif isinstance(node, Term | Near):
        sought = _sought(node)
        if sought:
            yield sought


def _fulfils(sentence: Sentence, group: Group) -> bool:
    asked: dict[str, list[list[str]]] = {}
    for fields in group:
        if fields[0].name != "theme":
            asked.setdefault(fields[0].name, []).append(_values(fields, fields[0].name))
    if any(sentence.touchpoint not in names for names in asked.get("touchpoint", ())):
        return False
    if any(not set(names) & set(sentence.signals) for names in asked.get("signal", ())):
        return False
    polarities = asked.get("polarity", [])
    if "dimension" not in asked:
        return all(sentence.sentiment in words for words in polarities)
    found = {name for name, polarity in sentence.dimensions.items() if all(polarity in words for words in polarities)}
    return all(found & set(names) for names in asked["dimension"])
