"""Reviews in a real django-oscar shop, by the rules that a user writes for it (docs/sources/selectors.md)."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, build_opener

import pytest
from django_site import DjangoSite
from listener import BEGUN, Listener
from programs import Program

from overheard.report.formats import stamp

pytestmark = [pytest.mark.slow, pytest.mark.servers]

DOCUMENT = Path(__file__).parents[2] / "docs" / "sources" / "selectors.md"
PER_PAGE = 20
FILL = """
from datetime import datetime, timedelta
from oscar.core.loading import get_model
from oscar.test.factories import create_product

Review = get_model("reviews", "ProductReview")
result = {}
for title, count in given["products"].items():
    product = create_product(title=title, price=9, num_in_stock=3)
    result[title] = {"url": product.get_absolute_url(), "reviews": []}
    for number in range(count):
        review = Review.objects.create(
            product=product, score=1 + number % 5, title=f"{title}: {number}", status=Review.APPROVED,
            body=f"Review {number} of it.\\nThe handle gets hot.", name="Fenna Roos", email="fenna@mail.example",
        )
        moment = datetime.fromisoformat(given["begun"]) + timedelta(minutes=number)
        Review.objects.filter(pk=review.pk).update(date_created=moment)
        result[title]["reviews"].append(review.pk)
"""
CHANGE = """
from oscar.core.loading import get_model

result = get_model("reviews", "ProductReview").objects.filter(**given["which"]).update(**given["fields"])
"""
DELETE = """
from oscar.core.loading import get_model

