"""Where a page repeats itself in the shape of reviews: groups of elements, each with a date and words of its own."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

from lxml import etree

from overheard.crawler.shown import naming, phrases
from overheard.crawler.shown.stars import How, own_text, signs

HEADINGS = frozenset(["h1", "h2", "h3", "h4", "h5", "h6"])
SILENT = frozenset(["script", "style", "template", "noscript", "nav", "select", "textarea", "iframe", "head", "title"])
"""What no review stands in."""
_LINE = 120
"""Characters of a line that says a date, and no story with one in it."""
_LEVELS = 4
"""Elements around a record whose names and headings say what it is."""


@dataclass(frozen=True)
class Group:
    """Elements that a page repeats, two or more, in document order, none within another.

    `ratings` is in how many of them a rating stands, 0 where that is an exception; `talk` says that a name or a heading
    there means what people say; `hidden` that a reader does not see them at first; `dated` that most bear a date.
    """

    members: tuple[etree._Element, ...]
    ratings: int
    talk: bool
    hidden: bool
    dated: bool = True

    @cached_property
    def set(self) -> frozenset[etree._Element]:
        """The members, to look one up."""
        return frozenset(self.members)

    @property
    def depth(self) -> int:
        """How deep in the page they stand."""
        return depth_of(self.members[0])


def is_hidden(element: etree._Element) -> bool:
    """Say whether an element is itself marked as not shown; what only screen readers read is shown."""
    if element.get("hidden") is not None or "display:none" in (element.get("style") or "").replace(" ", "").casefold():
        return True
    names = naming.words(element)
    return not names.isdisjoint(naming.HIDDEN) and names.isdisjoint(naming.SPOKEN)


def says_date(element: etree._Element) -> bool:
    """Say whether an element itself bears a date, in its attributes or in a short line."""
    if element.tag == "time":
        return True
    for name, value in element.items():
        if len(value) < 40 and (
            (name.startswith("data-") or name in ("datetime", "content", "title"))
            and (phrases.MOMENT.fullmatch(value) or (phrases.DATED.search(name) and phrases.EPOCH.fullmatch(value)))
        ):
            return True
    line = own_text(element)
    return len(line) <= _LINE and bool(phrases.DATE.search(line))


class Outline:
    """A page's elements in document order, and where dates, ratings and words stand among them."""

    def __init__(self, root: etree._Element) -> None:
        self.elements: list[etree._Element] = []
        self._place: dict[etree._Element, int] = {}
        self._end: dict[etree._Element, int] = {}
        self._dates: list[int] = []
        self._ratings: list[int] = []
        self._words = [0]
        self.hidden: set[etree._Element] = set()
        self._enter(root)

    def _enter(self, root: etree._Element) -> None:
        stack: list[tuple[etree._Element, bool]] = [(root, False)]
        while stack:
            element, left = stack.pop()
            if left:
                self._end[element] = len(self.elements)
                continue
            if not isinstance(element.tag, str) or element.tag in SILENT:
                continue
            here = len(self.elements)
            self._place[element] = here
            self.elements.append(element)
            self._words.append(self._words[-1] + len(own_text(element).split()))
            if says_date(element):
                self._dates.append(here)
            if any(sign.how is not How.PLAIN and (sign.top or 5) > 2 for sign in signs(element)):
                self._ratings.append(here)
            if element.getparent() in self.hidden or is_hidden(element):
                self.hidden.add(element)
            stack.append((element, True))
            stack.extend((child, False) for child in reversed(element))

    def dated(self, element: etree._Element) -> bool:
        """Say whether a date stands in an element."""
        return self._within(self._dates, element)

    def rated(self, element: etree._Element) -> bool:
        """Say whether a rating stands in an element."""
        return self._within(self._ratings, element)

    def words(self, element: etree._Element) -> int:
        """Return how many words stand in an element."""
        return self._words[self._end[element]] - self._words[self._place[element]]

    def _within(self, places: Sequence[int], element: etree._Element) -> bool:
        at = bisect_left(places, self._place[element])
        return at < len(places) and places[at] < self._end[element]


def find(root: etree._Element) -> list[Group]:
    """Return the groups of a page that may be reviews, the likeliest first; some may hold others.

    Those with dates come first, among them those with ratings, then the fuller ones, then the outer ones; hidden ones
    come last of their kind.
    """
    outline = Outline(root)
    groups = [group for members in _alike(outline) for group in _judged(members, outline)]
    groups += [group for members in _named(outline) for group in _judged(members, outline, dated=False)]
    listing = _listing(groups)
    return sorted(
        (group for place, group in enumerate(groups) if place not in listing),
        key=lambda each: (
            not each.dated,
            not each.ratings,
            each.hidden,
            -(each.ratings or len(each.members)),
            each.depth,
        ),
    )


