"""Many blocks in one call, and what becomes of them when a row fails."""

import json

import msgspec
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LinearRegression

from groundwork.errors import InvalidDataError, PredictionError
from groundwork.serving._adapters import load
from groundwork.serving._block import Block, Tensor, join_answers, predictions
from groundwork.serving._object import ObjectAdapter


class Model:
    """Doubles numbers; fails on 666, refuses negative ones; counts its calls."""

    def __init__(self, give=list):
        self.calls = []
        self.give = give

    def predict(self, batch):
        self.calls.append(list(batch))
        if 666 in batch:
            raise ZeroDivisionError("secret")
        if min(batch) < 0:
            raise InvalidDataError("is negative", context={"column": "x"})
        return self.give([row * 2 for row in batch])


def blocks_of(*rows):
    return [Block(len(each), list(each)) for each in rows]


def test_all_blocks_go_in_one_call():
    model = Model()

    answers = ObjectAdapter(model).predict(blocks_of([1], [2, 3], [4]))

    assert answers == [[2], [4, 6], [8]]
    assert model.calls == [[1, 2, 3, 4]]


def test_a_row_that_fails_fails_its_block_alone_and_is_named():
    first, second, third = ObjectAdapter(Model()).predict(blocks_of([1, 2], [3, 666, 4], [5]))

    assert (first, third) == ([2, 4], [10])
    assert isinstance(second, PredictionError)
    assert second.message == "the model failed on instances[1]; the server's log says why"
    assert isinstance(second.__cause__, ZeroDivisionError)


def test_rows_that_the_model_refuses_are_all_named():
    (answer,) = ObjectAdapter(Model()).predict(blocks_of([-1, 2, -3]))

    assert isinstance(answer, InvalidDataError)
    assert [(each["row"], each["column"]) for each in answer.context["mistakes"]] == [(0, "x"), (2, "x")]


@settings(deadline=None, max_examples=50)
@given(st.lists(st.lists(st.sampled_from([1, 2, 3, 666, -1]), min_size=1, max_size=5), min_size=1, max_size=8))
def test_every_block_gets_its_own_answers(rows):
    answers = ObjectAdapter(Model()).predict(blocks_of(*rows))

    for given_rows, answer in zip(rows, answers, strict=True):
        if -1 in given_rows:
            assert isinstance(answer, InvalidDataError)
        elif 666 in given_rows:
            assert isinstance(answer, PredictionError)
        else:
            assert answer == [row * 2 for row in given_rows]


@pytest.mark.parametrize(
    "give",
    [
        lambda rows: np.array([[row, row] for row in rows]),
        lambda rows: {"a": np.array(rows), "b": np.array([[row, 0.5] for row in rows])},
        lambda rows: [{"a": row} for row in rows],
    ],
)
def test_what_isolation_puts_together_again_is_as_it_was(give):
    class Gives(ObjectAdapter):
        def _run(self, data):
            return self._model.predict(data)

    whole = Gives(Model(give)).predict(blocks_of([1, 2], [3]))

    first, second, _ = Gives(Model(give)).predict(blocks_of([1, 2], [3], [666]))

    assert [predictions(each) for each in (first, second)] == [predictions(each) for each in whole]
    assert [type(first), type(second)] == [type(each) for each in whole]


def test_a_wrong_number_of_results_fails_the_batch_that_has_it():
    answers = ObjectAdapter(Model(lambda rows: rows[1:])).predict(blocks_of([1], [2]))

    assert [type(answer) for answer in answers] == [PredictionError] * 2
    assert "returned 1 results for 2 rows" in answers[0].message


def test_a_wrong_number_of_results_after_a_failure_fails_its_half():
    answers = ObjectAdapter(Model(lambda rows: [*rows, 0])).predict(blocks_of([1], [666]))

    assert [type(answer) for answer in answers] == [PredictionError] * 2


def test_an_exit_is_not_caught():
    class Leaves:
        def predict(self, batch):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ObjectAdapter(Leaves()).predict(blocks_of([1]))


def test_a_large_block_is_cut_into_pieces_that_keep_their_order():
    adapter = ObjectAdapter(Model())

    pieces = adapter.split(Block(5, [1, 2, 3, 4, 5]), 2)

    assert [tuple(piece) for piece in pieces] == [(2, [1, 2]), (2, [3, 4]), (1, [5])]
    assert join_answers(adapter.predict(pieces)) == [2, 4, 6, 8, 10]


def test_answers_of_pieces_are_joined_by_kind():
    array, named = np.ones((2, 1)), {"a": np.ones(2)}

    assert join_answers([[1], [2]]) == [1, 2]
    assert join_answers([array]) is array
    assert join_answers([array, array]).shape == (4, 1)
    assert join_answers([named, named])["a"].shape == (4,)


def test_a_function_of_a_batch_is_served(ask):
    answer = ask({"m": lambda batch: [row + 1 for row in batch]}, lambda client: client.predict([1, 2]))

    assert answer.json["predictions"] == [2, 3]


