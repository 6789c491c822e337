"""Ratings and dates as people and exports write them, made comparable: a rating on 0..1, a date in UTC."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache

import dateparser
from dateparser.data.languages_info import language_order

from overheard.settings import LANGUAGES

EARLIEST, LATEST = 1990, 2100
"""The years a mention can have been published in; what lies outside is a placeholder (0001-01-01) or a mistake."""

_KNOWN_LANGUAGES = frozenset(language_order)
_LONGEST, _LONGEST_LINE = 80, 300
"""Characters of a rating or date, and of a line with words around its date: dateparser takes seconds for a page."""

# -- ratings ---------------------------------------------------------------------------------------------------------

CLASSES = {"positive": 1.0, "neutral": 0.5, "negative": 0.0}
"""What a rating that is a class and no number of stars counts as on 0..1."""

_SCALES = (1.0, *(float(top) for top in range(3, 11)), 20.0, 100.0)
_NUMBER = r"(\d{1,3}(?:[.,]\d+)?)"
_STAR = r"(?:stars?|sterne?n?|sterren|ster|[ée]toiles?|stell[ae]|estrellas?|estrelas?|stele|stea|★|⭐)"
_OF = r"(?:/|out of|of|von|aus|van(?: de)?|uit|op|sur|su|de|din)"
_LEAD = r"(?:(?:rated|rating|score|bewertung|beoordeling|note|nota|notă|voto)\s*:?\s*)?"
_TAIL = r"\s*(?:points?|punkten?|punten|punti|puntos|pontos|puncte|bubbles)?\.?"
_FRACTION = re.compile(rf"{_LEAD}{_NUMBER}\s*{_STAR}?\s*{_OF}\s*{_NUMBER}\s*{_STAR}?{_TAIL}", re.IGNORECASE)
_STARRED = re.compile(rf"{_LEAD}{_NUMBER}\s*{_STAR}", re.IGNORECASE)
_PERCENT = re.compile(rf"{_NUMBER}\s*%")
_BARE = re.compile(rf"{_LEAD}{_NUMBER}", re.IGNORECASE)
_GLYPHS = re.compile(r"[★⭐🌟☆✩½⯪⯨\ufe0f\s]+")
_WORDS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5}


@dataclass(frozen=True, slots=True)
class Rating:
    """A rating on 0..1, as it was written, and the top of the scale it was given on (None for a class)."""

    value: float
    given: str
    scale: float | None


def parse_rating(given: str | int | float, scale: float | None = None) -> Rating | None:
    """Return the rating, or None where `given` is none.

    A rating that names its own scale ("4/5", "8,5 of 10", "80 %", "★★★★☆", "4 stars") keeps it; a bare number needs
    `scale`, the top of the scale. Scales under 10 start at 1, (r - 1) / (top - 1), and a bare 0 there means "not
    rated" and gives None; scales of 10, 20 and 100 start at 0, r / top. A number beyond its scale gives None.

    >>> parse_rating("4 of 5")
    Rating(value=0.75, given='4 of 5', scale=5.0)
    >>> parse_rating("8,5", 10).value
    0.85
    """
    if isinstance(given, bool):
        return None
    written = str(given).strip()
    text = " ".join(unicodedata.normalize("NFC", written).replace("\ufe0f", "").split())
    if not text or len(text) > _LONGEST:
        return None
    number, top = _read_rating(text, scale)
    if number is None or top not in _SCALES or not 0 <= number <= top:
        return None
    value = number / top if top >= 10 or top == 1 else max(0.0, (number - 1) / (top - 1))
    return Rating(value, written[:100], top)


def class_rating(name: str, given: str) -> Rating | None:
    """Return the rating of a class (positive, neutral or negative; `given` is how it was written), None for others."""
    value = CLASSES.get(name.strip().casefold())
    return None if value is None else Rating(value, given.strip()[:100], None)


def _read_rating(text: str, scale: float | None) -> tuple[float | None, float | None]:
    if _GLYPHS.fullmatch(text):
        return _count_stars(text)
    if match := _FRACTION.fullmatch(text):
        return _number(match[1]), _number(match[2])
    if match := _PERCENT.fullmatch(text):
        return _number(match[1]), 100.0
    if match := _STARRED.fullmatch(text):
        return _number(match[1]), 5.0
    first, _, rest = text.casefold().replace("_", " ").partition(" ")
    if first in _WORDS and rest in ("", "star", "stars"):
        return float(_WORDS[first]), 5.0
    if scale is not None and (match := _BARE.fullmatch(text)):
        number = _number(match[1])
        return (None, None) if number == 0 and 1 < scale < 10 else (number, float(scale))
    return None, None


def _count_stars(text: str) -> tuple[float | None, float | None]:
    full = sum(text.count(glyph) for glyph in "★⭐🌟")
    half = sum(text.count(glyph) for glyph in "½⯪⯨")
    empty = sum(text.count(glyph) for glyph in "☆✩")
    drawn = full + half + empty
    return full + half / 2, 5.0 if drawn <= 5 else float(drawn)


def _number(digits: str) -> float:
    return float(digits.replace(",", "."))


# -- dates -----------------------------------------------------------------------------------------------------------

_CLOCK = (
    r"(?P<hour>\d{1,2})(?:[:h](?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,]\d+)?)?)?\s*"
    r"(?P<half>[ap]\.?\s?m\.?)?\s*(?:uhr|uur|h)?\s*(?:z|utc|gmt)?"
)
_AT = r"(?:[\s,T]+|\s+(?:at|um|om|à|alle|alle ore|a las|às|la|la ora|ora|ore)\s+|\s+[-–]\s+)"
_DAY_MONTH_YEAR = re.compile(
    rf"(?P<a>\d{{1,2}})(?P<mark>[./-])\s?(?P<b>\d{{1,2}})(?P=mark)\s?(?P<year>\d{{4}}|\d{{2}})\.?(?:{_AT}{_CLOCK})?",
    re.IGNORECASE,
)
_YEAR_MONTH_DAY = re.compile(
    rf"(?P<year>\d{{4}})(?P<mark>[./-])(?P<a>\d{{1,2}})(?:(?P=mark)(?P<b>\d{{1,2}})(?:{_AT}{_CLOCK})?)?", re.IGNORECASE
)
_WORDS_AND_CLOCK = re.compile(rf"(?P<day>.*\d{{4}}\.?){_AT}{_CLOCK}", re.IGNORECASE)
_ZONE = re.compile(r"\s*(?:UTC|GMT|Z)$|(?<=\d)\s+(?=[+-]\d{2}:?\d{2}$)", re.IGNORECASE)
_EPOCH = re.compile(r"(\d{10})(?:\.\d+)?|(\d{13})|(\d{16})")
_SERIAL = re.compile(r"\d{5}(?:\.\d+)?")
_LEAD_IN = re.compile(r".*?(?::|\b(?:on|vom|am|le|il|el|em|op|la data de|pe)\b)\s*(?=.*\d{4})", re.IGNORECASE)
_EDITED = re.compile(r"\b(?:edited|posted|bearbeitet|bewerkt|modifi[ée]|editat|modificat[oa]|editado)\b", re.IGNORECASE)
# dateparser knows "3 settimane fa" and not "tre settimane fa", and takes the first word of "acum un an" for now.
_COUNTS = {
    "1": "a an one ein eine einem einer een één un une una uno um uma o",
    "2": "two zwei twee deux due dos dois duas doi două",
    "3": "three drei drie trois tre tres três trei",
    "4": "four vier quatre quattro cuatro quatro patru",
    "5": "five fünf vijf cinq cinque cinco cinci",
    "6": "six sechs zes sei seis șase",
}
_COUNT_WORDS = {word: digit for digit, words in _COUNTS.items() for word in words.split()}


def parse_date(
    text: str, *, languages: Sequence[str] = (), base: datetime | None = None, day_first: bool | None = None
) -> datetime | None:
    """Return the date in UTC, or None where `text` is none; what names no zone is taken as UTC.

    Reads ISO 8601, RFC 2822, numeric dates (03.04.2024, 4/3/24 10:11 PM), epochs in seconds to microseconds, a
    spreadsheet's day numbers, and month names in `languages` (default: the eight of the settings). `day_first` says
    how 03/04/2024 is read; by default month first where `languages` begins with en, day first elsewhere and wherever
    dots separate. Relative dates ("3 days ago", "5 March") need `base`. Years outside 1990..2100 give None.

    >>> parse_date("15.11.2017 13:35:00")
    datetime.datetime(2017, 11, 15, 13, 35, tzinfo=datetime.timezone.utc)
    """
    text = " ".join(unicodedata.normalize("NFKC", text).split())
    if not (1 <= len(text) <= _LONGEST_LINE if base else 4 <= len(text) <= _LONGEST):
        return None
    if day_first is None:
        day_first = not (languages and languages[0].startswith("en"))
    try:
        found = _from_iso(text) or _from_number(text) or _from_numeric(text, day_first)
        if found is None and not text.isdigit():
            found = _from_formats(text) or _from_words(text, _known(languages), base)
        found = found and (found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        return None
    return found if found and EARLIEST <= found.year <= LATEST else None


@lru_cache(maxsize=1024)
def is_relative(text: str) -> bool:
    """Say whether `text` is a date only when one knows when it was read ("3 days ago", "yesterday")."""
    now = datetime(2020, 6, 15, tzinfo=UTC)
    return parse_date(text) is None and parse_date(text, base=now) is not None


def _from_iso(text: str) -> datetime | None:
    if not text[:4].isdigit() or len(text) < 8:
        return None
    try:
        # A zone is spelt in more ways than fromisoformat knows: "… UTC", "… +0100".
        return datetime.fromisoformat(text if text[-1].isdigit() and text[-5] not in "+-" else _iso_zone(text))
    except ValueError:
        return None


def _iso_zone(text: str) -> str:
    return _ZONE.sub(lambda match: "" if match[0].isspace() else "+00:00", text)


def _from_number(text: str) -> datetime | None:
    if not text[0].isdigit():
        return None
    if match := _EPOCH.fullmatch(text):
        seconds = float(text) if match[1] else int(text) / (1e3 if match[2] else 1e6)
        return datetime.fromtimestamp(seconds, UTC)
    if _SERIAL.fullmatch(text):
        return datetime(1899, 12, 30, tzinfo=UTC) + timedelta(days=float(text))
    if len(text) == 4 and text.isdigit():
        return datetime(int(text), 1, 1, tzinfo=UTC)
    return None


def _from_numeric(text: str, day_first: bool) -> datetime | None:
    if match := _YEAR_MONTH_DAY.fullmatch(text):
        return _joined(int(match["year"]), int(match["a"]), int(match["b"] or 1), match)
    if match := _DAY_MONTH_YEAR.fullmatch(text):
        first, second = int(match["a"]), int(match["b"])
        day, month = (first, second) if day_first or match["mark"] == "." else (second, first)
        year = int(match["year"])
        return _joined(year if year > 99 else year + (2000 if year < 70 else 1900), month, day, match)
    return None


def _joined(year: int, month: int, day: int, match: re.Match[str]) -> datetime | None:
    return datetime.combine(date(year, month, day), _clock(match), UTC)


def _clock(match: re.Match[str]) -> time:
    parts = match.groupdict()
    hour = int(parts.get("hour") or 0)
    if half := parts.get("half"):
        hour = hour % 12 + (12 if half[0] in "pP" else 0)
    return time(hour, int(parts.get("minute") or 0), int(parts.get("second") or 0))


def _from_formats(text: str) -> datetime | None:
    """RFC 2822 (feeds) and the form of Twitter's exports, which come by the thousand: dateparser takes 1 ms each."""
    if "," in text[:5]:
        try:
            return parsedate_to_datetime(text)
        except (ValueError, TypeError):
            return None
    if text[-4:].isdigit() and text[-10:-9] in ("+", "-"):
        try:
            return datetime.strptime(text, "%a %b %d %H:%M:%S %z %Y")
        except ValueError:
            return None
    return None


