"""One call in a process of its own, so that it can be stopped.

Rule: the child never outlives what waits for it: not a time-out, not Ctrl-C, not a SIGKILL of the parent, whatever it
is at: importing, working, logging, answering.
Costs the start of an interpreter and a pickle of arguments and result.
"""

import contextlib
import itertools
import multiprocessing
import os
import pickle
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from multiprocessing.reduction import ForkingPickler
from types import FrameType
from typing import Any

from groundwork.errors import ConfigurationError, DeadlineExceeded, WorldError
from groundwork.resilience._cancel import CancelToken
from groundwork.resilience._deadline import remaining_s
from groundwork.resilience._log_relay import LOGGED, LogState, handle_here

_GRACE_S = 10.0
_RETURNED, _RAISED = "returned", "raised"
_KILLED = -9
# Run by a child before it imports anything of the program, which may take long: it ends when its parent has gone.
_WATCH = """
import os, threading, time
def watch():
    while os.getppid() == {parent}:
        time.sleep(0.2)
    os._exit(1)
threading.Thread(target=watch, daemon=True).start()
"""


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
    child = context.Process(target=_child, args=(theirs,), name=_WatchfulName("call"), daemon=True)
    around_s = remaining_s()
    limit_s = timeout_s if around_s is None else min(timeout_s, around_s)
    killed = threading.Event()

    def overrun() -> DeadlineExceeded:
        if limit_s < timeout_s:
            return DeadlineExceeded("no result before the deadline around it")
        if late is not None:
            late.set()
        return DeadlineExceeded(
            f"no result within {timeout_s:g} s; raise the step's timeout_s, or look at why it hangs",
            context={"timeout_s": timeout_s},
        )

    try:
        with _later(signal.SIGINT, signal.SIGTERM), _without_interrupts():
            child.start()
        theirs.close()
        with token.stopping(child.kill), _killed_after(limit_s, child, killed):
            # A child that is not ready yet may leave us waiting here, and so may one that stops in mid-sentence.
            ours.send_bytes(call)
            returned, value = _answer(ours, killed, overrun)
        # It has nothing left to do but to end; its exit handlers are the user's.
        child.join(_GRACE_S)
    except (EOFError, ConnectionError):
        token.check()
        if killed.is_set():
            raise overrun() from None
        child.join()
        raise WorldError(
            f"the process of the call ended with exit code {child.exitcode} and without an answer",
            hint="killed by the system: out of memory is the usual reason" if child.exitcode == _KILLED else None,
            context={"exitcode": child.exitcode},
        ) from None
    finally:
        if child.pid is not None:
            child.kill()
            child.join()
        ours.close()
        theirs.close()
    if returned:
        return value
    raise _linked(value)


class _WatchfulName(str):
    """The name of a process: the first thing that the process unpickles, and so where its watch begins."""

    __slots__ = ()

    def __reduce__(self) -> tuple[Any, ...]:
        if sys.platform == "win32":  # where no process learns who its parent is; _die_with_parent begins later
            return str, (str(self),)
        return eval, (f"(exec({_WATCH.format(parent=os.getpid())!r}, {{}}), {str(self)!r})[1]",)


def _pickled(fn: Callable[..., Any], arguments: Mapping[str, Any]) -> Any:
    try:
        return ForkingPickler.dumps((fn, dict(arguments), LogState.here()))
    except (AttributeError, TypeError, pickle.PicklingError) as error:
        raise ConfigurationError(
            f"{fn!r} or one of its arguments cannot go to a process of its own: {error}",
            hint="with timeout_s, use a function of a module and plain arguments",
        ) from error


@contextlib.contextmanager
def _killed_after(seconds: float, child: SpawnProcess, killed: threading.Event) -> Iterator[None]:
    def kill() -> None:
        killed.set()
        child.kill()

    timer = threading.Timer(min(seconds, threading.TIMEOUT_MAX), kill)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _answer(pipe: Connection, killed: threading.Event, overrun: Callable[[], Exception]) -> tuple[bool, Any]:
    """Wait for the call's end; until then, handle what the child logs."""
    while True:
        kind, value = pipe.recv()
        if kind != LOGGED:
            return kind == _RETURNED, value
        # What a killed child had still to say is not waited for: a slow handler would make it minutes.
        if killed.is_set():
            raise overrun()
        handle_here(value)


@contextlib.contextmanager
def _later(*signals: signal.Signals) -> Iterator[None]:
    """Let signals that come within the block do what they do at its end: a child that is half started is nobody's."""
    known = [each for each in signals if signal.getsignal(each) is not None]
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[tuple[int, FrameType | None]] = []
    before = {each: signal.signal(each, lambda signum, frame: came.append((signum, frame))) for each in known}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
        for signum, frame in came:
            handler = before[signal.Signals(signum)]
            if callable(handler):
                handler(signum, frame)
            else:
                signal.raise_signal(signum)


@contextlib.contextmanager
def _without_interrupts() -> Iterator[None]:
    """Let a process started here be deaf to Ctrl-C, which a terminal sends to parent and child alike.

    The parent decides what it means; a child that heard it too would end with a traceback of its own.
    """
    if sys.platform == "win32":
        yield
        return
    from multiprocessing import resource_tracker

    # Else the first start would start it too, and that ends with SIGINT unblocked.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _child(pipe: Connection) -> None:
    if sys.platform == "win32":
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_die_with_parent, daemon=True).start()
    # Any thread of the child may log.
    one_thread = threading.Lock()

    def send(kind: str, value: Any) -> None:
        # The parent is gone when this fails, and then nobody is left to be told.
        with one_thread, contextlib.suppress(BrokenPipeError):
            pipe.send((kind, value))

    try:
        fn, arguments, logs = pipe.recv()
        with logs.sent_by(send):
            kind, value = _RETURNED, fn(**arguments)
    except Exception as error:  # noqa: BLE001 - it is raised again in the parent
        kind, value = _RAISED, _chain(error)
    try:
        send(kind, value)
    except Exception as error:  # noqa: BLE001 - a foreign class may fail to pickle in any way
        send(_RAISED, [WorldError(f"the result, {type(value).__name__}, cannot be pickled: {error}")])


def _die_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _chain(error: BaseException) -> list[BaseException]:
    """Return an error and its causes, one by one: pickle leaves out the cause of a foreign one."""
    chain = [error]
    while (cause := chain[-1].__cause__) is not None and cause not in chain:
        chain.append(cause)
    return [_picklable(each) for each in chain]


def _linked(chain: list[BaseException]) -> BaseException:
    for error, cause in itertools.pairwise(chain):
        error.__cause__ = cause
    return chain[0]


def _picklable(error: BaseException) -> BaseException:
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    except Exception:  # noqa: BLE001 - a foreign class may fail in any way; its words must arrive all the same
        return WorldError(f"{type(error).__name__}: {error}")
    return error
