"""The query language: parsed and printed, the same mentions from both databases, and never more than a query."""

from __future__ import annotations

import random
import re
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text
from told import FETCHED, Said, Told, count_up, tell

from overheard.errors import UsageError
from overheard.insight.mentions import find_mentions
from overheard.insight.query.parse import FARTHEST, LONGEST, And, Field, Near, Node, Not, Or, parse, written
from overheard.insight.scope import Scope
from overheard.insight.summary import summarise
from overheard.store.brands import add_brand, find_brand, import_source
from overheard.store.database import Store
from overheard.store.search import Term, split
from overheard.store.tables import Mention, ModelVersion

from .conftest import Telling

WORDS = st.sampled_from(["refund", "late", "and", "near", "zoo", "größe", "été", "5", "遅", "не", "or2"]).map(
    lambda word: split(word)[0]
)
TERMS = st.builds(Term, st.lists(WORDS, min_size=1, max_size=3).map(tuple), st.just(False)) | st.builds(
    lambda words: Term((*words, "refu"), True), st.lists(WORDS, max_size=2)
)
SOME_TERMS = st.lists(TERMS, min_size=1, max_size=2).map(tuple)
FIELDS = st.sampled_from(
    [
        Field("dimension", "speed"), Field("dimension", "s", prefix=True), Field("polarity", "negative"),
        Field("signal", "churn", prefix=True), Field("source", "App Store"), Field("source", 'a:b*c'),
        Field("lang", "de"), Field("rating", "<3"), Field("rating", "4.5"), Field("theme", "12"),
        Field("since", "2026-01-31"), Field("until", "90d"), Field("reply", "unanswered"),
        Field("product", "red shoe"), Field("location", "gh", prefix=True), Field("author", "a1b2"),
    ]
)  # fmt: skip


