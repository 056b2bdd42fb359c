import json
import math
from datetime import date
from itertools import pairwise

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from groundwork.errors import InvalidDataError
from groundwork.storage._yaml import MAX_DEPTH, load_yaml, load_yaml_with_lines
from groundwork.storage._yaml_dump import dump_yaml

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
FINITE = st.floats(allow_nan=False, allow_infinity=False)
SCALAR = st.none() | st.booleans() | st.integers() | FINITE | TEXT
LOOKALIKE = st.sampled_from(
    [
        "no",
        "yes",
        "on",
        "1e4",
        "1e-4",
        "1:30",
        "010",
        "0o17",
        "0x1F",
        "2013-01-01",
        "~",
        "",
        "<<",
        "=",
        ".5",
        "-.inf",
        "1_0",
    ]
)
PLAIN = st.recursive(
    SCALAR | LOOKALIKE,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT | LOOKALIKE, inner, max_size=4),
    max_leaves=20,
)


@pytest.mark.parametrize(
    "text", ["no", "yes", "on", "off", "y", "n", "No", "NO", "1:30", "1:30:00", "2013-01-01", "2013-01-01T10:00:00Z"]
)
def test_words_times_and_dates_are_text(text):
    assert text == load_yaml(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("010", 10),
        ("0o14", 12),
        ("0o17", 15),
        ("0x1F", 31),
        ("-7", -7),
        ("+7", 7),
        ("1_000", "1_000"),
        ("0b1", "0b1"),
        ("-0x1F", "-0x1F"),
        ("1e-4", 1e-4),
        ("1E3", 1000.0),
        (".5", 0.5),
        ("1.", 1.0),
        ("-.inf", -math.inf),
        (".Inf", math.inf),
        ("true", True),
        ("FALSE", False),
        ("tRUE", "tRUE"),
        ("~", None),
        ("Null", None),
        ("", None),
        ("''", ""),
        ("'1'", "1"),
        ("!!str 1", "1"),
        ("!!float 1", 1.0),
        ("!!int '0x10'", 16),
    ],
)
def test_scalars_follow_the_core_schema(text, expected):
    loaded = load_yaml(text)

    assert (expected, type(expected)) == (loaded, type(loaded))


def test_nan_is_read():
    assert math.isnan(load_yaml(".nan"))


def test_what_is_not_finite_is_written_and_read_back():
    loaded = load_yaml(dump_yaml([math.inf, -math.inf, math.nan]))

    assert [math.inf, -math.inf] == loaded[:2]
    assert math.isnan(loaded[2])


def test_an_empty_value_is_null():
    assert load_yaml("a:\nb: [~]\n") == {"a": None, "b": [None]}


@settings(deadline=None, max_examples=50)
@given(PLAIN)
def test_what_dump_writes_is_read_back_equal(value):
    assert value == load_yaml(dump_yaml(value))


@settings(deadline=None, max_examples=50)
@given(PLAIN)
def test_what_dump_writes_any_reader_of_yaml_1_1_reads_alike(value):
    assert value == yaml.safe_load(dump_yaml(value))


@settings(deadline=None, max_examples=50)
@given(PLAIN)
def test_json_is_yaml(value):
    assert value == load_yaml(json.dumps(value))


def test_the_same_value_gives_the_same_text_in_its_own_order():
    value = {"b": [1, 2], "a": {"d": "é", "c": None}}

    assert dump_yaml(value) == "b:\n- 1\n- 2\na:\n  d: é\n  c: null\n"


def test_a_value_used_twice_is_written_twice():
    shared = [1]

    assert dump_yaml({"a": shared, "b": shared}) == "a:\n- 1\nb:\n- 1\n"


def test_a_value_that_contains_itself_is_not_written():
    value = []
    value.append(value)

    with pytest.raises(InvalidDataError, match="contains itself"):
        dump_yaml(value)


def test_what_would_be_too_deep_to_read_is_not_written():
    value = 1
    for _ in range(MAX_DEPTH):
        value = [value]

    assert value == load_yaml(dump_yaml(value))
    with pytest.raises(InvalidDataError, match="deeper than 100"):
        dump_yaml({"a": value})


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ({"a": [object()]}, r"^\['a'\]\[0\]: a object cannot be written"),
        (b"x", "^a bytes"),
        ({1, 2}, "^a set"),
        (date(2013, 1, 1), "^a date"),
        ({(1, 2): 3}, r"\(the key\): a tuple"),
        ("\ud800", "surrogate"),
        ({"\ud800": 1}, "surrogate"),
    ],
)
def test_what_would_not_come_back_is_not_written(value, problem):
    with pytest.raises(InvalidDataError, match=problem):
        dump_yaml(value)


