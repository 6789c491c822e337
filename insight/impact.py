"""Which pain costs most and which praise carries most: how often × how strongly, and what it does to the net."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from overheard.insight import statistics
from overheard.insight.sample import Sample
from overheard.insight.statistics import MINIMUM

SIDES = {"pain": "negative", "praise": "positive"}
"""The polarity of each side."""


@dataclass(frozen=True, slots=True)
class Impact:
    """What the pain or the praise (`side`) of one dimension weighs.

    `mentions` have the vote; `share` is their part of all analysed mentions in [0, 1] with its interval. `strength` is
    how much of such a mention speaks so: the mean part of its positive and negative sentences that is on that side, in
    [0, 1]. `impact` = 100 · share · strength is what mentions are ranked by. `moves` is the change of the net over all
    votes that these votes make, in points: negative for pain. All null where the mentions are too few; `strength` and
    `impact` also where none of them is among the newest, `moves` also where no other dimension has a vote.
    """

    dimension: str
    label: str
    side: str
    mentions: int
    share: float | None
    share_low: float | None
    share_high: float | None
    strength: float | None
    impact: float | None
    moves: float | None


@dataclass(frozen=True, slots=True)
class Votes:
    """The votes of one dimension."""

    label: str
    praise: int
    pain: int


def impacts(votes: Mapping[str, Votes], analysed: int, sample: Sample) -> dict[str, tuple[Impact, ...]]:
    """Return the impacts of `pain` and of `praise`, the highest first; a dimension without such a vote is left out."""
    strength = {side: _strengths(sample, polarity) for side, polarity in SIDES.items()}
    return {side: _ranked([_impact(votes, name, side, analysed, strength[side]) for name in votes]) for side in SIDES}


def _ranked(found: Sequence[Impact]) -> tuple[Impact, ...]:
    there = [entry for entry in found if entry.mentions]
    return tuple(sorted(there, key=lambda entry: (-(entry.impact or 0), -entry.mentions, entry.dimension)))


def _impact(
    votes: Mapping[str, Votes], dimension: str, side: str, analysed: int, strengths: Mapping[str, float]
) -> Impact:
    here = votes[dimension]
    mentions = here.pain if side == "pain" else here.praise
    share = statistics.share(mentions, analysed)
    strength = strengths.get(dimension) if mentions >= MINIMUM else None
    return Impact(
        dimension=dimension,
        label=here.label,
        side=side,
        mentions=mentions,
        share=share.value,
        share_low=share.low,
        share_high=share.high,
        strength=strength,
        impact=None if strength is None or share.value is None else 100 * share.value * strength,
        moves=moves(votes, dimension, side) if mentions >= MINIMUM else None,
    )


def moves(votes: Mapping[str, Votes], dimension: str, side: str) -> float | None:
    """Return the net over all votes minus the net without these; null where no other dimension has a vote.

    (Without its pain, a dimension alone stands at +100, whatever is said: that moves nothing.)

    >>> votes = {"speed": Votes("Speed", praise=10, pain=30), "service": Votes("Service", praise=50, pain=10)}
    >>> moves(votes, "speed", "pain")
    -51.42857142857143
    """
    praise, pain = sum(each.praise for each in votes.values()), sum(each.pain for each in votes.values())
    here = votes[dimension]
    rest = (praise, pain - here.pain) if side == "pain" else (praise - here.praise, pain)
    if not sum(each.praise + each.pain for name, each in votes.items() if name != dimension):
        return None
    return _net(praise, pain) - _net(*rest)


def _net(praise: int, pain: int) -> float:
    return 100 * (praise - pain) / (praise + pain)


def _strengths(sample: Sample, polarity: str) -> dict[str, float]:
    """Return the mean strength of each dimension on one side, over the newest mentions that are clearly on it."""
    opposite = "positive" if polarity == "negative" else "negative"
    parts = {
        voice.mention_id: (voice.negative if polarity == "negative" else voice.positive) / sentences
        for voice in sample.voices.values()
        if (sentences := voice.positive + voice.negative)
    }
    found = {}
    for (dimension, side), ids in sample.sides.items():
        torn = set(sample.sides.get((dimension, opposite), ()))
        strengths = [parts[mention_id] for mention_id in ids if mention_id not in torn and mention_id in parts]
        if side == polarity and strengths:
            found[dimension] = sum(strengths) / len(strengths)
    return found
