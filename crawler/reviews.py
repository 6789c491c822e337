"""Reviews and posts as schema.org describes them, from JSON-LD and microdata, as items."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

from overheard.crawler import jsonld
from overheard.crawler.page import NO_TEXT, language_code, own_title, plain, same_host, web_url, whole
from overheard.crawler.shown.phrases import nobody
from overheard.intake.item import Item
from overheard.intake.values import Rating, is_relative, parse_date, parse_rating
from overheard.nlp.identity import names_author

_OTHER_REVIEWS = frozenset({"ClaimReview", "MediaReview"})
_POSTS = frozenset({"DiscussionForumPosting", "SocialMediaPosting", "Comment", "UserComments", "Question", "Answer"})
_OWNERS = frozenset({"Organization", "Corporation", "OnlineStore", "OnlineBusiness", "Store", "Brand"})
_POSITION = re.compile(r"^[a-z_.:-]*\d{1,4}$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Context:
    """What the reviews of one page share: where it lies, what it declares, when it was fetched.

    `base` is what relative links start from; `origin` is the page that a review without a URL of its own is shown
    with: the first of a paged listing, for on the later pages reviews move. `known` are the page's objects by @id.
    """

    url: str
    base: str
    origin: str
    language: str | None
    fetched: datetime
    known: dict[str, dict[str, Any]]


def read(values: list[Any], context: Context) -> tuple[list[Item], Counter[str]]:
    """Return the reviews of one block of objects in document order, and why others cannot be used, counted."""
    found = [(node, _about(node, owner, context.known)) for node, owner in _reviews(values)]
    items: list[Item] = []
    rejected: Counter[str] = Counter()
    for (node, about), external_id in zip(found, _stable_ids(found, context), strict=True):
        item = _item(node, about, external_id, context)
        if item is None:
            rejected[NO_TEXT] += 1
        else:
            items.append(item)
    return items, rejected


def _reviews(values: list[Any]) -> Iterable[tuple[dict[str, Any], dict[str, Any] | None]]:
    """Yield each review or post with what it is about: the thing, the thread."""
    companys_own: set[int] = set()
    for node, owner, name in jsonld.walk(values):
        names = jsonld.types(node)
        if "FAQPage" in names or (owner is not None and id(owner) in companys_own):
            companys_own.add(id(node))  # its questions and answers are the company's own words
        elif any(given.endswith("Review") and given not in _OTHER_REVIEWS for given in names):
            said = ("reviewBody", "description", "text", "reviewRating", "name", "headline")
            if jsonld.values_of(node, *said):  # else it is a reference to a review that stands elsewhere
                yield node, owner if name in ("review", "reviews") else None
        elif _untyped_review(node, names, name) or (_says_something(node, names) and not _is_review(owner)):
            yield node, owner


def _untyped_review(node: dict[str, Any], names: Sequence[str], held_by: str | None) -> bool:
    held = held_by in ("review", "reviews") and not names
    return held and bool(jsonld.values_of(node, "reviewBody", "reviewRating"))


def _says_something(node: dict[str, Any], names: Sequence[str]) -> bool:
    return not _POSTS.isdisjoint(names) and bool(jsonld.values_of(node, "text", "articleBody"))


def _is_review(node: dict[str, Any] | None) -> bool:
    """Say whether what holds a comment is a review: then it is an answer to that, and `_reply` looks at it."""
    return node is not None and any(name.endswith("Review") for name in jsonld.types(node))


def _about(
    node: dict[str, Any], owner: dict[str, Any] | None, known: dict[str, dict[str, Any]]
) -> dict[str, Any] | None:
    for thing in jsonld.values_of(node, "itemReviewed"):
        if isinstance(thing, dict):
            return known.get(str(thing.get("@id")), thing) if len(thing) == 1 else thing
        if isinstance(thing, str):
            return {"name": thing}
    return owner


def _item(
    node: dict[str, Any],
    about: dict[str, Any] | None,
    external_id: str | None,
    context: Context,
) -> Item | None:
    thing = plain(jsonld.text_of(about, "name", "headline") or "") if about else ""
    text = plain(jsonld.text_of(node, "reviewBody", "articleBody", "description", "text") or "")
    author = _author(node, context.known)
    title = own_title(plain(jsonld.text_of(node, "headline", "name") or ""), text, thing, author)
    if not text and not re.search(r"[^\W\d_]", title or ""):
        return None
    own_url = _own_url(node, about, context)
    rating = _rating(node)
    language = language_code(jsonld.text_of(node, "inLanguage")) or context.language
    published = read_date(jsonld.text_of(node, "datePublished", "dateCreated"), language, context)
    edited = read_date(jsonld.text_of(node, "dateModified"), language, context)
    item = Item(
        external_id=external_id,
        text=text,
        title=title,
        rating=rating.value if rating else None,
        rating_given=rating.given if rating else None,
        rating_scale=rating.scale if rating else None,
        language=language,
        author=author,
        author_in_url=names_author(author, own_url) or names_author(author, (external_id or "").partition("#")[2]),
        url=own_url or context.origin,
        published=published or edited,
        edited=edited if published and edited and edited > published else None,
        attributes={"product" if _POSTS.isdisjoint(jsonld.types(node)) else "thread": thing} if thing else {},
    )
    reply = _reply(node, about)
    return _answered(item, reply, context) if reply else item


def _answered(item: Item, reply: dict[str, Any], context: Context) -> Item:
    return replace(
        item,
        reply_state="answered",
        reply=plain(jsonld.text_of(reply, "text", "description") or ""),
        replied=read_date(jsonld.text_of(reply, "datePublished", "dateCreated"), item.language, context),
    )


def _author(node: dict[str, Any], known: dict[str, dict[str, Any]]) -> str | None:
    for author in jsonld.values_of(node, "author", "creator"):
        if isinstance(author, dict) and not jsonld.values_of(author, "name"):
            author = known.get(str(author.get("@id")), author)
        if (name := plain(jsonld.text_of({"author": author}, "author") or "")) and not nobody(name):
            return name
    return None


def _rating(node: dict[str, Any]) -> Rating | None:
    for given in jsonld.values_of(node, "reviewRating"):
        holder = given if isinstance(given, dict) else {"ratingValue": given}
        value = jsonld.text_of(holder, "ratingValue")
        if value is None:
            continue
        best = _number(jsonld.text_of(holder, "bestRating"))
        worst = _number(jsonld.text_of(holder, "worstRating"))
        number = _number(value)
        if worst == 0 and best and best < 10 and number is not None and 0 <= number <= best:
            return Rating(number / best, value[:100], best)  # a scale that starts at 0, and says so
        # schema.org: "if bestRating is omitted, 5 is assumed".
        return parse_rating(value, best or (5.0 if number is None or number <= 5 else None))
    return None


def _number(text: str | None) -> float | None:
    match = re.fullmatch(r"(\d{1,4}(?:[.,]\d{1,9})?)", text or "")
    return float(match[1].replace(",", ".")) if match else None


def read_date(text: str | None, language: str | None, context: Context) -> datetime | None:
    """Return the moment of a date as the page writes it, in UTC, None where it is none.

    A relative one ("3 days ago") counts from when the page was fetched.
    """
    if not text:
        return None
    found = parse_date(text, languages=(language,) if language else (), base=context.fetched)
    if found and is_relative(text):
        # To the day: "3 days ago" must not be another moment, and so an edit, at each crawl.
        return found.replace(hour=0, minute=0, second=0, microsecond=0)
    return found


def _reply(node: dict[str, Any], about: dict[str, Any] | None) -> dict[str, Any] | None:
    """The comment of the one who is reviewed; other customers' comments are no reply."""
    name = (jsonld.text_of(about, "name") or "").casefold() if about else ""
    for comment in jsonld.values_of(node, "comment"):
        if not isinstance(comment, dict) or not jsonld.values_of(comment, "text", "description"):
            continue
        for author in jsonld.values_of(comment, "author", "creator"):
            typed = isinstance(author, dict) and not _OWNERS.isdisjoint(jsonld.types(author))
            said = (jsonld.text_of({"author": author}, "author") or "").casefold()
            if typed or (name and said == name):
                return comment
    return None


