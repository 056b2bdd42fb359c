import json

import pytest
from typer.testing import CliRunner

from groundwork import environment as door
from groundwork.cli._env import app
from groundwork.environment import fingerprint
from groundwork.errors import ConfigurationError, InvalidDataError


def run(*arguments):
    return CliRunner().invoke(app, [str(one) for one in arguments], env={"COLUMNS": "200"})


@pytest.fixture
def damaged(environment, monkeypatch):
    """An environment with one blanked module, seen from its project's folder."""
    (environment.site_packages / "tiny/more.py").write_text("")
    monkeypatch.chdir(environment.root.parent)
    return environment


def test_worst_comes_first_and_the_next_step_last(damaged):
    result = run("check", "--python", damaged.root)

    lines = result.stdout.splitlines()
    assert result.exit_code == 1
    assert lines[0].startswith("x  files")
    assert lines[-1].startswith("Next: groundwork env check --fix --python")


def test_fix_mends_and_says_what(damaged, installer):
    result = run("check", "--python", damaged.root, "--only", "files", "--fix")

    assert result.exit_code == 0
    assert installer.calls == ["install tiny again"]
    assert "Installed again: tiny" in result.stdout
    assert result.stdout.splitlines()[-1] == "Next: groundwork run examples/flights"


def test_fix_with_nothing_to_mend_only_checks(environment, monkeypatch):
    monkeypatch.chdir(environment.root.parent)

    assert run("check", "--python", environment.root, "--only", "files", "--fix").exit_code == 0


def test_json_is_for_programs(damaged):
    result = run("check", "--python", damaged.root, "--only", "files", "--json")

    answer = json.loads(result.stdout)
    assert (result.exit_code, answer["ok"], answer["findings"][0]["packages"]) == (1, False, ["tiny"])


def test_warnings_alone_do_not_fail(monkeypatch):
    monkeypatch.setattr(door, "check", lambda *_, **__: [door.Finding("cores", "warning", "1 usable")])

    result = run("check")

    assert (result.exit_code, "0 errors, 1 warning, 0 ok" in result.stdout) == (0, True)


def test_unknown_check_is_a_usage_error():
    result = run("check", "--only", "fils")

    assert isinstance(result.exception, ConfigurationError)


def test_fingerprint_is_readable_and_json(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")

    plain, machine = run("fingerprint"), run("fingerprint", "--json")

    assert "OMP_NUM_THREADS=1" in plain.stdout
    assert json.loads(machine.stdout)["digest"] in plain.stdout


def test_diff_finds_the_fingerprint_wherever_it_lies(tmp_path):
    old = {**fingerprint().to_dict(), "python": "3.10.0"}
    (tmp_path / "a.json").write_text("[1]")
    (tmp_path / "result.json").write_text(json.dumps({"steps": [1], "fingerprints": [{"environment": old}]}))

    against_now, against_itself = run("diff", tmp_path), run("diff", tmp_path, tmp_path / "result.json")

    assert against_now.stdout.startswith("python 3.10.0 -> ")
    assert against_itself.stdout == "No difference.\n"


@pytest.mark.parametrize(("content", "reason"), [(None, "cannot read"), ("{", "not JSON"), ("{}", "no fingerprint")])
def test_file_without_a_fingerprint_is_named(tmp_path, content, reason):
    path = tmp_path / "x.json"
    if content is not None:
        path.write_text(content)

    result = run("diff", path)

    assert isinstance(result.exception, InvalidDataError)
    assert reason in str(result.exception)
