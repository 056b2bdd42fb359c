import asyncio
import functools
import inspect
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
import polars as pl
import pydantic
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundwork.errors import ConfigurationError, InvalidDataError
from groundwork.modeling import validated


class Settings(pydantic.BaseModel):
    rate: float


@dataclass
class Point:
    x: int


@validated
def load(
    rows: int,
    rate: Annotated[float, pydantic.Field(gt=0)] = 0.5,
    *names: str,
    how: Literal["a", "b"] = "a",
    **more: int,
):
    """Load."""
    return rows, rate, names, how, more


def test_arguments_are_converted_as_their_annotations_say():
    assert (3, 0.5, (), "a", {}) == load("3")
    assert (3, 2.0, ("x", "y"), "b", {"z": 4}) == load(3.0, "2", "x", "y", how="b", z="4")


def test_all_mistakes_are_told_with_parameter_value_and_expectation():
    with pytest.raises(InvalidDataError) as caught:
        load("many", -1, "x", 5, how="c", z="no")

    error = caught.value
    assert f"{__name__}.load: rows is 'many'; input should be a valid integer" in str(error)
    assert "(4 more mistakes)" in str(error)
    assert [
        ("rows", "'many'"),
        ("rate", "-1"),
        ("names[1]", "5"),
        ("how", "'c'"),
        ("more['z']", "'no'"),
    ] == [(each["parameter"], each["value"]) for each in error.context["mistakes"]]
    assert "greater than 0" in error.context["mistakes"][1]["expected"]
    assert isinstance(error.__cause__, pydantic.ValidationError)


def test_one_mistake_more_is_told_in_the_singular():
    with pytest.raises(InvalidDataError, match=r"\(1 more mistake\)"):
        load("many", -1)


def test_a_secret_is_not_shown():
    @validated
    def connect(password: int):
        return password

    with pytest.raises(InvalidDataError) as caught:
        connect("hunter2")

    assert "hunter2" not in str(caught.value) + str(caught.value.context)


def test_a_wrong_call_stays_a_type_error():
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'rows'"):
        load()


def test_a_default_is_taken_as_it_is():
    marker = object()

    @validated
    def count(rows: int = marker):
        return rows

    assert (marker, marker, 3) == (count(), count(marker), count("3"))
    with pytest.raises(InvalidDataError):
        count(object())


def test_arrays_tables_models_and_dataclasses_may_be_asked_for():
    @validated
    def fit(table: pl.DataFrame, array: np.ndarray, settings: Settings, point: Point, rest: Any, plain=None):
        return table, array, settings, point, rest, plain

    table, array = pl.DataFrame({"a": [1]}), np.zeros(2)

    found = fit(table, array, {"rate": "1.5"}, {"x": "3"}, rest=object, plain=[])

    assert (table is found[0], array is found[1]) == (True, True)
    assert (Settings(rate=1.5), Point(3), object, []) == found[2:]
    with pytest.raises(InvalidDataError, match=r"table is \[1\]; input should be an instance of DataFrame"):
        fit([1], array, {"rate": 1}, {"x": 3}, None)


def test_strict_converts_nothing():
    @validated(strict=True)
    def load(rows: int, point: Settings):
        return rows

    assert 3 == load(3, Settings(rate=1.0))
    with pytest.raises(InvalidDataError) as caught:
        load("3", {"rate": "1"})
    assert ["rows", "point['rate']"] == [each["parameter"] for each in caught.value.context["mistakes"]]


def test_the_result_is_checked_where_asked_for():
    @validated(result=True)
    def mean(values: list[float]) -> float:
        return "no" if len(values) > 1 else "2"

    @validated(result=True)
    async def fetch(rows: int) -> int:
        return "no" if rows else "2"

    @validated(result=True)
    def anything(value: int):
        return "as it is"

    @validated(result=True)
    def of_nothing() -> list[int]:
        return [1, "x"]

    assert (2.0, 2, "as it is") == (mean([1]), asyncio.run(fetch(0)), anything(1))
    with pytest.raises(InvalidDataError, match="mean: the result is 'no'; input should be a valid number"):
        mean([1, 2])
    with pytest.raises(InvalidDataError, match="fetch: the result is 'no'"):
        asyncio.run(fetch(1))
    with pytest.raises(InvalidDataError, match=r"of_nothing: the result\[1\] is 'x'"):
        of_nothing()


