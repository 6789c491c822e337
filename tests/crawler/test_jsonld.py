from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from overheard.crawler import jsonld

REVIEW = {"@type": "Review", "reviewBody": "Good // really /* good */, yes"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param('{"a": 1}', [{"a": 1}], id="strict"),
        pytest.param("", [], id="empty"),
        pytest.param('\ufeff {"a": 1}', [{"a": 1}], id="byte order mark"),
        pytest.param('{"a": [1, 2,], "b": 2,}', [{"a": [1, 2], "b": 2}], id="trailing commas"),
        pytest.param('{"a": "one\ntwo\tthree",}', [{"a": "one\ntwo\tthree"}], id="raw line breaks"),
        pytest.param('{"a": "bell\x07"}', [{"a": "bell\x07"}], id="control character"),
        pytest.param('// <![CDATA[\n{"a": 1}\n// ]]>', [{"a": 1}], id="CDATA in line comments"),
        pytest.param('/*<![CDATA[*/{"a": 1}/*]]>*/', [{"a": 1}], id="CDATA in block comments"),
        pytest.param('<!--\n{"a": 1}\n-->', [{"a": 1}], id="HTML comment"),
        pytest.param('{"a": 1, /* two */ "b": "x" // end\n}', [{"a": 1, "b": "x"}], id="comments"),
        pytest.param('{"url": "https://x.example/a", }', [{"url": "https://x.example/a"}], id="no comment in a text"),
        pytest.param('{"a": 1}{"b": 2}', [{"a": 1}, {"b": 2}], id="two in a row"),
        pytest.param('{"a": 1},\n{"b": 2};', [{"a": 1}, {"b": 2}], id="two with a comma"),
        pytest.param("{&quot;a&quot;: &quot;x &amp; y&quot;}", [{"a": "x & y"}], id="entities for quotes"),
        pytest.param(r'{"a": "50\% off"}', [{"a": r"50\% off"}], id="a wrong escape"),
        pytest.param('{"a": 1} {"b": ', [{"a": 1}], id="cut off after the first"),
        pytest.param("not json at all", None, id="no JSON"),
        pytest.param('{"a": ', None, id="cut off"),
        pytest.param("[" * 100_000, None, id="deeper than the stack"),
    ],
)
def test_load(text: str, expected: list[Any] | None) -> None:
    assert jsonld.load(text) == expected


FEW = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@FEW
@given(st.dictionaries(st.text(max_size=8), JSON, max_size=4))
def test_valid_json_is_read_as_it_is(value: dict[str, Any]) -> None:
    assert jsonld.load(json.dumps(value)) == [value]


@FEW
@given(st.lists(JSON, min_size=1, max_size=3))
def test_trailing_commas_and_comments_change_nothing(values: list[Any]) -> None:
    broken = "/* said */ " + json.dumps({"values": values})[:-1] + ",} // end"
    assert jsonld.load(broken) == [{"values": values}]


@FEW
@given(st.text(alphabet='{}[]",:\\/*<!->&quot; \nau1', max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    loaded = jsonld.load(text)
    assert loaded is None or isinstance(loaded, list)


@pytest.mark.parametrize(
    "text", ['"' * 90_000 + "\\", "/*" * 90_000, '{"a' * 50_000, '\\"' * 90_000 + "\\", ",}" * 50_000]
)
def test_hostile_text_takes_no_time(text: str) -> None:
    jsonld.load("{" + text)


def test_walk_looks_through_arrays_and_graphs_and_tells_the_owner() -> None:
    product = {"@type": "Product", "name": "Teapot", "review": [[REVIEW], {"@type": "Review", "reviewBody": "Two"}]}
    walked = [(node.get("reviewBody"), owner, name) for node, owner, name in jsonld.walk([{"@graph": [product]}])]
    assert walked[2:] == [(REVIEW["reviewBody"], product, "review"), ("Two", product, "review")]


def test_walk_ends_where_an_object_holds_itself() -> None:
    node: dict[str, Any] = {"@type": "Thing"}
    node["part"] = [node, node]
    assert len(list(jsonld.walk([node]))) == 1


@pytest.mark.parametrize("name", ["Review", "schema:Review", "http://schema.org/Review", "https://schema.org/Review"])
def test_types_are_bare(name: str) -> None:
    assert jsonld.types({"@type": [name]}) == ("Review",)
