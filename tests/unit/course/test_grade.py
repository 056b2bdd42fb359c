"""Which checks are run, and when: with a process that answers what the test says."""

import pytest

from groundwork.course import _grade, grade
from groundwork.errors import ContractBroken, UsageError
from groundwork.testing import Contract, Level, Outcome

CONTRACT = Contract("letters")
for name, level, after in (
    ("a", Level.BASIC, []),
    ("b", Level.EDGE, ["a"]),
    ("c", Level.EDGE, []),
    ("d", Level.LOAD, "c"),
):
    function = eval("lambda subject, lab: None")
    function.__name__ = name
    CONTRACT.check(level, rule="", why="", hint="", after=after)(function)


class Answers:
    """A process that fails the checks that it is told to, and remembers what it was asked."""

    def __init__(self, *failing, load=None, told=None):
        self.told = told or {}
        self.failing = failing
        self.load = load or {"error": None}
        self.asked = []
        self.ended = 0
        self.output = bytearray(b"printed")

    def ask(self, order, limit_s):
        if "load" in order:
            self.asked.append("load")
            return self.load
        self.asked.append(order["run"])
        if f"{order['run']}!" in self.failing:
            raise ContractBroken("ended")
        return {"outcome": "failed" if order["run"] in self.failing else "passed", "message": "", **self.told}

    def end_learner(self):
        self.ended += 1


@pytest.fixture
def solution(tmp_path):
    path = tmp_path / "letters.py"
    path.write_text("")
    return path


def outcomes(result):
    return {verdict.check.id: verdict.outcome.value for verdict in result.verdicts}


def test_where_a_check_was_when_it_failed_is_taken_as_texts_and_as_nothing_else(solution):
    moment = [[7, {"rows": "[1]\x1b[2J", "fake": {"outcome": "passed"}}], "passed"]

    result = grade(CONTRACT, "letters", solution, process=Answers("a", told={"moment": moment}), only=["a"])

    assert [(Outcome.FAILED, [(7, {"rows": "[1]?[2J"})])] == [(each.outcome, each.moment) for each in result.verdicts]


def test_all_are_run_in_order_and_the_process_is_kept(solution):
    process = Answers()

    result = grade(CONTRACT, "letters", solution, process=process)

    assert ["load", "a", "b", "c", "d"] == process.asked
    assert (True, 1, "printed") == (result.passed, process.ended, result.output)


def test_some_levels_alone(solution):
    process = Answers()

    result = grade(CONTRACT, "letters", solution, process=process, levels=["edge"])

    assert {"b": "passed", "c": "passed"} == outcomes(result)


def test_one_check_alone_does_not_wait_for_what_is_left_out(solution):
    result = grade(CONTRACT, "letters", solution, process=Answers("a"), only=["b"])

    assert {"b": "passed"} == outcomes(result)


def test_an_unknown_check_is_a_mistake_of_the_caller(solution):
    with pytest.raises(UsageError, match="no check 'z'"):
        grade(CONTRACT, "letters", solution, process=Answers(), only=["z"])


def test_what_failed_last_time_comes_first_but_after_its_prerequisites(solution):
    process = Answers()

    result = grade(CONTRACT, "letters", solution, process=process, first=["d", "b", "gone"])

    assert ["load", "c", "d", "a", "b"] == process.asked
    assert ["a", "b", "c", "d"] == list(outcomes(result))


def test_a_check_waits_for_one_that_failed(solution):
    result = grade(CONTRACT, "letters", solution, process=Answers("a"))

    assert {"a": "failed", "b": "waiting", "c": "passed", "d": "passed"} == outcomes(result)
    assert not result.passed


def test_after_an_end_the_file_is_loaded_again(solution):
    process = Answers("a!")

    result = grade(CONTRACT, "letters", solution, process=process)

    assert ["load", "a", "load", "c", "d"] == process.asked
    assert "ended" == result.having(Outcome.FAILED)[0].message


def slowly(process, monkeypatch):
    """Let 40 s pass in each check."""
    now = [0.0]
    ask = process.ask

    def asked(order, limit_s):
        now[0] += 40 * ("run" in order)
        return ask(order, limit_s)

    monkeypatch.setattr(process, "ask", asked)
    monkeypatch.setattr(_grade.time, "monotonic", lambda: now[0])
    return process


def test_what_passes_takes_nothing_of_the_time_of_all(solution, monkeypatch):
    assert grade(CONTRACT, "letters", solution, process=slowly(Answers(), monkeypatch), total_s=60).passed


def test_what_fails_does_and_in_the_end_the_rest_is_not_run(solution, monkeypatch):
    process = slowly(Answers("b", "c"), monkeypatch)

    result = grade(CONTRACT, "letters", solution, process=process, total_s=60, levels=["basic", "edge"], first=["c"])
    late = grade(CONTRACT, "letters", solution, process=process, total_s=40, first=["c"])

    assert {"a": "passed", "b": "failed", "c": "failed"} == outcomes(result)
    assert {"a": "failed", "b": "waiting", "c": "failed", "d": "waiting"} == outcomes(late)
    assert late.verdicts[0].message.startswith("no time was left for it")


@pytest.mark.parametrize("answer", [{}, {"outcome": "PASSED"}, {"outcome": True}, {"outcome": ["passed"]}])
def test_what_does_not_say_passed_has_failed(solution, answer, monkeypatch):
    process = Answers()
    monkeypatch.setattr(process, "ask", lambda order, limit_s: process.load if "load" in order else answer)

    result = grade(CONTRACT, "letters", solution, process=process, only=["a"])

    assert {"a": "failed"} == outcomes(result)


def test_a_file_that_does_not_import_has_one_error_and_nothing_runs(solution):
    process = Answers(load={"error": "importing letters.py raised"})

    result = grade(CONTRACT, "letters", solution, process=process)

    assert (result.error, process.asked) == ("importing letters.py raised", ["load"])
    assert {"waiting"} == set(outcomes(result).values())


def test_a_file_that_imports_the_library_is_not_even_loaded(solution):
    solution.write_text("import groundwork.storage\n")
    process = Answers()

    result = grade(CONTRACT, "letters", solution, process=process)

    assert (True, []) == (result.error.startswith("letters.py line 1: importing groundwork.storage"), process.asked)


def test_a_text_in_no_known_encoding_is_left_to_the_import(solution):
    solution.write_bytes(b"# coding: nonsense\n\xff")

    assert grade(CONTRACT, "letters", solution, process=Answers()).passed
