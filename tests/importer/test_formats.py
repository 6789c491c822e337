"""Every format and encoding comes down to the same rows; what is no table is refused in one line."""

from __future__ import annotations

import csv
import gzip
import io
import json
import tracemalloc
import zipfile
from datetime import datetime
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from overheard.errors import ImportFileError, NotFoundError
from overheard.importer.formats import open_table
from overheard.importer.table import Row

ROWS = [
    {"id": "1", "text": "Schnell, freundlich; gut.", "stars": "5"},
    {"id": "2", "text": 'Man sagte "nie wieder"\nund legte auf.', "stars": "1"},
    {"id": "3", "text": "Ganz ok", "stars": "3"},
]


def write_csv(path: Path, delimiter: str = ",", encoding: str = "utf-8", end: str = "\n") -> None:
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.DictWriter(file, ROWS[0], delimiter=delimiter, lineterminator=end)
        writer.writeheader()
        writer.writerows(ROWS)


def write_xlsx(path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.title = "Cover"
    for line in ("Our reviews", "made by nobody", "for everybody"):
        book.active.append([line])
    sheet = book.create_sheet("reviews")
    sheet.append(["Export of our reviews"])
    sheet.append([])
    sheet.append(["id", "text", "stars"])
    for row in ROWS:
        sheet.append([int(row["id"]), row["text"], float(row["stars"])])
    book.save(path)


def write_parquet(path: Path) -> None:
    pq.write_table(pa.Table.from_pylist(ROWS), path)


WRITERS = {
    "csv": lambda path: write_csv(path),
    "semicolons": lambda path: write_csv(path, ";"),
    "tsv": lambda path: write_csv(path, "\t"),
    "bars": lambda path: write_csv(path, "|"),
    "crlf": lambda path: write_csv(path, end="\r\n"),
    "utf-8 with mark": lambda path: write_csv(path, encoding="utf-8-sig"),
    "utf-16": lambda path: write_csv(path, "\t", encoding="utf-16"),
    "utf-16 without mark": lambda path: write_csv(path, encoding="utf-16-le"),
    "json lines": lambda path: path.write_text("\n".join(json.dumps(row) for row in ROWS)),
    "json": lambda path: path.write_text(json.dumps(ROWS)),
    "json, indented": lambda path: path.write_text(json.dumps(ROWS, indent=2, ensure_ascii=False), encoding="utf-8"),
    "json, wrapped": lambda path: path.write_text(json.dumps({"status": "ok", "reviews": ROWS, "next": [{"p": 2}]})),
    "json, wrapped twice": lambda path: path.write_text(
        json.dumps({"meta": {"users": [{"n": 1}], "page": 1}, "body": {"reviews": ROWS}}, indent=1)
    ),
    "json, one after another": lambda path: path.write_text("".join(json.dumps(row, indent=1) for row in ROWS)),
    "xlsx": write_xlsx,
    "parquet": write_parquet,
}


def rows_of(path: Path) -> list[Row]:
    return list(open_table(path).rows())


def table(tmp_path: Path, content: str | bytes, name: str = "reviews.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize("kind", WRITERS)
@pytest.mark.parametrize("name", ["reviews.csv", "reviews.dat"])
def test_every_format_gives_the_same_rows_whatever_its_ending(tmp_path: Path, kind: str, name: str) -> None:
    path = tmp_path / name
    WRITERS[kind](path)
    opened = open_table(path)
    assert opened.columns == ("id", "text", "stars")
    assert [dict(row.values) for row in opened.rows()] == ROWS
    assert [row.fault for row in opened.rows()] == [None, None, None]


@pytest.mark.parametrize("kind", ["csv", "json lines", "json"])
def test_text_formats_may_be_packed(tmp_path: Path, kind: str) -> None:
    plain, packed = tmp_path / "plain", tmp_path / "reviews.gz"
    WRITERS[kind](plain)
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert [dict(row.values) for row in rows_of(packed)] == ROWS


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp1252", "Größtes Lob – für 20 € müsste es öfter so sein"),
        ("latin-1", "Die größte Überraschung: höflich und schnell"),
        ("cp1252", "L’équipe n’a jamais répondu, le colis est arrivé cassé. Ça suffit"),
        ("cp1252", "A encomenda não chegou e ninguém me atendeu, não há solução"),
        ("cp1252", "Il servizio è pessimo, non c’è nessuno. Perché? Più di così no"),
        ("cp1252", "El envío llegó tarde, ¿cómo es posible? Mañana pediré la devolución"),
        ("cp1250", "Livrarea a întârziat două săptămâni şi nimeni nu mi-a răspuns"),
        ("mac_roman", "Größtes Lob für die höfliche Bedienung"),
        ("cp850", "Größtes Lob für die höfliche Bedienung"),
        ("utf-8", "Größtes Lob für die höfliche Bedienung 👍"),
    ],
)
def test_encodings_are_told_by_the_letters_of_our_languages(tmp_path: Path, encoding: str, text: str) -> None:
    path = table(tmp_path, f'id,text\n1,plain\n2,{"x" * 3000}\n3,"{text}"\n'.encode(encoding))
    assert rows_of(path)[2].values["text"] == text


