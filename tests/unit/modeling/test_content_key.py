import dataclasses
import datetime
import decimal
import enum
import fractions
import itertools
import pathlib
import uuid
from collections import OrderedDict, namedtuple

import numpy as np
import polars as pl
import pydantic
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundwork.errors import UsageError
from groundwork.modeling import content_key

Pair = namedtuple("Pair", "a b")


class Colour(enum.IntEnum):
    RED = 1


class Size(enum.Enum):
    SMALL = 1


@dataclasses.dataclass
class Point:
    x: float
    y: object = None


@dataclasses.dataclass
class Other:
    x: float
    y: object = None


class Model(pydantic.BaseModel):
    x: float


class Source:
    def __init__(self, path):
        self.path = path

    def __content_key__(self):
        return self.path


def module_function():
    return 1


DIFFERENT = [
    None,
    ...,
    0,
    1,
    -1,
    1 << 80,
    True,
    False,
    1.0,
    0.0,
    -0.0,
    float("nan"),
    float("inf"),
    1 + 0j,
    "1",
    "",
    b"1",
    bytearray(b"1"),
    "None",
    (),
    [],
    {},
    set(),
    frozenset(),
    (1,),
    (True,),
    (1.0,),
    [1],
    [[1]],
    [1, [2]],
    [[1], 2],
    ["ab", "c"],
    ["a", "bc"],
    {"a": 1},
    {"a": True},
    {1: "a"},
    {"a": 1, "b": 2},
    OrderedDict(a=1),
    {1},
    {True, 2},
    range(3),
    slice(3),
    Colour.RED,
    Size.SMALL,
    Pair(1, 2),
    (1, 2),
    Point(1.0),
    Point(1),
    Point(1.0, [1]),
    Other(1.0),
    Model(x=1),
    Model(x=2),
    Source("a"),
    Source("b"),
    pathlib.PurePosixPath("a"),
    datetime.date(2024, 1, 1),
    datetime.datetime(2024, 1, 1),
    datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC),
    datetime.time(1),
    datetime.timedelta(1),
    decimal.Decimal("1"),
    decimal.Decimal("1.0"),
    fractions.Fraction(1, 2),
    uuid.UUID(int=1),
    int,
    module_function,
    len,
    np.int64(1),
    np.int32(1),
    np.float64(1),
    np.dtype("int64"),
    np.arange(3),
    np.arange(3.0),
    np.arange(3, dtype=np.int32),
    np.arange(3).reshape(1, 3),
    np.arange(3).reshape(3, 1),
    np.zeros(0),
    np.zeros((0, 2)),
    np.zeros(1),
    -np.zeros(1),
    np.array([np.nan]),
    np.array(["a", "b"]),
    np.array(["a", 1, None], dtype=object),
    np.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f8")]),
    np.array(["2024"], dtype="datetime64[Y]"),
    np.ma.masked_array([1, 2], mask=[True, False]),
    np.ma.masked_array([1, 2], mask=[False, False]),
    pl.DataFrame(),
    pl.DataFrame({"a": []}, schema={"a": pl.Int64}),
    pl.DataFrame({"a": [1]}),
    pl.DataFrame({"b": [1]}),
    pl.DataFrame({"a": [1.0]}),
    pl.DataFrame({"a": [1, None]}),
    pl.DataFrame({"a": [None, 1]}),
    pl.DataFrame({"a": ["x", "yz"]}),
    pl.DataFrame({"a": ["xy", "z"]}),
    pl.DataFrame({"a": [[1], [2, 3]]}),
    pl.DataFrame({"a": [{"b": 1}]}),
    pl.DataFrame({"a": [True]}),
    pl.DataFrame({"a": [datetime.date(2024, 1, 1)]}),
    pl.DataFrame({"a": [1]}, schema={"a": pl.Int128}),
    pl.Series("a", [1]),
    pl.Int64(),
    pl.Schema({"a": pl.Int64}),
]


