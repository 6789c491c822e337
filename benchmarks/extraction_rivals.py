"""What extraction.py measures ours against: extruct with a plain mapping of its items, and trafilatura's blocks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from extraction_measures import Case, Review, days_of, words

from overheard.crawler.page import decode, plain
from overheard.intake.values import parse_date

_REVIEWS = frozenset(
    ["Review", "UserReview", "CriticReview", "EmployerReview", "Comment", "UserComments", "DiscussionForumPosting",
     "SocialMediaPosting", "Answer"]
)  # fmt: skip
_TEXT = ("reviewBody", "text", "articleBody", "description", "commentText")
_DATE = ("datePublished", "dateCreated", "commentTime")


def extruct_reviews(case: Case) -> list[Review]:
    """Return the reviews, comments, posts and answers among extruct's items of JSON-LD, microdata and RDFa.

    A comment on a review is its reply, the answers of a FAQ page are nobody's reviews, and what two syntaxes say
    counts once: all of this is to extruct's advantage.
    """
    import extruct

    syntaxes = ["json-ld", "microdata", "rdfa"]
    found = extruct.extract(decode(case.body), base_url=case.url, syntaxes=syntaxes, uniform=True, errors="ignore")
    once: dict[str, Review] = {}
    for node, held_by in _walk([found.get(syntax, []) for syntax in syntaxes], ()):
        if not _REVIEWS.isdisjoint(_types(node)) and not {"FAQPage", "Review"} & set(held_by):
            review = _review(node, case.fetched)
            once.setdefault(" ".join(words(review.text or review.title)), review)
    once.pop("", None)
    return list(once.values())


def _walk(value: Any, held_by: tuple[str, ...]) -> Iterator[tuple[dict[str, Any], tuple[str, ...]]]:
    if isinstance(value, list):
        for member in value:
            yield from _walk(member, held_by)
    elif isinstance(value, dict):
        yield value, held_by
        for member in value.values():
            yield from _walk(member, (*held_by, *_types(value)))


def _types(node: dict[str, Any]) -> list[str]:
    given = node.get("@type")
    return [re.split(r"[/#:]", str(name))[-1] for name in (given if isinstance(given, list) else [given])]


def _first(node: dict[str, Any], names: Iterable[str]) -> Any:
    for name in names:
        for key in (name, f"http://schema.org/{name}", f"https://schema.org/{name}"):
            value = node.get(key)
            value = value[0] if isinstance(value, list) and value else value
            if isinstance(value, dict) and "@value" in value:
                value = value["@value"]
            if value not in (None, "", []):
                return value
    return None


def _line(node: dict[str, Any], names: Iterable[str]) -> str:
    value = _first(node, names)
    if isinstance(value, dict):
        value = _first(value, ("name", *_TEXT))
    return "" if value is None else plain(str(value))


def _review(node: dict[str, Any], fetched: datetime) -> Review:
    given = _line(node, _DATE)
    comment = _first(node, ("comment",))
    reply = _line(comment, _TEXT) if isinstance(comment, dict) else comment if isinstance(comment, str) else ""
    return Review(
        _line(node, _TEXT),
        _line(node, ("name", "headline")) or None,
        _rating(_first(node, ("reviewRating",))),
        days_of(parse_date(given, base=fetched) if given else None),
        bool(_line(node, ("author", "creator"))),
        reply or None,
    )


def _rating(given: Any) -> float | None:
    value = _first(given, ("ratingValue",)) if isinstance(given, dict) else given
    best = _first(given, ("bestRating",)) if isinstance(given, dict) else None
    try:
        return float(str(value).rstrip("% ").replace(",", ".")) / float(str(best or 5).replace(",", "."))
    except (ValueError, ZeroDivisionError):
        return None


def trafilatura_comments(case: Case) -> list[Review]:
    """Return what trafilatura takes for comments, one block each; it gives no rating, date or author of them."""
    return [Review(text) for text in _blocks(_extraction(case), "commentsbody")]


def trafilatura_blocks(case: Case) -> list[Review]:
    """Return every block of text and every comment that trafilatura extracts, as if each were a review."""
    found = _extraction(case)
    return [Review(text) for name in ("body", "commentsbody") for text in _blocks(found, name)]


def _extraction(case: Case) -> Any:
    import trafilatura

    return trafilatura.bare_extraction(decode(case.body), url=case.url, include_comments=True, favor_recall=True)


def _blocks(found: Any, name: str) -> Iterator[str]:
    """Yield the outermost blocks of one part of what trafilatura found: it gives None for a page without text."""
    body = getattr(found, name, None)
    for element in [] if body is None else body.iter("p", "item", "quote", "cell"):
        if element.getparent() is not None and element.getparent().tag in ("p", "item", "quote", "cell"):
            continue
        text = plain(" ".join(element.itertext()))
        if words(text):
            yield text
