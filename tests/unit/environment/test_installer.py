import subprocess
import sys
from pathlib import Path

import pytest

from groundwork.environment import _installer
from groundwork.environment._installer import Installer, choose
from groundwork.environment._lockfile import Pin
from groundwork.errors import ConfigurationError, EnvironmentBroken

PIN = Pin("tiny", "1.0", "", "tiny==1.0 \\\n    --hash=sha256:aa")


@pytest.fixture
def commands(monkeypatch):
    """What would be run, with the text of a requirements file in place of its path."""
    seen = []

    def note(command, *, what, line_seen, keep_open, tool=None):
        words = [str(word) for word in command]
        seen.append([Path(word).read_text() if word.endswith("requirements.txt") else word for word in words])

    monkeypatch.setattr(_installer, "run_tool", note)
    monkeypatch.setattr(_installer, "run_online", note)
    return seen


@pytest.fixture
def there(monkeypatch):
    """What each interpreter has, by its path; the base is /base/python."""
    packages = {}

    def answers(python, code):
        return any(repr(name) in code or f"{name}." in code for name in packages.get(str(python), "").split())

    monkeypatch.setattr(_installer, "_answers", answers)
    monkeypatch.setattr(_installer, "_base", lambda: "/base/python")
    return packages


def test_uv_is_told_to_check_hashes_and_resolve_nothing(commands):
    Installer("uv", "/bin/uv").install(Path("/env/python"), [PIN], again=True, cache=False)

    assert commands == [
        [
            "/bin/uv",
            "--no-progress",
            "pip",
            "install",
            "--python",
            "/env/python",
            "--require-hashes",
            "--no-deps",
            "--compile-bytecode",
            "--reinstall",
            "--no-cache",
            "-r",
            PIN.text + "\n",
        ]
    ]


def test_pip_is_told_the_same(commands, there):
    there["/env/python"] = "pip"

    Installer("pip").install(Path("/env/python"), [PIN], again=True, cache=False)

    words = commands[0]
    assert words[:4] == ["/env/python", "-I", "-m", "pip"]
    options = ["--require-hashes", "--no-deps", "--compile", "--force-reinstall", "--no-cache-dir"]
    assert words[-7:] == [*options, "-r", PIN.text + "\n"]


@pytest.mark.parametrize(("name", "again"), [("uv", "--reinstall"), ("pip", "--force-reinstall")])
def test_project_is_installed_in_place_with_the_locked_build_backend(commands, name, again):
    Installer(name).install_project(Path("/env/python"), Path("/project"))

    assert commands[0][-5:] == ["--no-deps", "--no-build-isolation", again, "--editable", "/project"]


def test_a_project_is_compiled_even_where_python_is_told_to_write_nothing(commands, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "whole.py").write_text("X = 1\n", encoding="utf-8")
    (tmp_path / "src" / "broken.py").write_text("X = (\n", encoding="utf-8")

    Installer("uv").install_project(Path(sys.executable), tmp_path)

    compiled = (tmp_path / "src" / "__pycache__").iterdir()
    assert ["whole"] == [path.name.partition(".")[0] for path in compiled]


@pytest.mark.parametrize("name", ["uv", "pip"])
def test_an_environment_is_made_without_pip_since_that_takes_long(commands, name):
    Installer(name).make_venv(Path("/env"))

    assert [words[1:] for words in commands] == [["-I", "-m", "venv", "--without-pip", "/env"]]


@pytest.mark.parametrize(
    ("here", "pip"),
    [
        ({"/env/python": "pip"}, ["/env/python", "-I", "-m", "pip"]),
        ({"/base/python": "pip"}, ["/base/python", "-I", "-m", "pip", "--python", "/env/python"]),
    ],
)
def test_pip_of_the_base_serves_an_environment_that_has_none(commands, there, here, pip):
    there.update(here)

    Installer("pip").install(Path("/env/python"), [PIN])
    Installer("pip").uninstall(Path("/env/python"), ["tiny"])

    assert [words[: len(pip)] for words in commands] == [pip, pip]


