"""Who wrote it must not be seen: authors become keyed pseudonyms, and leave ids, URLs and texts."""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata
from functools import lru_cache
from typing import Final
from urllib.parse import parse_qsl, unquote, unquote_plus, urlencode, urlsplit, urlunsplit

from overheard.errors import SettingsError
from overheard.nlp.languages import unaccented
from overheard.nlp.privacy import mask

NAME = "[name]"
_PROFILE = re.compile(r"/(?:@|~|(?:u|users?|profiles?|authors?|members?|people)/)[^/]", re.IGNORECASE)
_HOST = re.compile(r"^(?:[a-z]+:)?//[^/?#]*", re.IGNORECASE)
_ASCII_WORD = re.compile(r"[a-z0-9]+")
_WORD = re.compile(r"\w+")
_SECRET = re.compile(r"token|secret|passw|session|signature|auth|e-?mail|api_?key", re.IGNORECASE)
_NOBODY = frozenset(
    """anonymous|anonym|anonyme|anoniem|anonim|anonimo|guest|gast|invite|ospite|invitado|convidado|oaspete|unknown
    |user|deleted|deleted user|nutzer|customer|kunde|klant|client|cliente|verified customer|verified buyer|n a
    |google user|a google user|google nutzer|ein google nutzer|google gebruiker|een google gebruiker|utente google
    |un utente google|utilisateur google|un utilisateur google|usuario de google|un usuario de google
    |utilizador google|um utilizador google|usuario do google|um usuario do google|utilizator google
    |un utilizator google|amazon customer|kindle customer|amazon kunde|amazon klant|client amazon|client d amazon
    |cliente amazon|cliente de amazon""".replace("\n    ", "").split("|")
)
_SHORTEST = 4
"""Letters from which on a single word is taken for a name in a text: "Max" is also a word, "Maximilian" is not."""


def names_author(author: str | None, place: str | None) -> bool:
    """Say whether a URL or an id names its author: by the name itself, or as a path to a person's page.

    >>> names_author("Ana Pop", "https://x.example/reviews/ana-pop/17")
    True
    >>> names_author("Ana", "https://x.example/banana/17")
    False
    """
    path = _HOST.sub("", unquote(place or ""))
    if _PROFILE.search(path):
        return True
    name = _words_of(author or "")
    if len("".join(name)) < 3:
        return False
    words = _words_of(path)
    in_a_row = any(words[at : at + len(name)] == name for at in range(len(words)))
    return in_a_row or "".join(name) in words


def is_nobody(author: str) -> bool:
    """Say whether services put this name where an author gave none: the same for many people.

    >>> is_nobody("A Google user"), is_nobody("Anónimo"), is_nobody("Ana")
    (True, True, False)
    """
    return " ".join(tokens_of(author)) in _NOBODY


def tokens_of(text: str) -> list[str]:
    """Return the words of a text, case-folded, without accents and punctuation."""
    folded = text.casefold()
    if folded.isascii():
        return _ASCII_WORD.findall(folded)
    folded = unicodedata.normalize("NFKD", folded)
    marked = "".join(c if c.isalnum() else "" if unicodedata.combining(c) else " " for c in folded)
    return marked.split()


@lru_cache(maxsize=1024)
def _words_of(name: str) -> tuple[str, ...]:
    """The words of an author or an address, which are looked at for several fields and for all reviews of a page."""
    return tuple(tokens_of(name))


def hide_author(text: str, author: str | None) -> str:
    """Replace the author's full name in a text; a single short word is left, for it may be a word like any other.

    >>> hide_author("Dear Jane Doe, we are sorry.", "Jane Doe")
    'Dear [name], we are sorry.'
    """
    words = _WORD.findall(author or "") if text else []
    if not words or (len(words) == 1 and len(words[0]) < _SHORTEST) or len("".join(words)) < _SHORTEST:
        return text
    if _folded(words[0]) not in _folded(text):
        return text  # most texts do not hold it, and making a pattern for each author takes longer than all the rest
    name = r"[\W_]{1,3}".join(map(re.escape, words))
    return re.sub(rf"\b{name}\b", NAME, text, flags=re.IGNORECASE)


