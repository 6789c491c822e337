"""Texts as they were meant: broken encodings are mended, and what no store takes is left out."""

from __future__ import annotations

import re

import ftfy
from ftfy.badness import is_bad

_CONFIG = ftfy.TextFixerConfig(unescape_html=True, uncurl_quotes=False, fix_latin_ligatures=False, explain=False)

# Latin letters, punctuation, currencies, emoji. Out of these ftfy changes only what it finds bad; "&" may begin an
# entity, and for Â and Ã it also looks whether they begin a line.
_ORDINARY = re.compile(
    "[\t\n -%'-~\u00a0-\u00c1\u00c4-\u024f\u200b-\u200d\u2010-\u2027\u2030-\u205e\u20ac\u2122"
    "\u2190-\u21ff\u2600-\u27bf\ufe0f\U0001f300-\U0001faff]*"
)
# All that ftfy finds bad in such a text has two signs in a row that are not ASCII, or an œ.
_SUSPECT = re.compile(r"[^\x00-\x7f]{2}|[Œœ]")
_UNSTORABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def repair(text: str) -> str:
    """Return the text with its encoding mended, entities as characters, and without control characters.

    >>> repair("trÃ¨s &eacute;l&eacute;gant")
    'très élégant'
    """
    # Most texts are sound; ftfy finds that out in many steps, each a look through the text.
    if _ORDINARY.fullmatch(text) and not (_SUSPECT.search(text) and is_bad(text)):
        return text
    return storable(ftfy.fix_text(text, _CONFIG))


def storable(text: str) -> str:
    """Return the text without control characters and lone surrogates, which no database takes; lines and tabs stay."""
    return _UNSTORABLE.sub("", text)
