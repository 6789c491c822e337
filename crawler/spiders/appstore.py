"""Apple's public feed of customer reviews: 50 a page, ten pages a country, newest first."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any

from scrapy.http import Response

from overheard.crawler.page import NO_TEXT, Page, decode, own_title, plain, web_url
from overheard.crawler.spider import SourceSpider, check_keys, check_url
from overheard.crawler.walk import Step
from overheard.crawler.walls import unexpected
from overheard.errors import UsageError
from overheard.intake.item import Item
from overheard.intake.values import parse_date, parse_rating

HOST = "https://itunes.apple.com"
LAST_PAGE = 10
"""Page 11 answers 400."""

STOREFRONTS = frozenset(
    """
    ae af ag ai al am ao ar at au az ba bb be bf bg bh bj bm bn bo br bs bt bw by bz ca cd cg ch ci cl cm cn co cr cv
    cy cz de dk dm do dz ec ee eg es fi fj fm fr ga gb gd ge gh gm gr gt gw gy hk hn hr hu id ie il in iq is it jm jo
    jp ke kg kh kn kr kw ky kz la lb lc lk lr lt lu lv ly ma md me mg mk ml mm mn mo mr ms mt mu mv mw mx my mz na ne
    ng ni nl no np nr nz om pa pe pg ph pk pl pt pw py qa ro rs ru rw sa sb sc se sg si sk sl sn sr st sv sz tc td th
    tj tm tn to tr tt tw tz ua ug us uy uz vc ve vg vn vu xk ye za zm zw
    """.split()
)
"""The 175 countries and regions that have an App Store, by ISO 3166 (and xk, Kosovo)."""

LANGUAGES = {
    "us": "en", "gb": "en", "ie": "en", "au": "en", "nz": "en", "de": "de", "at": "de", "nl": "nl", "ro": "ro",
    "md": "ro", "it": "it", "fr": "fr", "es": "es", "mx": "es", "ar": "es", "co": "es", "cl": "es", "pe": "es",
    "uy": "es", "pt": "pt", "br": "pt",
}  # fmt: skip
"""The language of a country's store, where there is one: not of Belgium, Switzerland, Canada, Luxembourg."""

_SHOP_PAGE = re.compile(r"https?://(?:apps|itunes)\.apple\.com/([a-z]{2})/.*?\bid(\d+)", re.IGNORECASE)
_PAGE = re.compile(r"/([a-z]{2})/rss/customerreviews/(?:id=\d+/)?page=(\d+)/")
_USUAL = re.compile(r"/page=1/(id=\d+)/sortBy=mostRecent/")
_OTHER = r"/\1/page=1/sortby=mostrecent/"
"""Two spellings of an address that readers of the feed use: for some apps, one of them answers without entries."""


class AppstoreSpider(SourceSpider):
    """Reads the newest 500 reviews of an app in each country."""

    name = "appstore"
    help = "App Store reviews from Apple's public feed: the newest 500 of each country."
    required = ("id", "country")
    optional = ("base",)
    newest_first = True
    form_is_sure = True

    @classmethod
    def validate(cls, target: dict[str, str]) -> dict[str, str]:
        """Return the target with plain digits, sorted countries and, where it is not Apple's, the base."""
        if page := _SHOP_PAGE.match(target.get("url", "")):
            target = {"id": page[2], "country": page[1]}
        check_keys(cls, target)
        number = target["id"].strip().removeprefix("id")
        if not number.isascii() or not number.isdigit():
            raise UsageError(f"app id {target['id']!r} is no number; it stands behind 'id' in the app's address")
        countries = sorted({name.casefold() for name in re.split(r"[|,;/\s]+", target["country"]) if name})
        for country in countries or [target["country"]]:
            if not re.fullmatch(r"[a-z]{2}", country):
                raise UsageError(f"country {country!r} is no code of two letters; expected such as 'be' or 'be|nl'")
            if country not in STOREFRONTS:
                hint = "; the United Kingdom is 'gb'" if country == "uk" else ""
                raise UsageError(f"country {country!r} has no App Store; expected an ISO code such as 'be'{hint}")
        base = check_url(target.get("base") or HOST).rstrip("/")
        return {"id": number, "country": "|".join(countries)} | ({} if base == HOST else {"base": base})

    @classmethod
    def first_urls(cls, target: dict[str, str]) -> list[str]:
        """Return the first page of each country."""
        base = target.get("base", HOST)
        return [page_url(base, country, target["id"], 1) for country in target["country"].split("|")]

    def read(self, response: Response, step: Step, fetched: datetime) -> Page:
        """Read an answer; raises PageError."""
        kind = response.headers.get("Content-Type")
        return parse(response.body, step.url, kind.decode("latin-1") if kind else None)

    def accept(self, response: Response, step: Step) -> Response:
        """Take a refusal of the other spelling for what the usual one said: that there is nothing."""
        if not step.first and _place(step.url)[1] == 1 and response.status in (400, 404):
            response = response.replace(status=200, body=b'{"feed": {}}')
        return super().accept(response, step)


