"""Sites on loopback for crawling.py, in one process of their own: every page is built before the first is asked for.

    python benchmarks/crawling_site.py '[["lean", 100], ["steam", 60]]'

Each listing, a shape and how many pages it has, gets a loopback host of its own (127.0.0.2, 127.0.0.3, …). Once they
all listen, one line of JSON says where each is, how many reviews it holds and how large its pages are; the process ends
when its standard input does. Texts are one to five sentences in a row of the training corpus, in eight languages; every
tenth review holds a phone number, an address or the number of an order, so that there is something to mask.
"""

from __future__ import annotations

import asyncio
import html
import json
import random
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import count, islice
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

CORPUS = Path(__file__).resolve().parent.parent / "models" / "corpus" / "reviews.jsonl"
REVIEWS, OBJECTS = 10, 100
"""Reviews of a page of a site, objects of a page of an interface."""
SHOP_PAGE = 80_000
"""Bytes of a shop's page."""
LANGUAGES = {"en": "english", "de": "german", "nl": "dutch", "ro": "romanian", "it": "italian", "fr": "french",
             "es": "spanish", "pt": "portuguese"}  # fmt: skip
"""Steam's names of the corpus's languages."""
NEWEST = datetime(2026, 6, 1, tzinfo=UTC)

FIRST = "Anna Bogdan Carla Daniela Emil Fatima Greta Hugo Ioana Jan Katrin Luca Marta Nils Olivia Paul Rosa Sofie Tom"
LAST = "Albers Bakker Costa Dubois Ene Ferrari García Hansen Ionescu Jansen Keller Lopes Moreau Novak Popa Rossi Vos"
PERSONAL = (
    "Call me on 0171 {0:08d}.",
    "Mail: {1}.{0}@mail.example, thanks.",
    "Order number {0:010d}.",
)


@dataclass(frozen=True, slots=True)
class Review:
    """What the reviews of all shapes are made of; `number` counts from 0, the newest first."""

    number: int
    author: str
    published: datetime
    stars: int
    text: str
    language: str


@dataclass(frozen=True, slots=True)
class Listing:
    """The answers of one site, by the value of the parameter that tells its pages apart, or by path without one."""

    first: str
    answers: dict[str, bytes]
    parameter: str | None
    reviews: int
    page_bytes: int


@cache
def corpus() -> list[dict[str, Any]]:
    """The sentences of the corpus, those of one review in a row."""
    return [json.loads(line) for line in CORPUS.read_text(encoding="utf-8").splitlines()]


def reviews(rng: random.Random, longest: int | None = None) -> Iterator[Review]:
    """Yield reviews without end, no two alike; with `longest`, each of one sentence of at most so many characters."""
    rows = corpus()
    short = [row["text"] for row in rows if longest is not None and len(row["text"]) <= longest]
    first, last = FIRST.split(), LAST.split()
    for number in count():
        at = rng.randrange(len(rows) - 5)
        run = [row["text"] for row in rows[at : at + 1 + number % 5] if row["lang"] == rows[at]["lang"]]
        text = rng.choice(short) if short else " ".join(run)
        author = f"{first[number % len(first)]} {last[number // len(first) % len(last)]}"
        if number % 10 == 3 and not short:
            text += " " + rng.choice(PERSONAL).format(rng.randrange(10**7, 10**8), author.split()[0].lower())
        # Newest first, as listings are, and each moment once; names come round again after more than a week.
        published = NEWEST - timedelta(minutes=40 * number + rng.randrange(30))
        yield Review(number, author, published, rng.randint(1, 5), text, LANGUAGES[rows[at]["lang"]])


# -- pages of sites ---------------------------------------------------------------------------------------------------


def links(rng: random.Random) -> str:
    """The links of a page of `scrapy bench`, as its server writes them with the spider's 20 a page."""
    numbers = [rng.randint(1, 100_000) for _ in range(20)]
    return "".join(f"<a href='/follow?total=100000&show=20&n={n}'>follow {n}</a><br>" for n in numbers)


