"""A real server that misbehaves as servers do, and crawls in processes of their own (a reactor runs once in each)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from overheard.intake.key import make_key
from overheard.settings import CrawlSettings, Settings
from overheard.store.brands import add_brand, add_source
from overheard.store.database import Store
from overheard.store.tables import Brand

SCRIPT = Path(__file__).with_name("run_crawl.py")


@dataclass
class Asked:
    """A request that the server got, and when (monotonic seconds)."""

    path: str
    headers: dict[str, str]
    at: float
    method: str = "GET"
    body: bytes = b""

    @property
    def query(self) -> dict[str, str]:
        """The parameters of the path, the last of each name."""
        return dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True))


class Site:
    """A web site on a loopback address of its own; what it does not know it answers with 404.

    An answer is an object with any of body (bytes, text, or pieces), status, headers, etag (answers 304 to whom knows
    it), wait (seconds) and drop (cuts the connection). Of several answers to one path each is given once, the last from
    then on.
    """

    def __init__(self, host: str) -> None:
        self.asked: list[Asked] = []
        self._answers: dict[str, list[dict[str, Any]]] = {}
        self._services: dict[str, Callable[[Asked], dict[str, Any]]] = {}
        self._server = ThreadingHTTPServer((host, 0), _handler(self))
        self._server.daemon_threads = True
        self.url = f"http://{host}:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    def answer(self, path: str, *answers: dict[str, Any]) -> str:
        """Answer a path so from now on; return its URL."""
        self._answers[path] = list(answers)
        return self.url + path

    def serve(self, path: str, service: Callable[[Asked], dict[str, Any]]) -> str:
        """Let a function answer what is asked under a path, whatever its query; return its URL."""
        self._services[path] = service
        return self.url + path

    def paths(self) -> list[str]:
        """What was asked for, in order, robots.txt aside."""
        return [asked.path for asked in self.asked if asked.path != "/robots.txt"]

    def respond(self, asked: Asked) -> dict[str, Any]:
        """Return the answer to a request, and remember it."""
        self.asked.append(asked)
        if service := self._services.get(asked.path.partition("?")[0]):
            return service(asked)
        answers = self._answers.get(asked.path, [{"status": 404, "body": "nothing here"}])
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        known = answer.get("etag") and asked.headers.get("If-None-Match") == answer["etag"]
        return {"status": 304, "body": b""} if known else answer

    def close(self) -> None:
        """End the server."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _handler(site: Site) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            sent = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            answer = site.respond(Asked(self.path, dict(self.headers), time.monotonic(), self.command, sent))
            time.sleep(answer.get("wait", 0))
            if answer.get("drop"):
                self.connection.close()
                return
            body = answer.get("body", b"")
            body = body.encode() if isinstance(body, str) else body
            headers = {"Content-Type": "text/html; charset=utf-8", **answer.get("headers", {})}
            if "etag" in answer:
                headers["ETag"] = answer["etag"]
            self.send_response(answer.get("status", 200))
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            try:
                for piece in [body] if isinstance(body, bytes) else body:
                    self.wfile.write(piece)
            except OSError:
                pass  # the crawler hung up, as it may

        do_POST = do_GET

        def log_message(self, format: str, *args: Any) -> None:
            pass

    return Handler


@pytest.fixture(scope="session")
def recorded() -> Path:
    """Return the folder of recorded answers of real services; skips the test where it is not there."""
    folder = Path(os.environ.get("OVERHEARD_SHARED", Path(__file__).parents[2].parent / "shared")) / "payloads"
    if not folder.is_dir():
        pytest.skip(f"no recorded answers at {folder}; name their folder in OVERHEARD_SHARED")
    return folder


@pytest.fixture(scope="module")
def new_site() -> Iterator[Callable[[], Site]]:
    """Make sites, each on another loopback host, so that none waits for another."""
    sites: list[Site] = []

    def make() -> Site:
        sites.append(Site(f"127.0.0.{len(sites) + 2}"))
        return sites[-1]

    yield make
    for site in sites:
        site.close()


@dataclass
class Bench:
    """A fresh store with a brand, sources added to it, and crawls of them."""

    settings: Settings
    store: Store
    brand_id: int
    ids: dict[str, int] = field(default_factory=dict)

    def add(self, name: str, kind: str, target: dict[str, str]) -> int:
        """Add a source and return its number."""
        with self.store.session() as session:
            brand = session.get_one(Brand, self.brand_id)
            self.ids[name] = add_source(session, brand, kind, target, name=name).id
        return self.ids[name]

    def start(self, *names: str, **wishes: Any) -> subprocess.Popen[str]:
        """Start a crawl of the named sources (default: all) in a process of its own."""
        order = {
            "directory": str(self.settings.directory),
            "crawl": self.settings.crawl.model_dump() | wishes.pop("crawl", {}),
            "sources": [self.ids[name] for name in names or self.ids],
            **wishes,
        }
        command = [sys.executable, "-W", "error", str(SCRIPT), json.dumps(order)]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def crawl(self, *names: str, **wishes: Any) -> dict[str, dict[str, Any]]:
        """Crawl the named sources (default: all) and return each one's result."""
        return self.finish(self.start(*names, **wishes))

    def fail(self, *names: str, **wishes: Any) -> str:
        """Crawl the named sources and return the last line of the error that ends it."""
        process = self.start(*names, **wishes)
        _, errors = process.communicate(timeout=120)
        assert process.returncode == 1
        return errors.strip().splitlines()[-1]

    def finish(self, process: subprocess.Popen[str]) -> dict[str, dict[str, Any]]:
        """Wait for a crawl and return each source's result; it must say nothing beside."""
        output, errors = process.communicate(timeout=300)
        assert (process.returncode, errors) == (0, "")
        by_number = {number: name for name, number in self.ids.items()}
        return {by_number[result["source_id"]]: result for result in json.loads(output)}


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """A bench that the tests of a module share."""
    settings = Settings(
        directory=tmp_path_factory.mktemp("bench"),
        crawl=CrawlSettings(
            user_agent="TestBot/1 (+x)",
            delay=0,
            timeout=20,
            max_page_bytes=2_000_000,
            max_pages=12,
            retries=2,
            max_wait=2,
        ),
    )
    make_key(settings.key_path)
    store = Store.create(settings.store_url)
    with store.session() as session:
        brand_id = add_brand(session, "Quill").id
    yield Bench(settings, store, brand_id)
    store.close()