def _known(languages: Sequence[str]) -> tuple[str, ...]:
    codes = (code.split("-")[0].split("_")[0].casefold() for code in languages)
    return tuple(dict.fromkeys(code for code in codes if code in _KNOWN_LANGUAGES))


def _from_words(text: str, languages: tuple[str, ...], base: datetime | None) -> datetime | None:
    clock = _WORDS_AND_CLOCK.fullmatch(text)
    if clock:
        day = _named_day(clock["day"], languages)
        if day is not None:
            return datetime.combine(day, _clock(clock), UTC)
    found = _named_day(text, languages)
    if found is None and (lead := _LEAD_IN.match(text)):
        found = _from_iso(text[lead.end() :]) or _named_day(text[lead.end() :], languages)
    if found is None and base is not None:
        found = _relative(text, languages, base)
    return found


@lru_cache(maxsize=8192)
def _named_day(text: str, languages: tuple[str, ...]) -> datetime | None:
    """A date with a month name and a year; cached, because an export has many rows of one day."""
    # "21 October" is no October of 2021.
    if not re.search(r"\d{4}|\d\D+\d", text):
        return None
    settings = {"PARSERS": ["absolute-time"], "REQUIRE_PARTS": ["month", "year"], "PREFER_DAY_OF_MONTH": "first"}
    return _ask(text, languages, settings)


