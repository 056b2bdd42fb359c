import types

import pytest

from groundwork.errors import ContractBroken, UsageError
from groundwork.testing import Outcome, run_contract
from groundwork.testing.contracts import concurrency, storage
from groundwork.testing.contracts._refusals import expect_chosen


@pytest.mark.parametrize("error", [ValueError("n=0"), KeyError("s9"), OSError(2, "gone"), UsageError("n=0")])
def test_an_error_that_somebody_chose_is_a_refusal(error):
    assert expect_chosen(error, "acquire(0)") is None


@pytest.mark.parametrize(
    "error",
    [TypeError("a\nb"), AttributeError("a b"), NameError("a b"), AssertionError("a b"), ZeroDivisionError("a b")],
)
def test_a_slip_is_none_and_is_told(error):
    with pytest.raises(ContractBroken) as broken:
        expect_chosen(error, "acquire(0)")

    kind = type(error).__name__
    assert f"acquire(0) raised {kind}: a b; expected an error that says what was wrong with it" == broken.value.message
    assert broken.value.__cause__ is error


def test_a_slip_without_words_is_told_by_its_name():
    with pytest.raises(ContractBroken, match="raised AssertionError; expected"):
        expect_chosen(AssertionError(), "acquire(0)")


def test_what_a_library_raises_on_purpose_may_be_allowed():
    assert expect_chosen(TypeError("not serializable"), "writing", also=(TypeError,)) is None


@pytest.mark.parametrize("error", [NotImplementedError("write me"), ContractBroken("found 1; expected 2")])
def test_what_is_not_written_or_broken_already_goes_through(error):
    with pytest.raises(type(error)) as raised:
        expect_chosen(error, "acquire(0)")

    assert raised.value is error


def slip(*args, **kwargs):
    raise TypeError("unsupported operand")


class Bucket:
    def __init__(self, *args, **kwargs): ...

    acquire = try_acquire = slip


@pytest.mark.parametrize(
    ("contract", "check", "names"),
    [
        (concurrency, "what_can_never_be_is_refused", {"TokenBucket": Bucket}),
        (concurrency, "a_limit_below_one_is_refused", {"gather_bounded": slip, "map_async": slip}),
        (storage, "an_unknown_suffix_is_refused", {"read": slip, "write": slip}),
    ],
)
def test_a_subject_that_breaks_is_not_one_that_refuses(contract, check, names):
    subject = types.ModuleType("broken")
    vars(subject).update(names)

    (verdict,) = run_contract(subject, [contract.CONTRACT[check]])

    assert (Outcome.FAILED, True) == (verdict.outcome, "raised TypeError: unsupported operand" in verdict.message)
