"""Suites that find what is wrong and accept what is right, and those that only seem to."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from proofs import ContractProofs

from groundwork.testing import Level, Outcome, load_subject, run_contract
from groundwork.testing.contracts._suite_modules import disguised, others, reference, wrong
from groundwork.testing.contracts.testing import CONTRACT


class TestTestingContract(ContractProofs):
    number = "07"
    # Those that run a suite again and again.
    long = (Level.MUTATION, "its_order_does_not_matter", "every_test_asks_the_module", "every_test_asserts")
    seeded = (CONTRACT["its_order_does_not_matter"],)

    def library(self, check):
        """Nothing of groundwork is a suite for intake: here is one of laws, in classes, with Hypothesis."""
        return load_subject(Path(__file__).parent / "another_suite.py")

    def test_the_measurements_can_be_run_again(self):
        suite = self.exercise.path / "alternative" / self.exercise.file
        command = [sys.executable, str(self.exercise.path / "starter" / "measure.py"), "--quick", "--suite", str(suite)]

        done = subprocess.run(command, capture_output=True, text=True, check=True)

        names = re.findall(r"^(\w+): ", done.stdout, re.MULTILINE)
        assert names == ["mutants", "lines", "luck", "floats", "waits", "start"]
        assert "| test_suite.py | 45 of 45 |" in done.stdout.splitlines()


@pytest.mark.parametrize("topic", wrong())
def test_each_wrong_module_can_be_imported_and_breaks_a_sentence_of_the_specification(topic):
    readme = (TestTestingContract.exercise.path / "README.md").read_text(encoding="utf-8")

    for each in wrong()[topic]:
        compile(disguised(each.source), "intake.py", "exec")
        assert f"**{each.breaks}**" in readme, each.says


def test_there_are_enough_wrong_modules_and_no_two_are_the_same():
    sources = [each.source for listed in wrong().values() for each in listed]

    assert len(sources) >= 30
    assert len({*sources, reference(), *others()}) == len(sources) + 3


def test_a_module_never_has_the_same_text_twice_and_none_of_its_comments():
    first, second = disguised(reference()), disguised(reference())

    assert first != second
    assert first.partition("\n")[2] == second.partition("\n")[2]
    assert '"""' not in first


def test_what_survives_is_told_by_the_sentences_that_it_breaks():
    happy = load_subject(TestTestingContract.exercise.path / "wrong" / "happy_path_only.py")

    [verdict] = run_contract(happy, [CONTRACT["it_finds_wrong_refusals"]])

    assert verdict.outcome == Outcome.FAILED
    assert verdict.message.startswith(
        "10 of 10 wrong modules pass all your tests; they break R1, R2 (3), R3, R4, R5 (2)"
    )
