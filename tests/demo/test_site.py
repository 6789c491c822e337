"""The demo site over real HTTP, read as a stranger would: links, feeds, conditions, and what it must not answer."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from importlib import resources
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen
from urllib.robotparser import RobotFileParser
from xml.etree import ElementTree

import pytest

from overheard.demo.content import BRANDS
from overheard.demo.site import DemoSite
from overheard.errors import UsageError

ATOM = "{http://www.w3.org/2005/Atom}"
LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
PRODUCTS = [f"/{owner.slug}/{product.slug}" for owner in BRANDS for product in owner.products]
VOID = {"meta", "link", "br"}


@pytest.fixture(scope="module")
def site() -> Iterator[DemoSite]:
    with DemoSite() as running:
        yield running


@pytest.fixture(scope="module")
def written() -> dict[str, dict[str, Any]]:
    lines = resources.files("overheard.demo").joinpath("reviews.jsonl").read_text(encoding="utf-8").splitlines()
    return {row["id"]: row for row in map(json.loads, lines)}


def get(site: DemoSite, path: str, **headers: str) -> tuple[int, Any, str]:
    request = Request(site.url + path, headers={name.replace("_", "-"): value for name, value in headers.items()})
    try:
        with urlopen(request, timeout=10) as response:
            return response.status, response.headers, response.read().decode("utf-8")
    except HTTPError as error:
        with error:
            return error.code, error.headers, error.read().decode("utf-8")


def linked_data(page: str) -> dict[str, Any]:
    found = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL)
    assert len(found) == 1
    data: dict[str, Any] = json.loads(found[0])
    return data


def product_pages(site: DemoSite, path: str) -> Iterator[str]:
    following: str | None = path
    while following:
        status, _, page = get(site, following)
        assert status == 200
        yield page
        anchors = set(re.findall(r'rel="next" href="([^"]+)"', page))
        assert len(anchors) <= 1
        following = anchors.pop() if anchors else None


def app_reviews(site: DemoSite, country: str, app_id: str) -> Iterator[dict[str, Any]]:
    for page in range(1, 11):
        path = f"/{country}/rss/customerreviews/page={page}/id={app_id}/sortBy=mostRecent/json"
        status, headers, body = get(site, path)
        assert (status, headers.get_content_type()) == (200, "application/json")
        entry = json.loads(body)["feed"].get("entry")
        if entry is None:
            return
        yield from entry if isinstance(entry, list) else [entry]
    pytest.fail(f"the feed of {country} has no end")


def atom_entries(site: DemoSite, slug: str) -> list[ElementTree.Element]:
    return ElementTree.fromstring(get(site, f"/{slug}/community.atom")[2]).findall(f"{ATOM}entry")


def identifier(url: str) -> str:
    return re.split("[/]", url)[-1]


def test_every_review_is_served_exactly_once(site: DemoSite, written: dict[str, dict[str, Any]]) -> None:
    served = []
    for path in PRODUCTS:
        for page in product_pages(site, path):
            served += [
                (identifier(review["@id"]), review["reviewBody"], review["author"]["name"])
                for review in linked_data(page)["review"]
            ]
    countries = sorted({row["country"] for row in written.values() if "country" in row})
    for owner in BRANDS:
        for country in countries:
            served += [
                (entry["id"]["label"], entry["content"]["label"], entry["author"]["name"]["label"])
                for entry in app_reviews(site, country, owner.app_id)
            ]
        for post in atom_entries(site, owner.slug):
            paragraph = ElementTree.fromstring(post.findtext(f"{ATOM}content") or "").text or ""
            name = post.findtext(f"{ATOM}author/{ATOM}name") or ""
            served.append((identifier(post.findtext(f"{ATOM}id") or ""), paragraph, name))
    assert sorted(served) == sorted((row["id"], row["text"], row["author"]) for row in written.values())


@pytest.mark.parametrize("path", PRODUCTS)
def test_product_pages_say_what_they_hold(site: DemoSite, path: str, written: dict[str, dict[str, Any]]) -> None:
    pages = list(product_pages(site, path))
    assert len(pages) >= 3
    data = [linked_data(page) for page in pages]
    reviews = [review for part in data for review in part["review"]]
    dates = [review["datePublished"] for review in reviews]
    assert dates == sorted(dates, reverse=True)
    for part in data:
        assert part["@type"] == "Product"
        assert part["aggregateRating"]["reviewCount"] == len(reviews)
    for review in reviews:
        row = written[identifier(review["url"])]
        given = (review["inLanguage"], review["reviewRating"]["ratingValue"], review.get("name"))
        assert given == (row["language"], row["stars"], row.get("title"))
        assert review.get("comment", {}).get("text") == row.get("reply")


class Nesting(HTMLParser):
    """Collects the elements that are open, and fails where another one is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.ids += [value for name, value in attrs if name == "id" and value]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("path", ["/", *PRODUCTS, "/velinde/community", "/at/review?id=1001", "/private/unreleased"])
