"""Import a file: plan first (which column is what, three rows as they will be read), then execute."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path

from overheard.errors import ImportFileError, NotFoundError
from overheard.importer.columns import ColumnMap, recognise
from overheard.importer.exports import known_export
from overheard.importer.formats import open_table
from overheard.importer.names import normalise
from overheard.importer.rejects import Rejects
from overheard.importer.rows import Reading, RowReader, UnusableRowError
from overheard.importer.table import Row, Table
from overheard.intake.desk import Intake
from overheard.intake.item import Item
from overheard.nlp.language import LanguageIdentifier
from overheard.settings import Settings
from overheard.store.brands import add_brand, find_brand, import_source
from overheard.store.database import Store
from overheard.store.mentions import Counts

SAMPLE_ROWS = 2000
BATCH_ROWS = 500
SHOWN_ROWS = 3

JUDGED_ROWS = 300
TELLING_LENGTH = 60
"""Characters from which on a text shows its language by itself."""
USUAL_SHARE = 0.8
"""Share of the telling texts in one language that makes it the prior for the short ones ("Great service")."""


@dataclass(frozen=True)
class Plan:
    """How a file will be read.

    `brand` is the brand of all rows, None where `columns.roles["brand"]` names it row by row (or nothing does: then
    `execute` refuses). `source` is where rows come from that do not say it themselves. `samples` are up to three rows
    as they will be read, raw: mask them before they are written anywhere. `notes` are for a person to read first.
    """

    table: Table
    columns: ColumnMap
    maps: Mapping[str, Mapping[str, str]]
    where: Mapping[str, str]
    brand: str | None
    source: str
    samples: tuple[Item, ...]
    notes: tuple[str, ...]

    @property
    def path(self) -> Path:
        """The file."""
        return self.table.path

    @property
    def format(self) -> str:
        """Format and encoding for people: "CSV (comma between fields, utf-8)"."""
        return f"{self.table.format} ({self.table.detail})"

    @property
    def chosen(self) -> tuple[tuple[str, str, str], ...]:
        """(role, its columns joined with +, remark or "") for everything that is used, for printing."""
        roles = tuple(
            (role, " + ".join(names), self.columns.remarks.get(role, "")) for role, names in self.columns.roles.items()
        )
        return roles + tuple((f"attribute {key}", name, "") for key, name in self.columns.attributes.items())

    @property
    def left_out(self) -> Mapping[str, str]:
        """Why each column that is not used is not, by column, for printing."""
        return self.columns.left_out

    def reader(self) -> RowReader:
        """What reads the rows."""
        return RowReader(self.table, self.columns, self.maps, self.where)

    @property
    def rejects(self) -> Path:
        """The usual rejects file: named after the file, in the current directory."""
        return Path(f"{stem(self.path)}.rejects.jsonl")


@dataclass(frozen=True)
class ImportResult:
    """What became of the rows: read = added + updated + unchanged + rejected + skipped_by_where.

    `brands` counts the rows of each brand; `brands_created` are those that were new. `rejects_path` is None where no
    row was rejected.
    """

    read: int
    added: int
    updated: int
    unchanged: int
    rejected: int
    skipped_by_where: int
    rejects_path: Path | None
    brands: dict[str, int]
    brands_created: tuple[str, ...]


def plan(
    path: Path,
    *,
    columns: Mapping[str, str] | None = None,
    maps: Mapping[str, Mapping[str, str]] | None = None,
    where: Mapping[str, str] | None = None,
    brand: str | None = None,
    source: str | None = None,
) -> Plan:
    """Look at a file and decide how to read it; nothing is written.

    `columns` (role → column, an empty column for none) overrides what is recognised, `maps` explains values
    (`{"rating": {"1": "positive"}}`), `where` keeps only rows with these values. Raises NotFoundError or
    ImportFileError, in one line, for a file that cannot be read or mapped.
    """
    told, maps, where = dict(columns or {}), dict(maps or {}), dict(where or {})
    if brand is not None and told.get("brand"):
        raise ImportFileError(f"--brand {brand!r} and --columns brand={told['brand']}: say one of them")
    if source is not None:
        told["source"] = ""
    table = open_table(path)
    export = known_export(table.columns)
    sample = list(islice(table.rows(), SAMPLE_ROWS))
    chosen = recognise(table, sample, told, maps)
    reader = RowReader(table, chosen, maps, where)
    rows = chain(sample, islice(table.rows(), SAMPLE_ROWS, None))
    samples = _first_items(table, rows, reader, where)
    return Plan(
        table=table,
        columns=chosen,
        maps=maps,
        where=where,
        brand=brand,
        source=source or (export and export.source) or stem(path),
        samples=samples,
        notes=tuple(notes(chosen, brand, where)),
    )


def _first_items(table: Table, rows: Iterator[Row], reader: RowReader, where: Mapping[str, str]) -> tuple[Item, ...]:
    items: list[Item] = []
    first_fault, wanted, seen = "", 0, 0
    for row in rows:
        seen += 1
        try:
            if row.fault is None and not reader.wants(row):
                continue
            wanted += 1
            items.append(reader.read(row).item)
        except UnusableRowError as error:
            first_fault = first_fault or f"{table.where} {row.line}: {error}"
        if len(items) == SHOWN_ROWS or wanted >= SAMPLE_ROWS:
            break
    if items:
        return tuple(items)
    if not wanted:
        asked = ",".join(f"{name}={value}" for name, value in where.items())
        raise ImportFileError(f"{table.path}: none of {seen} rows has {asked}; look at the file, or leave --where out")
    raise ImportFileError(f"{table.path}: none of the first {wanted} rows can be used; {first_fault}")


def stem(path: Path) -> str:
    """The file's name without its endings, the one of compression too: reviews.csv.gz is "reviews"."""
    stem = path.with_suffix("") if path.suffix.casefold() == ".gz" else path
    return stem.stem or path.name