def test_a_stray_byte_does_not_turn_utf8_into_mojibake(tmp_path: Path) -> None:
    content = "id,text\n" + "1,Größtes Lob für die Bedienung\n" * 50
    opened = open_table(table(tmp_path, content.encode() + "2,höflich\n".encode("cp1252")))
    texts = [row.values["text"] for row in opened.rows()]
    assert texts == ["Größtes Lob für die Bedienung"] * 50 + ["höflich"]
    assert "cp1252" in opened.detail


class TestCsv:
    def test_lines_are_those_of_the_file(self, tmp_path: Path) -> None:
        content = 'Report 2024\n\nid,text\n1,"two\nlines"\n\n2,one\n'
        assert [(row.line, row.values["text"]) for row in rows_of(table(tmp_path, content))] == [
            (4, "two\nlines"),
            (7, "one"),
        ]

    def test_the_separator_that_excel_writes_down(self, tmp_path: Path) -> None:
        assert rows_of(table(tmp_path, "sep=;\nid;text\n1;Gut, schnell\n"))[0] == Row(
            3, {"id": "1", "text": "Gut, schnell"}
        )

    @pytest.mark.parametrize("rest", ["2,b\n3,c\n", '2,"b"\n3,"c"\n', "\n".join(f"{n},b" for n in range(2, 900))])
    def test_a_quote_that_never_closes_costs_one_line(self, tmp_path: Path, rest: str) -> None:
        rows = rows_of(table(tmp_path, 'id,text\n0,"fine, really"\n1,"oh no\n' + rest))
        assert [row.fault for row in rows if row.line == 3] == ["a quote is opened and never closed"]
        assert [row.line for row in rows if row.fault] == [3]
        assert rows[-1].values["text"].strip() in "bc"

    def test_two_open_quotes_do_not_swallow_what_is_between(self, tmp_path: Path) -> None:
        content = 'id,text,n\n0,"a, b",1\n1,"open,2\n2,fine,3\n3,"open too,4\n4,"c, d",5\n'
        rows = rows_of(table(tmp_path, content))
        assert [row.line for row in rows if not row.fault] == [2, 4, 6]

    @pytest.mark.parametrize(
        ("content", "text"),
        [
            ('id,text\n1,"He said ""no"", twice"\n', 'He said "no", twice'),
            ('id,text\n1,"He said \\"no\\", twice"\n2,"x"\n', 'He said "no", twice'),
            ('id, text\n1, "no, never"\n', "no, never"),
            ('id\ttext\n1\t"No" is what he said\n2\t5" screen\n', '"No" is what he said'),
            ("id,text\n1,a\x00b and so on until it is long enough\n2,c\n", "ab and so on until it is long enough"),
            (f"id,text\n1,{'x' * 300_000}\n", "x" * 300_000),
            ("id,text\r1,old Mac\r2,b\r", "old Mac"),
        ],
    )  # fmt: skip
    def test_odd_quoting(self, tmp_path: Path, content: str, text: str) -> None:
        assert rows_of(table(tmp_path, content))[0].values["text"] == text

    def test_rows_of_another_width_say_so(self, tmp_path: Path) -> None:
        rows = rows_of(table(tmp_path, "id,text,n\n1,a,2\n2,b, c,3\n3,d\n4,e,5,,\n"))
        assert [(row.line, row.fault and row.fault[:20], row.width) for row in rows] == [
            (2, None, None), (3, "4 fields, expected 3", None), (4, None, 2), (5, None, None),
        ]  # fmt: skip

    def test_one_column_needs_no_quotes(self, tmp_path: Path) -> None:
        assert rows_of(table(tmp_path, "Review\nFast, cheap\nSlow, dear, rude\n"))[1].values == {
            "Review": "Slow, dear, rude"
        }

    def test_columns_without_a_name_and_with_one_name(self, tmp_path: Path) -> None:
        assert open_table(table(tmp_path, ",text,text\n0,a,b\n")).columns == ("column 1", "text", "text (2)")

    def test_words_for_nothing_are_empty(self, tmp_path: Path) -> None:
        assert rows_of(table(tmp_path, "id,text,a,b,c\n1,fine,NULL,NaN,#N/A\n"))[0].values == {
            "id": "1",
            "text": "fine",
        }

    @settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        st.lists(
            st.tuples(st.text("abcäß \"',;|\n", min_size=1, max_size=30), st.integers(0, 9)), min_size=1, max_size=20
        ),
        st.sampled_from([",", ";", "\t", "|"]),
    )
    def test_what_csv_writes_is_read_back(self, tmp_path: Path, rows: list[tuple[str, int]], delimiter: str) -> None:
        buffer = io.StringIO()
        writer = csv.writer(buffer, delimiter=delimiter, quoting=csv.QUOTE_ALL)
        writer.writerow(["text", "number", "kind"])
        writer.writerows([text, number, "review"] for text, number in rows)
        found = rows_of(table(tmp_path, buffer.getvalue()))
        expected = [text if text.strip() else None for text, _ in rows]
        assert [row.values.get("text") for row in found] == expected