def _own_url(node: dict[str, Any], about: dict[str, Any] | None, context: Context) -> str | None:
    """The address of the review itself, where it has one: not that of the page or of the thing reviewed."""
    for given in jsonld.values_of(node, "url", "mainEntityOfPage"):
        url = _resolved(given, context)
        if url and not any(jsonld.same_resource(url, other) for other in _other_pages(about, context)):
            return url
    return None


def _resolved(given: Any, context: Context) -> str | None:
    if not isinstance(given, str):
        return None
    try:
        return web_url(urljoin(context.base, whole(given).strip()))
    except ValueError:
        return None


def _other_pages(about: dict[str, Any] | None, context: Context) -> list[str]:
    named = [str(value) for value in (jsonld.values_of(about, "url") + jsonld.values_of(about, "@id") if about else [])]
    return [context.url, context.origin, *filter(None, (_resolved(name, context) for name in named))]


def _stable_ids(found: Sequence[tuple[dict[str, Any], dict[str, Any] | None]], context: Context) -> list[str | None]:
    """Return for each review of a block the id that it keeps between crawls, None where it has none.

    An id that two reviews share, that names the page or the product, or that only counts positions on the page
    (#review-1) is none: another review stands there tomorrow, and would be taken for an edit of this one.
    """
    candidates = [list(_candidates(node, about, context)) for node, about in found]
    shared = Counter(name for names in candidates for name in set(names))
    return [next((name for name in names if shared[name] == 1), None) for names in candidates]


