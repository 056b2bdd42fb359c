"""One call in a process of its own, so that it can be stopped.

Rule: the child never outlives what waits for it: not a time-out, not Ctrl-C, not a SIGKILL of the parent.
Costs the start of an interpreter and a pickle of arguments and result.
"""

import contextlib
import multiprocessing
import os
import pickle
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from multiprocessing.connection import Connection
from typing import Any

from groundwork.errors import DeadlineExceeded, WorldError

_GRACE_S = 10.0


def call_in_process(fn: Callable[..., Any], arguments: Mapping[str, Any], timeout_s: float) -> Any:
    """Call ``fn(**arguments)`` in a child process and kill it when its time is up.

    Args:
        fn: A function that pickles: module level, or a partial of one.
        arguments: Keyword arguments; must pickle.
        timeout_s: Seconds the call may take, the start of the interpreter included.

    Returns:
        What ``fn`` returned.

    Raises:
        DeadlineExceeded: The time ran out; the child is dead.
        WorldError: The child died without an answer.
        Exception: Whatever ``fn`` raised.
    """
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    child = context.Process(target=_child, args=(theirs, fn, dict(arguments)), daemon=True)
    with _without_interrupts():
        child.start()
    theirs.close()
    try:
        if not ours.poll(timeout_s):
            raise DeadlineExceeded(
                f"no result within {timeout_s:g} s; raise the step's timeout_s, or look at why it hangs",
                context={"timeout_s": timeout_s},
            )
        returned, value = ours.recv()
        # It has nothing left to do but to end; its exit handlers are the user's.
        child.join(_GRACE_S)
    except EOFError:
        child.join()
        raise WorldError(
            f"the process of the call died with exit code {child.exitcode}; out of memory is the usual reason",
            context={"exitcode": child.exitcode},
        ) from None
    finally:
        child.kill()
        child.join()
        ours.close()
    if returned:
        return value
    raise value


@contextlib.contextmanager
def _without_interrupts() -> Iterator[None]:
    """Let a process started here be deaf to Ctrl-C, which a terminal sends to parent and child alike.

    The parent decides what it means; a child that heard it too would end with a traceback of its own.
    """
    if sys.platform == "win32":
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _child(pipe: Connection, fn: Callable[..., Any], arguments: dict[str, Any]) -> None:
    if sys.platform == "win32":
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_die_with_parent, daemon=True).start()
    try:
        answer = (True, fn(**arguments))
    except Exception as error:  # noqa: BLE001 - it is raised again in the parent
        answer = (False, _picklable(error))
    # The parent is gone when this fails, and then nobody is left to be told.
    with contextlib.suppress(BrokenPipeError):
        pipe.send(answer)


def _die_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _picklable(error: Exception) -> Exception:
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    except Exception:  # noqa: BLE001 - a foreign class may fail in any way; its words must arrive all the same
        return WorldError(f"{type(error).__name__}: {error}")
    return error