def test_no_two_of_many_values_have_one_key():
    keys = {}

    for place, value in enumerate(DIFFERENT):
        keys.setdefault(content_key(value), []).append(place)

    assert [] == [[DIFFERENT[place] for place in places] for places in keys.values() if len(places) > 1]


@pytest.mark.parametrize("place", [0, 70_000, -1])
@pytest.mark.parametrize("made", [lambda each: each, lambda each: pl.DataFrame({"a": each}), np.ndarray.tolist])
def test_one_number_of_many_makes_another_key_wherever_it_stands(made, place):
    one = np.arange(140_000)
    other = one.copy()
    other[place] = 5

    assert content_key(made(one)) != content_key(made(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (np.arange(6).reshape(2, 3), np.asfortranarray(np.arange(6).reshape(2, 3))),
        (np.arange(10)[::2], np.array([0, 2, 4, 6, 8])),
        (np.array([1, "a"], dtype=object), np.array([1, "a"], dtype=object)),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        ({1, 2, 3}, {3, 2, 1}),
        (float("nan"), float("nan")),
        (Point(1.0, np.arange(3)), Point(1.0, np.arange(3))),
        (
            pl.concat([pl.DataFrame({"a": [1]}), pl.DataFrame({"a": [None]}, schema={"a": pl.Int64})], rechunk=False),
            pl.DataFrame({"a": [1, None]}),
        ),
        (pl.DataFrame({"a": ["q", "x", "y"]})[1:], pl.DataFrame({"a": ["x", "y"]})),
        (pl.Series("a", [1.0, None]).fill_null(2.0), pl.Series("a", [1.0, 2.0])),
    ],
)
def test_equal_content_has_one_key_however_it_lies_in_memory(one, other):
    assert content_key(one) == content_key(other)


def test_bytes_between_the_fields_of_a_record_do_not_count():
    kind = np.dtype({"names": ["a", "b"], "formats": ["i1", "i8"], "offsets": [0, 8], "itemsize": 16})
    clean, dirty = np.zeros(2, kind), np.frombuffer(b"\xff" * 32, kind).copy()
    dirty["a"], dirty["b"] = 0, 0

    assert content_key(clean) == content_key(dirty)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (object(), "object"),
        (lambda: 1, "lambda"),
        (pl.LazyFrame({"a": [1]}), "collect"),
        (np.random.default_rng(1), "seed"),
        ((each for each in [1]), "list of its items"),
        ([object()], "object"),
        (np.array([(object(),)], dtype=[("a", "O")]), "structured"),
    ],
)
def test_what_has_no_readable_content_is_refused_with_advice(value, words):
    with pytest.raises(UsageError) as caught:
        content_key(value)

    assert words in f"{caught.value} {caught.value.hint}"


def test_a_value_that_holds_itself_is_refused():
    circle = []
    circle.append(circle)

    with pytest.raises(UsageError, match="holds itself"):
        content_key(circle)


def test_a_subclass_with_attributes_is_refused_since_they_might_count():
    class Tagged(list):
        pass

    tagged = Tagged([1])
    tagged.tag = 1

    with pytest.raises(UsageError, match="Tagged"):
        content_key(tagged)


def test_a_key_is_the_same_in_every_process_and_version():
    # Text hashes otherwise in each process, so a set has another order in each.
    value = [{"b", "a"}, {"x": 1.5}, datetime.date(2024, 1, 1), None]

    assert "6cbbc822585b145a3c9cdecb844651d68adf5520" == content_key(value).hex()


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


def exactly(one, other):
    if type(one) is not type(other):
        return False
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(itertools.starmap(exactly, zip(one, other, strict=True)))
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(exactly(one[name], other[name]) for name in one)
    return repr(one) == repr(other)


@settings(deadline=None, max_examples=50)
@given(plain, plain)
def test_keys_are_equal_just_where_content_is(one, other):
    assert exactly(one, other) == (content_key(one) == content_key(other))
    assert content_key(one) == content_key(one)
