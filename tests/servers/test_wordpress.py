"""Comments, posts and feeds of a real WordPress: threads, edits, moderation, passwords, several pages of each."""

from __future__ import annotations

import getpass
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest
from listener import BEGUN, Listener
from programs import Program, absent, free_port, running, serves, succeeds

from overheard.report.formats import stamp

pytestmark = [pytest.mark.slow, pytest.mark.servers]

PAGE_SIZE = 100
SHELL = """
require 'wp-load.php';
$given = json_decode(stream_get_contents(STDIN), true);
eval($argv[1]);
echo "\\n" . json_encode($result ?? null);
"""
INSTALL = """
define('WP_INSTALLING', true);
require 'wp-load.php';
require_once ABSPATH . 'wp-admin/includes/upgrade.php';
wp_install('Teapots & more', 'owner', 'owner@shop.example', true, '', 'secret');
update_option('permalink_structure', '/%postname%/');
update_option('comment_moderation', 1);
wp_delete_post(1, true);
wp_insert_user(['user_login' => 'colleague', 'user_pass' => 'x', 'display_name' => 'Carla', 'role' => 'editor']);
flush_rewrite_rules();
"""
POST = "$result = wp_insert_post($given + ['post_status' => 'publish', 'post_author' => 1]);"
COMMENTS = """
wp_defer_comment_counting(true);
$base = ['comment_approved' => 1, 'comment_type' => 'comment'];
foreach ($given as $comment) {
    $comment['comment_date_gmt'] = $comment['comment_date'];
    $result[] = wp_insert_comment($comment + $base);
}
wp_defer_comment_counting(false);
"""


def minute(number: int) -> str:
    """Return a minute since people began to write, as WordPress' database has it."""
    return f"{BEGUN + timedelta(minutes=number):%Y-%m-%d %H:%M:%S}"


@dataclass(frozen=True)
class Blog:
    """The site, its shell and its database."""

    program: Program
    folder: Path
    environment: Mapping[str, str]
    database: Program

    @property
    def url(self) -> str:
        """Where it answers."""
        return self.program.url

    def do(self, code: str, given: Any = None) -> Any:
        """Run PHP within WordPress: it finds `$given` and may set `$result`, which is returned."""
        said = _php(self.folder, self.environment, SHELL, code, given=json.dumps(given))
        return json.loads(said.splitlines()[-1])

    def post(self, title: str, content: str, **more: Any) -> int:
        """Publish a post; return its number."""
        number: int = self.do(POST, {"post_title": title, "post_content": content, **more})
        return number

    def comments(self, post: int, *comments: Mapping[str, Any]) -> list[int]:
        """Write comments on a post, each a minute after the other unless they say; return their numbers."""
        given = [
            {"comment_post_ID": post, "comment_author": "Fenna Roos", "comment_date": minute(number), **comment}
            for number, comment in enumerate(comments)
        ]
        numbers: list[int] = self.do(COMMENTS, given)
        return numbers

    def ask(self, query: str) -> list[list[str]]:
        """Ask the database itself."""
        place = ("--protocol=tcp", f"--port={self.database.port}", "--user=root", "wordpress")
        done = subprocess.run(
            ["mariadb", "--no-defaults", "-N", "-B", *place, "-e", query], capture_output=True, text=True, check=True
        )
        return [line.split("\t") for line in done.stdout.splitlines()]


