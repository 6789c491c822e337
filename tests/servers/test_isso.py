"""Comments on a real Isso server: written, answered, edited, deleted and approved by its own interface."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote
from urllib.request import Request, urlopen

import pytest
from listener import Listener
from programs import Program, free_port, running, serves

pytestmark = [pytest.mark.slow, pytest.mark.servers]

CONFIGURATION = """
[general]
dbpath = {folder}/comments.db
host = {site}
latest-enabled = true
[moderation]
enabled = true
[server]
public-endpoint = http://127.0.0.1:{port}
[guard]
enabled = false
"""
SITE = "http://127.0.0.1:9"
"""Where the pages would lie: Isso asks there as it starts, and nothing listens."""
FIRST_ASKED = 250
"""Comments that the list of all threads is asked for at first."""


@dataclass
class Comments:
    """The server as its visitors and its owner use it."""

    program: Program
    folder: Path
    cookies: dict[int, str] = field(default_factory=dict)

    def write(self, thread: str, text: str, author: str, parent: int | None = None) -> int:
        """Write a comment, which then waits for approval; return its number."""
        given = {"text": text, "author": author, "parent": parent, "title": thread}
        number: int = self._send(f"/new?uri={quote(thread)}", given)["id"]
        return number

    def publish(self, thread: str, text: str, author: str, parent: int | None = None) -> int:
        """Write a comment and approve it; return its number."""
        number = self.write(thread, text, author, parent)
        self.approve(number)
        return number

    def approve(self, number: int) -> None:
        """Approve a comment by the link that the server shows its owner."""
        link = re.findall(rf"Activate comment: (\S+/id/{number}/activate/\S+)", self.program.written())[-1]
        urlopen(Request(link, method="POST")).close()

    def edit(self, number: int, text: str) -> None:
        """Edit a comment as its author does."""
        self._send(f"/id/{number}", {"text": text}, "PUT")

    def delete(self, number: int) -> None:
        """Delete a comment as its author does."""
        self._send(f"/id/{number}", None, "DELETE")

    def _send(self, path: str, given: Any, method: str = "POST") -> Any:
        number = int(path.split("/")[2]) if method != "POST" else 0
        headers = {"Content-Type": "application/json", "Cookie": self.cookies.get(number, "")}
        body = json.dumps(given).encode() if given else None
        with urlopen(Request(self.program.url + path, body, headers, method=method)) as answer:
            cookie = answer.headers["Set-Cookie"].partition(";")[0]
            self.cookies[int(cookie.partition("=")[0])] = cookie
            return json.load(answer)

    def shown(self, thread: str = "%") -> list[tuple[int, str]]:
        """Return the comments that a visitor sees, by the server's own database."""
        with closing(sqlite3.connect(self.folder / "comments.db")) as database:
            return database.execute(
                "SELECT comments.id, text FROM comments JOIN threads ON threads.id = tid "
                "WHERE mode = 1 AND uri LIKE ? ORDER BY comments.id", [thread],
            ).fetchall()  # fmt: skip


@pytest.fixture(scope="module")
def isso(installed: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Comments]:
    home, folder, port = installed("isso"), tmp_path_factory.mktemp("isso"), free_port()
    settings = CONFIGURATION.format(folder=folder, site=SITE, port=port)
    (folder / "isso.cfg").write_text(settings, encoding="utf-8")
    command = [home / "bin" / "gunicorn", "--bind", f"127.0.0.1:{port}", "--access-logfile", "-", "isso.run"]
    is_ready = partial(serves, f"http://127.0.0.1:{port}/info")
    with running(command, folder, port, ready=is_ready, environment={"ISSO_SETTINGS": "isso.cfg"}) as program:
        yield Comments(program, folder)


