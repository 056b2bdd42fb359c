"""One contract, several implementations: the checks themselves are proven here."""

import functools
from pathlib import Path

import pytest

import groundwork.concurrency
import groundwork.course
import groundwork.serving
from groundwork.testing import Outcome, load_subject, run_contract
from groundwork.testing.contracts.concurrency import CONTRACT, TOPICS

EXERCISE = Path(groundwork.course.__file__).parent / "exercises" / "06_async_programming"
ALTERNATIVE = EXERCISE / "alternative" / "concurrency.py"
STARTER = EXERCISE / "starter" / "concurrency.py"
WRONG = sorted((EXERCISE / "wrong").glob("*.py"))

pytestmark = pytest.mark.integration
posix_only = pytest.mark.skipif("sys.platform == 'win32'", reason="some of what they fail is skipped there")


def topics_of(subject):
    """Those that an implementation is about; of the rest it has nothing of its own."""
    return [topic for topic, names in TOPICS.items() if all(hasattr(subject, name) for name in names)]


def door_of(check):
    """The package of groundwork that a check is about."""
    (topic,) = [topic for topic in TOPICS if check.id in [each.id for each in topic]]
    return groundwork.concurrency if topic in topics_of(groundwork.concurrency) else groundwork.serving


@functools.cache
def failed_by(path):
    subject = load_subject(path)
    verdicts = run_contract(subject, [check for topic in topics_of(subject) for check in topic])
    return {verdict.check.id for verdict in verdicts if verdict.outcome == Outcome.FAILED}


@pytest.mark.parametrize("check", CONTRACT, ids=lambda check: check.id)
def test_the_library_passes(check):
    [verdict] = run_contract(door_of(check), [check])

    assert verdict.outcome in (Outcome.PASSED, Outcome.SKIPPED), verdict.message


@pytest.mark.parametrize("check", CONTRACT, ids=lambda check: check.id)
def test_a_differently_built_correct_implementation_passes(check):
    [verdict] = run_contract(load_subject(ALTERNATIVE), [check])

    assert verdict.outcome in (Outcome.PASSED, Outcome.SKIPPED), verdict.message


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("source", ["groundwork.concurrency", ALTERNATIVE], ids=["library", "alternative"])
def test_the_verdicts_do_not_depend_on_the_seed(source, seed):
    # The other topics take nothing from chance.
    virtual = [check for topic in topics_of(groundwork.concurrency) for check in topic]

    verdicts = run_contract(load_subject(source), virtual, seed=seed)

    assert [(verdict.check.id, verdict.message) for verdict in verdicts if verdict.outcome != Outcome.PASSED] == []


@pytest.mark.parametrize("check", CONTRACT, ids=lambda check: check.id)
def test_the_starter_passes_no_check_even_without_its_prerequisites(check):
    [verdict] = run_contract(load_subject(STARTER), [check])

    assert verdict.outcome != Outcome.PASSED
    assert verdict.message.startswith(("not written yet", "not on Windows")), verdict.message


@posix_only
@pytest.mark.parametrize("path", WRONG, ids=lambda path: path.stem)
def test_a_wrong_implementation_fails_exactly_what_it_says(path):
    assert failed_by(path) == set(load_subject(path).FAILS)


def test_every_check_is_failed_by_a_wrong_implementation():
    # That each fails what it names is proven above.
    named = {check for path in WRONG for check in load_subject(path).FAILS}

    assert [check.id for check in CONTRACT if check.id not in named] == []


def test_the_topics_are_the_contract():
    doors = {*groundwork.concurrency.__all__, *groundwork.serving.__all__}

    assert [check.id for topic in TOPICS for check in topic] == [check.id for check in CONTRACT]
    assert {name for names in TOPICS.values() for name in names} <= doors
