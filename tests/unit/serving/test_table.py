"""Rows of a table against the schema of the training rows, on the quick way and on the thorough one."""

import json

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

from groundwork.errors import InvalidDataError
from groundwork.modeling import TableSpec, TabularModel
from groundwork.serving._adapters import load
from groundwork.serving._block import Tensor
from groundwork.serving._outputs import outputs_of

COLUMNS = {
    "hour": {"dtype": "Int64", "nullable": False, "min": 0, "max": 23},
    "load": {"dtype": "Float64", "min": 0.0},
    "small": {"dtype": "Int8"},
    "large": {"dtype": "UInt64"},
    "day": {"dtype": "Date", "min": "2013-01-01", "allowed": ["2013-01-31", "2014-01-01", "2012-01-01"]},
    "at": {"dtype": "Datetime[UTC]", "max": "2020-01-01T00:00:00"},
    "local": {"dtype": "Datetime", "min": "2000-01-01T00:00:00Z"},
    "full": {"dtype": "Boolean"},
    "site": {"dtype": "String", "allowed": ["a", "b"]},
    "code": {"dtype": "String", "regex": "[A-Z]{2}\\d"},
}


def table(columns=COLUMNS, **more):
    frame = pl.DataFrame({"hour": [0, 6, 12, 18], "unknown": [False, True, False, True]})
    named = [name for name in columns if name != "hour"]
    spec = TableSpec.model_validate(
        {
            "name": "late",
            "version": "r1",
            "columns": columns,
            "derive": {"unknown": " & ".join(f"pl.col('{name}').is_null()" for name in named)},
            "features": {"hour": "numeric", "unknown": "boolean"},
            "target": "late",
            **more,
        }
    )
    return TabularModel(LogisticRegression().fit(frame, [0, 0, 1, 1]), spec)


@pytest.fixture(scope="module")
def adapter():
    return load("late", table())


def body_of(*instances):
    return json.dumps({"instances": instances}).encode()


def mistakes(call):
    with pytest.raises(InvalidDataError) as raised:
        call()
    return [(each["row"], each["column"], each["message"]) for each in raised.value.context["mistakes"]]


WHOLE = {
    "hour": 7,
    "load": 0.5,
    "small": -128,
    "large": 2**64 - 1,
    "day": "2013-01-31",
    "at": "2013-01-31T06:00:00+02:00",
    "local": "2013-01-31T06:00:00",
    "full": True,
    "site": "b",
    "code": "AB1",
}


def test_a_row_is_read_in_the_order_of_the_columns(adapter):
    block = adapter.decode(body_of(WHOLE, {"hour": 8, "other": [1]}), max_instances=5)

    assert block == adapter.parse([WHOLE, {"hour": 8}])
    assert [list(adapter.predict([block])[0][0]), block.rows] == [["prediction", "probability"], 2]


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("hour", 24, "is 24 (int); it must be 23 or less"),
        ("hour", -1, "is -1 (int); it must be 0 or more"),
        ("load", -0.5, "is -0.5 (float); it must be 0.0 or more"),
        ("small", 128, "is 128 (int); it must be an integer"),
        ("day", "2012-01-01", "is '2012-01-01' (str); it must be 2013-01-01 or more"),
        ("day", "2013-02-01", "is '2013-02-01' (str); it must be one of 2013-01-31, 2014-01-01, 2012-01-01"),
        ("day", "soon", "is 'soon' (str); it must be a date as 2013-01-31"),
        ("at", "2021-01-01T00:00:00Z", "is '2021-01-01T00:00:00Z' (str); it must be 2020-01-01T00:00:00 or less"),
        ("local", "1999-01-01T00:00:00", "is '1999-01-01T00:00:00' (str); it must be 2000-01-01T00:00:00Z or more"),
        ("site", "c", "is 'c' (str); it must be one of a, b"),
        ("code", "AB1x", "is 'AB1x' (str); it must be text that matches [A-Z]{2}\\d"),
    ],
)
def test_a_value_that_the_training_rows_could_not_have_is_named(adapter, column, value, message):
    body = body_of(WHOLE, {**WHOLE, column: value})

    assert mistakes(lambda: adapter.decode(body, max_instances=5)) == [(1, column, message)]


