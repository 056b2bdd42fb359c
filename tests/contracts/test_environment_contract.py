"""One contract, several implementations: the checks themselves are proven here."""

import functools
from pathlib import Path

import pytest

import groundwork.course
import groundwork.environment
from groundwork.testing import Outcome, load_subject, run_contract
from groundwork.testing.contracts.environment import CONTRACT, TOPICS

EXERCISE = Path(groundwork.course.__file__).parent / "exercises" / "01_environment_setup"
ALTERNATIVE = EXERCISE / "alternative" / "environment.py"
STARTER = EXERCISE / "starter" / "environment.py"
WRONG = sorted((EXERCISE / "wrong").glob("*.py"))
HELD = (Outcome.PASSED, Outcome.SKIPPED)

pytestmark = pytest.mark.integration
posix_only = pytest.mark.skipif("sys.platform == 'win32'", reason="some of what they fail is skipped there")


@functools.cache
def failed_by(path):
    subject = load_subject(path)
    # Of the other topics it has nothing of its own.
    topics = [topic for topic, names in TOPICS.items() if all(hasattr(subject, name) for name in names)]
    verdicts = run_contract(subject, [check for topic in topics for check in topic])
    return {verdict.check.id for verdict in verdicts if verdict.outcome == Outcome.FAILED}


@pytest.mark.parametrize("check", CONTRACT, ids=lambda check: check.id)
def test_the_library_passes(check):
    [verdict] = run_contract(groundwork.environment, [check])

    assert verdict.outcome in HELD, verdict.message


@pytest.mark.parametrize("seed", [0, 1])
def test_a_differently_built_correct_implementation_passes_with_any_seed(seed):
    verdicts = run_contract(load_subject(ALTERNATIVE), CONTRACT, seed=seed)

    assert [(verdict.check.id, verdict.message) for verdict in verdicts if verdict.outcome not in HELD] == []


@pytest.mark.parametrize("check", CONTRACT, ids=lambda check: check.id)
def test_the_starter_passes_no_check_even_without_its_prerequisites(check):
    [verdict] = run_contract(load_subject(STARTER), [check])

    assert verdict.outcome != Outcome.PASSED
    assert verdict.message.startswith(("not written yet", check.posix or "not written yet")), verdict.message


@posix_only
@pytest.mark.parametrize("path", WRONG, ids=lambda path: path.stem)
def test_a_wrong_implementation_fails_exactly_what_it_says(path):
    assert failed_by(path) == set(load_subject(path).FAILS)


def test_every_check_is_failed_by_a_wrong_implementation():
    # That each fails what it names is proven above.
    named = {check for path in WRONG for check in load_subject(path).FAILS}

    assert [check.id for check in CONTRACT if check.id not in named] == []


def test_the_topics_are_the_contract():
    assert [check.id for topic in TOPICS for check in topic] == [check.id for check in CONTRACT]
    assert {name for names in TOPICS.values() for name in names} <= set(groundwork.environment.__all__)
