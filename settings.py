"""overheard.toml: where the store is, which languages are listened for, how politely pages are fetched.

The file is found by `--config`, else by the variable OVERHEARD_CONFIG, else in the current directory. Without a file
every setting has its default and the store is `overheard.db` in the current directory.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from datetime import timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator, model_validator

from overheard.errors import SettingsError

FILE_NAME = "overheard.toml"
KEY_NAME = "overheard.key"
OWN_AGENT = "Overheard (+https://github.com/overheard/overheard)"
CHANNELS = ("stdout", "webhook", "email")
LANGUAGES = ("en", "de", "nl", "ro", "it", "fr", "es", "pt")
SOCIAL = frozenset(
    {"bluesky", "facebook", "hackernews", "instagram", "lemmy", "linkedin", "mastodon", "reddit", "threads", "tiktok",
     "twitter", "x", "youtube"}
)  # fmt: skip
"""Kinds of source, and usual names of imported ones, where people expect a reply within the hour."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CrawlSettings(_Section):
    """Politeness, in seconds and bytes. `delay` is the least time between two requests to one host.

    `contact` says whom a site can reach about our requests; a `user_agent` of the user's own is sent as it is.
    """

    user_agent: str = OWN_AGENT
    contact: str | None = None
    delay: Annotated[float, Field(ge=0, le=3600)] = 2.0
    timeout: Annotated[float, Field(gt=0, le=3600)] = 30.0
    max_page_bytes: Annotated[int, Field(ge=1024, le=1_000_000_000)] = 10_000_000
    max_pages: Annotated[int, Field(ge=1, le=1_000_000_000)] = 1000
    retries: Annotated[int, Field(ge=0, le=20)] = 3
    max_wait: Annotated[float, Field(ge=0, le=86_400)] = 120.0

    @field_validator("user_agent")
    @classmethod
    def _sendable(cls, value: str) -> str:
        if not re.fullmatch(r"[A-Za-z0-9](?:[ -~]*[!-~])?", value):
            raise ValueError(
                "expected a name in printable ASCII, such as 'AcmeListener/1.0 (+mailto:you@acme.example)'"
            )
        return value

    @field_validator("contact")
    @classmethod
    def _reachable(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is not None and not re.fullmatch(r"(?:https?://|(?:mailto:)?[!-'*-?A-~]+@)[!-'*-?A-~]+", value):
            raise ValueError("expected an e-mail or web address in printable ASCII, such as 'you@acme.example'")
        if value is not None and info.data.get("user_agent", OWN_AGENT) != OWN_AGENT:
            raise ValueError("crawl.user_agent is sent as it is; write the contact into that, or leave one of both out")
        return value

    @property
    def names_nobody(self) -> bool:
        """Whether what is sent says nothing of who crawls here."""
        return not self.contact and self.user_agent == OWN_AGENT

    @property
    def sent_agent(self) -> str:
        """The user agent as it is sent, with the contact."""
        return f"{self.user_agent[:-1]}; {self.contact})" if self.contact else self.user_agent


class InboxSettings(_Section):
    """How long a complaint may wait for a reply, in hours: on social networks, elsewhere, and at single sources.

    `hours` is by the kind of a source, or by the name of one that files are imported into.
    """

    social: Annotated[float, Field(gt=0, le=8784)] = 1.0
    reviews: Annotated[float, Field(gt=0, le=8784)] = 24.0
    hours: dict[str, Annotated[float, Field(gt=0, le=8784)]] = {}

    def target(self, kind: str, name: str) -> timedelta:
        """Return how long a complaint may wait at a source of this kind and name; what the name says goes first."""
        given = {key.casefold(): value for key, value in self.hours.items()}
        keys = (name.casefold(), kind.casefold())
        hours = next((given[key] for key in keys if key in given), None)
        if hours is None:
            hours = self.social if SOCIAL.intersection(keys) else self.reviews
        return timedelta(hours=hours)


class AlertSettings(_Section):
    """Where `refresh` tells of alerts: any of the channels `stdout`, `webhook` and `email`.

    What is secret stands elsewhere: the address of the webhook, the login of the mail server (docs/alerts.md).
    """

    channels: tuple[str, ...] = ("stdout",)
    webhook_format: Literal["slack", "generic"] = "slack"
    email_from: str | None = None
    email_to: tuple[str, ...] = ()
    smtp_host: str = "localhost"
    smtp_port: Annotated[int, Field(ge=1, le=65_535)] = 587
    smtp_security: Literal["starttls", "tls", "none"] = "starttls"
    smtp_login: bool = True
    timeout: Annotated[float, Field(gt=0, le=600)] = 20.0

    @field_validator("channels")
    @classmethod
    def _known(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if unknown := [name for name in value if name not in CHANNELS]:
            raise ValueError(f"{unknown}: expected some of {', '.join(CHANNELS)}")
        return tuple(dict.fromkeys(value))

    @field_validator("email_from", "email_to")
    @classmethod
    def _addresses(cls, value: Any) -> Any:
        for address in value if isinstance(value, tuple) else filter(None, [value]):
            if not re.fullmatch(r"[!-'*-?A-~]+@[!-'*-?A-~]+", address):
                raise ValueError(f"{address!r}: expected an e-mail address, such as 'cx@nordwind.example'")
        return value

    @model_validator(mode="after")
    def _complete(self) -> AlertSettings:
        if "email" in self.channels and not (self.email_from and self.email_to):
            raise ValueError("channel 'email' needs alerts.email_from and alerts.email_to; give both")
        return self


class Settings(_Section):
    """What overheard.toml may hold; `directory` is where the file lies and where relative paths start."""

    directory: Path = Field(default=Path(), exclude=True)
    store: str = "sqlite:///overheard.db"
    languages: tuple[str, ...] = LANGUAGES
    crawl: CrawlSettings = CrawlSettings()
    inbox: InboxSettings = InboxSettings()
    alerts: AlertSettings = AlertSettings()

    @field_validator("languages")
    @classmethod
    def _known(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        unknown = [code for code in value if code not in LANGUAGES]
        if unknown or not value:
            raise ValueError(f"{unknown or 'no language'}: expected some of {', '.join(LANGUAGES)}")
        return value

    @property
    def store_url(self) -> str:
        """The SQLAlchemy URL, a relative SQLite path resolved against `directory`."""
        prefix = "sqlite:///"
        if self.store.startswith(prefix) and self.store != prefix + ":memory:":
            return prefix + str((self.directory / self.store.removeprefix(prefix)).resolve())
        return self.store

    @property
    def key_path(self) -> Path:
        """The file with the key of the pseudonyms, beside overheard.toml and never in the store."""
        return self.directory / KEY_NAME


def find_file(given: Path | None = None) -> Path | None:
    """Return the settings file to read, or None where there is none; a named file that is missing is an error."""
    named = given or (Path(os.environ["OVERHEARD_CONFIG"]) if os.environ.get("OVERHEARD_CONFIG") else None)
    if named is not None:
        if not named.is_file():
            raise SettingsError(f"settings file {str(named)!r} does not exist; run `overheard init` where it should be")
        return named
    here = Path(FILE_NAME)
    return here if here.is_file() else None


def load(given: Path | None = None) -> Settings:
    """Read the settings; raises SettingsError naming the file and the key."""
    path = find_file(given)
    if path is None:
        return Settings()
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8-sig"))
        _check_names(path, content)
        return Settings(**{**content, "directory": path.parent.resolve()})
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part)[:100] for part in first["loc"])
        said = f"{first['msg'].removeprefix('Value error, ')} (got {first['input']!r:.200})"
        raise SettingsError(f"{path}: {key}: {said}; correct it there") from None
    except (OSError, ValueError, RecursionError, TypeError) as error:
        raise SettingsError(f"{path}: {error}; expected TOML in UTF-8, correct it there") from None


def defaults(model: type[BaseModel] = Settings, prefix: str = "") -> dict[str, Any]:
    """Return the default of every setting that overheard.toml may hold, by its full name, such as `crawl.delay`."""
    found: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        if isinstance(field.default, _Section):
            found |= defaults(type(field.default), f"{name}.")
        elif not field.exclude:
            found[prefix + name] = field.default
    return found


def _check_names(path: Path, content: Mapping[str, Any]) -> None:
    """Raise SettingsError for the first setting that there is none of, with the one that was meant or with all."""
    known = list(defaults())
    sections = {name.partition(".")[0] for name in known if "." in name}
    for name, value in content.items():
        inner = [f"{name}.{key}" for key in value] if isinstance(value, dict) else []
        for given in inner or [name]:
            if given not in (*known, *sections):
                meant = {full.rpartition(".")[2]: full for full in known}
                near = get_close_matches(given, known, n=1) or get_close_matches(given.rpartition(".")[2], meant, n=1)
                best = [meant.get(name, name) for name in near]
                hint = f"did you mean {best[0]!r}?" if best else f"expected one of {', '.join(known)}"
                raise SettingsError(f"{path}: there is no setting {given!r}; {hint}")
