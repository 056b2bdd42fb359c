import json
from dataclasses import fields
from pathlib import Path
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner

from groundwork import environment as door
from groundwork.cli import _env
from groundwork.cli._env import app
from groundwork.environment import _repair, fingerprint
from groundwork.environment._unfinished import begin_repair
from groundwork.errors import ConfigurationError, EnvironmentBroken, InvalidDataError, UsageError


def run(*arguments, answer=None, **variables):
    return CliRunner().invoke(app, [str(one) for one in arguments], input=answer, env={"COLUMNS": "200", **variables})


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
    assert lines[0].startswith("x files")
    assert lines[-1].startswith("Next: groundwork env fix --python ")


def test_fix_tells_what_it_will_do_then_mends_and_says_what(damaged, installer):
    result = run("fix", "--yes", "--python", damaged.root, "--only", "files")

    assert result.exit_code == 0
    assert installer.calls == ["install tiny again"]
    assert "files: tiny: tiny/more.py size 0 instead of 9" in result.stderr
    assert "hashes checked: tiny 1.0" in result.stderr
    assert "Installed again: tiny" in result.stdout
    assert result.stdout.splitlines()[-1].startswith("Next: ")


def test_fix_with_nothing_to_mend_only_checks(environment, installer, monkeypatch):
    monkeypatch.chdir(environment.root.parent)

    result = run("fix", "--python", environment.root, "--only", "files")

    assert (result.exit_code, installer.calls) == (0, [])
    assert "Nothing to install again." in result.stderr


def test_fix_says_what_is_left(damaged, installer, package):
    package(damaged.site_packages, "guest")
    (damaged.site_packages / "guest/more.py").unlink()

    result = run("fix", "--yes", "--python", damaged.root, "--only", "files")

    assert (result.exit_code, installer.calls) == (1, ["install tiny again"])
    assert result.stdout.startswith("x files")
    assert "guest/more.py is missing" in result.stdout


def test_fix_mends_what_it_can_of_a_finding_that_names_more(damaged, installer):
    begin_repair(damaged.root, ["guest", "tiny"], str(damaged.root.parent / "requirements.lock"))

    result = run("fix", "--yes", "--python", damaged.root, "--only", "unfinished", "--json")

    answer = json.loads(result.stdout)
    assert (answer["mended"], installer.calls) == (["tiny"], ["install tiny again"])
    assert [one["packages"] for one in answer["findings"]] == [["guest"]]


def test_fix_refuses_where_nobody_can_be_asked(damaged, installer):
    lock = damaged.root.parent / "requirements.lock"

    result = run("fix", "--python", damaged.root, "--lock", lock, "--only", "files", "--backend", "pip")

    assert isinstance(result.exception, UsageError)
    assert result.exception.hint.endswith(
        f": groundwork env fix --yes --only files --python {damaged.root} --lock {lock} --backend pip"
    )
    assert installer.calls == []


@pytest.mark.parametrize(
    ("answer", "exit_code", "calls"),
    [
        ("y\n", 0, ["install tiny again"]),
        ("YES\n", 0, ["install tiny again"]),
        ("n\n", 1, []),
        ("\n", 1, []),
        ("", 1, []),
    ],
)
def test_fix_goes_on_only_when_told_to(damaged, installer, monkeypatch, answer, exit_code, calls):
    monkeypatch.setattr(_env, "_at_terminal", lambda: True)

    result = run("fix", "--python", damaged.root, "--only", "files", answer=answer)

    assert (result.exit_code, installer.calls) == (exit_code, calls)
    assert ("Nothing was changed." in result.stderr) == (not calls)


def test_installers_words_are_told_when_it_fails(damaged, installer):
    installer.fails = True

    result = run("fix", "--yes", "--python", damaged.root, "--only", "files")

    assert isinstance(result.exception, EnvironmentBroken)
    assert "  | refused" in result.stderr


def test_backend_comes_from_the_variable_too(damaged, installer, monkeypatch):
    asked = []
    monkeypatch.setattr(_repair, "choose", lambda backend, *_: asked.append(backend) or installer)

    run("fix", "--yes", "--python", damaged.root, "--only", "files", GROUNDWORK_BACKEND="pip")

    assert asked == ["pip"]


def test_junit_report_is_written_beside_what_is_told(damaged, tmp_path):
    result = run("check", "--python", damaged.root, "--only", "files", "--junit", tmp_path / "report.xml")

    root = ElementTree.parse(tmp_path / "report.xml").getroot()
    assert (result.exit_code, root.get("failures")) == (1, "1")
    assert result.stdout.startswith("x files")


SCHEMA = json.loads((Path(door.__file__).parent / "check.schema.json").read_text(encoding="utf-8"))


def test_schema_documents_every_field():
    documented = SCHEMA["$defs"]["finding"]["properties"]

    assert set(documented) == {field.name for field in fields(door.Finding)}
    assert all("description" in one for one in documented.values())


@pytest.mark.parametrize("words", [["check"], ["fix", "--yes"], ["check", "--only", "files"]], ids=" ".join)
def test_real_output_is_as_the_schema_says(damaged, needs, words):
    jsonschema_rs = needs("jsonschema_rs")

    answer = json.loads(run(*words, "--python", damaged.root, "--json").stdout)

    jsonschema_rs.validate(SCHEMA, answer)
    assert set(answer) == set(SCHEMA["properties"])
    assert answer["errors"] == sum(one["severity"] == "error" for one in answer["findings"])


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
