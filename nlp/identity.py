"""Who wrote it must not be seen: authors in ids, URLs and texts."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit

from overheard.nlp.privacy import mask

NAME = "[name]"
_PROFILE = re.compile(r"/(?:@|~|(?:u|users?|profiles?|authors?|members?|people)/)[^/]", re.IGNORECASE)
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
    path = re.sub(r"^(?:[a-z]+:)?//[^/?#]*", "", unquote(place or ""), flags=re.IGNORECASE)
    if _PROFILE.search(path):
        return True
    name = tokens_of(author or "")
    tokens = tokens_of(path)
    if len("".join(name)) < 3:
        return False
    in_a_row = any(tokens[at : at + len(name)] == name for at in range(len(tokens)))
    return in_a_row or "".join(name) in tokens


def is_nobody(author: str) -> bool:
    """Say whether services put this name where an author gave none: the same for many people.

    >>> is_nobody("A Google user"), is_nobody("Anónimo"), is_nobody("Ana")
    (True, True, False)
    """
    return " ".join(tokens_of(author)) in _NOBODY


def tokens_of(text: str) -> list[str]:
    """Return the words of a text, case-folded, without accents and punctuation."""
    folded = unicodedata.normalize("NFKD", text.casefold())
    marked = "".join(c if c.isalnum() else "" if unicodedata.combining(c) else " " for c in folded)
    return marked.split()


def hide_author(text: str, author: str | None) -> str:
    """Replace the author's full name in a text; a single short word is left, for it may be a word like any other.

    >>> hide_author("Dear Jane Doe, we are sorry.", "Jane Doe")
    'Dear [name], we are sorry.'
    """
    words = re.findall(r"\w+", author or "")
    if not words or (len(words) == 1 and len(words[0]) < _SHORTEST) or len("".join(words)) < _SHORTEST:
        return text
    name = r"[\W_]{1,3}".join(map(re.escape, words))
    return re.sub(rf"\b{name}\b", NAME, text, flags=re.IGNORECASE)


def public_url(url: str) -> str:
    """Return a URL without user, password and the parts of its query that hold a secret or personal data.

    >>> public_url("https://me:pw@x.example/r/1?id=7&access_token=abc&to=ann%40x.example")
    'https://x.example/r/1?id=7'
    """
    try:
        parts = urlsplit(url)
        query = parse_qsl(parts.query, keep_blank_values=True)
    except ValueError:
        return mask(url)
    kept = [(key, value) for key, value in query if not _SECRET.search(key) and mask(value) == value]
    text = parts.query if len(kept) == len(query) else urlencode(kept)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, text, parts.fragment))