def deeper(nodes: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    many = st.lists(nodes, min_size=2, max_size=4).map(tuple)
    return st.builds(And, many) | st.builds(Or, many) | st.builds(Not, nodes)


NODES: st.SearchStrategy[Node] = st.recursive(
    TERMS | FIELDS | st.builds(Near, SOME_TERMS, SOME_TERMS, st.integers(1, FARTHEST)), deeper, max_leaves=12
)


PAIRS = f"({' OR '.join(f'w{number}' for number in range(10))})"


@given(NODES)
def test_what_is_printed_is_parsed_to_the_same(node: Node) -> None:
    assert parse(written(node)) == node


@given(st.text() | st.text(alphabet='ab* "()/:<3ANDORTE-', max_size=30) | NODES.map(written).map(lambda q: q[3:]))
def test_any_text_is_a_query_or_an_error_of_one_line(query: str) -> None:
    try:
        node = parse(query)
    except UsageError as error:
        assert len(str(error).splitlines()) == 1  # noqa: PT017
    else:
        assert parse(written(node)) == node


@pytest.mark.parametrize(
    ("query", "printed"),
    [
        ("refund late", "refund late"),
        ("refund AND (late)", "refund late"),
        ("a OR b c", "a OR b c"),
        ("(a OR b) c", "(a OR b) c"),
        ("a NOT b OR c", "a NOT b OR c"),
        ("Don't", '"don t"'),
        ("«Größe XL»", '"grosse xl"'),
        ("refund* NEAR late", "refund* NEAR/10 late"),
        ('(late OR slow) NEAR/5 (parcel* OR "the post")', '(late OR slow) NEAR/5 (parcel* OR "the post")'),
        ("late -parcel -(x y)", "late NOT parcel NOT (x y)"),
        ("dimension:Speed rating:<=2,50 signal:churn*", "dimension:speed rating:<=2.5 signal:churn*"),
        ('product:"Red  SHOE"', 'product:"red shoe"'),
        ("& late !!", "late"),
        ("12:30", '"12 30"'),
        ("note: late", "note late"),
        ("and or not near", "and or not near"),
    ],
)
def test_a_query_is_read_as_meant(query: str, printed: str) -> None:
    assert written(parse(query)) == printed


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("", "nothing to search for"),
        ("  !!", "nothing to search for"),
        ("late AND", "column 9: something is missing at the end"),
        ("late AND OR x", "column 10: 'OR' is not expected"),
        ("(late", "column 1: this parenthesis is never closed"),
        ("late)", "column 5: this closes no parenthesis"),
        ("a () b", "column 3: nothing between these parentheses"),
        ('a "late', "column 3: this quote is never closed"),
        ("re*fund", "column 1: a wildcard stands at the end of a word only"),
        ("a b*", "column 3: a wildcard needs 2 letters"),
        ("ab NEAR/0 cd", "column 4: 'NEAR/0': expected a number of words from 1 to 30"),
        ("ab NEAR/x cd", "column 4: 'NEAR/x'"),
        ("ab NEAR cd NEAR ef", "column 12: NEAR joins two"),
        ("ab NEAR (cd ef)", "column 4: NEAR joins words"),
        ("ab dimesion:speed", "column 4: no field 'dimesion'; expected one of dimension, polarity"),
        ("ab dimension:sped", "column 4: dimension:sped: expected one of speed, ease"),
        ("dimension: speed", "column 1: dimension: has no value"),
        ("rating:bad", "rating:bad: expected a number of stars"),
        ("rating:0", "column 1: rating:0: expected a number of stars from 1 to 5"),
        ("late rating:<9", "column 6: rating:<9: expected a number of stars from 1 to 5"),
        ("since:yesterday", "expected a date such as 2026-01-31"),
        ("lang:german", "expected a code such as en"),
        ("theme:x", "expected the number of a theme"),
        ("(" * 30 + "a" + ")" * 30, "column 21: more than 20 parentheses"),
        ("NOT " * 5000 + "a", f"expected at most {LONGEST}"),
        ("NOT " * 500 + "a", "more than 20 parentheses and NOTs"),
        (f"x {PAIRS} NEAR/21 {PAIRS}", "column 62: 10 × 10 pairs up to 21 words apart are 2,100"),
        (f"x {PAIRS} NEAR/20 {PAIRS} a NEAR/1 b", "column 131: 1 × 1 pairs up to 1 words apart are 2,001"),
        ("ab " * 65, "column 193: more than 64 words"),
    ],
    ids=lambda value: value[:30],
)
def test_an_error_points_at_its_column(query: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(query)
    assert message in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


LATE = Said(text="The parcel came late.", sentiment="negative", dimensions={"speed": ("negative", 0.9)},
            touchpoint="receive", signals=("churn_service",))  # fmt: skip
KIND = Said(text="Kind people, refund soon!", sentiment="positive", dimensions={"service": ("positive", 0.8)},
            touchpoint="support")  # fmt: skip
FAST = Said(text="Très rapide à Liège.", sentiment="positive", dimensions={"speed": ("positive", 0.8)},
            touchpoint="buy")  # fmt: skip


FENNA, PRO = {"product": "Fenna", "location": "Ghent"}, {"product": "Fenna Pro", "location": "Ghent"}
TOLD = [
    Told(sentences=(LATE, KIND), day=date(2026, 5, 1), rating=0.25, attributes=FENNA),
    Told(sentences=(KIND,), day=date(2026, 5, 2), rating=0.75, attributes=PRO),
    Told(sentences=(FAST, LATE), day=date(2026, 5, 3), language="fr", attributes={"app_version": "1.20"}),
    Told(sentences=(FAST,), day=date(2026, 5, 4), language="fr", author="abc", attributes={"app_version": "1.2"}),
]


CASES = [
    ("parcel late", [0, 2]),
    ('"parcel came"', [0, 2]),
    ('"late parcel"', []),
    ("kind refund -parcel", [1]),
    ("kind NOT parcel", [1]),
    ("NOT parcel", [1, 3]),
    ("tres RAPIDE", [2, 3]),
    ("refu* OR liege", [0, 1, 2, 3]),
    ("parcel NEAR/2 late", [0, 2]),
    ("late NEAR/2 parcel", [0, 2]),
    ("parcel NEAR/1 late", []),
    ("dimension:speed polarity:negative", [0, 2]),
    ("dimension:speed polarity:positive", [2, 3]),
    ("dimension:speed touchpoint:support", []),
    ("(dimension:speed) AND (touchpoint:support polarity:positive)", [0]),
    ("dimension:speed (touchpoint:buy OR touchpoint:receive) polarity:negative", [0, 2]),
    ("NOT dimension:speed", [1]),
    ("signal:churn*", [0, 2]),
    ("polarity:negative parcel lang:en", [0]),
    ("rating:<3", [0]),
    ("rating:>=3", [1]),
    ("NOT rating:<3", [1, 2, 3]),
    ("product:fenna", [0]),
    ("product:FÉNNA", [0]),
    ("product:fen*", [0, 1]),
    ("location:ghent NOT product:fenna", [1]),
    ("version:1.2", [3]),
    ("version:1.2*", [2, 3]),
    ("fenna", []),
    ("since:2026-05-03", [2, 3]),
    ("until:2026-05-01 source:trust*", [0]),
    ("author:abc", [3]),
    ("NOT author:abc", [0, 1, 2]),
    ("reply:unknown kind", [0, 1]),
]


def test_mentions_are_found(any_store: Store) -> None:
    ids = write(any_store, TOLD)
    for query, expected in CASES:
        assert sorted(ids.index(number) for number in matching(any_store, query)) == expected, query


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("late source:nope", "column 6: source:nope: no such source; there are 'trustpost'"),
        ("NOT source:x*", "column 5: source:x*: no such source"),
        ("late lang:zzz", "column 6: lang:zzz: no language"),
        ("until:2026-01-01 (late since:2026-02-01 until:2026-01-31)", "column 24: since:2026-02-01: lies after until"),
    ],
)
def test_what_cannot_be_found_is_an_error_that_points_at_it(store: Store, query: str, message: str) -> None:
    write(store, TOLD)
    with pytest.raises(UsageError, match=re.escape(message)):
        matching(store, query)
    for fine in ("lang:is", "since:2026-01-01 until:2026-01-01", "since:2026-02-01 OR until:2026-01-01"):
        matching(store, fine)


