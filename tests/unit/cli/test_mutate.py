"""``groundwork mutate``: what it lists, and when it fails."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

import groundwork.testing
from groundwork.cli._main import app
from groundwork.errors import UsageError
from groundwork.testing import MutationResult, Tried, choose_mutants


@pytest.fixture
def code(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("code.py").write_text("def f(a):\n    return a < 3\n\n\nTOP = 5\n", encoding="utf-8")
    return Path("code.py")


@pytest.fixture
def cli():
    return lambda *arguments: CliRunner().invoke(app, ["mutate", *map(str, arguments)])


@pytest.fixture
def found(code, monkeypatch):
    """Make the library answer with a result of three kinds; return what it was asked."""
    asked = {}

    def answer(paths, tests, **options):
        asked.update(options, paths=paths, tests=tests)
        mutants = choose_mutants(paths)
        return MutationResult(tuple(map(Tried, mutants, ("survived", "killed", "timeout", "no tests"))), 12, 3.21)

    monkeypatch.setattr(groundwork.testing, "mutate", answer, raising=False)
    return asked


def test_mutants_are_listed_without_running_anything(code, cli):
    told = cli("--list", code)

    ids = [each.id for each in choose_mutants([code])]
    changes = ["returns None", "< becomes <=", "3 becomes 4", "5 becomes 6"]
    lines = [f"{one}  code.py:{line}  {change}" for one, line, change in zip(ids, (2, 2, 2, 5), changes, strict=True)]
    assert lines == told.stdout.splitlines()
    assert ids == [each["id"] for each in json.loads(cli("--list", "--json", code).stdout)]


def test_what_no_test_notices_is_told_with_its_line(found, cli, code):
    first, *_, last = choose_mutants([code])

    told = cli(code)

    assert told.exit_code == 0
    assert told.stdout == (
        f"x {first.id}  code.py:2 in f\n    return a < 3\n    returns None\n"
        f"x {last.id}  code.py:5\n    TOP = 5\n    no test reaches it\n"
        "2 of 4 mutants killed (50.0 %), 1 of them by time, 1 survived, 1 reached by no test; 12 tests, 3.2 s\n"
        "Next: a test that fails with the change; then the same command with --only and its id\n"
    )


def test_too_low_a_score_is_a_failure(found, cli, code):
    told = cli(code, "--min-score", "50.1")

    assert (1, "error: 50.0 % is less than --min-score 50.1\n") == (told.exit_code, told.stderr)
    assert 0 == cli(code, "--min-score", "50").exit_code


def test_the_options_reach_the_library(found, cli, code):
    cli(code, "--tests", "tests/unit", "--jobs", "3", "--limit-s", "4", "--only", "abc", "--sample", "9", "--seed", "2")

    found.pop("on_result")
    assert found == {
        "paths": [code],
        "tests": [Path("tests/unit")],
        "jobs": 3,
        "limit_s": 4.0,
        "only": ["abc"],
        "sample": 9,
        "seed": 2,
    }


def test_plain_data_has_all_of_them(found, cli, code):
    told = json.loads(cli(code, "--json").stdout)

    assert (0.5, 4, 12) == (told["score"], len(told["mutants"]), told["tests"])


def test_nothing_to_change_is_wrong_usage(cli, code):
    code.write_text('"""Words."""\n', encoding="utf-8")

    told = cli(code)

    assert isinstance(told.exception, UsageError)
    assert "nothing to change" in told.exception.message
