"""One contract, several implementations: the checks themselves are proven here."""

import functools
import subprocess
import sys
from pathlib import Path

import pytest

import groundwork.course
import groundwork.data
from groundwork.testing import Outcome, load_subject, run_contract
from groundwork.testing.contracts.data import CONTRACT, TOPICS

EXERCISE = Path(groundwork.course.__file__).parent / "exercises" / "02_data_structures"
ALTERNATIVE = EXERCISE / "alternative" / "data.py"
STARTER = EXERCISE / "starter" / "data.py"
WRONG = sorted((EXERCISE / "wrong").glob("*.py"))

pytestmark = pytest.mark.integration


@functools.cache
def failed_by(path):
    subject = load_subject(path)
    # Of the other topics it has nothing of its own.
    topics = [topic for topic, names in TOPICS.items() if all(hasattr(subject, name) for name in names)]
    verdicts = run_contract(subject, [check for topic in topics for check in topic])
    return {verdict.check.id for verdict in verdicts if verdict.outcome == Outcome.FAILED}


@pytest.mark.parametrize("check", CONTRACT, ids=lambda check: check.id)
def test_the_library_passes(check):
    [verdict] = run_contract(groundwork.data, [check])

    assert verdict.outcome == Outcome.PASSED, verdict.message


@pytest.mark.parametrize("check", CONTRACT, ids=lambda check: check.id)
def test_a_differently_built_correct_implementation_passes(check):
    [verdict] = run_contract(load_subject(ALTERNATIVE), [check])

    assert verdict.outcome == Outcome.PASSED, verdict.message


@pytest.mark.parametrize("seed", [1, 2])
def test_the_verdicts_do_not_depend_on_the_seed(seed):
    verdicts = run_contract(load_subject(ALTERNATIVE), CONTRACT, seed=seed)

    assert [verdict.message for verdict in verdicts if verdict.outcome != Outcome.PASSED] == []


@pytest.mark.parametrize("check", CONTRACT, ids=lambda check: check.id)
def test_the_starter_passes_no_check_even_without_its_prerequisites(check):
    [verdict] = run_contract(load_subject(STARTER), [check])

    assert verdict.outcome == Outcome.FAILED
    assert verdict.message.startswith("not written yet"), verdict.message


@pytest.mark.parametrize("path", WRONG, ids=lambda path: path.stem)
def test_a_wrong_implementation_fails_exactly_what_it_says(path):
    assert failed_by(path) == set(load_subject(path).FAILS)


def test_every_check_is_failed_by_a_wrong_implementation():
    # That each fails what it names is proven above.
    named = {check for path in WRONG for check in load_subject(path).FAILS}

    assert [check.id for check in CONTRACT if check.id not in named] == []


def test_the_topics_are_the_contract():
    assert [check.id for topic in TOPICS for check in topic] == [check.id for check in CONTRACT]
    assert {name for names in TOPICS.values() for name in names} <= set(groundwork.data.__all__)


def test_the_measurements_can_be_run_again():
    command = [sys.executable, str(EXERCISE / "starter" / "measure.py"), "--quick"]

    done = subprocess.run(command, capture_output=True, text=True, check=True)

    parts = [line.split(":")[0] for line in done.stdout.splitlines() if line and not line.startswith(("|", "Python"))]
    assert parts == ["comprehension", "set", "dict", "memory", "count", "group", "lru", "duplicates", "leak"]
