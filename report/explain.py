"""One mention with all that is known about it: the text with its opinions marked, then where each figure comes from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from overheard.insight.cases import Note
from overheard.insight.explain import Belonging, Edit, Explanation, Membership, Reading, ReadOpinion, Words
from overheard.report import figures, markdown, spreadsheet
from overheard.report.printable import printable
from overheard.report.styles import BAD, GOOD, QUIET, address

COLUMNS = (
    "mention_id", "model", "field", "start", "end", "text", "sentiment", "sentiment_score", "dimension", "polarity",
    "score", "touchpoint", "signals", "source", "kind", "language", "day", "url", "rating", "brands",
)  # fmt: skip

STYLES = {"positive": f"underline {GOOD}", "negative": f"underline {BAD}", "mixed": "underline yellow"}
SIGNS = {"positive": "+", "negative": "−", "mixed": "±", "neutral": ":"}
WORDS = {"same": "", "removed": f"strike {BAD}", "added": f"underline {GOOD}"}


def parts(found: Explanation, width: int) -> Iterator[RenderableType]:
    """Yield what to print for a mention, section by section."""
    yield Text(f"Mention {found.mention_id}", style="bold")
    yield from _marked_texts(found)
    yield Text()
    yield _grid(facts(found))
    if found.url:
        yield address(found.url, indent=0)
    for section in (_readings, _themes, _brands, _history, _notes):
        yield from section(found)


@dataclass(frozen=True, slots=True)
class Marked:
    """A text with its opinions marked by number: coloured and underlined, or in brackets with a sign where the output
    has no colours."""

    text: str
    opinions: Sequence[tuple[int, ReadOpinion]]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the text, marked as the console allows."""
        styled = console.is_terminal and not console.no_color
        yield Text.assemble(*((piece, style if styled else "") for piece, style in self.pieces(styled)))

    def pieces(self, styled: bool) -> Iterator[tuple[str, str]]:
        """Yield the text in pieces with their styles."""
        end = 0
        for number, opinion in self.opinions:
            yield _gap(self.text[end : opinion.start]), ""
            style = STYLES.get(opinion.sentiment, "")
            said = printable(self.text[opinion.start : opinion.end])
            if styled:
                yield from (((f"{number} ", QUIET)), (said, style))
            else:
                yield bracketed(number, opinion, said), ""
            end = opinion.end
        yield _gap(self.text[end:]), ""


def bracketed(number: int, opinion: ReadOpinion, said: str) -> str:
    """Write an opinion in brackets, with its number and the sign of its sentiment: [1− Too slow.]"""
    return f"[{number}{SIGNS[opinion.sentiment]} {said}]"


def _gap(text: str) -> str:
    """Write what stands between two opinions on one line, words as far apart as they were."""
    said = printable(text)
    if not said:
        return " " if text else ""
    return f"{' ' if text[0].isspace() else ''}{said}{' ' if text[-1].isspace() else ''}"


def main_reading(found: Explanation) -> Reading | None:
    """Return the reading that the figures come from, else the newest; None where nothing was read."""
    return next((reading for reading in found.readings if reading.answers_for), next(iter(found.readings), None))


def _marked_texts(found: Explanation) -> Iterator[RenderableType]:
    for field, text in _fields(found):
        yield Padding(Marked(text, numbered(main_reading(found), field)), (0, 0, 0, 2))


def _fields(found: Explanation) -> list[tuple[str, str]]:
    return [(field, text) for field, text in (("title", found.title), ("text", found.text)) if text]


def numbered(reading: Reading | None, field: str) -> list[tuple[int, ReadOpinion]]:
    """Return the opinions of a field with their numbers in the mention, from 1."""
    opinions = () if reading is None else reading.opinions
    return [(number, opinion) for number, opinion in enumerate(opinions, 1) if opinion.field == field]


