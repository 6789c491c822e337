"""Damage done to an answer: to its bytes, its markup, or the JSON in it, as a seeded generator chooses."""

from __future__ import annotations

import copy
import json
import random
import re
from collections.abc import Callable, Iterator
from typing import Any

LONG, DEEP, DEEPER = 200_000, 1_000, 10_000

RAW = {
    "«huge»": "1e999", "«tiny»": "-1e999", "«nan»": "NaN", "«digits»": "9" * 5_000, "«million»": "9" * 30,
    "«deep»": "[" * DEEP + "]" * DEEP, "«deeper»": '{"a":' * DEEPER + "1" + "}" * DEEPER,
    "«escape»": '"\\ud83d"', "«null»": '"a\\u0000b\\u001f"',
}  # fmt: skip
"""What no encoder of JSON writes, by what stands in its place until it is written."""

FLOODS = (
    "a" * LONG, " " * LONG, "\n " * LONG, "<" * LONG, "<b " * LONG, "</p>" * LONG, "&amp;" * LONG, "&lt;b&gt;" * LONG,
    "&#" * LONG, "<!--" * DEEPER, "<b>" * DEEPER, "<blockquote><p>" * DEEPER, "[url=" * LONG, "[quote]" * LONG,
    "\\" * LONG, '"' * LONG, "'" * LONG, "//" * LONG, "/*" * LONG, "(" * LONG, "[" * LONG, "{" * LONG, "*_" * LONG,
    "`" * LONG, "> " * LONG, "![](" * LONG, "http://" * DEEPER, "@a " * DEEPER, "a@" * LONG, "\u0301" * LONG,
    "1 " * LONG, "0" * LONG, "٣" * LONG, "\u202e" * LONG, "🙂" * LONG, ", " * LONG, "a.b@c.d " * DEEPER,
)  # fmt: skip
"""Texts that some pattern may stumble over."""

ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 1.5, 2**31, -(2**63), 10**30, 10**400, "", " ", "0", "-1", "x", [], {}, [[]], [None],
    {"a": None}, "9999-12-31T23:59:59Z", "0000-00-00", "0001-01-01T00:00:00+14:00", "10000-01-01", "2026-13-45T99:99",
    "2026-11-21T10:00:00+99:99", "-2026-01-01", 253402300800, 99999999999999999, -99999999999, "3 years from now",
    "\x00", "\x1b[2J", "\ufeff", "\u2028", "http://[", "http://[::1]:99999/", "javascript:alert(1)", "//", "?", "#",
    "http://user:word@host/", "mailto:a@b", "%00%ff", "../../../etc/passwd", "file:///etc/passwd", "١٢٣", "½", "NaN",
    "1e999", "inf", "٥/٥", "5/0", "∞ stars", "<![CDATA[", "-->", "<script>", "&", "&#0;", "&#xD800;", "&#x110000;",
    "]]>", "${x}", "\ud800", *RAW,
)  # fmt: skip
"""Values of another type, beyond their range, or with a meaning somewhere."""

BOMB = (
    '<!DOCTYPE lolz [<!ENTITY l0 "lol">'
    + "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    + '<!ENTITY file SYSTEM "file:///etc/passwd">]>'
)
"""Entities that grow to three billion characters, and one that names a file."""

ENCODINGS = ("utf-16", "utf-16-be", "utf-32", "cp1252", "cp037", "shift_jis", "utf-7", "gb18030")
JUNK = (
    b"\x00", b"\x1a", b"\xff", b"\xfe\xff", b"\xed\xa0\x80", b"\xc0\xaf", b"\xf4\x90\x80\x80", b"\xef\xbb\xbf",
    b"\x1b$B", b"&", b"<", b">", b'"', b"\\", b"<!", b"</", b"{", b"]", b"\r\n\r\n",
    b"<?xml version='1.1' encoding='utf-99'?>",
)  # fmt: skip
LINKED = re.compile(r"(<script[^>]*ld\+json[^>]*>)(.*?)(</script>)", re.DOTALL)
PREFIX = re.compile(rb"\)\]\}'\s*")

Change = Callable[[random.Random, bytes], bytes]