def test_the_result_of_a_generator_cannot_be_checked():
    with pytest.raises(ConfigurationError, match="generator"):

        @validated(result=True)
        def items() -> Iterator[int]:
            yield 1


def test_an_error_of_pydantic_inside_the_function_stays_what_it_is():
    @validated
    def load(rows: int):
        return Settings(rate="no")

    with pytest.raises(pydantic.ValidationError):
        load(1)


def test_every_kind_is_checked_and_stays_its_kind():
    @validated
    async def fetch(rows: int):
        return rows

    @validated
    def items(count: int):
        got = yield from range(count)
        return got

    @validated
    async def items_awaited(count: int):
        for each in range(count):
            yield each

    async def run():
        return await fetch("2"), [each async for each in items_awaited("2")]

    assert (2, [0, 1]) == asyncio.run(run())
    assert [0, 1] == list(items("2"))
    kinds = inspect.iscoroutinefunction, inspect.isgeneratorfunction, inspect.isasyncgenfunction
    assert all(test(fn) for test, fn in zip(kinds, (fetch, items, items_awaited), strict=True))
    with pytest.raises(InvalidDataError):
        asyncio.run(fetch("x"))
    with pytest.raises(InvalidDataError):
        next(items("x"))


def test_methods_classmethods_staticmethods_callables_and_partials_are_checked():
    class Source:
        @validated
        def method(self, rows: int):
            return rows

        @validated
        @classmethod
        def above(cls, rows: int):
            return cls, rows

        @staticmethod
        @validated
        def static(rows: int):
            return rows

        def __call__(self, rows: int):
            return rows

    def plain(rows: int, times: int):
        return rows * times

    part = validated(functools.partial(plain, 2))

    assert (1, (Source, 2), 3) == (Source().method("1"), Source.above("2"), Source.static("3"))
    assert (4, 5) == (part("2"), validated(Source())("5"))


def test_name_doc_and_signature_stay():
    assert ("load", "Load.") == (load.__name__, load.__doc__)
    assert ["rows", "rate", "names", "how", "more"] == list(inspect.signature(load).parameters)


def test_a_function_without_annotations_or_signature_is_left_as_it_is():
    assert (3, [1]) == (validated(max)(1, 3), validated(lambda value: value)([1]))


def test_annotations_are_read_at_the_first_call_so_that_they_may_come_later():
    namespace = {"validated": validated, "__name__": __name__}
    exec("@validated\ndef load(point: 'Later'):\n    return point", namespace)
    namespace["Later"] = int

    assert 3 == namespace["load"]("3")


@pytest.mark.parametrize("annotation", ["Missing", "'no type at all'", "3"])
def test_an_annotation_that_means_nothing_is_told_at_the_first_call(annotation):
    namespace = {"validated": validated, "__name__": __name__}
    exec(f"from __future__ import annotations\n@validated\ndef load(value: {annotation}):\n    return value", namespace)

    with pytest.raises(ConfigurationError, match="annotation"):
        namespace["load"](3)


def test_decorating_imports_no_pydantic():
    code = (
        "import sys; from groundwork.modeling import validated; before = set(sys.modules)\n"
        "@validated\ndef load(rows: int): return rows\n"
        "assert not [name for name in set(sys.modules) - before if name.startswith('pydantic')]"
    )

    done = subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": ":".join(sys.path)}, check=False)

    assert 0 == done.returncode


@settings(deadline=None, max_examples=50)
@given(st.one_of(st.integers(), st.floats(), st.text(), st.none(), st.booleans(), st.binary()), st.sampled_from([0, 1]))
def test_it_takes_and_refuses_what_validate_call_does(value, place):
    def plain(number: int, text: str):
        return number, text

    arguments = [1, "a"]
    arguments[place] = value

    assert outcome(pydantic.validate_call(plain), arguments) == outcome(validated(plain), arguments)


def outcome(fn, arguments):
    try:
        return fn(*arguments)
    except (pydantic.ValidationError, InvalidDataError):
        return "refused"
