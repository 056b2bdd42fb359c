import pytest

from groundwork.errors import UsageError
from groundwork.testing import FakeModel


def test_without_orders_it_gives_back_what_it_gets_and_remembers_it():
    model = FakeModel()

    assert [[1, 2], [3]] == [model.predict([1, 2]), model.predict((3,))]
    assert ([[1, 2], [3]], [1, 2, 3]) == (model.batches, model.rows)


def test_it_answers_as_it_is_told():
    assert [2, 4] == FakeModel(lambda row: 2 * row).predict([1, 2])


def test_the_next_calls_fail_as_ordered_and_are_remembered():
    model = FakeModel()
    model.fail_next(ValueError("one"), KeyError("two"))

    with pytest.raises(ValueError, match="one"):
        model.predict([1])
    with pytest.raises(KeyError):
        model.predict([2])
    assert [3] == model.predict([3])
    assert [1, 2, 3] == model.rows


def test_what_is_no_exception_cannot_be_raised():
    with pytest.raises(UsageError, match="cannot raise 'broken'"):
        FakeModel().fail_next("broken")
