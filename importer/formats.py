"""Which format a file is in, told by its content: the ending of a name is only a promise."""

from __future__ import annotations

import zipfile
from pathlib import Path

from overheard.errors import ImportFileError, NotFoundError
from overheard.importer.delimited import open_delimited
from overheard.importer.encoding import detect_encoding, open_text, read_head
from overheard.importer.json_rows import open_json
from overheard.importer.names import role_of
from overheard.importer.shapes import is_date, is_number, is_url
from overheard.importer.sheets import open_parquet, open_xlsx
from overheard.importer.table import Table

EXPECTED = "CSV, TSV, JSON, JSON Lines, XLSX or Parquet"


def open_table(path: Path) -> Table:
    """Open a file of reviews; raises NotFoundError or ImportFileError, in one line, for what is no table."""
    if not path.exists():
        raise NotFoundError(f"file {str(path)!r} does not exist; check the path")
    head = read_head(path)
    if head.startswith(b"PAR1"):
        return open_parquet(path)
    if head.startswith(b"PK\x03\x04") and zipfile.is_zipfile(path):
        return _open_zip(path)
    encoding = detect_encoding(path)
    with open_text(path, encoding) as text:
        start = text.read(1000).lstrip("\ufeff\x00 \t\r\n")
    if start[:1] == "<":
        raise ImportFileError(f"{path} is HTML or XML, expected {EXPECTED}: open it in a spreadsheet, save it as XLSX")
    if _is_json(start):
        return open_json(path, encoding)
    return _with_header(open_delimited(path, encoding))


def _with_header(table: Table) -> Table:
    """Refuse a table whose first row is data: no usual name in it, but a number, a date or a link."""
    if not any(map(role_of, table.columns)):
        data = [name for name in table.columns if is_number(name) or is_url(name) or is_date(name)]
        if data:
            raise ImportFileError(f"{table.path} has no header: it begins with {data[0]!r}; put a row of names above")
    return table


def _open_zip(path: Path) -> Table:
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
    if "xl/workbook.xml" in names:
        return _with_header(open_xlsx(path))
    what = "an OpenDocument file" if "content.xml" in names else "a ZIP archive"
    remedy = "save it as XLSX" if "content.xml" in names else "unpack it first"
    raise ImportFileError(f"{path} is {what}, expected {EXPECTED}: {remedy}")


def _is_json(start: str) -> bool:
    """An object or an array; a CSV header may begin with a bracket too ("[id],[text]") but not go on like this."""
    if start[:1] not in ("{", "["):
        return False
    following = start[1:].lstrip()[:1]
    return following in ("", '"', "{", "}", "]") or (start[0] == "[" and following.isdigit())
