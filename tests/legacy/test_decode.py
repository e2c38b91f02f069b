"""The text of documents, and what makes one nested value another."""

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from old_databases import exact

from aomuse.legacy.decode import BlobError, decode, text_of
from aomuse.legacy.differences import applied, difference

#: Keys and values that JSON brings back as they were.
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | TEXTS
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)
NUMBERS = st.lists(st.floats(), max_size=5)


@given(VALUES)
def test_encoded_once_or_twice(value):
    if isinstance(value, str):
        return
    once = json.dumps(value)
    assert exact(decode(once)) == exact(decode(json.dumps(once))) == exact(value)


@pytest.mark.parametrize(
    "text", [None, "", " ", "null", "None", '"null"', '"None"', '""', " null "]
)
def test_nothing(text):
    assert decode(text) is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"a": [1, 2', "it is cut short at character 11 of 11"),
        ('{"a": "b', "it is cut short at character 6 of 8"),
        ("{'a': 1}", "expecting property name enclosed in double quotes at character 1 of 8"),
        ('"text"', "expecting value at character 0 of 4"),
        (json.dumps(json.dumps(json.dumps("[1]"))), "it is encoded more than 3 times"),
        ('{"a": "\\uDC00"}', "half a surrogate pair"),
    ],
)
def test_what_cannot_be_parsed_says_why(text, why):
    with pytest.raises(BlobError, match=why):
        decode(text)


def test_what_drivers_give():
    assert text_of(None) is None
    assert text_of(b'{"a": 1}') == text_of(bytearray(b'{"a": 1}')) == text_of('{"a": 1}')
    assert decode(text_of({"a": [1.5, float("inf")]})) == {"a": [1.5, float("inf")]}
    with pytest.raises(BlobError, match="byte 1 is not UTF-8"):
        text_of(b"a\xff")


@given(VALUES | NUMBERS, VALUES | NUMBERS)
@example(float("nan"), -0.0)
@example(0.0, -0.0)
def test_a_difference_makes_one_value_the_other(stored, wanted):
    assert difference(stored, json.loads(json.dumps(stored))) is None
    change = difference(stored, wanted)
    kept = None if change is None else json.loads(json.dumps(change))
    assert exact(applied(stored, kept)) == exact(wanted)
    assert (change is None) == (exact(stored) == exact(wanted))


@pytest.mark.parametrize(
    ("stored", "wanted", "change"),
    [
        ({"a": 1, "b": 2.0}, {"a": 1, "b": 2}, {"values": {"b": {"value": 2}}}),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, {"values": {}, "keys": ["b", "a"]}),
        ({"a": {"x": [1.0]}}, {"a": {"x": [1.0, 2.0]}}, None),
        ({"a": 1}, {}, {"values": {}, "keys": []}),
        ([0.0], [-0.0], {"value": [-0.0]}),
        (None, {}, {"value": {}}),
        (True, 1, {"value": 1}),
    ],
)
def test_a_difference_goes_as_deep_as_it_can(stored, wanted, change):
    expected = change or {"values": {"a": {"values": {"x": {"value": [1.0, 2.0]}}}}}
    assert exact(difference(stored, wanted)) == exact(expected)
