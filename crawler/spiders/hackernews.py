"""Stories and comments on Hacker News that say something, newest first, by its search interface."""

from __future__ import annotations

import html
import re
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from pydantic import Field
from scrapy.http import Response

from overheard.crawler.api import (
    Shape,
    content_type,
    from_epoch,
    read_items,
    read_json,
    with_query,
)
from overheard.crawler.outcomes import PageError
from overheard.crawler.page import Page, plain, web_url
from overheard.crawler.spider import SourceSpider, check_keys, check_url
from overheard.crawler.walk import Step
from overheard.errors import UsageError
from overheard.intake.item import Item
from overheard.nlp.identity import names_author

HOST = "https://hn.algolia.com"
ITEM = "https://news.ycombinator.com/item?id="
PAGE_SIZE = 100

TAGS = {"story": "story,poll", "comment": "comment"}
"""What a target may ask for, and the service's words for it; a poll is a story with choices."""

EXACT = {
    "advancedSyntax": "true",
    "typoTolerance": "false",
    "queryType": "prefixNone",
    "removeWordsIfNoResults": "none",
    "restrictSearchableAttributes": "title,story_text,comment_text",
}
"""Without these the search also returns near matches, longer words, addresses and names of authors."""

_SHORTENED = re.compile(r'<a href="([^"]+)"[^>]*>([^<]*)\.\.\.</a>')
"""A link that is shown by the beginning of its address."""
_QUOTE = re.compile(
    r"(?:^|(?<=\n)|(?<=<p>))\s*(?:<i>\s*(?:&gt;|>).*?</i>|(?:<i>\s*)?(?:&gt;|>)[^\n]*?(?=\n|<p>|$))",
    re.IGNORECASE | re.DOTALL,
)
"""A line that begins with ">", in italics or not: there is no other mark for a quote."""


class HackernewsSpider(SourceSpider):
    """Reads all that matches a query, in slices of time, because a query shows its newest 1,000 matches alone."""

    name = "hackernews"
    help = "Stories and comments on Hacker News that hold a name or a phrase, by its search interface."
    required = ("query",)
    optional = ("tags", "base")
    sought = "query"
    newest_first = True
    form_is_sure = True
    obeys_robots = False

    @classmethod
    def validate(cls, target: dict[str, str]) -> dict[str, str]:
        """Return the target with the query and, where they are given, the tags and the base."""
        check_keys(cls, target)
        query = " ".join(target["query"].split())
        if not re.search(r"\w", query):
            raise UsageError(f"query {target['query']!r} holds no word; expected such as 'query=Lantern Games'")
        given = target.get("tags") or "|".join(TAGS)
        tags = sorted({name.casefold() for name in re.split(r"[|,;/\s]+", given) if name})
        for name in tags or [given]:
            if name not in TAGS:
                raise UsageError(f"tags {name!r}: expected one of {', '.join(TAGS)}, or nothing for both")
        base = check_url(target.get("base") or HOST).rstrip("/")
        chosen = {"tags": tags[0]} if len(tags) == 1 else {}
        return {"query": query} | chosen | ({} if base == HOST else {"base": base})

    @classmethod
    def first_urls(cls, target: dict[str, str]) -> list[str]:
        """Return the first page; a query of more than one plain word is asked for as a phrase."""
        query = target["query"]
        phrase = query if query.isalnum() or '"' in query else f'"{query}"'
        tags = TAGS.get(target.get("tags", ""), ",".join(TAGS.values()))
        asked = {"query": phrase, "tags": f"({tags})", "hitsPerPage": PAGE_SIZE, "page": 0} | EXACT
        return [f"{target.get('base', HOST)}/api/v1/search_by_date?{urlencode(asked)}"]

    def read(self, response: Response, step: Step, fetched: datetime) -> Page:
        """Read an answer; raises PageError."""
        return parse(response.body, step.url, content_type(response))


class Hit(Shape):
    """A story, a poll or a comment; a story has a title, a comment the title of its story."""

    objectID: str = Field(pattern=r"^[0-9]{1,18}$")
    title: str | None = None
    story_text: str | None = None
    comment_text: str | None = None
    author: str | None = None
    created_at_i: float | None = None
    url: str | None = None
    story_title: str | None = None


class Answer(Shape):
    """A page of matches; `nbPages` counts those that the service is ready to show, `nbHits` all."""

    hits: tuple[Any, ...]
    nbHits: int | None = None
    nbPages: int = 0
    page: int = 0


def parse(body: bytes, url: str, kind: str | None = None) -> Page:
    """Return the matches of a page; `url` is the one it was asked for. Raises PageError."""
    answer = read_json(body, url, kind, Answer, "matches of Hacker News as JSON")
    hits, following = _cut(answer, url)
    items, rejected = read_items(hits, Hit, _item)
    return Page(items=items, rejected=rejected, next=(following,) if following else (), claimed=answer.nbHits)


def _cut(answer: Answer, url: str) -> tuple[tuple[Any, ...], str | None]:
    """Return the matches of a page that count here, and the page that follows.

    A new slice begins with the second of the last match, which may hold more of them: they are left to that slice. Only
    where all matches of a page share one second does the next page of the same slice follow.
    """
    hits, following = answer.hits, answer.page + 1
    if not hits or (following >= answer.nbPages and (answer.nbHits or 0) <= following * PAGE_SIZE):
        return hits, None
    last = _second(hits[-1])
    newer = tuple(hit for hit in hits if _second(hit) != last)
    if newer and last is not None:
        return newer, with_query(url, page=0, numericFilters=f"created_at_i<={last}")
    if following >= answer.nbPages:
        raise PageError("failed", f"it shows {following * PAGE_SIZE} of {answer.nbHits} matches of one second")
    return hits, with_query(url, page=following)


def _second(hit: Any) -> int | None:
    given = hit.get("created_at_i") if isinstance(hit, dict) else None
    return given if isinstance(given, int) else None


def _whole_link(link: re.Match[str]) -> str:
    """A link whose text is its own address, cut short, with the address as a whole."""
    address, shown = html.unescape(link[1]), html.unescape(link[2])
    return html.escape(address) if address.startswith(shown) else link[0]


def _item(hit: Hit) -> Item | None:
    text = plain(_SHORTENED.sub(_whole_link, _QUOTE.sub("", hit.comment_text or hit.story_text or "")))
    title = plain(hit.title or "")
    if not text and not title:
        return None
    link = web_url(hit.url or "") or ""
    attributes = {
        "thread": "" if title else plain(hit.story_title or ""),
        "link": "" if _names(hit.author, link) else link,
    }
    return Item(
        external_id=hit.objectID,
        text=text,
        title=title or None,
        author=hit.author,
        url=ITEM + hit.objectID,
        published=from_epoch(hit.created_at_i),
        attributes={name: value for name, value in attributes.items() if value},
    )


def _names(author: str | None, link: str) -> bool:
    """Say whether an address names an author, in its host as well: people show what they wrote themselves."""
    return names_author(author, link) or bool(author and author.casefold() in link.casefold())
