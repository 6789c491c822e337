"""Found mentions on the terminal: sentence by sentence, with what was read in each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from overheard.insight.mentions import Found, FoundOpinion
from overheard.report import figures, markdown, spreadsheet
from overheard.report.printable import printable
from overheard.report.styles import BAD, GOOD, QUIET, address

COLUMNS = (
    "mention_id", "source", "language", "day", "vanished", "url", "rating", "status",
    "field", "start", "end", "text", "reading", "matches", "relevance", "rejected", "decided_by", "reason",
)  # fmt: skip

NOTHING = "No such mentions. Widen the period or the filters."

STYLES = {"positive": GOOD, "negative": BAD}


def parts(found: Sequence[Found], width: int) -> Iterator[RenderableType]:
    """Yield what to print for found mentions; the sentences that were searched for are marked with `>`."""
    if not found:
        yield Text(NOTHING)
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
    return Text(", ".join([f"mention {mention.mention_id}", *_known(mention)]), style="bold")


def _known(mention: Found) -> list[str]:
    """Return what is known of a mention beside its words."""
    parts = [printable(mention.source), figures.day(mention.day), mention.language]
    if mention.rating is not None:
        parts.append(figures.rated(mention.rating, mention.kind, mention.rating_given, mention.rating_scale))
    if mention.sentiment:
        parts.append(mention.sentiment)
    if mention.rejected:
        parts.append(verdict(mention))
    elif mention.status != "analysed":
        parts.append(mention.status.replace("_", " "))
    if mention.vanished:
        parts.append(f"vanished {figures.day(mention.vanished)}")
    return parts


def verdict(mention: Found) -> str:
    """Write why a mention was rejected."""
    if mention.decided_by == "user":
        return "rejected by you"
    if mention.decided_by == "exclusion":
        return f"rejected for “{printable(mention.reason or '')}”"
    return "rejected, not named" if mention.relevance is None else f"rejected, relevance {mention.relevance:.2f}"


def _sentence(opinion: FoundOpinion) -> Text:
    mark, weight = ("> ", "bold ") if opinion.matches else ("  ", "")
    return Text(f"{mark}{printable(opinion.text)}", style=weight + STYLES.get(opinion.sentiment, ""))


def rows(found: Sequence[Found]) -> Iterator[spreadsheet.Row]:
    """Yield a row for each sentence, or for the mention where it has none."""
    for mention in found:
        yield from _mention_rows(mention)


def _mention_rows(mention: Found) -> Iterator[spreadsheet.Row]:
    of_mention: spreadsheet.Row = {
        "mention_id": mention.mention_id,
        "source": mention.source,
        "language": mention.language,
        "day": spreadsheet.day(mention.day),
        "vanished": spreadsheet.day(mention.vanished),
        "url": mention.url,
        "rating": mention.rating,
        "status": mention.status,
    }
    judgement: spreadsheet.Row = {
        "relevance": mention.relevance,
        "rejected": spreadsheet.yes(mention.rejected),
        "decided_by": mention.decided_by,
        "reason": mention.reason,
    }
    if not mention.opinions:
        nothing = {"field": None, "start": None, "end": None, "text": whole(mention), "reading": None, "matches": None}
        yield {**of_mention, **nothing, **judgement}
    for opinion in mention.opinions:
        yield {
            **of_mention,
            "field": opinion.field,
            "start": opinion.start,
            "end": opinion.end,
            "text": opinion.text,
            "reading": reading(opinion),
            "matches": spreadsheet.yes(opinion.matches),
            **judgement,
        }


def lines(found: Sequence[Found]) -> Iterator[str]:
    """Yield the lines of found mentions as Markdown."""
    if not found:
        yield NOTHING
    for mention in found:
        yield from _mention_lines(mention)


def _mention_lines(mention: Found) -> Iterator[str]:
    yield f"## Mention {mention.mention_id}"
    yield ""
    yield f"{markdown.escaped(', '.join(_known(mention)))}{markdown.link(mention.url)}"
    yield ""
    if not mention.opinions:
        yield f"> {markdown.escaped(whole(mention))}"
    for opinion in mention.opinions:
        text = f"**{markdown.escaped(opinion.text)}**" if opinion.matches else markdown.escaped(opinion.text)
        yield f"- {text} ({markdown.escaped(reading(opinion))})"
    yield ""
