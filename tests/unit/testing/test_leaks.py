import asyncio
import os
import socket
import subprocess
import sys
import threading
import time
from types import SimpleNamespace

import pytest

from groundwork.testing import _leaks, assert_no_leaks

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows lists no descriptors")


def said(leak, **options):
    with pytest.raises(AssertionError) as caught, assert_no_leaks(grace_s=0.0, **options):
        leak()
    return str(caught.value)


def test_a_block_that_closes_what_it_opens_passes(tmp_path):
    with assert_no_leaks():
        with open(tmp_path / "file", "w"), socket.socket():
            thread = threading.Thread(target=str)
            thread.start()
        thread.join()


class Circle:
    """Closes its descriptor when the garbage collector comes."""

    def __init__(self):
        self.me, self.number = self, os.open(os.devnull, os.O_RDONLY)

    def __del__(self):
        os.close(self.number)


def test_what_the_garbage_collector_closes_is_no_leak():
    with assert_no_leaks(grace_s=0.0):
        Circle()


def test_an_open_file_is_named(tmp_path):
    kept = []

    told = said(lambda: kept.append(open(tmp_path / "left.txt", "w")))
    kept.pop().close()

    assert str(tmp_path / "left.txt") in told


def test_an_open_socket_is_named_with_its_ends():
    kept = []

    def leak():
        listener = socket.create_server(("127.0.0.1", 0))
        kept.extend([listener, socket.create_connection(listener.getsockname()), socket.socketpair()[0]])

    told = said(leak)
    port = kept[0].getsockname()[1]
    for each in kept:
        each.close()

    assert f": 127.0.0.1:{port}\n" in f"{told}\n"
    assert f"to 127.0.0.1:{port}" in told


def test_a_running_thread_is_named():
    go = threading.Event()
    thread = threading.Thread(target=go.wait, name="worker-7", daemon=True)

    told = said(thread.start)
    go.set()
    thread.join()

    assert "thread worker-7 (daemon)" in told


def test_a_thread_that_is_about_to_end_is_waited_for(monkeypatch):
    go = threading.Event()
    thread = threading.Thread(target=go.wait)

    def nap(seconds):
        go.set()
        thread.join()

    monkeypatch.setattr(_leaks, "time", SimpleNamespace(monotonic=time.monotonic, sleep=nap))

    with assert_no_leaks(grace_s=60):
        thread.start()


def test_a_task_that_nobody_awaited_is_named():
    async def forgotten():
        await asyncio.Event().wait()

    async def main():
        with assert_no_leaks(grace_s=60):  # of a task nothing is to be hoped for
            main.task = asyncio.create_task(forgotten(), name="mine")

    with pytest.raises(AssertionError, match=r"task mine in .*forgotten"):
        asyncio.run(main())


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_a_child_process_is_named_whether_it_runs_or_has_ended():
    kept = []
    wait = [sys.executable, "-c", "input('it waits')"]

    told = said(lambda: kept.append(subprocess.Popen(wait, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)))
    kept[0].communicate()

    assert f"child process {kept[0].pid}: " in told
    assert "it waits" in told

    def leave():
        if (child := os.fork()) == 0:
            os._exit(0)
        os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
        kept.append(child)

    assert "has ended and was not waited for" in said(leave)
    os.waitpid(kept[-1], 0)


def test_what_is_allowed_may_stay(tmp_path):
    kept = []

    with assert_no_leaks(grace_s=0.0, allow=["left.txt"]):
        kept.append(open(tmp_path / "left.txt", "w"))

    kept.pop().close()


def test_the_servants_of_multiprocessing_are_no_leaks():
    from multiprocessing import resource_tracker

    with assert_no_leaks(grace_s=0.0):
        resource_tracker.ensure_running()


def test_a_block_that_raises_says_its_own_error(tmp_path):
    kept = []

    with pytest.raises(ZeroDivisionError), assert_no_leaks(grace_s=0.0):
        kept.append(open(tmp_path / "left.txt", "w"))
        raise ZeroDivisionError

    kept.pop().close()
