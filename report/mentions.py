"""Found mentions on the terminal: sentence by sentence, with what was read in each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from overheard.insight.mentions import Found, FoundOpinion
from overheard.report import figures
from overheard.report.printable import printable
from overheard.report.summary import BAD, GOOD, QUIET, address

STYLES = {"positive": GOOD, "negative": BAD}


def mention_parts(found: Sequence[Found]) -> Iterator[RenderableType]:
    """Yield what to print for found mentions; the sentences that were searched for are marked with `>`."""
    if not found:
        yield Text("No such mentions. Widen the period or the filters.")
    for mention in found:
        yield _heading(mention)
        if mention.url:
            yield address(mention.url, indent=2)
        if not mention.opinions:
            yield Padding(Text(printable(whole(mention))), (0, 0, 0, 4))
        for opinion in mention.opinions:
            yield Padding(_sentence(opinion), (0, 0, 0, 2))
            yield Padding(Text(reading(opinion), style=QUIET), (0, 0, 0, 4))
        yield Text()


def reading(opinion: FoundOpinion) -> str:
    """Write what was read in a sentence: its sentiment, dimensions with scores, touchpoint and signals."""
    parts = [opinion.sentiment]
    parts += [f"{name} {entry.polarity} {entry.score:.2f}" for name, entry in opinion.dimensions.items()]
    if opinion.touchpoint != "none":
        parts.append(f"at {opinion.touchpoint}")
    return ", ".join([*parts, *opinion.signals])


def whole(mention: Found) -> str:
    """Return title and text of a mention that has no sentences to show."""
    return f"{mention.title or ''} {mention.text}".strip()


def _heading(mention: Found) -> Text:
    parts = [f"mention {mention.mention_id}", printable(mention.source), figures.day(mention.day), mention.language]
    if mention.rating is not None:
        parts.append(f"rated {_rating(mention)}")
    if mention.sentiment:
        parts.append(mention.sentiment)
    if mention.rejected:
        parts.append(verdict(mention))
    elif mention.status != "analysed":
        parts.append(mention.status.replace("_", " "))
    if mention.vanished:
        parts.append(f"vanished {figures.day(mention.vanished)}")
    return Text(", ".join(parts), style="bold")


def verdict(mention: Found) -> str:
    """Write why a mention was rejected."""
    if mention.decided_by == "user":
        return "rejected by you"
    if mention.decided_by == "exclusion":
        return f"rejected for “{printable(mention.reason or '')}”"
    return "rejected, not named" if mention.relevance is None else f"rejected, relevance {mention.relevance:.2f}"


def _rating(mention: Found) -> str:
    given = printable(mention.rating_given or f"{mention.rating}")
    return f"{given} of {mention.rating_scale:g}" if mention.rating_scale and given.isdecimal() else given


def _sentence(opinion: FoundOpinion) -> Text:
    mark, weight = ("> ", "bold ") if opinion.matches else ("  ", "")
    return Text(f"{mark}{printable(opinion.text)}", style=weight + STYLES.get(opinion.sentiment, ""))
