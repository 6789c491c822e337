"""The user's own credentials for a service: from the environment, or from a file that only its owner can read.

They are read when a crawl begins and kept in memory alone: never in the store, a target, a log or a message.
"""

from __future__ import annotations

import json
import logging
import os
import re
import stat
import tomllib
import traceback
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

from overheard.errors import SettingsError
from overheard.settings import Settings

FILE_NAME = "credentials.toml"
"""Beside overheard.toml: a table for each kind of source, such as `[youtube]` with `key = "…"`."""

HIDDEN = "•••"
"""What stands in a message where a credential stood."""

LONGEST = 600
"""Characters of a reason that are written down; what a service says has no bound of its own."""


def variable(kind: str, name: str) -> str:
    """Return the environment variable of a credential.

    >>> variable("youtube", "key")
    'OVERHEARD_YOUTUBE_KEY'
    """
    return f"OVERHEARD_{kind}_{name}".upper()


def read_credentials(
    kind: str, names: Sequence[str], settings: Settings, page: str | None = None
) -> dict[str, str]:  # fmt: skip
    """Return the credentials of a kind of source by name, the environment's before the file's.

    `page` is the document that says where to get them, that of the kind of source where none is named.

    Raises SettingsError where one is missing, or where others can read the file.
    """
    found = {name: value for name in names if (value := os.environ.get(variable(kind, name), "").strip())}
    path = settings.directory / FILE_NAME
    if len(found) < len(names) and path.exists():
        found = _table(path, kind) | found
    for name in names:
        if not found.get(name):
            raise SettingsError(
                f"{kind} needs your own {name}: set {variable(kind, name)}, or {name} under [{kind}] in {str(path)!r} "
                f"(mode 600); {page or f'docs/sources/{kind}.md'} says where to get it"
            )
    return {name: found[name] for name in names}


def _table(path: Path, kind: str) -> dict[str, str]:
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            content = tomllib.load(file)
    except (OSError, ValueError, RecursionError) as error:
        # Not the error's own words: they may quote the file.
        raise SettingsError(f"{str(path)!r} cannot be read ({type(error).__name__}); expected TOML in UTF-8") from None
    if os.name == "posix" and stat.S_IMODE(mode) & 0o077:
        raise SettingsError(f"others can read {str(path)!r}; run `chmod 600 {path.name}` there")
    table = content.get(kind, {})
    if not isinstance(table, dict) or not all(isinstance(value, str) for value in table.values()):
        raise SettingsError(f"{str(path)!r}: [{kind}] holds no strings; expected a table such as [youtube] with a key")
    return {name: value.strip() for name, value in table.items()}


def hide(text: str, secrets: Iterable[str]) -> str:
    """Return the text without the secrets, also where it quotes them from an address or from JSON.

    >>> hide("GET /reviews?passkey=a%2Bb+c failed", ["a+b c"])
    'GET /reviews?passkey=••• failed'
    """
    written = [_spellings(secret) for secret in sorted(secrets, key=len, reverse=True) if secret]
    return re.sub("|".join(written), HIDDEN, text) if written else text


@lru_cache(maxsize=64)
def _spellings(secret: str) -> str:
    return "".join(map(_spelling, secret))


def _spelling(character: str) -> str:
    """Return a pattern of what may stand for a character: itself, percent-encoded (once or twice), escaped in JSON."""
    if character.isascii() and character.isalnum():
        return character
    encoded = "".join(f"%(?:25)?{byte:02x}" for byte in character.encode("utf-8", "surrogatepass"))
    escaped = json.dumps(character)[1:-1]
    plain = r"\s+|\+|%2b" if character.isspace() else rf"\\?{re.escape(character)}"
    return f"(?i:{encoded}|{re.escape(escaped)}|{plain})"


def reason_of(text: str, secrets: Iterable[str]) -> str:
    """Return a reason as it may be shown and stored: without the secrets, and then without the middle if it is long.

    Whoever cuts what a service says before this leaves a piece of a secret that no longer looks like it.
    """
    text = hide(text, secrets)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 200]} … {text[-200:]}"


@contextmanager
def hidden_in_logs(secrets: Collection[str]) -> Iterator[None]:
    """Keep the secrets, and those added while it lasts, out of every log record, tracebacks too."""
    make = logging.getLogRecordFactory()

    def without(*args: Any, **named: Any) -> logging.LogRecord:
        record = make(*args, **named)
        if secrets:
            said = record.getMessage()
            if record.exc_info and record.exc_info[0]:
                said += "\n" + "".join(traceback.format_exception(*record.exc_info)).rstrip()
                record.exc_info = None
            record.msg, record.args = hide(said, secrets), None
        return record

    logging.setLogRecordFactory(without)
    try:
        yield
    finally:
        logging.setLogRecordFactory(make)
