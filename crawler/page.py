"""What every page parser shares: bytes to text, markup to text, and the page that comes out."""

from __future__ import annotations

import codecs
import html
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any
from urllib.parse import urljoin, urlsplit

from lxml import etree
from parsel import Selector
from w3lib.encoding import html_body_declared_encoding, http_content_type_encoding, read_bom

from overheard.intake.item import Item
from overheard.nlp.identity import tokens_of

NO_TEXT = "a rating or post without a text"
UNREADABLE = "a block of JSON-LD that cannot be read"
OTHER_FORM = "an object of another form than documented"
"""Why what looked like a mention cannot be used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What a page holds.

    `items` are in the order of the page. `rejected` counts what looked like a mention and cannot be used, by reason.
    `next` are the absolute URLs of the following pages, `listed` those of the pages that a listing names. `claimed` is
    how many mentions the service itself says there are in all, None where it does not say. `strange` says that nothing
    on the page is written in the way that its mentions would be.
    """

    items: tuple[Item, ...] = ()
    rejected: Mapping[str, int] = field(default_factory=dict)
    next: tuple[str, ...] = ()
    listed: tuple[str, ...] = ()
    claimed: int | None = None
    strange: bool = False


_OWN_BYTES = ("utf-16", "utf-32", "iso2022", "hz")
"""Encodings whose texts may read as UTF-8 by accident: there the label counts."""


_CP1252 = {0xDC00 + byte: bytes([byte]).decode("cp1252", "ignore") or chr(byte) for byte in range(0x80, 0x100)}
"""What the bytes mean that are no UTF-8, by the surrogates that stand for them."""


def decode(body: bytes, content_type: str | None = None) -> str:
    """Return the text of a page, whatever its label says.

    What reads as UTF-8 is UTF-8, for no other encoding does so by accident; else the label counts (a byte order mark,
    the HTTP header, the page's own declaration); bytes that a label of UTF-8 does not explain are read one by one as
    Windows-1252, so that a page in ISO-8859-1 labelled UTF-8 comes out right and one broken byte spoils nothing else.
    """
    mark, bom = read_bom(body)
    if mark and bom:
        return body[len(bom) :].decode(mark, "replace")
    label = http_content_type_encoding(content_type) or html_body_declared_encoding(body[:4096])
    if label and not label.startswith(_OWN_BYTES):
        try:
            return body.decode("utf-8")
        except UnicodeDecodeError:
            pass
    if label and label != "utf-8":
        try:
            return body.decode(label, "replace")
        except (LookupError, UnicodeError):  # a label such as "hex" or "idna" names no encoding of texts
            pass
    return body.decode("utf-8", "surrogateescape").translate(_CP1252)


_PROLOGUE = re.compile(rb"(?>\s+|<\?[^>]*>|<!--.*?-->|<!doctype[^\[>]*(?:\[.*?\]\s*)?>)*+", re.IGNORECASE | re.DOTALL)
_ROOT = re.compile(rb"<(html|rss|feed|rdf:rdf)\b", re.IGNORECASE)
_MUST_CLOSE, _CLOSED = (
    re.compile(
        rb"<" + slash + rb"(a|article|div|head|main|ol|script|section|span|style|table|title|ul)\b", re.IGNORECASE
    )
    for slash in (b"", b"/")
)


def ends_early(body: bytes) -> bool:
    """Say whether a document begins and does not end: it was cut off on its way, or while it was written.

    >>> ends_early(b'[{"id": 1}, {"id'), ends_early(b"<html><div>Fine."), ends_early(b"<html><div>Fine.</div>")
    (True, True, False)
    """
    text = body.removeprefix(codecs.BOM_UTF8).strip()
    if text[:1] in (b"{", b"["):
        return _is_unfinished(text.decode("utf-8", "replace"))
    prologue = _PROLOGUE.match(text)
    content = text[prologue.end() :] if prologue else text
    if root := _ROOT.match(content):
        ended = re.search(rb"</" + root[1] + rb"\s*>", text, re.IGNORECASE)
        return ended is None and (root[1].lower() != b"html" or _is_open(content))
    return bool(text[:1] == b"<" and (not content or (content[:1] == b"<" and b">" not in content)))


def _is_open(markup: bytes) -> bool:
    """Say whether an element is open still that HTML wants closed: the end of the document itself may be left out."""
    opened = Counter(name.lower() for name in _MUST_CLOSE.findall(markup))
    closed = Counter(name.lower() for name in _CLOSED.findall(markup))
    return bool(opened - closed) or not markup.endswith(b">")


def _is_unfinished(text: str) -> bool:
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        # Where a word or an escape is cut in two, the error is at its beginning.
        return error.msg.startswith("Unterminated string") or not re.search(r'[]}"]', text[error.pos :])
    except (ValueError, RecursionError):  # a number or a nesting that is too long to be read
        pass
    return False


_BLOCKS = frozenset(
    """
    address article aside blockquote dd div dl dt figcaption figure footer h1 h2 h3 h4 h5 h6 header hr li main
    nav ol p pre section table td th tr ul
    """.split()
)
_SILENT = frozenset(["script", "style", "template", "noscript", "head", "title", "iframe", "object", "svg"])
_TAG = re.compile(r"</?(?:a|abbr|b|big|blockquote|br|code|div|em|font|h[1-6]|hr|i|img|li|ol|p|pre|s|small|span|strong|"
                  r"sub|sup|table|td|th|tr|u|ul)(?:\s[^<>]*)?/?>", re.IGNORECASE)  # fmt: skip
