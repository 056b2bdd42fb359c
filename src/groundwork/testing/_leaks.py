"""What a block leaves behind: tasks, threads, open files, sockets and child processes.

Rule: what is there at the end and was not there at the start is a leak, and is named. What is about to end gets a
moment; what only the garbage collector would close, it closes first.
Cost: some milliseconds a block. Descriptors need Linux or macOS, child processes Linux (elsewhere those of
``multiprocessing`` alone are seen). The kernel's event objects (epoll, eventfd) are not judged: polars and others open
theirs at first use and for good, so that a test's verdict would hang on the tests before it.
"""

import asyncio
import gc
import os
import socket
import stat
import sys
import threading
import time
from collections.abc import Callable, Hashable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

Held = dict[Hashable, str]
"""What identifies a thing, and how it is named."""

_POLL_S = 0.01
# They stay once multiprocessing has needed them, by design.
_SERVANTS = ("multiprocessing.resource_tracker", "multiprocessing.forkserver")


@contextmanager
def assert_no_leaks(*, grace_s: float = 2.0, allow: Iterable[str] = ()) -> Iterator[None]:
    """Fail if a block leaves something open or running.

    Around ``asyncio.run`` it sees what the loop left; inside a coroutine also the tasks of the loop, of which
    one that was cancelled and not awaited still runs. A block that raises is not judged.

    Args:
        grace_s: How long threads, processes and connections may take to end.
        allow: What may stay: parts of the names that the failure gives.

    Yields:
        Nothing.

    Raises:
        AssertionError: Something was left; the message names each.
    """
    before, allowed = _held(), tuple(allow)
    yield
    until = time.monotonic() + grace_s
    gc.collect()
    while (left := _new(before, allowed)) and time.monotonic() < until and not _only_tasks(left):
        time.sleep(_POLL_S)
    if left:
        raise AssertionError("the block left behind:\n" + "\n".join(f"  {name}" for name in left.values()))


def _held() -> Held:
    return {**_tasks(), **_threads(), **_descriptors(), **_children()}


def _new(before: Held, allowed: tuple[str, ...]) -> Held:
    return {
        key: name for key, name in _held().items() if key not in before and not any(part in name for part in allowed)
    }


def _only_tasks(left: Held) -> bool:
    # No task moves while we wait here.
    return all(isinstance(key, asyncio.Task) for key in left)


def _tasks() -> Held:
    try:
        tasks = asyncio.all_tasks()
    except RuntimeError:  # no loop runs in this thread
        return {}
    return {task: f"task {task.get_name()} in {_where(task)}" for task in tasks}


def _where(task: "asyncio.Task[object]") -> str:
    code = getattr(task.get_coro(), "cr_code", None)
    return code.co_qualname if code is not None else repr(task.get_coro())


def _threads() -> Held:
    return {thread: f"thread {thread.name}{' (daemon)' * thread.daemon}" for thread in threading.enumerate()}


def _descriptors() -> Held:
    folder = "/proc/self/fd" if sys.platform == "linux" else "/dev/fd"
    ours = _tracker_descriptor()
    found: Held = {}
    for entry in os.listdir(folder) if os.path.isdir(folder) else ():
        number = int(entry)
        with suppress(OSError):  # the one that listed the folder is closed by now
            status = os.fstat(number)
            name = _descriptor_name(folder, number, status)
            if number != ours and "anon_inode:" not in name:
                found["descriptor", number, status.st_dev, status.st_ino] = name
    return found


def _descriptor_name(folder: str, number: int, status: os.stat_result) -> str:
    if stat.S_ISSOCK(status.st_mode):
        return f"socket {number}{_ends(number)}"
    try:
        target = os.readlink(f"{folder}/{number}")
    except OSError:  # pragma: no cover - macOS has no links there
        target = "a pipe" if stat.S_ISFIFO(status.st_mode) else "a file"
    return f"descriptor {number}: {target}"


def _ends(number: int) -> str:
    # Of a copy, which is closed here; the original stays open.
    with socket.socket(fileno=os.dup(number)) as copy:
        ends = []
        for ask in (copy.getsockname, copy.getpeername):
            with suppress(OSError):
                ends.append(_address(ask))
    return f": {' to '.join(filter(None, ends))}" if any(ends) else ""


def _address(ask: Callable[[], object]) -> str:
    address = ask()
    return f"{address[0]}:{address[1]}" if isinstance(address, tuple) else str(address)


def _tracker_descriptor() -> int | None:
    tracker = sys.modules.get("multiprocessing.resource_tracker")
    return getattr(tracker._resource_tracker, "_fd", None) if tracker is not None else None


def _children() -> Held:
    processes = Path("/proc")
    if sys.platform != "linux":  # pragma: no cover - the system gives no list that needs no further package
        import multiprocessing

        return {("child", child.pid): f"child process {child.pid}" for child in multiprocessing.active_children()}
    found: Held = {}
    for folder in processes.iterdir():
        if folder.name.isdigit():
            with suppress(OSError):  # it has ended meanwhile
                status = (folder / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()
                if int(status[1]) == os.getpid() and (name := _child_name(folder, status[0])):
                    found["child", folder.name, status[19]] = name
    return found


def _child_name(folder: Path, state: str) -> str:
    command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace").strip()
    if any(servant in command for servant in _SERVANTS):
        return ""
    if state == "Z":
        return f"child process {folder.name}, which has ended and was not waited for"
    return f"child process {folder.name}: {command}"
