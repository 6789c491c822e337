"""What the sentences of mentions say, in short, and which of them are wanted.

The sentences of a mention, as a model version read them, stand beside its classification in `Classification.said`, a
word for each: what is counted needs one row per mention, not one per sentence and dimension.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, exists
from sqlalchemy.orm import aliased

from overheard.store.tables import Opinion, OpinionDimension

SENTIMENT = "sentiment"
"""The measure of `SentimentRollup` that counts the sentiment of sentences."""

OPINIONS = "opinions"
"""The measure that counts the sentiment of the sentences that bear on a dimension, where one is asked for."""

SENTIMENTS = ("positive", "negative", "neutral", "mixed")
SIGNS = {"positive": "+", "negative": "-", "neutral": "="}
VOTES = {"+": 1, "-": -1, "=": 0}


@dataclass(frozen=True, slots=True)
class Sentences:
    """Which sentences are counted: all, each model version for itself, or those of one `version`.

    Of these only those at a `touchpoint`, and that bear on a `dimension`, where these are given. With a dimension, the
    sentiment that nets are made of is the polarity of the votes in it; that of the sentences themselves is counted
    beside it, as `OPINIONS`.
    """

    version: int | None = None
    touchpoint: str | None = None
    dimension: str | None = None

    @property
    def is_every(self) -> bool:
        """Whether sentences count wherever they were said and whatever they bear on."""
        return self.touchpoint is None and self.dimension is None

    def conditions(self, opinion: type[Opinion] = Opinion) -> list[ColumnElement[bool]]:
        """Return what an opinion has to fulfil."""
        conditions: list[ColumnElement[bool]] = []
        if self.version is not None:
            conditions.append(opinion.model_version_id == self.version)
        if self.touchpoint is not None:
            conditions.append(opinion.touchpoint == self.touchpoint)
        if self.dimension is not None:
            bearing = aliased(OpinionDimension)
            bears = exists().where(bearing.opinion_id == opinion.id, bearing.dimension == self.dimension)
            conditions.append(bears)
        return conditions


EVERY = Sentences()
"""All sentences, as the rollups count them."""


def word_of(touchpoint: str, sentiment: str, polarities: Mapping[str, str], signals: Iterable[str]) -> str:
    """Return what a sentence says as one word; `polarities` are those of the dimensions that it bears on.

    >>> word_of("receive", "negative", {"speed": "negative", "service": "positive"}, ["churn"])
    'receive|negative|speed-,service+|churn'
    """
    votes = ",".join(f"{name}{SIGNS[polarity]}" for name, polarity in polarities.items())
    return "|".join((touchpoint, sentiment, votes, ",".join(signals)))
