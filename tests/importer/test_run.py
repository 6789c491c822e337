"""Files into a real store: what is counted, what is refused, and that running again changes nothing."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from overheard.errors import DiskError, ImportFileError, NotFoundError
from overheard.importer.run import ImportResult, execute, plan
from overheard.settings import Settings
from overheard.store.brands import add_brand
from overheard.store.database import Store
from overheard.store.tables import Brand, Mention, MentionBrand, MentionVersion, Source

HEADER = ("id", "author", "date", "rating", "text", "company")
PLACES = ("counter", "phone", "app", "branch", "website")


def review(number: int, **changes: str) -> dict[str, str]:
    row = {
        "id": f"r{number}",
        "author": f"Zebedee Q{number}",
        "date": f"2024-03-{number % 28 + 1:02}",
        "rating": str(number % 5 + 1),
        "text": f"The {PLACES[number % 5]} kept me waiting for {number} minutes.",
        "company": ("Nordwind", "Other")[number % 2],
    }
    return row | changes


def write(path: Path, rows: Iterable[dict[str, str]], header: Sequence[str] = HEADER) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, header, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.fixture
def nordwind(store: Store) -> Store:
    """A store with one brand, which has an alias."""
    with store.session() as session:
        add_brand(session, "Nordwind Bank", aliases=["Nordwind"])
    return store


def run(store: Store, settings: Settings, path: Path, **options: Any) -> ImportResult:
    """Plan and execute, the rejects beside the file, and check that the counts add up."""
    result = execute(store, settings, plan(path, **options), rejects=path.with_suffix(".rejects.jsonl"))
    handed = result.added + result.updated + result.unchanged
    assert result.read == handed + result.rejected + result.skipped_by_where
    assert sum(result.brands.values()) == handed
    return result


def rejects_of(result: ImportResult) -> list[dict[str, Any]]:
    assert result.rejects_path is not None
    return [json.loads(line) for line in result.rejects_path.read_text(encoding="utf-8").splitlines()]


def contents(store: Store) -> list[tuple[Any, ...]]:
    """Everything that a second run must leave as it is, without row ids and fetch times."""
    statement = (
        select(Source.name, Mention.external_id, Mention.text, Mention.rating, Mention.published, Brand.name)
        .join(Mention, Mention.source_id == Source.id)
        .outerjoin(MentionBrand, MentionBrand.mention_id == Mention.id)
        .outerjoin(Brand, Brand.id == MentionBrand.brand_id)
    )
    with store.session() as session:
        versions = session.scalar(select(func.count()).select_from(MentionVersion))
        return [*sorted(map(tuple, session.execute(statement)), key=str), (versions,)]


def test_rows_become_mentions_of_the_brand(nordwind: Store, settings: Settings, tmp_path: Path) -> None:
    path = write(tmp_path / "trustpilot march.csv", (review(number) for number in range(6)))
    result = run(nordwind, settings, path, brand="Nordwind")
    assert (result.read, result.added, result.rejects_path) == (6, 6, None)
    assert (result.brands, result.brands_created) == ({"Nordwind Bank": 6}, ())
    with nordwind.session() as session:
        source = session.scalars(select(Source)).one()
        mention = session.scalars(select(Mention).where(Mention.external_id == "r2")).one()
    assert (source.kind, source.name) == ("import", "trustpilot march")
    assert (mention.text, mention.rating, mention.rating_given) == ("The app kept me waiting for 2 minutes.", 0.5, "3")
    assert mention.rating_scale == 5
    assert str(mention.day) == "2024-03-03"
    assert "Zebedee" not in str(mention.author)
    assert mention.attributes == {"company": "Nordwind"}


@pytest.mark.parametrize("header", [HEADER, HEADER[1:]], ids=["with ids", "without"])
def test_importing_again_adds_nothing(
    nordwind: Store, settings: Settings, tmp_path: Path, header: tuple[str, ...]
) -> None:
    rows = [review(number % 8) if "id" not in header else review(number) for number in range(24)]
    path = write(tmp_path / "reviews.csv", rows, header)
    first = run(nordwind, settings, path, brand="Nordwind")
    before = contents(nordwind)
    again = run(nordwind, settings, path, brand="Nordwind")
    assert (first.added, again.added, again.updated, again.unchanged) == (24, 0, 0, 24)
    assert contents(nordwind) == before


def test_an_edited_row_keeps_its_earlier_version(nordwind: Store, settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "reviews.csv"
    run(nordwind, settings, write(path, [review(1), review(2)]), brand="Nordwind")
    result = run(nordwind, settings, write(path, [review(1), review(2, text="They called me back.")]), brand="Nordwind")
    assert (result.updated, result.unchanged) == (1, 1)
    with nordwind.session() as session:
        assert "2 minutes" in session.scalars(select(MentionVersion.text)).one()


class TestRejects:
    def test_each_with_its_line_and_reason_and_the_rest_goes_in(
        self, nordwind: Store, settings: Settings, tmp_path: Path
    ) -> None:
        rows = [review(number) for number in range(200)]
        rows[3] = review(3, date="soon, I hope")
        rows[5] = review(5, rating="see my e-mail zebedee@mail.example")
        rows[7] = review(7, text="  ", rating="7")
        rows[9] = review(9, rating="9")
        rows[11] = review(4, text="Another text under an id that came before")
        rows[13] = review(13, date="", rating="")
        result = run(nordwind, settings, write(tmp_path / "reviews.csv", rows), brand="Nordwind")
        refused = rejects_of(result)
        assert [(entry["line"], entry["reason"].split(" ", 2)[:2]) for entry in refused] == [
            (5, ["date:", "its"]),
            (7, ["rating:", "its"]),
            (9, ["no", "text"]),
            (11, ["rating", "'9'"]),
            (13, ["its", "id"]),
        ]
        assert (result.added, result.rejected) == (195, 5)
        assert refused[0]["row"]["text"] == "The branch kept me waiting for 3 minutes."
        assert "zebedee" not in json.dumps(refused).casefold()

    def test_cells_that_lost_their_columns_are_not_written(
        self, nordwind: Store, settings: Settings, tmp_path: Path
    ) -> None:
        path = write(tmp_path / "reviews.csv", [review(number, text="Slow, and rude") for number in (1, 2, 4)])
        path.write_text(
            path.read_text() + 'r3,Zebedee,Q,2024-03-01,5,"a, b",x\nr4,Zebedee\nr5,"Zebedee,2024-03-01,5,c,d\n'
        )
        entries = rejects_of(run(nordwind, settings, path, brand="Nordwind"))
        assert [entry["line"] for entry in entries] == [5, 6, 7]
        assert [entry["row"] for entry in entries] == [None, None, None]

    def test_nothing_of_a_person_is_written(self, nordwind: Store, settings: Settings, tmp_path: Path) -> None:
        rows = [review(number, url=f"https://reviews.example/{number}") for number in range(60)]
        rows[2] |= {"text": "", "url": "https://reviews.example/zebedee-q2/7", "id": "zebedee.q2-1"}
        rows[3] |= {"rating": "Zebedee Q3", "text": "Yours, Zebedee Q3"}
        rows[4] |= {"date": "Zebedee Q4", "url": "https://reviews.example/~zebedee"}
        rows[5] |= {"id": "r1", "url": "https://x.com/zebedee/status/5"}
        path = write(tmp_path / "reviews.csv", rows, (*HEADER, "url"))
        result = run(nordwind, settings, path, brand="Nordwind")
        entries = rejects_of(result)
        assert "zebedee" not in json.dumps(entries).casefold()
        assert [set(HEADER) - set(entry["row"]) for entry in entries] == [
            {"id", "author", "text"}, {"author", "rating"}, {"author", "date"}, {"author"},
        ]  # fmt: skip
        assert ["url" in entry["row"] for entry in entries] == [False, True, False, False]
        assert "r1" not in entries[3]["reason"]

    def test_a_file_without_persons_shows_the_value(self, nordwind: Store, settings: Settings, tmp_path: Path) -> None:
        rows = [review(number) for number in range(9)] + [review(9, date="soon, I hope")]
        path = write(tmp_path / "reviews.csv", rows, ("date", "rating", "text"))
        entry = rejects_of(run(nordwind, settings, path, brand="Nordwind"))[0]
        assert entry["reason"] == "date 'soon, I hope' is no date"
        assert entry["row"]["date"] == "soon, I hope"

    def test_half_characters_are_stored(self, nordwind: Store, settings: Settings, tmp_path: Path) -> None:
        path = tmp_path / "reviews.json"
        rows = [review(1, text="Late \ud83d, and rude\x00", id="r\udc00", author="Zo\ud800"), review(2, text="\x00")]
        path.write_text(json.dumps(rows))
        result = run(nordwind, settings, path, brand="Nordwind")
        assert (result.added, result.rejected) == (1, 1)
        assert contents(nordwind)[0][2] == "Late \ufffd, and rude"

    def test_a_row_may_lack_what_is_not_needed(self, nordwind: Store, settings: Settings, tmp_path: Path) -> None:
        header = ("id", "rating", "text", "company", "url")
        path = write(tmp_path / "reviews.csv", [review(number, text="Slow, and rude") for number in range(9)], header)
        path.write_text(path.read_text() + 'r91,5,"Cheap, and fine"\nr92,5\n')
        result = run(nordwind, settings, path, brand="Nordwind")
        assert result.added == 10
        assert [entry["reason"][:27] for entry in rejects_of(result)] == ["2 fields, expected at least"]

    def test_a_file_without_rejects_makes_none(self, nordwind: Store, settings: Settings, tmp_path: Path) -> None:
        run(nordwind, settings, write(tmp_path / "reviews.csv", [review(1)]), brand="Nordwind")
        assert not list(tmp_path.glob("*.rejects.jsonl"))

    def test_a_rejects_file_that_cannot_be_written(self, nordwind: Store, settings: Settings, tmp_path: Path) -> None:
        path = write(tmp_path / "reviews.csv", [review(1), review(2, text="")])
        with pytest.raises(DiskError, match=r"gone.*cannot be written"):
            execute(nordwind, settings, plan(path, brand="Nordwind"), rejects=tmp_path / "gone" / "r.jsonl")


class TestBrands:
    def test_an_unknown_brand_is_refused_with_the_nearest(
        self, nordwind: Store, settings: Settings, tmp_path: Path
    ) -> None:
        path = write(tmp_path / "reviews.csv", [review(1)])
        with pytest.raises(NotFoundError, match="Nordwind Bank"):
            run(nordwind, settings, path, brand="Nordwnd Bank")
        assert contents(nordwind) == [(0,)]

    def test_no_brand_is_refused_with_the_column_that_has_them(
        self, nordwind: Store, settings: Settings, tmp_path: Path
    ) -> None:
        path = write(tmp_path / "reviews.csv", [review(1), review(2)])
        with pytest.raises(ImportFileError, match=r"--brand NAME or --columns brand=company \(Other, Nordwind\)"):
            run(nordwind, settings, path)

    def test_a_column_finds_brands_by_alias_and_makes_the_new(
        self, nordwind: Store, settings: Settings, tmp_path: Path
    ) -> None:
        rows = (
            [review(number) for number in range(6)] + [review(6, company="")] + [review(7, text="", company="Nobody")]
        )
        result = run(nordwind, settings, write(tmp_path / "reviews.csv", rows), columns={"brand": "company"})
        assert (result.brands, result.brands_created) == ({"Nordwind Bank": 3, "Other": 3}, ("Other",))
        assert [entry["reason"] for entry in rejects_of(result)] == [
            "no brand in column company",
            "no text and no title",
        ]
        with nordwind.session() as session:
            assert set(session.scalars(select(Brand.name))) == {"Nordwind Bank", "Other"}

    def test_a_column_of_anything_is_none_of_brands(self, tmp_path: Path) -> None:
        path = write(tmp_path / "reviews.csv", (review(number) for number in range(60)))
        with pytest.raises(ImportFileError, match=r"'author' has 60 values in 60 rows, no brands"):
            plan(path, columns={"brand": "author"})

    def test_a_review_of_two_brands_is_one_mention(self, nordwind: Store, settings: Settings, tmp_path: Path) -> None:
        rows = [
            review(1),
            review(2),
            *(review(number) for number in range(10, 80)),
            review(1, company="Nordwind"),
            review(1),
        ]
        result = run(nordwind, settings, write(tmp_path / "reviews.csv", rows), columns={"brand": "company"})
        assert (result.added, result.unchanged) == (72, 2)
        assert len([row for row in contents(nordwind) if "r1" in row]) == 2


class TestSources:
    def test_a_column_of_sources_or_the_option_or_the_name_of_the_file(
        self, nordwind: Store, settings: Settings, tmp_path: Path
    ) -> None:
        rows = [review(number) | {"platform": ("trustpilot", "facebook", "")[number % 3]} for number in range(6)]
        path = write(tmp_path / "all.csv", rows, (*HEADER, "platform"))
        run(nordwind, settings, path, brand="Nordwind")
        run(nordwind, settings, path, brand="Nordwind", source="Google")
        names = [row[0] for row in contents(nordwind)[:-1]]
        assert {name: names.count(name) for name in names} == {"trustpilot": 2, "facebook": 2, "all": 2, "Google": 6}

    def test_where_skips_and_counts(self, nordwind: Store, settings: Settings, tmp_path: Path) -> None:
        path = write(tmp_path / "reviews.csv", (review(number) for number in range(9)))
        result = run(nordwind, settings, path, brand="Nordwind", where={"company": "nordwind", "rating": "1"})
        assert (result.added, result.skipped_by_where) == (1, 8)


def test_progress_is_told_batch_by_batch(nordwind: Store, settings: Settings, tmp_path: Path) -> None:
    path = write(tmp_path / "reviews.csv", (review(number) for number in range(1203)))
    told: list[int] = []
    execute(nordwind, settings, plan(path, brand="Nordwind"), rejects=tmp_path / "r.jsonl", on_rows=told.append)
    assert told == [500, 1000, 1203, 1203]


KILLED_RUN = """
import sys
from pathlib import Path
from overheard.importer.run import execute, plan
from overheard.settings import Settings
from overheard.store.database import Store

