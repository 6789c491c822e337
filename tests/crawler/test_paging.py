from __future__ import annotations

import pytest
from parsel import Selector

from overheard.crawler.paging import next_pages

URL = "https://shop.example/teapot?page=2"
ORIGIN = "https://shop.example/teapot"


def following(body: str, *, url: str = URL, origin: str = ORIGIN, header: str | None = None) -> str | None:
    found = next_pages(Selector(text=f"<html><body>{body}", type="html").root, url, url, origin, header)
    assert len(found) <= 1
    return found[0] if found else None


THIRD = "https://shop.example/teapot?page=3"


@pytest.mark.parametrize(
    "body",
    [
        pytest.param('<link rel="next" href="?page=3">', id="in the head"),
        pytest.param('<a rel="nofollow next" href="/teapot?page=3">3</a>', id="rel on an anchor"),
        pytest.param('<a class="pagination-next" href="?page=3">›</a>', id="by class"),
        pytest.param('<ul><li class="next"><a href="?page=3">3</a></li></ul>', id="by the class of its holder"),
        pytest.param('<a aria-label="Next page" href="?page=3"><svg></svg></a>', id="by label"),
        pytest.param('<a title="Next" href="?page=3">3</a>', id="by title"),
        pytest.param('<a href="?page=3">Next »</a>', id="en"),
        pytest.param('<a href="?page=3">Nächste Seite</a>', id="de"),
        pytest.param('<a href="?page=3">Weiter →</a>', id="de weiter"),
        pytest.param('<a href="?page=3">Volgende pagina</a>', id="nl"),
        pytest.param('<a href="?page=3">Pagina următoare</a>', id="ro"),
        pytest.param('<a href="?page=3">Următorul</a>', id="ro short"),
        pytest.param('<a href="?page=3">Pagina successiva &gt;</a>', id="it"),
        pytest.param('<a href="?page=3">Page suivante</a>', id="fr"),
        pytest.param('<a href="?page=3">Siguiente</a>', id="es"),
        pytest.param('<a href="?page=3">Próxima página</a>', id="pt"),
        pytest.param('<a href="?page=3">Seguinte</a>', id="pt seguinte"),
        pytest.param('<a href="?page=1">1</a> <a href="?page=3"> › </a>', id="an arrow"),
        pytest.param('<a class="next disabled" href="?page=9">›</a><a rel="next" href="?page=3">3</a>', id="rel wins"),
    ],
)
def test_the_next_page_is_found(body: str) -> None:
    assert following(body) == THIRD


@pytest.mark.parametrize(
    "body",
    [
        pytest.param('<a href="?page=1">‹ Previous</a><a href="?page=1">‹</a>', id="back"),
        pytest.param('<a class="next disabled" href="?page=3">›</a>', id="disabled"),
        pytest.param('<li class="disabled"><a rel="next" href="?page=3">›</a></li>', id="disabled by its holder"),
        pytest.param('<a class="next" aria-disabled="true" href="?page=3">›</a>', id="disabled by aria"),
        pytest.param('<a rel="next" href="#">›</a><a class="next" href="">›</a>', id="to itself"),
        pytest.param('<a rel="next" href="https://elsewhere.example/teapot?page=3">›</a>', id="another host"),
        pytest.param('<a rel="next" href="http://shop.example:8080/teapot?page=3">›</a>', id="another port"),
        pytest.param('<a rel="next" href="javascript:more()">›</a>', id="a script"),
        pytest.param('<a rel="next" href="http://[::1">›</a>', id="no address"),
        pytest.param('<a class="slick-next" href="/kettle">›</a>', id="a carousel"),
        pytest.param('<a href="/kettle">Next product</a><a href="/kettle">Next</a>', id="the next product"),
        pytest.param('<a href="?page=3">What happens next</a>', id="a sentence"),
        pytest.param('<a href="?sort=old">Oldest</a><a href="?page=3">3</a>', id="numbers alone"),
    ],
)
def test_what_is_no_next_page(body: str) -> None:
    assert following(body) is None


@pytest.mark.parametrize(
    ("url", "origin", "href", "follows"),
    [
        ("https://x.example/reviews", "https://x.example/reviews", "/reviews/2", True),
        ("https://x.example/reviews/2", "https://x.example/reviews", "/reviews/3", True),
        ("https://x.example/reviews/", "https://x.example/reviews/", "/reviews/page/2/", True),
        ("https://x.example/reviews/page/2", "https://x.example/start", "/reviews/page/3", True),
        ("https://x.example/a.html", "https://x.example/a.html", "/a-p2.html", True),
        ("https://x.example/product/1", "https://x.example/product/1", "/product/2", False),
        ("https://x.example/news/old", "https://x.example/news/old", "/news/new", False),
    ],
)
def test_an_anchor_is_followed_within_its_listing(url: str, origin: str, href: str, follows: bool) -> None:
    assert (following(f'<a class="next" href="{href}">›</a>', url=url, origin=origin) is not None) is follows


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ('<https://shop.example/teapot?page=1>; rel="prev", </teapot?page=3>; rel="next"', THIRD),
        ("<?page=3>; rel=next", THIRD),
        ('<?page=3>; rel="prefetch next"', THIRD),
        ('<?page=3>; rel="nextish"', None),
        ("next", None),
    ],
)
def test_link_header(header: str, expected: str | None) -> None:
    assert following("", header=header) == expected
