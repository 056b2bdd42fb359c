"""Lets fetch wait for real."""

from pathlib import Path

from intake import fetch

from groundwork.testing import load_subject

FAILS = ("it_sleeps_nowhere",)

KEPT = ("test_", "waits", "clock", "batcher")
right = load_subject(Path(__file__).parents[1] / "alternative" / "test_suite.py")
globals().update({name: each for name, each in vars(right).items() if name.startswith(KEPT)})


def test_a_second_call_succeeds():
    answers = [ConnectionError(), "row"]

    def source():
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert fetch(source, first_s=0.2) == "row"
