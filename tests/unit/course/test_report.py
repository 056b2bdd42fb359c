import csv
import io
from html.parser import HTMLParser
from pathlib import Path

import pytest

from groundwork.course import (
    Grade,
    capstone,
    exercises,
    find_exercise,
    hardest_checks,
    learners,
    progress_page,
    record_grade,
    report_csv,
    report_page,
    report_rows,
)
from groundwork.errors import StorageError, UsageError
from groundwork.testing import Outcome, Verdict

EXERCISE = find_exercise("05")
FIRST, SECOND = EXERCISE.contract[0], EXERCISE.contract[1]


def learner(folder, failed, message="found"):
    """A learner of whom two checks were run."""
    home = folder / "learn" / EXERCISE.folder
    home.mkdir(parents=True)
    verdicts = [
        Verdict(check, Outcome.FAILED if check in failed else Outcome.PASSED, message) for check in (FIRST, SECOND)
    ]
    record_grade(EXERCISE, home, Grade("resilience", tuple(verdicts), None, ""), "abc")
    return folder


def test_learners_are_found_by_their_folder_their_course_or_a_folder_of_them(tmp_path):
    ada, bob = learner(tmp_path / "team" / "ada", []), learner(tmp_path / "team" / "bob", [FIRST])

    by_folder = learners([ada, bob])
    by_course = learners([ada / "learn", bob / "learn"])
    by_team = learners([tmp_path / "team"])
    twice = learners([tmp_path / "team", ada])

    assert [["ada", "bob"]] * 4 == [[each.name for each in found] for found in (by_folder, by_course, by_team, twice)]
    assert [2, 1] == [each.passed for each in by_team]


def test_two_of_one_name_are_told_apart_by_their_folders(tmp_path):
    first, second = learner(tmp_path / "a" / "ada", []), learner(tmp_path / "b" / "ada", [])

    assert [str(first / "learn"), str(second / "learn")] == [each.name for each in learners([first, second])]


def test_whoever_has_not_begun_is_there_with_zeros(tmp_path):
    learner(tmp_path / "ada", [])
    for folder in ("bob", "cy/learn", "dan/notes", ".git"):
        (tmp_path / folder).mkdir(parents=True)

    team = learners([tmp_path])
    named = learners([tmp_path / "bob", tmp_path / "cy", tmp_path / "cy" / "learn"])

    assert ["ada", "bob", "cy", "dan"] == [each.name for each in team]
    assert ["bob", "cy"] == [each.name for each in named]
    assert {(0, 0, 0)} == {(each.passed, each.cores_done, each.done) for each in (*team[1:], *named)}
    assert {"not begun"} == {row["state"] for row in report_rows(named)}


def test_what_is_no_learners_folder_is_refused(tmp_path):
    (tmp_path / "other" / "folder").mkdir(parents=True)
    (tmp_path / "file").touch()

    for folder in (tmp_path / "missing", tmp_path / "other", tmp_path / "file"):
        with pytest.raises(UsageError, match=folder.name):
            learners([folder])


def test_a_folder_that_may_not_be_read_is_refused_by_its_name(tmp_path, monkeypatch):
    def refused(folder):
        raise PermissionError(13, "Permission denied", str(folder))

    monkeypatch.setattr(Path, "iterdir", refused)

    with pytest.raises(StorageError, match=f"{tmp_path.name}: cannot read: Permission denied"):
        learners([tmp_path])


@pytest.fixture
def barred(monkeypatch):
    """Makes a folder one that may not be entered, for whoever runs this."""
    stat = Path.stat

    def bar(folder):
        def refuse(path, **options):
            if folder in path.parents:
                raise PermissionError(13, "Permission denied", str(path))
            return stat(path, **options)

        monkeypatch.setattr(Path, "stat", refuse)

    return bar


def test_whoever_cannot_be_read_is_told_of_and_the_others_are_there(tmp_path, barred):
    for name in ("ada", "bob", "cy"):
        learner(tmp_path / name, [])
    barred(tmp_path / "bob")
    refused = []

    found = learners([tmp_path, tmp_path / "bob"], on_unreadable=refused.append)

    assert ["ada", "cy"] == [each.name for each in found]
    assert 2 == len(refused)
    assert all("bob" in error.message and "Permission denied" in error.message for error in refused)
    with pytest.raises(StorageError, match="bob"):
        learners([tmp_path])


def test_a_record_that_cannot_be_read_leaves_its_learner_out(tmp_path, monkeypatch):
    for name in ("ada", "bob"):
        learner(tmp_path / name, [])
    read_text, refused = Path.read_text, []

    def refuse(path, *arguments, **options):
        if path.name == "progress.json" and {"bob", EXERCISE.folder} <= {*path.parts}:
            raise PermissionError(13, "Permission denied", str(path))
        return read_text(path, *arguments, **options)

    monkeypatch.setattr(Path, "read_text", refuse)

    found = learners([tmp_path], on_unreadable=refused.append)

    assert ["ada"] == [each.name for each in found]
    assert [f"{tmp_path / 'bob' / 'learn' / EXERCISE.folder / 'progress.json'}: cannot read: Permission denied"] == [
        error.message for error in refused
    ]


