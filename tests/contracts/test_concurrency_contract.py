"""Bounded work, a rate, batches for a model, and a server around them."""

import subprocess
import sys

import pytest
from proofs import ContractProofs

import groundwork.concurrency
import groundwork.serving
from groundwork.testing import Level
from groundwork.testing.contracts.concurrency import TOPICS


class TestConcurrencyContract(ContractProofs):
    number = "06"
    doors = (groundwork.concurrency, groundwork.serving)
    long = (Level.CRASH, Level.LOAD)
    # The others, of a server, take nothing from chance.
    seeded = tuple(
        check for topic, names in TOPICS.items() if hasattr(groundwork.concurrency, names[0]) for check in topic
    )

    @pytest.mark.integration
    def test_the_measurements_can_be_run_again(self):
        # Not "sigterm": it runs a check of the contract, which is run above.
        names = ["cost", "arrivals", "overload", "bad", "chunks", "failure", "memory", "large", "morning", "looking"]
        command = [sys.executable, str(self.exercise.path / "starter" / "measure.py"), *names, "--quick"]

        done = subprocess.run(command, capture_output=True, text=True, check=True)

        lines = [line for line in done.stdout.splitlines() if line and not line.startswith(("|", "Python"))]
        assert names == [line.split(":")[0] for line in lines]