def linked_data(shown: list[Review], full: bool) -> str:
    """A product with its reviews as JSON-LD: all that shops give of a review, or the least that makes one."""
    made: list[dict[str, Any]] = []
    for review in shown:
        day, name = review.published.date().isoformat(), review.author
        if full:
            made.append({
                "@type": "Review", "@id": f"#review-{100_000 + review.number}", "reviewBody": review.text,
                "author": {"@type": "Person", "name": name}, "datePublished": review.published.isoformat(),
                "reviewRating": {"@type": "Rating", "ratingValue": review.stars, "bestRating": 5, "worstRating": 1},
            })  # fmt: skip
        else:
            made.append(
                {"@type": "Review", "author": name, "datePublished": day, "reviewRating": review.stars,
                 "reviewBody": review.text}
            )  # fmt: skip
    product = {"@context": "https://schema.org", "@type": "Product", "name": "Nordwind lamp", "review": made}
    text = json.dumps(product, ensure_ascii=False, separators=(",", ":")).replace("</", "<\\/")
    return f'<script type="application/ld+json">{text}</script>'


def lean(rng: random.Random, shown: list[Review], following: str) -> str:
    """A page as large as one of `scrapy bench`: its links give way to reviews."""
    return f"<html><head>{following}</head><body>{linked_data(shown, full=False)}</body></html>"


def usual(rng: random.Random, shown: list[Review], following: str) -> str:
    """A page of `scrapy bench`, links and all, with reviews of usual length beside."""
    return f"<html><head>{following}</head><body>{links(rng)}{linked_data(shown, full=True)}</body></html>"


def shop(rng: random.Random, shown: list[Review], following: str) -> str:
    """A shop's page: styles, menus, pictures, the reviews for people and as JSON-LD, other products, scripts."""

    def name() -> str:
        return " ".join(
            rng.choices("lamp shade light oak brass glass linen night warm round small tall desk".split(), k=3)
        )

    styles = "".join(f".c{n}{{margin:{n}px;color:#{rng.randrange(16**6):06x};display:flex}}\n" for n in range(250))
    menu = "".join(f'<li class="m"><a href="/c/{n}" title="{name()}"><span>{name()}</span></a></li>' for n in range(90))
    icon = '<svg viewBox="0 0 24 24"><path d="M12 2l3 7h7l-5.5 4.5 2 7L12 16l-6.5 4.5 2-7L2 9h7z"/></svg>'
    pictures = "".join(
        f'<img src="/i/{n}.jpg" srcset="/i/{n}@2.jpg 2x" alt="{name()}" loading="lazy">' for n in range(12)
    )
    told = "".join(
        f'<div class="review"><div class="stars">{icon * review.stars}</div><b>{html.escape(review.author)}</b>'
        f'<time datetime="{review.published.isoformat()}">{review.published:%d.%m.%Y}</time>'
        f"<p>{html.escape(review.text)}</p><button>Helpful?</button></div>"
        for review in shown
    )
    cards = "".join(
        f'<article class="card"><a href="/p/{n}"><img src="/i/p{n}.jpg" alt="{name()}"><h3>{name()}</h3></a>'
        f'<span class="price">{rng.randrange(9, 300)},90 €</span><button data-id="{n}">Add</button></article>'
        for n in range(60)
    )
    before = (
        f'<!DOCTYPE html><html><head><meta charset="utf-8"><title>{name()}</title>{following}'
        f"<style>{styles}</style></head><body><header><nav><ul>{menu}</ul></nav></header><main><h1>Nordwind lamp</h1>"
        f"<div>{pictures}</div><section>{told}</section>{linked_data(shown, full=True)}<div>{cards}</div></main>"
        f"<footer><ul>{menu}</ul></footer><script>window.seen=["
    )
    after = "]</script></body></html>"
    state = ",".join(
        f'{{"id":{rng.randrange(10**6)},"name":"{name()}","stock":{rng.randrange(99)}}}' for _ in range(900)
    )
    return before + state[: max(0, SHOP_PAGE - len(before.encode()) - len(after))] + after