def write(store: Store, told: list[Told]) -> list[int]:
    with store.session() as session:
        version = ModelVersion(name="m-1", created_at=FETCHED)
        session.add(version)
        session.flush()
        brand = add_brand(session, "Nordwind")
        brand.model_version_id = version.id
        source = import_source(session, "trustpost")
        ids = [tell(session, brand, source, each).id for each in told]
    count_up(store)
    return ids


def matching(store: Store, query: str) -> list[int]:
    with store.reading() as session:
        found = find_mentions(session, find_brand(session, "Nordwind"), Scope(query=query), limit=1000)
        return [mention.mention_id for mention in found]


VOCABULARY = ["refund", "refunds", "late", "latest", "été", "x1", "parcel", "遅い", "zoo"]


def invented(rng: random.Random) -> Told:
    said = tuple(
        Said(
            text=" ".join(rng.choices(VOCABULARY, k=rng.randint(1, 7))),
            sentiment=rng.choice(["positive", "negative", "neutral", "mixed"]),
            dimensions={
                name: (rng.choice(["positive", "negative", "neutral"]), 0.9)
                for name in rng.sample(["speed", "ease", "service"], rng.choice([0, 1, 1, 2]))
            },
            touchpoint=rng.choice(["receive", "pay", "none"]),
            signals=tuple(rng.sample(["advocate", "churn_price"], rng.choice([0, 0, 1]))),
            field=rng.choice(["title", "text", "text"]),
        )
        for _ in range(rng.randint(1, 3))
    )
    attributes = {"product": rng.choice(["Fenna", "Fenna Pro", "fénna"])} if rng.random() < 0.5 else {}
    rating = rng.choice([None, 0.0, 0.25, 0.5, 1.0])
    return Told(sentences=said, rating=rating, language=rng.choice(["en", "fr"]), attributes=attributes)


GIVEN = """
    dimension:speed dimension:e* polarity:negative polarity:neutral touchpoint:receive lang:en signal:churn*
    signal:advocate rating:<3 rating:3 rating:>=2 product:fenna product:fenna*
"""


def asked(rng: random.Random, depth: int = 0) -> Node:
    inner = ["and", "and", "or", "not"] if depth < 3 else []
    kind = rng.choice(["term"] * 4 + ["near", "near", "field", "field", *inner])
    if kind == "term":
        return term(rng)
    if kind == "near":
        left, right = (tuple(term(rng) for _ in range(rng.choice([1, 1, 2]))) for _ in range(2))
        return Near(left, right, rng.randint(1, 4))
    if kind == "field":
        return parse(rng.choice(GIVEN.split()))
    if kind == "not":
        return Not(asked(rng, depth + 1))
    items = tuple(asked(rng, depth + 1) for _ in range(rng.randint(2, 3)))
    return And(items) if kind == "and" else Or(items)


def term(rng: random.Random) -> Term:
    words = tuple(word for given in rng.choices(VOCABULARY, k=rng.choice([1, 1, 2, 3])) for word in split(given))
    last = words[-1][: max(2, len(words[-1]) - rng.randint(0, 3))]
    return Term((*words[:-1], last), True) if len(last) > 1 and rng.random() < 0.3 else Term(words)


@pytest.mark.slow
@pytest.mark.servers
def test_both_databases_find_the_same(store: Store, postgres_url: str) -> None:
    rng = random.Random(11)
    told = [invented(rng) for _ in range(120)]
    other = Store.create(postgres_url)
    stores = {each: write(each, told) for each in (store, other)}
    sizes = []
    for _ in range(500):
        node = asked(rng)
        try:
            here, there = (
                {ids.index(number) for number in matching(each, written(node))} for each, ids in stores.items()
            )
        except UsageError as error:
            assert "polarity:mixed" in str(error)  # noqa: PT017
            continue
        assert here == there, written(node)
        words = by_hand(node)
        if words is not None:
            assert here == {place for place, each in enumerate(told) if words(tokens(each))}, written(node)
        sizes.append(len(here))
    assert sum(0 < size < len(told) for size in sizes) > 250
    other.close()