def test_lines_and_columns_of_every_entry_are_known():
    text = "model:\n  params:\n    max_depth: 6\njoins:\n  - a\n  - on: [x, y]\n"

    value, lines = load_yaml_with_lines(text)

    assert value == {"model": {"params": {"max_depth": 6}}, "joins": ["a", {"on": ["x", "y"]}]}
    assert lines == {
        (): (1, 1),
        ("model",): (1, 1),
        ("model", "params"): (2, 3),
        ("model", "params", "max_depth"): (3, 5),
        ("joins",): (4, 1),
        ("joins", 0): (5, 5),
        ("joins", 1): (6, 5),
        ("joins", 1, "on"): (6, 5),
        ("joins", 1, "on", 0): (6, 10),
        ("joins", 1, "on", 1): (6, 13),
    }


def test_an_empty_document_is_null_and_has_no_lines():
    assert load_yaml_with_lines("# nothing\n") == (None, {})


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("a: 1\nb: 2\na: 3\n", 3, "the key 'a' is given twice, first in line 1"),
        ("1: a\n1.0: b\n", 2, "the key 1.0 is given twice, first in line 1"),
        ("a: &x {b: 1}\nc:\n  <<: *x\n", 3, "merge keys"),
        ("a: &x [1, *x]\n", 1, "refers to what it is part of"),
        ("\na: *nowhere\n", 2, "undefined alias 'nowhere'"),
        ("a: !!python/object/apply:os.system [ls]\n", 1, "the tag !!python/object/apply:os.system is not supported"),
        ("a: !mine x\n", 1, "the tag !mine is not supported"),
        ("a: !!int six\n", 1, "'six' is not a valid !!int"),
        ("a: !!bool maybe\n", 1, "'maybe' is not a valid !!bool"),
        ("a: !!float 1_0\n", 1, "'1_0' is not a valid !!float"),
        ("[1]: a\n", 1, "a key must be text or a number"),
        ("a: 1\n---\nb: 2\n", 2, "a second document"),
        ("a: 1\nb: \x07\n", 2, "'\\x07' is not allowed"),
        ('a: "\\ud800"\n', 1, "half of a surrogate pair"),
        ("a: [1, 2\n", 2, "expected ',' or ']'"),
        ("[" * (MAX_DEPTH + 5), 1, "nested deeper"),
    ],
)
def test_a_mistake_is_named_with_file_and_line(text, line, problem):
    with pytest.raises(InvalidDataError) as caught:
        load_yaml(text, source="some.yaml")

    assert caught.value.message.startswith(f"some.yaml:{line}: ")
    assert problem in caught.value.message
    assert ("some.yaml", line) == (caught.value.context["file"], caught.value.context["line"])


@pytest.mark.parametrize(("text", "column"), [("\x07", 1), ("a: 1\nb: 2\nc: \x07\n", 4)])
def test_a_character_that_is_not_allowed_is_named_by_its_column(text, column):
    with pytest.raises(InvalidDataError) as caught:
        load_yaml(text)

    assert caught.value.context["column"] == column


def test_a_tab_gets_a_hint():
    with pytest.raises(InvalidDataError) as caught:
        load_yaml("a:\n\tb: 1\n")

    assert caught.value.hint == "indent with spaces, not tabs"


def test_a_quoted_merge_key_is_a_key():
    assert load_yaml("'<<': 1") == {"<<": 1}


def test_an_alias_stands_for_an_equal_value_of_its_own():
    loaded = load_yaml("a: &x [1]\nb: *x\n")

    loaded["a"].append(2)

    assert loaded["b"] == [1]


def test_aliases_that_multiply_are_refused():
    names = "abcdefghij"
    rows = ["a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    rows += [f"{new}: &{new} [{', '.join([f'*{old}'] * 10)}]" for old, new in pairwise(names)]

    with pytest.raises(InvalidDataError, match="aliases repeat more than 10,000 entries"):
        load_yaml("\n".join(rows))


def test_aliases_that_nest_are_refused():
    rows = [f"a0: &a0 {'[' * 60}{']' * 60}"]
    rows += [f"a{n}: &a{n} {'[' * 60}*a{n - 1}{']' * 60}" for n in range(1, 12)]

    with pytest.raises(InvalidDataError, match="aliases nest deeper than 100 levels") as caught:
        load_yaml("\n".join(rows))

    assert 1 == caught.value.context["line"]


@pytest.mark.parametrize("piece", ["[", "- ", "{", "? ", "a: [", "!", "&a ", "'\n"])
def test_text_of_any_depth_ends_in_an_error_of_ours(piece):
    with pytest.raises(InvalidDataError):
        load_yaml(piece * 20_000)


def test_a_key_may_be_an_alias():
    assert load_yaml("a: &x k\n*x : 1\n") == {"a": "k", "k": 1}


def test_a_unicode_reader_error_of_bytes_is_named():
    with pytest.raises(InvalidDataError, match="'\\\\x00' is not allowed"):
        load_yaml("a\x00b")


@pytest.mark.parametrize("char", ["\x85", "\u2028", "\u2029", "\ufeff", "\x7f", "\r"])
def test_characters_that_look_like_line_breaks_are_kept(char):
    assert {"a": f"x{char}y", f"{char}k": 1} == load_yaml(dump_yaml({"a": f"x{char}y", f"{char}k": 1}))