_CONTROL = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]"
    "|&#(?:0*(?:[0-8]|1[1245-9]|2[0-9]|3[01]|6553[45])|x0*(?:[0-8bcef]|1[0-9a-f]|fff[ef]))(?![0-9a-f]);?",
    re.IGNORECASE,
)
_NOT_WHOLE = re.compile(r"[\x00\ud800-\udfff]")
_SPACES, _LINE_END, _EMPTY_LINES = (re.compile(each) for each in (r"[^\S\n]{2,}|[^\S\n ]", r" ?\n ?", r"\n{3,}"))
_SPACE = re.compile(r"\s+")


def parsed(markup: str) -> Selector:
    """Return the HTML of a page or a piece of one, without the control characters that no text may hold."""
    return Selector(text=_CONTROL.sub("", markup), type="html")


def plain(text: str) -> str:
    """Return the text without the tags and entities that publishers leave in it; blocks and <br> become line breaks.

    >>> plain("Fast &amp; kind.<br>Would <b>buy</b> again, 3 < 4")
    'Fast & kind.\\nWould buy again, 3 < 4'
    """
    text = whole(text)
    if "&lt;" in text and not _TAG.search(text):
        text = html.unescape(text)
    if _TAG.search(text):
        # A lone "<" would swallow the words behind it.
        guarded = re.sub(r"<(?![a-zA-Z/!])", "&lt;", text)
        return text_of(parsed(f"<body>{guarded}").root)
    return tidy(html.unescape(text))


def text_of(root: etree._Element, *, most: int | None = None) -> str:
    """Return the readable text under an element of an HTML tree, or its beginning: of so many tags."""
    return tidy("".join(_pieces(root, most)))


def _pieces(root: etree._Element, most: int | None) -> Iterator[str]:
    silent = 0
    for event, element in islice(etree.iterwalk(root, events=("start", "end", "comment", "pi")), most):
        if event in ("comment", "pi"):
            if not silent and element.tail and element is not root:
                yield _collapsed(element.tail)
            continue
        name = element.tag
        silent += (1 if event == "start" else -1) if name in _SILENT else 0
        if not silent and (name in _BLOCKS or (name == "br" and event == "end")):
            yield "\n"
        said = element.text if event == "start" else (element.tail if element is not root else None)
        if said and not silent:
            yield _collapsed(said)


def _collapsed(text: str) -> str:
    return _SPACE.sub(" ", text)


def whole(text: str) -> str:
    """Return the text without what no store takes: null characters and halves of surrogate pairs."""
    return _NOT_WHOLE.sub("", text)


def tidy(text: str) -> str:
    """Return the text with single spaces, at most one empty line in a row, nothing around it and no soft hyphens."""
    text = _SPACES.sub(" ", text.replace("\u00ad", "").replace("\r\n", "\n").replace("\r", "\n"))
    return _EMPTY_LINES.sub("\n\n", _LINE_END.sub("\n", text)).strip() if "\n" in text else text.strip()


def own_title(title: str, text: str, *others: str | None) -> str | None:
    """Return the title where it says something: not what the text begins with, nor one of the `others`.

    >>> own_title("Fast and kind", "Fast and kind, would buy again") is None
    True
    """
    if not title:
        return None
    words = tokens_of(title)
    repeated = words == tokens_of(text)[: len(words)] or any(words == tokens_of(other) for other in others if other)
    return None if repeated and words else title


def web_url(text: str, *, fragment: bool = False) -> str | None:
    """Return the URL where it is one that we fetch (http or https, with a host), else None.

    Its fragment is left off unless `fragment` is true.
    """
    try:
        parts = urlsplit(text.strip())
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return None
    return parts._replace(fragment=parts.fragment if fragment else "").geturl() if usable else None


def base_of(root: etree._Element, url: str) -> str:
    """Return what the relative links of a page start from: the page, or what its base element names."""
    element = root.find(".//base[@href]")
    try:
        return url if element is None else web_url(urljoin(url, element.get("href", "").strip())) or url
    except ValueError:
        return url


def language_of(root: etree._Element) -> str | None:
    """Return the code of the language that a page declares."""
    return language_code(root.get("lang") or root.get("{http://www.w3.org/XML/1998/namespace}lang"))


def language_code(tag: Any) -> str | None:
    """Return the code of a language tag (`de` of `de-AT`), None for what is none."""
    match = re.match(r"[a-z]{2,3}(?![a-z])", tag.strip().casefold()) if isinstance(tag, str) else None
    return match[0] if match else None


def same_host(one: str, other: str) -> bool:
    """Say whether two web URLs have the same host and port; http and https on their own ports count as the same."""
    a, b = urlsplit(one), urlsplit(other)
    return a.hostname == b.hostname and _port(a.scheme, a.port) == _port(b.scheme, b.port)


def _port(scheme: str, port: int | None) -> int | None:
    return None if port == (443 if scheme == "https" else 80) else port
