import json
from dataclasses import replace

import pytest
from typer.testing import CliRunner

from groundwork import environment as door
from groundwork.cli._env import app
from groundwork.environment import fingerprint

NATIVE = {"cpu": "AMD EPYC", "blas": "numpy: openblas 0.3.31", "driver": None}


def run(*arguments):
    result = CliRunner().invoke(app, [str(one) for one in arguments], env={"COLUMNS": "200"})
    assert result.exit_code == 0, result.output
    return result.stdout.splitlines()


@pytest.fixture
def asked(monkeypatch):
    """What the command asked for; the answer is this environment with a native side of its own."""
    asked = []
    now = fingerprint()

    def stand_in(*, ask=False):
        asked.append(ask)
        extra = {"blas in use": "openblas, 2 threads"} if ask else {}
        return replace(now, native=NATIVE | extra, variables={"PYTHONHASHSEED": "0"})

    monkeypatch.setattr(door, "fingerprint", stand_in)
    return asked


def test_every_part_has_a_line_and_what_is_absent_says_none(asked):
    lines = run("fingerprint")

    told = {line[:10].strip(): line[10:] for line in lines}
    assert (told["cpu"], told["blas"], told["driver"]) == ("AMD EPYC", "numpy: openblas 0.3.31", "none")
    assert told["variables"] == "PYTHONHASHSEED=0"
    assert lines[-1].startswith("Next: groundwork env fingerprint --json")
    assert asked == [False]


def test_libraries_are_asked_on_request_only(asked):
    lines = run("fingerprint", "--ask")

    assert "blas in use    openblas, 2 threads" in lines
    assert asked == [True]


def test_a_fingerprint_of_an_earlier_groundwork_is_compared_by_what_it_has(tmp_path):
    older = {
        name: value for name, value in fingerprint().to_dict().items() if name not in ("hashes", "native", "build")
    }
    older["packages"] = older["packages"] | {"typer": "0.1"}
    (tmp_path / "older.json").write_text(json.dumps(older))

    (line,) = run("diff", tmp_path / "older.json")

    assert line.startswith("typer 0.1 -> ")
