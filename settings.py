"""overheard.toml: where the store is, which languages are listened for, how politely pages are fetched.

The file is found by `--config`, else by the variable OVERHEARD_CONFIG, else in the current directory. Without a file
every setting has its default and the store is `overheard.db` in the current directory.
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from overheard.errors import SettingsError

FILE_NAME = "overheard.toml"
KEY_NAME = "overheard.key"
LANGUAGES = ("en", "de", "nl", "ro", "it", "fr", "es", "pt")


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CrawlSettings(_Section):
    """Politeness, in seconds and bytes. `delay` is the least time between two requests to one host."""

    user_agent: str = "Overheard (+https://github.com/overheard/overheard)"
    delay: Annotated[float, Field(ge=0, le=3600)] = 2.0
    timeout: Annotated[float, Field(gt=0, le=3600)] = 30.0
    max_page_bytes: Annotated[int, Field(ge=1024, le=1_000_000_000)] = 10_000_000
    max_pages: Annotated[int, Field(ge=1, le=1_000_000_000)] = 1000
    retries: Annotated[int, Field(ge=0, le=20)] = 3
    max_wait: Annotated[float, Field(ge=0, le=86_400)] = 120.0


class Settings(_Section):
    """What overheard.toml may hold; `directory` is where the file lies and where relative paths start."""

    directory: Path = Field(default=Path(), exclude=True)
    store: str = "sqlite:///overheard.db"
    languages: tuple[str, ...] = LANGUAGES
    crawl: CrawlSettings = CrawlSettings()

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
        return Settings(**{**content, "directory": path.parent.resolve()})
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part)[:100] for part in first["loc"])
        raise SettingsError(f"{path}: {key}: {first['msg']} (got {first['input']!r:.200}); correct it there") from None
    except (OSError, ValueError, RecursionError, TypeError) as error:
        raise SettingsError(f"{path}: {error}; expected TOML in UTF-8, correct it there") from None
