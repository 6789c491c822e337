"""What every spider is: one visit to one source, page after page, each stored before the next is fetched."""

from __future__ import annotations

import logging
from abc import abstractmethod
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from scrapy import Spider
from scrapy.http import Request, Response
from twisted.python.failure import Failure

from overheard.crawler.answers import Forbidden, check, explain, place
from overheard.crawler.credentials import reason_of
from overheard.crawler.outcomes import CrawlProgress, Outcome, PageError
from overheard.crawler.page import Page, web_url
from overheard.crawler.patience import Stopping
from overheard.crawler.robots import Rules
from overheard.crawler.walk import Rest, Step, Walk
from overheard.errors import OverheardError, UsageError

if TYPE_CHECKING:
    from overheard.crawler.ledger import SourceFacts
    from overheard.intake.item import Item

logger = logging.getLogger(__name__)


class Pages(Protocol):
    """Where the pages of a visit go."""

    def page(
        self, items: Sequence[Item], rejected: Counter[str], brand_ids: Collection[int], rest: Rest | None
    ) -> CrawlProgress:
        """Take in a page."""


@dataclass(slots=True)
class Visit:
    """All that one crawl of one source works with.

    `state` is what the source is to remember when the crawl ends well. `robots` is shared by the visits of a run, and
    so is `secrets`: all that no log and no message may show. `credentials` are the user's own for this kind, by name.
    `one_page` says that nothing is asked beside a page that it could do without. `broken` is set where the store itself
    fails, which ends the run.
    """

    facts: SourceFacts
    target: dict[str, str]
    walk: Walk
    ledger: Pages
    stopping: Stopping
    robots: dict[str, Rules]
    credentials: Mapping[str, str] = field(default_factory=dict)
    secrets: set[str] = field(default_factory=set)
    on_page: Callable[[CrawlProgress], None] | None = None
    state: dict[str, Any] = field(default_factory=dict)
    one_page: bool = False
    broken: OverheardError | None = None
    finished: bool = False


