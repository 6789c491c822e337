"""Brands and their sources: add, find, list."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from difflib import get_close_matches
from shlex import quote

from sqlalchemy import delete, exists, func, select
from sqlalchemy.orm import Session

from overheard.errors import NotFoundError, UsageError
from overheard.store.duplicates import forget_texts, take_apart
from overheard.store.tables import SURVEY, Brand, BrandTerm, Mention, MentionBrand, Source

IMPORT = "import"
"""The kind of a source that files are imported into."""

FROM_FILES = (IMPORT, SURVEY)
"""Kinds of source that nobody crawls."""


LONGEST_NAME = 200
"""Characters of a name, a term or the name of a source, which the store has room for; of an industry half of it."""

LONGEST_DESCRIPTION = 500
"""Characters of a description: what the encoder reads of it."""


LONGEST_KEY = 2000
"""Bytes of a target's spelling that an index of PostgreSQL takes."""


CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")


def on_one_line(text: str, what: str, most: int, least: int = 0) -> str:
    """Return a text with its white space collapsed.

    Raises UsageError where it then has fewer than `least` or more than `most` characters, or control characters.
    """
    line = " ".join(text.split())
    if not least <= len(line) <= most or CONTROL.search(line):
        wanted = f"{least} to {most}" if least else f"at most {most}"
        raise UsageError(
            f"{what} {line[:50]!r} has {len(line)} characters; expected {wanted}, and no control character among them"
        )
    return line


def key_of(name: str) -> str:
    """Return the name as lookups compare it: case-folded, white space collapsed."""
    return " ".join(name.casefold().split())


def list_brands(session: Session) -> Sequence[Brand]:
    """Return all brands, by name."""
    return session.scalars(select(Brand).order_by(Brand.key)).all()


def find_brand(session: Session, name: str) -> Brand:
    """Return the brand of this name or alias; raises NotFoundError that suggests the nearest."""
    known = {
        key_of(term.text): term.brand for term in session.scalars(select(BrandTerm).where(BrandTerm.kind == "alias"))
    }
    known |= {brand.key: brand for brand in list_brands(session)}
    if brand := known.get(key_of(name)):
        return brand
    if not known:
        raise NotFoundError(f"no brand {name!r}: there is none yet; add it with `overheard brand add {quote(name)}`")
    near = get_close_matches(key_of(name), known, n=1, cutoff=0.5)
    hint = f"did you mean {known[near[0]].name!r}?" if near else "see `overheard brand list`"
    raise NotFoundError(f"no brand {name!r}; {hint}")


def add_brand(
    session: Session,
    name: str,
    *,
    aliases: Iterable[str] = (),
    industry: str | None = None,
    description: str | None = None,
    rivals: Iterable[str] = (),
    products: Iterable[str] = (),
    exclusions: Iterable[str] = (),
) -> Brand:
    """Add a brand; raises UsageError when the name is empty, too long or taken."""
    name = on_one_line(name, "brand name", LONGEST_NAME, least=1)
    if session.scalar(select(Brand).where(Brand.key == key_of(name))):
        raise UsageError(f"brand {name!r} exists already; change it with `overheard brand edit {quote(name)}`")
    brand = Brand(name=name, key=key_of(name), created_at=datetime.now(UTC))
    session.add(brand)
    set_industry(brand, industry or "")
    describe(brand, description or "")
    for kind, texts in (("alias", aliases), ("rival", rivals), ("product", products), ("exclusion", exclusions)):
        set_terms(brand, kind, texts)
    session.flush()
    return brand


def describe(brand: Brand, description: str) -> None:
    """Say what a brand does, in a sentence or two; an empty text takes that back. Raises UsageError for a long one."""
    brand.description = on_one_line(description, "description", LONGEST_DESCRIPTION) or None