def test_pages_are_well_formed_and_link_only_what_exists(site: DemoSite, path: str) -> None:
    status, headers, page = get(site, path)
    assert (status, headers.get_content_type(), page[:15]) == (200, "text/html", "<!DOCTYPE html>")
    nesting = Nesting()
    nesting.feed(page)
    assert nesting.open == []
    assert len(set(nesting.ids)) == len(nesting.ids)
    for target in set(re.findall(r'href="(/[^"]*)"', page)):
        assert get(site, target)[0] == 200, target


def test_a_permalink_leads_to_the_page_that_shows_the_review(
    site: DemoSite, written: dict[str, dict[str, Any]]
) -> None:
    some = sorted(written)[::25]
    assert {written[review_id]["kind"] for review_id in some} == {"schemaorg", "appstore", "feed"}
    for review_id in some:
        with urlopen(f"{site.url}/reviews/{review_id}", timeout=10) as response:
            assert response.url.endswith(f"#{review_id}")
            assert f'<article id="{review_id}"' in response.read().decode("utf-8")


def test_robots_forbids_the_corner_that_pages_link_to(site: DemoSite) -> None:
    rules = RobotFileParser()
    rules.parse(get(site, "/robots.txt")[2].splitlines())
    assert rules.crawl_delay("Overheard") is None
    assert rules.can_fetch("Overheard", f"{site.url}/velinde/fenna?page=2")
    assert not rules.can_fetch("Overheard", f"{site.url}/private/unreleased")
    assert 'href="/private/unreleased"' in get(site, "/velinde/fenna")[2]
    assert len(linked_data(get(site, "/private/unreleased")[2])["review"]) == 2


def test_the_atom_feed_answers_304_to_who_knows_it(site: DemoSite) -> None:
    _, headers, body = get(site, "/velinde/community.atom")
    tag, changed = headers["ETag"], headers["Last-Modified"]
    assert all(entry.get(LANGUAGE) for entry in ElementTree.fromstring(body).iter(f"{ATOM}entry"))
    for given in ({"If_None_Match": tag}, {"If_None_Match": f'"x", W/{tag}'}, {"If_Modified_Since": changed}):
        status, _, text = get(site, "/velinde/community.atom", **given)
        assert (status, text) == (304, "")
    stale = {"If_None_Match": '"x"', "If_Modified_Since": changed}
    for given in (stale, {"If_Modified_Since": "Thu, 01 Jan 1970 00:00:00 GMT"}, {"If_Modified_Since": "yesterday"}):
        assert get(site, "/velinde/community.atom", **given)[0] == 200
    assert get(site, "/pakkaro/community.atom", If_None_Match=tag)[0] == 200


def test_the_app_feed_has_the_original_shape(site: DemoSite) -> None:
    path = "/{}/rss/customerreviews/page={}/id=1001/sortBy=mostRecent/json"
    asked = [path.format(*place) for place in (("at", 1), ("gb", 2), ("zz", 1))]
    single, beyond, unknown = (json.loads(get(site, where)[2])["feed"] for where in asked)
    assert isinstance(single["entry"], dict)
    for feed in (beyond, unknown):
        links = {link["attributes"]["rel"]: link["attributes"]["href"] for link in feed["link"]}
        assert "entry" not in feed
        assert links["next"] == ""
    assert get(site, path.format("gb", 11))[0] == 400


@pytest.mark.parametrize(
    "path",
    ["/nothing", "/velinde/nothing", "/nobody/fenna", "/velinde/plus", "/velinde/fenna?page=99",
     "/velinde/fenna?page=0", "/velinde/fenna?page=two", "/nobody/community", "/nobody/community.atom",
     "/reviews/v-xx-01", "/gb/review?id=7", "/gb/review", "/favicon.ico"],
)  # fmt: skip
def test_what_does_not_exist_is_404(site: DemoSite, path: str) -> None:
    assert get(site, path)[0] == 404


def test_requests_are_remembered_in_order() -> None:
    with DemoSite() as site:
        get(site, "/robots.txt")
        get(site, "/velinde/fenna?page=2")
        assert site.requests == ["/robots.txt", "/velinde/fenna?page=2"]


def test_a_port_that_is_taken_is_an_error_in_one_line(site: DemoSite) -> None:
    port = int(site.url.rsplit(":", 1)[1])
    expected = rf"port {port} of 127\.0\.0\.1 cannot be used .*; name another"
    with pytest.raises(UsageError, match=expected), DemoSite(port):
        pass


def test_it_runs_alone_until_interrupted() -> None:
    command = [sys.executable, "-m", "overheard.demo.site"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            url = process.stdout.readline().split()[0]
            with urlopen(url, timeout=10) as response:
                assert response.status == 200
            process.send_signal(signal.SIGINT)
            assert process.wait(10) == 0
            assert process.stderr.read() == ""
        finally:
            process.kill()