def _php(folder: Path, environment: Mapping[str, str], *code: str, given: str = "") -> str:
    done = subprocess.run(
        ["php", "-r", *code], cwd=folder, env={**os.environ, **environment}, input=given, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """A MariaDB server that lets everybody in who reaches the loopback address."""
    if not shutil.which("mariadbd"):
        absent("MariaDB")
    folder, port, me = tmp_path_factory.mktemp("mariadb"), free_port(), f"--user={getpass.getuser()}"
    data = f"--datadir={folder / 'data'}"
    subprocess.run(
        ["mariadb-install-db", "--no-defaults", data, me, "--skip-test-db", "--auth-root-authentication-method=normal"],
        check=True, capture_output=True,
    )  # fmt: skip
    command = [
        shutil.which("mariadbd") or "", "--no-defaults", data, me, "--bind-address=127.0.0.1", f"--port={port}",
        "--socket=mariadb.sock", "--skip-grant-tables", "--innodb-flush-log-at-trx-commit=0",
    ]  # fmt: skip
    client = ("mariadb", "--no-defaults", "--protocol=tcp", f"--port={port}", "--user=root", "-e")
    with running(command, folder, port, ready=partial(succeeds, *client, "SELECT 1")) as program:
        subprocess.run([*client, "CREATE DATABASE wordpress CHARACTER SET utf8mb4"], check=True)
        yield program


@pytest.fixture(scope="module")
def blog(
    installed: Callable[[str], Path], database: Program, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Blog]:
    php = shutil.which("php") or absent("PHP")
    folder, port = tmp_path_factory.mktemp("wordpress") / "site", free_port()
    shutil.copytree(installed("wordpress") / "usr/share/wordpress", folder, symlinks=True)
    for file in (Path(__file__).parent / "blog").glob("*.php"):
        shutil.copy(file, folder)
    environment = {"BLOG_DATABASE": f"127.0.0.1:{database.port}", "BLOG_URL": f"http://127.0.0.1:{port}"}
    _php(folder, environment, INSTALL)
    command = [php, "-d", "opcache.enable_cli=1", "-S", f"127.0.0.1:{port}", "router.php"]
    is_ready = partial(serves, f"{environment['BLOG_URL']}/wp-json/")
    with running(command, folder, port, ready=is_ready, environment=environment) as program:
        yield Blog(program, folder, environment, database)


VISIBLE = """
SELECT comment_ID, comment_content FROM wp_comments JOIN wp_posts ON ID = comment_post_ID
WHERE comment_approved = '1' AND comment_type = 'comment' AND post_status = 'publish' AND post_password = ''
"""


def test_a_discussion(blog: Blog, listener: Listener) -> None:
    post = blog.post("The large teapot", "<p>It holds two litres.</p>")
    first, second = blog.comments(
        post,
        {"comment_content": "The spout drips &amp; the lid <em>rattles</em>.", "comment_author": "Jonas Weber"},
        {"comment_content": "<blockquote>It holds two litres.</blockquote>\nOne and a half! ann@mail.example"},
    )
    owner = {"user_id": 1, "comment_author": "owner", "comment_date": minute(30)}
    colleague = {"user_id": 2, "comment_author": "Carla", "comment_date": minute(40)}
    blog.comments(
        post,
        {"comment_content": "We send you a new lid.", "comment_parent": first, **owner},
        {"comment_content": "Measured to the rim.", "comment_parent": second, **colleague},
        {"comment_content": "Same here.", "comment_parent": first, "comment_date": minute(50)},
        {"comment_content": "Buy pills", "comment_approved": "spam"},
        {"comment_content": "Thrown away", "comment_approved": "trash"},
        {"comment_content": "[…] large […]", "comment_type": "pingback", "comment_author": "Another blog"},
    )
    secret = blog.post("For the club", "<p>Half price.</p>", post_password="teapot")
    private = blog.post("For us", "<p>Margins.</p>", post_status="private")
    blog.comments(secret, {"comment_content": "Behind a password"})
    blog.comments(private, {"comment_content": "Not public"})
    form = {"comment": "By the form: wunderbar!", "author": "Ion", "email": "ion@mail.example", "comment_post_ID": post}
    urlopen(f"{blog.url}/wp-comments-post.php", urlencode(form).encode()).close()
    assert len(blog.ask(VISIBLE)) == 5

    found = listener.tried(f"url={blog.url}/?rest_route=/", "--kind", "wordpress")["found"]
    assert found == {"text": 4, "title": 0, "rating": 0, "published": 4, "author": 4, "reply": 1}
    source = listener.add("wordpress", f"url={blog.url}")
    crawled = listener.crawl(source)
    assert (crawled["outcome"], crawled["added"], crawled["rejected"]) == ("ok", 4, 0)
    mentions = {mention["url"].rpartition("-")[2]: mention for mention in listener.mentions(source)}
    answered = mentions[str(first)]
    assert answered["text"] == "The spout drips & the lid rattles."
    assert (answered["published"], answered["reply_state"]) == (stamp(BEGUN), "answered")
    assert answered["url"] == f"{blog.url}/the-large-teapot/#comment-{first}"
    assert mentions[str(second)]["text"].startswith("One and a half!")
    assert "ann@" not in mentions[str(second)]["text"]
    assert [mention["reply_state"] for mention in mentions.values()].count("unknown") == 3
    ((reply, replied),) = listener.stored("SELECT reply, replied FROM mentions WHERE reply IS NOT NULL")
    assert (reply, replied[:19]) == ("We send you a new lid.", minute(30))
    authors = listener.stored("SELECT author FROM mentions")
    assert not [author for (author,) in authors if "Jonas" in author or "Ion" in author]

    with blog.program.watched() as asked:
        again = listener.crawl(source)
    assert (again["added"], again["updated"], again["unchanged"]) == (0, 0, 4)
    assert [path.partition("?")[0] for path in asked] == ["/robots.txt", "/wp-json/wp/v2/comments"]
    # What waited for approval carries the time at which it was written.
    ((held,),) = blog.ask("SELECT comment_ID FROM wp_comments WHERE comment_approved = '0'")
    blog.do("wp_set_comment_status($given, 'approve');", int(held))
    blog.do("wp_update_comment(['comment_ID' => $given, 'comment_content' => 'The new lid fits.']);", first)
    changed = listener.crawl(source)
    assert (changed["added"], changed["updated"]) == (1, 1)
    assert "The new lid fits." in {mention["text"] for mention in listener.mentions(source)}
    assert "By the form: wunderbar!" in {mention["text"] for mention in listener.mentions(source)}


def test_many_pages_of_comments(blog: Blog, listener: Listener) -> None:
    post = blog.post("The small teapot", "<p>It holds a cup.</p>")
    count = 2 * PAGE_SIZE + 30
    numbers = blog.comments(post, *({"comment_content": f"Opinion {number} of a cup."} for number in range(count)))
    source = listener.add("wordpress", f"url={blog.url},post={post}")
    with blog.program.watched() as asked:
        crawled = listener.crawl(source)
    assert (crawled["outcome"], crawled["pages"], crawled["added"], crawled["claimed"]) == ("ok", 3, count, count)
    assert len(asked) == 4
    shown = {f"{blog.url}/the-small-teapot/#comment-{number}" for number in numbers}
    assert {mention["url"] for mention in listener.mentions(source)} == shown
    again = listener.crawl(source)
    assert (again["pages"], again["added"], again["updated"]) == (1, 0, 0)

    blog.do("wp_delete_comment($given, true);", numbers[5])
    blog.do("wp_trash_comment($given);", numbers[150])
    swept = listener.crawl(source, "--sweep")
    assert (swept["pages"], swept["added"], swept["unchanged"]) == (3, 0, count - 2)
    gone = {mention["url"] for mention in listener.mentions(source) if mention["vanished"]}
    assert gone == {f"{blog.url}/the-small-teapot/#comment-{numbers[place]}" for place in (5, 150)}
    ((left,),) = blog.ask(f"SELECT count(*) FROM wp_comments WHERE comment_approved = '1' AND comment_post_ID = {post}")
    assert int(left) == len(numbers) - len(gone)


POSTS = """
foreach ($given as $number => $moment)
    wp_insert_post(['post_title' => "News $number", 'post_content' => "<p>A new glaze, number $number.</p>",
        'post_status' => 'publish', 'post_author' => 1,
        'post_date_gmt' => $moment]);
"""


def test_posts_and_their_search(blog: Blog, listener: Listener) -> None:
    blog.do(POSTS, [minute(number) for number in range(PAGE_SIZE + 5)])
    ((public,),) = blog.ask(
        "SELECT count(*) FROM wp_posts WHERE post_type = 'post' AND post_status = 'publish' AND post_password = ''"
    )
    source = listener.add("wordpress", f"url={blog.url},what=posts")
    crawled = listener.crawl(source)
    # The post behind a password is listed without its text.
    assert (crawled["outcome"], crawled["pages"]) == ("ok", 2)
    assert (crawled["added"], crawled["rejected"]) == (int(public), 1)
    (news,) = [mention for mention in listener.mentions(source) if mention["title"] == "News 7"]
    assert (news["text"], news["url"]) == ("A new glaze, number 7.", f"{blog.url}/news-7/")
    assert news["published"] == stamp(BEGUN + timedelta(minutes=7))
    found = listener.tried(f"url={blog.url},what=posts,search=glaze number 103", "--kind", "wordpress")
    assert [item["title"] for item in found["items"]] == ["News 103"]


def test_feeds_are_asked_for_once_while_nothing_changes(blog: Blog, listener: Listener) -> None:
    for path in ("/feed/", "/feed/atom/", "/comments/feed/"):
        source = listener.add("feed", blog.url + path)
        crawled = listener.crawl(source)
        assert (crawled["outcome"], crawled["added"]) == ("ok", 10)
        assert all(mention["text"] and mention["published"] for mention in listener.mentions(source))
        with blog.program.watched() as asked:
            again = listener.crawl(source)
        assert (asked, again["items"]) == (["/robots.txt", path], 0)
        assert again["reason"] == "not modified since the last crawl"