def _relative(text: str, languages: tuple[str, ...], base: datetime) -> datetime | None:
    # dateparser knows the one Romanian word for today and not the other.
    text = re.sub(r"\bast[ăa]zi\b", "azi", _EDITED.sub("", text).strip(), flags=re.IGNORECASE)
    settings = {"RELATIVE_BASE": base.astimezone(UTC).replace(tzinfo=None), "PREFER_DATES_FROM": "past"}
    for form in dict.fromkeys((_counted(text), text)):
        if found := _ask(form, languages, {**settings, "PARSERS": ["relative-time"]}):
            return found
    return _ask(text, languages, {**settings, "PARSERS": ["absolute-time"]}) if re.search(r"\d", text) else None


def _counted(text: str) -> str:
    """Write the last count word as a digit: "il y a un an" → "il y a 1 an"."""
    words = text.casefold().split()
    for index in range(len(words) - 2, -1, -1):
        if words[index] in _COUNT_WORDS and not words[index + 1][0].isdigit():
            words[index] = _COUNT_WORDS[words[index]]
            break
    return " ".join(words)


def _ask(text: str, languages: tuple[str, ...], settings: Mapping[str, object]) -> datetime | None:
    zone = {"TIMEZONE": "UTC", "TO_TIMEZONE": "UTC", "RETURN_AS_TIMEZONE_AWARE": True}
    for choice in dict.fromkeys((languages or LANGUAGES, LANGUAGES)):
        found: datetime | None = dateparser.parse(text, languages=list(choice), settings={**zone, **settings})
        if found is not None:
            return found
    return None