class TestJson:
    def test_nested_keys_are_joined_and_lists_of_words_too(self, tmp_path: Path) -> None:
        row = {"id": 7.0, "user": {"name": "A"}, "text": "fine", "tags": ["a", "b"], "n": None, "ok": True}
        assert rows_of(table(tmp_path, json.dumps([row])))[0].values == {
            "id": "7", "user.name": "A", "text": "fine", "tags": "a, b", "ok": "true",
        }  # fmt: skip

    def test_lists_inside_of_rows_are_no_rows(self, tmp_path: Path) -> None:
        rows = [{"text": "a", "replies": [{"text": "x"}]}, {"text": "b", "replies": [{"text": "y"}]}]
        for content in ("\n".join(map(json.dumps, rows)), "".join(json.dumps(row, indent=1) for row in rows)):
            assert [row.values["text"] for row in rows_of(table(tmp_path, content))] == ["a", "b"]

    @pytest.mark.parametrize(
        ("content", "lines", "texts"),
        [
            ('{"t": "a"}\nbroken\n\n{"t": "b"}\n[1]\n', [2, 5], ["a", "b"]),
            ('{"t": \n{"t": "a"}\n{"t": "b"}', [1], ["a", "b"]),
            ('[{"t": "a"}, {"t": oops}, {"t": "b"}]', [2], ["a", "b"]),
            ('[{"t": "a"}, 5, {"t": "b"}]', [2], ["a", "b"]),
            ('[{"t": "a"}, {"t": "b"}, {"t": "cut o', [3], ["a", "b"]),
            ('[{"t": "a"}, {"t": "no end}, {"t": "b"}]', [2], ["a", "b"]),
            ('[{"t": "a"}, {"t": "b"}', [3], ["a", "b"]),
            ('[{"t": "a"}, {"t": "b"},\n', [3], ["a", "b"]),
            ('{"n": 2, "reviews": [{"t": "a"}, {"t": "b"}', [3], ["a", "b"]),
            (f'{{"t": "a"}}\n{{"t": {"9" * 5000}}}\n{{"t": "b"}}', [2], ["a", "b"]),
            ('{"t": "a"}\n' + '{"t":' * 99_999 + '\n{"t": "b"}', [2], ["a", "b"]),
        ],
    )
    def test_a_broken_row_is_one_row(self, tmp_path: Path, content: str, lines: list[int], texts: list[str]) -> None:
        rows = rows_of(table(tmp_path, content))
        assert [row.line for row in rows if row.fault] == lines
        assert [row.values["t"] for row in rows if not row.fault] == texts

    def test_an_array_that_is_cut_off_says_so(self, tmp_path: Path) -> None:
        assert rows_of(table(tmp_path, '[{"t": "a"}'))[1].fault == "the file ends before its array does"

    def test_a_fault_quotes_nothing_of_the_row(self, tmp_path: Path) -> None:
        assert rows_of(table(tmp_path, '{"t": "a"}\n"Zebedee"\n'))[1].fault == "a str, expected an object with keys"

    def test_what_no_database_stores_is_replaced(self, tmp_path: Path) -> None:
        row = {"id": "r\ud800", "a\udc00\x00": {"b": "Zo\x00e"}, "tags": ["\udfff", "x\x00"], "list": [{"y": "\ud801"}]}
        for content in (json.dumps([row]), json.dumps(row) + "\n" + json.dumps(row)):
            values = rows_of(table(tmp_path, content))[0].values
            assert values["id"] == "r\ufffd"
            assert values["a\ufffd.b"] == "Zoe"
            assert values["tags"] == "\ufffd, x"
            "".join((*values, *values.values())).encode()

    def test_an_array_is_never_read_whole(self, tmp_path: Path) -> None:
        path = tmp_path / "long.json"
        with path.open("w") as file:
            file.write("[")
            for number in range(8000):
                file.write(("," if number else "") + json.dumps({"id": number, "text": "the same words again " * 50}))
            file.write("]")
        tracemalloc.start()
        try:
            assert sum(1 for _ in open_table(path).rows()) == 8000
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert path.stat().st_size > 8_000_000
        assert peak < 3_000_000

    @settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=40), min_size=1, max_size=30), st.booleans()
    )
    def test_what_json_writes_is_read_back(self, tmp_path: Path, texts: list[str], ascii_only: bool) -> None:
        rows = [{"id": f"r{number}", "text": text} for number, text in enumerate(texts)]
        content = json.dumps(rows, ensure_ascii=ascii_only)
        found = rows_of(table(tmp_path, content, "reviews.json"))
        assert [row.values["id"] for row in found] == [row["id"] for row in rows]
        kept = [(row.values.get("text"), text.replace("\x00", "")) for row, text in zip(found, texts, strict=True)]
        assert all(read == text for read, text in kept if read is not None)


