"""The set-up scripts as they are written; tests/integration runs them."""

import os
import stat
from itertools import pairwise

import pytest

from groundwork.environment import write_scripts
from groundwork.errors import ConfigurationError, EnvironmentBroken


def test_three_scripts_are_written_and_only_that_of_the_shell_is_a_program(tmp_path):
    paths = write_scripts(tmp_path)

    assert [path.name for path in paths] == ["setup.sh", "setup.ps1", "setup.cmd"]
    assert sorted(os.listdir(tmp_path)) == ["setup.cmd", "setup.ps1", "setup.sh"]
    if os.name != "nt":
        assert [bool(path.stat().st_mode & stat.S_IXUSR) for path in paths] == [True, False, False]


def test_lines_end_as_each_shell_wants_them(tmp_path):
    posix, power, batch = (path.read_bytes() for path in write_scripts(tmp_path))

    assert b"\r" not in posix
    assert power.count(b"\n") == power.count(b"\r\n") > 0
    assert batch.count(b"\n") == batch.count(b"\r\n") > 0


@pytest.mark.parametrize(
    ("pyproject", "oldest"),
    [
        (None, "(3, 11)"),
        ("[project]\nname = 'a'\n", "(3, 11)"),
        ("[project]\nrequires-python = '>=3.12,<4'\n", "(3, 12)"),
        ("[tool.x]\ny = 1\n", "(3, 11)"),
    ],
)
def test_the_oldest_python_is_that_of_the_project(tmp_path, pyproject, oldest):
    if pyproject is not None:
        (tmp_path / "pyproject.toml").write_text(pyproject, encoding="utf-8")

    texts = [path.read_text(encoding="ascii") for path in write_scripts(tmp_path)]

    assert [f"sys.version_info < {oldest}" in text for text in texts] == [True, True, True]
    assert not any("@" + "MINOR" in text for text in texts)


def test_writing_again_replaces_what_was_there(tmp_path):
    first = {path: path.read_bytes() for path in write_scripts(tmp_path)}
    (tmp_path / "setup.sh").write_text("changed")

    again = {path: path.read_bytes() for path in write_scripts(str(tmp_path))}

    assert first == again


@pytest.mark.parametrize(
    "step", ["--require-hashes", "--no-deps", "--find-links", "--editable", "--no-build-isolation"]
)
def test_all_three_ask_the_installer_for_the_same(tmp_path, step):
    texts = [path.read_text(encoding="ascii") for path in write_scripts(tmp_path)]

    assert [step in text for text in texts] == [True, True, True]


def test_a_batch_jump_leads_to_a_label(tmp_path):
    lines = write_scripts(tmp_path)[2].read_text(encoding="ascii").split("\n")
    words = [line.replace(")", " ").split() for line in lines]

    labels = {line[0] for line in words if line and line[0].startswith(":")}
    jumps = {after for line in words for word, after in pairwise(line) if word in ("goto", "call")}

    assert labels >= jumps
    assert jumps


def test_a_folder_that_is_not_there_is_the_callers_mistake(tmp_path):
    with pytest.raises(ConfigurationError, match="there is no folder"):
        write_scripts(tmp_path / "nowhere")


def test_a_project_file_that_cannot_be_read_is_named(tmp_path):
    (tmp_path / "pyproject.toml").write_text("[project\n", encoding="utf-8")

    with pytest.raises(ConfigurationError, match=r"pyproject\.toml is not TOML"):
        write_scripts(tmp_path)


def test_a_place_that_cannot_be_written_is_named_and_nothing_is_left(tmp_path):
    (tmp_path / "setup.sh").mkdir()

    with pytest.raises(EnvironmentBroken, match=r"cannot write .*setup\.sh"):
        write_scripts(tmp_path)

    assert os.listdir(tmp_path) == ["setup.sh"]
