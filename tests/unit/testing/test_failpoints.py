import errno
from contextlib import suppress

import pytest

from groundwork._failpoints import failpoint
from groundwork.testing import failpoints


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
