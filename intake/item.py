"""What a spider or a row of a file hands in: one mention, still raw."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One review, post or comment as its source gave it: nothing masked, nothing normalised but dates and rating.

    `external_id` is the source's own id, or None where it has none (then a hash of text, date and rating with an
    occurrence number stands in). `text` may be empty where `title` is not. `rating` is on 0..1 (`intake.values` makes
    it), `rating_given` as it was written, `rating_scale` the top of its scale (None for classes). `language` is what
    the source itself declares, a prior and no verdict. `author` is a plain name or handle; it never reaches the store.
    `url` points at the mention or its page; `author_in_url` says that it names the author. Times are aware.
    `reply_state` is `answered`, `unanswered` or `unknown`. `attributes` hold what else is worth keeping as short
    strings (product, location, app_version, status).
    """

    external_id: str | None
    text: str
    title: str | None = None
    rating: float | None = None
    rating_given: str | None = None
    rating_scale: float | None = None
    language: str | None = None
    author: str | None = None
    author_in_url: bool = False
    url: str | None = None
    published: datetime | None = None
    edited: datetime | None = None
    reply_state: str = "unknown"
    reply: str | None = None
    replied: datetime | None = None
    attributes: dict[str, str] = field(default_factory=dict)
