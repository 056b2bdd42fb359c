"""What the grader starts, and with what around it: on each system what that has."""

import io
import json
import queue
import sys

import pytest

from groundwork.course import LearnerProcess, _process
from groundwork.errors import ContractBroken


class Started:
    """Stands in for a process: remembers how it was started, and answers each order as the test says."""

    def __init__(self, answer):
        self.answer, self.orders, self.pid, self.stderr = answer, [], 0, io.BytesIO()
        self.stdin = self

    def __call__(self, command, *, env, cwd, **_):
        self.command, self.env, self.cwd = command, env, cwd
        return self

    @property
    def stdout(self):
        return iter(())

    def write(self, line):
        order = json.loads(line)
        self.orders.append({key: value for key, value in order.items() if key != "nonce"})
        self.hear({**self.answer(order), "nonce": order["nonce"]})

    def flush(self):
        pass


@pytest.fixture
def started(monkeypatch):
    """Starts one on a system, and gives it and the process that stands in."""

    def start(platform="linux", answer=lambda order: {}):
        stand_in = Started(answer)
        monkeypatch.setattr(_process.subprocess, "Popen", stand_in)
        monkeypatch.setattr(LearnerProcess, "_hear", lambda self, pipe: None)
        monkeypatch.setattr(sys, "platform", platform)
        process = LearnerProcess("groundwork.testing.contracts.storage")
        stand_in.hear = lambda told: process._answers.put(json.dumps(told).encode())
        made.append(process._home)
        return process, stand_in

    made = []
    yield start
    for home in made:
        home.rmdir()


@pytest.mark.parametrize(
    ("platform", "module", "warm", "encoding"),
    [
        ("linux", "_host", ["numpy"], None),
        ("darwin", "_host", [], None),
        ("win32", "_worker", [], "utf-8"),
    ],
)
def test_each_system_gets_what_it_has(started, monkeypatch, platform, module, warm, encoding):
    monkeypatch.delenv("PYTHONIOENCODING", raising=False)

    _, process = started(platform)

    code, *arguments = process.command[2:]
    assert f"groundwork.course.{module} import" in code
    assert (warm, encoding) == (arguments[3:], process.env.get("PYTHONIOENCODING"))
    assert {str(process.cwd)} == {process.env[name] for name in ("HOME", "USERPROFILE", "TMPDIR", "TEMP", "TMP")}


def test_the_start_of_the_checks_is_no_time_of_the_learners(started):
    process, stand_in = started()
    limits = []
    in_time = process._in_time
    process._in_time = lambda limit_s: limits.append(limit_s) or in_time(limit_s)

    process.ask({"load": "x.py"}, 0.5)
    process.ask({"run": "adds"}, 0.5)

    assert [{"ready": True}, {"load": "x.py"}, {"run": "adds"}] == stand_in.orders
    assert [60.0, 0.5, 0.5] == limits


def test_an_answer_to_another_order_is_none(started):
    process, _ = started(answer=lambda order: {})
    process._ready = True
    process.end_learner = lambda: None
    process._tell = lambda order: process._answers.put(b'{"nonce": "guessed", "outcome": "passed"}')

    with pytest.raises(ContractBroken, match="wrote to the grader's channel"):
        process.ask({"run": "adds"}, 0.5)


def test_a_start_that_fails_is_tried_anew(started):
    process, _ = started(answer=lambda order: {})
    closed = []
    process.close = lambda: closed.append("closed")
    process._tell = lambda order: process._answers.put(None)
    process._ending = lambda: "exit 1"

    with pytest.raises(ContractBroken, match=r"ended the whole process \(exit 1\)"):
        process.ask({"load": "x.py"}, 0.5)

    assert ["closed"] == closed


def test_before_the_start_there_is_no_learner_to_end(started):
    process, stand_in = started()
    stand_in.poll = lambda: None

    process.end_learner()

    assert [] == stand_in.orders


class Busy:
    """A machine on which other programs have all of the time, or none of it."""

    def __init__(self, share):
        self.share, self.now, self.looked = share, 0.0, 0.0

    def look(self):
        passed, self.looked = self.now - self.looked, self.now
        return passed * self.share


@pytest.mark.parametrize(("share", "ends_s"), [(0.0, 10.0), (0.5, 20.0), (1.0, 30.0)])
def test_what_other_programs_take_is_given_back_up_to_a_bound(started, monkeypatch, share, ends_s):
    process, _ = started()
    machine = Busy(share)

    def silence(limit_s):
        machine.now += limit_s
        raise queue.Empty

    monkeypatch.setattr(_process, "Starvation", lambda pid: machine)
    monkeypatch.setattr(_process.time, "monotonic", lambda: machine.now)
    process._told = silence

    with pytest.raises(ContractBroken, match="did not finish within 10 s"):
        process._in_time(10.0)

    assert ends_s == pytest.approx(machine.now, abs=0.6)
