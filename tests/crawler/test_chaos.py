"""Crawls of a server in a bad mood: whatever it does, the store holds what it served whole, and the outcome says what
went wrong.

Each seed is a source with a mood of its own; `pytest -k seed017` plays one of them again. All that are chosen are
crawled together: calmly where the source has a history, in chaos (some twice), calmly (again where that only went on),
and once more as a sweep.
"""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html import escape
from typing import Any

import pytest
from sqlalchemy import select

from overheard.crawler.outcomes import WORST_FIRST
from overheard.store.tables import Mention, MentionVersion

SEEDS, HOSTS = 200, 16
LIMITS = {"timeout": 4.0, "retries": 2, "max_wait": 0.3, "max_pages": 60}
START = datetime.now(UTC).replace(microsecond=0) - timedelta(days=2)

ENDINGS = {
    "refuse": ("blocked", "answered 403"),
    "throttle": ("blocked", "answered 429"),
    "wall": ("blocked", "asks to log in"),
    "break": ("failed", "answered 50"),
    "drop": ("failed", "dropped the connection"),
    "cut": ("failed", "dropped the connection"),
    "cut unseen": ("failed", "dropped the connection"),
    "silence": ("failed", "no answer in time"),
    "layout": ("layout_changed", ""),
    "repeat": ("loop", "circles"),
    "shrink": ("drop", "where"),
}
"""What the server may do to a page, and how a crawl ends for which that was the last word on it.

`cut` breaks off an answer that named its length, `cut unseen` one that did not; `repeat` gives an earlier page again,
`shrink` is done to the whole source.
"""

DEALT = {
    "drop": 4, "cut": 4, "cut unseen": 4, "break": 4, "throttle": 4,
    "refuse": 1, "wall": 1, "layout": 3, "repeat": 2,
}  # fmt: skip
"""How often each is drawn. All in the first row may pass when the page is asked for again."""

KINDS = ("steam", "woocommerce", "discourse", "feed", "schemaorg", "microdata")
COUNTED = ("steam", "woocommerce", "schemaorg", "microdata")
"""Those of which the service, or a complete crawl, says how much there is."""


@dataclass
class Post:
    """One mention at the source, which its author may edit."""

    number: int
    edits: int = 0

    @property
    def text(self) -> str:
        return f"Kettle number {self.number} is fine." + " I like it even more now." * self.edits

    @property
    def moment(self) -> datetime:
        return START + timedelta(minutes=self.number)

    @property
    def edited(self) -> datetime:
        return self.moment + timedelta(minutes=self.edits)


