"""Every error that Overheard raises on purpose, each message naming the value, the expectation and the remedy.

The exit code is part of the class: 1 could not, 2 asked wrongly, 3 done in part.

    OverheardError (1)
    ├── UsageError (2)            what was asked for cannot be done as asked
    │   ├── SettingsError         overheard.toml or an environment variable is wrong
    │   ├── NotFoundError         no such brand, source or file
    │   └── ImportFileError       a file to import cannot be read or mapped
    ├── StoreError (1)            the store cannot be opened, read or written
    │   ├── DiskError (2)         no space, or no permission to write
    │   └── SchemaError (2)       the store was written by a newer or foreign program
    ├── BusyError (2)             another run holds the lock
    ├── ModelError (1)            the weights or the taxonomy are missing or damaged
    ├── CrawlError (1)            a crawl ended without its items (see crawler.outcomes)
    └── PartialError (3)          some of the work is done; the message names what is not
"""

from __future__ import annotations


class OverheardError(Exception):
    """Something that was asked for could not be done; the message is one line for a person."""

    exit_code = 1


class UsageError(OverheardError):
    """What was asked for cannot be done as asked; another command line would work."""

    exit_code = 2


class SettingsError(UsageError):
    """A setting is missing, misspelt or out of range."""


class NotFoundError(UsageError):
    """The named brand, source, mention or file does not exist."""


class ImportFileError(UsageError):
    """A file to import cannot be read, or its columns cannot be told apart."""


class StoreError(OverheardError):
    """The store cannot be opened, read or written."""


class SchemaError(StoreError):
    """The store's schema is newer than this program, or is not ours."""

    exit_code = 2


class DiskError(StoreError):
    """There is no space left, or no permission to write where the store or a file should be."""

    exit_code = 2


class BusyError(UsageError):
    """Another process holds the lock that this command needs."""


class ModelError(OverheardError):
    """The weights, their card or the taxonomy are missing or damaged."""


class CrawlError(OverheardError):
    """A crawl could not be done."""


class PartialError(OverheardError):
    """Some of the work is done; the message names what is not, and why."""

    exit_code = 3
