"""Scenarios in several processes: what they return, and how they may end."""

import os
import sys
import threading

import pytest

from groundwork.errors import ContractBroken
from groundwork.testing import Lab, load_subject, peak_memory_bytes

pytestmark = pytest.mark.integration


def meet(subject, folder, nth):
    (folder / f"here-{nth}").touch()
    while len(list(folder.glob("here-*"))) < 3:  # the processes are alive at the same time, or the lab's limit ends it
        pass
    print("what the subject prints is no answer")
    return [nth, subject.NAME]


def end_itself(subject, folder, nth):
    os._exit(0)


def never_end(subject, folder, nth):
    threading.Event().wait()


def break_in_the_second(subject, folder, nth):
    if nth == 1:
        raise ContractBroken("found 1; expected 2")


def raise_an_error(subject, folder, nth):
    raise KeyError("missing")


def linger(subject, folder, nth):
    threading.Thread(target=threading.Event().wait).start()
    return nth


def hold(subject, folder, nth):
    before = peak_memory_bytes()
    held = b"x" * 50_000_000
    return [peak_memory_bytes() - before, len(held)]


@pytest.fixture
def subject(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text("NAME = 'mine'\n")
    return load_subject(path)


@pytest.fixture(autouse=True)
def importable(monkeypatch):
    module = sys.modules[__name__]
    monkeypatch.syspath_prepend(os.path.dirname(__file__))
    for work in (meet, end_itself, never_end, break_in_the_second, raise_an_error, linger, hold):
        monkeypatch.setattr(work, "__module__", os.path.splitext(os.path.basename(module.__file__))[0])


def test_processes_run_at_once_and_their_values_come_in_order(subject):
    with Lab() as lab:
        assert lab.processes(subject, meet, count=3) == [[0, "mine"], [1, "mine"], [2, "mine"]]


@pytest.mark.parametrize(
    ("work", "sentence"),
    [
        (end_itself, "a process ended itself; expected it to return or raise"),
        (break_in_the_second, "found 1; expected 2"),
        (raise_an_error, "one of several processes raised KeyError: 'missing'"),
    ],
)
def test_a_process_that_fails_breaks_the_contract(subject, work, sentence):
    with Lab() as lab, pytest.raises(ContractBroken) as broken:
        lab.processes(subject, work, count=2)

    assert broken.value.message == sentence


def test_processes_that_do_not_end_are_killed_at_the_limit(subject):
    with Lab(limit_s=1.0) as lab, pytest.raises(ContractBroken, match="2 processes at once did not end within 1 s"):
        lab.processes(subject, never_end, count=2)


def test_a_process_that_lingers_after_its_answer_is_killed(subject):
    with Lab() as lab:
        assert lab.processes(subject, linger) == [0]


def test_a_subject_that_does_not_import_is_told(tmp_path, subject):
    (tmp_path / "mine.py").write_text("raise ValueError('half an import')\n")

    with Lab() as lab, pytest.raises(ContractBroken, match="ValueError: half an import"):
        lab.processes(subject, meet, count=2)


@pytest.mark.skipif(sys.platform == "win32", reason="the system does not tell")
def test_the_peak_of_a_process_is_its_own(subject):
    with Lab() as lab:
        [[grown, _]] = lab.processes(subject, hold)

    assert 45_000_000 < grown < 80_000_000