def test_where_neither_has_a_pip_the_environment_gets_one_first(commands, there):
    Installer("pip").install(Path("/env/python"), [PIN])

    assert [words[:4] for words in commands] == [
        ["/env/python", "-I", "-m", "ensurepip"],
        ["/env/python", "-I", "-m", "pip"],
    ]


def test_what_cannot_be_asked_has_no_pip(tmp_path, monkeypatch):
    def hang(command, **options):
        raise subprocess.TimeoutExpired(command, 30)

    absent = _installer._answers(tmp_path / "python", "")
    answers = [_installer._answers(sys.executable, code) for code in ("", "raise SystemExit(1)")]
    monkeypatch.setattr(subprocess, "run", hang)

    assert (absent, answers, _installer._answers(sys.executable, "")) == (False, [True, False], False)


@pytest.mark.parametrize(("name", "missing"), [("uv", "venv"), ("pip", "venv"), ("pip", "ensurepip")])
def test_python_without_venv_is_told_the_package_to_install(commands, monkeypatch, name, missing):
    monkeypatch.setattr(_installer.importlib.util, "find_spec", lambda module: None if module == missing else object())

    with pytest.raises(EnvironmentBroken, match=f"has no '{missing}' module") as caught:
        Installer(name).make_venv(Path("/env"))

    assert "apt install python3-venv" in caught.value.hint


def fake_uv(folder, code):
    path = folder / "uv"
    path.write_text(f"#!/bin/sh\nexit {code}\n")
    path.chmod(0o755)
    return str(path)


def test_uv_is_taken_when_it_runs(tmp_path, monkeypatch):
    uv = fake_uv(tmp_path, 0)
    monkeypatch.setenv("PATH", str(tmp_path))

    assert (choose("auto").uv, choose("uv").name, choose("pip").name) == (uv, "uv", "pip")


def test_uv_that_does_not_run_is_passed_over(tmp_path, monkeypatch):
    fake_uv(tmp_path, 127)
    monkeypatch.setenv("PATH", str(tmp_path))

    assert choose("auto").name == "pip"


def test_uv_that_hangs_is_passed_over(tmp_path, monkeypatch):
    fake_uv(tmp_path, 0)
    monkeypatch.setenv("PATH", str(tmp_path))

    def hang(command, **options):
        raise subprocess.TimeoutExpired(command, 30)

    monkeypatch.setattr(subprocess, "run", hang)

    assert choose("auto").name == "pip"


def test_uv_that_was_asked_for_and_is_not_there_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(EnvironmentBroken, match="uv was asked for"):
        choose("uv")


def test_unknown_backend_is_the_callers_mistake():
    with pytest.raises(ConfigurationError, match="no backend 'conda'"):
        choose("conda")


@pytest.mark.parametrize(("name", "words"), [("uv", ["/bin/uv", "pip", "uninstall"]), ("pip", ["/env/python", "-I"])])
def test_packages_are_removed_without_asking(commands, there, name, words):
    there["/env/python"] = "pip"

    Installer(name, "/bin/uv").uninstall(Path("/env/python"), ["tiny", "other"])

    assert commands[0][: len(words)] == words
    assert commands[0][-2:] == ["tiny", "other"]
    assert ("--yes" in commands[0]) == (name == "pip")


def test_only_pip_is_put_into_an_environment_and_once(commands, there):
    Installer("uv").provide(Path("/env/python"))
    Installer("pip").provide(Path("/env/python"))
    there["/env/python"] = "pip"
    Installer("pip").provide(Path("/env/python"))

    assert commands == [["/env/python", "-I", "-m", "ensurepip"]]


@pytest.mark.parametrize(("before", "removed"), [("", 1), ("setuptools", 0)])
def test_setuptools_that_came_with_pip_goes_and_that_of_the_lock_stays(commands, there, monkeypatch, before, removed):
    there["/env/python"] = before
    started = Installer._start

    def bring(self, command, *, what):
        started(self, command, what=what)
        there["/env/python"] = "setuptools pip"

    monkeypatch.setattr(Installer, "_start", bring)

    Installer("pip").provide(Path("/env/python"))

    assert sum(words[-1] == "setuptools" for words in commands) == removed
