"""The key of the pseudonyms: a file beside overheard.toml, readable by its owner alone, never in the store."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from overheard.errors import DiskError, SettingsError

KEY_BYTES = 32


def make_key(path: Path) -> None:
    """Write a fresh key for pseudonyms, readable by its owner alone; an existing key is left as it is."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    except OSError as error:
        raise DiskError(f"{path} cannot be written ({error.strerror}); use a folder that you may write to") from None
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_hex(KEY_BYTES) + "\n")


def read_key(path: Path) -> bytes:
    """Return the key of the pseudonyms; raises SettingsError when there is none or it is damaged."""
    try:
        key = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except FileNotFoundError:
        raise SettingsError(f"no key at {str(path)!r}; run `overheard init` there, or bring the key back") from None
    except (OSError, ValueError) as error:
        raise SettingsError(f"key {str(path)!r} cannot be read ({error}); bring the right one back") from None
    if len(key) < KEY_BYTES:
        raise SettingsError(f"key {str(path)!r} has {len(key)} bytes, expected {KEY_BYTES}; bring the right one back")
    return key
