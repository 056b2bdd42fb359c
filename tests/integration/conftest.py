"""Commands as users run them: in processes of their own."""

import json
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from groundwork.cli import main
from groundwork.storage import FileJournal
from groundwork.testing import failpoints as armed

DRIVER = """
import sys
from groundwork.cli import main
from groundwork.testing import failpoints, kill_self
actions = {{{actions}}}
sys.argv = ["groundwork", *{arguments!r}]
with failpoints(actions):
    main()
"""


class Command:
    """Runs groundwork in a folder, if asked for with armed failpoints."""

    def __init__(self, folder):
        self.folder = folder

    def __call__(self, *arguments, failpoints=None, check=None):
        done = subprocess.run(
            self.line(*arguments, failpoints=failpoints),
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
        if check is not None:
            assert done.returncode == check, done.stdout + done.stderr
        return done

    def line(self, *arguments, failpoints=None):
        arguments = [str(argument) for argument in arguments]
        actions = ", ".join(f"{name!r}: {action}" for name, action in (failpoints or {}).items())
        return [sys.executable, "-c", DRIVER.format(actions=actions, arguments=arguments)]

    def start(self, *arguments, failpoints=None):
        return subprocess.Popen(
            self.line(*arguments, failpoints=failpoints),
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def runs(self):
        return json.loads(self("runs", "--json", check=0).stdout)

    def journal(self, run_id):
        return list(FileJournal(Path(self.folder) / "runs" / run_id / "journal.jsonl").records())


@pytest.fixture
def groundwork(tmp_path):
    return Command(tmp_path)


@dataclass
class Ended:
    """What a command left: as of a process, without the seconds that one costs."""

    returncode: int
    stdout: str
    stderr: str

    @property
    def said(self):
        return self.stdout + self.stderr


@pytest.fixture
def command(tmp_path, monkeypatch, capsys):
    """Runs the command line in this process, in a folder of its own, if asked for with armed failpoints."""
    monkeypatch.chdir(tmp_path)
    before = signal.getsignal(signal.SIGTERM)

    def run(*arguments, failpoints=None):
        monkeypatch.setattr(sys, "argv", ["groundwork", *map(str, arguments)])
        capsys.readouterr()
        with armed(failpoints or {}) as reached, pytest.raises(SystemExit) as ended:
            main()
        assert all(reached.values()), reached
        said = capsys.readouterr()
        return Ended(ended.value.code or 0, said.out, said.err)

    yield run
    signal.signal(signal.SIGTERM, before)


@pytest.fixture(scope="module")
def kept_run(tmp_path_factory):
    return tmp_path_factory.mktemp("kept") / "runs"


@pytest.fixture
def good_run(project, command, kept_run):
    """The folder of a good run of the project; made once a module, and copied."""
    runs = project.parent / "runs"
    if kept_run.exists():
        shutil.copytree(kept_run, runs, symlinks=True)
    else:
        assert command("run", project).returncode == 0
        shutil.copytree(runs, kept_run, symlinks=True)
    return (runs / "latest").resolve()
