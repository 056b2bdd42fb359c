import errno
import json
import os
import threading
from pathlib import Path

import pytest

from groundwork.course import (
    CheckState,
    Grade,
    Progress,
    digest_of,
    find_exercise,
    read_progress,
    record_grade,
    record_hint,
    record_start,
    standing,
    standings,
)
from groundwork.errors import StorageError
from groundwork.testing import Outcome, Verdict

EXERCISE = find_exercise("05")
IDS = [check.id for check in EXERCISE.contract]


def graded(*outcomes, error=None):
    """A grade of the first checks."""
    verdicts = [Verdict(check, outcome, f"{outcome}!") for check, outcome in zip(EXERCISE.contract, outcomes)]  # noqa: B905
    return Grade(EXERCISE.contract.name, tuple(verdicts), error, "")


def written(folder, record):
    (folder / "progress.json").write_text(json.dumps(record))


def outcomes(folder):
    return {check: state.outcome for check, state in read_progress(folder).checks.items()}


def test_a_grade_comes_back_as_it_was_recorded(tmp_path):
    record_grade(EXERCISE, tmp_path, graded(Outcome.PASSED, Outcome.FAILED), "abc")

    progress = read_progress(tmp_path)
    assert ("05", "abc", None, None) == (progress.exercise, progress.digest, progress.error, progress.finished)
    assert CheckState("failed", "failed!", progress.checked, "abc") == progress.checks[IDS[1]]


def test_checks_that_were_not_run_keep_what_was_known_of_them(tmp_path):
    record_grade(EXERCISE, tmp_path, graded(Outcome.PASSED, Outcome.FAILED), "abc")

    record_grade(EXERCISE, tmp_path, graded(Outcome.FAILED), "def")

    assert {IDS[0]: "failed", IDS[1]: "failed"} == outcomes(tmp_path)


@pytest.mark.parametrize("text", ["", "[]", "{", '"x"', "[" * 100_000, "\x00"])
def test_a_record_that_makes_no_sense_counts_as_none_and_is_kept_aside(tmp_path, text):
    (tmp_path / "progress.json").write_text(text)

    before = read_progress(tmp_path)
    record_start(EXERCISE, tmp_path)

    assert Progress() == before
    assert "05" == read_progress(tmp_path).exercise
    assert text == (tmp_path / "progress.json.unreadable").read_text()


def test_a_record_that_may_not_be_read_is_told_and_left_where_it_is(tmp_path, monkeypatch):
    record_hint(EXERCISE, tmp_path, IDS[0])
    before = (tmp_path / "progress.json").read_bytes()

    def refuse(path, **options):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    monkeypatch.setattr(Path, "read_text", refuse)

    for act in (
        lambda: read_progress(tmp_path),
        lambda: record_start(EXERCISE, tmp_path),
        lambda: record_grade(EXERCISE, tmp_path, graded(Outcome.PASSED), "abc"),
    ):
        with pytest.raises(StorageError, match=r"progress\.json: cannot read: Permission denied"):
            act()

    assert before == (tmp_path / "progress.json").read_bytes()
    assert not (tmp_path / "progress.json.unreadable").exists()


def test_a_folder_of_the_records_name_counts_as_none_and_is_kept_aside(tmp_path):
    if os.name == "nt":  # pragma: no cover
        pytest.skip("Windows calls it a lack of permission")
    (tmp_path / "progress.json" / "mine").mkdir(parents=True)

    record_start(EXERCISE, tmp_path)

    assert "05" == read_progress(tmp_path).exercise
    assert (tmp_path / "progress.json.unreadable" / "mine").is_dir()


@pytest.mark.parametrize("record", [{"checks": 3}, {"checks": {"a": 7}}, {"hints": {"a": "x"}}, {"exercise": 5}])
def test_a_field_that_makes_no_sense_is_as_if_it_were_not_there(tmp_path, record):
    written(tmp_path, record)

    progress = read_progress(tmp_path)

    assert ("", {}) == (progress.exercise, progress.hints)
    assert all(state == CheckState("") for state in progress.checks.values())


