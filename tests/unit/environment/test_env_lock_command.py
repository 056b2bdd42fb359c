import json

import pytest
from typer.testing import CliRunner

from groundwork import environment as door
from groundwork.cli._env import app


def run(*arguments):
    return CliRunner().invoke(app, [str(one) for one in arguments], env={"COLUMNS": "200"})


@pytest.fixture
def locked(monkeypatch, tmp_path):
    """What the command asked of ``lock``; nothing is resolved."""
    asked = []

    def fake(project, **options):
        asked.append((project, options))
        options["report"]("resolving")
        return door.LockResult(tmp_path / "requirements.lock", 2, ("rich 14 -> 15",), True, True)

    monkeypatch.setattr(door, "lock", fake)
    return asked


def test_lock_says_what_changed_and_the_next_step_last(locked, tmp_path):
    result = run("lock", tmp_path)

    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "rich 14 -> 15",
        f"{tmp_path / 'requirements.lock'} written: 2 packages, for every platform",
        "Next: groundwork env sync",
    ]
    assert result.stderr == "resolving\n"


def test_lock_passes_its_options_on(locked, tmp_path):
    options = ["--python", "3.12", "--extra", "dev", "--extra", "docs", "--upgrade-package", "rich", "--backend", "pip"]

    run("lock", tmp_path, "--output", tmp_path / "x.lock", *options)

    project, asked = locked[0]
    asked.pop("report")
    assert project == tmp_path
    assert asked == {
        "output": tmp_path / "x.lock",
        "python": "3.12",
        "extras": ["dev", "docs"],
        "upgrade": ["rich"],
        "backend": "pip",
    }


def test_lock_upgrades_everything_on_request(locked, tmp_path):
    run("lock", tmp_path, "--upgrade")

    assert locked[0][1]["upgrade"] is True


def test_lock_in_plain_data_is_for_programs(locked, tmp_path):
    answer = json.loads(run("lock", tmp_path, "--json").stdout)

    assert answer == {
        "path": str(tmp_path / "requirements.lock"),
        "packages": 2,
        "changes": ["rich 14 -> 15"],
        "changed": True,
        "universal": True,
    }
