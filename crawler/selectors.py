"""Rules that a user writes for a site, in TOML: which parts of its pages are mentions, and how to read them."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated

import tomli_w
from cssselect import SelectorError
from lxml import etree
from parsel import Selector
from parsel.csstranslator import HTMLTranslator
from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError, ValidationInfo, field_validator

from overheard.errors import UsageError
from overheard.intake.values import parse_rating
from overheard.settings import LANGUAGES

OWN_WORDS = "text()"
"""In place of an attribute: the words of an element without those of the elements in it."""

_XPATH = "xpath:"
_ENDING = re.compile(r"(.*?)(?:@([\w:.-]+)|::attr\(\s*([\w:.-]+)\s*\)|(?<=\S)::(text))", re.DOTALL)
_BLANK = etree.HTML("<html></html>")


@dataclass(frozen=True, slots=True)
class Choice:
    """A selector, ready to use: an XPath, and the attribute that is meant (OWN_WORDS, or None for all words)."""

    path: str
    attribute: str | None = None

    def find(self, root: etree._Element) -> list[etree._Element | str]:
        """Return what is selected from an element: elements, and strings where an XPath makes them.

        Raises ValueError where the XPath cannot be evaluated.
        """
        try:
            found = [each.root for each in Selector(root=root, type="html").xpath(self.path)]
        except re.error as error:
            raise ValueError(f"{error} in a regular expression") from None
        return [
            f"{each:g}" if isinstance(each, float) else each
            for each in found
            if isinstance(each, str | float) or (isinstance(each, etree._Element) and isinstance(each.tag, str))
        ]


@cache
def choice(text: str) -> Choice:
    """Return the selector that a user wrote; raises ValueError saying what is wrong with it.

    >>> choice("a.permalink@href").attribute
    'href'
    """
    if text.startswith(_XPATH):
        made = Choice(text.removeprefix(_XPATH).strip())
    else:
        ending = _ENDING.fullmatch(text)
        css, attribute = (ending[1], ending[2] or ending[3] or OWN_WORDS) if ending else (text, None)
        css = css.strip().removesuffix("::text")
        if "::" in css:
            raise ValueError("::attr() and ::text stand once, at the end; they hold for all selectors before them")
        # Without a selector before the attribute, and before a leading ">", the item itself is meant.
        css = f":scope {css}" if css[:1] in ("", ">", "+", "~") else css
        try:
            made = Choice(HTMLTranslator().css_to_xpath(css), attribute)
        except SelectorError as error:
            raise ValueError(f"{error}; expected a CSS selector, or an XPath behind {_XPATH!r}") from None
    made.find(_BLANK)
    return made


def _checked(text: str, info: ValidationInfo) -> str:
    text = text.strip()
    if not text or text == _XPATH:
        raise ValueError("it is empty; expected a CSS selector such as .review")
    made = choice(text)
    if info.field_name == "item" and made.attribute:
        raise ValueError("it selects whole mentions; leave off the attribute")
    if info.field_name not in _OF_THE_PAGE and made.path.startswith(("/", "(/")):
        raise ValueError(f"an XPath in an item begins with a dot, such as {_XPATH}.//{made.path.lstrip('(/')}")
    return text


Written = Annotated[str, AfterValidator(_checked)]
"""A selector as it was written, checked."""

_OF_THE_PAGE = ("list", "next", "item")


class Rules(BaseModel):
    """How a site shows its mentions: selectors, and how to read ratings and dates.

    `list`, `next` and `item` are selected from the page, the others from each item.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    list: Written | None = None
    next: Written | None = None
    item: Written
    text: Written
    title: Written | None = None
    rating: Written | None = None
    rating_filled: Written | None = None
    rating_scale: float = 5.0
    date: Written | None = None
    date_language: str | None = None
    day_first: bool | None = None
    author: Written | None = None
    reply: Written | None = None
    reply_date: Written | None = None
    url: Written | None = None
    id: Written | None = None

    @field_validator("rating_filled")
    @classmethod
    def _one_rating(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value and info.data.get("rating"):
            raise ValueError("`rating` is given too; keep one of them")
        return value

    @field_validator("rating_scale")
    @classmethod
    def _known_scale(cls, value: float) -> float:
        if not parse_rating("1", value):
            raise ValueError(f"{value:g}: expected the top of the scale, 3 to 10, 20 or 100")
        return value

    @field_validator("date_language")
    @classmethod
    def _known_language(cls, value: str | None) -> str | None:
        if value is not None and value not in LANGUAGES:
            raise ValueError(f"{value!r}: expected one of {', '.join(LANGUAGES)}")
        return value

    @field_validator("reply_date")
    @classmethod
    def _with_reply(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value and not info.data.get("reply"):
            raise ValueError("there is no `reply` that it could date; add one")
        return value

    def choice(self, key: str) -> Choice | None:
        """Return the selector of a key, None where the rules have none."""
        written: str | None = getattr(self, key)
        return choice(written) if written else None

    def as_toml(self) -> str:
        """Return the rules in their one spelling: what is said in the order of the fields, defaults left out."""
        return tomli_w.dumps(self.model_dump(exclude_none=True, exclude_defaults=True)).strip()


def read_rules(given: str) -> Rules:
    """Return the rules of a file, relative to the working directory, or of TOML itself: that has several lines.

    Raises UsageError naming the file, the key and the reason in one line.
    """
    if "\n" in given:
        return parse_rules(given, "rules")
    try:
        text = Path(given).read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        reason = (isinstance(error, OSError) and error.strerror) or "it is no UTF-8"
        raise UsageError(f"{given}: {reason}; expected a file of rules in TOML (rules=FILE)") from None
    return parse_rules(text, given)


def parse_rules(text: str, name: str) -> Rules:
    """Return the rules in TOML; `name` is the file for messages. Raises UsageError as `read_rules` does."""
    try:
        return Rules(**tomllib.loads(text))
    except ValidationError as error:
        first = error.errors()[0]
        known = f"there is no such key; expected some of {', '.join(Rules.model_fields)}"
        kinds = {"missing": "it is missing; expected a selector", "extra_forbidden": known}
        reason = kinds.get(first["type"], first["msg"].removeprefix("Value error, "))
        written = f" (got {first['input']!r})" if isinstance(first["input"], str | int | float) else ""
        message = f"{name}: {first['loc'][0]}: {reason}{'' if first['type'] == 'extra_forbidden' else written}"
    except (ValueError, RecursionError) as error:
        message = f"{name}: {error}; expected TOML such as item = '.review'"
    raise UsageError(" ".join(message.split()))
