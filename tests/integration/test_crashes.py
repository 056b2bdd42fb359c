import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from groundwork.errors import ContractBroken
from groundwork.testing import Lab, load_subject

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif("sys.platform == 'win32'", reason="the kills need fork and SIGKILL"),
]

SCENARIOS = """
def prepare(folder):
    (folder / "start").write_text("here")

def use(subject, folder):
    subject.act(folder)
"""


@pytest.fixture
def scenarios(tmp_path, monkeypatch):
    (tmp_path / "crash_scenarios.py").write_text(SCENARIOS)
    monkeypatch.syspath_prepend(str(tmp_path))
    import crash_scenarios

    yield crash_scenarios
    del sys.modules["crash_scenarios"]


@pytest.fixture
def crashes_of(tmp_path, scenarios):
    with Lab(limit_s=20) as lab:

        def run(body, lab=lab, **options):
            path = tmp_path / "mine.py"
            path.write_text("import os, time\n\ndef act(folder):\n" + textwrap.indent(textwrap.dedent(body), "    "))
            return list(lab.crashes(load_subject(path), scenarios.use, prepare=scenarios.prepare, **options))

        yield run


def test_a_run_is_killed_before_each_call_and_what_it_left_can_be_looked_at(crashes_of):
    crashes = crashes_of("""
        with open(folder / "a", "wb", buffering=0) as file:
            file.write(b"1")
            file.write(b"2")
        os.rename(folder / "a", folder / "b")
    """)

    assert [crash.before for crash in crashes] == ["open", "write", "write", "rename"]
    left = [sorted((path.name, path.read_text()) for path in crash.folder.iterdir()) for crash in crashes]
    start = ("start", "here")
    assert left == [[start], [("a", ""), start], [("a", "1"), start], [("a", "12"), start]]


def test_no_finally_and_no_atexit_runs_in_a_killed_process(crashes_of):
    [first, *_] = crashes_of("""
        import atexit
        atexit.register(os.mkdir, folder / "atexit")
        try:
            os.unlink(folder / "start")
        finally:
            os.mkdir(folder / "finally")
    """)

    assert [path.name for path in first.folder.iterdir()] == ["start"]


def test_a_scenario_that_fails_by_itself_is_told(crashes_of):
    with pytest.raises(ContractBroken, match="raised ZeroDivisionError where nothing was wrong"):
        crashes_of("1 / 0")


def test_a_subject_that_ends_its_process_is_told(crashes_of):
    with pytest.raises(ContractBroken, match="ended its own process, exit 3"):
        crashes_of("os._exit(3)")


def test_a_subject_that_never_stops_changing_files_is_told(crashes_of):
    with pytest.raises(ContractBroken, match="still not done after 20"):
        crashes_of("while True: os.truncate(folder / 'start', 0)", most=20)


def test_a_subject_that_hangs_is_given_up(crashes_of):
    with Lab(limit_s=1.5) as lab, pytest.raises(ContractBroken, match=r"did not end within 1\.5 s"):
        crashes_of("time.sleep(600)", lab)


def test_a_subject_that_cannot_be_imported_there_is_told(tmp_path, scenarios):
    path = tmp_path / "once.py"
    path.write_text("def act(folder): ...")
    subject = load_subject(path)
    path.write_text("raise RuntimeError('not twice')")

    with Lab() as lab, pytest.raises(ContractBroken, match="RuntimeError: not twice"):
        list(lab.crashes(subject, scenarios.use, prepare=scenarios.prepare))


def test_kill_self_is_a_real_kill():
    program = "import atexit; from groundwork.testing import kill_self; atexit.register(print, 'x'); kill_self()"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, env=environment, cwd=Path.cwd())

    assert (done.returncode, done.stdout) == (-signal.SIGKILL, b"")