def mutated(rng: random.Random, body: bytes) -> bytes:
    """Return the body with one to three changes, of which at most the first works on its structure."""
    start = body.lstrip(b"\xef\xbb\xbf \r\n\t")[:1]
    if rng.random() < 0.7:
        if PREFIX.match(body) or start in b"{[":
            body = _json(rng, body)
        elif start == b"<":
            body = rng.choice(MARKUP)(rng, body)
    else:
        body = rng.choice(BYTES)(rng, body)
    for _ in range(rng.choice((0, 0, 0, 1, 2))):
        body = rng.choice(BYTES)(rng, body)
    return body


# -- JSON -------------------------------------------------------------------------------------------------------------


def _json(rng: random.Random, body: bytes) -> bytes:
    """Change some places of a document; where a string of it is JSON itself, that may be changed instead."""
    prefix = (PREFIX.match(body) or re.match(b"", body))[0]  # type: ignore[index]
    try:
        given = json.loads(body[len(prefix) :])
    except ValueError:
        return rng.choice(BYTES)(rng, body)
    return prefix + changed_json(rng, given).encode("utf-8", "surrogatepass")


def changed_json(rng: random.Random, given: Any) -> str:
    """Return a value as JSON, with one to four of its places changed."""
    root = [copy.deepcopy(given)]
    for _ in range(rng.randint(1, 4)):
        _change_place(rng, root)
    text = json.dumps(root[0] if root else None, ensure_ascii=rng.random() < 0.5)
    for mark, raw in RAW.items():
        text = text.replace(json.dumps(mark), raw).replace(f'"{mark}"', raw)
    return text


