"""What a process does that was started for one call.

Rule: it ends with its parent, and whatever the call comes to, it says one thing: the result, or an error that arrives.
"""

import contextlib
import multiprocessing
import os
import pickle
import signal
import sys
import threading
from multiprocessing.connection import Connection
from typing import Any

from groundwork.errors import WorldError

RETURNED, RAISED = "returned", "raised"


def answer_call(pipe: Connection) -> None:
    """Read a call and answer it.

    Args:
        pipe: To the parent. It sends the function, its arguments and a ``LogState``; it is sent what the call logs,
            and then ``RETURNED`` with the result or ``RAISED`` with an error and its causes.
    """
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
            kind, value = RETURNED, fn(**arguments)
    except Exception as error:  # noqa: BLE001 - it is raised again in the parent
        kind, value = RAISED, _chain(error)
    try:
        send(kind, value)
    except Exception as error:  # noqa: BLE001 - a foreign class may fail to pickle in any way
        send(RAISED, [WorldError(f"the result, {type(value).__name__}, cannot be pickled: {error}")])


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


def _picklable(error: BaseException) -> BaseException:
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    except Exception:  # noqa: BLE001 - a foreign class may fail in any way; its words must arrive all the same
        return WorldError(f"{type(error).__name__}: {error}")
    return error
