"""Which characters a file's bytes stand for: UTF-8 first, then the code pages that spreadsheets still write."""

from __future__ import annotations

import codecs
import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TextIO, cast

from charset_normalizer import from_bytes

from overheard.errors import ImportFileError, NotFoundError

STRAY = "overheard.stray"
"""Error handler: a byte that the encoding does not know is read as Windows-1252, so that no byte is ever lost."""

_BLOCK = 1 << 20
_SAMPLE = 1 << 16
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CODE_PAGES = ("cp1252", "cp1250", "iso8859-15", "iso8859-2", "mac_roman", "cp850", "latin-1")
_LETTERS = {
    "de": "äöüß",
    "nl": "éëïóöüè",
    "ro": "ăâîșțşţ",
    "it": "àèéìòù",
    "fr": "àâæçéèêëîïôœùûüÿ",
    "es": "áéíñóúü¿¡ºª",
    "pt": "ãáàâçéêíóôõúºª",
}
_TYPOGRAPHY = frozenset("“”„‚‘’«»‹›–—…•€£§°©®™½²\u00a0")
_EVERY_LETTER = frozenset("".join(_LETTERS.values()))
_KINDS = (
    (b"%PDF", "a PDF"),
    (b"\xd0\xcf\x11\xe0", "an old Excel file (.xls)"),
    (b"SQLite format 3", "an SQLite database"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"{\\rtf", "an RTF text"),
)


def _read_stray(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    stray = error.object[error.start : error.end]
    return "".join(_one_byte(byte) for byte in stray), error.end


def _one_byte(byte: int) -> str:
    try:
        return bytes([byte]).decode("cp1252")
    except UnicodeDecodeError:
        return chr(byte)


codecs.register_error(STRAY, _read_stray)


@dataclass(frozen=True, slots=True)
class Encoding:
    """The codec of a text file; `strays` counts the bytes of the sample that are not of it (read as Windows-1252)."""

    name: str
    strays: int = 0

    def __str__(self) -> str:
        shown = self.name.replace("utf-8-sig", "utf-8")
        return f"{shown} with bytes of cp1252" if self.strays else shown


@contextmanager
def open_bytes(path: Path) -> Iterator[BinaryIO]:
    """Open a file, unpacking gzip; whatever the system says comes out as an error of one line."""
    try:
        with path.open("rb") as raw:
            packed = raw.read(2) == b"\x1f\x8b"
            raw.seek(0)
            yield cast(BinaryIO, gzip.GzipFile(fileobj=raw)) if packed else raw
    except FileNotFoundError:
        raise NotFoundError(f"file {str(path)!r} does not exist; check the path") from None
    except IsADirectoryError:
        raise ImportFileError(f"{str(path)!r} is a folder, expected a file; name one of its files") from None
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise ImportFileError(f"{path}: damaged gzip file ({error}); fetch it again") from None
    except OSError as error:
        raise ImportFileError(f"{path}: cannot be read ({error.strerror}); check the file") from None


@contextmanager
def open_text(path: Path, encoding: Encoding) -> Iterator[TextIO]:
    """Open a text file with its line ends as they are and without a byte that could be lost."""
    errors = STRAY if not encoding.name.startswith(("utf-16", "utf-32")) else "replace"
    with open_bytes(path) as raw:
        yield io.TextIOWrapper(raw, encoding=encoding.name, errors=errors, newline="")


def read_head(path: Path, size: int = _SAMPLE) -> bytes:
    """Return the first `size` bytes, unpacked; raises for a file that is missing, empty or a folder."""
    with open_bytes(path) as raw:
        head = raw.read(size)
    if not head.strip(b"\x00 \t\r\n\xef\xbb\xbf\xff\xfe"):
        raise ImportFileError(f"{path} is empty; expected a table with a header row")
    return head


def detect_encoding(path: Path) -> Encoding:
    """Return the encoding of a text file; raises ImportFileError for a file that is no text.

    A byte order mark decides; else UTF-8 where the *whole* file is UTF-8 (or nearly: joined exports hold a few bytes
    of another code page); else the code page whose letters fit one of our languages; else what charset-normalizer says.
    """
    head = read_head(path)
    for mark, name in _MARKS:
        if head.startswith(mark):
            return Encoding(name)
    if wide := _without_mark(head):
        return Encoding(wide)
    _refuse_binary(path, head)
    sample = _first_block_not_utf8(path)
    if sample is None:
        return Encoding("utf-8")
    strays = sum(character == "\ufffd" for character in sample.decode("utf-8", "replace"))
    genuine = sum(character > "\x7f" for character in sample.decode("utf-8", "ignore"))
    if genuine > 3 * strays:
        return Encoding("utf-8", strays)
    return Encoding(_code_page(path, sample))


def _without_mark(head: bytes) -> str | None:
    """UTF-16 without its mark: every second byte of mostly western text is zero."""
    pairs = max(1, len(head) // 2)
    if head[1::2].count(0) / pairs > 0.4 and head[::2].count(0) / pairs < 0.05:
        return "utf-16-le"
    if head[::2].count(0) / pairs > 0.4 and head[1::2].count(0) / pairs < 0.05:
        return "utf-16-be"
    return None


def _refuse_binary(path: Path, head: bytes) -> None:
    what = next((name for mark, name in _KINDS if head.startswith(mark)), None)
    if what is None:
        controls = sum(byte < 32 and byte not in b"\t\n\v\f\r\x1a\x1b\x00" for byte in head)
        if controls * 100 <= len(head) and head.count(0) * 20 <= len(head):
            return
        what = "binary data"
    raise ImportFileError(f"{path} is {what}; expected CSV, TSV, JSON, XLSX or Parquet: export it as one of those")


def _first_block_not_utf8(path: Path) -> bytes | None:
    """Read the whole file; return the block that is not UTF-8, None where all is (1 GB takes about a second)."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    with open_bytes(path) as raw:
        while block := raw.read(_BLOCK):
            try:
                decoder.decode(block)
            except UnicodeDecodeError:
                return block
        try:
            decoder.decode(b"", final=True)
        except UnicodeDecodeError as error:
            return error.object
    return None


def _code_page(path: Path, sample: bytes) -> str:
    found = max(_CODE_PAGES, key=lambda name: _fit(sample, name))
    if _fit(sample, found) >= 0.6:
        return found
    lines = b"\n".join(line for line in sample.splitlines() if not line.isascii())[:_SAMPLE]
    guess = from_bytes(lines).best()
    if guess is None:
        raise ImportFileError(f"{path}: its encoding cannot be told; save it as UTF-8")
    return guess.encoding


def _fit(sample: bytes, name: str) -> float:
    """Share of the non-ASCII characters that the best of our languages, and any of them, writes; 0..1."""
    letters = [character for character in sample.decode(name, "replace").lower() if character > "\x7f"]
    known = [character for character in letters if character in _EVERY_LETTER or character in _TYPOGRAPHY]
    best = max(sum(c in alphabet or c in _TYPOGRAPHY for c in known) for alphabet in _LETTERS.values())
    return (best + len(known)) / (2 * len(letters)) if letters else 0.0
