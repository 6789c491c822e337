"""What a column's values look like, judged on a sample: the name of a column is a hint, its content decides."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from overheard.importer.names import ALWAYS_STARS, ZERO_TO_TEN, normalise
from overheard.intake.values import CLASSES, is_relative, parse_date, parse_rating

LANGUAGE_NAMES = {
    "english": "en", "anglais": "en", "englisch": "en", "engels": "en", "german": "de", "deutsch": "de",
    "allemand": "de", "dutch": "nl", "nederlands": "nl", "romanian": "ro", "romana": "ro", "italian": "it",
    "italiano": "it", "french": "fr", "francais": "fr", "spanish": "es", "espanol": "es", "castellano": "es",
    "portuguese": "pt", "portugues": "pt", "portugues do brasil": "pt",
}  # fmt: skip

_FEW = 0.2
"""Share of the numbers up to which they are too few to decide for a scale."""

_NUMBER = re.compile(r"-?\d+(?:[.,]\d+)?")
_CODE = re.compile(r"([a-z]{2})(?:[-_][a-z]{2,4})?", re.IGNORECASE)
_CLOCK = re.compile(r"\d{1,2}[:h]\d{2}(?:[:m]\d{2}(?:\.\d+)?)?\s*(?:[ap]\.?m\.?|uhr|uur)?", re.IGNORECASE)
_TWO_PARTS = re.compile(r"(\d{1,2})([/-])(\d{1,2})\2\d{2,4}\b(.*)")
_PROFILE = re.compile(
    r"(?:(?:twitter|x)\.com/(?!i/)|/@|/(?:profile|user|users|u|people|member|members)/)(?P<name>[^/?#\s]{2,80})"
)
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[a-z]{2,}", re.IGNORECASE)
_SPOILT = re.compile(r"\d(?:[.,]\d+)?E\+\d+", re.IGNORECASE)


def share(values: Sequence[str], fits: Callable[[str], bool]) -> float:
    """Return the share of values that fit, 0..1; 0 of no values."""
    return sum(map(fits, values)) / len(values) if values else 0.0


def is_url(value: str) -> bool:
    """Say whether the value is the address of a page; the bare name of a site ("www.shop.example") is none."""
    start = value.strip().casefold()
    return start.startswith(("http://", "https://")) or (start.startswith("www.") and "/" in start)


def is_email(value: str) -> bool:
    """Say whether the value is an e-mail address."""
    return bool(_EMAIL.fullmatch(value.strip()))


def profile_in(url: str) -> str | None:
    """Return the handle of the author whom a link names ("x.com/HANDLE/status/1"), None where it names none."""
    match = _PROFILE.search(url)
    return match["name"] if match else None


def is_number(value: str) -> bool:
    """Say whether the value is a bare number, with a point or a comma."""
    return bool(_NUMBER.fullmatch(value.strip()))


def is_clock(value: str) -> bool:
    """Say whether the value is a time of day and nothing else."""
    return bool(_CLOCK.fullmatch(value.strip()))


def is_wordy(value: str) -> bool:
    """Say whether the value holds words: letters, and neither an address nor a date."""
    letters = sum(map(str.isalpha, value))
    return letters >= 2 and letters * 4 > len(value.strip()) and not is_url(value)


def is_date(value: str) -> bool:
    """Say whether the value is a date, be it relative to a day that it does not name; a time of day is none."""
    if is_clock(value):
        return False
    return parse_date(value, day_first=True) is not None or parse_date(value, day_first=False) is not None or (
        not is_number(value) and is_relative(value)
    )  # fmt: skip


def is_rating(value: str) -> bool:
    """Say whether the value is a rating: a number up to 100, or one that names its own scale."""
    return parse_rating(value, 100) is not None


def is_class(value: str) -> bool:
    """Say whether the value may be the name or number of a class."""
    return len(value) <= 20 and len(value.split()) <= 2


def is_spoilt(value: str) -> bool:
    """Say whether a spreadsheet has rounded the value: 1.23457E+17 once was an id."""
    return bool(_SPOILT.fullmatch(value.strip()))


def language_of(value: str) -> str | None:
    """Return the code of two letters that the value stands for, None where it is no language."""
    if match := _CODE.fullmatch(value.strip()):
        return match[1].casefold()
    return LANGUAGE_NAMES.get(normalise(value))


@dataclass(frozen=True, slots=True)
class Scale:
    """The scale of a column of ratings: its top (None where each value names its own), or why there is none.

    `doubt` says why it may be another one.
    """

    top: float | None = None
    refusal: str | None = None
    remark: str | None = None
    doubt: str | None = None


def decide_scale(column: str, values: Sequence[str]) -> Scale:
    """Return the scale on which the column rates; refused where its numbers may be classes and no stars."""
    numbers = sorted(float(value.replace(",", ".")) for value in values if is_number(value))
    if not numbers:
        if share(values, is_rating) >= 0.5:
            return Scale(remark="each value names its scale")
        return Scale(refusal=_ask_for_classes(values))
    top = numbers[max(0, round(0.99 * len(numbers)) - 1)]
    if numbers[0] < 0 or top > 100:
        span = f"{numbers[0]:g} to {numbers[-1]:g}"
        classes = len(set(numbers)) <= 5
        return Scale(refusal=_ask_for_classes(values) if classes else f"numbers from {span} are no rating")
    name = normalise(column)
    if ZERO_TO_TEN.search(name) and top <= 10:
        return Scale(10.0, remark="0 to 10")
    whole = all(number.is_integer() for number in numbers)
    if whole and top <= 3 and not ALWAYS_STARS.search(name):
        return Scale(refusal=_ask_for_classes(values))
    scale = 1.0 if top <= 1 and not whole else next(limit for limit in (5.0, 10.0, 100.0) if top <= limit)
    unrated = numbers[0] == 0 and scale == 5
    remark = f"out of {scale:g}" + (", 0 taken as not rated" if unrated else "")
    return Scale(scale, remark=remark, doubt=_doubt(scale, numbers))


def _doubt(scale: float, numbers: Sequence[float]) -> str | None:
    """Say so where a few numbers alone decide for the wider scale: they may be slips on the narrower one."""
    narrower = {10.0: 5.0, 100.0: 10.0}.get(scale)
    if narrower is None:
        return None
    above = sum(number > narrower for number in numbers)
    if above > _FEW * len(numbers):
        return None
    slips = f"only {above} of {len(numbers)} values are above {narrower:g}"
    return f"{slips}; where they are slips, say what the values mean: --map 'rating:1=1/{narrower:g},…'"


def named_scale(values: Sequence[str]) -> Scale | None:
    """Return the scale of a column some of whose values name theirs ("4,5/5"), None where none of its values does.

    Bare numbers beside them are on that scale where it is one and they fit; else each value must name its own.
    """
    named = [rating for value in values if not is_number(value) and (rating := parse_rating(value))]
    if values and not named:
        return None
    tops = {rating.scale for rating in named}
    bare = [float(value.replace(",", ".")) for value in values if is_number(value)]
    if len(tops) == 1 and (top := named[0].scale) and all(0 <= number <= top for number in bare):
        return Scale(top, remark=f"out of {top:g}, as {len(named)} of {len(values)} values say")
    return Scale(remark="each value must name its scale")


def _ask_for_classes(values: Sequence[str]) -> str:
    names = sorted(name for name, _ in Counter(value.strip() for value in values).most_common(5))
    meanings = ",".join(f"{name}={name.casefold() if name.casefold() in CLASSES else '…'}" for name in names)
    return f"classes and no stars; say what they mean ({', '.join(CLASSES)}, or 1/5): --map 'rating:{meanings}'"


@dataclass(frozen=True, slots=True)
class DayOrder:
    """Whether 03/04/2024 is the 3rd of April, and whether the sample decided that."""

    day_first: bool
    decided: bool


def decide_day_order(values: Sequence[str]) -> DayOrder | None:
    """Return how the column writes days and months, None where it has no date that could be read both ways.

    A number over 12 decides; else the part that changes more within the sample is the day; else a clock with am or pm
    is American; else the day comes first.
    """
    found = [match for value in values if (match := _TWO_PARTS.match(value.strip()))]
    if not found:
        return None
    first, second = [int(match[1]) for match in found], [int(match[3]) for match in found]
    if max(first) > 12 or max(second) > 12:
        return DayOrder(sum(part > 12 for part in first) >= sum(part > 12 for part in second), decided=True)
    kinds_first, kinds_second = len(set(first)), len(set(second))
    if max(kinds_first, kinds_second) >= 3 * min(kinds_first, kinds_second):
        return DayOrder(kinds_first > kinds_second, decided=True)
    american = share([match[4] for match in found], lambda rest: bool(re.search(r"\d\s*[ap]\.?m", rest, re.I))) > 0.5
    return DayOrder(not american, decided=False)
