"""The capstone: its stages, its claims, and what it says of modules that are not there. Nothing is run."""

import re

import pytest

from groundwork.course import blamed, capstone, capstone_modules, exercises, find_exercise, grade_capstone
from groundwork.course._capstone_claims import capstone_claims, prove_capstone
from groundwork.course._capstone_contract import BLAME
from groundwork.course._capstone_modules import digest_at, file_names, library_module, module_of_files, order_of, places
from groundwork.errors import UsageError
from groundwork.testing import Level, Outcome, load_subject


@pytest.fixture
def course(tmp_path):
    """A learner's folder in which all seven files are begun."""
    for path in places(tmp_path).values():
        path.parent.mkdir()
        path.write_text("x = 1\n")
    return tmp_path


def wrongs():
    from groundwork.course._capstone_claims import _wrongs

    return _wrongs()


def test_it_has_up_to_twenty_stages_of_every_level_and_each_names_a_module():
    contract = capstone().contract

    assert 12 <= len(contract) <= 20
    assert set(Level) == {check.level for check in contract}
    assert [check.id for check in contract] == sorted(BLAME, key=[check.id for check in contract].index)
    assert {each.number for each in exercises()} == set(BLAME.values())


def test_every_stage_is_failed_by_a_wrong_module_and_every_exercise_has_one():
    entries = wrongs()

    assert {check.id for check in capstone().contract} == {
        stage for each in entries.values() for stage in each["fails"]
    }
    assert {each.number for each in exercises()} == {file[:2] for file in entries}
    assert all((capstone().path.parent / file).is_file() for file in entries)
    assert [*["starter", "alternative", "library"], *["wrong"] * len(entries)] == [
        kind for kind, _ in capstone_claims()
    ]


def test_the_checks_that_a_hint_leads_to_are_there():
    for check in capstone().contract:
        for number, rest in re.findall(r"groundwork learn check (\d\d)([^;,]*)", check.hint):
            contract = find_exercise(number).contract
            assert all(contract[name] for name in re.findall(r"--only (\w+)", rest)), check.id


def test_the_capstone_is_found_by_its_name_and_is_none_of_the_seven():
    assert find_exercise("capstone") == capstone()
    assert capstone() not in exercises()
    assert (capstone().path / capstone().file).is_file()


def test_without_modules_each_stage_waits_for_the_one_that_it_is_about(tmp_path):
    grade = grade_capstone(capstone_modules(tmp_path))

    assert {Outcome.WAITING} == {verdict.outcome for verdict in grade.verdicts}
    messages = {verdict.check.id: verdict.message for verdict in grade.verdicts[1:]}
    assert {stage: f"waits for {BLAME[stage]}" for stage in messages} == {
        stage: message[: len("waits for 01")] for stage, message in messages.items()
    }
    assert grade.error == f"{', '.join(file_names().values())} are not there; expected seven modules"
    assert not grade.passed


def test_one_module_that_is_not_there_is_named_and_groundworks_own_takes_its_place(course):
    (course / "05_error_handling" / "resilience.py").unlink()

    grade = grade_capstone(capstone_modules(course))
    [own] = [each for each in capstone_modules(course, ["05"]) if each.library]

    assert grade.error == "05 resilience.py is not there; expected seven modules"
    assert {"waits for 05 resilience.py", "waits for all seven"} == {verdict.message for verdict in grade.verdicts}
    assert own.sources == ("groundwork.resilience",)


def test_a_module_that_imports_groundworks_own_part_is_refused_before_anything_runs(course):
    path = course / "04_file_io" / "storage.py"
    path.write_text("import json\nfrom groundwork.storage import read\n")

    grade = grade_capstone(capstone_modules(course))

    assert grade.error is not None
    assert grade.error.startswith("04 storage.py line 2: importing groundwork.storage is refused")
    assert {Outcome.WAITING} == {verdict.outcome for verdict in grade.verdicts}


def test_a_stage_that_there_is_not_is_refused(tmp_path):
    with pytest.raises(UsageError, match="has no check 'it_flies'"):
        grade_capstone(capstone_modules(tmp_path), only=["it_flies"])


def test_only_a_stage_brings_those_that_it_waits_for(tmp_path):
    grade = grade_capstone(
        capstone_modules(tmp_path), only=["no_flight_comes_twice"], taken=["the_seven_come_together"]
    )

    assert ["the_suite_finds_the_planted_bug", "the_settings_are_those_asked_for", "no_flight_comes_twice"] == [
        verdict.check.id for verdict in grade.verdicts
    ]


def test_what_runs_may_import_what_the_learners_files_may_and_no_more(course):
    order = order_of(capstone_modules(course, ["01", "07"]))

    assert order["allows"] == ["groundwork.errors"]
    assert order["own"] == str(course.resolve())
    assert order["modules"]["environment"] == ["groundwork.environment"]
    assert order["suite"].endswith("test_suite.py")
    assert "test_suite" not in order["modules"]


def test_the_courses_own_files_may_import_all_of_groundwork():
    modules = [module_of_files(each, each.path / "alternative" / each.file) for each in exercises()]

    assert "groundwork" in order_of(modules)["allows"]
    assert order_of(list(map(library_module, exercises())))["allows"] == []


def test_every_name_that_the_story_takes_is_in_starter_and_alternative():
    for exercise in exercises()[:-1]:
        module = library_module(exercise)
        for kind in ("starter", "alternative"):
            subject = load_subject(exercise.path / kind / exercise.file)
            assert [] == [name for name in module.names if not hasattr(subject, name)], (exercise.number, kind)


def test_the_digest_of_the_capstone_changes_with_any_of_the_seven(course):
    folder = course / "capstone"
    before = digest_at(capstone(), folder)
    (course / "07_testing" / "test_suite.py").write_text("y = 2\n")

    assert before != digest_at(capstone(), folder)
    assert digest_at(capstone(), course / "elsewhere" / "capstone") is None


def test_a_message_names_the_module_to_blame_and_the_stage_does_where_it_does_not():
    assert "04" == blamed("04 storage.py: raised OSError", "it_goes_on_after_a_kill")
    assert "05" == blamed("the run ended the whole process", "it_goes_on_after_a_kill")
    assert "05" == blamed("13 rows", "it_goes_on_after_a_kill")


def test_a_claim_that_does_not_hold_is_told(monkeypatch):
    from groundwork.course import Grade, _capstone_claims
    from groundwork.testing import Verdict

    checks = list(capstone().contract)
    verdicts = [Verdict(check, Outcome.PASSED) for check in checks]
    verdicts[3] = Verdict(checks[3], Outcome.FAILED, "01 environment.py: found 3; expected 4")
    monkeypatch.setattr(
        _capstone_claims, "grade_capstone", lambda *_, **__: Grade("capstone", tuple(verdicts), None, "")
    )
    wrong = "05_error_handling/wrong/never_opens.py"

    starter, right, wrong_found = (
        prove_capstone(*each) for each in [("starter", ""), ("library", ""), ("wrong", wrong)]
    )

    assert f"{checks[1].id} passes" in starter[0]
    assert right == ((f"{checks[3].id}: {verdicts[3].message}",), len(checks), ())
    assert wrong_found[0] == (
        f"fails {checks[3].id}, which it does not name: {verdicts[3].message}",
        "does not fail an_outage_is_borne, which it names",
        f"{checks[3].id} blames another: {verdicts[3].message}",
    )