def notes(columns: ColumnMap, brand: str | None, where: Mapping[str, str]) -> Iterator[str]:
    """Yield what a person should know before the file is read."""
    if brand is None and "brand" not in columns.roles:
        yield which_brand(columns)
    for column, names in columns.brand_candidates.items():
        if brand is not None and len(names) > 1 and normalise(column) not in map(normalise, where):
            yield (
                f"column {column} holds {len(names)} names ({_some(names)}) and all rows go to {brand!r}; "
                f"--where {column}=… or --columns brand={column} keeps them apart"
            )
    if "published" not in columns.roles:
        yield "no column of dates: rows count on the day of their import"
    yield from columns.notes


def which_brand(columns: ColumnMap) -> str:
    """Ask for the brand that the rows speak of."""
    candidate = next(iter(columns.brand_candidates.items()), None)
    by_column = f" or --columns brand={candidate[0]} ({_some(candidate[1])})" if candidate else ""
    return f"which brand do the rows speak of? say --brand NAME{by_column}"


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (", …" if len(names) > 3 else "")


def execute(
    store: Store,
    settings: Settings,
    plan: Plan,
    *,
    rejects: Path,
    on_rows: Callable[[int], None] | None = None,
) -> ImportResult:
    """Import the rows of a plan, 500 in a transaction; `on_rows` is told how many have been read.

    Run again, after a kill too, it adds nothing that is there. Rows that cannot be used go to `rejects`. Brands of a
    column are made where they are new. Raises NotFoundError for an unknown `--brand`, ImportFileError where none is
    said, DiskError and StoreError where there is no writing.
    """
    if plan.brand is None and "brand" not in plan.columns.roles:
        raise ImportFileError(f"{plan.path}: {which_brand(plan.columns)}")
    run = Run(store, Intake(store, settings), plan, usual_language(plan, settings.languages))
    return carry_out(run, rejects, on_rows)


def carry_out(run: Run, rejects: Path, on_rows: Callable[[int], None] | None) -> ImportResult:
    """Read and store all rows of a run, some in each transaction."""
    with Rejects(rejects, run.plan.columns) as refused:
        for batch in _batches(run.readings(refused)):
            run.store_batch(batch)
            if on_rows:
                on_rows(run.read)
    if on_rows:
        on_rows(run.read)
    return ImportResult(
        read=run.read,
        added=run.counts.added,
        updated=run.counts.updated,
        unchanged=run.counts.unchanged,
        rejected=refused.count,
        skipped_by_where=run.skipped,
        rejects_path=rejects if refused.count else None,
        brands=dict(run.rows_of_brand),
        brands_created=run.created,
    )


def usual_language(plan: Plan, languages: Sequence[str]) -> str | None:
    """Return the language that nearly all telling texts at the file's beginning are in, None where there is none."""
    reader = plan.reader()
    identifier = LanguageIdentifier(languages)
    found: Counter[str] = Counter()
    for row in islice(plan.table.rows(), SAMPLE_ROWS):
        try:
            text = reader.read(row).item.text if row.fault is None and reader.wants(row) else ""
        except UnusableRowError:
            continue
        if len(text) >= TELLING_LENGTH:
            found[identifier.identify(text)] += 1
        if found.total() == JUDGED_ROWS:
            break
    usual = found.most_common(1)
    return usual[0][0] if usual and usual[0][1] >= USUAL_SHARE * found.total() else None


