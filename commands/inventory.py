"""Brands, sources and targets as TOML: what `overheard config` reads."""

from __future__ import annotations

import tomllib
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from sqlalchemy.orm import Session

from overheard.commands.options import LONGEST_INTERVAL, seconds
from overheard.crawler.kinds import find_kind
from overheard.errors import NotFoundError, UsageError
from overheard.insight.targets import check_name
from overheard.store.brands import (
    add_brand,
    add_source,
    describe,
    find_brand,
    name_source,
    set_industry,
    set_terms,
    target_key,
)
from overheard.store.tables import Brand, Source
from overheard.store.targets import set_target


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _seconds(every: Any) -> Any:
    try:
        return seconds(every) if isinstance(every, str) else every
    except UsageError as error:
        raise ValueError(str(error)) from None


class SourceEntry(_Entry):
    """One `[[brands.sources]]`; `every` is an interval such as 6h, or in seconds."""

    kind: str
    target: dict[str, str]
    name: str | None = None
    language: str | None = None
    every: Annotated[Annotated[int, Field(gt=0, le=LONGEST_INTERVAL)] | None, BeforeValidator(_seconds)] = None
    paused: bool = False


class TargetEntry(_Entry):
    """One `[[brands.targets]]`; `value` in the unit of its measure: points, stars of five, percent, seconds."""

    measure: str
    name: str = ""
    value: float
    owner: str


class BrandEntry(_Entry):
    """One `[[brands]]`."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    industry: str | None = None
    description: str | None = None
    aliases: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    rivals: tuple[str, ...] = ()
    exclusions: tuple[str, ...] = ()
    sources: tuple[SourceEntry, ...] = ()
    targets: tuple[TargetEntry, ...] = ()


class Inventory(_Entry):
    """The whole file."""

    brands: tuple[BrandEntry, ...] = ()


def read_inventory(text: str, name: str, languages: Collection[str]) -> Inventory:
    """Parse the TOML text of file `name`; raises UsageError naming the key that is wrong."""
    try:
        inventory = Inventory(**tomllib.loads(text))
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part)[:100] for part in first["loc"])
        given = f"{first['msg'].removeprefix('Value error, ')} (got {first['input']!r:.200})"
        raise UsageError(f"{name}: {key}: {given}; see `overheard config export` for the form") from None
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{name}: {error}; expected TOML as `overheard config export` writes it") from None
    for brand in inventory.brands:
        for source in brand.sources:
            if source.language is not None and source.language not in languages:
                known = ", ".join(languages)
                raise UsageError(
                    f"{name}: a source of {brand.name!r} has language {source.language!r}; expected one of {known}"
                )
    return inventory


def store_inventory(session: Session, inventory: Inventory) -> list[Source]:
    """Add or bring up to date what the inventory lists; return its sources as they stand in the store."""
    sources = []
    for entry in inventory.brands:
        brand = _brand(session, entry)
        sources += [_store_source(session, brand, source) for source in entry.sources]
    return sources


def _brand(session: Session, entry: BrandEntry) -> Brand:
    try:
        brand = find_brand(session, entry.name)
    except NotFoundError:
        brand = add_brand(session, entry.name)
    if entry.industry:
        set_industry(brand, entry.industry)
    if entry.description:
        describe(brand, entry.description)
    for kind, texts in (
        ("alias", entry.aliases), ("product", entry.products), ("rival", entry.rivals), ("exclusion", entry.exclusions),
    ):  # fmt: skip
        set_terms(brand, kind, texts)
    for target in entry.targets:
        check_name(target.measure, target.name)
        set_target(session, brand, target.measure, target.name, target.value, target.owner, datetime.now(UTC))
    return brand


def _store_source(session: Session, brand: Brand, entry: SourceEntry) -> Source:
    target = find_kind(entry.kind).validate(entry.target)
    for source in brand.sources:
        if source.kind == entry.kind and source.target_key == target_key(target):
            break
    else:
        source = add_source(session, brand, entry.kind, target)
    if entry.name:
        name_source(source, entry.name)
    source.language, source.every, source.paused = entry.language, entry.every, entry.paused
    return source