def tokens(told: Told) -> list[str]:
    title, body = (
        split(" ".join(said.text for said in told.sentences if said.field == name)) for name in ("title", "text")
    )
    return [*title, "|", *body]


def by_hand(node: Node) -> Any:
    """What a query of words means, as plainly as it can be put; None for a query with fields."""
    if isinstance(node, Term):
        return lambda words: bool(starts(words, node))
    if isinstance(node, Near):
        return lambda words: any(near(words, one, two, node.distance) for one in node.left for two in node.right)
    if isinstance(node, Field):
        return None
    if isinstance(node, Not):
        inner = by_hand(node.item)
        return inner and (lambda words: not inner(words))
    parts = [by_hand(item) for item in node.items]
    if not all(parts):
        return None
    every = all if isinstance(node, And) else any
    return lambda words: every(part(words) for part in parts)


def starts(words: list[str], term: Term) -> list[int]:
    def fits(start: int) -> bool:
        here = words[start : start + len(term.words)]
        *before, last = term.words
        return here[:-1] == before and (here[-1].startswith(last) if term.prefix else here[-1] == last)

    return [start for start in range(len(words) - len(term.words) + 1) if fits(start)]


def near(words: list[str], one: Term, two: Term, distance: int) -> bool:
    for first, second in ((one, two), (two, one)):
        for start in starts(words, first):
            reach = range(start, start + len(first.words) + distance)
            if any(other in reach for other in starts(words, second)):
                return True
    return False


ATTEMPTS = [
    "'; DROP TABLE mentions; --", "x') OR 1=1 --", '" OR ""="', "late\x00' UNION SELECT 1", "mention_search MATCH 'x'",
    "rowid = 1", "{words} : late", "^late", "late + parcel", "- words late", "a:* & !b", "late <-> parcel", "%_\\",
    "\ud800late", "source:\"'; DROP TABLE mentions\"", "author:%", "product:\"x' OR '1'='1\"",
]  # fmt: skip


def test_attempts_to_inject_are_plain_text(any_store: Store) -> None:
    ids = write(any_store, TOLD)
    for attempt in ATTEMPTS:
        try:
            matching(any_store, attempt)
        except UsageError as error:
            assert "column" in str(error) or "nothing to search" in str(error), attempt  # noqa: PT017
    assert matching(any_store, "late + parcel") == matching(any_store, "late parcel") == [ids[2], ids[0]]
    with any_store.reading() as session:
        assert len(session.scalars(select(Mention.id)).all()) == len(TOLD)


def test_sentences_that_were_searched_for_are_marked(brand_store: Store, telling: Telling) -> None:
    telling([Told(sentences=(LATE, KIND))])

    def marked(query: str, **asked: str) -> list[bool]:
        with brand_store.reading() as session:
            scope = Scope(query=query, **asked)  # type: ignore[arg-type]
            (found,) = find_mentions(session, find_brand(session, "Nordwind"), scope)
        return [opinion.matches for opinion in found.opinions]

    assert marked("refund*") == [False, True]
    assert marked("parcel OR refund") == [True, True]
    assert marked("came NEAR/1 late") == [True, False]
    assert marked("dimension:speed polarity:negative") == [True, False]
    assert marked("lang:en NOT quick") == [False, False]
    assert marked("refund", dimension="speed") == [True, False]


def test_a_query_cuts_a_summary(any_store: Store) -> None:
    write(any_store, [*TOLD * 5])
    with any_store.reading() as session:
        brand = find_brand(session, "Nordwind")
        whole = summarise(session, brand, Scope())
        found = summarise(session, brand, Scope(query="parcel late"))
        fenna = summarise(session, brand, Scope(attribute=("product", "fenna")))
    assert (whole.mentions, found.mentions, found.analysed) == (20, 10, 10)
    assert {entry.dimension: entry.pain for entry in found.dimensions if entry.pain} == {"speed": 5}
    assert (found.rating.n, found.sentiment.all, found.net_sentiment.n) == (5, 20, 10)
    assert (fenna.mentions, fenna.rating.n) == (5, 5)


def test_the_index_follows_what_is_stored(any_store: Store) -> None:
    ids = write(any_store, TOLD)
    with any_store.session() as session:
        session.execute(text("DELETE FROM mentions WHERE id = :id"), {"id": ids[0]})
    assert matching(any_store, "parcel") == [ids[2]]