def _batches(readings: Iterator[Reading]) -> Iterator[list[Reading]]:
    while batch := list(islice(readings, BATCH_ROWS)):
        yield batch


class Run:
    """One pass over the file, with what it has counted so far."""

    def __init__(self, store: Store, intake: Intake, plan: Plan, language: str | None) -> None:
        self.read = 0
        self.skipped = 0
        self.counts = Counts()
        self.rows_of_brand: Counter[str] = Counter()
        self._store = store
        self._intake = intake
        self.plan = plan
        self._language = language
        self._reader = plan.reader()
        self._sources: dict[str, int] = {}
        self._repeats = _Repeats()
        self._brands, self.created = self._find_brands()

    def _find_brands(self) -> tuple[dict[str | None, tuple[int, str]], tuple[str, ...]]:
        """Return (id, name) of every brand that a row names, and which were made.

        All are there before the first mention is stored: masking spares the handles of the brands that there are, and
        a run that made them on its way would store other texts than the run after it.
        """
        found: dict[str | None, tuple[int, str]] = {}
        created: list[str] = []
        named = [self.plan.brand] if self.plan.brand is not None else self._brands_of_rows()
        with self._store.session() as session:
            for name in named:
                try:
                    brand = find_brand(session, name)
                except NotFoundError:
                    if self.plan.brand is not None:
                        raise
                    brand = add_brand(session, name)
                    created.append(name)
                found[name] = (brand.id, brand.name)
        if self.plan.brand is not None:
            found[None] = found[self.plan.brand]
        return found, tuple(created)

    def _brands_of_rows(self) -> list[str]:
        names: dict[str, None] = {}
        for row in self.plan.table.rows():
            try:
                # Only a row that can be used makes a brand; one that names a known brand need not be read for it.
                brand = self._reader.brand_of(row) if row.fault is None and self._reader.wants(row) else None
                if brand and brand not in names:
                    self.read_row(row)
                    names[brand] = None
            except UnusableRowError:
                continue
        return list(names)

    def read_row(self, row: Row) -> Reading:
        """Return what a row holds; raises UnusableRowError."""
        return self._reader.read(row)

    def readings(self, refused: Rejects) -> Iterator[Reading]:
        """Read the rows that are wanted; the ones that cannot be used go to the rejects."""
        for row in self.plan.table.rows():
            self.read += 1
            try:
                if row.fault is None and not self._reader.wants(row):
                    self.skipped += 1
                    continue
                reading = self.read_row(row)
                again = self._repeats.seen(reading, self.plan.source)
            except UnusableRowError as error:
                refused.write(row, str(error), error.column)
                continue
            self.rows_of_brand[self._brands[reading.brand][1]] += 1
            if again:
                self.counts += Counts(unchanged=1)
            else:
                yield reading

    def store_batch(self, batch: Sequence[Reading]) -> None:
        """Store the rows in one transaction, in their order for each source and brand."""
        groups: dict[tuple[str, str | None], list[Item]] = {}
        for reading in batch:
            groups.setdefault((reading.source or self.plan.source, reading.brand), []).append(
                reading.item if reading.item.language else replace(reading.item, language=self._language)
            )
        with self._store.session() as session:
            for (source, brand), items in groups.items():
                if source not in self._sources:
                    self._sources[source] = import_source(session, source).id
                brand_id = self._brands[brand][0]
                self.counts += self._intake.receive_in(session, self._sources[source], items, [brand_id])


class _Repeats:
    """Ids that came before in this file: an id that stands for two texts would make each import an edit of the last."""

    def __init__(self) -> None:
        self._content: dict[int, int] = {}
        self._brands: set[int] = set()

    def seen(self, reading: Reading, source: str) -> bool:
        """Say whether the same row came before; raises UnusableRowError where its id came with another content."""
        item = reading.item
        if item.external_id is None:
            return False
        key = hash((reading.source or source, item.external_id))
        content = hash((item.title, item.text, item.rating))
        if self._content.setdefault(key, content) != content:
            raise UnusableRowError("its id came before with another text or rating")
        branded = hash((key, reading.brand))
        if branded in self._brands:
            return True
        self._brands.add(branded)
        return False
