"""Commands as users run them."""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from groundwork.cli import main
from groundwork.environment import _files
from groundwork.storage import FileJournal
from groundwork.testing import failpoints as armed

sys.path.insert(0, str(Path(__file__).parent))  # the helper is no part of the package
from forks import Forks

DRIVER = """
import sys
from groundwork.cli import main
from groundwork.testing import failpoints, kill_self
actions = {{{actions}}}
sys.argv = ["groundwork", *{arguments!r}]
with failpoints(actions):
    main()
"""


@dataclass
class Ended:
    """What a command left."""

    returncode: int
    stdout: str
    stderr: str

    @property
    def said(self):
        return self.stdout + self.stderr


class Command:
    """Runs groundwork in processes, in a folder, if asked for with armed failpoints."""

    def __init__(self, folder, said, forks):
        self.folder, self.said, self.forks = folder, said, forks

    def __call__(self, *arguments, failpoints=None, check=None):
        """Run a command, where there are forks in one of an interpreter that has the libraries loaded."""
        places = {name: self.said / name for name in ("out", "err")}
        if hasattr(os, "fork"):
            code = self.forks(self.folder, arguments, failpoints=failpoints, **places)
        else:
            with places["out"].open("wb") as out, places["err"].open("wb") as err:
                line = self.line(*arguments, failpoints=failpoints)
                code = subprocess.call(line, cwd=self.folder, stdout=out, stderr=err)
        done = Ended(code, *(path.read_text(encoding="utf-8") for path in places.values()))
        for path in places.values():
            path.unlink()
        assert check in (None, code), done.said
        return done

    def line(self, *arguments, failpoints=None):
        arguments = [str(argument) for argument in arguments]
        actions = ", ".join(f"{name!r}: {action}" for name, action in (failpoints or {}).items())
        return [sys.executable, "-c", DRIVER.format(actions=actions, arguments=arguments)]

    def start(self, *arguments, failpoints=None):
        """Start a command in an interpreter of its own."""
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


@pytest.fixture(scope="session")
def forks():
    started = []

    def run(*arguments, **options):
        if not started:
            started.append(Forks())
        return started[0](*arguments, **options)

    yield run
    for each in started:
        each.close()


@pytest.fixture
def groundwork(tmp_path, tmp_path_factory, forks):
    return Command(tmp_path, tmp_path_factory.mktemp("said"), forks)


@pytest.fixture
def command(tmp_path, monkeypatch, capsys):
    """Runs the command line in this process, in a folder of its own, if asked for with armed failpoints."""
    monkeypatch.chdir(tmp_path)
    before = signal.getsignal(signal.SIGTERM)

    def run(*arguments, failpoints=None):
        monkeypatch.setattr(sys, "argv", ["groundwork", *map(str, arguments)])
        capsys.readouterr()
        with pytest.MonkeyPatch.context() as patch:
            if arguments[0] == "run":
                patch.setattr(_files, "damages", lambda packages: [])  # as in a fork
            with armed(failpoints or {}) as reached, pytest.raises(SystemExit) as ended:
                main()
        assert all(reached.values()), reached
        said = capsys.readouterr()
        return Ended(ended.value.code or 0, said.out, said.err)

    yield run
    signal.signal(signal.SIGTERM, before)


@pytest.fixture(scope="session")
def kept_runs(tmp_path_factory):
    return tmp_path_factory.mktemp("kept")


@pytest.fixture
def good_run(project, command, kept_runs):
    """The folder of a good run of the project; made once of each project, and copied."""
    runs = project.parent / "runs"
    kept = kept_runs / contents_digest(project)
    if kept.exists():
        shutil.copytree(kept, runs, symlinks=True)
    else:
        assert command("run", project).returncode == 0
        shutil.copytree(runs, kept, symlinks=True)
    return (runs / "latest").resolve()


def contents_digest(folder):
    digest = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()
