"""One contract, several implementations: the checks themselves are proven here."""

import functools
from pathlib import Path

import pytest

import groundwork.course
import groundwork.resilience
from groundwork.testing import Outcome, load_subject, run_contract
from groundwork.testing.contracts.resilience import CONTRACT, TOPICS

EXERCISE = Path(groundwork.course.__file__).parent / "exercises" / "05_error_handling"
ALTERNATIVE = EXERCISE / "alternative" / "resilience.py"
STARTER = EXERCISE / "starter" / "resilience.py"
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
    [verdict] = run_contract(groundwork.resilience, [check])

    assert verdict.outcome == Outcome.PASSED, verdict.message


@pytest.mark.parametrize("check", CONTRACT, ids=lambda check: check.id)
def test_a_differently_built_correct_implementation_passes(check):
    [verdict] = run_contract(load_subject(ALTERNATIVE), [check])

    assert verdict.outcome == Outcome.PASSED, verdict.message


@pytest.mark.parametrize("seed", [1, 2])
def test_the_verdicts_do_not_depend_on_the_seed(seed):
    verdicts = run_contract(load_subject(ALTERNATIVE), CONTRACT, seed=seed)

    assert {verdict.outcome for verdict in verdicts} == {Outcome.PASSED}


@pytest.mark.parametrize("check", CONTRACT, ids=lambda check: check.id)
def test_the_starter_passes_no_check_even_without_its_prerequisites(check):
    [verdict] = run_contract(load_subject(STARTER), [check])

    assert verdict.outcome == Outcome.FAILED
    assert verdict.message.startswith("not written yet"), verdict.message


@pytest.mark.parametrize("path", WRONG, ids=lambda path: path.stem)
def test_a_wrong_implementation_fails_exactly_what_it_says(path):
    assert failed_by(path) == set(load_subject(path).FAILS)


@pytest.mark.parametrize("check", CONTRACT, ids=lambda check: check.id)
def test_every_check_is_failed_by_a_wrong_implementation(check):
    assert any(check.id in failed_by(path) for path in WRONG)


def test_the_topics_are_the_contract():
    assert [check.id for topic in TOPICS for check in topic] == [check.id for check in CONTRACT]
    assert {name for names in TOPICS.values() for name in names} <= set(groundwork.resilience.__all__)
