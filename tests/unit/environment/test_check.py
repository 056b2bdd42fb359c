import os
import re
import shutil
import sys
import threading
from pathlib import Path

import pytest

from groundwork.environment import CHECKS, Finding, _check, _packages, _subject, check, ensure, worst_first
from groundwork.errors import ConfigurationError


def found(environment, only, **options):
    options.setdefault("workdir", environment.root.parent)
    return check(environment.python, only=only, **options)


def brief(findings):
    return [(one.severity, one.found, one.packages) for one in findings]


def test_healthy_environment_has_no_errors_and_every_check_answers(environment):
    findings = check(environment.root, workdir=environment.root.parent)

    assert {one.check for one in findings} == set(CHECKS)
    assert [one for one in findings if one.severity == "error"] == []


def test_every_check_is_in_the_table_of_the_page():
    page = (Path(__file__).parents[3] / "docs/environment.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1] for line in page.splitlines() if line.startswith("| `")]
    documented = {name for row in rows for name in re.findall("`([a-z-]+)`", row)}

    assert set(CHECKS) - documented == set()


def test_running_environment_is_looked_at_when_none_is_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    first, _ = check(only="interpreter")

    assert first.found == f"Python {sys.version.split()[0]} ({sys.executable})"


def test_missing_and_drifted_packages_name_what_the_lock_wants(environment, package):
    shutil.rmtree(environment.site_packages / "tiny-1.0.dist-info")
    shutil.rmtree(environment.site_packages / "other-2.0.dist-info")
    package(environment.site_packages, "other", "1.9")

    findings = found(environment, "packages")

    assert [(one.found, one.expected) for one in findings] == [
        ("tiny is not installed", "tiny 1.0"),
        ("other 1.9", "other 2.0"),
    ]
    assert findings[0].fix.startswith("groundwork env fix --python")


def test_package_that_is_there_twice_is_an_error_with_and_without_a_lock(environment, package, tmp_path):
    package(environment.site_packages, "tiny", "0.9")

    findings = [*found(environment, "packages"), *found(environment, "packages", workdir=tmp_path)]

    assert [(one.severity, one.found, one.expected) for one in findings[:2]] == [
        ("error", "tiny is installed 2 times: 0.9, 1.0", "tiny 1.0 alone")
    ] * 2
    assert [one.severity for one in findings[2:]] == ["ok"]


def test_package_whose_marker_does_not_hold_is_not_missed(environment):
    lock = environment.root.parent / "requirements.lock"
    lock.write_text(lock.read_text() + "windows-only==1 ; sys_platform == 'never'\n")

    (one,) = found(environment, "packages")

    assert one.severity == "ok"


@pytest.mark.parametrize("with_packaging", [True, False])
@pytest.mark.parametrize(("pinned", "same"), [("1.0", True), ("1.0.0", "packaging"), ("2.0", False), ("x-y", False)])
def test_equal_versions_may_be_written_differently(environment, monkeypatch, with_packaging, pinned, same):
    if not with_packaging:
        monkeypatch.setattr(_packages.importlib.util, "find_spec", lambda name: None)
    (environment.root.parent / "requirements.lock").write_text(f"tiny=={pinned}\n")

    (one,) = found(environment, "packages")

    assert one.severity == ("ok" if same is True or (same and with_packaging) else "error")


def test_without_a_lock_nothing_is_compared(environment, tmp_path):
    (one,) = found(environment, "packages", workdir=tmp_path)

    assert (one.severity, "nothing to compare" in one.found) == ("ok", True)


def test_lock_that_is_none_is_a_finding(environment, tmp_path):
    (tmp_path / "bad.lock").write_text("not a pin\n")

    (one,) = found(environment, "packages", lock=tmp_path / "bad.lock")

    assert (one.severity, "not a pin" in one.found) == ("error", True)


def test_damaged_files_are_listed_package_by_package(environment):
    (environment.site_packages / "tiny/more.py").write_text("more = 2\n")
    (environment.site_packages / "other/__init__.py").unlink()

    findings = found(environment, "files")

    assert brief(findings) == [
        ("error", "other: other/__init__.py is missing", ("other",)),
        ("error", "tiny: tiny/more.py content differs", ("tiny",)),
    ]


def test_many_damaged_files_are_counted_not_listed(environment, package):
    package(environment.site_packages, "big", files={f"big/m{number}.py": "x" for number in range(9)})
    shutil.rmtree(environment.site_packages / "big")

    (one,) = found(environment, "files")

    assert one.found.endswith("and 4 more")


def test_record_that_came_wrong_with_the_wheel_is_only_a_warning(project, installer):
    installer.broken = lambda site, cache: (site / "tiny/more.py").write_text("longer than recorded\n")
    python = ensure(project)

    files, record = check(python, only=["files", "record"], workdir=project)

    assert (files.severity, record.severity, "came like this" in record.found) == ("ok", "warning", True)


def test_missing_and_unsuitable_requirements_have_checks_of_their_own(environment, package):
    package(environment.site_packages, "needy", requires=["tiny>=2", "absent"])

    findings = found(environment, ["dependencies", "conflicts"])

    assert [(one.check, one.found) for one in findings] == [
        ("dependencies", "absent is not installed; needed by needy 1.0"),
        ("conflicts", "needy 1.0 needs tiny>=2, but 1.0 is installed"),
    ]


def test_package_without_metadata_has_no_conflicts(environment):
    (environment.site_packages / "tiny-1.0.dist-info/METADATA").unlink()
    (environment.site_packages / "other-2.0.dist-info/METADATA").write_text("Name: other")

    (one,) = found(environment, "conflicts")

    assert one.severity == "ok"


def test_moved_environment_is_told_by_its_note(environment, tmp_path):
    moved = tmp_path / "moved"
    os.rename(environment.root, moved)

    (one,) = check(moved, only="moved", workdir=tmp_path)

    assert (one.severity, str(environment.root) in one.found) == ("error", True)


@pytest.mark.parametrize(
    ("first_line", "severity"),
    [
        ("#!/gone/venv/bin/python3.11", "error"),
        ("#!{other}/bin/python", "error"),
        ("#!{own}/bin/python", "ok"),
        ("#!/usr/bin/env python3", "ok"),
        ("#!{system}", "ok"),
        ("no script", "ok"),
    ],
)
def test_moved_environment_is_told_by_its_scripts(environment, tmp_path, first_line, severity):
    environment.stamp.unlink()
    other = tmp_path / "other"
    (other / "bin").mkdir(parents=True)
    (other / "bin/python").touch()
    (other / "pyvenv.cfg").touch()
    (tmp_path / "python").touch()
    line = first_line.format(other=other, own=environment.root, system=tmp_path / "python")
    (environment.scripts / "command").write_text(line + "\n")
    (environment.scripts / "folder").mkdir()

    (one,) = found(environment, "moved")

    assert one.severity == severity


def test_interpreter_outside_of_any_environment_is_a_warning(tmp_path):
    base = Path(sys._base_executable)

    findings = check(base, only=["interpreter", "moved"], workdir=tmp_path)

    assert [one.severity for one in findings] == ["ok", "warning", "ok"]


def test_old_interpreter_is_an_error(environment, monkeypatch):
    monkeypatch.setattr("groundwork.environment._interpreter.OLDEST", (99, 0))

    first, _ = found(environment, "interpreter")

    assert (first.severity, first.expected) == ("error", "Python 99.0 or later")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("link", "leads nowhere"),
        ("#!/bin/sh\nexit 3\n", "exit code 3"),
        ("", "not run"),
        ("#!/bin/sh\necho no json\n", "does not run"),
        ("#!/bin/sh\necho 3\n", "does not run"),
    ],
)
def test_interpreter_that_does_not_answer_is_a_finding(tmp_path, content, reason):
    python = tmp_path / "python"
    if content == "link":
        python.symlink_to("/nowhere")
    else:
        python.write_text(content)
        python.chmod(0o755)

    (one,) = check(python, workdir=tmp_path)

    assert (one.severity, reason in one.found) == ("error", True)


def test_environment_without_its_interpreter_is_a_finding(environment):
    environment.python.unlink()

    one = check(environment.root, workdir=environment.root.parent)[0]

    assert (one.severity, one.found) == ("error", f"the interpreter {environment.python} does not exist")


@pytest.mark.parametrize("made_here", [True, False])
def test_environment_that_lost_its_config_is_not_taken_for_the_python_it_was_made_from(environment, made_here):
    environment.config.unlink()
    root = environment.root
    fix = f"groundwork env create {root} --lock {root.parent / 'requirements.lock'}"
    if not made_here:
        environment.stamp.unlink()
        (environment.scripts / "activate").touch()
        fix = f"mv -n -- {root} {root}-old"

    first, *others = check(root, workdir=root.parent)

    assert (first.severity, first.fix, first.packages, others) == ("error", fix, (), [])
    assert first.found.startswith(f"{root} has lost its pyvenv.cfg, so that {environment.python} uses the packages of ")


@pytest.mark.parametrize("there", [False, True])
def test_name_of_nothing_is_the_callers_mistake(tmp_path, monkeypatch, there):
    monkeypatch.chdir(tmp_path)
    if there:
        (tmp_path / "empty").mkdir()

    with pytest.raises(ConfigurationError, match="there is no interpreter and no environment at empty") as raised:
        check("empty", workdir=tmp_path)

    assert raised.value.hint.endswith(": groundwork env check")


def test_name_of_a_command_is_not_looked_up_but_told(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python3.99").touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))

    with pytest.raises(ConfigurationError) as raised:
        check("python3.99", workdir=tmp_path)

    assert raised.value.hint.endswith(f": groundwork env check --python {tmp_path / 'bin/python3.99'}")


def test_interpreter_that_hangs_is_a_finding(tmp_path, monkeypatch):
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\nexec sleep 600\n")
    python.chmod(0o755)
    monkeypatch.setattr(_subject, "_ANSWER_S", 0.05)

    (one,) = check(python, workdir=tmp_path)

    assert "no answer" in one.found


def test_check_that_crashes_is_a_finding_and_the_others_answer(environment, monkeypatch):
    def crash(subject):
        raise ZeroDivisionError("by zero")

    monkeypatch.setattr(_check, "CHECKS", {"crash": crash, "disk": CHECKS["disk"]})

    first, second = found(environment, None)

    assert (first.check, first.severity, "ZeroDivisionError: by zero" in first.found) == ("crash", "error", True)
    assert second.check == "disk"


@pytest.fixture
def hang():
    """A check that answers when the test is over."""
    release = threading.Event()

    def check(subject):
        release.wait()
        yield Finding("hang", "ok", "late")

    yield check
    release.set()


def test_check_that_hangs_is_a_finding_and_the_others_answer(environment, monkeypatch, hang):
    # The other one has all the time that it may need here.
    monkeypatch.setattr(_check, "CHECKS", {"hang": hang, "files": CHECKS["cores"]})
    monkeypatch.setattr(_check, "_LOOK_S", 0.1)

    first, second = found(environment, None, timeout_s=60.0)

    assert (first.check, first.severity, first.found) == ("hang", "error", "no answer within 0.1 s")
    assert second.check == "cores"


def test_check_that_reads_every_file_has_the_time_of_the_caller(environment, monkeypatch, hang):
    monkeypatch.setattr(_check, "CHECKS", {"files": hang})
    monkeypatch.setattr(_check, "_LOOK_S", 0.0)

    (one,) = found(environment, None, timeout_s=0.1)

    assert (one.check, one.found) == ("files", "no answer within 0.1 s")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_check_that_ends_its_thread_is_a_finding(environment, monkeypatch):
    def leave(subject):
        raise SystemExit

    monkeypatch.setattr(_check, "CHECKS", {"leave": leave})

    (one,) = found(environment, None)

    assert (one.severity, one.found) == ("error", "the check ended without an answer")


def test_every_finding_that_is_not_ok_says_what_to_do(environment, monkeypatch):
    def crash(subject):
        raise OSError("no such disk")

    monkeypatch.setattr(_check, "CHECKS", dict.fromkeys(CHECKS, crash))

    findings = found(environment, None)

    assert [one.check for one in findings] == list(CHECKS)
    assert [one.fix for one in findings if not one.fix.startswith("groundwork env check --only")] == []


def test_unknown_check_names_the_nearest(environment):
    with pytest.raises(ConfigurationError, match="did you mean 'files'"):
        found(environment, ["fils"])

    with pytest.raises(ConfigurationError, match=r"there is no check 'zzz'$"):
        found(environment, "zzz")


def test_findings_sort_worst_first_and_are_plain_data():
    findings = [Finding("a", "ok", "1"), Finding("b", "error", "2", packages=("x",)), Finding("c", "warning", "3")]

    actual = worst_first(findings)

    assert [one.check for one in actual] == ["b", "c", "a"]
    assert actual[0].to_dict()["packages"] == ["x"]


def test_what_several_checks_need_is_computed_once_and_keeps_no_other_waiting(subject):
    one = subject()
    calls, other = [], []

    def slow():
        # While this is computed, another thread computes something else.
        thread = threading.Thread(target=lambda: other.append(one.once("quick", lambda: "there")))
        thread.start()
        thread.join(timeout=30)
        calls.append("slow")
        return "slow"

    found = [one.once("slow", slow), one.once("slow", slow)]

    assert (found, calls, other) == (["slow", "slow"], ["slow"], ["there"])