def test_a_team_of_which_nobody_can_be_read_is_told_of(tmp_path, barred):
    learner(tmp_path / "team" / "bob", [])
    barred(tmp_path / "team" / "bob")
    refused = []

    found = learners([tmp_path / "team"], on_unreadable=refused.append)

    assert ([], 1) == (found, len(refused))


def test_a_folder_that_may_not_be_entered_beside_a_learners_course_is_nobody(tmp_path, barred):
    for folder in ("learn", "private"):
        (tmp_path / "ada" / folder).mkdir(parents=True)
    barred(tmp_path / "ada" / "private")

    assert ["ada"] == [each.name for each in learners([tmp_path / "ada"])]


def test_the_page_says_who_is_not_in_it(tmp_path):
    page = report_page(learners([learner(tmp_path / "ada", [])]), ["bob/<i>: cannot read"])

    assert "not in this table: bob/&lt;i&gt;: cannot read" in page


def test_the_table_has_a_row_for_each_learner_and_exercise_and_the_capstone(tmp_path):
    rows = report_rows(learners([learner(tmp_path / "ada", [SECOND])]))

    [row] = [row for row in rows if row["exercise"] == "05"]
    assert [*(each.number for each in exercises()), "capstone"] == [row["exercise"] for row in rows]
    assert (1, len(EXERCISE.contract), "", 1) == (row["passed"], row["total"], row["finished"], row["basic_passed"])
    assert row["basic_total"] == sum(check.level == "basic" for check in EXERCISE.contract)


def test_the_capstone_is_shown_everywhere_and_counted_as_no_exercise(tmp_path):
    final, home = capstone(), tmp_path / "learn" / "capstone"
    home.mkdir(parents=True)
    verdicts = tuple(Verdict(check, Outcome.PASSED) for check in final.contract)
    record_grade(final, home, Grade(final.number, verdicts, None, ""), "abc")

    [found] = learners([tmp_path])
    [*_, row] = report_rows([found])
    page = report_page([found])

    total = len(final.contract)
    assert (0, 0, 0) == (found.done, found.cores_done, found.passed)
    assert ("capstone", "done", total) == (row["exercise"], row["state"], row["passed"])
    assert ("capstone", total) == tuple(found.to_dict()["exercises"][-1][name] for name in ("exercise", "passed"))
    assert ">capstone</th>" in page
    assert f"{total} / {total}" in page
    assert "0 of 7" in progress_page(found.columns, name="ada")


def test_no_cell_of_the_csv_begins_like_a_formula(tmp_path):
    found = learners([learner(tmp_path / "=1+1", [])])

    rows = list(csv.DictReader(io.StringIO(report_csv(found))))

    assert {"'=1+1"} == {row["learner"] for row in rows}


def test_the_checks_that_most_fail_come_first(tmp_path):
    folders = [learner(tmp_path / "ada", [SECOND]), learner(tmp_path / "bob", [FIRST, SECOND])]

    assert [("05", SECOND.id, 2), ("05", FIRST.id, 1)] == hardest_checks(learners(folders))
    assert [("05", SECOND.id, 2)] == hardest_checks(learners(folders), 1)


class Page(HTMLParser):
    """What a page asks for from elsewhere, and whether what it opens it closes."""

    VOID = ("meta",)

    def __init__(self, text):
        super().__init__()
        self.asked, self.open = [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.asked += [value for name, value in attributes if name in ("src", "href")]
        if tag == "script":
            self.asked.append(tag)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert tag == self.open.pop()


def test_pages_need_nothing_from_elsewhere_and_show_no_markup_of_others(tmp_path):
    found = learners([learner(tmp_path / "<i>ada", [FIRST], "<script>alert(1)</script>")])

    for text in (progress_page(found[0].standings, name=found[0].name), report_page(found)):
        page = Page(text)

        assert ([], []) == (page.asked, page.open)
        assert "&lt;i&gt;ada" in text
        assert "<script" not in text
        assert "prefers-color-scheme: dark" in text


def test_a_page_of_a_newcomer_and_a_finished_one_are_whole(tmp_path):
    home = tmp_path / "learn" / EXERCISE.folder
    home.mkdir(parents=True)
    fresh = progress_page(learners([tmp_path])[0].standings, name="ada")
    verdicts = tuple(Verdict(check, Outcome.PASSED) for check in EXERCISE.contract)
    record_grade(EXERCISE, home, Grade("resilience", verdicts, None, ""), "abc")
    done = progress_page(learners([tmp_path])[0].standings, name="ada")

    assert "not yet checked" in fresh
    assert "1 of 7" in done
    assert [] == Page(fresh).open == Page(done).open
