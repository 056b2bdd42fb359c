"""What proves the checks of a contract: the library and another correct implementation pass them, wrong ones do not.

A test file subclasses ``ContractProofs`` and says which exercise and which packages; it adds only what is special.
"""

import importlib
import re
import sys

import pytest

from groundwork.course import find_exercise
from groundwork.testing import Level, Outcome, load_subject, run_contract


class ContractProofs:
    """One contract, several implementations.

    Attributes of a subclass:
        number: Of the exercise.
        doors: The packages of groundwork that the contract is about; of each topic the first that has its names.
        seeded: The checks that take something from chance; all of them where it says none.
        long: Levels, and ids of checks, that a wrong implementation meets only where it names the check, or with
            ``--run-slow``.
    """

    number: str
    doors = ()
    seeded = ()
    long = ()

    def __init_subclass__(cls):
        cls.exercise = find_exercise(cls.number)
        cls.contract = cls.exercise.contract
        cls.topics = importlib.import_module(cls.exercise.contract_module).TOPICS
        cls.wrongs = sorted((cls.exercise.path / "wrong").glob("*.py"))

    def pytest_generate_tests(self, metafunc):
        if "check" in metafunc.fixturenames:
            checks = [pytest.param(check, id=check.id, marks=marks_of(check)) for check in self.contract]
            metafunc.parametrize("check", checks)
        if "wrong" in metafunc.fixturenames:
            usual = [pytest.param(path, self.long, id=path.stem) for path in self.wrongs]
            slow = [pytest.param(path, (), id=f"{path.stem}-slow", marks=pytest.mark.slow) for path in self.wrongs]
            metafunc.parametrize(("wrong", "left_out"), [*usual, *slow] if self.long else usual)

    def topics_of(self, subject):
        """Those that an implementation is about; of the rest it has nothing of its own."""
        return [topic for topic, names in self.topics.items() if all(hasattr(subject, name) for name in names)]

    def of_the_exercise(self, folder):
        return load_subject(self.exercise.path / folder / self.exercise.file)

    def library(self, check):
        (topic,) = [topic for topic in self.topics if check.id in [each.id for each in topic]]
        return next(door for door in self.doors if topic in self.topics_of(door))

    def expect_passed(self, subject, check, seed=0):
        [verdict] = run_contract(subject, [check], seed=seed)

        assert (check.id, expected_of(check, Outcome.PASSED)) == (check.id, verdict.outcome), verdict.message

    def test_the_library_passes(self, check):
        self.expect_passed(self.library(check), check)

    def test_a_differently_built_correct_implementation_passes(self, check):
        self.expect_passed(self.of_the_exercise("alternative"), check)

    @pytest.mark.integration
    @pytest.mark.parametrize("seed", [1, 2])
    @pytest.mark.parametrize("built", ["library", "alternative"])
    def test_the_verdicts_do_not_depend_on_the_seed(self, built, seed):
        alternative = self.of_the_exercise("alternative")

        for check in self.seeded or self.contract:
            self.expect_passed(self.library(check) if built == "library" else alternative, check, seed)

    def test_the_starter_passes_no_check_even_without_its_prerequisites(self, check):
        [verdict] = run_contract(self.of_the_exercise("starter"), [check])

        assert verdict.outcome == expected_of(check, Outcome.FAILED)
        # Of what ran in a process of its own the error is told by its name.
        assert re.search("not written yet|NotImplementedError|not on Windows", verdict.message), verdict.message

    @pytest.mark.integration
    def test_a_wrong_implementation_fails_exactly_what_it_says(self, wrong, left_out):
        if any(map(skipped, self.contract)):
            pytest.skip("some of what they fail is skipped on Windows")
        subject = load_subject(wrong)
        checks = [check for topic in self.topics_of(subject) for check in topic]

        verdicts = run_contract(subject, without(checks, left_out, subject.FAILS))

        assert set(subject.FAILS) == {each.check.id for each in verdicts if each.outcome == Outcome.FAILED}

    def test_every_check_is_failed_by_a_wrong_implementation(self):
        # That each fails what it names is proven above.
        named = {check for path in self.wrongs for check in load_subject(path).FAILS}

        assert [] == [check.id for check in self.contract if check.id not in named]

    def test_the_topics_are_the_contract(self):
        doors = {name for door in self.doors for name in door.__all__}

        assert [check.id for check in self.contract] == [check.id for topic in self.topics for check in topic]
        assert {name for names in self.topics.values() for name in names} <= doors


def marks_of(check):
    """Basics and edges are one part in this process; what is killed, broken from below or loaded is more."""
    return () if check.level in (Level.BASIC, Level.EDGE) else pytest.mark.integration


def without(checks, long, named):
    """Leave out the checks that take long, and those that come after them, unless they are named."""
    kept, gone = [], set()
    for check in checks:
        if check.id in named or {check.level, check.id, *check.after}.isdisjoint(gone.union(long)):
            kept.append(check)
        else:
            gone.add(check.id)
    return kept


def skipped(check):
    return check.posix is not None and sys.platform == "win32"


def expected_of(check, outcome):
    return Outcome.SKIPPED if skipped(check) else outcome