def _candidates(node: dict[str, Any], about: dict[str, Any] | None, context: Context) -> Iterable[str]:
    for given in jsonld.values_of(node, "identifier"):
        value = jsonld.text_of(given, "value") if isinstance(given, dict) else given
        if isinstance(value, str | int) and not isinstance(value, bool) and len(str(value)) > 4:
            yield whole(str(value)).strip()
    given_id = node.get("@id")
    if isinstance(given_id, str) and (name := lasting(whole(given_id).strip(), about, context)):
        yield name
    if url := _own_url(node, about, context):
        yield _lean(url, context)


def lasting(name: str, about: dict[str, Any] | None, context: Context) -> str | None:
    """Return a name that the page gives a review, as an id that it keeps between crawls, None where it keeps none.

    It is a plain id, a URL or a fragment ("#review-81234"); positions, short numbers and what names the page, or the
    thing that is reviewed (`about`), are no ids.
    """
    page, mark, fragment = name.partition("#")
    if name.startswith("_:") or not (page or fragment):
        return None
    if not mark and "/" not in page:
        return None if len(page) < 5 or (_POSITION.match(page) and not page.isdigit()) else page
    url = _resolved(page, context) if page else context.origin
    if not mark:
        taken = url is None or any(jsonld.same_resource(url, other) for other in _other_pages(about, context))
        return None if taken or url is None else _lean(url, context)
    if _POSITION.match(fragment) or not re.search(r"\d", fragment):
        return None
    # A fragment belongs to the first page of a paged listing, on whichever page it stands today.
    here = url is None or jsonld.same_resource(url, context.url)
    return _lean(f"{context.origin if here else url}#{fragment}", context)


def _lean(url: str, context: Context) -> str:
    """Return a URL as an id that outlives a move to https or to another name of the host."""
    parts = urlsplit(url)
    host = "" if same_host(url, context.url) or same_host(url, context.origin) else parts.netloc
    return parts._replace(scheme="", netloc=host).geturl()
