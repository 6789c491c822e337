"""Brands and sources as TOML: what `overheard config` reads."""

from __future__ import annotations

import tomllib
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy.orm import Session

from overheard.crawler.kinds import parse_target
from overheard.errors import NotFoundError, UsageError
from overheard.store.brands import add_brand, add_source, find_brand, set_terms, target_key
from overheard.store.tables import Brand


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SourceEntry(_Entry):
    """One `[[brands.sources]]`; `every` is in seconds."""

    kind: str
    target: dict[str, str]
    name: str | None = None
    language: str | None = None
    every: Annotated[int, Field(gt=0)] | None = None
    paused: bool = False


class BrandEntry(_Entry):
    """One `[[brands]]`."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    industry: str | None = None
    aliases: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    rivals: tuple[str, ...] = ()
    exclusions: tuple[str, ...] = ()
    sources: tuple[SourceEntry, ...] = ()


class Inventory(_Entry):
    """The whole file."""

    brands: tuple[BrandEntry, ...] = ()


def read_inventory(text: str, name: str) -> Inventory:
    """Parse the TOML text of file `name`; raises UsageError naming the key that is wrong."""
    try:
        return Inventory(**tomllib.loads(text))
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise UsageError(f"{name}: {key}: {first['msg']}; see `overheard config export` for the form") from None
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{name}: {error}; expected TOML as `overheard config export` writes it") from None


def store_inventory(session: Session, inventory: Inventory) -> tuple[int, int]:
    """Add or bring up to date what the inventory lists; return the numbers of brands and sources in it."""
    sources = 0
    for entry in inventory.brands:
        brand = _brand(session, entry)
        for source in entry.sources:
            _store_source(session, brand, source)
            sources += 1
    return len(inventory.brands), sources


def _brand(session: Session, entry: BrandEntry) -> Brand:
    try:
        brand = find_brand(session, entry.name)
    except NotFoundError:
        brand = add_brand(session, entry.name)
    brand.industry = entry.industry or brand.industry
    for kind, texts in (
        ("alias", entry.aliases), ("product", entry.products), ("rival", entry.rivals), ("exclusion", entry.exclusions),
    ):  # fmt: skip
        set_terms(brand, kind, texts)
    return brand


def _store_source(session: Session, brand: Brand, entry: SourceEntry) -> None:
    target = parse_target(entry.kind, ",".join(f"{key}={value}" for key, value in entry.target.items()))
    for source in brand.sources:
        if source.kind == entry.kind and source.target_key == target_key(target):
            break
    else:
        source = add_source(session, brand, entry.kind, target)
    source.name = entry.name or source.name
    source.language, source.every, source.paused = entry.language, entry.every, entry.paused
