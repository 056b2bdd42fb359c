"""Commands as users run them: in processes of their own."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from groundwork.storage import FileJournal

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