def test_every_mistake_of_every_row_is_named(adapter):
    found = mistakes(lambda: adapter.decode(body_of({"load": "x"}, 3, {"hour": 99, "site": "z"}), max_instances=5))

    assert [(row, column) for row, column, _ in found] == [
        (0, "hour"),
        (0, "load"),
        (1, None),
        (2, "hour"),
        (2, "site"),
    ]


def test_a_whole_number_written_as_a_fraction_is_read_after_all(adapter):
    block = adapter.decode(b'{"instances":[{"hour":5.0}]}', max_instances=1)

    assert block.data[0][0] == 5


def test_none_or_too_many_are_refused(adapter):
    assert mistakes(lambda: adapter.decode(body_of(), max_instances=1)) == [
        (None, None, "is empty; send at least one instance")
    ]
    assert mistakes(lambda: adapter.decode(body_of(WHOLE, WHOLE), max_instances=1)) == [
        (None, None, "has 2; send at most 1 at a time")
    ]


values = (
    st.none()
    | st.booleans()
    | st.integers(-200, 200)
    | st.just(10**400)
    | st.just(2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["a", "b", "AB1", "AB1\n", "2013-01-31", "20130131", "2014-01-01T00:00:00Z", "2013-01-31 06:00"])
)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.fixed_dictionaries({}, optional=dict.fromkeys(COLUMNS, values)), min_size=1, max_size=3))
def test_the_quick_way_and_the_thorough_one_agree(instances):
    adapter = ADAPTER
    try:
        expected = adapter.parse(json.loads(json.dumps(instances)))
    except InvalidDataError as error:
        expected = error.context["mistakes"]
    try:
        found = adapter.decode(body_of(*instances), max_instances=5)
    except InvalidDataError as error:
        found = error.context["mistakes"]

    assert found == expected


ADAPTER = load("late", table())


def test_the_example_keeps_the_rules_where_no_row_is_known(adapter):
    known = adapter.input_schema()["example"]

    assert [known[name] for name in ("hour", "site", "small")] == [0, "a", 1]


def test_the_schema_tells_the_rules(adapter):
    told = adapter.input_schema()["properties"]

    assert told["hour"] == {"type": "integer", "minimum": 0, "maximum": 23}
    assert told["site"] == {"type": ["string", "null"], "enum": ["a", "b", None]}
    assert told["code"]["pattern"] == "^(?:[A-Z]{2}\\d)$"
    assert told["at"]["description"] == "not after 2020-01-01T00:00:00"


def test_columns_come_as_tensors_too(adapter):
    hour = Tensor("INT64", (2,), [7, 8])
    site = Tensor("BYTES", (2, 1), [b"a", "b"])

    block = adapter.tensors({"hour": hour, "site": site})

    assert block == adapter.parse([{"hour": 7, "site": "a"}, {"hour": 8, "site": "b"}])


def test_inputs_and_outputs_are_described(adapter):
    inputs = {spec.name: spec.datatype for spec in adapter.inputs}

    assert inputs == {
        "hour": "INT64",
        "load": "FP64",
        "small": "INT8",
        "large": "UINT64",
        "day": "BYTES",
        "at": "BYTES",
        "local": "BYTES",
        "full": "BOOL",
        "site": "BYTES",
        "code": "BYTES",
    }
    assert [(spec.name, spec.datatype) for spec in adapter.outputs] == [
        ("prediction", "INT64"),
        ("probability", "FP64"),
    ]


def test_answers_are_taken_apart_into_outputs(adapter):
    (answer,) = adapter.predict([adapter.parse([WHOLE])])

    outputs = outputs_of(answer)

    assert {name: list(tensor.data) for name, tensor in outputs.items()} == {
        name: [answer[0][name]] for name in ("prediction", "probability")
    }


def test_a_table_without_rules_reads_nothing_twice():
    plain = load("late", table({"hour": {"dtype": "Int64", "nullable": False}, "n": {"dtype": "Float32"}}))

    assert plain.decode(b'{"instances":[{"hour":5,"n":1}]}', max_instances=1).data == [[5, 1.0]]
    assert [spec.datatype for spec in plain.inputs] == ["INT64", "FP32"]
