import errno
from contextlib import suppress

import pytest

from groundwork._failpoints import failpoint
from groundwork.errors import UsageError
from groundwork.testing import every_failpoint, failpoints


def test_an_exception_is_raised_at_the_place_and_nowhere_afterwards():
    with failpoints({"a.place": OSError(errno.ENOSPC, "full")}), pytest.raises(OSError, match="full"):
        failpoint("a.place")

    failpoint("a.place")


def test_a_class_of_exceptions_is_raised_too():
    with failpoints({"a.place": KeyboardInterrupt}), pytest.raises(KeyboardInterrupt):
        failpoint("a.place")


def test_a_function_is_called_and_every_arrival_is_counted():
    called = []

    with failpoints({"a.place": lambda: called.append(1), "other": lambda: None}) as reached:
        failpoint("a.place")
        failpoint("a.place")

    assert (called, reached) == ([1, 1], {"a.place": 2, "other": 0})


def test_an_inner_block_gives_the_outer_action_back():
    outer, inner = [], []

    with failpoints({"a.place": lambda: outer.append(1)}):
        with failpoints({"a.place": lambda: inner.append(1)}):
            failpoint("a.place")
        failpoint("a.place")

    assert (outer, inner) == ([1], [1])


def test_an_error_in_the_block_disarms_as_well():
    with suppress(RuntimeError), failpoints({"a.place": OSError}):
        raise RuntimeError

    assert failpoint("a.place") is None


def test_every_place_tells_its_name_beside_what_is_armed_there():
    passed, armed = [], []

    with every_failpoint(passed.append), failpoints({"a.place": lambda: armed.append(1)}):
        failpoint("a.place")
        failpoint("another")
    failpoint("a.place")

    assert (["a.place", "another"], [1]) == (passed, armed)


def test_of_two_who_watch_every_place_the_inner_one_is_told():
    outer, inner = [], []

    with every_failpoint(outer.append):
        with suppress(OSError), every_failpoint(inner.append):
            failpoint("first")
            raise OSError
        failpoint("second")

    assert (["second"], ["first"]) == (outer, inner)


def test_what_is_no_action_is_refused_before_anything_is_armed():
    with (
        pytest.raises(UsageError, match=r"failpoint b.place: 5 is no action"),
        failpoints({"a.place": OSError, "b.place": 5}),
    ):
        pytest.fail("was entered")

    failpoint("a.place")
