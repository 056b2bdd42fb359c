import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundwork.concurrency._isolation import predict_isolated
from groundwork.errors import PredictionError


@settings(deadline=None, max_examples=50)
@given(st.lists(st.booleans(), min_size=1, max_size=70))
def test_every_bad_item_fails_and_no_other(bad):
    def predict(items):
        if any(bad[item] for item in items):
            raise ValueError(items)
        return [item + 1000 for item in items]

    answers = predict_isolated(predict, list(range(len(bad))))

    for item, is_bad in enumerate(bad):
        assert answers[item].args == ([item],) if is_bad else answers[item] == item + 1000


def test_one_bad_item_costs_two_calls_a_halving():
    calls = []

    def predict(items):
        calls.append(len(items))
        if 17 in items:
            raise ValueError
        return items

    predict_isolated(predict, list(range(64)))

    assert len(calls) == 1 + 2 * 6


def test_a_wrong_number_of_results_fails_every_item_of_that_call():
    answers = predict_isolated(lambda items: items[:-1], [1, 2, 3])

    assert [PredictionError] * 3 == [type(answer) for answer in answers]
    assert "2 results for 3 items" in str(answers[0])


@pytest.mark.parametrize(
    "results", [{1, 2}, frozenset((1, 2)), {"a": 1, "b": 2}, "ab", b"ab", bytearray(b"ab"), None], ids=repr
)
def test_what_is_no_sequence_of_results_fails_every_item_even_if_the_number_is_right(results):
    answers = predict_isolated(lambda items: results, [1, 2])

    assert [PredictionError] * 2 == [type(answer) for answer in answers]
    assert f"a {type(results).__name__} for 2 items" in str(answers[0])
