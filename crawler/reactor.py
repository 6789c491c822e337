"""The event loop that crawls run in: Twisted's on asyncio, once in a process, ended politely by a signal."""

from __future__ import annotations

import asyncio
import logging
import signal
import threading
from collections.abc import Callable, Collection, Coroutine, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from scrapy.utils.reactor import install_reactor
from twisted.internet.error import ReactorNotRestartable
from twisted.python.log import PythonLoggingObserver

from overheard.crawler.credentials import hidden_in_logs
from overheard.errors import CrawlError

logger = logging.getLogger(__name__)


def react(main: Callable[[], Coroutine[Any, Any, None]], *, stop: Callable[[], None], secrets: Collection[str]) -> None:
    """Run a coroutine to its end, and raise what it raises; the first SIGINT or SIGTERM calls `stop`.

    No log record shows any of the `secrets`. Raises CrawlError where a loop ran in this process before.
    """
    install_reactor("twisted.internet.asyncioreactor.AsyncioSelectorReactor")
    from twisted.internet import reactor as installed  # importing it installs one, so not before the line above

    reactor: Any = installed
    tasks: list[asyncio.Future[None]] = []

    def begin() -> None:
        tasks.append(asyncio.ensure_future(main()))
        tasks[0].add_done_callback(lambda _: reactor.stop())

    reactor.callLater(0, begin)
    try:
        with _quiet(), hidden_in_logs(secrets), _signals(lambda: reactor.callFromThread(stop)):
            reactor.run(installSignalHandlers=False)
    except KeyboardInterrupt:
        reactor.fireSystemEvent("shutdown")  # else its threads would keep the process from ending
        raise
    except ReactorNotRestartable:
        raise CrawlError("crawls ran in this process before; start a new process for the next ones") from None
    for task in tasks:
        task.result()


@contextmanager
def _signals(stop: Callable[[], None]) -> Iterator[None]:
    """Let the first SIGINT or SIGTERM call `stop`, and give the second back to whom it belonged before."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    caught = [number for number, handler in before.items() if handler is not signal.SIG_IGN]

    def restore() -> None:
        for number in caught:
            signal.signal(number, before[number])

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        restore()
        stop()

    for number in caught:
        signal.signal(number, on_signal)
    try:
        yield
    finally:
        restore()


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep Scrapy's and Twisted's logs to those who ask for ours at level DEBUG."""
    observer = PythonLoggingObserver("twisted")  # type: ignore[no-untyped-call]
    observer.start()
    loggers = [logging.getLogger(name) for name in ("scrapy", "twisted")]
    levels = [each.level for each in loggers]
    if not logger.isEnabledFor(logging.DEBUG):
        for each in loggers:
            each.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        observer.stop()
        for each, level in zip(loggers, levels, strict=True):
            each.setLevel(level)
