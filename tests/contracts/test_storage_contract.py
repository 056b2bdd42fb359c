"""Files that are never torn, checkpoints that are never lost; and the measurements of the exercise."""

import subprocess
import sys

import pytest
from proofs import ContractProofs

import groundwork.storage
from groundwork.testing import Level
from groundwork.testing.contracts.storage import CONTRACT


class TestStorageContract(ContractProofs):
    number = "04"
    doors = (groundwork.storage,)
    seeded = tuple(check for check in CONTRACT if check.level in (Level.BASIC, Level.EDGE))
    long = (Level.CRASH, Level.LOAD)

    @pytest.mark.integration
    @pytest.mark.skipif(sys.platform == "win32", reason="the kills need fork and SIGKILL")
    def test_the_measurements_can_be_run_again(self, tmp_path):
        command = [sys.executable, str(self.exercise.path / "starter" / "measure.py"), "--quick"]

        done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path)

        lines = [line for line in done.stdout.splitlines() if line and not line.startswith(("|", "Python"))]
        names = [line.split(":")[0] for line in lines]
        answers = (self.exercise.path / "ANSWERS.md").read_text(encoding="utf-8")
        assert ["durable", "kills", "short", "disks", "mode", "gzip", "writers", "log", "flips", "checksum"] == names
        assert [name for name in names if name not in " ".join(answers.split("measure.py")[1:])] == []
