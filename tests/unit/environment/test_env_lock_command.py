import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from groundwork import environment as door
from groundwork.cli._env import app
from groundwork.errors import EnvironmentBroken


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


def test_lock_says_what_changed_and_the_next_step_last(locked, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    result = run("lock")

    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "rich 14 -> 15",
        f"{tmp_path / 'requirements.lock'} written: 2 packages, for every platform",
        "Next: groundwork env create",
    ]
    assert result.stderr == "resolving\n"


def test_after_lock_an_environment_that_stands_is_synced_with_the_lock_that_was_written(locked, tmp_path, monkeypatch):
    (tmp_path / "here" / ".venv").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "here")

    result = run("lock", tmp_path)

    assert result.stdout.splitlines()[-1] == f"Next: groundwork env sync --lock {tmp_path / 'requirements.lock'}"


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


def test_create_says_where_and_the_next_step(monkeypatch, tmp_path):
    asked = []

    def fake(path, lock, **options):
        asked.append((path, lock, options["backend"], options["project"]))
        return tmp_path / "my env/bin/python"

    monkeypatch.setattr(door, "create", fake)

    result = run("create", tmp_path / "my env", "--lock", "x.lock", "--backend", "pip", "--project", tmp_path)

    assert asked == [(tmp_path / "my env", Path("x.lock"), "pip", tmp_path)]
    assert result.stdout.splitlines() == [
        f"Created: {tmp_path / 'my env'}",
        f"Next: groundwork env check --python '{tmp_path / 'my env/bin/python'}' --lock x.lock",
    ]


@pytest.fixture
def synced(monkeypatch, tmp_path):
    """The strays that ``sync`` will tell of."""
    strays = []

    def fake(path, lock, **options):
        return door.SyncResult(tmp_path / "python", ("rich 14 -> 15",), () if options["prune"] else tuple(strays))

    monkeypatch.setattr(door, "sync", fake)
    return strays


def test_sync_lists_strays_and_how_to_remove_them(synced, tmp_path):
    synced.append("left-over 1.0")

    listed, pruned = run("sync"), run("sync", "--prune", tmp_path)

    assert listed.stdout.splitlines() == [
        "rich 14 -> 15",
        "left-over 1.0 is not in the lock",
        ".venv equals requirements.lock, but for 1 package more",
        "Next: groundwork env sync --prune --lock requirements.lock",
    ]
    assert pruned.stdout.splitlines()[1:] == [
        f"{tmp_path} equals requirements.lock",
        f"Next: groundwork env check --python {tmp_path / 'python'}",
    ]


def test_sync_in_plain_data_is_for_programs(synced, tmp_path):
    answer = json.loads(run("sync", "--json").stdout)

    assert answer == {"python": str(tmp_path / "python"), "changes": ["rich 14 -> 15"], "strays": []}


def test_info_is_readable_and_json(environment, project):
    lock = project / "requirements.lock"
    plain = run("info", "--python", environment.root, "--lock", lock)
    machine = json.loads(run("info", "--python", environment.root, "--json").stdout)
    lock.write_text(lock.read_text().replace("tiny==1.0", "tiny==1.1"))
    differs = run("info", "--python", environment.root, "--lock", lock)

    assert f"lock      installed as pinned ({lock})" in plain.stdout
    assert plain.stdout.splitlines()[-1] == f"Next: groundwork env check --python {environment.root} --lock {lock}"
    assert (machine["place"], machine["packages"]) == (str(environment.root), 3)
    assert "differs: tiny 1.1 (installed: 1.0)" in differs.stdout
    assert differs.stdout.splitlines()[-1] == f"Next: groundwork env sync {environment.root} --lock {lock}"


def test_next_step_of_info_names_no_more_than_it_must(environment, project, monkeypatch):
    monkeypatch.chdir(project)
    lock = project / "requirements.lock"
    lock.write_text(lock.read_text().replace("tiny==1.0", "tiny==1.1"))

    result = run("info", "--python", ".venv")

    assert result.stdout.splitlines()[-1] == "Next: groundwork env sync"


@pytest.mark.parametrize("command", ["create", "sync", "lock"])
def test_failure_shows_the_installers_last_lines(monkeypatch, command):
    def fail(*_, **options):
        raise EnvironmentBroken("a package differs", context={"output": "tiny:\n  Expected aa"})

    monkeypatch.setattr(door, command, fail)

    result = run(command)

    assert isinstance(result.exception, EnvironmentBroken)
    assert result.stderr.splitlines() == ["  | tiny:", "  |   Expected aa"]
