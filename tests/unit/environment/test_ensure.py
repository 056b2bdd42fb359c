import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from groundwork.environment import _ensure, _setup, _tool, create, ensure
from groundwork.environment._layout import Layout
from groundwork.environment._stamp import read_stamp
from groundwork.errors import ConfigurationError, EnvironmentBroken
from groundwork.testing import failpoints


def test_first_start_creates_everything(project, installer):
    said = []

    python = ensure(project, report=said.append)

    assert installer.calls == ["venv", "install tiny other", "project"]
    assert python == project / ".venv" / "bin" / "python"
    assert "there is none yet" in said[0]
    assert said[-1].startswith("ready after")


def test_second_start_installs_nothing_and_says_nothing(project, installer, environment):
    said = []

    ensure(project, report=said.append)

    assert (installer.calls, said) == ([], [])


@pytest.mark.parametrize("path", ["tiny/more.py", "tiny-1.0.dist-info/RECORD", "the_project/more.py"])
@pytest.mark.parametrize("harm", [os.unlink, lambda path: Path(path).write_text("")])
def test_only_the_damaged_package_is_installed_again(project, installer, environment, path, harm):
    harm(environment.site_packages / path)

    ensure(project)

    assert installer.calls == (["project"] if "project" in path else ["install tiny again"])
    assert (environment.site_packages / path).stat().st_size > 0


def test_vanished_package_is_installed_again(project, installer, environment):
    shutil.rmtree(environment.site_packages / "other-2.0.dist-info")

    ensure(project)

    assert installer.calls == ["install other again"]


def test_damage_in_the_cache_is_mended_without_the_cache(project, installer, environment):
    (environment.site_packages / "tiny/more.py").unlink()
    installer.broken = lambda site, cache: (site / "tiny/more.py").write_text("") if cache else None

    ensure(project)

    assert installer.calls == ["install tiny again", "install tiny again no-cache"]


def test_repair_that_fails_ends_in_a_new_environment(project, installer, environment):
    (environment.site_packages / "tiny/more.py").unlink()
    losses = iter((True, True))

    def lose_twice(site, cache):
        if next(losses, False):
            (site / "tiny/more.py").unlink()

    installer.broken = lose_twice

    ensure(project)

    assert installer.calls[-3:] == ["venv", "install tiny other", "project"]
    assert (environment.site_packages / "tiny/more.py").exists()


def test_file_that_no_installation_brings_is_an_error(project, installer):
    installer.broken = lambda site, cache: (site / "tiny/more.py").unlink()

    with pytest.raises(EnvironmentBroken, match=r"tiny: tiny/more.py is missing, even after"):
        ensure(project)


def test_wheel_with_a_wrong_record_is_noted_and_not_repaired_for_ever(project, installer):
    installer.broken = lambda site, cache: (site / "tiny/more.py").write_text("longer than recorded\n")
    ensure(project)
    installer.calls.clear()

    ensure(project)

    assert installer.calls == []
    assert read_stamp(Layout(project / ".venv")).known == {"tiny/tiny/more.py": "size 21 instead of 9"}


def test_changed_lock_updates_in_place(project, installer, environment):
    lock = project / "requirements.lock"
    lock.write_text(lock.read_text().replace("tiny==1.0", "tiny==1.1"))

    ensure(project)

    assert installer.calls == ["install tiny other", "project"]


def test_changed_pyproject_updates_in_place(project, installer, environment):
    (project / "pyproject.toml").write_text("[project]\nname = 'renamed'\n")

    ensure(project)

    assert installer.calls == ["install tiny other", "project"]


def test_environment_made_by_other_means_is_adopted(project, installer, environment):
    environment.stamp.unlink()

    ensure(project)

    assert installer.calls == ["install tiny other", "project"]


def test_pip_updates_in_place_only_where_there_is_a_pip(project, installer, environment):
    environment.stamp.unlink()
    installer.name = "pip"

    ensure(project)

    assert installer.calls[0] == "venv"


def harm_python(layout):
    layout.python.unlink()


def harm_link(layout):
    layout.python.unlink()
    layout.python.symlink_to("/nowhere/python")


def harm_start(layout):
    layout.python.unlink()
    layout.python.write_text("#!/bin/sh\nexit 3\n")
    layout.python.chmod(0o755)


def harm_by_ending(layout):
    (layout.site_packages / "zz.pth").write_text("import sys; sys.exit(3)\n")


def harm_by_hanging(layout):
    (layout.site_packages / "zz.pth").write_text("import time; time.sleep(600)\n")


def harm_format(layout):
    layout.python.unlink()
    layout.python.write_text("")
    layout.python.chmod(0o755)


def harm_config(layout):
    layout.config.unlink()


def note(**changes):
    def harm(layout):
        layout.stamp.write_text(json.dumps({**json.loads(layout.stamp.read_text()), **changes}))

    return harm


@pytest.mark.parametrize(
    ("harm", "reason"),
    [
        (harm_python, "interpreter is missing"),
        (harm_link, "interpreter is missing"),
        (harm_config, "interpreter is missing"),
        (harm_start, "does not run"),
        (harm_format, "does not run"),
        (note(state="building"), "did not end"),
        (note(location="/elsewhere/.venv"), "moved here from /elsewhere/.venv"),
        (note(python="cpython 3.10"), "it is of cpython 3.10"),
    ],
)
def test_what_cannot_be_mended_in_place_is_created_anew(project, installer, environment, harm, reason):
    said = []
    harm(environment)

    ensure(project, report=said.append)

    assert installer.calls[0] == "venv"
    assert reason in said[0]


