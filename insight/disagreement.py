"""Where one mention says two things: its stars beside its text, and the touchpoint that spoils a good visit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from overheard.insight import statistics
from overheard.insight.sample import NOWHERE, Sample, Voice

EXAMPLES = 3
"""Mentions named for each kind."""

KINDS: dict[str, tuple[str, Callable[[float], bool], Callable[[Voice], bool]]] = {
    "middle_stars_only_pain": ("Middle stars, only pain", lambda r: abs(r - 0.5) <= 0.125, lambda v: v.only_pain),
    "top_stars_only_pain": ("Top stars, only pain (irony or an error)", lambda r: r >= 0.95, lambda v: v.only_pain),
    "low_stars_only_praise": ("Low stars, only praise", lambda r: r <= 0.25, lambda v: v.only_praise),
}
"""What disagrees: label, the stars on 0..1 that it asks for, and what the text says."""


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Mentions whose stars and text disagree in one way; `share` is their part of those with such stars, in [0, 1].

    `examples` are ids of the newest of them.
    """

    kind: str
    label: str
    mentions: int
    of: int
    share: float | None
    share_low: float | None
    share_high: float | None
    examples: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Spoiler:
    """A touchpoint with pain in mentions that are otherwise positive: praised elsewhere, and nowhere else a pain.

    `mentions` are these, `of` all with pain there and `share` their part; `examples` are ids of the newest.
    """

    touchpoint: str
    label: str
    mentions: int
    of: int
    share: float | None
    share_low: float | None
    share_high: float | None
    examples: tuple[int, ...]


def disagreements(sample: Sample) -> tuple[Disagreement, ...]:
    """Return how often stars and text disagree among the newest mentions, in the order of `KINDS`."""
    found = []
    for kind, (label, stars, says) in KINDS.items():
        rated = [voice for voice in sample.voices.values() if voice.rating is not None and stars(voice.rating)]
        these = [voice.mention_id for voice in rated if says(voice)]
        share = statistics.share(len(these), len(rated))
        found.append(
            Disagreement(
                kind, label, len(these), len(rated), share.value, share.low, share.high, tuple(these[:EXAMPLES])
            )
        )
    return tuple(found)


def spoilers(sample: Sample, labels: dict[str, str]) -> tuple[Spoiler, ...]:
    """Return the touchpoints that spoil otherwise good mentions, the most often first; `labels` names them."""
    pained: Counter[str] = Counter()
    spoilt: dict[str, list[int]] = {touchpoint: [] for touchpoint in labels if touchpoint != NOWHERE}
    for voice in sample.voices.values():
        hurt = [touchpoint for touchpoint, (_, negative, _) in voice.places.items() if negative]
        pained.update(hurt)
        if len(hurt) == 1 and hurt[0] in spoilt and _is_good_elsewhere(voice, hurt[0]):
            spoilt[hurt[0]].append(voice.mention_id)
    ranked = sorted(spoilt, key=lambda touchpoint: -len(spoilt[touchpoint]))
    return tuple(_spoiler(name, labels[name], spoilt[name], pained[name]) for name in ranked if pained[name])


def _is_good_elsewhere(voice: Voice, touchpoint: str) -> bool:
    return any(positive for place, (positive, _, _) in voice.places.items() if place != touchpoint)


def _spoiler(touchpoint: str, label: str, spoilt: list[int], pained: int) -> Spoiler:
    share = statistics.share(len(spoilt), pained)
    return Spoiler(touchpoint, label, len(spoilt), pained, share.value, share.low, share.high, tuple(spoilt[:EXAMPLES]))