def test_polars_and_numpy_results_are_taken(ask):
    answers = [
        ask({"m": lambda batch, give=give: give(batch)}, lambda client: client.predict([1, 2])).json["predictions"]
        for give in (pl.Series, np.array, iter, lambda batch: np.array([[row] for row in batch]))
    ]

    assert answers == [[1, 2], [1, 2], [1, 2], [[1], [2]]]


# Lists of numbers


@pytest.fixture(scope="module")
def line():
    features = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    return load("m", LinearRegression().fit(features, features @ [1.0, 2.0]))


numbers = st.none() | st.booleans() | st.integers(-5, 5) | st.just(10**400) | st.just("x") | st.floats(-1e9, 1e9)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.lists(numbers, max_size=3) | st.none(), min_size=1, max_size=3))
def test_the_quick_way_and_the_thorough_one_agree(instances):
    adapter = load("m", LinearRegression().fit([[0.0, 0.0], [1.0, 1.0]], [0.0, 1.0]))
    results = []
    for read in (
        lambda: adapter.parse(instances),
        lambda: adapter.decode(json.dumps({"instances": instances}).encode(), max_instances=5),
    ):
        try:
            block = read()
            results.append((block.rows, bytes(block.data)))
        except InvalidDataError as error:
            results.append(error.context["mistakes"])

    assert results[0] == results[1]


def test_bounds_hold_on_the_quick_way_too(line):
    for body, message in ((b'{"instances":[]}', "is empty"), (b'{"instances":[[1,2],[3,4]]}', "send at most 1")):
        with pytest.raises(InvalidDataError, match=message):
            line.decode(body, max_instances=1)
    for body, kind in ((b'{"instances":[[1,2]]', msgspec.DecodeError), (b'{"rows":[]}', msgspec.ValidationError)):
        with pytest.raises(kind):
            line.decode(body, max_instances=1)


def test_a_matrix_comes_as_a_tensor(line):
    (answer,) = line.predict([line.tensors({"x": Tensor("INT32", (2, 2), [[1, 1], [0, 1]])})])

    assert [round(value, 6) for value in answer] == [3.0, 2.0]
    assert [(spec.datatype, spec.shape) for spec in (*line.inputs, *line.outputs)] == [
        ("FP64", (-1, 2)),
        ("FP64", (-1,)),
    ]


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({}, r"one input of shape \[rows, 2\], not none"),
        ({"x": Tensor("BYTES", (1, 2), ["a", "b"])}, "datatype BYTES; the model takes numbers"),
        ({"x": Tensor("FP64", (2,), [1.0, 2.0])}, r"has the shape \[2\]"),
        ({"x": Tensor("FP64", (0, 2), [])}, r"has the shape \[0, 2\]"),
    ],
)
def test_a_tensor_that_is_no_such_matrix_is_refused(line, inputs, message):
    with pytest.raises(InvalidDataError, match=message):
        line.tensors(inputs)


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({}, "no inputs"),
        ({"a": Tensor("FP64", (1, 2), [[1, 2]]), "b": Tensor("FP64", (1,), [1])}, "a column has"),
        ({"a": Tensor("FP64", (2,), [1, 2]), "b": Tensor("FP64", (1,), [1])}, "same number of rows"),
        ({"a": Tensor("BYTES", (1,), [b"\xff"])}, "no UTF-8"),
    ],
)
def test_tensors_that_are_no_table_are_refused(inputs, message):
    with pytest.raises(InvalidDataError, match=message):
        ObjectAdapter(Model()).tensors(inputs)


def test_an_object_gets_columns_as_objects_and_a_matrix_as_lists():
    adapter = load("m", lambda batch: batch)

    assert adapter.tensors({"a": Tensor("BYTES", (1,), [b"x"]), "b": Tensor("INT64", (1, 1), [[2]])}).data == [
        {"a": "x", "b": 2}
    ]
    assert adapter.tensors({"a": Tensor("FP64", (1, 2), [[1.0, 2.0]])}).data == [[1.0, 2.0]]


def test_named_columns_come_as_tensors(line):
    frame = pl.DataFrame({"a": [0.0, 1.0], "b": [0.0, 1.0]})
    adapter = load("m", LinearRegression().fit(frame, [0.0, 2.0]))

    (answer,) = adapter.predict([adapter.tensors({"b": Tensor("FP64", (1,), [1]), "a": Tensor("FP64", (1,), [1])})])

    assert [round(value, 6) for value in answer] == [2.0]
    assert [spec.name for spec in adapter.inputs] == ["a", "b"]


def test_a_large_value_is_shown_short(line):
    with pytest.raises(InvalidDataError) as raised:
        line.parse([{"a": 10**5000}, "x" * 10**6])

    assert all(len(each["message"]) < 100 for each in raised.value.context["mistakes"])