def set_industry(brand: Brand, industry: str) -> None:
    """Say in which industry a brand is; an empty text takes that back. Raises UsageError for a long one."""
    brand.industry = on_one_line(industry, "industry", LONGEST_NAME // 2) or None


def set_terms(brand: Brand, kind: str, texts: Iterable[str]) -> None:
    """Add terms of a kind (alias, rival, product, exclusion) that the brand does not have yet.

    Raises UsageError for a long one.
    """
    present = {key_of(term.text) for term in brand.terms if term.kind == kind}
    for text in (on_one_line(text, kind, LONGEST_NAME) for text in texts):
        if text and key_of(text) not in present:
            present.add(key_of(text))
            brand.terms.append(BrandTerm(kind=kind, text=text))


def terms(brand: Brand, kind: str) -> list[str]:
    """Return the brand's terms of a kind, in the order they were given."""
    return [term.text for term in brand.terms if term.kind == kind]


def target_key(target: Mapping[str, str]) -> str:
    """Return the canonical spelling of a target, by which two sources count as the same; of a long one, its SHA-256."""
    key = json.dumps(dict(sorted(target.items())), ensure_ascii=False, separators=(",", ":"))
    return key if len(key.encode()) <= LONGEST_KEY else f"sha256:{hashlib.sha256(key.encode()).hexdigest()}"


def find_source(session: Session, number: int) -> Source:
    """Return the source of this number; raises NotFoundError."""
    source = session.get(Source, number)
    if source is None:
        raise NotFoundError(f"no source {number}; see `overheard source list`")
    return source


def add_source(
    session: Session,
    brand: Brand,
    kind: str,
    target: dict[str, str],
    *,
    name: str | None = None,
    language: str | None = None,
    every: int | None = None,
) -> Source:
    """Add a place to listen at, `every` in seconds; raises UsageError when the brand has it already."""
    for source in brand.sources:
        if source.kind == kind and source.target_key == target_key(target):
            raise UsageError(f"{brand.name!r} has this {kind} already, as source {source.id}")
    source = Source(
        kind=kind, name=kind, target=target, target_key=target_key(target), language=language, every=every,
        created_at=datetime.now(UTC), paused=False, state={},
    )  # fmt: skip
    name_source(source, name or kind)
    brand.sources.append(source)
    session.flush()
    return source


def name_source(source: Source, name: str) -> None:
    """Give a source another name; raises UsageError when it is empty or too long."""
    source.name = on_one_line(name, "source name", LONGEST_NAME, least=1)


def import_source(session: Session, name: str) -> Source:
    """Return the source that files from this place are imported into, made when there is none."""
    name = " ".join(name.split())[:LONGEST_NAME]
    target = {"name": key_of(name)}
    found = session.scalar(select(Source).where(Source.kind == IMPORT, Source.target_key == target_key(target)))
    if found is None:
        found = Source(
            kind=IMPORT, name=name, target=target, target_key=target_key(target), created_at=datetime.now(UTC),
            paused=False, state={},
        )  # fmt: skip
        session.add(found)
        session.flush()
    return found


def remove_brand(session: Session, brand: Brand) -> int:
    """Remove a brand with its sources, its rollups and the mentions of no other brand; return their number."""
    others = exists().where(MentionBrand.mention_id == Mention.id, MentionBrand.brand_id != brand.id)
    own = select(MentionBrand.mention_id).where(MentionBrand.brand_id == brand.id)
    doomed = session.scalars(select(Mention.id).where(Mention.id.in_(own), ~others)).all()
    take_apart(session, own)
    session.execute(delete(Mention).where(Mention.id.in_(own), ~others))
    session.delete(brand)
    session.flush()
    forget_texts(session)
    return len(doomed)


def remove_source(session: Session, source: Source) -> int:
    """Remove a source with its crawls, its rollups and its mentions; return the number of mentions."""
    count = session.scalar(select(func.count()).where(Mention.source_id == source.id)) or 0
    take_apart(session, select(Mention.id).where(Mention.source_id == source.id))
    session.delete(source)
    session.flush()
    forget_texts(session)
    return count


def rename_brand(session: Session, brand: Brand, name: str) -> None:
    """Give a brand another name; raises UsageError when it is empty or taken."""
    name = on_one_line(name, "brand name", LONGEST_NAME, least=1)
    holder = session.scalar(select(Brand).where(Brand.key == key_of(name)))
    if holder is not None and holder is not brand:
        raise UsageError(f"brand name {name!r} is taken; give one that no other brand has")
    brand.name, brand.key = name, key_of(name)


def drop_terms(brand: Brand, texts: Iterable[str]) -> None:
    """Forget terms of a brand, whatever their kind; raises UsageError naming one that it does not have."""
    for text in texts:
        found = [term for term in brand.terms if key_of(term.text) == key_of(text)]
        if not found:
            known = ", ".join(repr(term.text) for term in brand.terms) or "none"
            raise UsageError(f"{brand.name!r} has no term {text!r}; it has {known}")
        for term in found:
            brand.terms.remove(term)


def list_sources(session: Session, brand: Brand | None = None) -> Sequence[Source]:
    """Return the sources of a brand, or all of them, by number."""
    statement = select(Source).order_by(Source.id)
    return session.scalars(statement.where(Source.brand_id == brand.id) if brand else statement).all()


def retarget(source: Source, target: dict[str, str]) -> None:
    """Point a source at another target, and forget what was remembered of the old one.

    Raises UsageError when the brand has that target already.
    """
    for other in source.brand.sources if source.brand else ():
        if other is not source and (other.kind, other.target_key) == (source.kind, target_key(target)):
            raise UsageError(f"source {other.id} of the same brand has this target already; edit or remove that one")
    source.target, source.target_key = target, target_key(target)
    source.watermark, source.state = None, {}
    # What crawls of the old target found, and left, is no measure of the new one.
    for crawl in source.crawls:
        crawl.complete, crawl.claimed, crawl.rest = False, None, None