class Moody:
    """A source, newest posts first, on a server that is calm or not; it writes down what it served whole.

    `served` holds for each post the texts that were, an unchanged one once. `told` is, for each page of the crawl in
    hand, the last thing that was done to it.
    """

    def __init__(self, seed: int, site: Any) -> None:
        self.seed, self.random = seed, random.Random(seed)
        self.kind = KINDS[seed % len(KINDS)]
        self.old = self.random.random() < 0.5
        self.twice = self.random.random() < 0.4
        self.size = self.random.randint(3, 7)
        self.posts = [Post(number) for number in range(self.random.randint(8, 24), 0, -1)]
        self.served: dict[int, list[str]] = {}
        self.told: dict[str, str] = {}
        self.temper = 0.0
        self.complete = False
        self._count = len(self.posts)
        self._root = f"/s{seed}"
        self._url = site.url + self._root
        self._bodies: list[dict[str, Any]] = []
        self._lasting: dict[str, str] = {}
        self._grown = 0
        self._shrunk = False
        self._name = self.kind.replace("microdata", "schemaorg")
        site.serve(self._root + PATHS[self._name], self)

    @property
    def target(self) -> tuple[str, dict[str, str]]:
        """The kind and the target of the source."""
        if self.kind == "steam":
            return "steam", {"id": "1", "base": self._url}
        path = PATHS[self._name] if self._name in ("feed", "schemaorg") else ""
        return self._name, {"url": self._url + path}

    def begin(self, *, calm: bool, known: bool = False) -> None:
        """Get ready for a crawl; `known` says that a complete one went before, so that a loss can be seen."""
        self.told, self._bodies, self._lasting, self._grown = {}, [], {}, 0
        self.temper = 0.0 if calm else self.random.choice((0.15, 0.35, 0.6))
        self._shrunk = not calm and known and self.kind in COUNTED and self.random.random() < 0.2
        if not calm and self.random.random() < 0.5:
            self.random.choice(self.posts).edits += 1

    def __call__(self, asked: Any) -> dict[str, Any]:
        if self.temper:
            self._change()
        shown = self.posts[: len(self.posts) // 3] if self._shrunk else self.posts
        start = self._start(asked.query, shown)
        part = shown[start : start + self.size]
        # A loss can be told from what was there before, and from a single object of another form.
        telling = start < self._count and len(part) > (4 if self._name == "schemaorg" else 1)
        trouble = self.told[asked.path] = self._draw(asked.path, telling)
        if trouble == "repeat":
            return self.random.choice(self._bodies)
        answer = self._spoilt(trouble, part, start, shown)
        if trouble in ("whole", "shrink"):
            self._bodies.append(answer)
            for post in part:
                texts = self.served.setdefault(post.number, [])
                texts.extend([post.text] if texts[-1:] != [post.text] else [])
        return {"wait": self.random.choice((0, 0, 0, 0.05)) if self.temper else 0} | answer

    def _change(self) -> None:
        """Let people write and edit while the source is read: less than a page in all, for more would look like a
        loop, and no edits where the service does not say when they were made."""
        if self._grown < 2 and self.random.random() < 0.15:
            self.posts.insert(0, Post(self.posts[0].number + 1))
            self._grown += 1
        if self.kind != "woocommerce" and self.random.random() < 0.15:
            self.random.choice(self.posts).edits += 1

    def _draw(self, path: str, telling: bool) -> str:
        trouble = self._lasting.get(path)
        if trouble is None and self.random.random() < self.temper:
            trouble = self.random.choices(list(DEALT), list(DEALT.values()))[0]
            if self.random.random() < 0.04:
                trouble = "silence"
            if self.random.random() < 0.4:
                self._lasting[path] = trouble
        if (trouble == "repeat" and not self._bodies) or (trouble == "layout" and not telling):
            trouble = None
        return trouble or ("shrink" if self._shrunk else "whole")

    def _spoilt(self, trouble: str, part: Sequence[Post], start: int, shown: Sequence[Post]) -> dict[str, Any]:
        if trouble in ("drop", "silence"):
            return {"drop": True, "wait": 5.0 if trouble == "silence" else 0}
        if trouble == "refuse":
            return {"status": 403, "body": "<title>Forbidden</title>"}
        if trouble == "break":
            return {"status": self.random.choice((500, 502, 503)), "body": "<h1>Oops</h1>"}
        if trouble == "throttle":
            wait = self.random.choice((None, "0", "3600"))
            return {"status": 429, "headers": {"Retry-After": wait} if wait else {}, "body": "slow down"}
        if trouble == "wall":
            return {"body": "<title>Sign in</title><form><input type='password' name='word'></form>"}
        form = OTHER_FORMS if trouble == "layout" else FORMS
        body, headers = form[self.kind](part, start, self.size, shown)
        whole = body.encode()
        if trouble.startswith("cut"):
            body = whole[: self.random.randrange(1, len(whole))]
            return {"body": body, "headers": headers | ({} if "unseen" in trouble else {"Content-Length": len(whole)})}
        return {"body": whole, "headers": headers | {"Content-Length": str(len(whole))}}

    def _start(self, query: dict[str, str], shown: Sequence[Post]) -> int:
        """Where a page begins: behind the post that a cursor names, or at its number."""
        if below := query.get("before") or query.get("cursor", "").removeprefix("*"):
            return next((place for place, post in enumerate(shown) if post.number < int(below)), len(shown))
        return (int(query.get("page", 1)) - 1) * self.size

    def ending(self) -> tuple[str, str]:
        """The outcome that the crawl must have, and a word of its reason."""
        last = [ENDINGS[trouble] for trouble in self.told.values() if trouble in ENDINGS]
        found = min(last, key=lambda ending: WORST_FIRST.index(ending[0]), default=("ok", ""))
        if found != ENDINGS["layout"] or self._name != "schemaorg" or self.complete:
            return found
        # A page with nothing in the words of schema.org may be as it ever was, until all was seen once.
        if not self.served:
            return "empty", "no mentions"
        return ("ok", "some hold nothing") if "whole" in self.told.values() else found


# -- how the services write -------------------------------------------------------------------------------------------

PATHS = {
    "steam": "/appreviews/1",
    "woocommerce": "/wp-json/wc/store/v1/products/reviews",
    "discourse": "/posts.json",
    "feed": "/feed",
    "schemaorg": "/kettle",
}

Form = Callable[[Sequence[Post], int, int, Sequence[Post]], tuple[str, dict[str, str]]]
"""Writes the posts of a page that begins at a place of a list with pages of a size: body and headers."""


def steam(part: Sequence[Post], start: int, size: int, shown: Sequence[Post]) -> tuple[str, dict[str, str]]:
    reviews = [
        {
            "recommendationid": f"r{post.number}", "author": {"steamid": "1"}, "voted_up": True, "review": post.text,
            "timestamp_created": int(post.moment.timestamp()), "timestamp_updated": int(post.edited.timestamp()),
        }
        for post in part
    ]  # fmt: skip
    summary = {"num_reviews": len(part)} | ({} if start else {"total_reviews": len(shown)})
    cursor = str(part[-1].number) if part else "0"
    return json.dumps({"success": 1, "query_summary": summary, "reviews": reviews, "cursor": cursor}), {}


def woocommerce(part: Sequence[Post], start: int, size: int, shown: Sequence[Post]) -> tuple[str, dict[str, str]]:
    reviews = [
        {"id": post.number, "review": f"<p>{post.text}</p>", "rating": 4, "date_created_gmt": f"{post.moment:%FT%T}"}
        for post in part
    ]
    return json.dumps(reviews), {"X-WP-Total": str(len(shown)), "X-WP-TotalPages": str(-(-len(shown) // size))}


def discourse(part: Sequence[Post], start: int, size: int, shown: Sequence[Post]) -> tuple[str, dict[str, str]]:
    posts = [
        {
            "id": post.number, "topic_id": 9, "post_number": post.number + 1, "cooked": f"<p>{post.text}</p>",
            "created_at": f"{post.moment:%FT%TZ}", "updated_at": f"{post.edited:%FT%TZ}", "version": post.edits + 1,
        }
        for post in part
    ]  # fmt: skip
    return json.dumps({"latest_posts": posts}), {}


def feed(part: Sequence[Post], start: int, size: int, shown: Sequence[Post]) -> tuple[str, dict[str, str]]:
    entries = "".join(
        f"<entry><id>tag:{post.number}</id><published>{post.moment:%FT%TZ}</published>"
        f"<updated>{post.edited:%FT%TZ}</updated><content>{escape(post.text)}</content></entry>"
        for post in part
    )
    more = f'<link rel="next" href="?page={start // size + 2}"/>' if start + size < len(shown) else ""
    return f'<feed xmlns="http://www.w3.org/2005/Atom"><title>Forum</title>{more}{entries}</feed>', {}


def _paged(inner: str, start: int, size: int, shown: Sequence[Post]) -> str:
    more = f'<link rel="next" href="?page={start // size + 2}">' if start + size < len(shown) else ""
    return f"<!DOCTYPE html><html><head><title>Kettle</title>{more}</head><body>{inner}</body></html>"


def schemaorg(part: Sequence[Post], start: int, size: int, shown: Sequence[Post]) -> tuple[str, dict[str, str]]:
    reviews = [
        {
            "@type": "Review", "@id": f"#r-{10_000 + post.number}", "reviewBody": post.text,
            "datePublished": f"{post.moment:%FT%TZ}", "dateModified": f"{post.edited:%FT%TZ}",
        }
        for post in part
    ]  # fmt: skip
    product = json.dumps({"@type": "Product", "name": "Kettle", "review": reviews})
    return _paged(f'<script type="application/ld+json">{product}</script>', start, size, shown), {}


def microdata(part: Sequence[Post], start: int, size: int, shown: Sequence[Post]) -> tuple[str, dict[str, str]]:
    reviews = "".join(
        f"<li itemprop=review itemscope itemtype='https://schema.org/Review' id='r-{10_000 + post.number}'>"
        f"<time itemprop=datePublished datetime='{post.moment:%FT%TZ}'></time>"
        f"<time itemprop=dateModified datetime='{post.edited:%FT%TZ}'></time>"
        f"<p itemprop=reviewBody>{escape(post.text)}</p></li>"
        for post in part
    )
    product = f"<ul itemscope itemtype='https://schema.org/Product'><h1 itemprop=name>Kettle</h1>{reviews}</ul>"
    return _paged(product, start, size, shown), {}


def renamed(form: Form, *names: str) -> Form:
    """The form with some of its names changed."""

    def write(part: Sequence[Post], start: int, size: int, shown: Sequence[Post]) -> tuple[str, dict[str, str]]:
        body, headers = form(part, start, size, shown)
        return re.sub("|".join(names), "neu", body), headers

    return write


FORMS: dict[str, Form] = {
    "steam": steam, "woocommerce": woocommerce, "discourse": discourse, "feed": feed, "schemaorg": schemaorg,
    "microdata": microdata,
}  # fmt: skip
OTHER_FORMS: dict[str, Form] = {
    "steam": renamed(steam, '(?<=")reviews'),
    "woocommerce": renamed(woocommerce, '(?<=")id'),
    "discourse": renamed(discourse, "latest_posts"),
    "feed": schemaorg,
    "schemaorg": renamed(schemaorg, "application/ld.json"),
    "microdata": renamed(microdata, "item(scope|prop|type)"),
}

# -- the play ---------------------------------------------------------------------------------------------------------


@dataclass
class Act:
    """What one crawl of a source did: what it must have said, what it said, and what must be in the store after it."""

    name: str
    newest_first: bool
    result: dict[str, Any]
    ending: tuple[str, str]
    troubles: list[str]
    known: set[int]
    served: dict[int, list[str]]
    stored: list[Mention]
    versions: dict[int, list[str]]

    @property
    def looked_at_the_top(self) -> bool:
        """Whether it read more than what the crawl before had left, where the order of the source is not known."""
        return self.newest_first or "went on" not in (self.result["reason"] or "")


@dataclass
class Play:
    """All crawls of a source, in order."""

    source: Moody
    acts: list[Act] = field(default_factory=list)


def number_of(mention: Mention) -> int:
    """The number of the post that a mention was made of."""
    return int(re.sub(r".*\D", "", mention.external_id)) % 10_000


@pytest.fixture(scope="module")
def plays(bench: Any, new_site: Callable[[], Any], request: pytest.FixtureRequest) -> dict[int, Play]:
    """The plays of all seeds that were chosen."""
    chosen = {
        item.callspec.params["seed"]
        for item in request.session.items
        if item.path == request.path and "seed" in getattr(getattr(item, "callspec", None), "params", {})
    }
    sites = [new_site() for _ in range(min(HOSTS, len(chosen)))]
    played = {seed: Play(Moody(seed, sites[place % HOSTS])) for place, seed in enumerate(sorted(chosen))}
    for seed, play in played.items():
        kind, target = play.source.target
        bench.add(str(seed), kind, target)
    everyone = list(played)
    act(bench, played, "before", [seed for seed in everyone if played[seed].source.old])
    act(bench, played, "chaos", everyone)
    act(bench, played, "chaos again", [seed for seed in everyone if played[seed].source.twice])
    act(bench, played, "calm", everyone)
    act(bench, played, "calm again", [seed for seed in everyone if not played[seed].acts[-1].looked_at_the_top])
    act(bench, played, "sweep", everyone)
    return played


def act(bench: Any, played: dict[int, Play], name: str, seeds: Sequence[int]) -> None:
    """Crawl the sources of some seeds."""
    if not seeds:
        return
    known = {}
    for seed in seeds:
        source = played[seed].source
        source.begin(calm="chaos" not in name, known=name == "chaos" and source.old)
        known[seed] = {post.number for post in source.posts}
    results = bench.crawl(*map(str, seeds), crawl=LIMITS, sweep=name == "sweep")
    for seed in seeds:
        source = played[seed].source
        with bench.store.reading() as session:
            own = Mention.source_id == bench.ids[str(seed)]
            stored = list(session.scalars(select(Mention).where(own)))
            earlier = select(MentionVersion).join(Mention).where(own).order_by(MentionVersion.version)
            versions: dict[int, list[str]] = {}
            for version in session.scalars(earlier):
                versions.setdefault(version.mention_id, []).append(version.text)
        done = Act(
            name,
            source.target[0] != "schemaorg",
            results[str(seed)],
            source.ending(),
            list(source.told.values()),
            known[seed],
            {number: list(texts) for number, texts in source.served.items()},
            stored,
            {number_of(mention): versions.get(mention.id, []) for mention in stored},
        )
        played[seed].acts.append(done)
        source.complete |= done.ending == ("ok", "") and "went on" not in (done.result["reason"] or "")


@pytest.mark.slow
@pytest.mark.parametrize("seed", [pytest.param(seed, id=f"seed{seed:03}") for seed in range(SEEDS)])
def test_the_store_is_right_and_the_outcome_says_what_went_wrong(plays: dict[int, Play], seed: int) -> None:
    play = plays[seed]
    added = 0
    for done in play.acts:
        told = f"seed {seed}, {play.source.kind}, {done.name}: {done.troubles}, {done.result}"
        texts = {number_of(mention): mention.text for mention in done.stored}
        assert len(texts) == len(done.stored), f"twice in the store; {told}"
        assert texts == {number: served[-1] for number, served in done.served.items()}, told
        assert done.versions == {number: served[:-1] for number, served in done.served.items()}, told
        assert {number_of(mention): mention.published for mention in done.stored} == {
            number: Post(number).moment for number in texts
        }, told
        assert not [mention for mention in done.stored if mention.vanished], told
        outcome, word = done.ending
        assert done.result["outcome"] == outcome, told
        assert word in (done.result["reason"] or ""), told
        assert done.result["added"] == len(texts) - added, told
        added = len(texts)
        if done.ending == ("ok", "") and done.looked_at_the_top:
            assert texts.keys() >= done.known, f"ok, and not all was read; {told}"
    last = play.acts[-1]
    assert (last.result["outcome"], last.result["added"]) == ("ok", 0)
    assert {number: texts[-1] for number, texts in last.served.items()} == {
        post.number: post.text for post in play.source.posts
    }


@pytest.mark.slow
def test_everything_that_can_go_wrong_did(plays: dict[int, Play]) -> None:
    if len(plays) < SEEDS:
        pytest.skip(f"{len(plays)} of {SEEDS} seeds were chosen")
    acts = [done for play in plays.values() for done in play.acts]
    assert set(ENDINGS) <= {trouble for done in acts for trouble in done.troubles}
    outcomes = Counter(done.result["outcome"] for done in acts if done.name.startswith("chaos"))
    assert outcomes.keys() >= {"ok", "blocked", "failed", "layout_changed", "loop", "drop"}, outcomes
    assert outcomes["ok"] >= SEEDS // 10, outcomes
