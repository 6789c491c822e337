"""The kinds of source: one for each file in spiders/, and what their targets may hold."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from urllib.parse import urlsplit

from scrapy.settings import Settings
from scrapy.spiderloader import SpiderLoader

from overheard.crawler.credentials import FILE_NAME, variable
from overheard.crawler.settings import SPIDERS
from overheard.crawler.spider import SourceSpider
from overheard.errors import UsageError

_CREDENTIAL = re.compile(
    r"(?:^|[,;&?])\s*((?:\w+_)?(?:api|pass|access)?(?:key|token|secret|password)|client_id|handle)\s*=", re.IGNORECASE
)
"""How a key or its like begins in what should be a target."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of source: what `source add` shows and checks."""

    name: str
    help: str
    required: tuple[str, ...]
    optional: tuple[str, ...]
    newest_first: bool
    spider: type[SourceSpider]

    def validate(self, target: Mapping[str, str]) -> dict[str, str]:
        """Return the target in its canonical spelling; raises UsageError in one line.

        What proves who we are stands in no target, and leaves this machine encrypted only.
        """
        self.refuse_credentials(",".join(f"{key}={value}" for key, value in target.items()))
        valid = self.spider.validate(dict(target))
        address = urlsplit(self.spider.first_urls(valid)[0])
        if self.spider.credentials and address.scheme != "https" and not _is_loopback(address.hostname or ""):
            names = " and ".join(self.spider.credentials)
            raise UsageError(f"{address.scheme}://{address.netloc} would get your {names} unencrypted; use https://…")
        return valid

    def refuse_credentials(self, text: str) -> None:
        """Raise UsageError where a target as it was written holds a key or its like, and do not repeat it."""
        found = _CREDENTIAL.search(text) if self.spider.credentials else None
        if found:
            variables = " and ".join(variable(self.name, name) for name in self.spider.credentials)
            raise UsageError(
                f"a target of {self.name} holds no {found[1]!r}, for it is stored and shown; "
                f"set {variables}, or write [{self.name}] into {FILE_NAME} (docs/sources/{self.name}.md)"
            )

    def seeks(self, target: Mapping[str, str]) -> str | None:
        """Return the words that a valid target searches for, None where all that is said in one place is read."""
        return target.get(self.spider.sought) if self.spider.sought else None

    def reservation(self, target: Mapping[str, str]) -> str | None:
        """Return why adding a valid target wants a person's yes, in one sentence, None where it does not."""
        return self.spider.reservation(dict(target))

    def shared(self, target: Mapping[str, str], other: Mapping[str, str]) -> list[str]:
        """Return the first pages of the listings that two valid targets have both, such as those of one country."""
        theirs = self.spider.first_urls(dict(other))
        return [url for url in self.spider.first_urls(dict(target)) if url in theirs]

    def host(self, target: Mapping[str, str]) -> str:
        """Return the host that the pages of a valid target lie on."""
        return urlsplit(self.spider.first_urls(dict(target))[0]).hostname or ""


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@cache
def kinds() -> dict[str, Kind]:
    """Return the kinds by name, in alphabetical order."""
    loader = SpiderLoader.from_settings(Settings({"SPIDER_MODULES": [SPIDERS]}))
    spiders = [spider for spider in map(loader.load, sorted(loader.list())) if issubclass(spider, SourceSpider)]
    return {
        spider.name: Kind(spider.name, spider.help, spider.required, spider.optional, spider.newest_first, spider)
        for spider in spiders
    }


def find_kind(name: str) -> Kind:
    """Return the kind of this name; raises UsageError that lists those there are."""
    found = kinds().get(name)
    if found is None:
        raise UsageError(f"no kind of source {name!r}; expected one of {', '.join(kinds())}")
    return found


def parse_target(kind: str, text: str) -> dict[str, str]:
    """Return the target that a person wrote as `key=value,key=value`, or as a bare URL, valid and canonical.

    Raises UsageError in one line.

    >>> parse_target("appstore", "id=123456789,country=be")
    {'id': '123456789', 'country': 'be'}
    """
    found = find_kind(kind)
    text = text.strip()
    found.refuse_credentials(text)
    if re.match(r"https?://", text, re.IGNORECASE):
        return found.validate({"url": text})
    keys = "|".join(map(re.escape, (*found.required, *found.optional)))
    target: dict[str, str] = {}
    # A value may hold commas: only those before a known key part the pairs.
    for pair in re.split(rf",(?=\s*(?:{keys})\s*=)", text):
        key, mark, value = pair.partition("=")
        if not mark:
            raise UsageError(f"target {text!r} is no key=value; expected {_example(found)}")
        if key.strip() in target:
            raise UsageError(f"target {text!r} gives {key.strip()!r} twice; give it once")
        target[key.strip()] = value.strip()
    return found.validate(target)


def _example(kind: Kind) -> str:
    # A kind that requires nothing wants one of several.
    pairs = ",".join(f"{key}=…" for key in kind.required) or " or ".join(f"{key}=…" for key in kind.optional)
    return f"{pairs} or a web address" if "url" in kind.required else pairs