def site(page: Callable[[random.Random, list[Review], str], str], pages: int, rng: random.Random) -> Listing:
    """A listing in which each page links to the next in its head."""
    told = reviews(rng, longest=30 if page is lean else None)
    answers = {}
    sizes = []
    for number in range(1, pages + 1):
        following = f'<link rel="next" href="/{number + 1}">' if number < pages else ""
        body = page(rng, list(islice(told, REVIEWS)), following).encode()
        sizes.append(len(body))
        answers[f"/{number}"] = answer(body, "text/html; charset=utf-8")
    return Listing("/1", answers, None, pages * REVIEWS, round(sum(sizes) / pages))


# -- answers of interfaces --------------------------------------------------------------------------------------------


def steam(pages: int, rng: random.Random) -> Listing:
    """The review list of a game, paged by a cursor."""

    def made(review: Review) -> dict[str, Any]:
        moment = int(review.published.timestamp())
        return {
            "recommendationid": str(150_000_000 + review.number), "language": review.language, "review": review.text,
            "author": {"steamid": str(76561190000000000 + rng.randrange(10**9)), "num_games_owned": 12,
                       "num_reviews": 3, "playtime_forever": 971, "playtime_last_two_weeks": 0, "last_played": moment},
            "timestamp_created": moment, "timestamp_updated": moment, "voted_up": review.stars > 2, "votes_up": 4,
            "votes_funny": 0, "weighted_vote_score": "0.5238", "comment_count": 0, "steam_purchase": True,
            "received_for_free": False, "written_during_early_access": False, "primarily_steam_deck": False,
        }  # fmt: skip

    told = reviews(rng)
    answers = {}
    for number in range(pages):
        cursor = f"AoJw{min(number + 1, pages - 1)}=" if pages > 1 else "*"
        body = {"success": 1, "query_summary": {"num_reviews": OBJECTS},
                "reviews": [made(review) for review in islice(told, OBJECTS)], "cursor": cursor}  # fmt: skip
        answers[f"AoJw{number}=" if number else "*"] = answer(json.dumps(body).encode(), "application/json")
    return _interface("", answers, "cursor", pages * OBJECTS)


def woocommerce(pages: int, rng: random.Random) -> Listing:
    """The reviews of a shop's products, in paragraphs, by numbered pages."""

    def made(review: Review) -> dict[str, Any]:
        product = rng.randrange(40)
        return {
            "id": 4_000 + review.number, "date_created": review.published.isoformat()[:19],
            "formatted_date_created": f"{review.published:%B %d, %Y}",
            "date_created_gmt": review.published.isoformat()[:19], "product_id": product,
            "product_name": f"Nordwind lamp {product}", "product_permalink": f"https://shop.example/p/lamp-{product}/",
            "product_image": {"id": product, "src": "https://shop.example/i.jpg", "sizes": "100vw", "alt": ""},
            "reviewer": review.author, "review": f"<p>{html.escape(review.text)}</p>\n", "rating": review.stars,
            "verified": True, "reviewer_avatar_urls": {"24": "https://shop.example/a24", "48": "https://shop.example/a"},
        }  # fmt: skip

    told = reviews(rng)
    total = pages * OBJECTS
    answers = {
        str(number): answer(
            json.dumps([made(review) for review in islice(told, OBJECTS)]).encode(),
            "application/json; charset=UTF-8",
            f"X-WP-Total: {total}\r\nX-WP-TotalPages: {pages}\r\n",
        )
        for number in range(1, pages + 1)
    }
    return _interface("", answers, "page", total)