def page_url(base: str, country: str, app: str, page: int) -> str:
    """Return the address of a page of the feed, counted from 1."""
    return f"{base}/{country}/rss/customerreviews/page={page}/id={app}/sortBy=mostRecent/json"


def parse(body: bytes, url: str, content_type: str | None = None) -> Page:
    """Return the reviews of a page of the feed; `url` is the one it was asked for. Raises PageError.

    A first page without any leads to itself under another spelling of its address.
    """
    try:
        feed = json.loads(decode(body, content_type))["feed"]
        entries = feed.get("entry", [])
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError):
        raise unexpected(body, url, content_type, "Apple's feed as JSON") from None
    entries = [entry for entry in (entries if isinstance(entries, list) else [entries]) if isinstance(entry, dict)]
    country, number = _place(url)
    items = [_item(entry, url, country) for entry in entries if "im:rating" in entry]  # without one: the app itself
    kept = tuple(item for item in items if item)
    other = _USUAL.sub(_OTHER, url)
    return Page(
        items=kept,
        rejected={NO_TEXT: len(items) - len(kept)} if len(items) > len(kept) else {},
        next=_next(url, number, feed) if items else (other,) if other != url else (),
    )


def _place(url: str) -> tuple[str | None, int]:
    match = _PAGE.search(url)
    return (match[1], int(match[2])) if match else (None, LAST_PAGE)


def _next(url: str, number: int, feed: dict[str, Any]) -> tuple[str, ...]:
    """The page that follows, unless the feed itself says that there is none; its own links lead to XML."""
    links = feed.get("link")
    for link in links if isinstance(links, list) else [links]:
        attributes = link.get("attributes") if isinstance(link, dict) else None
        if not isinstance(attributes, dict):
            continue
        href = str(attributes.get("href", ""))
        last = re.search(r"/page=(\d+)/", href)
        if attributes.get("rel") == "next" and not href:
            return ()
        if attributes.get("rel") == "last" and last and number >= int(last[1]):
            return ()
    return () if number >= LAST_PAGE else (url.replace(f"/page={number}/", f"/page={number + 1}/"),)


def _item(entry: dict[str, Any], url: str, country: str | None) -> Item | None:
    text = _label(entry, "content") or ""
    title = own_title(_label(entry, "title") or "", text)
    if not text and not title:
        return None
    author = entry.get("author")
    link = entry.get("link")
    attributes = link.get("attributes") if isinstance(link, dict) else None
    href = attributes.get("href") if isinstance(attributes, dict) else None
    rating = parse_rating(_label(entry, "im:rating") or "", 5)
    return Item(
        external_id=_label(entry, "id"),
        text=text,
        title=title,
        rating=rating.value if rating else None,
        rating_given=rating.given if rating else None,
        rating_scale=rating.scale if rating else None,
        language=LANGUAGES.get(country or ""),
        author=_label(author, "name") if isinstance(author, dict) else None,
        url=(web_url(href) if isinstance(href, str) else None) or url,
        published=parse_date(_label(entry, "updated") or ""),
        attributes={
            name: value for name, value in (("app_version", _label(entry, "im:version")), ("country", country)) if value
        },
    )


def _label(entry: dict[str, Any], name: str) -> str | None:
    """Return what `{"name": {"label": …}}` holds, None for nothing."""
    holder = entry.get(name)
    given = holder.get("label") if isinstance(holder, dict) else holder
    text = plain(str(given)) if isinstance(given, str | int | float) else ""
    return text or None
