"""Pages that keep us out: log-in forms and challenges. They are recognised to be named, never to be passed."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from lxml import etree

from overheard.crawler.outcomes import PageError
from overheard.crawler.page import decode, ends_early, parsed, text_of

_LOGIN_PATH = re.compile(
    r"/(?:log-?in|log-?on|sign-?in|auth(?:enticate|entication|orize)?|sso|anmelden|anmeldung|inloggen|aanmelden|"
    r"autentificare|conectare|accedi|connexion|se-connecter|identification|iniciar-sesion|acceder|entrar)"
    r"(?:[/._-]|$)",
    re.IGNORECASE,
)
_LOGIN_WORDS = re.compile(
    r"\b(?:log ?in|log on|sign ?in|anmeld\w+|einloggen|inlogg\w+|aanmelden|autentific\w+|conect(?:ează|are)|accedi|"
    r"accesso|connexion|connectez|identifi\w+|iniciar sesión|inicia sesión|acceder|entrar|iniciar sessão)\b",
    re.IGNORECASE,
)
_CHALLENGES = {
    "captcha-delivery.com": "DataDome",
    "cf-challenge": "Cloudflare",
    "/cdn-cgi/challenge-platform/": "Cloudflare",
    "_cf_chl_opt": "Cloudflare",
    "px-captcha": "PerimeterX",
    "_incapsula_resource": "Imperva",
    "awswaf.com": "AWS",
    "g-recaptcha": "reCAPTCHA",
    "h-captcha": "hCaptcha",
}
_CHALLENGE_TITLES = re.compile(
    r"just a moment|attention required|access denied|are you (?:a )?(?:human|robot)|verify you are human|"
    r"security check|robot check|pardon our interruption|unusual traffic",
    re.IGNORECASE,
)
_HTML, _MARKUP, _PLAIN = "an HTML page", "other markup", "plain text"
_FEED = re.compile(r"(?:<\?xml[^>]*>|<!--.*?-->|\s)*<(?:rss|(?:atom:)?feed|rdf:rdf)[\s>]", re.DOTALL)
_MEDIA = re.compile(r"(?:image|audio|video|font)/|application/(?:pdf|zip|gzip)\b")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f]")
_TAG = re.compile(r"<[a-z!][^<>]*>", re.IGNORECASE)
_SHORT = 1500
"""Characters of readable text under which a page with a log-in form or a captcha holds nothing else."""


def wall(root: etree._Element, markup: str, url: str) -> str | None:
    """Return what keeps us out of a page that shows no mentions, in one line, or None where nothing does."""
    title = " ".join(element.text or "" for element in root.iterfind(".//title"))
    heading = title + " " + " ".join(text_of(element, most=40) for element in root.iterfind(".//h1"))
    short = len(text_of(root)) < _SHORT
    form = root.find(".//input[@type='password']") is not None
    if form and (short or _LOGIN_WORDS.search(heading) or is_login(url)):
        return "it asks to log in"
    if is_login(url) and _LOGIN_WORDS.search(heading):
        return "it asks to log in"
    low = markup[:200_000].casefold()
    maker = next((name for mark, name in _CHALLENGES.items() if mark in low), None)
    if _CHALLENGE_TITLES.search(heading) or (maker and short):
        return f"it asks for a proof of being human{f' ({maker})' if maker else ''}"
    return None


def is_login(url: str) -> bool:
    """Say whether a URL is that of a log-in page."""
    return bool(_LOGIN_PATH.search(urlsplit(url).path))


def unexpected(body: bytes, url: str, content_type: str | None, expected: str) -> PageError:
    """Return what it means that an answer is not what the source always sends: a wall, or a changed layout."""
    markup = decode(body, content_type)
    if reason := wall(parsed(markup).root, markup, url):
        return PageError("blocked", reason)
    form = _form(markup, content_type)
    if form != _HTML and ends_early(body):
        return PageError("failed", f"expected {expected}, got a part of it; try again later")
    return PageError("layout_changed", f"expected {expected}, got {form}")


def is_html(markup: str, content_type: str | None) -> bool:
    """Say whether a text may be an HTML page, or what a careless server sends of one."""
    form = _form(markup, content_type)
    return form in (_HTML, _MARKUP) or (form == _PLAIN and _TAG.search(markup) is not None)


def _form(markup: str, content_type: str | None) -> str:
    start = markup[:400].lstrip("\ufeff \t\r\n").casefold()
    if not start:
        return "nothing"
    if start.startswith(("<!doctype html", "<html", "<head", "<body", "<title")):
        return _HTML
    if _FEED.match(start):
        return "an RSS or Atom feed, which kind feed reads"
    media = (content_type or "").partition(";")[0].strip().casefold()
    if _MEDIA.match(media):
        return media[:60]
    if start.startswith("%pdf-") or len(_CONTROL.findall(start)) * 100 > len(start):
        return "binary data"
    forms = {"<": _MARKUP, "{": "other JSON", "[": "other JSON"}
    return forms.get(start[:1], _PLAIN)