def hackernews(pages: int, rng: random.Random) -> Listing:
    """Matches of a search, in slices of time: each begins with the last match of the one before."""

    def made(review: Review) -> dict[str, Any]:
        return {
            "objectID": str(40_000_000 - review.number), "author": review.author.replace(" ", "").casefold(),
            "created_at": review.published.isoformat(), "created_at_i": int(review.published.timestamp()),
            "comment_text": f"{html.escape(review.text)}<p>That is all.", "parent_id": 39_000_000, "points": None,
            "story_id": 39_000_000, "story_title": "Ask: which lamp?", "story_url": "https://blog.example/lamps",
            "_tags": ["comment", "author_x", "story_39000000"], "_highlightResult": {"comment_text": {"value": ""}},
        }  # fmt: skip

    total = pages * (OBJECTS - 1) + 1
    hits = [made(review) for review in islice(reviews(rng), total)]
    answers = {}
    for start in range(0, total - 1, OBJECTS - 1):
        left = total - start
        body = {"hits": hits[start : start + OBJECTS], "nbHits": left, "page": 0, "hitsPerPage": OBJECTS,
                "nbPages": -(-min(left, 1000) // OBJECTS)}  # fmt: skip
        name = f"created_at_i<={hits[start]['created_at_i']}" if start else ""
        answers[name] = answer(json.dumps(body).encode(), "application/json; charset=utf-8")
    return _interface("", answers, "numericFilters", total)


def _interface(first: str, answers: dict[str, bytes], parameter: str, total: int) -> Listing:
    return Listing(first, answers, parameter, total, round(sum(map(len, answers.values())) / len(answers)))


# -- the server -------------------------------------------------------------------------------------------------------


def answer(body: bytes, content_type: str, more: str = "", status: str = "200 OK") -> bytes:
    """An answer as it goes over the wire; the connection stays open."""
    head = f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n{more}\r\n"
    return head.encode() + body


MISSING = answer(b"nothing here", "text/plain", status="404 Not Found")


class Answerer(asyncio.Protocol):
    """One connection to one site."""

    def __init__(self, listing: Listing) -> None:
        self._listing = listing
        self._got = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where to write."""
        self._transport: Any = transport

    def data_received(self, data: bytes) -> None:
        """Answer each request that is complete."""
        self._got += data
        while b"\r\n\r\n" in self._got:
            head, _, self._got = self._got.partition(b"\r\n\r\n")
            self._transport.write(self._answer(head.split(b" ", 2)[1].decode("latin-1")))

    def _answer(self, target: str) -> bytes:
        if target == "/robots.txt":
            return MISSING
        if self._listing.parameter is None:
            return self._listing.answers.get(target, MISSING)
        asked = dict(parse_qsl(urlsplit(target).query, keep_blank_values=True))
        return self._listing.answers.get(asked.get(self._listing.parameter, ""), MISSING)


INTERFACES = {"steam": steam, "woocommerce": woocommerce, "hackernews": hackernews}
PAGES = {"lean": lean, "usual": usual, "shop": shop}


def listing(shape: str, pages: int, seed: int) -> Listing:
    """Build a listing of a shape."""
    rng = random.Random(seed)
    return INTERFACES[shape](pages, rng) if shape in INTERFACES else site(PAGES[shape], pages, rng)


async def serve(listings: list[Listing]) -> None:
    """Answer until standard input ends."""
    loop = asyncio.get_running_loop()
    told = []
    for number, each in enumerate(listings, 2):
        server = await loop.create_server(lambda each=each: Answerer(each), f"127.0.0.{number}", 0)
        host, port = server.sockets[0].getsockname()[:2]
        told.append(
            {"url": f"http://{host}:{port}{each.first}", "reviews": each.reviews, "page_bytes": each.page_bytes}
        )
    print(json.dumps(told), flush=True)  # noqa: T201 - what crawling.py waits for
    await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(serve([listing(shape, pages, seed) for seed, (shape, pages) in enumerate(json.loads(sys.argv[1]))]))
