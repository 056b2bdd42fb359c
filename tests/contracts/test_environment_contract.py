"""Settings that mean what they say, a doctor that looks, a fingerprint that tells what changed."""

import subprocess
import sys
from collections import Counter

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

        told = done.stdout.splitlines()
        names = {"damage": 5, "hashing": 5, "names": 1, "requirements": 3, "prefix": 4, "asking": 2}
        assert names == Counter(line.split(":")[0] for line in told)
        assert "damage: a byte changed: existence no, size no, hash yes" in told
