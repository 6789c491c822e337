"""JSON is a contract, CSV is safe in a spreadsheet, Markdown shows what was written."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import re
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from overheard.commands.options import json_text
from overheard.errors import UsageError
from overheard.insight.cases import CaseHistory, Cases, Note
from overheard.insight.mentions import Found
from overheard.insight.scope import Scope
from overheard.insight.significance import p_of_interval
from overheard.insight.split import Part, Split
from overheard.insight.statistics import Chance, Estimate, Mean
from overheard.insight.targets import MeasuredTargets
from overheard.report.formats import render, to_csv, to_json, to_md
from overheard.report.printable import printable
from overheard.report.spreadsheet import written
from overheard.store.database import Store
from overheard.store.tables import Mention

from .conftest import HOSTILE, URL, Answers


def rendered(answer: Any, format: str, encoding: str = "utf-8", width: int = 40) -> str:
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding=encoding, newline="")
    render(answer, format, Console(file=file, width=width))
    file.flush()
    return raw.getvalue().decode(encoding)


def keys(value: Any) -> Any:
    """The keys of a JSON value in their order, lists by their first entry."""
    if isinstance(value, dict):
        return {key: keys(entry) for key, entry in value.items()}
    return [keys(value[0])] if isinstance(value, list) and value else None


ESTIMATE = dict.fromkeys(("value", "low", "high", "n"))
QUOTE = dict.fromkeys("text mention_id start end source url published score field language rating".split())
MEAN = dict.fromkeys(("mean", "low", "high", "n"))
COUNTS = dict.fromkeys(("positive", "negative", "neutral", "mixed"))


SHARE = dict.fromkeys(("share", "share_low", "share_high"))
IMPACT = dict.fromkeys(("dimension", "label", "side", "mentions", *SHARE, "strength", "impact", "moves"))

SCOPE = dict.fromkeys(("since", "until", "language", "source", "touchpoint", "dimension", "query", "attribute"))


def test_the_keys_of_a_summary_are_a_contract(answers: Answers) -> None:
    content = json.loads(to_json(answers.summary))
    first = content["dimensions"][0]
    assert first["dimension"] == "speed"
    assert keys(first["quotes"]) == {"praise": None, "pain": [QUOTE]}
    found = keys(content)
    found["dimensions"] = [{**found["dimensions"][0], "quotes": None}]
    assert found == {
        "brand": None,
        "scope": SCOPE,
        "first": None,
        "last": None,
        "mentions": None,
        "analysed": None,
        "not_analysed": None,
        "pending": None,
        "rejected": None,
        "stale": None,
        "duplicates": None,
        "opinions": None,
        "languages": [{"language": None, "mentions": None, "analysed": None, "net_sentiment": ESTIMATE}],
        "sources": [
            {
                "source": None, "id": None, "kind": None, "mentions": None, "analysed": None,
                "net_sentiment": ESTIMATE, "rating": MEAN,
            }
        ],
        "sentiment": COUNTS,
        "model": None,
        "net_sentiment": ESTIMATE,
        "rating": MEAN,
        "dimensions": [
            {
                "dimension": None, "label": None, "kind": None, "praise": None, "pain": None, "neutral": None,
                "net": ESTIMATE, **SHARE, "quotes": None,
            }
        ],
        "touchpoints": [
            {
                "touchpoint": None, "label": None, "mentions": None, "opinions": None, "sentiment": COUNTS,
                "net": ESTIMATE,
            }
        ],
        "signals": [{"signal": None, "label": None, "mentions": None, "opinions": None, **SHARE}],
        "index": dict.fromkeys(("effective", "easy", "enjoyable", "overall"), ESTIMATE),
        "newest": dict.fromkeys(("mentions", "first", "whole")),
        "pains": [IMPACT],
        "praises": [IMPACT],
        "change": None,
        "surprises": None,
        "disagreements": [{"kind": None, "label": None, "mentions": None, "of": None, **SHARE, "examples": None}],
        "spoilers": [{"touchpoint": None, "label": None, "mentions": None, "of": None, **SHARE, "examples": None}],
        "praised": None,
        "targets": None,
        "surveys": None,
    }  # fmt: skip


def test_the_keys_of_a_comparison_and_of_found_mentions(answers: Answers) -> None:
    comparison = json.loads(to_json(answers.comparison))
    assert list(comparison) == [
        "scope", "brands", "unread", "mix", "comparisons", "dimensions", "best", "bar", "said",
    ]  # fmt: skip
    assert list(comparison["brands"][0]) == [
        "brand", "industry", "mentions", "analysed", "share_of_voice", "model", "net_sentiment", "same_mix",
        "effective", "difference", "rating", "index",
    ]  # fmt: skip
    dimension = comparison["dimensions"][0]
    assert list(dimension) == ["dimension", "label", "kind", "mix", "brands", "best"]
    assert list(dimension["mix"]) == ["by", "alike", "cells"]
    service = next(entry for entry in comparison["dimensions"] if entry["dimension"] == "service")
    assert service["mix"]["cells"] == [{"source": "trust|post", "language": "en", "weight": 1.0}]
    assert keys(dimension["best"]) == {"brand": None, "industry": None, "net": ESTIMATE}
    speed = dimension["brands"][1]
    assert list(speed) == [
        "brand", "praise", "pain", "neutral", "net", "share", "same_mix", "effective", "difference",
    ]  # fmt: skip
    assert list(speed["difference"]) == ["value", "low", "high", "p", "p_adjusted", "certain", "overlap"]
    assert list(comparison["said"][0]) == ["brand", "naming", "mentions", "came", "left", "rivals"]
    (first, *_) = json.loads(to_json(answers.found))
    assert list(first)[:5] == ["mention_id", "source", "kind", "language", "day"]
    assert first["opinions"][0]["dimensions"] == {"speed": {"polarity": "negative", "score": 0.9}}


def test_the_keys_of_near_duplicates_are_a_contract(answers: Answers) -> None:
    shown = dict.fromkeys(("mention_id", "source", "day", "url", "text"))
    limits = {"brand": None, "scope": SCOPE, "left_out": None, "groups_found": None}
    group = dict.fromkeys(("kind", "copies", "names", "unnamed"))
    group |= {"sources": {"trust|post": None, "shop": None}, "since": None, "until": None}
    assert keys(json.loads(to_json(answers.duplicates))) == {
        **limits, "groups": [{**group, "first": shown, "others": [shown]}]
    }  # fmt: skip


def test_near_duplicates_say_what_they_are_in_every_format(answers: Answers) -> None:
    heading = "Template: 7 mentions, 6 names and 1 without; trust|post 4, shop 3; 2026-09-01 to 2026-09-07"
    assert f"{heading}\n" in rendered(answers.duplicates, "table", width=120)
    text = to_md(answers.duplicates)
    assert f"## {heading.replace('|', chr(92) + '|')}\n" in text
    assert r"red \| \*bold\* \<b\>tag\</b\> new line" in text
    rows = list(csv.DictReader(io.StringIO(to_csv(answers.duplicates))))
    assert [(row["group"], row["counts"], row["mention_id"]) for row in rows] == [
        ("1", "yes", "1"), *(("1", "no", str(number)) for number in range(2, 8))
    ]  # fmt: skip
    for shown in (text, rendered(answers.duplicates, "table", width=120)):
        assert "and 3 more; --format csv or json lists all" in shown
        assert ("mention 4" in shown, "mention 5" in shown) == (True, False)
    nothing = dataclasses.replace(answers.duplicates, left_out=0, groups_found=0, groups=())
    assert to_csv(nothing).splitlines() == [to_csv(answers.duplicates).splitlines()[0]]
    assert "No near-duplicates here." in to_md(nothing)
    assert "6 near-duplicates in 3 groups, left out of all counts; the 1 largest" in to_md(answers.duplicates)


def test_json_is_exact(answers: Answers, told_store: Store) -> None:
    content = json.loads(to_json(answers.summary))
    quotes = content["dimensions"][0]["quotes"]["pain"]
    assert HOSTILE in [quote["text"] for quote in quotes]
    for quote in quotes:
        with told_store.reading() as session:
            mention = session.get_one(Mention, quote["mention_id"])
            assert mention.text[quote["start"] : quote["end"]] == quote["text"]
            assert datetime.fromisoformat(quote["published"]) == mention.published
            assert json.loads(json_text(mention.published)) == quote["published"]
            assert quote["published"].endswith("Z")
    assert content["first"] == "2026-08-01"
    assert content["dimensions"][1]["net"] == {"value": None, "low": None, "high": None, "n": 0}


def test_small_p_values_are_no_zeros(answers: Answers) -> None:
    compared = answers.comparison.dimensions[0].brands[1].difference
    assert compared is not None
    tiny = dataclasses.replace(compared, p=Chance(3.21987e-9))
    assert json.loads(to_json(tiny))["p"] == 3.22e-9
    assert written(("p", "value"), [{"p": tiny.p, "value": 3.21987e-9}]).splitlines()[1] == "3.22e-09,0.0"
    assert p_of_interval(80, 79.9999) > 0


def test_times_end_in_z_in_csv_too() -> None:
    moment = datetime(2026, 10, 1, 9, 30, tzinfo=UTC)
    noted = Note("resolved", None, "Ana", moment)
    case = CaseHistory(7, "shop", date(2026, 9, 1), None, "Late.", "answered", moment, "resolved", None, (noted,))
    (row,) = csv.DictReader(io.StringIO(to_csv(Cases((case,)))))
    assert (row["replied"], row["noted_at"]) == ("2026-10-01T09:30:00Z", "2026-10-01T09:30:00Z")


def test_a_split_has_stars_of_one_to_five() -> None:
    nothing = Estimate(None, None, None, 0)
    part = Part("Fenna", None, None, 12, 12, nothing, Mean(0.85, 0.8, 0.9, 12), nothing, None, None)
    found = Split("Nordwind", Scope(), "product", None, (part,), 0, 0, 0)
    (row,) = csv.DictReader(io.StringIO(to_csv(found)))
    assert row["stars"] == "4.4"
    for empty in (dataclasses.replace(found, parts=()), MeasuredTargets(Scope(), ())):
        hint = "Widen the period" if empty.__class__ is Split else "overheard targets set"
        assert hint in to_md(empty)
        assert "|" not in to_md(empty)
        assert hint in " ".join(rendered(empty, "table", width=80).split())


def test_found_mentions_say_their_stars_and_address_in_markdown(answers: Answers) -> None:
    first = to_md(answers.found).splitlines()[2]
    assert first == f"trust\\|post, 2026-09-14, fr, rated 2 of 5 stars, <{URL}>"
    asked = dataclasses.replace(answers.found[0], kind="survey", rating=0.9, rating_given="9", rating_scale=10.0)
    assert "answered 9 of 10" in to_md([asked])
    assert "No such mentions" in to_md([])


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "latin-1"])
def test_json_is_the_same_data_in_every_encoding_and_steers_no_terminal(answers: Answers, encoding: str) -> None:
    text = rendered(answers.found, "json", encoding)
    assert json.loads(text) == json.loads(to_json(answers.found))
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", text)
    assert ("très" in text) == ((encoding != "ascii" and "😡" not in HOSTILE) or encoding == "utf-8")


def test_csv_has_a_row_per_dimension_with_numbers_as_numbers(answers: Answers) -> None:
    rows = list(csv.DictReader(io.StringIO(to_csv(answers.summary))))
    assert [row["dimension"] for row in rows][:3] == ["speed", "ease", "consistency"]
    assert len(rows) == 14
    speed = rows[0]
    assert (speed["praise"], speed["pain"], speed["net"], speed["net_n"]) == ("0", "14", "-100.0", "14")
    assert (rows[1]["net"], rows[1]["net_low"], rows[1]["net_n"]) == ("", "", "0")
    assert speed["pain_url"] == URL
    assert (speed["since"], speed["model"]) == ("", "opinion-7")


def test_csv_defuses_formulas_and_only_those(answers: Answers) -> None:
    rows = list(csv.DictReader(io.StringIO(to_csv(answers.found))))
    texts = [row["text"] for row in rows]
    assert texts[0].startswith("'=HYPERLINK(")
    assert texts[1] == "Waited 12 weeks for it."
    assert not any("\n" in text or "\x1b" in text for text in texts)
    assert float(next(csv.DictReader(io.StringIO(to_csv(answers.summary))))["net"]) == -100


UNREAD = Found(
    mention_id=1, source="shop", kind="import", language="en", day=date(2026, 9, 1), published=None, vanished=None,
    url=None, title=None, text="", rating=None, rating_given=None, rating_scale=None, reply_state="unknown",
    status="pending", sentiment=None, relevance=None, rejected=False, decided_by=None, reason=None, opinions=(),
)  # fmt: skip


@pytest.mark.parametrize("text", ["\ufeff=1+1", "\u200b\u00ad@here", " \ufeff -1"])
def test_nothing_unseen_hides_a_formula(text: str) -> None:
    (row,) = csv.DictReader(io.StringIO(to_csv([dataclasses.replace(UNREAD, text=text)])))
    assert row["text"] == f"'{text.strip()}"


@given(st.text(max_size=20))
def test_no_text_is_run_by_a_spreadsheet(text: str) -> None:
    (row,) = csv.DictReader(io.StringIO(to_csv([dataclasses.replace(UNREAD, text=text)])))
    assert not row["text"].startswith(("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠"))
    assert row["text"].removeprefix("'") == printable(text).removeprefix("'")


def test_csv_of_nothing_has_its_header(answers: Answers) -> None:
    assert to_csv([]).splitlines() == [to_csv(answers.found).splitlines()[0]]


def test_csv_of_a_comparison_has_a_row_per_dimension_and_brand(answers: Answers) -> None:
    rows = list(csv.DictReader(io.StringIO(to_csv(answers.comparison))))
    assert [(row["dimension"], row["brand"], row["difference"], row["certain"]) for row in rows[:4]] == [
        ("net_sentiment", "Nordwind", "", ""),
        ("net_sentiment", "[Süd]see", "100.0", "no"),
        ("speed", "Nordwind", "", ""),
        ("speed", "[Süd]see", "200.0", "no"),
    ]


def test_markdown_escapes_what_customers_wrote(answers: Answers) -> None:
    text = to_md(answers.summary)
    assert r"red \| \*bold\* \<b\>tag\</b\> new line desrever 😡 très lent" in text
    assert f"trust\\|post, 2026-09-14, <{URL}>" in text
    table = [line for line in text.splitlines() if line.startswith("|")]
    assert len(table) == 16
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in table} == {7}
    assert table[2].startswith("| Speed | 0 | 14 | 0 | −100 (−100…−")


def test_markdown_of_a_comparison_and_of_mentions(answers: Answers) -> None:
    text = to_md(answers.comparison)
    assert text.startswith("# Nordwind, \\[Süd\\]see\n")
    assert re.search(
        r"^\| Speed \\\* \| −100 \([^|]*\) \| \+100 \([^|]*\); \+200 \([^|]*\) \| \\\[Süd\\\]see: [^|]*\|$",
        text,
        re.MULTILINE,
    )
    found = to_md(answers.found)
    assert "- **Waited 12 weeks for it.** (negative, speed negative 0.90, at receive)" in found


@pytest.mark.parametrize("url", ["javascript:alert(1)", "https://a.example/ b", "https://a.example/>\n# big", None])
def test_markdown_links_web_addresses_only(answers: Answers, url: str | None) -> None:
    found = to_md([dataclasses.replace(answers.found[0], url=url)])
    assert "<" not in found.replace("\\<", "")
    assert "\n# " not in found


def test_formats_are_written_as_they_are_not_wrapped(answers: Answers) -> None:
    assert rendered(answers.summary, "json") == to_json(answers.summary)
    assert rendered(answers.summary, "csv") == to_csv(answers.summary)
    assert rendered(answers.summary, "md") == to_md(answers.summary)


def test_an_unknown_format_names_the_others(answers: Answers) -> None:
    with pytest.raises(UsageError, match="no format 'xml'; expected one of table, json, csv, md"):
        render(answers.summary, "xml", Console(file=io.StringIO()))
