"""JSON text: the standard library's words and refusals, whichever way is taken."""

import datetime
import decimal
import enum
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundwork.storage._json import compact, decoded, decoded_lines, encoded, encoded_lines

_LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["\ud800", 1e-5, 1e16])
_VALUES = st.recursive(
    _LEAVES,
    lambda inner: st.lists(inner) | st.tuples(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)
_TEXTS = st.text(alphabet='{}[]:,"\\ \n\t0123456789.eE+-aNtrufls\x0b\u00a0', max_size=12)


class Kind(enum.Enum):
    ONE = "one"


def outcome(work):
    try:
        return repr(work())
    except (TypeError, ValueError, RecursionError) as error:
        return type(error)


@given(_VALUES, st.sampled_from([None, 0, 1, 2, "\t"]))
@settings(deadline=None, max_examples=200)
def test_a_value_is_written_as_json_writes_it(value, indent):
    expected = outcome(lambda: json.dumps(value, indent=indent, ensure_ascii=False, allow_nan=False).encode())

    assert expected == outcome(lambda: encoded(value, indent=indent))


@given(st.lists(_VALUES, min_size=1, max_size=4))
@settings(deadline=None, max_examples=100)
def test_lines_are_written_as_json_writes_them(values):
    def by_json():
        return b"".join(json.dumps(each, ensure_ascii=False, allow_nan=False).encode() + b"\n" for each in values)

    assert outcome(by_json) == outcome(lambda: encoded_lines(values))


@given(_TEXTS | _VALUES.map(lambda value: json.dumps(value, skipkeys=True)))
@settings(deadline=None, max_examples=300)
def test_a_text_is_read_as_json_reads_it(text):
    expected = outcome(lambda: json.loads(text))

    assert expected == outcome(lambda: decoded(text.encode()))


@given(st.lists(_TEXTS | _VALUES.map(lambda value: json.dumps(value, skipkeys=True)), max_size=4))
@settings(deadline=None, max_examples=200)
def test_lines_are_read_as_json_reads_them(texts):
    data = "".join(text + "\n" for text in texts)

    expected = outcome(lambda: [json.loads(line) for line in data.split("\n") if line.encode().strip()])

    assert expected == outcome(lambda: decoded_lines(data.encode(), "t.jsonl"))


@pytest.mark.parametrize(
    "value",
    [
        float("nan"),
        float("-inf"),
        {1, 2},
        b"bytes",
        datetime.datetime(2013, 1, 31),
        datetime.timedelta(1),
        decimal.Decimal("1.5"),
        Kind.ONE,
        {(1, 2): 3},
    ],
)
def test_what_json_has_not_is_refused_however_deep(value):
    with pytest.raises((TypeError, ValueError)):
        encoded({"a": [value]}, indent=2)
    with pytest.raises((TypeError, ValueError)):
        encoded_lines([{}, {"a": [value]}])


def test_the_line_of_damage_is_counted():
    with pytest.raises(json.JSONDecodeError) as caught:
        decoded_lines(b'1\n\n"\xff"\n4\n', "t.jsonl")

    assert (3, True) == (caught.value.lineno, "utf-8" in caught.value.msg)


@pytest.mark.parametrize("key", [1, 1.5, True, None])
@pytest.mark.parametrize(
    "encode", [compact, lambda value: encoded(value, indent=2), lambda value: encoded_lines([value])]
)
def test_a_key_that_is_no_text_is_refused_for_it_may_meet_its_text(key, encode):
    with pytest.raises(TypeError, match=rf"the key {key}"):
        encode({"a": [{key: 2, str(key): 3}]})


def test_one_line_without_spaces_holds_a_nan_only_if_allowed():
    assert b'{"a":NaN,"\xc3\xa4":[1,1e-05]}' == compact({"a": float("nan"), "ä": [1, 1e-5]}, nan=True)
    with pytest.raises(ValueError, match="Out of range"):
        compact(float("nan"))


def test_a_byte_order_mark_is_skipped():
    assert {"a": 1} == decoded(b'\xef\xbb\xbf{"a": 1}')
    assert [{"a": 1}, 2] == decoded_lines(b'\xef\xbb\xbf{"a": 1}\n2\n', "t.jsonl")
