"""What every kind of source promises: any answer is a page that can be stored, or a refusal in one line."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import strategies as st

from overheard.crawler.outcomes import PageError
from overheard.crawler.page import Page
from overheard.intake.item import Item


def json_values(*keys: str, leaves: int = 6) -> st.SearchStrategy[Any]:
    """JSON of any form, whose objects have keys of these names."""
    return st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(keys), inner),
        max_leaves=leaves,
    )


def storable(read: Callable[..., Page], *given: Any, **named: Any) -> None:
    """Check that reading gives items that can be stored, or a refusal, and nothing else."""
    items: tuple[Item, ...] = ()
    with suppress(PageError):
        items = read(*given, **named).items
    for item in items:
        repr(item).encode()
        assert item.text or item.title


def refused(read: Callable[..., Page], *given: Any, **named: Any) -> PageError:
    """Check that reading refuses, in one line, and return how."""
    with pytest.raises(PageError) as caught:
        read(*given, **named)
    assert "\n" not in str(caught.value)
    return caught.value
