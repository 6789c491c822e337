"""Answers to a survey: which columns hold the scores, on which scale, and what a row says.

Everything else about the file, from its encoding to its dates, is read as any other import is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

from sqlalchemy import select

from overheard.errors import ImportFileError
from overheard.importer.columns import ColumnMap, find_column, recognise
from overheard.importer.formats import open_table
from overheard.importer.names import normalise, rank_of
from overheard.importer.rows import Reading, RowReader, UnusableRowError
from overheard.importer.run import (
    SAMPLE_ROWS,
    SHOWN_ROWS,
    ImportResult,
    Plan,
    Run,
    carry_out,
    notes,
    stem,
    usual_language,
    which_brand,
)
from overheard.importer.table import Row, Table
from overheard.intake.desk import Intake
from overheard.settings import Settings
from overheard.store.database import Store
from overheard.store.mentions import Counts
from overheard.store.surveys import SURVEYS, AnswerDraft, survey_source, upsert_answers
from overheard.store.tables import Mention

NAMES = {
    "nps": re.compile(
        r"\bnps\b|\bnet promoter\b|\brecommend|\bweiterempf|\bempfehl|\baanbevel|\baanraden|\brecommand|\braccomand|"
        r"\bconsigli|\brecomend|\brecomand"
    ),
    "csat": re.compile(
        r"\bcsat\b|\bsatisf|\bzufrieden|\bkundenzufrieden|\btevreden|\bklanttevreden|\bsoddisf|\bmultumi|\binsatisf"
    ),
    "ces": re.compile(
        r"\bces\b|\beffort|\baufwand|\bmuhe|\bmuehe|\bmoeite|\binspanning|\bsforzo|\besfuerzo|\besforco|\befort|"
        r"\bhow easy|\bease of|\bwie einfach|\bwie leicht|\bhoe makkelijk|\bgemak|\bfacilita|\bfacilite|\bfacilidad|"
        r"\bfacilidade|\busurint"
    ),
}
"""What the questions are called, as `normalise` writes it, in eight languages."""

SCALES = {"nps": (10.0,), "csat": (5.0, 7.0, 100.0), "ces": (7.0, 5.0)}
"""The tops of the scales that a survey may have, the usual one first."""

STRAY = 0.02
"""Share of the scores up to which they are slips beyond a narrower scale, and no sign of a wider one."""

SIGN = {7.0: (5, 0.05), 100.0: (10, 0.25)}
"""What a wide scale is known by: the score that at least such a share of the answers lies above."""

WHY = re.compile(
    r"^(?:and )?(?:why|what is the reason|warum|weshalb|wieso|was ist der grund|waarom|hoezo|pourquoi|por ?que|perche|"
    r"de ce)\b"
)
"""What the question for a comment begins with, as `normalise` writes it, in eight languages."""

_OF = r"(?:/|of|out of|von|van|de|sur|su|din)"
_IN_HEADER = re.compile(r"(?:(?:\b[01] ?(?:-|–|—|…|\.\.|to|bis|tot|à|a|al|la|até|hasta) ?)|/ ?|\bout of )(\d{1,3})\b")
_SCORE = re.compile(rf"(-?\d{{1,6}}(?:[.,]\d{{1,4}})?)\s*(?:(%)|{_OF}\s*(\d{{1,3}}))?(?:\s*[-–(:=].*)?")


@dataclass(frozen=True, slots=True)
class ScoreColumn:
    """A column of scores, and the top of their scale."""

    column: str
    scale: float


@dataclass(frozen=True)
class SurveyPlan(Plan):
    """How a file of answers will be read; `scores` by survey. `samples` are empty, `shown` are the first rows."""

    scores: Mapping[str, ScoreColumn] = field(default_factory=dict)
    shown: tuple[str, ...] = ()

    @property
    def chosen(self) -> tuple[tuple[str, str, str], ...]:
        found = tuple(
            (survey, each.column, f"{_bottom(survey, each.scale):g} to {each.scale:g}")
            for survey, each in self.scores.items()
        )
        renamed = (("comment" if role == "text" else role, names, remark) for role, names, remark in super().chosen)
        return found + tuple(renamed)

    def reader(self) -> RowReader:
        return RowReader(self.table, self.columns, self.maps, self.where, texts_needed=False)


@dataclass(frozen=True, slots=True)
class SurveyReading(Reading):
    """An answer: `scores` are as in `AnswerDraft`."""

    scores: Mapping[str, tuple[float, float]]


def plan_survey(
    path: Path,
    *,
    survey: str | None = None,
    scale: float | None = None,
    columns: Mapping[str, str] | None = None,
    maps: Mapping[str, Mapping[str, str]] | None = None,
    where: Mapping[str, str] | None = None,
    brand: str | None = None,
    source: str | None = None,
) -> SurveyPlan:
    """Look at a file of answers and decide how to read it; nothing is written.

    `columns` may name the column of each survey (`nps`, `csat`, `ces`; `score` is that of `survey`) and of the
    `comment`, beside the roles of any import. `scale` is the top of the scale of csat or ces where the sample does not
    show it. Raises NotFoundError or ImportFileError, in one line, for a file that cannot be read or mapped.
    """
    told, maps, where = dict(columns or {}), dict(maps or {}), dict(where or {})
    table = open_table(path)
    sample = list(islice(table.rows(), SAMPLE_ROWS))
    scores = _Scores(table, sample, maps).choose(told, survey, scale)
    chosen = _other_columns(table, sample, told, maps, {each.column for each in scores.values()})
    found = SurveyPlan(
        table=table,
        columns=chosen,
        maps=maps,
        where=where,
        brand=brand,
        source=source or stem(path),
        samples=(),
        notes=tuple(notes(chosen, brand, where)),
        scores=scores,
    )
    return replace(found, shown=tuple(_first_rows(found, sample)))


def _other_columns(
    table: Table, sample: Sequence[Row], told: Mapping[str, str], maps: Mapping[str, Mapping[str, str]], taken: set[str]
) -> ColumnMap:
    """Recognise what is no score; the comment is the text, and need not be there."""
    roles = {role: name for role, name in told.items() if role not in (*SURVEYS, "score", "comment")}
    if "comment" in told:
        roles["text"] = told["comment"]
    elif asked := next((name for name in table.columns if name not in taken and WHY.search(normalise(name))), None):
        roles["text"] = asked
    roles |= {"rating": "", "source": "", "author": ""}
    explained = {name: meanings for name, meanings in maps.items() if name not in (*SURVEYS, "score")}
    comments = True
    try:
        if "comment" in told and not told["comment"].strip():
            raise ImportFileError(f"{table.path}: no comments")
        found = recognise(table, sample, roles, explained)
        comments = not taken.intersection(found.roles.get("text", ()))
    except ImportFileError:
        # Short comments are known by the name of their column alone. Without any, scores alone will do; what else is
        # wrong is said by this second try.
        named = [name for name in table.columns if name not in taken and rank_of("text", name) is not None]
        comments = "comment" not in told and bool(named)
        found = recognise(table, sample, {**roles, "text": named[0] if comments else min(taken)}, explained)
    kept = {role: names for role, names in found.roles.items() if comments or role not in ("text", "title")}
    attributes = {key: name for key, name in found.attributes.items() if name not in taken}
    if not comments and attributes and "comment" not in told:
        rest = ", ".join(attributes.values())
        unheard = f"no column of comments was found; {rest} are kept as attributes: --columns comment=COLUMN names it"
        found = replace(found, notes=(*found.notes, unheard))
    return replace(found, roles=kept, attributes=attributes)


class _Scores:
    """Finds the columns that hold scores, and their scales."""

    def __init__(self, table: Table, sample: Sequence[Row], maps: Mapping[str, Mapping[str, str]]) -> None:
        self._table = table
        self._rows = [row for row in sample if row.fault is None]
        self._maps = maps

    def choose(self, told: Mapping[str, str], survey: str | None, scale: float | None) -> dict[str, ScoreColumn]:
        named = {key: told[key] for key in SURVEYS if told.get(key)}
        if told.get("score"):
            named[survey or self._of_name(told["score"])] = told["score"]
        found = {key: find_column(name, self._table.columns, self._table.path) for key, name in named.items()}
        for key in (survey,) if survey else SURVEYS:
            if key not in found and key not in told and (named_so := self._named(key, set(found.values()))):
                found[key] = named_so
        if survey and survey not in found and (rated := self._only_rating(set(found.values()))):
            found[survey] = rated
        if not found:
            columns = ", ".join(self._table.columns)
            raise ImportFileError(
                f"{self._table.path}: none of the columns {columns} is known to hold scores; say which: "
                f"--survey {survey or 'nps'} --columns score=COLUMN"
            )
        return {key: ScoreColumn(found[key], self._scale(key, found[key], scale)) for key in SURVEYS if key in found}

    def _of_name(self, column: str) -> str:
        for key, pattern in NAMES.items():
            if pattern.search(normalise(column)):
                return key
        raise ImportFileError(f"--columns score={column}: which survey is it? say --survey {', '.join(SURVEYS)}")

    def _named(self, survey: str, taken: set[str]) -> str | None:
        matching = (name for name in self._table.columns if NAMES[survey].search(normalise(name)))
        return next((name for name in matching if name not in taken and self._is_scored(name)), None)

    def _only_rating(self, taken: set[str]) -> str | None:
        rated = [name for name in self._table.columns if rank_of("rating", name) is not None and name not in taken]
        return next((name for name in rated if self._is_scored(name)), None)

    def _is_scored(self, column: str) -> bool:
        values = self._values(column)
        return bool(values) and sum(_SCORE.fullmatch(value) is not None for value in values) >= 0.8 * len(values)

    def _values(self, column: str) -> list[str]:
        meanings = self._maps.get(column, {})
        values = (row.values[column].strip() for row in self._filled(column))
        return [meanings.get(value, value) for value in values]

    def _filled(self, column: str) -> list[Row]:
        return [row for row in self._rows if column in row.values]

    def _scale(self, survey: str, column: str, given: float | None) -> float:
        tops = SCALES[survey]
        if given is not None and survey != "nps":
            if given not in tops:
                raise ImportFileError(
                    f"--scale {given:g}: a {survey} is answered up to {' or '.join(f'{top:g}' for top in sorted(tops))}"
                )
            return given
        matches = [match for match in map(_SCORE.fullmatch, self._values(column)) if match]
        if 100.0 in tops and any(match[2] for match in matches):
            return 100.0
        stated = {float(match[3]) for match in matches if match[3]}.intersection(tops)
        if "%" in column and 100.0 in tops:
            return 100.0
        if stated := stated or {float(top) for top in _IN_HEADER.findall(column.casefold())}.intersection(tops):
            return max(stated)
        if survey != "csat":
            return tops[0]
        return self._seen_scale(column, [_number(match[1]) for match in matches])

    def _seen_scale(self, column: str, numbers: Sequence[float]) -> float:
        """Return the top of the narrowest scale that the answers are on; a wide one has to be seen in many of them."""
        for top in SCALES["csat"]:
            above, share = SIGN.get(top, (0, 0.0))
            many = sum(number > above for number in numbers) >= share * len(numbers)
            if many and sum(number > top for number in numbers) <= STRAY * len(numbers):
                return top
        fitting = [top for top in (7.0, 5.0) if 2 * sum(number <= top for number in numbers) > len(numbers)]
        usual = next((top for top in fitting if max(numbers) > top), 5.0)
        line, value = self._first_above(column, usual)
        within = sum(number <= usual for number in numbers)
        raise ImportFileError(
            f"{self._table.path}: {self._table.where} {line} has {value} in column {column}, where {within:,} of "
            f"{len(numbers):,} answers are up to {usual:g}; say which scale it is: --scale "
            f"{' or '.join(f'{top:g}' for top in SCALES['csat'])}"
        )

    def _first_above(self, column: str, top: float) -> tuple[int, str]:
        for row, value in zip(self._filled(column), self._values(column), strict=True):
            match = _SCORE.fullmatch(value)
            if match and _number(match[1]) > top:
                return row.line, match[1]
        raise AssertionError("no scale refuses what lies within")


def _number(digits: str) -> float:
    return float(digits.replace(",", "."))


def _bottom(survey: str, scale: float) -> float:
    return 0.0 if survey == "nps" or scale == 100 else 1.0


def read_score(survey: str, scale: float, given: str) -> float | None:
    """Return a score as a number, None where it is none of its scale.

    It may name its scale ("9/10", "80 %") and its meaning ("10 - extremely likely"). All scales but per cent are
    answered in whole numbers.

    >>> read_score("nps", 10, "9"), read_score("nps", 10, "12"), read_score("csat", 100, "80 %")
    (9.0, None, 80.0)
    """
    match = _SCORE.fullmatch(given.strip())
    if match is None:
        return None
    number, top = _number(match[1]), 100.0 if match[2] else float(match[3] or scale)
    whole = scale == 100 or number.is_integer()
    return number if whole and top == scale and _bottom(survey, scale) <= number <= scale else None


def execute_survey(
    store: Store,
    settings: Settings,
    plan: SurveyPlan,
    *,
    rejects: Path,
    on_rows: Callable[[int], None] | None = None,
) -> ImportResult:
    """Import the answers of a plan, 500 in a transaction, as `importer.run.execute` does; a row is one answer."""
    if plan.brand is None and "brand" not in plan.columns.roles:
        raise ImportFileError(f"{plan.path}: {which_brand(plan.columns)}")
    language = usual_language(plan, settings.languages)
    return carry_out(_SurveyRun(store, Intake(store, settings), plan, language), rejects, on_rows)


class _SurveyRun(Run):
    """One pass over a file of answers."""

    plan: SurveyPlan

    def read_row(self, row: Row) -> SurveyReading:
        reading = self._reader.read(row)
        scores = dict(_scores(self.plan, self._reader, row))
        survey, (score, scale) = next(iter(scores.items()))
        bottom = _bottom(survey, scale)
        item = replace(
            reading.item, rating=(score - bottom) / (scale - bottom), rating_given=f"{score:g}", rating_scale=scale
        )
        return SurveyReading(item, None, reading.brand, scores)

    def store_batch(self, batch: Sequence[Reading]) -> None:
        groups: dict[str | None, list[SurveyReading]] = {}
        for reading in batch:
            if isinstance(reading, SurveyReading):
                groups.setdefault(reading.brand, []).append(reading)
        with self._store.session() as session:
            source = survey_source(session, self.plan.source).id
            for brand, readings in groups.items():
                brand_id = self._brands[brand][0]
                keyed = {self._key(source, reading): reading for reading in readings}
                items = [
                    replace(reading.item, external_id=key, language=reading.item.language or self._language)
                    for key, reading in keyed.items()
                    if reading.item.text or reading.item.title
                ]
                received = self._intake.receive_in(session, source, items, [brand_id])
                commented = select(Mention.external_id, Mention.id).where(
                    Mention.source_id == source, Mention.external_id.in_([item.external_id for item in items])
                )
                drafts = [
                    AnswerDraft(key, reading.scores, reading.item.published.date() if reading.item.published else None)
                    for key, reading in keyed.items()
                ]
                mentions = dict(session.execute(commented).all())
                done = upsert_answers(session, source, brand_id, drafts, mentions)
                # A comment may be edited where the score stays.
                updated = max(done.updated, received.updated)
                self.counts += Counts(done.added, updated, done.updated + done.unchanged - updated)

    def _key(self, source: int, reading: SurveyReading) -> str:
        scores = ";".join(f"{survey}={score:g}" for survey, (score, _) in reading.scores.items())
        return self._intake.external_id(replace(reading.item, rating_given=scores), source)


def _scores(plan: SurveyPlan, reader: RowReader, row: Row) -> Iterator[tuple[str, tuple[float, float]]]:
    """Yield the scores of a row; raises UnusableRowError for one that its scale has not, and where there is none."""
    given = {survey: reader.value(row, each.column) for survey, each in plan.scores.items()}
    if not any(given.values()):
        raise UnusableRowError("no score")
    for survey, value in given.items():
        if value is None:
            continue
        column, scale = plan.scores[survey].column, plan.scores[survey].scale
        score = read_score(survey, scale, value)
        if score is None:
            shown = f" {value[:12]!r}" if re.fullmatch(r"[-\d.,/% ]{1,12}", value) else ""
            number = "number" if scale == 100 else "whole number"
            raise UnusableRowError(
                f"{survey}{shown} in column {column}: expected a {number} from {_bottom(survey, scale):g} to {scale:g}",
                column,
            )
        yield survey, (score, scale)


def _first_rows(plan: SurveyPlan, sample: Sequence[Row]) -> Iterator[str]:
    """Yield the first rows as they will be read; raises ImportFileError where none of the sample can be."""
    reader, fault, wanted, shown = plan.reader(), "", 0, 0
    for row in sample:
        try:
            if row.fault is None and not reader.wants(row):
                continue
            wanted += 1
            item, scores = reader.read(row).item, dict(_scores(plan, reader, row))
        except UnusableRowError as error:
            fault = fault or f"{plan.table.where} {row.line}: {error}"
            continue
        day = f"{item.published:%Y-%m-%d}" if item.published else "no date"
        said = ", ".join(f"{survey} {score:g} of {scale:g}" for survey, (score, scale) in scores.items())
        yield f"{day} | {said} | {item.title or ''} {item.text}".strip()
        shown += 1
        if shown == SHOWN_ROWS:
            return
    if not shown:
        raise ImportFileError(f"{plan.path}: none of the first {wanted} answers can be used; {fault or 'no rows'}")