class SourceSpider(Spider):
    """A kind of source: a spider says what its target holds, where it begins and how a page is read.

    `newest_first` says that the pages come in that order, so that reading may stop at the watermark. `form_is_sure`
    says that a page without mentions is known to be one. `whole` says that a complete crawl sees all that the source
    shows, so that what it does not see has vanished. `sought` names the key of the target that holds the words of a
    search: what is found by words may be about something else, and is judged. `credentials` names what a user must have
    from the service. `obeys_robots` is false for the documented interfaces of services, which have their own terms.
    `undocumented` says that what is read was made for the own pages of the service, and never offered to anyone: adding
    a source of it wants a yes.
    """

    help: ClassVar[str]
    required: ClassVar[tuple[str, ...]] = ()
    optional: ClassVar[tuple[str, ...]] = ()
    newest_first: ClassVar[bool] = False
    form_is_sure: ClassVar[bool] = False
    whole: ClassVar[bool] = False
    sought: ClassVar[str | None] = None
    credentials: ClassVar[tuple[str, ...]] = ()
    obeys_robots: ClassVar[bool] = True
    undocumented: ClassVar[bool] = False

    def __init__(self, visit: Visit, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.visit = visit

    @classmethod
    def validate(cls, target: dict[str, str]) -> dict[str, str]:
        """Return the target in its canonical spelling, here its one URL; raises UsageError in one line."""
        check_keys(cls, target)
        return {"url": check_url(target["url"])}

    @classmethod
    def first_urls(cls, target: dict[str, str]) -> list[str]:
        """Return the first page of each listing of a valid target, here its one URL."""
        return [target["url"]]

    @classmethod
    def reservation(cls, target: dict[str, str]) -> str | None:
        """Return why crawling a valid target wants a person's yes, in one sentence; None where it does not."""
        if cls.undocumented:
            return f"{cls.name} reads what the service never documented: it may change, or be forbidden, any day."
        return None

    @abstractmethod
    def read(self, response: Response, step: Step, fetched: datetime) -> Page | None:
        """Return what an answer holds, None where nothing has changed; raises PageError."""

    def request(self, step: Step) -> Request:
        """Return the request for a page."""
        # What proves who we are goes to the service alone, and not to where it may redirect.
        meta = {"dont_redirect": True} if self.credentials else {}
        return Request(
            step.url, callback=self.parse, errback=self.fail, dont_filter=True, cb_kwargs={"step": step}, meta=meta
        )  # fmt: skip

    def accept(self, response: Response, step: Step) -> Response:
        """Return the answer to read; raises PageError where it is none.

        Services that explain their refusals in the body override it.
        """
        if self.credentials and response.status in (401, 403):
            names = " and ".join(self.credentials)
            raise PageError(
                "blocked", f"it answered {response.status}: the service does not accept your {names}; check them"
            )
        check(response)
        return response

    async def log_in(self) -> None:
        """Get what the requests need before the first of them, such as a token; raises PageError."""

    async def fetch(self, request: Request) -> Response:
        """Return the answer to a request beside the pages; raises PageError where there is none that can be used."""
        assert self.crawler.engine is not None
        try:
            response = await self.crawler.engine.download_async(request)
        except Exception as error:
            raise explain(error) from None
        check(response)
        return response

    async def start(self) -> AsyncIterator[Any]:
        """Log in where that is needed, and begin with the first page of the first listing."""
        try:
            await self.log_in()
            self.visit.walk.start(self.first_urls(self.visit.target))
        except PageError as error:
            self._end(error.outcome, f"before the first page: {error}")
        for request in self._go_on():
            yield request

    def parse(self, response: Response, step: Step) -> Iterator[Request]:
        """Store a page and go on to the next."""
        try:
            self._receive(response, step)
        except PageError as error:
            self._end(error.outcome, f"{place(response, step.url)}: {error}")
        except OverheardError as error:
            self.visit.broken = error
            return
        except Exception as error:
            where = place(response, step.url)
            logger.error("source %d: %s: %s", self.visit.facts.id, where, type(error).__name__)
            logger.debug("in full", exc_info=True)
            self._end("failed", f"{where}: {type(error).__name__}; please report this with the log")
        yield from self._go_on()

    def fail(self, failure: Failure) -> Iterator[Request]:
        """Note why a page could not be fetched and go on to the next listing."""
        request: Request = failure.request  # type: ignore[attr-defined]
        step: Step = request.cb_kwargs["step"]
        if step.listed and isinstance(failure.value, Forbidden):
            self.visit.walk.leave_out("left out pages that robots.txt forbids")
        elif not self.visit.stopping.is_set():
            error = explain(failure.value)
            self._end(error.outcome, f"{step.url}: {error}")
        yield from self._go_on()

    def _end(self, outcome: Outcome, reason: str) -> None:
        self.visit.walk.end(outcome, reason_of(reason, self.visit.secrets))

    def _receive(self, response: Response, step: Step) -> None:
        visit = self.visit
        if step.listed and step.first and response.status in (404, 410):
            logger.warning("source %d: %s is listed and gone", visit.facts.id, place(response, step.url))
            visit.walk.gone += 1
            return
        if response.status != 304:
            response = self.accept(response, step)
        page = self.read(response, step, datetime.now(UTC))
        if page is None:
            return
        items = visit.walk.take(step, page)
        progress = visit.ledger.page(items, Counter(page.rejected), visit.facts.brand_ids, visit.walk.rest())
        if visit.on_page:
            visit.on_page(progress)

    def _go_on(self) -> Iterator[Request]:
        if self.visit.stopping.is_set():
            return
        step = self.visit.walk.next()
        if step is None:
            self.visit.finished = True
        else:
            yield self.request(step)


def check_keys(kind: type[SourceSpider], target: dict[str, str]) -> None:
    """Raise UsageError where a target lacks a key or has one too many."""
    known = (*kind.required, *kind.optional)
    expected = ", ".join([*(f"{key}=…" for key in kind.required), *(f"[{key}=…]" for key in kind.optional)])
    for key in target:
        if key not in known:
            raise UsageError(f"a target of {kind.name} has no {key!r}; expected {expected}")
    for key in kind.required:
        if not target.get(key, "").strip():
            raise UsageError(f"a target of {kind.name} needs {key!r}; expected {expected}")


def check_url(text: str) -> str:
    """Return the URL without its fragment; raises UsageError where it is none that we fetch."""
    url = web_url(text)
    if url is None or any(character.isspace() for character in url):
        raise UsageError(f"{text!r} is no web address; expected such as https://shop.example/reviews")
    if "@" in url.split("/")[2]:
        raise UsageError("a target's address may hold no user name or password; leave them out")
    return url
