"""The taxonomy: what an opinion can be about, read from models/taxonomy.toml.

Nine dimensions that customers see and five operational drivers behind them, three pillars that pool them, eight
touchpoints and six signals. The order of the file is the order of every table and of the model's heads.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from overheard.errors import ModelError, NotFoundError

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

Name = Annotated[str, Field(pattern=r"^[a-z][a-z_]*$", max_length=50)]
Words = Annotated[str, Field(min_length=1)]

REINSTALL = "reinstall overheard or restore the file"


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Name
    label: Words
    definition: Words


class Dimension(_Entry):
    """One dimension: `question` is what it answers, `pillar` the pillar that pools it.

    `kind` is `customer` for what customers see, `driver` for what lies behind it; `examples` are two or three
    sentences of our own that belong under it.
    """

    question: Words
    pillar: Name
    kind: Literal["customer", "driver"]
    examples: Annotated[tuple[Words, ...], Field(min_length=2)]


class Pillar(_Entry):
    """One of the three parts of the CX index; exactly one of them counts the general verdicts."""

    general_verdicts: bool


class Touchpoint(_Entry):
    """A part of the customer's journey; `none` stands for none of them."""


class Signal(_Entry):
    """What a sentence says that the brand should act on."""


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    pillars: Annotated[tuple[Pillar, ...], Field(min_length=1)]
    dimensions: Annotated[tuple[Dimension, ...], Field(min_length=1)]
    touchpoints: Annotated[tuple[Touchpoint, ...], Field(min_length=1)]
    signals: Annotated[tuple[Signal, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _joined(self) -> Self:
        pillars = {pillar.name for pillar in self.pillars}
        for entries in (self.pillars, self.dimensions, self.touchpoints, self.signals):
            double = [name for name, times in Counter(entry.name for entry in entries).items() if times > 1]
            if double:
                raise ValueError(f"{double[0]!r} stands there twice")
        for dimension in self.dimensions:
            if dimension.pillar not in pillars:
                raise ValueError(f"dimension {dimension.name!r} has the unknown pillar {dimension.pillar!r}")
        if sum(pillar.general_verdicts for pillar in self.pillars) != 1:
            raise ValueError("exactly one pillar must have general_verdicts = true")
        return self


@dataclass(frozen=True, slots=True)
class Taxonomy:
    """Dimensions, pillars, touchpoints and signals, each in the order of the file.

    `pillars` maps the name of a pillar to the names of its dimensions, `pillar_labels` to its label;
    `general_verdicts` names the pillar that also counts sentences which judge without naming a dimension.
    """

    dimensions: tuple[Dimension, ...]
    pillars: dict[str, tuple[str, ...]]
    pillar_labels: dict[str, str]
    general_verdicts: str
    touchpoints: tuple[Touchpoint, ...]
    signals: tuple[Signal, ...]

    def dimension(self, name: str) -> Dimension:
        """Return the dimension of this name; raises NotFoundError listing the names that there are."""
        for entry in self.dimensions:
            if entry.name == name:
                return entry
        names = ", ".join(entry.name for entry in self.dimensions)
        raise NotFoundError(f"no dimension {name!r}; expected one of {names}")

    def touchpoint(self, name: str) -> Touchpoint:
        """Return the touchpoint of this name; raises NotFoundError listing the names that there are."""
        for entry in self.touchpoints:
            if entry.name == name:
                return entry
        names = ", ".join(entry.name for entry in self.touchpoints)
        raise NotFoundError(f"no touchpoint {name!r}; expected one of {names}")


def _assemble(content: _File) -> Taxonomy:
    return Taxonomy(
        dimensions=content.dimensions,
        pillars={
            pillar.name: tuple(entry.name for entry in content.dimensions if entry.pillar == pillar.name)
            for pillar in content.pillars
        },
        pillar_labels={pillar.name: pillar.label for pillar in content.pillars},
        general_verdicts=next(pillar.name for pillar in content.pillars if pillar.general_verdicts),
        touchpoints=content.touchpoints,
        signals=content.signals,
    )


def read(file: Traversable) -> Taxonomy:
    """Read a taxonomy file; raises ModelError naming the file and the key that is wrong."""
    try:
        content: dict[str, Any] = tomllib.loads(file.read_text(encoding="utf-8"))
        return _assemble(_File(**content))
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"]) or "taxonomy"
        raise ModelError(f"{file}: {key}: {first['msg']}; {REINSTALL}") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ModelError(f"{file}: {error}; expected the taxonomy as TOML, {REINSTALL}") from None


@cache
def load() -> Taxonomy:
    """Return the shipped taxonomy, read once per process; raises ModelError where it is missing or damaged."""
    return read(resources.files("overheard.models") / "taxonomy.toml")