@pytest.mark.parametrize("harm", [harm_by_ending, harm_by_hanging])
def test_start_up_file_that_keeps_the_interpreter_from_starting_ends_in_a_new_environment(
    project, installer, environment, monkeypatch, harm
):
    said = []
    harm(environment)
    if harm is harm_by_hanging:
        slow_to_answer(monkeypatch)

    ensure(project, report=said.append)

    assert installer.calls[0] == "venv"
    assert "a start-up file (.pth) ends its interpreter or keeps it from starting" in said[0]
    assert not (environment.site_packages / "zz.pth").exists()


def slow_to_answer(monkeypatch):
    """Let every start that reads start-up files hang, without the wait."""
    runs = subprocess.run

    def run(words, **options):
        site = Path(words[0]).parent.parent / "lib"
        if "-S" not in words and list(site.rglob("zz.pth")):
            raise subprocess.TimeoutExpired(words, options["timeout"])
        return runs(words, **options)

    monkeypatch.setattr(_tool.subprocess, "run", run)


def test_package_that_keeps_the_interpreter_from_starting_is_named(project, installer):
    installer.broken = lambda site, cache: harm_by_ending(Layout(project / ".venv"))

    with pytest.raises(EnvironmentBroken, match=r"does not start: zz\.pth, line 1 raises SystemExit"):
        ensure(project)


def test_set_up_killed_among_the_packages_goes_on_in_place(project, installer, environment):
    note(state="updating")(environment)

    ensure(project)

    assert installer.calls == ["install tiny other", "project"]


@pytest.mark.parametrize("point", ["after_venv", "after_packages"])
def test_interrupted_set_up_is_completed_by_the_next(project, installer, point):
    with failpoints({f"environment.setup.{point}": KeyboardInterrupt()}), pytest.raises(KeyboardInterrupt):
        ensure(project)

    ensure(project)

    assert _ensure.diagnose(Layout(project / ".venv"), project / "requirements.lock", project).action == "nothing"


def test_no_network_leaves_a_note_and_the_next_start_tries_again(project, installer):
    installer.fails = True
    with pytest.raises(EnvironmentBroken, match="no network"):
        ensure(project)
    installer.fails = False

    ensure(project)

    assert read_stamp(Layout(project / ".venv")).state == "ready"


def test_repair_without_network_throws_nothing_away(project, installer, environment):
    (environment.site_packages / "tiny/more.py").unlink()
    installer.fails = True

    with pytest.raises(EnvironmentBroken, match="no network"):
        ensure(project)

    assert installer.calls == ["install tiny again"]
    assert (environment.site_packages / "other/more.py").exists()


def test_other_set_up_that_did_the_work_meanwhile_is_enough(project, installer, environment, monkeypatch):
    stale = [_ensure.Diagnosis("create", "stale"), _ensure.Diagnosis("nothing")]
    monkeypatch.setattr(_ensure, "diagnose", lambda *_: stale.pop(0))

    ensure(project)

    assert installer.calls == []


@pytest.mark.parametrize("name", ["pyproject.toml", "requirements.lock"])
def test_incomplete_project_is_named(project, installer, name):
    (project / name).unlink()

    with pytest.raises(ConfigurationError, match=name):
        ensure(project)


def test_file_in_place_of_the_environment_is_left_alone(project, installer):
    (project / ".venv").write_text("mine")

    with pytest.raises(EnvironmentBroken, match="is in the way: it is a file"):
        ensure(project)

    assert (project / ".venv").read_text() == "mine"


def test_folder_that_is_no_environment_is_left_alone(project, installer):
    (project / ".venv").mkdir()
    (project / ".venv" / "thesis.txt").write_text("mine")

    with pytest.raises(EnvironmentBroken, match="not a virtual environment"):
        ensure(project)

    assert (project / ".venv" / "thesis.txt").read_text() == "mine"


def test_read_only_folder_is_said_plainly(project, installer, monkeypatch):
    def refuse(self, *args, **kwargs):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(Path, "mkdir", refuse)

    with pytest.raises(EnvironmentBroken, match=r"cannot write .*Read-only file system"):
        ensure(project)


@pytest.mark.parametrize("state", ["building", "ready"])
def test_full_disk_at_the_note_is_said_plainly(project, installer, state):
    full = OSError(28, "No space left on device")

    with (
        failpoints({f"environment.stamp.before_{state}": full}),
        pytest.raises(EnvironmentBroken, match=r"cannot write .*No space left"),
    ):
        ensure(project)

    assert not list((project / ".venv").glob("*.tmp"))


def test_file_that_cannot_be_removed_is_said_plainly(project, installer, environment, monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied")

    harm_python(environment)
    monkeypatch.setattr(_setup.shutil, "rmtree", refuse)

    with pytest.raises(EnvironmentBroken, match=r"cannot write .*Permission denied"):
        ensure(project)


def test_create_replaces_what_stands_there(project, installer, tmp_path):
    for _ in range(2):
        python = create(tmp_path / "env", project / "requirements.lock")

    assert python == tmp_path / "env/bin/python"
    assert installer.calls == ["venv", "install tiny other"] * 2


def test_create_can_install_a_project_too(project, installer, tmp_path):
    create(tmp_path / "env", project / "requirements.lock", project=project)

    assert installer.calls == ["venv", "install tiny other", "project"]


@pytest.mark.parametrize("text", ["", "[]", '{"format": 2}', '{"format": 1, "what": 1}'])
def test_note_that_cannot_be_read_counts_as_none(project, installer, environment, text):
    environment.stamp.write_text(text)

    assert read_stamp(environment) is None
