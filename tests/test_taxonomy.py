"""The taxonomy: what the shipped file says, and what becomes of a damaged one."""

from __future__ import annotations

from pathlib import Path

import pytest

from overheard import taxonomy
from overheard.errors import ModelError, NotFoundError

SHIPPED = Path(taxonomy.__file__).parent / "models" / "taxonomy.toml"


def test_the_names_stand_in_the_order_that_the_model_was_trained_with() -> None:
    words = taxonomy.load()
    names = [dimension.name for dimension in words.dimensions]
    assert (
        names
        == (
            "speed ease consistency authenticity relevance convenience personalization omnichannel resolution "
            "design technology data service culture"
        ).split()
    )
    assert [dimension.kind for dimension in words.dimensions] == ["customer"] * 9 + ["driver"] * 5
    assert [entry.name for entry in words.touchpoints] == "discover buy receive use pay support return none".split()
    signals = [entry.name for entry in words.signals]
    assert signals == "advocate churn_price churn_service churn help request".split()


def test_every_dimension_is_in_one_pillar() -> None:
    words = taxonomy.load()
    assert words.pillars == {
        "effective": ("consistency", "relevance", "resolution", "technology", "data"),
        "easy": ("speed", "ease", "convenience", "omnichannel"),
        "enjoyable": ("authenticity", "personalization", "design", "service", "culture"),
    }
    assert words.general_verdicts == "enjoyable"
    assert list(words.pillar_labels) == list(words.pillars)


def test_a_dimension_is_found_by_name_and_an_unknown_one_names_the_others() -> None:
    words = taxonomy.load()
    assert words.dimension("service").label == "Service"
    with pytest.raises(NotFoundError, match=r"'sped'.*speed, ease"):
        words.dimension("sped")


def test_the_file_is_read_once() -> None:
    assert taxonomy.load() is taxonomy.load()


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("[[pillars]]", "[[pillars", "taxonomy.toml"),
        ('pillar = "easy"', 'pillar = "eazy"', "'eazy'"),
        ('kind = "driver"', 'kind = "hidden"', r"dimensions\.9\.kind"),
        ('name = "ease"', 'name = "speed"', "'speed' stands there twice"),
        ('name = "ease"', 'name = "Ease of use"', r"dimensions\.1\.name"),
        ('question = "How long does it take?"\n', "", r"dimensions\.0\.question"),
        ('question = "How long does it take?"', 'questoin = ""', r"dimensions\.0\.quest"),
        ("general_verdicts = true", "general_verdicts = false", "exactly one pillar"),
        ("# What an opinion", "\x00# What an opinion", "taxonomy.toml"),
    ],
)
def test_a_damaged_file_is_a_model_error_of_one_line_that_names_file_and_key(
    tmp_path: Path, old: str, new: str, complaint: str
) -> None:
    content = SHIPPED.read_text(encoding="utf-8")
    assert old in content
    damaged = tmp_path / "taxonomy.toml"
    damaged.write_text(content.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ModelError, match=complaint) as caught:
        taxonomy.read(damaged)
    assert str(damaged) in str(caught.value)
    assert "reinstall" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_a_model_error(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="none\\.toml"):
        taxonomy.read(tmp_path / "none.toml")
