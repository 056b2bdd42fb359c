import logging
import multiprocessing
import os
import signal
import sys
import threading

import pytest

from groundwork.errors import ConfigurationError, DeadlineExceeded, InvalidDataError, WorldError
from groundwork.resilience import Backoff, Pipeline, PipelineStatus, Step, deadline, retry
from groundwork.resilience._cancel import CancelToken, RunCancelled
from groundwork.resilience._log_relay import LOGGED
from groundwork.resilience._process import _answer, _no_answer, call_in_process
from groundwork.resilience._process_start import later
from groundwork.resilience._time_limit import TimeLimit


def double(value):
    return value * 2


def refuse(value):
    raise InvalidDataError(f"{value} is bad", context={"row": 3})


def fail_for_reasons():
    try:
        try:
            raise Unpicklable("very", "odd")
        except Unpicklable as error:
            raise KeyError("host") from error
    except KeyError as error:
        raise ValueError("no address") from error


def fail_in_a_circle():
    one, other = ValueError("one"), KeyError("other")
    one.__cause__, other.__cause__ = other, one
    raise one


class Unpicklable(Exception):
    def __init__(self, one, two):
        super().__init__(f"{one} {two}")


def raise_unpicklable():
    raise Unpicklable("very", "odd")


def hang():
    threading.Event().wait()


def interrupt_then_answer():
    os.kill(os.getpid(), signal.SIGINT)
    return "deaf"


def chat():
    for _ in range(100_000):
        logging.getLogger("chat").warning("still here")


def too_late():
    raise DeadlineExceeded("the database was too slow")


def unpicklable_result():
    return threading.Lock()


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def test_the_result_and_the_error_of_a_child_arrive_whole():
    assert call_in_process(double, {"value": 21}, timeout_s=60) == 42

    with pytest.raises(InvalidDataError, match="7 is bad") as raised:
        call_in_process(refuse, {"value": 7}, timeout_s=60)

    assert raised.value.context == {"row": 3}


def test_the_causes_of_an_error_arrive_too():
    with pytest.raises(ValueError, match="no address") as raised:
        call_in_process(fail_for_reasons, {}, timeout_s=60)

    cause = raised.value.__cause__
    assert (repr(cause), str(cause.__cause__)) == ("KeyError('host')", "Unpicklable: very odd")


def test_causes_in_a_circle_arrive_once():
    with pytest.raises(ValueError, match="one") as raised:
        call_in_process(fail_in_a_circle, {}, timeout_s=60)

    assert repr(raised.value.__cause__) == "KeyError('other')"
    assert raised.value.__cause__.__cause__ is None


def test_an_error_that_cannot_be_pickled_keeps_its_words():
    with pytest.raises(WorldError, match="Unpicklable: very odd"):
        call_in_process(raise_unpicklable, {}, timeout_s=60)


def test_a_result_that_cannot_be_pickled_is_an_error_that_says_so():
    with pytest.raises(WorldError, match="the result, lock, cannot be pickled"):
        call_in_process(unpicklable_result, {}, timeout_s=60)


@pytest.mark.parametrize(("fn", "arguments"), [(lambda: 1, {}), (double, {"value": threading.Lock()})])
def test_what_cannot_go_to_a_child_is_a_mistake_that_is_told(fn, arguments):
    with pytest.raises(ConfigurationError, match="cannot go to a process of its own"):
        call_in_process(fn, arguments, timeout_s=60)


def test_a_cancelled_child_is_killed():
    token = CancelToken()
    token.cancel()

    with pytest.raises(RunCancelled):
        call_in_process(hang, {}, timeout_s=60, token=token)


def test_a_hung_child_is_killed_at_its_deadline():
    with pytest.raises(DeadlineExceeded, match=r"no result within 0\.1 s") as raised:
        call_in_process(hang, {}, timeout_s=0.1)

    assert raised.value.context == {"timeout_s": 0.1}


def test_only_a_killed_child_is_said_to_have_run_out_of_memory():
    assert _no_answer(1).hint is None


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL on Windows")
def test_a_child_that_dies_without_a_word_is_an_error():
    with pytest.raises(WorldError, match="exit code -9") as raised:
        call_in_process(die, {}, timeout_s=60)

    assert "out of memory" in raised.value.hint
    assert raised.value.context == {"exitcode": -9}


def test_a_child_ends_with_the_deadline_around_it():
    with deadline(0.1), pytest.raises(DeadlineExceeded, match="deadline around it"):
        call_in_process(hang, {}, timeout_s=600)

    assert multiprocessing.active_children() == []


def test_a_step_with_a_timeout_that_hangs_fails_and_the_run_ends():
    result = Pipeline([Step("train", hang, timeout_s=0.1)]).run()

    assert result.status is PipelineStatus.FAILURE
    assert result.errors[0]["code"] == "deadline_exceeded"


@pytest.mark.skipif(sys.platform == "win32", reason="no signals to oneself on Windows")
def test_a_child_leaves_ctrl_c_to_its_parent():
    assert call_in_process(interrupt_then_answer, {}, timeout_s=60) == "deaf"


def test_a_signal_while_a_child_is_half_started_comes_after_it():
    seen = []
    before = signal.signal(signal.SIGTERM, lambda signum, frame: seen.append("handled"))
    try:
        with later(signal.SIGTERM):
            signal.raise_signal(signal.SIGTERM)
            seen.append("started")
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        with later(signal.SIGTERM):
            signal.raise_signal(signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, before)

    assert seen == ["started", "handled"]


class SlowHandler(logging.Handler):
    """As one on a network, or on a loaded disk."""

    def emit(self, record):
        threading.Event().wait(0.001)


def test_a_child_that_logs_faster_than_its_parent_handles_is_killed_in_time():
    root, slow = logging.getLogger(), SlowHandler()
    root.addHandler(slow)
    try:
        with pytest.raises(DeadlineExceeded, match=r"no result within 0\.5 s"):
            call_in_process(chat, {}, timeout_s=0.5)
    finally:
        root.removeHandler(slow)


def test_what_a_killed_child_had_still_to_say_is_not_waited_for():
    limit, received = TimeLimit(1.0), []

    class Pipe:
        def recv(self):
            received.append(1)
            if len(received) == 3:
                limit.killed.set()
            return LOGGED, {"name": "chat", "levelno": logging.DEBUG}

    with pytest.raises(DeadlineExceeded, match="no result within 1 s"):
        _answer(Pipe(), limit)

    assert received == [1, 1, 1]


def test_a_step_that_runs_out_of_time_is_tried_again():
    policy = retry(attempts=3, backoff=Backoff(initial_s=0))

    result = Pipeline([Step("train", hang, timeout_s=0.1, retry=policy)]).run()

    assert (result.steps[0].attempts, result.errors[0]["code"]) == (3, "retry_exhausted")


def test_a_deadline_within_a_step_is_its_own_affair():
    policy = retry(attempts=3, backoff=Backoff(initial_s=0))

    result = Pipeline([Step("train", too_late, timeout_s=60, retry=policy)]).run()

    assert (result.steps[0].attempts, result.errors[0]["message"]) == (1, "the database was too slow")
