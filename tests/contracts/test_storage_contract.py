"""One contract, several implementations: the checks themselves are proven here."""

import functools
from pathlib import Path

import pytest

import groundwork.course
import groundwork.storage
from groundwork.testing import Outcome, load_subject, run_contract
from groundwork.testing.contracts.storage import CONTRACT

EXERCISE = Path(groundwork.course.__file__).parent / "exercises" / "04_file_io"
WRONG = sorted((EXERCISE / "wrong").glob("*.py"))

pytestmark = pytest.mark.integration


@functools.cache
def failed_by(path):
    verdicts = run_contract(load_subject(path), CONTRACT)
    return frozenset(verdict.check.id for verdict in verdicts if verdict.outcome == Outcome.FAILED)


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


@pytest.mark.skipif("sys.platform == 'win32'", reason="some of what they fail is skipped there")
@pytest.mark.parametrize("path", WRONG, ids=lambda path: path.stem)
def test_a_wrong_implementation_fails_exactly_what_it_says(path):
    assert failed_by(path) == set(load_subject(path).FAILS)


@pytest.mark.skipif("sys.platform == 'win32'", reason="some of what they fail is skipped there")
@pytest.mark.parametrize("check", CONTRACT, ids=lambda check: check.id)
def test_every_check_is_failed_by_a_wrong_implementation(check):
    assert any(check.id in failed_by(path) for path in WRONG)
