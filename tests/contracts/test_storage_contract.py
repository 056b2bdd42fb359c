"""One contract, several implementations: the checks themselves are proven here."""

import functools
from pathlib import Path

import pytest

import groundwork.course
import groundwork.storage
from groundwork.testing import Level, Outcome, load_subject, run_contract
from groundwork.testing.contracts.storage import CONTRACT, TOPICS

EXERCISE = Path(groundwork.course.__file__).parent / "exercises" / "04_file_io"
WRONG = sorted((EXERCISE / "wrong").glob("*.py"))

pytestmark = pytest.mark.integration
posix_only = pytest.mark.skipif("sys.platform == 'win32'", reason="some of what they fail is skipped there")


def checks_of(subject):
    """The topics that an implementation is about; of the rest it has nothing of its own."""
    topics = [topic for topic, names in TOPICS.items() if all(hasattr(subject, name) for name in names)]
    return [check for topic in topics for check in topic]


def failed_among(subject, checks):
    return {verdict.check.id for verdict in run_contract(subject, checks) if verdict.outcome == Outcome.FAILED}


@functools.cache
def failed_by(path):
    subject = load_subject(path)
    quick = [check for check in checks_of(subject) if check.level != Level.LOAD or check.id in subject.FAILS]
    return failed_among(subject, quick)


@pytest.mark.parametrize("check", CONTRACT, ids=lambda check: check.id)
def test_the_library_passes(check):
    [verdict] = run_contract(groundwork.storage, [check])

    assert verdict.outcome in (Outcome.PASSED, Outcome.SKIPPED), verdict.message


@pytest.mark.parametrize("check", CONTRACT, ids=lambda check: check.id)
def test_a_differently_built_correct_implementation_passes(check):
    [verdict] = run_contract(load_subject(EXERCISE / "alternative" / "storage.py"), [check])

    assert verdict.outcome in (Outcome.PASSED, Outcome.SKIPPED), verdict.message


@pytest.mark.parametrize("check", CONTRACT, ids=lambda check: check.id)
def test_the_starter_passes_no_check_even_without_its_prerequisites(check):
    [verdict] = run_contract(load_subject(EXERCISE / "starter" / "storage.py"), [check])

    assert verdict.outcome != Outcome.PASSED


@posix_only
@pytest.mark.parametrize("path", WRONG, ids=lambda path: path.stem)
def test_a_wrong_implementation_fails_exactly_what_it_says(path):
    assert failed_by(path) == set(load_subject(path).FAILS)


@posix_only
@pytest.mark.slow
@pytest.mark.parametrize("path", WRONG, ids=lambda path: path.stem)
def test_a_wrong_implementation_fails_no_other_check_under_load(path):
    subject = load_subject(path)
    load = [check for check in checks_of(subject) if check.level == Level.LOAD]

    assert failed_among(subject, load) <= set(subject.FAILS)


@posix_only
@pytest.mark.parametrize("check", CONTRACT, ids=lambda check: check.id)
def test_every_check_is_failed_by_a_wrong_implementation(check):
    assert any(check.id in failed_by(path) for path in WRONG if check.id in load_subject(path).FAILS)


def test_the_topics_are_the_contract():
    assert [check.id for topic in TOPICS for check in topic] == [check.id for check in CONTRACT]
    assert {name for names in TOPICS.values() for name in names} <= set(groundwork.storage.__all__)
