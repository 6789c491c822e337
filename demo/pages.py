"""The demo site's pages: HTML for people, with schema.org reviews in JSON-LD on the product pages."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

from overheard.demo.content import BRANDS, DemoBrand, Product, Review

PAGE_SIZE = 12
"""Reviews on one page of a product."""

ROBOTS = "User-agent: *\nDisallow: /private/\n"

_STYLE = """
:root { color-scheme: light dark; }
body { font: 1rem/1.6 system-ui, sans-serif; max-width: 46rem; margin: 0 auto; padding: 1.5rem; }
header { border-bottom: 4px solid var(--brand, #555); margin-bottom: 1.5rem; }
h1 { margin: 0.2rem 0; }
article { border-left: 3px solid var(--brand, #555); padding: 0.1rem 1rem; margin: 1.5rem 0; }
article h2 { font-size: 1.1rem; margin: 0.4rem 0; }
article p { margin: 0.4rem 0; overflow-wrap: anywhere; }
article:target { background: color-mix(in srgb, var(--brand, #555) 15%, transparent); }
blockquote { margin: 0.6rem 0 0.6rem 1rem; padding-left: 0.8rem; border-left: 2px dotted; }
.stars { letter-spacing: 0.1em; }
small, footer { opacity: 0.8; }
nav a { margin-right: 1rem; }
"""

_UNRELEASED = (
    ("Staff tester 1", 2, "Prototype wobbles. Do not show this to anybody outside the building."),
    ("Staff tester 2", 4, "Second prototype stands still. Still not for the public."),
)


def index(countries: dict[str, list[str]]) -> str:
    """Return the front page, which links everything; `countries` are those of each brand's app stores, by its slug."""
    parts = []
    for owner in BRANDS:
        links = [f'<a href="/{owner.slug}/{product.slug}">{escape(product.name)}</a>' for product in owner.products]
        place = f"/{owner.slug}/community"
        links.append(f'<a href="{place}">Community</a> (<a href="{place}.atom">Atom</a>)')
        links.append("App reviews: " + ", ".join(_store_link(owner, country) for country in countries[owner.slug]))
        items = "".join(f"<li>{link}</li>" for link in links)
        parts.append(f"<h2>{escape(owner.name)}</h2><p>{escape(owner.slogan)}.</p><ul>{items}</ul>")
    intro = "<p>Two invented brands and what their invented customers say, for Overheard to listen to.</p>"
    return _document("A small review site", intro + "".join(parts))


def _store_link(owner: DemoBrand, country: str) -> str:
    return f'<a href="/{country}/review?id={owner.app_id}">{country}</a>'


def product_page(site: str, owner: DemoBrand, product: Product, page: int, reviews: Sequence[Review]) -> str | None:
    """Return a page, counted from 1, of a product and its reviews (given newest first), None past the end."""
    shown = reviews[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]
    if page < 1 or not shown:
        return None
    here = f"/{owner.slug}/{product.slug}"
    last = -(-len(reviews) // PAGE_SIZE)
    near = {"prev": page - 1, "next": page + 1}
    links = {rel: f"{here}?page={number}" for rel, number in near.items() if 1 <= number <= last}
    head = "".join(f'<link rel="{rel}" href="{href}">' for rel, href in links.items())
    mean = sum(review.stars or 0 for review in reviews) / len(reviews)
    rating = {"@type": "AggregateRating", "ratingValue": round(mean, 2), "reviewCount": len(reviews), "bestRating": 5}
    data = _linked_data(site, owner, product, shown, rating)
    body = (
        f"<p>{escape(product.description)} {mean:.1f} of 5 stars in {len(reviews)} reviews.</p>"
        f"{_articles(owner, shown)}{_pager(links, page, last)}"
        '<p><a href="/private/unreleased">Unreleased products (staff only)</a></p>'
    )
    return _document(f"{product.name}: reviews, page {page}", body, owner=owner, head=head + data)


def _pager(links: dict[str, str], page: int, last: int) -> str:
    names = {"prev": "← Newer", "next": "Older →"}
    anchors = "".join(f'<a rel="{rel}" href="{href}">{names[rel]}</a>' for rel, href in links.items())
    return f'<nav aria-label="Pages">{anchors}<span>Page {page} of {last}</span></nav>'


def _linked_data(site: str, owner: DemoBrand, product: Product, shown: Iterable[Review], rating: dict[str, Any]) -> str:
    return _script(
        {
            "@context": "https://schema.org",
            "@type": "Product",
            "@id": f"{site}/{owner.slug}/{product.slug}",
            "name": product.name,
            "description": product.description,
            "brand": {"@type": "Brand", "name": owner.name},
            "aggregateRating": rating,
            "review": [_linked_review(site, owner, review) for review in shown],
        }
    )


def _linked_review(site: str, owner: DemoBrand, review: Review) -> dict[str, Any]:
    data: dict[str, Any] = {
        "@type": "Review",
        "@id": f"{site}/reviews/{review.id}",
        "url": f"{site}/reviews/{review.id}",
        "author": {"@type": "Person", "name": review.author},
        "datePublished": review.published.isoformat(),
        "inLanguage": review.language,
        "reviewBody": review.text,
        "reviewRating": {"@type": "Rating", "ratingValue": review.stars, "bestRating": 5, "worstRating": 1},
    }
    if review.title:
        data["name"] = review.title
    if review.reply and review.replied:
        data["comment"] = {
            "@type": "Comment",
            "author": {"@type": "Organization", "name": owner.name},
            "datePublished": review.replied.isoformat(),
            "text": review.reply,
        }
    return data


def _script(data: dict[str, Any]) -> str:
    # A "</script>" inside a text would end the element.
    text = json.dumps(data, ensure_ascii=False).replace("</", "<\\/")
    return f'<script type="application/ld+json">{text}</script>'


def community_page(owner: DemoBrand, posts: Sequence[Review]) -> str:
    """Return the posts of a brand's community, newest first, for people: machines have the feed."""
    feed = f'<link rel="alternate" type="application/atom+xml" href="/{owner.slug}/community.atom">'
    return _document(f"{owner.name} community", _articles(owner, posts), owner=owner, head=feed)


def store_page(owner: DemoBrand, country: str, reviews: Sequence[Review]) -> str:
    """Return what one country's app store shows of a brand's app, for people: machines have the feed."""
    return _document(f"{owner.name} app, reviews in {country.upper()}", _articles(owner, reviews), owner=owner)


def private_page(site: str) -> str:
    """Return the page in the corner that robots.txt forbids; nothing of it may ever turn up in a store."""
    reviews = [
        {"@type": "Review", "@id": f"{site}/private/{number}", "author": author, "reviewBody": text,
         "reviewRating": {"@type": "Rating", "ratingValue": stars, "bestRating": 5}}
        for number, (author, stars, text) in enumerate(_UNRELEASED, 1)
    ]  # fmt: skip
    data = {"@context": "https://schema.org", "@type": "Product", "name": "Unreleased stool", "review": reviews}
    body = "".join(f"<p>{escape(text)} ({escape(author)})</p>" for author, _, text in _UNRELEASED)
    return _document("Unreleased products", body, head=_script(data))


def _articles(owner: DemoBrand, reviews: Iterable[Review]) -> str:
    return "".join(_article(owner, review) for review in reviews)


def _article(owner: DemoBrand, review: Review) -> str:
    title = f"<h2>{escape(review.title)}</h2>" if review.title else ""
    stars = ""
    if review.stars:
        drawn = "★" * review.stars + "☆" * (5 - review.stars)
        stars = f'<p class="stars" role="img" aria-label="{review.stars} of 5 stars">{drawn}</p>'
    version = f", version {escape(review.version)}" if review.version else ""
    when = f'<time datetime="{review.published.isoformat()}">{review.published.date().isoformat()}</time>'
    reply = ""
    if review.reply:
        reply = f"<blockquote><p>{escape(review.reply)}</p><small>{escape(owner.name)}</small></blockquote>"
    return (
        f'<article id="{review.id}" lang="{review.language}">{stars}{title}<p>{escape(review.text)}</p>'
        f"<small>{escape(review.author)}, {when}{version}</small>{reply}</article>"
    )


def _document(title: str, body: str, *, owner: DemoBrand | None = None, head: str = "") -> str:
    colour = f' style="--brand: {owner.colour}"' if owner else ""
    slogan = f"<p>{escape(owner.name)} · {escape(owner.slogan)}</p>" if owner else ""
    return (
        f'<!DOCTYPE html>\n<html lang="en"{colour}>\n<head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{escape(title)}</title>'
        f"<style>{_STYLE}</style>{head}</head>\n"
        f"<body><header>{slogan}<h1>{escape(title)}</h1></header>\n<main>{body}</main>\n"
        '<footer><p><a href="/">All pages</a>. Everything here is invented.</p></footer></body>\n</html>\n'
    )
