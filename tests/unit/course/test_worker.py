"""What the learner's process answers, here without a process of its own and without its limits."""

import builtins
import json
import os
import sys

import pytest

from groundwork.course import _worker
from groundwork.course._answers import Answers
from groundwork.course._worker import Prepared, hidden
from groundwork.errors import ContractBroken
from groundwork.testing import Contract, Level

CONTRACT = Contract("small")


@CONTRACT.check(Level.BASIC, rule="", why="", hint="")
def adds(subject, lab):
    if subject.total([1, 2]) != 3:
        raise ContractBroken("expected 3")


@pytest.fixture
def asked(monkeypatch, tmp_path):
    """Has a file of the given source loaded and its check run; returns the answers."""
    limits = []
    before = set(sys.modules)
    monkeypatch.setattr(_worker, "restrain", lambda: limits.append("restrained"))
    monkeypatch.setattr(_worker, "guard", lambda *told: limits.append(told))
    monkeypatch.setattr(builtins, "__build_class__", builtins.__build_class__)
    monkeypatch.setattr(sys, "path", list(sys.path))

    def ask(source, *runs):
        path = tmp_path / "mine.py"
        path.write_text(source)
        orders = [{"load": str(path), "allows": ["groundwork.errors"], "beside": [], "answers": [["a"], []]}]
        orders += [{"run": run, "seed": 0} for run in runs]
        answers = []
        Prepared(CONTRACT).serve([json.dumps(order) for order in orders], answers.append)
        assert limits == ["restrained", (["groundwork.errors"], f"{tmp_path}{os.sep}", Answers(("a",)))]
        return answers

    yield ask
    # Whatever else was loaded meanwhile stays: the doors of groundwork keep what they have opened.
    for name in {*sys.modules} - before:
        if name.startswith("_groundwork_subject"):
            del sys.modules[name]


def test_a_file_is_loaded_and_its_checks_are_answered_one_by_one(asked):
    passed = {"outcome": "passed", "message": ""}

    assert [{"error": None}, passed, passed] == asked("total = sum", "adds", "adds")


def test_what_broke_is_a_sentence(asked):
    answer = asked("total = len", "adds")[1]

    assert {"outcome": "failed", "message": "expected 3"} == {name: answer[name] for name in ("outcome", "message")}


def test_what_failed_says_where_the_check_was_and_with_what(asked):
    [(line, variables)] = asked("total = len", "adds")[1]["moment"]

    assert line > 0
    assert {} == variables


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("def (:", "importing mine.py raised SyntaxError (line 1): "),
        ("1 / 0", "importing mine.py raised ZeroDivisionError (line 1): division by zero"),
        ("raise SystemExit(0)", "importing mine.py ended the whole process (SystemExit: 0)"),
        ("raise KeyboardInterrupt", "importing mine.py ended the whole process (KeyboardInterrupt)"),
    ],
)
def test_a_file_that_does_not_import_gets_one_answer(asked, source, sentence):
    [answer] = asked(source, "adds")

    assert answer["error"].startswith(sentence)


def test_what_is_to_end_a_program_is_a_failure(asked):
    answer = asked("def total(numbers): raise SystemExit('enough')", "adds")[1]

    assert ("failed", True) == (answer["outcome"], answer["message"].startswith("ended with SystemExit: enough"))


def test_what_ends_a_program_without_a_word_leaves_no_colon(asked):
    answer = asked("def total(numbers): raise KeyboardInterrupt", "adds")[1]

    assert answer["message"].startswith("ended with KeyboardInterrupt; expected")


def test_what_was_changed_while_it_was_imported_is_told(asked):
    [answer, *_] = asked("import builtins\nbuiltins.ascii = 3\n1 / 0")

    assert answer["error"].startswith("importing mine.py put something else in the place of builtins.ascii")


def test_a_pass_with_something_changed_is_none(asked):
    answer = asked("import builtins\ndef total(numbers):\n    builtins.ascii = 3\n    return 3", "adds")[1]

    assert ("failed", True) == (answer["outcome"], "builtins.ascii" in answer["message"])


@pytest.mark.skipif(sys.platform == "win32", reason="descriptors are POSIX's")
@pytest.mark.parametrize(("bound", "most"), [(100, 100), (1024, 900), (-1, 900)])
def test_a_descriptor_is_hidden_below_the_bound_of_this_system(monkeypatch, bound, most):
    import resource

    monkeypatch.setattr(resource, "getrlimit", lambda which: (bound, bound))
    moved = [hidden(os.open(os.devnull, os.O_RDONLY)) for _ in range(5)]
    for descriptor in moved:
        os.close(descriptor)

    assert all(most // 4 <= descriptor < most + len(moved) for descriptor in moved)


@pytest.mark.skipif(sys.platform == "win32", reason="descriptors are POSIX's")
def test_a_descriptor_is_moved_where_no_child_gets_it():
    reading, writing = os.pipe()

    moved = hidden(writing)
    os.write(moved, b"x")

    assert (b"x", True, False) == (os.read(reading, 1), moved >= 64, os.get_inheritable(moved))
    os.close(moved)
    os.close(reading)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = 1\nimport no_such_module\n", "raised ModuleNotFoundError (line 2): No module named 'no_such_module'"),
        ("def f(:\n", "raised SyntaxError (line 1): invalid syntax: def f(:"),
        ("raise ValueError\n", "raised ValueError (line 1)"),
        ("# coding: nonsense\n", "raised SyntaxError: unknown encoding: nonsense"),
        ("x = 1\n\n\n1 / 0\n", "raised ZeroDivisionError (line 4): division by zero"),
    ],
)
def test_an_import_that_fails_is_told_with_its_line(tmp_path, monkeypatch, text, said):
    monkeypatch.setattr(sys, "path", [*sys.path])
    (tmp_path / "mine.py").write_text(text, encoding="utf-8")

    subject, broken = _worker._load(tmp_path / "mine.py", ())

    assert (None, f"importing mine.py {said}") == (subject, broken)
