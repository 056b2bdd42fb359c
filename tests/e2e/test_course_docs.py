"""The exercises' pages are run: their Python beside a solution, the commands parsed, ids and counts looked up."""

import importlib
import os
import re
import shutil
import tomllib
from collections import Counter
from functools import cache

import page_commands
import page_session
import pages
import pytest
from typer.testing import CliRunner

from groundwork.cli._learn import app
from groundwork.cli._learn_view import hours
from groundwork.course import claims_of, exercises, find_exercise

pytestmark = pytest.mark.e2e

PAGES = [
    (exercise, exercise.path / name)
    for exercise in exercises()
    for name in ("README.md", "IMPLEMENTATION_GUIDE.md", "ANSWERS.md")
]
SPAN = re.compile(r"`([^`]+)`")


def every(among=PAGES):
    params = [pytest.param(exercise, page, id=f"{exercise.number}-{page.stem}") for exercise, page in among]
    return pytest.mark.parametrize(("exercise", "page"), params)


@every([each for each in PAGES if pages.session_of(each[1])])
def test_a_page_pasted_literally_beside_a_solution_does_what_it_says(exercise, page, tmp_path, groundwork_run):
    for folder in ("starter", "alternative"):
        shutil.copytree(exercise.path / folder, tmp_path, dirs_exist_ok=True)
    promised = [name for names in exercise.topics.values() for name in names]
    module = exercise.file.removesuffix(".py")
    imports = f"from {module} import {', '.join(promised)}\n" if promised else ""

    untrue = page_session.untrue(page, tmp_path, groundwork_run, before=[pages.Block(1, "python", imports)])

    assert not untrue, untrue


@every()
def test_each_block_is_python_that_compiles_or_commands_or_data(exercise, page):
    wrong = []
    for block in pages.blocks_of(page):
        try:
            page_commands.looked_at(block, exercise.path / "starter")
        except Exception as error:  # whatever is wrong with a block belongs into the list
            wrong.append(f"{page.name}:{block.line}: {type(error).__name__}: {error}")

    assert not wrong, "\n".join(wrong)


@every()
def test_the_commands_that_a_page_names_can_be_typed(exercise, page):
    wrong = []
    for line in page_commands.typed(page):
        try:
            _, values = page_commands.understood(line)
            for check in checks_in(values):
                exercise.contract[check]
            if values.get("exercise") not in (None, "NN", exercise.number):
                raise LookupError("another exercise")
        except Exception as error:  # click raises one error for each kind of mistake
            wrong.append(f"{line}: {type(error).__name__}: {error}")

    assert not wrong, "\n".join(wrong)


@every()
def test_the_commands_in_its_sentences_are_there(exercise, page):
    assert not page_commands.unknown_in(page)


def checks_in(values):
    named = [values.get("check"), *(values.get("only") or ())]
    return [each for each in named if each and not each.isupper() and not each.isdigit()]


@every([each for each in PAGES if each[1].stem == "IMPLEMENTATION_GUIDE"])
def test_a_guide_leads_to_each_check_once_and_to_no_other(exercise, page):
    text = pages.without_fences(page.read_text(encoding="utf-8"))
    sentences = re.findall(r"^Green: (.*?)\.(?:\s|\Z)", text, re.DOTALL | re.MULTILINE)
    green = Counter(name for sentence in sentences for name in SPAN.findall(sentence))
    known = {check.id for check in exercise.contract}

    missing = sorted(known - set(SPAN.findall(text)))
    unknown = sorted(set(green) - known)
    twice = sorted(name for name, times in green.items() if times > 1)
    assert ([], [], []) == (missing, unknown, twice)


@every()
def test_what_is_spelled_like_a_check_or_a_wrong_implementation_is_one(exercise, page):
    text = pages.without_fences(page.read_text(encoding="utf-8"))
    wrong = {path.stem for path in (exercise.path / "wrong").glob("*.py")}
    known = {check.id for check in exercise.contract} | wrong | words_of(exercise.path)

    spelled = set(re.findall(r"`(?:wrong/)?([a-z0-9]+(?:_[a-z0-9]+){3,})(?:\.py)?`", text))
    assert set() == spelled - known
    assert set() == set(re.findall(r"`wrong/(\w+)\.py`", text)) - wrong


@cache
def words_of(folder_of_exercise):
    """Find the names that the exercise's own files use: these are no checks."""
    files = [path for folder in ("starter", "alternative") for path in (folder_of_exercise / folder).glob("*.py")]
    return set(re.findall(r"\w+", "\n".join(path.read_text(encoding="utf-8") for path in files)))


COUNT = re.compile(r"\b(?P<count>\d+)\s+checks\b(?:\s+of\s+levels?\s+(?P<levels>`\w+`(?:(?:,\s+|\s+and\s+)`\w+`)*))?")


@every()
def test_a_number_of_checks_is_their_number(exercise, page):
    contract = importlib.import_module(exercise.contract_module).CONTRACT
    untrue = []
    for found in COUNT.finditer(page.read_text(encoding="utf-8")):
        levels = SPAN.findall(found["levels"] or "")
        number = sum(not levels or check.level in levels for check in contract)
        if int(found["count"]) != number:
            untrue.append(f"{' '.join(found[0].split())}: there are {number}")

    assert not untrue


LISTED = tomllib.loads((exercises()[0].path.parents[1] / "course.toml").read_text(encoding="utf-8"))["exercise"]
TIME = re.compile(
    r"\*\*Time\.\*\* (?:60 to 120|(?P<minutes>\d+)) minutes for the core(?:.*?about (?P<hours>[\d.]+) hours more)?"
)


@pytest.mark.parametrize("entry", [each for each in LISTED if "beyond" in each], ids=lambda entry: entry["number"])
def test_the_time_that_a_readme_gives_is_that_of_the_list(entry):
    [exercise] = [each for each in exercises() if each.number == entry["number"]]
    text = " ".join((exercise.path / "README.md").read_text(encoding="utf-8").split())

    found = TIME.search(text)

    assert 60 <= entry["minutes"] <= 120
    assert found
    assert int(found["minutes"] or entry["minutes"]) == entry["minutes"]
    assert abs(float(found["hours"] or 0) * 60 - entry["beyond"]) <= 30


COURSE = (exercises()[0].path.parents[4] / "docs" / "course.md").read_text(encoding="utf-8")


def test_the_course_page_shows_what_list_and_start_print(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for words in ("list", "start 04"):
        [shown] = re.findall(rf"^\$ groundwork learn {words}\n(.*?)(?=^\$|^```)", COURSE, re.DOTALL | re.MULTILINE)

        printed = CliRunner().invoke(app, words.split()).stdout

        assert printed.replace(os.sep, "/") == shown


def test_the_course_page_shows_how_much_there_is_beyond_a_core():
    number, checks, time = re.search(
        r"The core of (\d\d) is done.*\n  The rest \((\d+) checks, (.*?)\)", COURSE
    ).groups()

    exercise = find_exercise(number)

    assert (exercise.beyond_checks, hours(exercise.beyond)) == (int(checks), time)


def test_the_course_page_counts_what_verify_proves():
    number, held, claims, wrong = re.search(
        r"\$ groundwork learn verify (\d\d)\n.* (\d+) of (\d+) claims hold, (\d+) wrong ones", COURSE
    ).groups()

    found = claims_of(find_exercise(number))

    assert (int(held), int(claims), int(wrong)) == (len(found), len(found), sum(each.kind == "wrong" for each in found))
