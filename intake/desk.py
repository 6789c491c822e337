"""The desk where raw items become mentions: repaired, identified, masked, pseudonymised, stored.

Nothing personal passes it: author names become keyed pseudonyms, personal data in texts becomes a placeholder, and an
id or a URL that names its author loses the name.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from sqlalchemy.orm import Session

from overheard.intake.item import Item
from overheard.intake.key import read_key
from overheard.intake.repair import repair, storable
from overheard.nlp.identity import Pseudonymiser, hide_author, is_nobody, names_author, public_url
from overheard.nlp.language import LanguageIdentifier
from overheard.nlp.privacy import mask
from overheard.settings import Settings
from overheard.store.brands import find_source, list_brands, terms
from overheard.store.database import Store
from overheard.store.mentions import Counts, MentionDraft, upsert

EMPTY = Counts()

AHEAD = timedelta(days=1)
"""How far a date may lie ahead of this clock: days begin elsewhere up to 14 hours earlier, and clocks go wrong.

What was published later still was not: it counts on the day it was fetched.
"""
_ADDRESS_SIGN = re.compile(r"[@＠./(\[]")
"""Without one of these, an id holds no address and no handle."""


class Intake:
    """Receives the items of one crawl or one import.

    Items without an id are told apart by text, date, rating and how often the same came before *in this intake*: make
    one intake for each crawl or file, and hand the items over in the source's order. With `remember`, `seen` holds the
    external ids received so far, by source: what a complete crawl did not see has vanished.
    """

    def __init__(self, store: Store, settings: Settings, *, remember: bool = False) -> None:
        self._store = store
        self._pseudonymiser = Pseudonymiser(read_key(settings.key_path))
        self._identifier = LanguageIdentifier(settings.languages)
        self._occurrences: Counter[tuple[int, str]] = Counter()
        self._handles: frozenset[str] | None = None
        self._label = lru_cache(maxsize=512)(self._clean)  # all reviews of a page name the same product
        self._remember = remember
        self.seen: defaultdict[int, set[str]] = defaultdict(set)

    def receive(self, source_id: int, items: Sequence[Item], brand_ids: Collection[int]) -> Counts:
        """Store items of one source as mentions of these brands, in one transaction."""
        if not items:
            return EMPTY
        with self._store.session() as session:
            return self.receive_in(session, source_id, items, brand_ids)

    def receive_in(self, session: Session, source_id: int, items: Sequence[Item], brand_ids: Collection[int]) -> Counts:
        """As `receive`, inside the caller's transaction."""
        source = find_source(session, source_id)
        if self._handles is None:
            self._handles = _own_handles(session)
        now = datetime.now(UTC)
        texts = [self._text(item) for item in items]
        languages = self._identifier.identify_all(
            [
                (f"{title}\n{text}" if title else text, item.language or source.language)
                for item, (title, text) in zip(items, texts, strict=True)
            ]
        )
        drafts = [
            self._draft(item, source_id, now, title=title, text=text, language=language)
            for item, (title, text), language in zip(items, texts, languages, strict=True)
        ]
        if self._remember:
            self.seen[source_id].update(draft.external_id for draft in drafts)
        return upsert(session, source, drafts, brand_ids)

    def _text(self, item: Item) -> tuple[str, str]:
        """The title and the text that are kept; a title alone is the text."""
        title, text = (hide_author(self._clean(field), item.author) for field in (item.title, item.text))
        return (title, text) if text else ("", title)

    def _draft(
        self, item: Item, source_id: int, now: datetime, *, title: str, text: str, language: str
    ) -> MentionDraft:
        return MentionDraft(
            external_id=self.external_id(item, source_id),
            title=title or None,
            text=text,
            language=language,
            rating=item.rating,
            rating_given=storable(item.rating_given)[:100] if item.rating_given else None,
            rating_scale=item.rating_scale,
            author=self._pseudonymiser.name(item.author) if item.author and not is_nobody(item.author) else None,
            url=self._url(item),
            published=item.published if item.published and item.published < now + AHEAD else None,
            edited=item.edited,
            fetched=now,
            reply_state=item.reply_state,
            reply=hide_author(self._clean(item.reply), item.author) or None,
            replied=item.replied,
            attributes={key: self._label(value)[:200] for key, value in sorted(item.attributes.items()) if value},
        )

    def _clean(self, text: str | None) -> str:
        """Repair broken encodings, drop control characters, mask personal data."""
        return mask(repair(text).strip(), keep=self._handles or ()) if text else ""

    def external_id(self, item: Item, source_id: int) -> str:
        """Return the id that an item is stored under; to be asked once for each item without an id of its own."""
        if item.external_id:
            given = storable(item.external_id)
            if names_author(item.author, given) or _names_someone(given):
                return self._pseudonymiser.identifier(given)
            return given if len(given) <= 300 else _digest(given)
        published = item.published.isoformat() if item.published else ""
        key = _digest("\x1f".join((item.title or "", item.text, published, item.rating_given or "")))
        self._occurrences[source_id, key] += 1
        return f"hash:{key[:40]}:{self._occurrences[source_id, key]}"

    def _url(self, item: Item) -> str | None:
        if not item.url:
            return None
        url = public_url(storable(item.url))
        if item.author and (item.author_in_url or names_author(item.author, url)):
            return self._pseudonymiser.url(url, item.author)
        return url


def _names_someone(external_id: str) -> bool:
    if not _ADDRESS_SIGN.search(external_id):
        return False
    masked = mask(external_id)
    return "[email]" in masked or "[handle]" in masked


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _own_handles(session: Session) -> frozenset[str]:
    """Handles of configured brands and rivals: they may stay in a text."""
    names = {
        name for brand in list_brands(session) for name in (brand.name, *terms(brand, "alias"), *terms(brand, "rival"))
    }
    return frozenset("".join(name.split()).lstrip("@") for name in names)
