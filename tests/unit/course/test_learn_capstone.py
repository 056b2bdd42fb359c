"""``groundwork learn capstone`` and what the other commands say of it, without running it."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from groundwork.cli._learn import app
from groundwork.course import Grade, capstone, exercises, read_progress
from groundwork.errors import UsageError
from groundwork.testing import Outcome, Verdict

STAGES = [check.id for check in capstone().contract]
FOLDER = Path("learn", "capstone")


@pytest.fixture
def learn(tmp_path, monkeypatch):
    """The commands, in a folder where all seven files are begun."""
    monkeypatch.chdir(tmp_path)
    for exercise in exercises():
        path = Path("learn", exercise.folder, exercise.file)
        path.parent.mkdir(parents=True)
        path.write_text("x = 1\n")
    return lambda *arguments: CliRunner().invoke(app, arguments)


@pytest.fixture
def graded(monkeypatch):
    """Grades without running anything: everything passes but what is put in ``failing``."""
    import groundwork.course

    class Graded:
        failing = ""
        message = "05 resilience.py: found 3 (line 1); expected 4"
        asked = None

        def __call__(self, modules, **options):
            self.modules, self.asked = modules, options
            verdicts = [
                Verdict(check, Outcome.FAILED, self.message)
                if check.id == self.failing
                else Verdict(check, Outcome.PASSED)
                for check in capstone().contract
            ]
            return Grade("capstone", tuple(verdicts), None, "")

    graded = Graded()
    monkeypatch.setattr(groundwork.course, "grade_capstone", graded)
    return graded


def last(ended):
    assert ended.exception is None or isinstance(ended.exception, SystemExit), ended.exception
    return ended.stdout.splitlines()[-1]


def test_a_whole_night_is_written_down_and_is_the_eighth_row(learn, graded):
    ended = learn("capstone")

    assert (0, True) == (ended.exit_code, last(ended).endswith("all seven work together"))
    assert "capstone  20 of 20 checks pass" in ended.stdout
    assert {"README.md", "flights.py", "progress.json"} <= {path.name for path in FOLDER.iterdir()}
    assert learn("list").stdout.splitlines()[7].endswith("done")
    assert "capstone  Capstone: the seven together, one night on flights: done" in learn("progress").stdout


def test_a_stage_that_fails_ends_with_one_and_names_the_module_to_look_into(learn, graded):
    graded.failing = STAGES[6]

    ended = learn("capstone")

    assert 1 == ended.exit_code
    assert f"  x {STAGES[6]}  {graded.message}" in ended.stdout.splitlines()
    assert f"Next: groundwork learn why capstone {STAGES[6]}, or groundwork learn check 05" == last(ended)
    assert Outcome.FAILED == read_progress(FOLDER).checks[STAGES[6]].outcome


def test_why_shows_the_line_of_the_module_that_is_to_blame(learn, graded):
    graded.failing = STAGES[6]
    learn("capstone")
    Path("learn", "05_error_handling", "resilience.py").write_text("retry = None\n")

    lines = learn("why", "capstone", STAGES[6]).stdout.splitlines()

    assert [STAGES[6]] == graded.asked["only"]  # the file was changed: it was run again
    assert "  expected  4" in lines
    path = Path("learn", "05_error_handling", "resilience.py")
    assert f"  where     {path}:1  retry = None" in lines


def test_a_hint_leads_to_the_check_of_the_exercise(learn, graded):
    graded.failing = STAGES[6]
    learn("capstone")

    ended = learn("hint", "capstone")

    assert f"  hint  {capstone().contract[STAGES[6]].hint}" in ended.stdout.splitlines()
    assert last(ended).startswith("Next: groundwork learn capstone, or ")


def test_with_groundworks_own_part_it_is_not_the_final_check_and_not_written_down(learn, graded):
    ended = learn("capstone", "--with-library", "5", "--with-library", "01")

    assert 0 == ended.exit_code
    assert "Next: write 01, 05 yourself: this was not the final check; then groundwork learn capstone" == last(ended)
    assert ["01", "05"] == [module.number for module in graded.modules if module.library]
    assert not FOLDER.exists()


def test_json_has_the_module_of_each_stage_and_says_whether_it_is_final(learn, graded):
    graded.failing = STAGES[6]

    told = json.loads(learn("capstone", "--json").stdout)
    other = json.loads(learn("check", "capstone", "--json", "--only", STAGES[0]).stdout)

    assert {"01", "02", "03", "04", "05", "06", "07"} == {each["module"] for each in told["verdicts"]}
    assert (True, False, False) == (told["final"], told["passed"], other["final"])
    assert [STAGES[0]] == graded.asked["only"]


@pytest.mark.parametrize(("option", "value"), [("--level", "basic"), ("--file", "x.py")])
def test_an_option_that_it_does_not_have_is_refused(learn, graded, option, value):
    ended = learn("check", "capstone", option, value)

    assert isinstance(ended.exception, UsageError)
    assert option in ended.exception.message
    assert graded.asked is None


def test_some_stages_are_followed_by_all_of_them(learn, graded):
    assert "Next: groundwork learn capstone" == last(learn("capstone", "--only", STAGES[0]))


def test_without_modules_the_first_that_is_missing_comes_next(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    ended = CliRunner().invoke(app, ["capstone"])

    assert 1 == ended.exit_code
    assert last(ended) == "Next: groundwork learn start 01, or groundwork learn capstone --with-library 01"
    assert not Path("learn").exists()


def test_a_refused_file_is_to_be_mended(learn):
    Path("learn", "04_file_io", "storage.py").write_text("import groundwork.storage\n")

    assert "Next: mend that, then groundwork learn check 04" == last(learn("capstone"))


def test_the_capstone_is_no_part_of_itself_and_is_not_watched(learn, graded):
    part, watched = learn("capstone", "--with-library", "capstone"), learn("watch", "capstone")

    assert "no part of itself" in str(part.exception)
    assert "is not watched" in str(watched.exception)


def test_it_is_found_from_its_own_folder(learn, graded, monkeypatch):
    learn("capstone")
    monkeypatch.chdir(FOLDER)

    assert last(learn("capstone")).endswith("all seven work together")
    assert last(learn("hint")) == "Next: groundwork learn progress"


def test_start_copies_what_is_to_be_read(learn):
    assert 0 == learn("start", "capstone").exit_code
    assert {"README.md", "flights.py"} <= {path.name for path in FOLDER.iterdir()}
