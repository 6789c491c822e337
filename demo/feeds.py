"""The demo site's feeds: customer reviews in the shape of the App Store's JSON, and an Atom feed per community."""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from html import escape
from typing import Any

from overheard.demo.content import DemoBrand, Review

PAGE_SIZE = 50
"""Reviews on one page of the App Store's feed."""

DEPTH = 10
"""Pages that the App Store gives of one feed; it answers 400 to anything beyond."""

TOO_DEEP = f"CustomerReviews RSS page depth is limited to {DEPTH}"

_CUPERTINO = timezone(timedelta(hours=-7))


def appstore_page(site: str, country: str, app_id: str, page: int, reviews: Sequence[Review], now: datetime) -> str:
    """Return a page, counted from 1, of the reviews that one country's store has of one app.

    As in the original, a page past the end has no `entry`, and a single review is an object and no list.
    """
    entries = [_entry(site, app_id, review) for review in reviews[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]]
    own = f"{site}/{country}/rss/customerreviews/page={page}/id={app_id}/sortBy=mostRecent/json"
    feed: dict[str, Any] = {
        "author": {"name": _label("Demo App Store"), "uri": _label(site)},
        "updated": _label(now.astimezone(_CUPERTINO).isoformat(timespec="seconds")),
        "rights": _label("Invented for a demonstration"),
        "title": _label("Demo App Store: customer reviews"),
        "icon": _label(f"{site}/favicon.ico"),
        "link": _links(site, country, app_id, page, len(reviews)),
        "id": _label(own),
    }
    if entries:
        feed["entry"] = entries[0] if len(entries) == 1 else entries
    return json.dumps({"feed": feed}, ensure_ascii=False)


def _label(value: str) -> dict[str, str]:
    return {"label": value}


def _entry(site: str, app_id: str, review: Review) -> dict[str, Any]:
    number = zlib.crc32(review.author.encode())
    return {
        "author": {
            "uri": _label(f"{site}/{review.country}/reviews/id{number}"),
            "name": _label(review.author),
            "label": "",
        },
        "updated": _label(review.published.astimezone(_CUPERTINO).isoformat(timespec="seconds")),
        "im:rating": _label(str(review.stars)),
        "im:version": _label(review.version or ""),
        "id": _label(review.id),
        "title": _label(review.title or ""),
        "content": {"label": review.text, "attributes": {"type": "text"}},
        "link": {"attributes": {"rel": "related", "href": f"{site}/{review.country}/review?id={app_id}"}},
        "im:voteSum": _label("0"),
        "im:contentType": {"attributes": {"term": "Application", "label": "Application"}},
        "im:voteCount": _label("0"),
    }


def _links(site: str, country: str, app_id: str, page: int, count: int) -> list[dict[str, Any]]:
    """Return the feed's links: a first page that is its own predecessor, XML where JSON was asked for, or nothing."""
    last = -(-count // PAGE_SIZE)
    shop = f"{site}/{country}/review?id={app_id}"
    own = f"{site}/{country}/rss/customerreviews/page={page}/id={app_id}/sortBy=mostRecent/json"
    links = [{"rel": "alternate", "type": "text/html", "href": shop}, {"rel": "self", "href": own}]
    for rel, target in (("first", 1), ("last", last), ("previous", max(1, page - 1)), ("next", min(last, page + 1))):
        href = f"{site}/{country}/rss/customerreviews/page={target}/id={app_id}/sortby=mostrecent/xml"
        links.append({"rel": rel, "href": href if page <= last else ""})
    return [{"attributes": link} for link in links]


def atom(site: str, owner: DemoBrand, posts: Sequence[Review]) -> str:
    """Return the Atom feed of a brand's community; `posts` are newest first and not empty."""
    name, place = escape(owner.name), f"{site}/{owner.slug}/community"
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        '<feed xmlns="http://www.w3.org/2005/Atom">\n'
        f"<id>tag:{owner.slug}.example,2026:community</id>\n"
        f"<title>{name} community</title>\n"
        f"<updated>{posts[0].published.isoformat()}</updated>\n"
        f'<link rel="self" type="application/atom+xml" href="{place}.atom"/>\n'
        f'<link rel="alternate" type="text/html" href="{place}"/>\n'
        + "".join(_post(site, owner, post) for post in posts)
        + "</feed>\n"
    )


def _post(site: str, owner: DemoBrand, post: Review) -> str:
    paragraph = f"<p>{escape(post.text, quote=False)}</p>"
    return (
        f'<entry xml:lang="{post.language}">\n'
        f"<id>tag:{owner.slug}.example,2026:community/{post.id}</id>\n"
        f"<title>{escape(post.title or '')}</title>\n"
        f"<author><name>{escape(post.author)}</name></author>\n"
        f"<published>{post.published.isoformat()}</published>\n"
        f"<updated>{post.published.isoformat()}</updated>\n"
        f'<link rel="alternate" type="text/html" href="{site}/reviews/{post.id}"/>\n'
        f'<content type="html">{escape(paragraph)}</content>\n'
        "</entry>\n"
    )
