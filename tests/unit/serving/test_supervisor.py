import asyncio
import logging

import pytest

from groundwork.serving import _supervisor
from groundwork.serving._hub import ConnectionOptions
from groundwork.serving._options import AppOptions
from groundwork.serving._place import Place
from groundwork.serving._supervisor import Supervisor
from groundwork.serving._worker import Plan

PLAN = Plan(
    models={"m": list},
    place=Place("127.0.0.1", 0),
    drain_s=0.0,
    shutdown_s=0.0,
    options=AppOptions(),
    connection_options=ConnectionOptions(),
    on_start=None,
    workers=2,
)


class Process:
    pid = 1

    def __init__(self, exitcode=None):
        self.exitcode = exitcode

    def kill(self):
        self.exitcode = -9

    def join(self):
        pass


class Line:
    """Keeps what is sent."""

    def __init__(self):
        self.words = []

    def send(self, told):
        self.words.append(told[0])

    def close(self):
        pass


@pytest.fixture
def supervised():
    """A supervisor at work and its two workers, none of them a process, and the loop's timers at hand."""

    class Loop:
        def __init__(self):
            self.later = []

        def time(self):
            return 0.0

        def call_later(self, pause_s, function):
            self.later.append((pause_s, function))
            return asyncio.TimerHandle(pause_s, function, (), asyncio.get_running_loop())

    async def begin():
        supervisor = Supervisor(PLAN, "url", None, clock=lambda: 0.0)
        supervisor._loop, supervisor._ready = Loop(), True
        workers = [_supervisor._Worker(Process(), Line()) for _ in range(2)]
        for worker in workers:
            worker.loaded = True
        supervisor._workers = list(workers)
        return supervisor, workers

    return begin


def test_a_worker_that_does_not_answer_is_asked_once(supervised):
    async def main():
        supervisor, (first, stopped) = await supervised()
        for _ in range(3):
            supervisor._heard(first, "sums?", None)
            supervisor._heard(first, "counted", [])
            supervisor._sum()  # the time to wait for the other is over
        before = list(stopped.line.words)
        supervisor._heard(stopped, "counted", [])
        supervisor._heard(first, "sums?", None)
        return first.line.words, before, stopped.line.words

    asker, before, after = asyncio.run(main())

    assert asker == ["count", "sums"] * 3 + ["count"]
    assert before == ["count"]
    assert after == ["count"] * 2


@pytest.mark.parametrize("error", [BlockingIOError(11, "Resource temporarily unavailable"), RuntimeError("no thread")])
def test_a_worker_that_cannot_be_begun_is_tried_again(supervised, monkeypatch, caplog, error):
    tries = []

    def start(self, *, late):
        tries.append(late)
        if len(tries) < 3:
            raise error

    monkeypatch.setattr(Supervisor, "_start", start)

    async def main():
        supervisor, (dead, _) = await supervised()
        dead.process.exitcode = -9
        supervisor._left(dead)
        pauses = []
        while supervisor._loop.later:
            pause_s, again = supervisor._loop.later.pop()
            pauses.append(pause_s)
            again()
        return pauses

    with caplog.at_level(logging.ERROR):
        pauses = asyncio.run(main())

    assert tries == [True] * 3
    assert pauses == [0.1, 5.0, 5.0]
    assert "a worker cannot be begun" in caplog.text


@pytest.mark.parametrize(("loaded", "exitcode", "expected"), [(True, 0, False), (True, 1, True), (False, -15, False)])
def test_a_worker_that_was_cut_off_while_stopping_is_noted(supervised, loaded, exitcode, expected):
    async def main():
        supervisor, workers = await supervised()
        supervisor.stop()
        for worker in workers:
            worker.loaded, worker.process.exitcode = loaded, exitcode
            supervisor._left(worker)
        return supervisor._cut_off, supervisor._ended.is_set()

    assert asyncio.run(main()) == (expected, True)
