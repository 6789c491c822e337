"""Prepare a store for the demo: both invented brands, and the places of the demo site at which to listen for them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from overheard.demo import content
from overheard.demo.content import BRANDS, DemoBrand, Review
from overheard.store.brands import add_brand, add_source
from overheard.store.database import Store


def prepare(store: Store, site_url: str) -> None:
    """Add the demo's brands with their sources to a store, in one transaction.

    `site_url` is a running DemoSite's `url`. Each brand gets the pages of its two products, its app in every country
    that has reviews of it, and its community's feed. Raises UsageError where the store has one of the brands already.
    """
    reviews = content.load(datetime.now(UTC))
    with store.session() as session:
        for owner in BRANDS:
            _add(session, owner, site_url.rstrip("/"), [review for review in reviews if review.brand == owner.name])


def _add(session: Session, owner: DemoBrand, site: str, reviews: Iterable[Review]) -> None:
    brand = add_brand(
        session,
        owner.name,
        aliases=owner.aliases,
        industry=owner.industry,
        rivals=(owner.rival,),
        products=[product.name for product in owner.products],
    )
    for product in owner.products:
        target = {"url": f"{site}/{owner.slug}/{product.slug}"}
        add_source(session, brand, "schemaorg", target, name=f"{product.slug} reviews")
    countries = sorted({review.country for review in reviews if review.country})
    target = {"id": owner.app_id, "country": "|".join(countries), "base": site}
    add_source(session, brand, "appstore", target, name="app")
    add_source(session, brand, "feed", {"url": f"{site}/{owner.slug}/community.atom"}, name="community")