def facts(found: Explanation) -> Iterator[tuple[str, str]]:
    """Yield what is known of a mention beside its text, as label and value."""
    source = found.source
    yield "Source", f"{source.name} ({source.kind}, {source.id})"
    yield "Target", ", ".join(f"{name}={value}" for name, value in source.target.items())
    if source.brand is not None:
        yield "Source of", source.brand
    yield "Number there", found.external_id
    yield "Author", f"{found.author} (a pseudonym)" if found.author else "not given"
    yield "Language", found.language
    yield "Published", _moment(found.published) if found.published else f"not dated; counted on {found.day}"
    if found.edited:
        yield "Edited", _moment(found.edited)
    crawl = f", by the crawl of {_moment(source.crawl)}" if source.crawl else ""
    yield "First read so", f"{_moment(found.fetched)}{crawl}"
    if source.last_crawl:
        yield "Last crawl", f"{_moment(source.last_crawl)}, {source.last_outcome}"
    if found.vanished:
        yield "Vanished", f"{_moment(found.vanished)}: it still counts and is not quoted"
    yield "Rating", _rating(found)
    yield "Reply", _reply(found)
    yield from ((f"Its {name}", value) for name, value in found.attributes.items())


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _rating(found: Explanation) -> str:
    if found.rating is None:
        return "none given"
    given = found.rating_given or f"{found.rating:g}"
    scale = f" of {found.rating_scale:g}" if found.rating_scale else ""
    return f"{given}{scale} ({1 + 4 * found.rating:.1f} of 5 stars)"


def _reply(found: Explanation) -> str:
    if found.reply_state == "unknown":
        return "unknown: the source does not report replies"
    when = f", {_moment(found.replied)}" if found.replied else ""
    return f"{found.reply_state}{when}{f': {found.reply}' if found.reply else ''}"


def _grid(rows: Iterator[tuple[str, str]]) -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style=QUIET, overflow="fold", max_width=24)
    grid.add_column(overflow="fold")
    for label, value in rows:
        grid.add_row(Text(printable(label)), Text(printable(value)))
    return grid


def _readings(found: Explanation) -> Iterator[RenderableType]:
    if not found.readings:
        yield Text("\nNot read yet: run `overheard classify`.")
    for reading in found.readings:
        yield Text(f"\n{printable(heading(reading))}", style="bold")
        for number, opinion in enumerate(reading.opinions, 1):
            yield Padding(Text(f"{number} {scores(opinion)}"), (0, 0, 0, 2))


def heading(reading: Reading) -> str:
    """Write which version read a mention, what it made of the whole, and for whom its figures count."""
    text = f"Read by {reading.model}"
    if reading.status == "not_analysed":
        return f"{text}: not analysed, a language that it does not know"
    text += f": {reading.sentiment or 'no verdict'}"
    if reading.strength is not None:
        text += f", strength {reading.strength:+.2f}".replace("-", figures.MINUS)
    return f"{text}; answers for {', '.join(reading.answers_for) or 'no brand'}"


def scores(opinion: ReadOpinion) -> str:
    """Write what was read in a sentence, each with its score."""
    said = [f"{opinion.sentiment} {opinion.sentiment_score:.2f}"]
    said += [f"{name} {entry.polarity} {entry.score:.2f}" for name, entry in opinion.dimensions.items()]
    if opinion.touchpoint != "none":
        said.append(f"at {opinion.touchpoint}")
    return f"{', '.join([*said, *opinion.signals])} ({opinion.field} {opinion.start} to {opinion.end})"


def _brands(found: Explanation) -> Iterator[RenderableType]:
    yield Text("\nWhat it counts in" if found.brands else "\nIt belongs to no brand: it counts nowhere.", style="bold")
    for belonging in found.brands:
        yield Padding(Text(printable(belongs(belonging))), (0, 0, 0, 2))
        for line in counts(found, belonging):
            yield Padding(Text(printable(line), style=QUIET), (0, 0, 0, 4))


