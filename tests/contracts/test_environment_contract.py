"""Settings that mean what they say, a doctor that looks, a fingerprint that tells what changed."""

import re
import subprocess
import sys

from proofs import ContractProofs

import groundwork.environment
from groundwork.testing.contracts.environment import CONTRACT


class TestEnvironmentContract(ContractProofs):
    number = "01"
    doors = (groundwork.environment,)
    seeded = (CONTRACT["what_is_written_is_read_back"],)

    def test_the_measurements_can_be_run_again(self):
        command = [sys.executable, str(self.exercise.path / "starter" / "measure.py"), "--quick"]

        done = subprocess.run(command, capture_output=True, text=True, check=True)

        names = re.findall(r"^(\w+): ", done.stdout, re.MULTILINE)
        assert names == ["damage", "hashing", "names", "requirements", "prefix", "asking"]
        assert "| a byte changed | no | no | yes |" in done.stdout.splitlines()
        answers = (self.exercise.path / "ANSWERS.md").read_text(encoding="utf-8")
        assert [name for name in names if f"measure.py {name}`" not in answers] == []
