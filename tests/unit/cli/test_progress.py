import sys

import pytest

from groundwork.cli import _progress


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """A groundwork command beside the interpreter, in .venv of the current folder."""
    scripts = tmp_path / ".venv" / "bin"
    scripts.mkdir(parents=True)
    (scripts / "groundwork").touch()
    monkeypatch.setattr(sys, "executable", str(scripts / "python"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_next_command_is_one_that_this_shell_can_start(installed, monkeypatch):
    monkeypatch.setattr("shutil.which", lambda name: None)
    here = _progress._command()
    (installed / "other").mkdir()
    monkeypatch.chdir(installed / "other")
    elsewhere = _progress._command()

    assert (here, elsewhere) == (".venv/bin/groundwork", str(installed / ".venv/bin/groundwork"))


def test_where_groundwork_is_on_the_path_its_name_is_enough(installed, monkeypatch):
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")

    assert _progress._command() == "groundwork"
