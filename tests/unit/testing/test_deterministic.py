import os
import random
import types

import numpy as np
import polars as pl
import pytest

from groundwork.errors import UsageError
from groundwork.testing import _deterministic, assert_deterministic
from groundwork.testing._deterministic import differences


def by_hash(count):
    print("what it prints is no answer")
    return {"fixed": list(range(count)), "names": list({f"name-{number}" for number in range(count)})}


def fails():
    raise ValueError("no such thing")


def ends():
    os._exit(3)


def never_ends():
    while True:
        pass


def test_the_order_of_a_set_is_found_and_named():
    with pytest.raises(
        AssertionError, match=r"by_hash is not deterministic: result\['names'\]\[\d+\]: 'name-\d+' and then"
    ):
        assert_deterministic(by_hash, 50)


def test_what_follows_from_its_arguments_is_returned():
    assert {"fixed": [0], "names": ["name-0"]} == assert_deterministic(by_hash, count=1)


@pytest.mark.parametrize(
    ("function", "said"),
    [(fails, "raised ValueError: no such thing"), (ends, "ended its own process")],
)
def test_a_function_that_gives_nothing_fails(function, said):
    with pytest.raises(AssertionError, match=f"under hash seed 1 it {said}"):
        assert_deterministic(function)


def test_one_that_never_ends_is_given_up():
    with pytest.raises(AssertionError, match=r"did not end within 0\.2 s"):
        assert_deterministic(never_ends, limit_s=0.2)


def test_what_cannot_go_to_another_process_is_refused():
    def inner():
        return 1

    for function in (inner, lambda: 1, len):
        with pytest.raises(UsageError, match="no module-level function"):
            assert_deterministic(function)
    with pytest.raises(UsageError, match="an argument of by_hash"):
        assert_deterministic(by_hash, lambda: 1)


class Plain:
    def __init__(self, value):
        self.value = value


@pytest.mark.parametrize(
    ("one", "two", "said"),
    [
        (1, 1.0, "r: a int and then a float"),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, "the keys of r[0]: 'a' and then 'b'"),
        ([1], [1, 2], "r: 1 items and then 2"),
        ({1, 2}, {2, 3}, "r: 1, 3 in one of them only"),
        ((0, {"a": [1, 2]}), (0, {"a": [1, 3]}), "r[1]['a'][1]: 2 and then 3"),
        (Plain(1), Plain(2), "the attributes of r['value']: 1 and then 2"),
        (np.array([1.0]), np.array([2.0]), "r: 1 of 1 values differ"),
        (pl.DataFrame({"a": [1]}), pl.DataFrame({"a": [2]}), "r: a: 1 of 1 values differ"),
    ],
)
def test_the_first_difference_has_a_place(one, two, said):
    assert next(differences("r", one, two)).startswith(said)


def test_equal_values_have_no_differences():
    values = [1, float("nan"), {"b": {1, 2}}, Plain([1]), np.array([np.nan]), pl.Series([1]), None, len]
    others = [1, float("nan"), {"b": {2, 1}}, Plain([1]), np.array([np.nan]), pl.Series([1]), None, len]

    assert [] == list(differences("r", values, others))


def test_a_function_is_found_by_its_file_where_its_module_has_no_name():
    found = _deterministic._find("no.such.module", __file__, "Plain.__init__")

    assert (types.FunctionType, "Plain.__init__") == (type(found), found.__qualname__)
    assert _deterministic._find("random", random.__file__, "Random") is random.Random