def _listing(groups: Sequence[Group]) -> set[int]:
    """Return the places of groups whose members only list members of a larger one: these stand side by side in them."""
    holders: defaultdict[etree._Element, list[int]] = defaultdict(list)
    for place, group in enumerate(groups):
        for member in group.members:
            holders[member].append(place)
    listing: set[int] = set()
    for inner in groups:
        held: Counter[tuple[int, etree._Element, int]] = Counter()
        for member in inner.members:
            depth = depth_of(member)
            held.update((place, above, depth) for above in member.iterancestors() for place in holders.get(above, ()))
        for (place, _, _), count in held.items():
            outer = groups[place]
            alike = bool(outer.ratings) is bool(inner.ratings)
            if count > 1 and alike and len(inner.members) > len(outer.members):
                listing.add(place)
    return listing


def overlap(one: Group, other: Group) -> bool:
    """Say whether a member of one group is, holds or stands in one of the other."""
    for a, b in ((one, other), (other, one)):
        if any(here in b.set for member in a.members for here in (member, *member.iterancestors())):
            return True
    return False


def _alike(outline: Outline) -> Iterator[list[etree._Element]]:
    """Yield elements that share a tag and a class or, without any, their parent, and mostly have a date in them.

    Of those without a date, the ones count that have a rating: a record may lack the one or the other.
    """
    alike: defaultdict[object, list[etree._Element]] = defaultdict(list)
    for element in outline.elements:
        if element.tag not in ("html", "body", "main", "time") and (outline.dated(element) or outline.rated(element)):
            for name in (element.get("class") or "").split() or [element.getparent()]:
                alike[element.tag, name].append(element)
    seen: set[tuple[etree._Element, ...]] = set()
    for members in alike.values():
        dated = [member for member in members if outline.dated(member)]
        if len(dated) < 2:
            continue
        outer = tuple(_outermost(members if len(dated) * 3 >= len(members) * 2 else dated))
        if len(outer) >= 2 and outer not in seen:
            seen.add(outer)
            yield list(outer)


def _named(outline: Outline) -> Iterator[list[etree._Element]]:
    """Yield elements without a date that share a class that calls each of them a review."""
    alike: defaultdict[object, list[etree._Element]] = defaultdict(list)
    for element in outline.elements:
        names = naming.words(element)
        if not names.isdisjoint(naming.OPINION) and not outline.dated(element):
            for name in (element.get("class") or "").split():
                if not naming.pieces(name).isdisjoint(naming.OPINION):
                    alike[element.tag, name].append(element)
    for members in alike.values():
        outer = list(_outermost(members))
        if len(outer) >= 2 and not _is_chosen(outer[0]):
            yield outer


def _is_chosen(element: etree._Element) -> bool:
    """Say whether a name on an element or around it says that the company shows what it chose."""
    around = (element, *islice(element.iterancestors(), _LEVELS))
    return any(not naming.words(each).isdisjoint(naming.CHOSEN) for each in around)


def _outermost(members: Iterable[etree._Element]) -> Iterator[etree._Element]:
    chosen: set[etree._Element] = set()
    for member in members:
        if not any(above in chosen for above in member.iterancestors()):
            chosen.add(member)
            yield member


def _judged(members: Sequence[etree._Element], outline: Outline, *, dated: bool = True) -> Iterator[Group]:
    """Yield the shown and the hidden ones of some elements as groups, where they may be reviews."""
    for hidden in (False, True):
        these = tuple(member for member in members if (member in outline.hidden) is hidden)
        if len(these) < 2 or sum(outline.words(member) for member in these) < 3 * len(these):
            continue
        ratings = sum(outline.rated(member) for member in these)
        ratings = ratings if ratings >= 2 and ratings >= len(these) / 4 else 0
        talk = _talk(these)
        if ratings or talk:
            yield Group(these, ratings, talk, hidden, dated)


def _talk(members: Sequence[etree._Element]) -> bool:
    """Say whether names or headings on, around or in the first of some elements say that people speak there."""
    first = members[0]
    own = naming.words(first)
    if not own.isdisjoint(naming.CHOSEN | naming.QUOTE):
        return False
    around = [first, *islice(first.iterancestors(), _LEVELS)]
    return (
        any(not naming.words(element).isdisjoint(naming.OPINION | naming.TALK) for element in around)
        or any(phrases.REVIEWS.search(heading) for heading in _heads(around))
        or any(not naming.words(inner).isdisjoint(naming.OPINION) for inner in first.iterdescendants("div"))
    )


def _heads(around: Iterable[etree._Element]) -> Iterator[str]:
    """Yield the headings that stand right before an element or what it stands in."""
    for element in around:
        for before in element.itersiblings(preceding=True):
            if before.tag in HEADINGS:
                yield "".join(before.itertext())
                return


def depth_of(element: etree._Element) -> int:
    """Return how many elements an element stands in."""
    return sum(1 for _ in element.iterancestors())
