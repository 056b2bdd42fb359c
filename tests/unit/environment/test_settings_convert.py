import enum
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, Optional
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundwork.environment import Secret
from groundwork.environment._settings_convert import Scalar, UnfitError, convert


class Mode(enum.Enum):
    FAST = "quick"
    SLOW = "thorough"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


@pytest.mark.parametrize("text", ["False", "false", "FALSE", "no", "off", "0", " false "])
def test_text_that_says_no_is_false(text):
    assert convert(text, bool) is False


@pytest.mark.parametrize("text", ["True", "true", "yes", "on", "1"])
def test_text_that_says_yes_is_true(text):
    assert convert(text, bool) is True


@pytest.mark.parametrize(
    ("value", "wanted", "expected"),
    [
        ("8080", int, 8080),
        (" -3 ", int, -3),
        ("1_000", int, 1000),
        ("1e-4", float, 1e-4),
        (3, float, 3.0),
        ("inf", float, float("inf")),
        ("007", str, "007"),
        ("", str, ""),
        ("a/b", Path, Path("a/b")),
        (Path("a"), Path, Path("a")),
        ("x", Secret, Secret("x")),
        (Secret("x"), Secret, Secret("x")),
        ("a, b,c", list[str], ["a", "b", "c"]),
        ("a,", list[str], ["a"]),
        ("", list[str], []),
        ("[1, 2]", list[int], [1, 2]),
        ('["1", 2]', list[int], [1, 2]),
        (["1", "2"], list[int], [1, 2]),
        ("1,2", list, ["1", "2"]),
        ("1,2", Sequence[int], [1, 2]),
        ("1,2,3", tuple[int, ...], (1, 2, 3)),
        ("1,x", tuple[int, str], (1, "x")),
        ("2,1,2", set[int], {1, 2}),
        ("2,1", frozenset[int], frozenset({1, 2})),
        ('{"a": 1}', dict[str, int], {"a": 1}),
        ({"1": "2"}, dict[int, int], {1: 2}),
        ({"a": [Scalar("1"), Scalar("no")]}, dict, {"a": [1, "no"]}),
        ("x,y", list[Secret], [Secret("x"), Secret("y")]),
        ("", Optional[int], None),  # noqa: UP045 - another type than int | None
        (None, int | None, None),
        ("5", int | None, 5),
        ("", str | None, None),
        ("5", int | str, 5),
        ("x", int | str, "x"),
        ("5", str | int, "5"),
        ("fast", Literal["fast", "slow"], "fast"),
        ("2", Literal[1, 2], 2),
        (2, Literal[1, 2], 2),
        ("true", Literal[True, "auto"], True),
        ("", Literal["a", None], None),
        ("quick", Mode, Mode.FAST),
        ("SLOW", Mode, Mode.SLOW),
        (Mode.SLOW, Mode, Mode.SLOW),
        ("2", Level, Level.HIGH),
        (1, Level, Level.LOW),
        ("5", Annotated[int, "unit"], 5),
        ("text", Any, "text"),
        (Scalar("1.5"), Any, 1.5),
        ("2026-01-31", date, date(2026, 1, 31)),
        (date(2026, 1, 31), date, date(2026, 1, 31)),
        ("12345678123456781234567812345678", UUID, UUID(int=0x12345678123456781234567812345678)),
    ],
)
def test_a_value_is_read_as_its_type_says(value, wanted, expected):
    actual = convert(value, wanted)

    assert (expected, type(expected)) == (actual, type(actual))


@pytest.mark.parametrize(
    ("value", "wanted", "problem"),
    [
        ("maybe", bool, "is not true or false"),
        (1, bool, "is a number, not true or false"),
        ("", int, "is empty, not a whole number such as 8080"),
        ("8.0", int, "is not a whole number such as 8080"),
        (8.0, int, "is a number, not a whole number such as 8080"),
        (True, int, "is true or false, not a whole number such as 8080"),
        (None, int, "is null, not a whole number such as 8080"),
        ("nan", float, "is not a number such as 0.5 or 1e-4"),
        (5, str, "is a number, not text"),
        (["x"], str, "is a list, not text"),
        ({}, str, "is a mapping, not text"),
        (date(2026, 1, 31), str, "is a date, not text"),
        ("", Path, "is empty, not a path"),
        (5, Secret, "is a number, not text"),
        (5, list[int], "is a number, not a list"),
        ("[1", list[int], "is not valid JSON"),
        ("1,2", tuple[int], "has 2 items, not 1"),
        ("[1]", dict[str, int], "is a list, not a mapping"),
        ("x", dict[str, int], "is not valid JSON"),
        ("x", int | None, "is not a whole number such as 8080"),
        ("x", int | float, "is none of int or float"),
        ("slwo", Literal["fast", "slow"], "is none of fast, slow; did you mean 'slow'?"),
        ("1", Literal["a", True], "is none of a, true"),
        (True, Literal[1], "is none of 1"),
        ("medium", Level, "is none of 1, 2"),
        ("x", complex, "is refused: "),
        ("x", object(), "which cannot be read from text"),
        ("x", type("Odd", (), {}), "which cannot be read from text"),
    ],
)
def test_what_does_not_fit_says_why_without_the_value(value, wanted, problem):
    with pytest.raises(UnfitError) as caught:
        convert(value, wanted)

    assert problem in caught.value.problem
    assert value is caught.value.value or value == caught.value.value


def test_the_part_that_does_not_fit_is_named():
    with pytest.raises(UnfitError) as caught:
        convert('{"a": [1, 2], "b": [3, "x"]}', dict[str, list[int]])

    assert ("b, item 2", "x") == (caught.value.within, caught.value.value)


def test_pydantic_names_the_part_too():
    with pytest.raises(UnfitError) as caught:
        convert('[1, "x"]', list[complex])

    assert ("item 2", True) == (caught.value.within, caught.value.quotes)


def test_without_pydantic_a_foreign_type_says_what_it_takes(monkeypatch):
    monkeypatch.setitem(sys.modules, "pydantic", None)

    with pytest.raises(UnfitError, match="takes pydantic to read"):
        convert("2026-01-31", date)


SAMPLES = st.one_of(
    st.tuples(st.just(int), st.integers()),
    st.tuples(st.just(float), st.floats(allow_nan=False)),
    st.tuples(st.just(bool), st.booleans()),
    st.tuples(st.just(str), st.text()),
    st.tuples(st.just(Mode), st.sampled_from(Mode)),
)


@settings(deadline=None, max_examples=50)
@given(SAMPLES)
def test_a_value_survives_being_written_as_text(sample):
    wanted, value = sample

    text = str(value.value if wanted is Mode else value)

    assert value == convert(text, wanted)
    assert value == convert(value, wanted)
