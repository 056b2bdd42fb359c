"""One call in a process of its own, so that it can be stopped.

Rule: the child never outlives what waits for it: not a time-out, not Ctrl-C, not a SIGKILL of the parent, whatever it
is at: importing, working, logging, answering.
Costs the start of an interpreter and a pickle of arguments and result.
"""

import itertools
import multiprocessing
import pickle
import signal
import threading
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection
from multiprocessing.reduction import ForkingPickler
from typing import Any

from groundwork.errors import ConfigurationError, WorldError
from groundwork.resilience._cancel import CancelToken
from groundwork.resilience._log_relay import LOGGED, LogState, handle_here
from groundwork.resilience._process_child import RETURNED, answer_call
from groundwork.resilience._process_start import WatchfulName, later, without_interrupts
from groundwork.resilience._time_limit import TimeLimit

_GRACE_S = 10.0
_KILLED = -9


def call_in_process(
    fn: Callable[..., Any],
    arguments: Mapping[str, Any],
    timeout_s: float,
    token: CancelToken | None = None,
    late: threading.Event | None = None,
) -> Any:
    """Call ``fn(**arguments)`` in a child process and kill it when its time is up.

    What the child logs is handled here as if it were logged here.

    Args:
        fn: A function that pickles: module level, or a partial of one.
        arguments: Keyword arguments; must pickle.
        timeout_s: Seconds the call may take, the start of the interpreter included; the deadline around it may leave
            less.
        token: Cancelling it kills the child.
        late: Set when the time has run out, which tells that from a ``DeadlineExceeded`` of ``fn``.

    Returns:
        What ``fn`` returned.

    Raises:
        ConfigurationError: The function or an argument does not pickle.
        DeadlineExceeded: The time ran out; the child is dead.
        RunCancelled: The token was cancelled; the child is dead.
        WorldError: The child died without an answer.
        Exception: Whatever ``fn`` raised.
    """
    token = token or CancelToken()
    call = _pickled(fn, arguments)  # before there is a process
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    child = context.Process(target=answer_call, args=(theirs,), name=WatchfulName("call"), daemon=True)
    limit = TimeLimit(timeout_s, late)
    try:
        with later(signal.SIGINT, signal.SIGTERM), without_interrupts():
            child.start()
        theirs.close()
        with token.stopping(child.kill), limit.kills(child):
            # A child that is not ready yet may leave us waiting here, and so may one that stops in mid-sentence.
            ours.send_bytes(call)
            returned, value = _answer(ours, limit)
        # It has nothing left to do but to end; its exit handlers are the user's.
        child.join(_GRACE_S)
    except (EOFError, ConnectionError):
        token.check()
        if limit.killed.is_set():
            raise limit.overrun() from None
        child.join()
        raise _no_answer(child.exitcode) from None
    finally:
        if child.pid is not None:
            child.kill()
            child.join()
        ours.close()
        theirs.close()
    if returned:
        return value
    raise _linked(value)


def _pickled(fn: Callable[..., Any], arguments: Mapping[str, Any]) -> Any:
    try:
        return ForkingPickler.dumps((fn, dict(arguments), LogState.here()))
    except (AttributeError, TypeError, pickle.PicklingError) as error:
        raise ConfigurationError(
            f"{fn!r} or one of its arguments cannot go to a process of its own: {error}",
            hint="with timeout_s, use a function of a module and plain arguments",
        ) from error


def _answer(pipe: Connection, limit: TimeLimit) -> tuple[bool, Any]:
    """Wait for the call's end; until then, handle what the child logs."""
    while True:
        kind, value = pipe.recv()
        if kind != LOGGED:
            return kind == RETURNED, value
        # What a killed child had still to say is not waited for: a slow handler would make it minutes.
        if limit.killed.is_set():
            raise limit.overrun()
        handle_here(value)


def _no_answer(exitcode: int | None) -> WorldError:
    return WorldError(
        f"the process of the call ended with exit code {exitcode} and without an answer",
        hint="killed by the system: out of memory is the usual reason" if exitcode == _KILLED else None,
        context={"exitcode": exitcode},
    )


def _linked(chain: list[BaseException]) -> BaseException:
    for error, cause in itertools.pairwise(chain):
        error.__cause__ = cause
    return chain[0]
