"""Killed at any instant, a learner's record is the one before or the one after, and no work is lost."""

import sys

import pytest
from course_scenarios import DIGEST, EXERCISE, begin, begin_anew, grade_again, work

import groundwork.course
from groundwork.course import read_progress, record_hint
from groundwork.testing import Lab

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(sys.platform == "win32", reason="kills with SIGKILL"),
]


def test_a_killed_check_leaves_the_record_before_it_or_after_it_and_the_next_works():
    first = EXERCISE.contract[0].id

    with Lab() as lab:
        seen = []
        for crash in lab.crashes(groundwork.course, grade_again, prepare=begin):
            record = read_progress(crash.folder)
            seen.append(len(record.checks))

            assert (DIGEST, {first: 1}) == (record.digest, record.hints)
            assert 2 == record_hint(EXERCISE, crash.folder, first)

    assert {3, 5} >= set(seen)
    assert 3 == seen[0]
    assert len(seen) > 4


def test_a_killed_reset_has_lost_nothing():
    with Lab() as lab:
        kills = 0
        for crash in lab.crashes(groundwork.course, begin_anew, prepare=work):
            kills += 1
            kept = [crash.folder, *(crash.folder / "backups").glob("2026-*")]

            assert "mine = 1\n" in [(place / EXERCISE.file).read_text() for place in kept]

    assert kills > 10
