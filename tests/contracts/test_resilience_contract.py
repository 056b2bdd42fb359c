"""Errors that are met: again, in time, or not at all; and the measurements of the exercise."""

import subprocess
import sys

import pytest
from proofs import ContractProofs

import groundwork.resilience


class TestResilienceContract(ContractProofs):
    number = "05"
    doors = (groundwork.resilience,)

    @pytest.mark.integration
    def test_the_measurements_can_be_run_again(self):
        command = [sys.executable, str(self.exercise.path / "starter" / "measure.py"), "--quick"]

        done = subprocess.run(command, capture_output=True, text=True, check=True)

        lines = [line for line in done.stdout.splitlines() if line and not line.startswith(("|", "Python"))]
        names = [line.split(":")[0] for line in lines]
        answers = (self.exercise.path / "ANSWERS.md").read_text(encoding="utf-8")
        assert [name for name in names if f"measure.py {name}" not in answers] == []
        assert len(names) == 11
