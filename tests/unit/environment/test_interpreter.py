import json
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from groundwork.environment import _probe, check
from groundwork.environment._interpreter import check_base, check_interpreter


@pytest.fixture
def look(subject, tmp_path):
    """Judge an environment made from a Python in the folder base, with the given notes."""
    base = tmp_path / "base/bin"
    base.mkdir(parents=True)
    for name in ("python3", "python3.11"):
        (base / name).touch()

    def judge(notes="home = {base}\nversion = 3.11.2\n", target=base / "python3.11", **changes):
        one = subject(**changes)
        one.python.parent.mkdir(exist_ok=True)
        if target is not None:
            one.python.symlink_to(target)
        (one.prefix / "pyvenv.cfg").write_text(notes.format(base=base))
        ((severity, found, fix),) = [(each.severity, each.found, each.fix) for each in check_base(one)]
        assert bool(fix) == (severity != "ok")
        return severity, found

    return judge


@pytest.mark.parametrize(
    "notes",
    [
        "home = {base}\nversion = 3.11.2\n",
        "HOME={base}\nversion_info = 3.11.7.final.0\nno pair\n",
        "uv = 0.13\n",
    ],
)
def test_environment_of_the_python_it_was_made_from_is_fine(look, notes):
    assert look(notes)[0] == "ok"


def test_python_that_was_copied_instead_of_linked_is_fine(look):
    assert look(target=None)[0] == "ok"


def test_environment_of_another_release_is_an_error(look, tmp_path):
    severity, found = look("home = {base}\nversion = 3.10.4\n")

    assert (severity, found.startswith("made with Python 3.10.4, but its interpreter is now 3.11")) == ("error", True)


def test_python_that_is_gone_is_an_error(look, tmp_path):
    assert look("home = /gone/bin\nversion = 3.11.2\n") == ("error", "made from the Python in /gone/bin, which is gone")


def test_link_that_leads_nowhere_is_an_error(look, tmp_path):
    severity, found = look(target=tmp_path / "base/bin/python3.14")

    assert (severity, found.endswith("python3.14, which is gone")) == ("error", True)


def test_link_to_another_python_is_an_error(look, tmp_path):
    (tmp_path / "other").touch()

    severity, found = look(target=tmp_path / "other")

    assert (severity, found.endswith(f"but its interpreter is now {tmp_path / 'other'}")) == ("error", True)


def test_what_is_no_environment_was_made_from_nothing(subject, tmp_path):
    (one,) = check_base(subject(base_prefix=tmp_path / "env"))

    assert one.severity == "ok"


@pytest.mark.parametrize(("isolated", "anew"), [(True, "env"), (False, "work/.venv")])
def test_python_that_a_start_up_file_ends_is_mended_by_a_command(subject, tmp_path, isolated, anew):
    changes = {} if isolated else {"base_prefix": tmp_path / "env"}

    first, *_ = check_interpreter(subject(broken="it ended with exit code 3", **changes))

    assert (first.severity, first.fix) == ("error", f"groundwork env create {tmp_path / anew}")


@pytest.mark.parametrize(
    ("uv", "fix"), [("/bin/uv", "uv python install 3.11"), (None, "install Python 3.11 from python.org")]
)
def test_python_that_is_too_old_is_an_error_with_a_mend(subject, monkeypatch, uv, fix):
    monkeypatch.setattr(shutil, "which", lambda name: uv)

    first, _ = check_interpreter(subject(version="3.9.1"))

    assert (first.severity, first.fix) == ("error", fix)


def test_environment_whose_python_is_gone_says_so_without_running_it(environment):
    environment.config.write_text("home = /gone/bin\n")
    environment.python.unlink()
    environment.python.symlink_to("/gone/bin/python3")

    findings = check(environment.root, workdir=environment.root.parent)

    assert [(one.check, one.severity) for one in findings] == [("interpreter", "error"), ("base", "error")]
    assert findings[1].found == "made from the Python in /gone/bin, which is gone"
    assert {one.fix for one in findings} == {f"groundwork env create {environment.root} --lock {lock_of(environment)}"}


def lock_of(environment):
    return environment.root.parent / "requirements.lock"


@pytest.mark.parametrize("option", [[], ["-S"]])
def test_interpreter_tells_the_same_with_and_without_its_start_up_files(environment, option):
    words = [str(environment.python), "-I", *option, _probe.__file__]
    said = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    facts = json.loads(said.rpartition(_probe.MARK)[2])

    assert Path(facts["prefix"]) == environment.root
    assert [Path(folder) for folder in facts["site_packages"]] == [environment.site_packages]
    assert ("random" in facts["modules"], "sys" in facts["modules"], "os" in facts["modules"]) == (True, False, False)
    assert facts["version"] == sys.version.split()[0]


def test_probe_knows_its_environment_though_python_does_not(tmp_path, monkeypatch):
    (tmp_path / "pyvenv.cfg").touch()
    (tmp_path / "bin").mkdir()
    program = str(tmp_path / "bin" / "python")
    without_site = SimpleNamespace(flags=SimpleNamespace(no_site=1), executable=program, prefix="/base")

    monkeypatch.setattr(_probe, "sys", without_site)
    inside = _probe._prefix()
    (tmp_path / "pyvenv.cfg").unlink()
    outside = _probe._prefix()

    assert (inside, outside) == (str(tmp_path), "/base")


def test_environment_without_notes_is_judged_by_its_link(look, tmp_path, subject):
    look()
    (tmp_path / "env/pyvenv.cfg").unlink()

    (one,) = check_base(subject())

    assert one.severity == "ok"