def belongs(found: Belonging) -> str:
    """Write whether a mention counts for a brand, and why."""
    state = {
        "counted": "counts",
        "rejected": "left out as not about the brand",
        "duplicate": f"left out as a near-duplicate of mention {found.duplicate_of}",
        "survey": "an answer to a survey, in no figure of what is said in public unless --source names it",
        "pending": "counts as a mention; not read yet",
        "not_analysed": "counts as a mention; not analysed",
    }[found.status]
    return f"{found.brand}: {state}; {_judgement(found)}"


def _judgement(found: Belonging) -> str:
    if found.decided_by is None:
        return "nobody had to judge whether it is about the brand"
    by = {
        "user": "decided by you", "exclusion": f"named the excluded phrase “{found.reason or ''}”",
        "name": "the brand is not named in it", "score": "judged by its words",
    }[found.decided_by]  # fmt: skip
    return by if found.relevance is None else f"{by}, relevance {found.relevance:.2f}"


def counts(found: Explanation, belonging: Belonging) -> Iterator[str]:
    """Yield what a mention adds to the figures of a brand, and what keeps it from them."""
    if belonging.group:
        rest = [number for number in belonging.group if number != found.mention_id]
        yield f"near-duplicates: {', '.join(map(str, rest))}; mention {belonging.group[0]} counts"
    if belonging.stale:
        yield f"the figures of {found.day} are to be recounted, run `overheard classify`"
    counted = belonging.counted
    if counted is None:
        return
    stars = ", its stars" if counted.rated else ""
    yield f"on {found.day}, source {found.source.name}, language {found.language}: one mention{stars}"
    yield (
        f"net sentiment: {counted.positive} positive, {counted.negative} negative, "
        f"{counted.neutral} neutral, {counted.mixed} mixed sentences"
    )
    if counted.votes:
        yield f"votes: {', '.join(f'{name} {vote}' for name, vote in counted.votes.items())}"
    touchpoints = [name for name in counted.touchpoints if name != "none"]
    if touchpoints:
        yield f"touchpoints: {', '.join(touchpoints)}"
    if counted.signals:
        yield f"signals: {', '.join(counted.signals)}"


def _history(found: Explanation) -> Iterator[RenderableType]:
    if found.history:
        yield Text("\nHistory", style="bold")
    for edit in found.history:
        yield Padding(Text(edited(edit)), (0, 0, 0, 2))
        for words in (edit.title, edit.text):
            if any(each.change != "same" for each in words):
                yield Padding(Changed(words), (0, 0, 0, 4))


def _themes(found: Explanation) -> Iterator[RenderableType]:
    if found.themes:
        yield Text("\nThemes", style="bold")
    for each in found.themes:
        yield Padding(Text(membership(each)), (0, 0, 0, 2))


def membership(each: Membership) -> str:
    """Write which theme a sentence belongs to: 12 “Bus came late”, speed negative (text from 29)."""
    return f"{each.theme} “{printable(each.name)}”, {each.dimension} {each.polarity} ({each.field} from {each.start})"


def _notes(found: Explanation) -> Iterator[RenderableType]:
    if found.notes:
        yield Text("\nNotes", style="bold")
    for note in found.notes:
        yield Padding(Text(noted(note)), (0, 0, 0, 2))


def noted(note: Note) -> str:
    """Write a note of the team: when, by whom, its status and words."""
    by = f" by {printable(note.noted_by)}" if note.noted_by else ""
    words = f": {printable(note.text)}" if note.text else ""
    return f"{_moment(note.noted_at)}{by}, {note.status}{words}"


def edited(edit: Edit) -> str:
    """Write when a version was read, until when it stood, and whether the rating changed."""
    text = f"version {edit.version}, read {_moment(edit.fetched)}, was changed by {_moment(edit.until)}"
    if edit.rating_before == edit.rating_after:
        return text
    stars = ["none" if value is None else f"{1 + 4 * value:.1f}" for value in (edit.rating_before, edit.rating_after)]
    return f"{text}; stars {stars[0]} before, {stars[1]} after"


