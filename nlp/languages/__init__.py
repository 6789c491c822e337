"""What sentences, privacy and relevance know about each language: one data module per code, all with the same names.

To add a language, add a module with these names and its code to `CODES`. All words are lower case; abbreviations stand
without their final full stop.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import import_module

CODES = ("en", "de", "nl", "ro", "it", "fr", "es", "pt")


def unaccented(text: str) -> str:
    """Return a text without its accents, compatibility forms ("ﬁ") spelt out, as hurried people type it.

    >>> unaccented("Größe, șansă")
    'Große, sansa'
    """
    if text.isascii():
        return text
    return "".join(sign for sign in unicodedata.normalize("NFKD", text) if not unicodedata.combining(sign))


@dataclass(frozen=True, slots=True)
class Language:
    """The words of one language that decide where sentences end, what a name is and which numbers are personal.

    `abbreviations` never end a sentence ("Dr."), `closing_abbreviations` may ("etc."), `number_abbreviations` are
    abbreviations only in front of a number ("no. 5"). `linking_words` cannot end a sentence (articles, prepositions);
    they and the `opening_words` are the ones that a sentence likes to start with. `business_words` stand before the
    name of a shop or a company ("bought at"), `articles` before a noun ("an apple"). `capital_nouns` says that every
    noun has a capital letter, `ordinal_point` that "3." means third. `reference_words` name things that carry a number
    (order), `reference_number_words` announce the number itself (booking reference). `phone_regions` are the countries
    whose national phone numbers are looked for.
    """

    code: str
    name: str
    abbreviations: frozenset[str]
    closing_abbreviations: frozenset[str]
    number_abbreviations: frozenset[str]
    linking_words: frozenset[str]
    opening_words: frozenset[str]
    business_words: frozenset[str]
    articles: frozenset[str]
    capital_nouns: bool
    ordinal_point: bool
    reference_words: frozenset[str]
    reference_number_words: frozenset[str]
    phone_regions: tuple[str, ...]


@cache
def load(code: str) -> Language:
    """Return the language of that code; for a code without a module, what all languages know together."""
    if code not in CODES:
        return _together(load(known) for known in CODES)
    module = import_module(f"{__name__}.{code}")
    return Language(
        code=code,
        name=module.NAME,
        abbreviations=frozenset(module.ABBREVIATIONS.split()),
        closing_abbreviations=frozenset(module.CLOSING_ABBREVIATIONS.split()),
        number_abbreviations=frozenset(module.NUMBER_ABBREVIATIONS.split()),
        linking_words=frozenset(module.LINKING_WORDS.split()),
        opening_words=frozenset(module.OPENING_WORDS.split()),
        business_words=frozenset(module.BUSINESS_WORDS.split()),
        articles=frozenset(module.ARTICLES.split()),
        capital_nouns=module.CAPITAL_NOUNS,
        ordinal_point=module.ORDINAL_POINT,
        reference_words=frozenset(module.REFERENCE_WORDS.split()),
        reference_number_words=frozenset(module.REFERENCE_NUMBER_WORDS.split()),
        phone_regions=module.PHONE_REGIONS,
    )


def _together(known: Iterable[Language]) -> Language:
    languages = list(known)

    def union(field: str) -> frozenset[str]:
        return frozenset().union(*(getattr(language, field) for language in languages))

    return Language(
        code="und",
        name="undetermined",
        abbreviations=union("abbreviations"),
        closing_abbreviations=union("closing_abbreviations"),
        number_abbreviations=union("number_abbreviations"),
        linking_words=frozenset(),
        opening_words=frozenset(),
        business_words=frozenset(),
        articles=frozenset(),
        capital_nouns=True,
        ordinal_point=False,
        reference_words=union("reference_words"),
        reference_number_words=union("reference_number_words"),
        phone_regions=tuple(dict.fromkeys(region for language in languages for region in language.phone_regions)),
    )