def _change_place(rng: random.Random, root: list[Any]) -> None:
    places = list(_places(root))
    if not places:
        return
    holder, key = rng.choice(places)
    value = holder[key]
    kind = rng.randrange(8)
    if kind == 0:
        del holder[key]
    elif kind == 1:
        other, place = rng.choice(places)
        holder[key], other[place] = copy.deepcopy(other[place]), copy.deepcopy(value)
    elif kind == 2 and isinstance(holder, list):
        holder.extend(copy.deepcopy(value) for _ in range(_times(rng, len(repr(value)))))
    elif kind == 3 and isinstance(value, str) and value[:1] in ("[", "{"):
        holder[key] = changed_json(rng, json.loads(value)) if _is_json(value) else value[: len(value) // 2]
    elif kind == 3 and isinstance(value, str):
        at = rng.randint(0, len(value))
        holder[key] = value[:at] + (rng.choice(FLOODS) if rng.random() < 0.2 else str(rng.choice(ODD))) + value[at:]
    elif kind == 4:
        holder[key] = [value] if rng.random() < 0.5 else {"": value}
    elif kind == 5 and rng.random() < 0.2:
        holder[key] = rng.choice(FLOODS)
    else:
        holder[key] = copy.deepcopy(rng.choice(ODD))


def _times(rng: random.Random, size: int) -> int:
    """How often to repeat what is so long: mostly once, now and then up to a million characters of it."""
    return 1 if rng.random() < 0.75 else min(500, 1 + 1_000_000 // (1 + size))


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield each place of a document that holds a value: what holds it, and its key or number."""
    stack = [value]
    while stack:
        holder = stack.pop()
        for key in list(holder) if isinstance(holder, dict) else range(len(holder)):
            yield holder, key
            if isinstance(holder[key], dict | list):
                stack.append(holder[key])


# -- markup -----------------------------------------------------------------------------------------------------------


def _linked(rng: random.Random, body: bytes) -> bytes:
    """Change the linked data of a page."""
    text = body.decode("utf-8", "replace")
    blocks = [match for match in LINKED.finditer(text) if _is_json(match[2])]
    if not blocks:
        return _tags(rng, body)
    block = rng.choice(blocks)
    written = changed_json(rng, json.loads(block[2]))
    return (text[: block.start(2)] + written + text[block.end(2) :]).encode("utf-8", "surrogatepass")


def _tags(rng: random.Random, body: bytes) -> bytes:
    """Leave out, repeat or swap some tags."""
    pieces = re.split(rb"(<[^<>]{0,2000}>)", body)
    for _ in range(rng.randint(1, 12)):
        one, other = rng.randrange(len(pieces)), rng.randrange(len(pieces))
        kind = rng.randrange(3)
        if kind == 0:
            pieces[one] = b""
        elif kind == 1:
            pieces[one] *= 1 + _times(rng, len(pieces[one]))
        else:
            pieces[one], pieces[other] = pieces[other], pieces[one]
    return b"".join(pieces)


def _nested(rng: random.Random, body: bytes) -> bytes:
    """Open a tag of the page thousands of times, in itself, or the part of it from one place to another."""
    tags = re.findall(rb"<[a-zA-Z][^<>]{0,300}>", body) or [b"<div>"]
    at = rng.choice([match.start() for match in re.finditer(b"<", body)] or [0])
    times = rng.choice((DEEP, DEEPER))
    opened = rng.choice(tags) * times if rng.random() < 0.7 else b"".join(rng.choices(tags, k=times))
    return body[:at] + opened + body[at:]


def _bombed(rng: random.Random, body: bytes) -> bytes:
    """Declare entities that grow without bound, and name them in the texts."""
    text = body.decode("utf-8", "replace")
    text = re.sub(r"<!doctype[^>]*>", "", text, flags=re.IGNORECASE)
    head = re.match(r"\s*<\?xml[^>]*\?>", text)
    at = head.end() if head else 0
    named = rng.choice(("&l9;", "&l4;", "&file;", "&nothing;", "&nbsp;"))
    return (text[:at] + BOMB + re.sub(r">(?=[^<>\s])", lambda _: f">{named}", text[at:], count=5)).encode()


def _flooded(rng: random.Random, body: bytes) -> bytes:
    """Put a very long text between two tags, or into one."""
    at = rng.choice([match.end() for match in re.finditer(b"[<>\"']", body)] or [0])
    return body[:at] + rng.choice(FLOODS).encode() + body[at:]


def _odd(rng: random.Random, body: bytes) -> bytes:
    """Write odd values in place of texts and attributes."""
    spans = list(re.finditer(rb">([^<>]{1,200})<|=[\"']([^\"'<>]{1,200})[\"']", body))
    for match in sorted(rng.sample(spans, min(len(spans), rng.randint(1, 5))), key=lambda span: -span.start()):
        group = 1 if match[1] is not None else 2
        value = str(rng.choice(ODD)).encode("utf-8", "surrogatepass")
        body = body[: match.start(group)] + value + body[match.end(group) :]
    return body


MARKUP: tuple[Change, ...] = (_linked, _linked, _tags, _tags, _nested, _bombed, _flooded, _odd, _odd)

# -- bytes ------------------------------------------------------------------------------------------------------------


def _flipped(rng: random.Random, body: bytes) -> bytes:
    changed = bytearray(body)
    for _ in range(rng.randint(1, 20) if changed else 0):
        changed[rng.randrange(len(changed))] = rng.randrange(256)
    return bytes(changed)


def _cut(rng: random.Random, body: bytes) -> bytes:
    return body[: rng.randint(0, len(body))]


def _holed(rng: random.Random, body: bytes) -> bytes:
    one, other = sorted((rng.randint(0, len(body)), rng.randint(0, len(body))))
    return body[:one] + body[other:]


def _doubled(rng: random.Random, body: bytes) -> bytes:
    one, other = sorted((rng.randint(0, len(body)), rng.randint(0, len(body))))
    return body[:other] + body[one:]


def _sprinkled(rng: random.Random, body: bytes) -> bytes:
    for _ in range(rng.randint(1, 8)):
        at = rng.randint(0, len(body))
        body = body[:at] + rng.choice(JUNK) * rng.choice((1, 1, 1, 1000)) + body[at:]
    return body


def _recoded(rng: random.Random, body: bytes) -> bytes:
    return body.decode("utf-8", "replace").encode(rng.choice(ENCODINGS), "replace")


def _marked(rng: random.Random, body: bytes) -> bytes:
    return rng.choice((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff", b"\xff\xfe\x00\x00")) + body


BYTES: tuple[Change, ...] = (_flipped, _flipped, _cut, _holed, _doubled, _sprinkled, _recoded, _marked)