class TestTypedCells:
    def test_dates_and_numbers_of_a_sheet(self, tmp_path: Path) -> None:
        book = openpyxl.Workbook()
        book.active.append(["id", "text", "date", "rating"])
        book.active.append([123456789012, "fine", datetime.fromisoformat("2024-03-05T10:11"), 4.5])
        book.active.append([None, None, None, None])
        book.active.append([2, "short row"])
        book.save(tmp_path / "r.xlsx")
        rows = rows_of(tmp_path / "r.xlsx")
        assert rows[0].values == {"id": "123456789012", "text": "fine", "date": "2024-03-05T10:11:00", "rating": "4.5"}
        assert (rows[1].line, rows[1].fault, rows[1].width) == (4, None, None)

    def test_sheets_that_are_not_read_are_named(self, tmp_path: Path) -> None:
        write_xlsx(tmp_path / "r.xlsx")
        assert open_table(tmp_path / "r.xlsx").detail == "sheet 'reviews', not its sheets 'Cover'"

    def test_a_sheet_that_lies_about_its_size(self, tmp_path: Path) -> None:
        write_xlsx(tmp_path / "r.xlsx")
        with zipfile.ZipFile(tmp_path / "r.xlsx") as source, zipfile.ZipFile(tmp_path / "lie.xlsx", "w") as target:
            for name in source.namelist():
                content = source.read(name)
                target.writestr(name, content.replace(b'<dimension ref="A1:C6"', b'<dimension ref="A1"'))
        assert len(rows_of(tmp_path / "lie.xlsx")) == 3

    def test_parquet_with_types_and_nested_columns(self, tmp_path: Path) -> None:
        columns = {
            "id": [1, None],
            "text": ["a", "b"],
            "at": [datetime.fromisoformat("2024-03-05"), None],
            "user": [{"name": "x"}, None],
        }
        pq.write_table(pa.table(columns), tmp_path / "r.parquet")
        opened = open_table(tmp_path / "r.parquet")
        assert opened.columns == ("id", "text", "at", "user.name")
        assert [dict(row.values) for row in opened.rows()] == [
            {"id": "1", "text": "a", "at": "2024-03-05T00:00:00", "user.name": "x"}, {"text": "b"},
        ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("reviews.csv", b"", "is empty"),
        ("reviews.csv", b"\xef\xbb\xbf\r\n\r\n", "is empty"),
        ("reviews.csv", b"id,text,rating\n", "no row below"),
        ("reviews.csv", bytes(range(256)) * 50, "binary data"),
        ("reviews.csv", b"%PDF-1.7 and so on", "a PDF"),
        ("reviews.csv", b"\x89PNG\r\n\x1a\n" + b"x" * 50, "a picture"),
        ("reviews.xls", b"\xd0\xcf\x11\xe0" + b"x" * 50, "old Excel"),
        ("reviews.xls", b"<html><table><tr><td>text</td></tr></table></html>", "HTML or XML"),
        ("reviews.csv", b"5,Great service,2024-03-05\n4,Quick,2024-03-06\n", "no header"),
        ("reviews.json", b"[]", "JSON without rows"),
        ("reviews.json", b"{}", "JSON without rows"),
        ("reviews.json", b"[1, 2]", "JSON without rows (a int, expected"),
        ("reviews.json", b'{"a":' * 100_000, "JSON without rows (broken JSON (nested too deeply))"),
        ("reviews.json", b'[{"a":' + b'{"a":' * 100_000, "JSON without rows (broken JSON (nested too deeply))"),
        ("reviews.csv.gz", gzip.compress(b"id,text\n" + b"1,great\n" * 9999)[:-40], "damaged gzip"),
        ("reviews.parquet", b"PAR1" + b"x" * 100, "damaged Parquet"),
        ("reviews.xlsx", b"PK\x03\x04" + b"x" * 100, "a ZIP archive"),
    ],
)
def test_what_is_no_table_is_refused_in_one_line(tmp_path: Path, name: str, content: bytes, says: str) -> None:
    with pytest.raises(ImportFileError) as caught:
        list(open_table(table(tmp_path, content, name)).rows())
    assert says in str(caught.value)
    assert name in str(caught.value)
    assert "\n" not in str(caught.value)


def test_archives_workbooks_without_rows_missing_files_and_folders(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.csv", "w") as archive:
        archive.writestr("reviews.csv", "id,text")
    openpyxl.Workbook().save(tmp_path / "empty.xlsx")
    pq.write_table(pa.table({"text": pa.array([], pa.string())}), tmp_path / "empty.parquet")
    for name, says in (
        ("a.csv", "unpack it"),
        ("empty.xlsx", "no sheet"),
        ("empty.parquet", "no row"),
        ("", "is a folder"),
    ):
        with pytest.raises(ImportFileError, match=says):
            open_table(tmp_path / name)
    with pytest.raises(NotFoundError, match=r"gone\.csv.*does not exist"):
        open_table(tmp_path / "gone.csv")
