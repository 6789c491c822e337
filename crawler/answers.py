"""What an answer that holds no page means, or the lack of an answer: the outcome and a line for a person."""

from __future__ import annotations

import re

from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
    ResponseDataLossError,
)
from scrapy.http import Response

from overheard.crawler.outcomes import PageError
from overheard.crawler.page import ends_early
from overheard.crawler.walls import is_login

_REFUSALS = {401: "it asks to log in", 403: "it refuses", 407: "a proxy asks to log in", 451: "it is withheld by law"}


_DROPPED = "the server dropped the connection; try again later"


class Forbidden(IgnoreRequest):
    """robots.txt keeps us from a page."""


class RobotsUnreachable(IgnoreRequest):
    """robots.txt could not be read, or asks for more patience than we have: keep out for now."""

    def __init__(self, ending: PageError) -> None:
        super().__init__(str(ending))
        self.ending = ending


def check(response: Response) -> None:
    """Raise PageError where an answer is no page: refused, gone, broken, or moved to a log-in form."""
    status = response.status
    if status in _REFUSALS:
        raise PageError("blocked", f"it answered {status}: {_REFUSALS[status]}")
    if status == 429:
        raise PageError(
            "blocked", f"it answered 429: too many requests{_wish(response)}; raise crawl.delay, or try later"
        )
    if status in (404, 410):
        raise PageError("failed", f"it answered {status}: there is no such page; check the target")
    if status >= 500:
        raise PageError("failed", f"it answered {status}: the server fails{_wish(response)}; try again later")
    if not 200 <= status < 300:
        raise PageError("failed", f"it answered {status}, expected 200; check the target")
    if is_cut_off(response):
        raise PageError("failed", _DROPPED)
    if was_redirected(response) and is_login(response.url):
        raise PageError("blocked", "it asks to log in")


def is_cut_off(response: Response) -> bool:
    """Say whether an answer ends in the middle, where its server ends each by closing the connection.

    Only there can it not be told from the length.
    """
    return "partial" in response.flags and ends_early(response.body)


def was_redirected(response: Response) -> bool:
    """Say whether an answer comes from another address than the one that was asked."""
    return bool(response.request and response.request.meta.get("redirect_urls"))


def place(response: Response, asked: str) -> str:
    """Return where an answer comes from, as it may be written down: what a redirect adds may be a token or a name.

    `asked` is the page that was meant, without the key that its request may have carried.
    """
    return response.url.partition("?")[0] if was_redirected(response) else asked


def _wish(response: Response) -> str:
    given = response.headers.get("Retry-After")
    return f" (Retry-After: {given.decode('latin-1')})" if given else ""


def _tls(error: BaseException) -> str:
    """What OpenSSL says, without the failure that it is wrapped in."""
    said = re.findall(r"'([^']+)'\)", str(error))
    return said[-1] if said else "its certificate is not valid"


def explain(error: BaseException | None) -> PageError:
    """Return what an exception in place of an answer means."""
    if isinstance(error, Forbidden):
        return PageError("blocked", "robots.txt forbids it")
    if isinstance(error, RobotsUnreachable):
        return error.ending
    if isinstance(error, DownloadCancelledError) or "DOWNLOAD_MAXSIZE" in str(error):
        return PageError("failed", "it is larger than crawl.max_page_bytes; raise that to read it")
    if isinstance(error, IgnoreRequest):
        return PageError("failed", "it redirects without end")
    if isinstance(error, CannotResolveHostError):
        return PageError("failed", "its host is not known; check the target and the network")
    if isinstance(error, DownloadConnectionRefusedError):
        return PageError("failed", "the connection is refused")
    if isinstance(error, DownloadTimeoutError):
        return PageError("failed", "no answer in time (crawl.timeout)")
    if error and "SSL" in str(error):
        return PageError(
            "failed", f"it offers no safe connection ({_tls(error)}); check the target's address, or try again later"
        )
    if isinstance(error, DownloadFailedError | ResponseDataLossError):
        return PageError("failed", _DROPPED)
    cause = ": ".join(filter(None, (type(error).__name__, " ".join(str(error).split()))))
    return PageError("failed", f"it could not be fetched ({cause})")
