"""Data that are indexed, unique, split and resumable; and the measurements of the exercise."""

import shutil
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest
from proofs import ContractProofs

import groundwork.data
from groundwork.testing import Level
from groundwork.testing.contracts import _batch_resume
from groundwork.testing.contracts.data import CONTRACT


class TestDataContract(ContractProofs):
    number = "02"
    doors = (groundwork.data,)
    # The checks start a process each.
    elsewhere = (
        "an_order_depends_on_nothing_else",
        "every_process_gives_the_same_parts",
        "a_draw_depends_on_the_seed_alone",
    )
    long = (Level.CRASH, Level.LOAD, *elsewhere)
    seeded = (CONTRACT["killed_again_and_again_it_learns_each_row_once"],)

    def test_a_loader_that_makes_nothing_ahead_is_not_waited_for(self, monkeypatch):
        class Alone(self.of_the_exercise("alternative").BatchLoader):
            def __init__(self, *arguments, **options):
                super().__init__(*arguments, **{**options, "workers": 0})

        def wait(seconds):
            raise AssertionError("it waits for batches that nobody makes")

        monkeypatch.setattr(_batch_resume, "time", SimpleNamespace(monotonic=time.monotonic, sleep=wait))

        self.expect_passed(SimpleNamespace(BatchLoader=Alone), CONTRACT["made_ahead_is_not_delivered"])

    @pytest.mark.integration
    def test_the_measurements_can_be_run_again_beside_a_solution(self, tmp_path):
        for file in ("starter/measure.py", "alternative/data.py"):
            shutil.copy(self.exercise.path / file, tmp_path)

        command = [sys.executable, "measure.py", "--quick"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)

        lines = [line for line in done.stdout.splitlines() if line and not line.startswith(("|", "Python"))]
        names = ["comprehension", "set", "dict", "memory", "count", "group", "lru", "duplicates", "hash", "leak"]
        names += ["moved", "sizes", "restarts", "state"]
        assert names == [line.split(":")[0] for line in lines]
        assert {"| by key | 0 | 0 |", "| yours | 0 | 0 | 1 |"} <= set(done.stdout.splitlines())
        answers = (self.exercise.path / "ANSWERS.md").read_text(encoding="utf-8")
        assert [name for name in names if f"measure.py {name}`" not in answers] == []

    @pytest.mark.integration
    def test_what_is_not_written_yet_is_not_measured(self):
        command = [sys.executable, str(self.exercise.path / "starter" / "measure.py"), "--quick", "sizes"]

        done = subprocess.run(command, capture_output=True, text=True, check=True)

        assert "| not written yet: split |" in done.stdout.splitlines()
