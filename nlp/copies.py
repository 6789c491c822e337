"""When is one text a copy of another, and how copies are found among a million without comparing each with each.

Texts are compared by their words, whatever case, accents, punctuation, emoji, numbers, addresses and masked names. Two
are copies where they have enough words in common, in one order: customers say short things alike, long ones never.
Candidates share a band: a hash of some minima of a MinHash (Broder 1997) over pairs of neighbouring words. Everything
here depends on the two texts alone, so that groups of copies depend on no order.
"""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections.abc import Sequence
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

SHARED = 12
"""Words in common from which two texts can be copies: customers say less than that alike (docs/duplicates.md)."""

ALIKE = 0.8
"""Share of the longer text's words that are in common, in one order: a template with names and a word changed."""

CUT, KEPT = 20, 0.9
"""Words of a text from which it may be the beginning of a longer one, and the share of them that must be there."""

REPEATED = 4
"""Words from which a text that the same author repeats word for word is a copy; "very good" is no proof of that."""

LONGEST = 2000
"""Words of a text that are compared; what comes later changes nothing."""

BANDS, MINIMA = 12, 4
"""Bands of a text and the minima in each: a copy with a tenth of its words changed shares one with probability 0.9,
and of a million reviews of one brand that are no copies, seven do."""

OPENING = 8
"""Words that a text and a longer one that begins with it share as one more band."""

_LEFT_OUT = re.compile(r"https?://\S+|www\.\S+|\[[a-z]+\]")
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|[^\W\d_]+|\d+")
_MARKS = re.compile(r"[\u0300-\u036f]+")

_SEED = 20261122
_FACTORS = np.random.Generator(np.random.PCG64(_SEED)).integers(1 << 62, (1 << 64) - 1, (3, BANDS * MINIMA), np.uint64)
_MIX = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))


def words_of(text: str, *, numbers: bool = False) -> list[str]:
    """Return the words that a text is compared by; a character of Chinese or Japanese is a word.

    A number is `0`, or with `numbers` itself.

    >>> words_of("Três encomendas, 14 dias: nada!! https://t.example/x [name]")
    ['tres', 'encomendas', '0', 'dias', 'nada']
    """
    folded = _LEFT_OUT.sub(" ", text).casefold()
    if not folded.isascii():
        # Letters of mathematics and the like are capitals only then.
        folded = _MARKS.sub("", unicodedata.normalize("NFKD", folded)).casefold()
    found = _WORD.findall(folded)[:LONGEST]
    return found if numbers else ["0" if word[0].isdecimal() else word for word in found]


def key_of(words: Sequence[str], *of: str) -> int:
    """Return a hash of words (and of whose they are), the same for the same ones: 64 bits, signed."""
    digest = blake2b("\x1f".join((*of, "", *words)).encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


def bands_of(words: Sequence[str]) -> list[int]:
    """Return the bands of a text of two words or more, each of 32 bits, signed; copies are likely to share one."""
    hashes = np.fromiter((zlib.crc32(word.encode("utf-8", "surrogatepass")) for word in words), np.uint64, len(words))
    pairs = _mixed(hashes[:-1] * _MIX[0] + hashes[1:])
    minima = ((pairs[:, None] * (_FACTORS[0] | np.uint64(1)) + _FACTORS[1]) >> np.uint64(32)).min(axis=0)
    bands = _mixed((_mixed(minima + _FACTORS[2])).reshape(BANDS, MINIMA).sum(axis=1, dtype=np.uint64))
    opening = key_of(words[:OPENING], "opening") & 0xFFFFFFFF
    found = np.append(bands >> np.uint64(32), np.uint64(opening)).astype(np.uint32).view(np.int32)
    return [int(band) for band in found]


def are_copies(one: Sequence[str], other: Sequence[str]) -> bool:
    """Tell whether two texts, given as their words, say the same in nearly the same words.

    Either most words of the longer one are in both, in one order, or the longer one begins with the shorter one.
    """
    short, long = sorted((one, other), key=len)
    if len(short) < SHARED:
        return False
    if len(short) >= ALIKE * len(long) and common(short, long) >= max(SHARED, ALIKE * len(long)):
        return True
    return len(short) >= CUT and common(short, long[: len(short)]) >= KEPT * len(short)


def common(one: Sequence[str], other: Sequence[str]) -> int:
    """Return the length of the longest common subsequence of words, by the bits of an integer (Hyyrö 2004).

    >>> common("we waited two days for it".split(), "we waited ten long days for it".split())
    5
    """
    places: dict[str, int] = {}
    for position, word in enumerate(one):
        places[word] = places.get(word, 0) | 1 << position
    whole = (1 << len(one)) - 1
    row = whole
    for word in other:
        matched = row & places.get(word, 0)
        row = (row + matched | row - matched) & whole
    return len(one) - row.bit_count()


def _mixed(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Spread the bits of 64-bit integers (the finaliser of SplitMix64, Steele and others 2014)."""
    values = (values ^ (values >> np.uint64(30))) * _MIX[0]
    values = (values ^ (values >> np.uint64(27))) * _MIX[1]
    return values ^ (values >> np.uint64(31))
