"""What other people wrote, made safe to show: no control characters, no escape sequences, no reversed text."""

from __future__ import annotations

import re

BIDIRECTIONAL = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
CONTROL = "\x00-\x1f\x7f-\x9f"
SURROGATE = "\ud800-\udfff"

_SEQUENCE = re.compile(r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]")
_SPACE = re.compile(r"[\s\u2028\u2029]+")
_UNSEEN = re.compile(f"[{CONTROL}{BIDIRECTIONAL}]")
_BROKEN = re.compile(f"[{SURROGATE}]")
_UNSAFE = re.compile(f"[\x7f-\x9f\u2028\u2029{BIDIRECTIONAL}{SURROGATE}]")


def printable(text: str) -> str:
    r"""Return a text on one line that cannot steer a terminal: escape sequences and control characters are left out.

    >>> printable("\x1b[31mred\x1b[0m and\n dead\x07")
    'red and dead'
    """
    text = _SPACE.sub(" ", _SEQUENCE.sub("", text))
    return _BROKEN.sub("\N{REPLACEMENT CHARACTER}", _UNSEEN.sub("", text)).strip()


def escaped(json_text: str) -> str:
    """Return JSON in which what could steer a terminal or break an encoder is escaped: the same data."""
    return _UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", json_text)