folder = Path(sys.argv[1])
settings = Settings(directory=folder)
chosen = plan(folder / "reviews.csv", columns={"brand": "company"})
store = Store.open(settings.store_url)
execute(store, settings, chosen, rejects=folder / "r.jsonl", on_rows=lambda read: print(read, flush=True) or input())
"""


@pytest.mark.slow
@pytest.mark.parametrize("batches", [1, 3])
def test_killed_and_run_again_is_as_if_undisturbed(
    store: Store, settings: Settings, tmp_path: Path, batches: int
) -> None:
    rows = [review(number % 700, text=f"@other waited for {number % 650} minutes") for number in range(2200)]
    path = write(tmp_path / "reviews.csv", rows, HEADER[1:])
    command = [sys.executable, "-c", KILLED_RUN, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write("\n" * (batches - 1))
        process.stdin.flush()
        assert [int(process.stdout.readline()) for _ in range(batches)][-1] == 500 * batches
        process.kill()
    assert len(contents(store)) - 1 == 500 * batches
    run(store, settings, path, columns={"brand": "company"})
    calm_settings = Settings(directory=tmp_path / "calm")
    calm_settings.directory.mkdir()
    calm_settings.key_path.write_bytes(settings.key_path.read_bytes())
    calm = Store.create(calm_settings.store_url)
    result = run(calm, calm_settings, path, columns={"brand": "company"})
    assert result.added == 2200
    assert contents(store) == contents(calm)
    calm.close()
