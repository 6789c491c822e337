"""Threads of a real Misago forum, read by the schema.org microdata of its pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from django_site import DjangoSite
from listener import BEGUN, Listener
from programs import Program

from overheard.report.formats import stamp

pytestmark = [pytest.mark.slow, pytest.mark.servers]

ADDRESS = """
from misago.conf.models import Setting

Setting.objects.filter(setting="forum_address").update(dry_value=given["url"])
"""
WRITE = """
from datetime import datetime, timedelta
from misago.categories.models import Category
from misago.markup.parser import parse
from misago.threads.checksums import update_post_checksum
from misago.threads.models import Thread
from misago.threads.test import post_thread, reply_thread

def parsed(text):
    return parse(text, None, None, allow_mentions=False, allow_links=False, allow_images=False)["parsed_text"]

begun = datetime.fromisoformat(given["begun"])
thread = Thread.objects.filter(title=given["title"]).first() or post_thread(
    Category.objects.get(slug="first-category"), title=given["title"], poster="Fenna Roos", started_on=begun
)
result = []
for number, post in enumerate(given["posts"], thread.post_set.count()):
    new = reply_thread(
        thread, poster=post.pop("poster", "Jonas Weber"), message=parsed(post.pop("text")),
        posted_on=begun + timedelta(minutes=number), **post,
    )
    result.append(new.pk)
result = {"url": thread.get_absolute_url(), "posts": result, "first": thread.first_post_id}
"""
CHANGE = """
from misago.threads.checksums import update_post_checksum
from misago.threads.models import Post

post = Post.objects.get(pk=given["number"])
for name, value in given["fields"].items():
    setattr(post, name, value)
update_post_checksum(post)
post.save()
"""
FAKES = """
import random
from django.core.management import call_command
from faker import Faker

random.seed(given["seed"])
Faker.seed(given["seed"])
for command, count in given["commands"].items():
    call_command(command, str(count))
"""
SHOWN = """
SELECT post.id FROM misago_threads_post post JOIN misago_threads_thread thread ON thread.id = post.thread_id
WHERE NOT (post.is_event OR post.is_unapproved OR post.is_hidden OR thread.is_hidden OR thread.is_unapproved)
    AND regexp_replace(post.parsed, '<[^>]*>', '', 'g') ~ '[^[:space:]]'
"""


@dataclass(frozen=True)
class Forum:
    """The forum as it is served, and its database."""

    site: DjangoSite
    program: Program
    database: str

    def write(self, title: str, *posts: dict[str, Any]) -> dict[str, Any]:
        """Write posts into a thread, which is begun where there is none; return its address and their numbers."""
        written: dict[str, Any] = self.site.do(WRITE, title=title, posts=posts, begun=BEGUN.isoformat())
        return written

    def change(self, number: int, **fields: Any) -> None:
        """Change a post."""
        self.site.do(CHANGE, number=number, fields=fields)

    def shown(self) -> set[int]:
        """Return the numbers of the posts whose words a visitor sees, by the database."""
        with psycopg.connect(self.database) as connection:
            return {number for (number,) in connection.execute(SHOWN)}


def number_of(url: str) -> int:
    """Return the number of a post by its address."""
    return int(urlsplit(url).path.rstrip("/").rpartition("/")[2])


@pytest.fixture(scope="module")
def forum(
    installed: Callable[[str], Path], postgres_server: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Forum]:
    home = installed("misago")
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute("CREATE DATABASE forum")
    database = postgres_server.replace("/postgres", "/forum")
    environment = {"FORUM_DATABASE_PORT": str(urlsplit(database).port)}
    site = DjangoSite(home, Path(__file__).parent / "forum", tmp_path_factory.mktemp("forum"), environment)
    site.manage("migrate", "--verbosity", "0")
    site.do(ADDRESS, url=site.url)
    with site.serving("/") as program:
        yield Forum(site, program, database)


def test_a_thread_over_several_pages(forum: Forum, listener: Listener) -> None:
    texts = [{"text": f"Pot {number} drips, **again**."} for number in range(45)]
    thread = forum.write("Teapots in daily use", *texts)
    quoting = '[quote="Jonas Weber"]Pot 3 drips[/quote]\n\nNicht meine! ann@mail.example'
    more = forum.write(
        "Teapots in daily use",
        {"text": quoting, "poster": "Ion"},
        {"text": "Nobody may read this.", "is_hidden": True},
        {"text": "Waits for approval.", "is_unapproved": True},
    )
    address = forum.site.url + thread["url"]
    shown = forum.shown()
    assert len(shown) == 1 + len(texts) + 1

    source = listener.add("schemaorg", address)
    with forum.program.watched() as asked:
        crawled = listener.crawl(source)
    assert asked == ["/robots.txt", *(thread["url"] + page for page in ("", "2/", "3/"))]
    # Each page begins with the last post of the one before.
    assert (crawled["outcome"], crawled["pages"], crawled["repeated"], crawled["added"]) == ("ok", 3, 2, len(shown))
    found = {number_of(mention["url"]): mention for mention in listener.mentions(source)}
    assert set(found) == shown
    said = found[thread["posts"][7]]
    moment = BEGUN + timedelta(minutes=8)
    assert (said["text"], said["published"]) == ("Pot 7 drips, again.", stamp(moment))
    assert (said["rating"], said["reply_state"]) == (None, "unknown")
    answer = found[more["posts"][0]]
    assert answer["text"].startswith("Nicht meine!")
    assert "ann@" not in answer["text"]
    assert not [row for row in listener.stored("SELECT author FROM mentions") if "Jonas" in str(row)]

    again = listener.crawl(source)
    assert (again["added"], again["updated"], again["unchanged"]) == (0, 0, len(shown))
    forum.change(thread["posts"][7], parsed="<p>Pot 7 was mended.</p>")
    forum.change(thread["posts"][8], is_hidden=True)
    changed = listener.crawl(source)
    assert (changed["added"], changed["updated"], changed["unchanged"]) == (0, 1, len(shown) - 2)
    found = {number_of(mention["url"]): mention for mention in listener.mentions(source)}
    assert found[thread["posts"][7]]["text"] == "Pot 7 was mended."
    assert [number for number, mention in found.items() if mention["vanished"]] == [thread["posts"][8]]


def test_the_whole_forum(forum: Forum, listener: Listener) -> None:
    # The same words in every run, as far as the software draws them in its own process.
    forum.site.do(FAKES, seed=5, commands={"createfakeusers": 5, "createfakethreads": 40, "createfakeposts": 120})
    shown = forum.shown()
    source = listener.add("schemaorg", forum.site.url + "/")
    crawled = listener.crawl(source)
    assert crawled["outcome"] == "ok"
    # Fake posts may repeat one another: `mentions` leaves copies out, the store keeps them.
    found = [number_of(url) for (url,) in listener.stored("SELECT url FROM mentions WHERE source_id = ?", source)]
    assert (sorted(shown - set(found)), sorted(set(found) - shown), len(found)) == ([], [], len(shown))
    again = listener.crawl(source)
    assert (again["added"], again["updated"], again["unchanged"]) == (0, 0, len(shown))