def test_a_thread_with_its_replies(isso: Comments, listener: Listener) -> None:
    thread = "/teapots/large/"
    first = isso.publish(thread, "The lid **rattles** & the spout drips.", "Fenna Roos")
    answer = isso.publish(thread, "> The lid rattles\n\nMine does not, schicke Kanne!", "Jonas Weber", first)
    isso.publish(thread, "Then mine is a bad one.", "Fenna Roos", answer)
    gone = isso.publish(thread, "Never again.", "Ann")
    isso.publish(thread, "Why not?", "Bert Maas", gone)
    isso.delete(gone)
    waiting = isso.write(thread, "Call me at +32 470 12 34 56, it leaks.", "Ion Popescu")
    assert len(isso.shown(thread)) == 4

    target = f"url={isso.program.url},uri={thread}"
    assert listener.tried(target, "--kind", "isso")["found"] == {
        "text": 4, "title": 0, "rating": 0, "published": 4, "author": 4, "reply": 0,
    }  # fmt: skip
    source = listener.add("isso", target)
    with isso.program.watched() as asked:
        crawled = listener.crawl(source)
    assert asked == ["/robots.txt", f"/?uri={quote(thread, safe='')}"]
    assert (crawled["outcome"], crawled["added"], crawled["claimed"], crawled["rejected"]) == ("ok", 4, 4, 0)
    found = {mention["url"]: mention for mention in listener.mentions(source)}
    said = found[f"{SITE}{thread}#isso-{first}"]
    assert said["text"] == "The lid rattles & the spout drips."
    assert (said["rating"], said["reply_state"]) == (None, "unknown")
    age = datetime.now(UTC) - datetime.fromisoformat(said["published"])
    assert 0 <= age.total_seconds() < 600
    assert found[f"{SITE}{thread}#isso-{answer}"]["text"] == "Mine does not, schicke Kanne!"

    again = listener.crawl(source)
    assert (again["added"], again["updated"], again["unchanged"]) == (0, 0, 4)

    isso.approve(waiting)
    isso.edit(first, "The lid rattles; a new one came in two days.")
    isso.delete(answer)
    isso.delete(isso.publish(thread, "Gone before anybody read it.", "Ann"))
    changed = listener.crawl(source)
    assert (changed["added"], changed["updated"], changed["unchanged"]) == (1, 1, 2)
    by_url = {mention["url"].rpartition("-")[2]: mention for mention in listener.mentions(source)}
    assert by_url[str(first)]["text"] == "The lid rattles; a new one came in two days."
    assert "470" not in by_url[str(waiting)]["text"]
    assert [number for number, mention in by_url.items() if mention["vanished"]] == [str(answer)]
    assert {number for number, _ in isso.shown(thread)} == {int(n) for n, m in by_url.items() if not m["vanished"]}
    authors = listener.stored("SELECT author FROM mentions WHERE source_id = ?", source)
    assert len(set(authors)) == 4
    assert not re.search("fenna|jonas|bert|ion", str(authors), re.IGNORECASE)


def test_all_threads_however_many_comments_they_have(isso: Comments, listener: Listener) -> None:
    for number in range(FIRST_ASKED // 20 + 1):
        thread = f"/teapots/{number}/"
        first = isso.publish(thread, f"Pot {number} is fine.", f"Visitor {number}")
        for reply in range(20):
            isso.publish(thread, f"Reply {reply} about pot {number}.", f"Visitor {reply}", first)
    shown = isso.shown()
    assert len(shown) > FIRST_ASKED
    source = listener.add("isso", isso.program.url)
    with isso.program.watched() as asked:
        crawled = listener.crawl(source)
    assert asked == ["/robots.txt", "/latest?limit=250", "/latest?limit=2500"]
    assert (crawled["outcome"], crawled["items"], crawled["added"]) == ("ok", len(shown), len(shown))
    numbers = [int(mention["url"].rpartition("-")[2]) for mention in listener.mentions(source)]
    assert sorted(numbers) == [number for number, _ in shown]
    again = listener.crawl(source)
    assert (again["added"], again["updated"], again["unchanged"]) == (0, 0, len(shown))
    last = shown[-1][0]
    isso.delete(last)
    # Isso gives the number of a comment that was deleted to the next one, wherever that is written.
    assert isso.publish("/cups/", "The cup is another matter.", "Somebody else") == last
    changed = listener.crawl(source)
    assert (changed["added"], changed["updated"], changed["unchanged"]) == (1, 0, len(shown) - 1)
    gone = [mention["url"] for mention in listener.mentions(source) if mention["vanished"]]
    assert [url.rpartition("-")[2] for url in gone] == [str(last)]


def test_a_thread_that_is_not_there_is_empty(isso: Comments, listener: Listener) -> None:
    target = f"url={isso.program.url},uri=/nowhere/"
    source = listener.add("isso", target)
    assert listener.crawl(source, code=1)["outcome"] == "empty"