def _folded(text: str) -> str:
    """Fold all that `re.IGNORECASE` takes for the same: as casefold does, and the dotless and the dotted i as well."""
    return text.casefold().replace("i\u0307", "i").replace("\u0131", "i")


def public_url(url: str) -> str:
    """Return a URL without user, password and the parts of its query that hold a secret or personal data.

    >>> public_url("https://me:pw@x.example/r/1?id=7&access_token=abc&to=ann%40x.example")
    'https://x.example/r/1?id=7'
    """
    try:
        parts = urlsplit(url)
        query = _public_query(parts.query)
    except ValueError:
        return mask(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, query, parts.fragment))


@lru_cache(maxsize=1024)
def _public_query(query: str) -> str:
    given = parse_qsl(query, keep_blank_values=True)
    kept = [(key, value) for key, value in given if not _SECRET.search(key) and mask(value) == value]
    return query if len(kept) == len(given) else urlencode(kept)


class Pseudonymiser:
    """Turns authors and the ids that name them into keyed pseudonyms: the same ones with the same key, and no others.

    Raises SettingsError for an empty key.
    """

    def __init__(self, key: bytes) -> None:
        if not key:
            raise SettingsError("the key of the pseudonyms is empty: expected random bytes; `overheard init` makes one")
        self._key = key

    def name(self, author: str) -> str:
        """Return the pseudonym of an author, 16 hexadecimal digits; case and runs of spaces do not count."""
        normal = " ".join(unicodedata.normalize("NFKC", author).casefold().split())
        return self._digest(b"name", normal)[:16]

    def identifier(self, external_id: str) -> str:
        """Return the pseudonym of an id that names an author, 32 hexadecimal digits; every character counts."""
        return self._digest(b"id", external_id)[:32]

    def url(self, url: str, author: str) -> str:
        """Return the address without its author: without credentials and without every part that holds the name.

        The name is found as it is, as a slug and percent-encoded. What does not hold it stays, so that the address
        still leads as near as it can.
        """
        names = _spellings(author)
        parts = re.match(r"([^:/?#]+://)?(?:[^/?#]*@)?([^/?#]*)([^?#]*)(?:\?([^#]*))?(?:#(.*))?", url, re.DOTALL)
        if not names or parts is None:
            return url
        scheme, host, path, query, fragment = (parts[group] or "" for group in range(1, 6))
        labels = host.split(".")
        labels = [label for label in labels[:-2] if not _holds(label, names)] + labels[-2:]
        path = "/".join(folder for folder in path.split("/") if not _holds(folder, names))
        query = "&".join(value for value in query.split("&") if not _holds(value, names))
        kept = scheme + ".".join(labels) + path + ("?" + query if query else "")
        return kept + ("#" + fragment if fragment and not _holds(fragment, names) else "")

    def _digest(self, purpose: bytes, text: str) -> str:
        message = purpose + b"\0" + text.encode("utf-8", "surrogatepass")
        return hmac.digest(self._key, message, hashlib.sha256).hex()


_PLAIN: Final = str.maketrans({"ø": "o", "æ": "ae", "ł": "l", "đ": "d"})
_UMLAUTS: Final = _PLAIN | str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe"})


def _spellings(name: str) -> list[tuple[str, ...]]:
    """Return the words of a name in each way that an address may spell them: "müller", "mueller", "muller"."""
    lower = unicodedata.normalize("NFKC", name).casefold()
    spelt = (lower, lower.translate(_UMLAUTS), unaccented(lower.translate(_PLAIN)))
    words = (tuple(filter(None, re.split(r"[\W_]+", spelling))) for spelling in spelt)
    return [each for each in dict.fromkeys(words) if each]


def _holds(part: str, names: list[tuple[str, ...]]) -> bool:
    """Say whether a part of an address holds the name; of a name of up to three signs, only as words of its own."""
    for _ in range(3):
        part = unquote_plus(part)
    lower = unicodedata.normalize("NFKC", part).casefold()
    parts = [re.split(r"[\W_]+", text) for text in (lower, unaccented(lower))]
    return any(
        set(name) <= set(words) or (len("".join(name)) > 3 and "".join(name) in "".join(words))
        for name in names
        for words in parts
    )
