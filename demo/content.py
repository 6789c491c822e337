"""What the demo site shows: two invented brands and the invented reviews of reviews.jsonl.

The reviews were written by hand, in eight languages and a few in two others. Each says how many days before the start
of the site it was published, so that the site is never out of date.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from importlib import resources
from typing import Any


@dataclass(frozen=True, slots=True)
class Product:
    """Something that a brand sells and that has a page of its own; `slug` is its place in URLs."""

    slug: str
    name: str
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoBrand:
    """An invented company; `slug` is its place in URLs, `app_id` the number of its app, `colour` a CSS colour."""

    name: str
    slug: str
    slogan: str
    industry: str
    aliases: tuple[str, ...]
    rival: str
    app_id: str
    colour: str
    products: tuple[Product, ...]


BRANDS = (
    DemoBrand(
        name="Velinde", slug="velinde", slogan="Furniture to keep", industry="home and living",
        aliases=("Velinde Home",), rival="Pakkaro", app_id="1001", colour="#7a4b2a",
        products=(
            Product("fenna", "Fenna armchair", "An armchair in wool, velvet or leather on a frame of ash."),
            Product("orrin", "Orrin bedside lamp", "A dimmable lamp in solid brass with a linen shade."),
        ),
    ),
    DemoBrand(
        name="Pakkaro", slug="pakkaro", slogan="Ordered tonight, here tomorrow", industry="online retail",
        aliases=("Pakkaro Plus",), rival="Velinde", app_id="1002", colour="#1f6f5c",
        products=(
            Product("plus", "Pakkaro Plus", "A membership: delivery by eight in the morning, or to a locker near you."),
            Product("pantry-box", "Pakkaro Pantry Box", "A box of household goods at the door every week or two."),
        ),
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """One review or post as the site publishes it.

    `kind` says where it stands: `schemaorg` (on the page of `product`), `appstore` (in the store of `country`, a code
    of two letters, about the app's `version`) or `feed` (in the community, where there are no `stars`). `stars` are 1
    to 5. Times are aware UTC.
    """

    id: str
    brand: str
    kind: str
    language: str
    author: str
    text: str
    published: datetime
    title: str | None = None
    stars: int | None = None
    product: str | None = None
    country: str | None = None
    version: str | None = None
    reply: str | None = None
    replied: datetime | None = None


def brand(slug: str) -> DemoBrand | None:
    """Return the brand of this slug, None where there is none."""
    return next((known for known in BRANDS if known.slug == slug), None)


def product(owner: DemoBrand, slug: str) -> Product | None:
    """Return the product of this slug that the brand sells, None where there is none."""
    return next((known for known in owner.products if known.slug == slug), None)


def load(started: datetime) -> tuple[Review, ...]:
    """Return all reviews, newest first, dated back from `started` (aware)."""
    lines = resources.files("overheard.demo").joinpath("reviews.jsonl").read_text(encoding="utf-8").splitlines()
    today = started.astimezone(UTC).date()
    return newest_first(_review(json.loads(line), today) for line in lines)


def newest_first(reviews: Iterable[Review]) -> tuple[Review, ...]:
    """Return the reviews by publication time, the newest first; the id decides between equals."""
    return tuple(sorted(reviews, key=lambda review: (review.published, review.id), reverse=True))


def _review(row: dict[str, Any], today: date) -> Review:
    published = datetime.combine(today - timedelta(days=row.pop("days_ago")), time(row.pop("hour")), UTC)
    after = row.pop("reply_days", None)
    replied = None if after is None else published + timedelta(days=after, hours=1)
    return Review(**row, published=published, replied=replied)
