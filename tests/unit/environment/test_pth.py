import os
import sys
from pathlib import Path

import pytest

from groundwork.environment import _pth, _pth_run, check
from groundwork.environment._pth import check_pth

# The interpreter beneath all environments: it starts fastest.
BASE = Path(os.path.realpath(sys._base_executable))


@pytest.fixture
def look(subject, tmp_path):
    """Judge the .pth files given by name and content."""

    def judge(**files):
        one = subject(python=BASE)
        for name, text in files.items():
            (tmp_path / "site" / f"{name}.pth").write_bytes(text if isinstance(text, bytes) else text.encode())
        return list(check_pth(one))

    return judge


def test_no_such_files_are_fine(look):
    assert [(one.severity, one.found) for one in look()] == [("ok", "there are no .pth files")]


def test_folders_that_exist_and_code_that_runs_are_fine(look, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code = "import sys; p = sys._getframe(1).f_locals['sitedir']; print(p); assert sys.prefix.endswith('env')"
    (tmp_path / "site/inner").mkdir(parents=True)
    (tmp_path / "site/inner/neighbour.py").write_text("")

    findings = look(a=f"# a comment\n\n{tmp_path}\ninner\r\n", b=f"\ufeffimport os\nimport\tneighbour\n{code}\n", c="")

    assert [(one.severity, one.found) for one in findings] == [("ok", "3 .pth files are in order")]


def test_folder_that_is_gone_is_told_by_line(look, tmp_path):
    (one,) = look(a=f"# first\n{tmp_path / 'gone'}\n")

    assert (one.severity, one.found) == ("error", f"a.pth, line 2 names {tmp_path / 'gone'}, which does not exist")
    assert one.fix == f"rm -- {tmp_path / 'site' / 'a.pth'}"


def test_file_that_cannot_be_read_is_told(look, tmp_path):
    (tmp_path / "site").mkdir()
    (tmp_path / "site/link.pth").symlink_to("nowhere")

    findings = look(bytes=b"\xff\xfe")

    assert [one.found for one in findings] == [
        "bytes.pth cannot be read: it is not UTF-8",
        "link.pth cannot be read: No such file or directory",
    ]


def test_every_line_that_raises_is_told_by_its_exception(look):
    findings = look(
        a="import not_there\nimport sys; sys.exit('hunter2')\nimport os; {}['hunter2']\nimport os\n", b="import x x\n"
    )

    assert [one.found for one in findings] == [
        "a.pth, line 1 raises ModuleNotFoundError: No module named 'not_there'",
        "a.pth, line 2 raises SystemExit",
        "a.pth, line 3 raises KeyError",
        "b.pth, line 1 raises SyntaxError: invalid syntax (<string>, line 1)",
    ]


def test_line_that_ends_the_interpreter_is_told(look):
    (one,) = look(a="import os\nimport os; os._exit(0)\n")

    assert one.found == "a.pth, line 2 ends the interpreter"


def test_line_that_hangs_is_told(look, monkeypatch):
    def late(words, *, timeout_s):
        output = f"{_pth_run.BEGIN}\t/site/a.pth\t2\n".encode()
        raise _pth.subprocess.TimeoutExpired(words, timeout_s, output=output)

    monkeypatch.setattr(_pth, "run_quietly", late)

    (one,) = look(a="\nimport time; time.sleep(600)\n")

    assert one.found == "a.pth, line 2 does not end within 5 s"


def test_interpreter_that_says_nothing_in_time_is_no_fault_of_a_line(look, monkeypatch):
    def late(words, *, timeout_s):
        raise _pth.subprocess.TimeoutExpired(words, timeout_s)

    monkeypatch.setattr(_pth, "run_quietly", late)

    assert [one.severity for one in look(a="import os\n")] == ["ok"]


def test_file_of_a_package_is_mended_by_installing_that_again(look, tmp_path, package):
    package(tmp_path / "site", "tiny", files={"tiny.pth": "gone\n"})

    (one,) = look()

    assert (one.found, one.packages) == ("tiny: tiny.pth, line 1 names gone, which does not exist", ("tiny",))
    assert "tiny==1.0" in one.fix


def test_environment_whose_start_up_file_ends_the_interpreter_is_still_looked_at(environment):
    (environment.site_packages / "bad.pth").write_text("import sys; sys.exit(3)\n")

    findings = check(environment.root, only=["interpreter", "files", "pth"], workdir=environment.root.parent)

    assert [(one.check, one.severity) for one in findings] == [
        ("interpreter", "error"),
        ("interpreter", "ok"),
        ("files", "ok"),
        ("pth", "error"),
    ]
    assert "exit code" in findings[0].found


@pytest.mark.parametrize("line", ["import sys; print('{}')", "import atexit; atexit.register(print, '{}')"])
def test_start_up_file_that_prints_does_not_garble_the_answer(environment, line):
    (environment.site_packages / "loud.pth").write_text(f"{line}\n")

    findings = check(environment.root, only=["interpreter", "pth"], workdir=environment.root.parent)

    assert {one.severity for one in findings} == {"ok"}


def test_reading_and_running_pass_over_what_is_not_there(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(os, "dup2", lambda *_: None)
    monkeypatch.setattr(sys, "prefix", sys.prefix)
    monkeypatch.setattr(sys, "exec_prefix", sys.exec_prefix)
    (tmp_path / "link.pth").symlink_to("nowhere")
    (tmp_path / "good.pth").write_text("import os\nfolder\nimport not_there\nimport os; raise ValueError('hidden')\n")
    said = []
    monkeypatch.setattr(os, "write", lambda _, text: said.append(text.decode().split("\t")))

    _pth_run.run(sys.prefix, [str(tmp_path / "none"), str(tmp_path)])

    good = str(tmp_path / "good.pth")
    assert [line[1:] for line in said] == [
        [good, "1\n"],
        ["\n"],
        [good, "3\n"],
        ["ModuleNotFoundError: No module named 'not_there'\n"],
        [good, "4\n"],
        ["ValueError\n"],
    ]
    assert str(tmp_path / "folder") in sys.path
