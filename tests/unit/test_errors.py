import pickle
import threading

import pytest

from groundwork import errors
from groundwork.errors import MLException, TransientError, UsageError, WorldError, describe, first_line

every_error = [value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, MLException)]


@pytest.mark.parametrize("kind", every_error)
def test_every_error_survives_pickle_with_code_hint_context_and_cause(kind):
    error = kind("disk is full", code="x", hint="make room", context={"path": "a"})
    error.__cause__ = ValueError("cause")
    error.add_note("a note")

    back = pickle.loads(pickle.dumps(error))

    assert type(back) is kind
    assert (back.message, back.code, back.hint, back.context) == ("disk is full", "x", "make room", {"path": "a"})
    assert str(back.__cause__) == "cause"
    assert back.__notes__ == ["a note"]


def test_an_error_with_arguments_of_its_own_survives_pickle():
    back = pickle.loads(pickle.dumps(TransientError("busy", retry_after_s=2.5)))

    assert back.retry_after_s == 2.5
    assert str(back) == "busy"


class AsksForMore(Exception):
    def __init__(self, message, number):
        super().__init__(message)


class HoldsALock(Exception):
    def __init__(self, message):
        super().__init__(message)
        self.lock = threading.Lock()


@pytest.mark.parametrize("cause", [AsksForMore("busy", 3), HoldsALock("busy")], ids=lambda cause: type(cause).__name__)
def test_a_cause_that_pickle_cannot_bring_back_arrives_in_its_words(cause):
    error = WorldError("disk is full")
    error.__cause__ = cause
    cause.__cause__ = TransientError("root")

    back = pickle.loads(pickle.dumps(error))

    assert str(back.__cause__) == f"{type(cause).__name__}: busy"
    assert str(back.__cause__.__cause__) == "root"
    assert error.__cause__ is cause


def test_the_causes_of_a_foreign_cause_survive_pickle():
    error, middle = WorldError("outer"), OSError("disk")
    error.__cause__ = middle
    middle.__cause__ = KeyError("host")
    middle.__cause__.__cause__ = TransientError("root", hint="wait")

    back = pickle.loads(pickle.dumps(error))

    assert describe(back) == describe(error)
    assert type(back.__cause__.__cause__) is KeyError


def test_causes_in_a_circle_end_where_they_began():
    error, cause = WorldError("outer"), ValueError("inner")
    error.__cause__, cause.__cause__ = cause, error

    told = describe(error)

    assert (told["cause"]["message"], told["cause"]["cause"]) == ("inner", None)
    assert describe(pickle.loads(pickle.dumps(error))) == told


def test_a_group_is_described_with_its_errors():
    told = describe(ExceptionGroup("tasks failed", [OSError("disk"), TransientError("busy", hint="wait")]))

    assert [each["type"] for each in told["errors"]] == ["OSError", "TransientError"]
    assert told["errors"][1]["hint"] == "wait"


class Speechless(Exception):
    def __str__(self):
        raise RuntimeError("no words")


def test_an_error_whose_words_fail_is_told_by_its_type():
    assert describe(Speechless()) == {"type": "Speechless", "message": "Speechless", "cause": None}
    assert first_line(Speechless()) == "Speechless"


def test_a_fact_that_pickle_cannot_bring_back_arrives_in_its_words():
    error = WorldError("disk is full", context={"row": 3, "lock": threading.Lock()})

    back = pickle.loads(pickle.dumps(error))

    assert back.context["row"] == 3
    assert "lock" in back.context["lock"]


@pytest.mark.parametrize("kind", [kind for kind in every_error if kind not in (MLException, errors.ContractBroken)])
def test_every_error_is_either_the_callers_fault_or_the_worlds(kind):
    assert issubclass(kind, UsageError) != issubclass(kind, WorldError)


def test_codes_are_unique_and_default_to_the_class():
    codes = [kind.default_code for kind in every_error]

    assert len(set(codes)) == len(codes)
    assert WorldError("x").code == "world"


def test_an_error_is_described_with_its_whole_chain_of_causes():
    error = WorldError("outer", hint="do this")
    error.__cause__ = ValueError("middle")
    error.__cause__.__cause__ = TransientError("inner", context={"host": "h"})

    told = error.to_dict()

    assert told["hint"] == "do this"
    assert told["cause"]["type"] == "ValueError"
    assert told["cause"]["cause"]["context"] == {"host": "h"}
    assert describe(KeyError("k")) == {"type": "KeyError", "message": "'k'", "cause": None}


def test_an_error_without_words_is_told_by_its_type():
    assert describe(MemoryError()) == {"type": "MemoryError", "message": "MemoryError", "cause": None}


def test_describe_says_of_an_error_of_ours_all_that_it_says_of_itself():
    error = UsageError("wrong", hint="mend it", context={"row": 1})
    error.__cause__ = ValueError("bad")

    assert describe(error) == error.to_dict()
    assert (describe(error)["hint"], describe(error)["cause"]["message"]) == ("mend it", "bad")


@pytest.mark.parametrize(
    ("error", "line"), [(ValueError("one\ntwo"), "one"), (ValueError(), "ValueError"), (ValueError("\n x"), "x")]
)
def test_the_first_line_of_an_error_is_never_empty(error, line):
    assert first_line(error) == line


def test_a_retry_that_says_no_numbers_made_no_attempt():
    error = errors.RetryExhausted("gave up")

    assert (error.attempts, error.seconds) == (0, 0.0)


@pytest.mark.parametrize("error", [ValueError(), ValueError("  "), ValueError("\n")])
def test_the_first_line_of_an_error_without_words_is_its_type(error):
    assert first_line(error) == "ValueError"