def test_what_another_version_wrote_is_kept(tmp_path):
    written(
        tmp_path, {"version": 9, "badge": "gold", "checks": {"of_tomorrow": {"outcome": "passed", "colour": "red"}}}
    )

    record_grade(EXERCISE, tmp_path, graded(Outcome.PASSED), "abc")

    record = json.loads((tmp_path / "progress.json").read_text())
    assert (9, "gold") == (record["version"], record["badge"])
    assert {"outcome": "passed", "colour": "red"} == record["checks"]["of_tomorrow"]
    assert {"of_tomorrow": "passed", IDS[0]: "passed"} == outcomes(tmp_path)


def test_the_first_version_had_outcomes_alone_and_is_read(tmp_path):
    written(tmp_path, {"version": 1, "exercise": "05", "checks": {IDS[0]: "passed", "of_yesterday": "passed"}})

    found = standing(EXERCISE, tmp_path)

    assert ("passed", "not run") == (found.outcomes[IDS[0]], found.outcomes[IDS[1]])
    assert "of_yesterday" not in found.outcomes
    assert f"1 of {len(IDS)} checks pass, {len(IDS) - 1} not yet run" == found.describe()


def test_a_hint_is_remembered_and_there_is_an_end_of_them(tmp_path):
    check = IDS[0]
    most = len(EXERCISE.hints_of(check))

    shown = [record_hint(EXERCISE, tmp_path, check) for _ in range(most + 2)]

    assert [*range(1, most + 1), most, most] == shown
    assert {check: most} == read_progress(tmp_path).hints


def test_it_is_finished_when_all_passed_on_one_version_of_the_file(tmp_path):
    everything = [Outcome.PASSED] * len(IDS)
    record_grade(EXERCISE, tmp_path, graded(*everything[:-1]), "old")
    last = Grade("x", (Verdict(EXERCISE.contract[IDS[-1]], Outcome.PASSED),), None, "")

    record_grade(EXERCISE, tmp_path, last, "new")
    mixed = standing(EXERCISE, tmp_path)
    record_grade(EXERCISE, tmp_path, graded(*everything), "new")
    whole = standing(EXERCISE, tmp_path)

    assert (False, None) == (mixed.done, mixed.progress.finished)
    older = f"core done, {len(IDS)} of {len(IDS)} checks pass, {len(IDS) - 1} of an earlier version of your file"
    assert older == mixed.describe()
    assert (True, "done") == (whole.done, whole.describe())
    assert whole.progress.finished is not None


def test_a_changed_file_is_seen(tmp_path):
    source = tmp_path / EXERCISE.file
    source.write_text("x = 1\n")
    record_grade(EXERCISE, tmp_path, graded(Outcome.PASSED), digest_of(source))

    before = standing(EXERCISE, tmp_path).changed
    source.write_text("x = 2\n")

    assert (False, True) == (before, standing(EXERCISE, tmp_path).changed)


def test_the_levels_add_up(tmp_path):
    record_grade(EXERCISE, tmp_path, graded(Outcome.PASSED, Outcome.FAILED, Outcome.WAITING, Outcome.SKIPPED), "abc")

    rows = standing(EXERCISE, tmp_path).levels()

    assert [row.level for row in rows] == sorted(
        {check.level for check in EXERCISE.contract}, key=list(type(rows[0].level)).index
    )
    assert (1, 1, len(IDS) - 1) == tuple(
        sum(getattr(row, name) for row in rows) for name in ("passed", "failed", "total")
    )
    assert all(row.passed + row.failed + row.left == row.total for row in rows)


def test_an_exercise_that_is_not_begun_has_no_levels(tmp_path):
    found = standings(tmp_path)

    assert {"not begun"} == {each.describe() for each in found}
    assert [] == [row for each in found for row in each.levels()]


def _hints(folder, check):
    for _ in range(2):
        record_hint(EXERCISE, folder, check)


def test_two_commands_at_once_lose_nothing(tmp_path):
    threads = [threading.Thread(target=_hints, args=(tmp_path, check)) for check in IDS[:4]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert {check: min(2, len(EXERCISE.hints_of(check))) for check in IDS[:4]} == dict(read_progress(tmp_path).hints)


def test_a_lock_that_is_never_given_back_is_told(tmp_path, monkeypatch):
    from groundwork.course import _progress
    from groundwork.errors import Locked
    from groundwork.storage import FileLock

    monkeypatch.setattr(_progress, "_PATIENCE_S", 0.0)

    with FileLock(tmp_path / ".progress.lock"), pytest.raises(Locked, match="another process holds this lock"):
        record_start(EXERCISE, tmp_path)
