"""Where the sentences of a review begin and end, as exact character offsets.

Written for texts by people in a hurry: emoji and smileys end sentences, full stops come without a space, lines are
points of a list. One scan finds every place where a sentence may end; each place is decided from what stands within
a few dozen characters of it, so the time is linear in the length of the text.

    split("Great app 😍 Love it.But slow!!", "en") → [(0, 11), (12, 20), (20, 30)]
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from overheard.nlp.languages import load

LONGEST: Final = 600
"""A sentence longer than this many characters is a run-on and is cut …"""
PIECE: Final = 400
"""… into pieces of at most this many."""

_NEARBY: Final = 40
_STOPS: Final = ".!?…。．｡！？‼⁇⁈⁉"
_CLOSERS: Final = "\"'”’“»›)\\]}*"
_OPENERS: Final = "\"'“”„‘«‹»›(\\[{¡¿*_#–—-"
_EMOJI: Final = "[\U0001f000-\U0001faff\u2600-\u27bf\u231a-\u23ff\u2b05-\u2b55\u2934\u2935\u3297\u3299]"
_JOINERS: Final = "\ufe0e\ufe0f\u200d\u20e3\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f"
_EMOJI_RUN: Final = rf"(?:[0-9#*]\ufe0f?\u20e3|{_EMOJI}(?:{_EMOJI}|[{_JOINERS}])*)"
_SMILEY: Final = r"(?:(?<!\d)[:;=][-o'^]?[)(\]\[DPp/\\|*3oO]+|(?<!\w)(?:[xX]D+|<3+|\^_?\^))(?![\w/])"
_BULLETS: Final = "•●▪■◦‣∙►▶➤➢✓✔☑✅❌✖✗✘❎➕➖👉🔹🔸"
_BULLET: Final = rf"(?:[{_BULLETS}]\ufe0f?|[0-9]\ufe0f?\u20e3)(?=[ \t]*\w)"
_LINE: Final = r"(?:\r\n?|[\n\v\f\x1c-\x1e\x85\u2028\u2029])"
_LINE_BREAK: Final = re.compile(_LINE)
_CANDIDATE: Final = re.compile(rf"[{_STOPS}¡¿:;=<^xX0-9#*\n\v\f\r\x1c-\x1e\x85\u2028\u2029{_BULLETS}{_EMOJI[1:-1]}]")
_BREAK: Final = re.compile(
    rf"""
      (?P<line>{_LINE}\s*)
    | (?P<stop>(?:[{_STOPS}]+(?:(?<=!)1+(?=!))?
                  (?:[ \u00a0\u202f]?»(?!\w)|«(?!\w)|[{_CLOSERS}])*
                  (?:[ ](?=[{_STOPS}](?!\w)))?)+)
    | (?P<bullet>(?<!\S){_BULLET})
    | (?P<mark>{_EMOJI_RUN}|{_SMILEY})
    | (?P<inverted>[¡¿]+(?=\w))
    """,
    re.VERBOSE,
)
_WHOLE: Final = re.compile(r"(?:https?://|www\.)\S*[\w/]|@\w[\w-]*(?:\.\w[\w-]*)+")
_MAILBOX: Final = re.compile(r"[\w.+%-]{0,64}@\w")
_ITEM: Final = re.compile(r"[0-9]{1,2}[.)](?=\s?[^\W\d_])")
_TAIL: Final = re.compile(rf"(?:(?:[^\S\r\n]*(?!(?<!\S){_BULLET})(?:{_EMOJI_RUN}|{_SMILEY}))+[{_STOPS}{_CLOSERS}]*)?")
_LIST: Final = re.compile(r"[-–—*+•·>]\s*\S|\d{1,3}[.)]\s?\D|[A-Za-z]\)\s")
_LETTER: Final = re.compile(r"[^\W_]")
_READABLE: Final = re.compile(rf"[^\W_]|{_EMOJI}")
_SPACE: Final = re.compile(r"\s*")
_AHEAD: Final = re.compile(rf"[\s{_OPENERS}]*")
_WORD: Final = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]*)*")
_WORDS: Final = re.compile(r"[\w'’]+")
_INITIALS: Final = re.compile(r"\W*\w{1,2}\.")
_SHORT_NUMBER: Final = re.compile(r"\d{1,2}(?:\.\d{1,2})?")
_SUFFIXES: Final = frozenset(
    """
    com net org info biz app shop online store io ai co tv me eu de in at ch nl be lu ro md it fr es pt br uk ie
    us ca mx js ts php html htm pdf jpg jpeg png gif doc docx xls xlsx csv zip exe apk mp3 mp4 txt xml json
    """.split()
)
_JOINED: Final = re.compile(rf"[{_JOINERS}\u0300-\u036f]")
_CUT_AFTER: Final = (";；", ",，、", "–—:", " ")


def split(text: str, language: str) -> list[tuple[int, int]]:
    """Return the [start, end) offsets of the sentences, in order, without white space around them.

    Only what holds something to read is a sentence: a letter, a digit or an emoji; no letter or digit is ever left
    out. `language` is a code; for one without a module in `languages` the common rules apply. Never raises.
    """
    cuts = [0, *_Splitter(text, language).cuts(), len(text)]
    spans: list[tuple[int, int]] = []
    for begin, end in pairwise(cuts):
        sentence = text[begin:end]
        if _READABLE.search(sentence):
            start = begin + len(sentence) - len(sentence.lstrip())
            spans.extend(_pieces(text, start, start + len(sentence.strip())))
    return spans


class _Splitter:
    """One scan over one text; `start` is where the sentence begins that is being read."""

    def __init__(self, text: str, language: str) -> None:
        self.text = text
        self.words = load(language)
        self.starters = self.words.linking_words | self.words.opening_words
        self.glued_starters = self.starters - _SUFFIXES
        self.start = 0
        self.line_start = 0
        self.whole = [found.span() for found in _WHOLE.finditer(text)][::-1]
        self.read_until = 0
        self.readable = False
        self.items = _enumerations(text, self.words.linking_words)

    def cuts(self) -> Iterator[int]:
        """Yield the offsets at which a new sentence begins, ascending."""
        resume = 0
        for candidate in _CANDIDATE.finditer(self.text):
            position = candidate.start()
            if position < resume or self._inside(position):
                continue
            if position in self.items:
                cut, resume = position, self.items[position]
            elif found := _BREAK.match(self.text, position):
                cut, resume = self._decide(found) or 0, found.end()
            else:
                continue
            if cut > self.start:
                self.start = self.read_until = cut
                self.readable, resume = False, max(cut, resume)
                yield cut

    def _inside(self, position: int) -> bool:
        """Say whether the place lies inside a web or e-mail address, where nothing ends; asked in ascending order."""
        while self.whole and self.whole[-1][1] < position:
            self.whole.pop()
        return bool(self.whole) and self.whole[-1][0] <= position < self.whole[-1][1]

    def _after_whole(self, position: int) -> bool:
        return bool(self.whole) and self.whole[-1][1] == position

    def _decide(self, found: re.Match[str]) -> int | None:
        begin, end = found.span()
        match found.lastgroup:
            case "stop":
                return self._stop(begin, end)
            case "line":
                return self._line(begin, end)
            case "mark":
                return self._mark(begin, end)
            case "bullet":
                return begin
        apart = self._upper(end) and self._before(begin)[-1:] not in (",", ";", ":", "(")
        return begin if apart and self._ends(begin) else None

    def _stop(self, begin: int, end: int) -> int | None:
        tail = self._after(_TAIL, end)
        run = self.text[begin:end]
        closed = run[-1] not in _STOPS
        if closed and begin and self.text[begin - 1] in "([":
            return None
        following = self._after(_SPACE, tail)
        if following == len(self.text):
            return tail
        if following == end:
            return tail if self._ends_glued(begin, end, run, closed) else None
        ahead = self._after(_AHEAD, following)
        if closed and tail == end and self._lower(ahead):
            return None
        return tail if self._ends_spaced(begin, run, ahead) else None

    def _ends_spaced(self, begin: int, run: str, ahead: int) -> bool:
        """Say whether a stop ends the sentence when white space or an emoji follows."""
        if run.strip(_CLOSERS + "« ") == ".":
            return self._after_whole(begin) or self._point_ends(begin, ahead)
        if set(run) <= set(".…« " + _CLOSERS):
            return not (self._lower(ahead) or self._digit(ahead))
        return True

    def _ends_glued(self, begin: int, end: int, run: str, closed: bool) -> bool:
        """Say whether a stop ends the sentence when the next word follows without a space."""
        if not self.text[end].isalnum():
            return self.text[end] in "¡¿(„«" and not (run == "." and self._short(begin))
        word, following = self._word_before(begin).rpartition(".")[2], self._word_at(end)
        if self._lower(end):
            known = following in self.glued_starters and len(word) > 1 and not self._short(begin)
            strong = run[-1] in "!?" and len(following) > 2 and len(word) > 2
            return not closed and "…" not in run and ".." not in run and (known or strong)
        if self._digit(end):
            return run[-1] in "!?" or (run == "." and word.isalpha() and len(word) > 3 and not self._short(begin))
        if following not in self.starters and (len(following) < 2 or (run[0] in "!?" and len(word) == 1)):
            return False
        if run[0] != ".":
            return True
        if run == "." and ((len(word) == 1 and word.isalpha()) or self._short(begin) or _MAILBOX.match(self.text, end)):
            return False
        return self._ends_before_capital(begin, end, word, following)

    def _ends_before_capital(self, begin: int, end: int, word: str, following: str) -> bool:
        after = end + len(following)
        if following in _SUFFIXES and (following not in self.starters or self.text[end:after].isupper()):
            return False
        return not word[-1:].isdigit() or self._number_ends(begin, self._word_before(begin), end)

    def _point_ends(self, begin: int, ahead: int) -> bool:
        """Say whether a single full stop ends the sentence, and not an abbreviation, an initial or an ordinal."""
        word = self._word_before(begin)
        if not word:
            return True
        if word[-1].isdigit():
            return self._number_ends(begin, word, ahead)
        endings = _endings(word)
        if endings & self.words.abbreviations:
            return False
        if endings & self.words.closing_abbreviations:
            capital = not self._lower(ahead) and not self._digit(ahead)
            return self._opens(ahead) if capital and self.words.ordinal_point else capital
        if self._digit(ahead) and (endings & self.words.number_abbreviations or word.endswith("str")):
            return False
        last = word.rpartition(".")[2]
        if len(last) == 1 and last.isalpha():
            return self._opens(ahead) and not self._lower(ahead)
        return True

    def _number_ends(self, begin: int, word: str, ahead: int) -> bool:
        short = _SHORT_NUMBER.fullmatch(word) is not None
        if not short:
            return True
        if not self._read(begin - len(word)) or self._digit(ahead):
            return False
        return not self.words.ordinal_point or (self._opens(ahead) and not self._lower(ahead))

    def _mark(self, begin: int, end: int) -> int | None:
        """Decide whether an emoji or a smiley ends a sentence: when words precede and a capital follows."""
        tail = self._after(_TAIL, end)
        return tail if self._upper(self._after(_AHEAD, tail)) and self._ends(begin) else None

    def _line(self, begin: int, end: int) -> int | None:
        """Decide whether a line break ends a sentence, or only wraps it."""
        line_start, self.line_start = self.line_start, end
        before = self._before(begin)
        blank = len(_LINE_BREAK.findall(self.text, begin, end)) > 1
        if not before or blank or _LIST.match(self.text, end):
            return end
        if before[-1] in ".。":
            return end if before.endswith("..") else None
        if before[-1] in ",-" or self._links(begin):
            return None
        if self._lower(end) and before[-1] not in "…!?:":
            return end if self._is_point(line_start, begin, end) else None
        return end

    def _is_point(self, line_start: int, begin: int, end: int) -> bool:
        """Say whether two short lines in lower case are points of a list."""
        after = _LINE_BREAK.search(self.text, end, end + _NEARBY)
        short = begin - line_start <= _NEARBY and (after is not None or len(self.text) - end <= _NEARBY)
        joined = self._word_at(end) in self.words.linking_words
        return short and not joined and self._lower(self._after(_AHEAD, line_start))

    def _ends(self, position: int) -> bool:
        """Say whether what stands before can be a whole sentence."""
        return self._read(position) and not self._links(position)

    def _links(self, position: int) -> bool:
        """Say whether what stands before ends in a word that asks for more, such as "the" or "with"."""
        words = _WORDS.findall(self._before(position))
        return bool(words) and words[-1].lower() in self.words.linking_words

    def _read(self, position: int) -> bool:
        """Say whether the sentence so far holds a letter or digit; looks at each character only once."""
        if not self.readable:
            self.readable = _LETTER.search(self.text, self.read_until, position) is not None
            self.read_until = max(position, self.read_until)
        return self.readable

    def _before(self, position: int) -> str:
        return self.text[max(self.start, position - _NEARBY) : position].rstrip()

    def _word_before(self, position: int) -> str:
        """The word in front of a full stop, in lower case, with the initials in front of it: "z.b" for "z. B"."""
        nearby = self.text[max(self.start, position - _NEARBY) : position]
        if not nearby or nearby[-1].isspace():
            return ""
        tokens = nearby.split()
        word = tokens.pop()
        while tokens and _INITIALS.fullmatch(tokens[-1]):
            word = tokens.pop() + word
        return word.lstrip(_OPENERS + "/,;:=").lower()

    def _word_at(self, position: int) -> str:
        found = _WORD.match(self.text, position)
        return found[0].replace("’", "'").lower() if found else ""

    def _opens(self, position: int) -> bool:
        word = self._word_at(position)
        return word in self.starters or word.partition("'")[0] + "'" in self.starters

    def _short(self, begin: int) -> bool:
        words, word = self.words, self._word_before(begin)
        known = (words.abbreviations, words.closing_abbreviations, words.number_abbreviations)
        return word.endswith("str") or any(not _endings(word).isdisjoint(some) for some in known)

    def _after(self, what: re.Pattern[str], position: int) -> int:
        found = what.match(self.text, position)
        return found.end() if found else position

    def _lower(self, position: int) -> bool:
        return self.text[position : position + 1].islower()

    def _upper(self, position: int) -> bool:
        letter = self.text[position : position + 1]
        return letter.isalpha() and not letter.islower()

    def _digit(self, position: int) -> bool:
        return self.text[position : position + 1].isdigit()


def _endings(word: str) -> set[str]:
    parts = word.split(".")
    return {".".join(parts[first:]) for first in range(len(parts))}


def _enumerations(text: str, linking: frozenset[str]) -> dict[int, int]:
    """Return begin and end of the marks of lists that count from 1 ("1. cheap 2. fast"), on one line or several."""
    found: dict[int, int] = {}
    first = last = (0, 0)
    expected = 0
    for match in _ITEM.finditer(text):
        begin, end = match.span()
        before = _WORDS.findall(text[max(0, begin - _NEARBY) : begin])
        if (begin and not text[begin - 1].isspace()) or (before and before[-1].lower() in linking):
            continue
        number = int(match[0][:-1])
        if number == expected > 1 and begin - last[1] <= PIECE:
            found |= {first[0]: first[1], begin: end}
        elif number == 1:
            first = (begin, end)
        else:
            continue
        expected, last = number + 1, (begin, end)
    return found


def _pieces(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield the span, or the pieces of a run-on: cut after ; else , else – else at a space, near an even division."""
    if end - start > LONGEST:
        while end - start > PIECE:
            rest = end - start
            target = rest // -(-rest // PIECE)
            cut = start + _cut_at(text[start : start + PIECE], target)
            stripped = text[start:cut].rstrip()
            if _READABLE.search(stripped):
                yield start, start + len(stripped)
            space = _SPACE.match(text, cut, end)
            start = space.end() if space else cut
    if _READABLE.search(text, start, end):
        yield start, end


def _cut_at(window: str, target: int) -> int:
    """Return how many characters of the window to keep: the best place between half of the target and its end."""
    for separators in _CUT_AFTER:
        places = [
            place + 1
            for place in range(target // 2, len(window) - 1)
            if window[place] in separators and (window[place].isspace() or window[place + 1].isspace())
        ]
        if places:
            return min(places, key=lambda place: abs(place - target))
    whole = target
    while whole > 1 and (_JOINED.match(window, whole) or window[whole - 1] == "\u200d"):
        whole -= 1
    return whole