get_model("reviews", "ProductReview").objects.get(pk=given["number"]).delete()
"""


@dataclass(frozen=True)
class Shop:
    """The shop as it is served, with its products by title: address and numbers of their reviews."""

    site: DjangoSite
    program: Program
    products: dict[str, dict[str, Any]]

    def url(self, title: str) -> str:
        """Return the address of a product."""
        return self.program.url + str(self.products[title]["url"])

    def shown(self) -> int:
        """Return how many reviews the shop shows, by its database."""
        with closing(sqlite3.connect(self.site.folder / "shop.db")) as database:
            (count,) = database.execute("SELECT count(*) FROM reviews_productreview WHERE status = 1").fetchone()
            return int(count)


@pytest.fixture(scope="module")
def shop(installed: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    site = DjangoSite(installed("oscar"), Path(__file__).parent / "shop", tmp_path_factory.mktemp("shop"))
    site.manage("migrate", "--verbosity", "0")
    products = {"Teapot": 2 * PER_PAGE + 5, "Cup": 2, "Saucer": 0, "Kettle": 7}
    products |= {f"Spoon {number}": 0 for number in range(PER_PAGE)}
    filled = site.do(FILL, products=products, begun=BEGUN.isoformat())
    site.manage("rebuild_index", "--noinput", "--verbosity", "0")
    with site.serving("/catalogue/") as program:
        yield Shop(site, program, filled)


@pytest.fixture(scope="module")
def rules(listener: Listener) -> str:
    """Return the name of a file with the rules that the documentation shows."""
    (shown, _) = re.findall(r"```toml\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    (listener.folder / "shop.toml").write_text(shown, encoding="utf-8")
    return "shop.toml"


def test_the_reviews_of_a_product(shop: Shop, listener: Listener, rules: str) -> None:
    numbers = shop.products["Teapot"]["reviews"]
    url = shop.url("Teapot") + "reviews/"
    tried = listener.tried(url, "--rules", rules)
    assert tried["found"] == dict.fromkeys(("text", "title", "rating", "published", "author"), PER_PAGE) | {"reply": 0}
    source = listener.add("selectors", f"url={url},rules={rules}")
    with shop.program.watched() as asked:
        crawled = listener.crawl(source)
    path = url.removeprefix(shop.program.url)
    assert asked == ["/robots.txt", path, f"{path}?page=2", f"{path}?page=3"]
    assert (crawled["outcome"], crawled["added"], crawled["rejected"]) == ("ok", len(numbers), 0)
    found = {mention["url"]: mention for mention in listener.mentions(source)}
    assert set(found) == {f"{url}{number}/" for number in numbers}
    said = found[f"{url}{numbers[3]}/"]
    assert (said["title"], said["text"]) == ("Teapot: 3", "Review 3 of it. The handle gets hot.")
    assert (said["rating"], said["rating_given"], said["rating_scale"]) == (0.75, "Four", 5.0)
    assert said["published"] == stamp(BEGUN + timedelta(minutes=3))
    assert said["reply_state"] == "unknown"
    # Django writes this one as "noon".
    assert found[f"{url}{numbers[2]}/"]["published"] == stamp(BEGUN.replace(hour=12, minute=0))
    stars = [mention["rating_given"] for mention in found.values()]
    assert {star: stars.count(star) for star in stars} == dict.fromkeys(("One", "Two", "Three", "Four", "Five"), 9)
    assert not [row for row in listener.stored("SELECT author FROM mentions") if "Fenna" in str(row)]

    again = listener.crawl(source)
    assert (again["added"], again["updated"], again["unchanged"]) == (0, 0, len(numbers))
    shop.site.do(CHANGE, which={"pk": numbers[3]}, fields={"body": "It broke after a month.", "score": 1})
    shop.site.do(DELETE, number=numbers[4])
    changed = listener.crawl(source)
    assert (changed["added"], changed["updated"], changed["unchanged"]) == (0, 1, len(numbers) - 2)
    found = {mention["url"]: mention for mention in listener.mentions(source)}
    edited = found[f"{url}{numbers[3]}/"]
    assert (edited["text"], edited["rating"]) == ("It broke after a month.", 0.0)
    assert [address for address, mention in found.items() if mention["vanished"]] == [f"{url}{numbers[4]}/"]


def test_what_waits_for_approval_is_not_seen(shop: Shop, listener: Listener, rules: str) -> None:
    url = shop.url("Cup") + "reviews/"
    source = listener.add("selectors", f"url={url},rules={rules}")
    assert listener.crawl(source)["added"] == 2
    _write(f"{url}add/", title="Zu klein", score=2, body="Tel. +32 470 12 34 56", name="Ion", email="ion@mail.example")
    assert listener.crawl(source)["added"] == 0
    shop.site.do(CHANGE, which={"status": 0}, fields={"status": 1})
    assert listener.crawl(source)["added"] == 1
    (new,) = [mention for mention in listener.mentions(source) if mention["title"] == "Zu klein"]
    assert (new["rating"], "470" in new["text"]) == (0.25, False)


def _write(address: str, **fields: object) -> None:
    """Send the shop's own form for a review, as a visitor does."""
    browser = build_opener(HTTPCookieProcessor(CookieJar()))
    with browser.open(address) as form:
        (token,) = set(re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', form.read().decode()))
    with browser.open(address, urlencode({"csrfmiddlewaretoken": token, **fields}).encode()) as done:
        assert done.url != address, "the form was not accepted"


def test_all_products_of_the_shop(shop: Shop, listener: Listener, rules: str) -> None:
    """The rules that read a listing: each product with its first reviews, and from there the pages of all of them."""
    (_, shown) = re.findall(r"```toml\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    single = (listener.folder / rules).read_text(encoding="utf-8")
    kept = [line for line in single.splitlines() if not line.startswith("next")]
    (listener.folder / "catalogue.toml").write_text("\n".join([*kept, shown]), encoding="utf-8")
    source = listener.add("selectors", f"url={shop.program.url}/catalogue/,rules=catalogue.toml")
    crawled = listener.crawl(source)
    assert (crawled["outcome"], crawled["added"]) == ("ok", shop.shown())
    products = len(shop.products)
    # Two pages of products, each product, three pages of reviews of one and one of another.
    assert crawled["pages"] == 2 + products + 3 + 1
    again = listener.crawl(source)
    assert (again["added"], again["updated"], again["unchanged"]) == (0, 0, shop.shown())