@dataclass(frozen=True, slots=True)
class Changed:
    """Words that went and came: struck out and underlined, or in brackets where the output has no colours."""

    words: Sequence[Words]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the words, marked as the console allows."""
        if console.is_terminal and not console.no_color:
            yield Text(" ").join(Text(printable(each.text), style=WORDS[each.change]) for each in self.words)
        else:
            yield Text(difference(self.words))


def difference(words: Sequence[Words]) -> str:
    """Write words that went as [-so-], words that came as [+so+]."""
    signs = {"same": ("", ""), "removed": ("[-", "-]"), "added": ("[+", "+]")}
    return " ".join(f"{signs[each.change][0]}{printable(each.text)}{signs[each.change][1]}" for each in words)


def rows(found: Explanation) -> Iterator[spreadsheet.Row]:
    """Yield a row for each dimension of each sentence of each reading; a sentence without any has one, too."""
    of_mention: spreadsheet.Row = {
        "mention_id": found.mention_id,
        "source": found.source.name,
        "kind": found.source.kind,
        "language": found.language,
        "day": spreadsheet.day(found.day),
        "url": found.url,
        "rating": found.rating,
        "brands": "; ".join(f"{belonging.brand} {belonging.status}" for belonging in found.brands),
    }
    if not any(reading.opinions for reading in found.readings):
        yield {**of_mention, "text": f"{found.title or ''} {found.text}".strip()}
    for reading in found.readings:
        for opinion in reading.opinions:
            yield from ({**of_mention, **row} for row in _opinion_rows(reading, opinion))


def _opinion_rows(reading: Reading, opinion: ReadOpinion) -> Iterator[spreadsheet.Row]:
    said: spreadsheet.Row = {
        "model": reading.model,
        "field": opinion.field,
        "start": opinion.start,
        "end": opinion.end,
        "text": opinion.text,
        "sentiment": opinion.sentiment,
        "sentiment_score": opinion.sentiment_score,
        "touchpoint": opinion.touchpoint,
        "signals": " ".join(opinion.signals),
    }
    for name, entry in opinion.dimensions.items():
        yield {**said, "dimension": name, "polarity": entry.polarity, "score": entry.score}
    if not opinion.dimensions:
        yield said


def lines(found: Explanation) -> Iterator[str]:
    """Yield the lines of an explanation as Markdown."""
    yield f"# Mention {found.mention_id}"
    yield ""
    for field, text in _fields(found):
        marked = Marked(text, numbered(main_reading(found), field))
        yield f"> {markdown.escaped(''.join(piece for piece, _ in marked.pieces(styled=False)))}"
        yield ""
    yield from (f"- {markdown.escaped(label)}: {markdown.escaped(value)}" for label, value in facts(found))
    if found.url:
        yield f"- Address{markdown.link(found.url)}"
    yield ""
    for reading in found.readings:
        yield f"## {markdown.escaped(heading(reading))}"
        yield ""
        for number, opinion in enumerate(reading.opinions, 1):
            yield f"{number}. {markdown.escaped(scores(opinion))}"
        yield ""
    yield "## What it counts in"
    yield ""
    for belonging in found.brands:
        yield f"- {markdown.escaped(belongs(belonging))}"
        yield from (f"  - {markdown.escaped(line)}" for line in counts(found, belonging))
    yield ""
    if found.history:
        yield "## History"
        yield ""
    for edit in found.history:
        changed = [words for words in (edit.title, edit.text) if any(each.change != "same" for each in words)]
        yield f"- {markdown.escaped('; '.join([edited(edit), *map(difference, changed)]))}"
    if found.themes:
        yield "## Themes"
        yield ""
    yield from (f"- {markdown.escaped(membership(each))}" for each in found.themes)
    if found.notes:
        yield "## Notes"
        yield ""
    yield from (f"- {markdown.escaped(noted(note))}" for note in found.notes)
