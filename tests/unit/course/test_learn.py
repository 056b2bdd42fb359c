"""The learner's commands, without anything of a learner's being run."""

import json
import os
import re
import shlex
import sys
from html import escape
from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from groundwork.cli import _learn_check, _learn_rows
from groundwork.cli._learn import app
from groundwork.cli._learn_place import split_words
from groundwork.cli._learn_solution import editor_command
from groundwork.cli._learn_view import bar, next_step
from groundwork.course import Grade, capstone, digest_of, exercises, find_exercise, read_progress, record_grade
from groundwork.errors import StorageError, UsageError
from groundwork.testing import Outcome, Verdict, load_subject, run_check

EXERCISE = find_exercise("05")
IDS = [check.id for check in EXERCISE.contract]


@pytest.fixture
def learn(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(app, arguments)


def lines_of(ended):
    assert ended.exception is None or isinstance(ended.exception, SystemExit), ended.exception
    return ended.stdout.splitlines()


def remember(exercise=EXERCISE, failed=None, waiting=(), message="found 3; expected 4", error=None, passed=True):
    """Write a record: all checks passed, but for those that did not."""
    folder = Path("learn") / exercise.folder
    folder.mkdir(parents=True, exist_ok=True)
    source = folder / exercise.file
    if not source.exists():
        source.write_text("def retry():\n    raise NotImplementedError\n")
    verdicts = []
    for check in exercise.contract:
        outcome = Outcome.PASSED if passed else Outcome.WAITING
        if check.id == failed:
            outcome = Outcome.FAILED
        if check.id in waiting:
            outcome = Outcome.WAITING
        verdicts.append(Verdict(check, outcome, message if outcome == Outcome.FAILED else ""))
    record_grade(exercise, folder, Grade(exercise.contract.name, tuple(verdicts), error, ""), digest_of(source))
    return source


@pytest.fixture
def graded(monkeypatch):
    """Grades without running anything: everything passes but what is put in ``failing``."""
    import groundwork.course

    class Graded:
        failing = ()
        error = None
        stopped = False
        asked = None

        def __call__(self, contract, module, solution, **options):
            self.asked = options
            if self.stopped:
                raise KeyboardInterrupt
            verdicts = []
            for check in contract:
                if options.get("only") and check.id not in options["only"]:
                    continue
                if options.get("levels") and check.level not in options["levels"]:
                    continue
                failed = check.id in self.failing
                verdicts.append(Verdict(check, Outcome.FAILED if failed else Outcome.PASSED, "found" if failed else ""))
            return Grade(contract.name, tuple(verdicts), self.error, "")

    graded = Graded()
    monkeypatch.setattr(groundwork.course, "grade", graded)
    return graded


def test_the_screen_says_where_you_are_and_what_to_do_next(learn):
    remember(failed=IDS[4])

    lines = lines_of(learn())

    assert lines[0] == f"0 of 7 cores done, 0 exercises done, {len(IDS) - 1} checks pass"
    assert any(line.startswith("> 05  Error handling") for line in lines)
    assert f"  x {IDS[4]}  found 3; expected 4" in lines
    assert lines[-1] == "Next: groundwork learn hint 05"


def test_the_screen_of_a_newcomer_begins_with_the_first_exercise(learn):
    lines = lines_of(learn())

    assert 8 == sum("not begun" in line for line in lines)
    assert lines[-1] == "Next: groundwork learn start 01"


def test_the_screen_tells_of_a_file_that_was_changed_or_does_not_import(learn):
    source = remember(passed=False, error="importing resilience.py raised SyntaxError (line 2)")
    told = lines_of(learn())
    source.write_text("x = 1\n")
    changed = lines_of(learn())

    assert "  x importing resilience.py raised SyntaxError (line 2)" in told
    assert "  your file was changed since it was checked" in changed
    assert "Next: groundwork learn check 05" == told[-1] == changed[-1]


def test_the_list_says_how_far_each_exercise_is_and_what_comes_next(learn):
    fresh = lines_of(learn("list"))
    remember(find_exercise("01"))
    learn("start", "02")
    begun = lines_of(learn("list"))

    assert ["01", "02", "03", "04", "05", "06", "07", "Capstone:", "Next:"] == [line.split()[0] for line in fresh]
    assert begun[0].endswith("done")
    assert begun[1].endswith("begun, not yet checked")
    folder = Path("learn") / find_exercise("02").folder
    assert begun[-1] == f"Next: read {folder / 'README.md'}, then groundwork learn check 02"


def test_the_list_and_the_screen_say_when_there_is_nothing_left_to_do(learn):
    for exercise in exercises():
        remember(exercise)
    last = lines_of(learn("list"))[-1]
    remember(capstone())

    assert "Next: groundwork learn capstone" == last
    assert "All exercises are done." == lines_of(learn("list"))[-1] == lines_of(learn())[-1]


def test_start_tells_what_it_wrote_and_a_second_one_that_nothing_was_to_do(learn):
    first, second = learn("start", "04"), learn("start", "04")

    assert (first.exit_code, second.exit_code) == (0, 0)
    assert "storage.py" in first.stdout.splitlines()[0]
    assert "all files are there" in second.stdout
    assert first.stdout.splitlines()[-1].endswith("then groundwork learn check 04")


def test_start_elsewhere_names_the_file_in_the_next_command(learn):
    result = learn("start", "04", "--into", "mine")

    assert result.stdout.splitlines()[-1].endswith(f"groundwork learn check 04 --file {Path('mine/storage.py')}")


@pytest.mark.skipif(os.name == "nt", reason="shlex reads what a POSIX shell does")
def test_every_command_that_is_proposed_can_be_pasted_whatever_the_folder_is_called(learn, graded):
    folder, file = Path("it's mine (1)"), Path("it's mine (1)") / EXERCISE.file
    graded.failing = [IDS[0]]
    insist = ("--file", str(file), "--yes-show-me")

    Path("team's/ada").mkdir(parents=True)
    ended = {
        ("check", "05", "--file", str(file)): learn("start", "05", "--into", str(folder)),
        ("hint", "05", "--file", str(file)): learn("check", "05", "--file", str(file)),
        ("hint", "05", IDS[0], "--file", str(file)): learn("hint", "05", "--file", str(file)),
        ("diff", "05", "--file", str(file)): learn("solution", "05", *insist),
        ("solution", "05", "--file", str(file)): learn("diff", "05", *insist),
        ("read", f"{folder / 'README.md'},"): learn("start", "05", "--into", str(folder)),
        ("open", str(folder / "p.html")): learn("progress", "--html", str(folder / "p.html")),
        ("report", "team's/ada", "--html", "team.html"): learn("report", "team's/ada"),
    }
    another = learn("start", "04", "--into", str(folder)).exception
    refused = learn("diff", "05", "--file", str(file)).exception

    for words, each in ended.items():
        assert set(words) <= set(shlex.split(each.stdout.splitlines()[-1]))
    assert str(folder / find_exercise("04").folder) in shlex.split(another.hint)
    assert f"{file}," in shlex.split(refused.hint)


@pytest.mark.skipif(os.name == "nt", reason="shlex reads what a POSIX shell does")
def test_what_is_to_be_read_in_a_folder_with_a_space_is_quoted():
    standing = SimpleNamespace(
        exercise=EXERCISE, folder=Path("my work"), begun=True, progress=SimpleNamespace(checked=None)
    )

    assert "my work/README.md," == shlex.split(next_step(standing))[1]


def test_reset_says_where_the_work_is_now(learn):
    learn("start", "04")
    unchanged = lines_of(learn("reset", "04"))
    folder = Path("learn") / "04_file_io"
    (folder / "storage.py").write_text("mine")

    lines = lines_of(learn("reset"))

    assert unchanged[0].endswith("is as it was at the start")
    backup = Path(lines[0].rpartition(" ")[2])
    assert "mine" == (backup / "storage.py").read_text()
    assert lines[-1] == "Next: groundwork learn check 04"


def test_reset_says_that_a_linked_file_is_now_one_of_its_own(learn, tmp_path):
    source, mine = remember(), tmp_path / "mine.py"
    source.replace(mine)
    try:
        source.symlink_to(mine)
    except OSError as error:  # pragma: no cover - Windows
        pytest.skip(f"no symbolic links here: {error.strerror}")

    lines = lines_of(learn("reset", "05"))

    assert lines[1] == f"{source} was a link to {mine}, which is as it was; it is a file of its own now"
    assert "def retry" in mine.read_text()


def test_a_check_shows_each_level_and_keeps_what_it_found(learn, graded):
    learn("start", "05")
    graded.failing = [IDS[0]]

    ended = learn("check")

    lines = lines_of(ended)
    assert (1, f"resilience  {len(IDS) - 1} of {len(IDS)} checks pass") == (ended.exit_code, lines[0])
    assert ["basic", "edge", "fault", "crash", "load"] == [line.split()[0] for line in lines[1:6]]
    assert lines[6] == f"  x {IDS[0]}  found"
    assert lines_of(learn("list"))[4].endswith(f"{len(IDS) - 1} of {len(IDS)} checks pass")


def test_only_a_level_or_some_checks_are_asked_for(learn, graded):
    learn("start", "05")

    learn("check", "05", "--level", "basic")
    asked = graded.asked
    again = lines_of(learn("check", "05", "--level", "basic"))
    by_name = learn("check", "05", "--only", IDS[3], "--json")

    assert ["basic"] == asked["levels"]
    assert 3 == len(again)
    assert again[-1] == "Next: groundwork learn check 05"
    told = json.loads(by_name.stdout)
    assert [IDS[3]] == [verdict["id"] for verdict in told["verdicts"]]
    assert (0, "05", {"passed": 1, "total": 1}) == (by_name.exit_code, told["exercise"], *told["levels"].values())


def test_a_complete_core_is_told_once_with_what_it_means_and_what_is_next(learn, graded):
    core = [check.id for check in EXERCISE.core_checks]
    graded.failing = [next(check.id for check in EXERCISE.contract if check.id not in core)]
    learn("start", "05")

    first, second = lines_of(learn("check")), lines_of(learn("check"))

    assert "core" == first[1].split()[-1] != first[2].split()[-1]
    told = next(line for line in first if "The rest" in line)
    assert f"The rest ({len(IDS) - len(core)} checks" in told
    assert first[-1] == "Next: groundwork learn start 06, or groundwork learn hint 05 for the rest"
    assert (first[:7], "Next: groundwork learn hint 05") == (second[:7], second[-1])


def test_the_last_core_leads_to_what_is_left_of_its_exercise(learn, graded):
    for exercise in exercises():
        if exercise.number != "05":
            remember(exercise)
    graded.failing = [next(check.id for check in EXERCISE.contract if check.level not in EXERCISE.core)]
    learn("start", "05")

    lines = lines_of(learn("check", "05"))

    assert "  The core of 05 is done: you have built the part, and it does what it is for." in lines
    assert lines[-1] == "Next: groundwork learn hint 05"


def test_after_the_core_the_screen_goes_on_to_the_next_exercise_and_keeps_the_rest_for_later(learn):
    beyond = next(check.id for check in EXERCISE.contract if check.level not in EXERCISE.core)
    remember(failed=beyond)

    screen, listed, page = lines_of(learn()), lines_of(learn("list")), lines_of(learn("progress", "05"))

    assert screen[0].startswith("1 of 7 cores done, 0 exercises done")
    assert any("core of 05 is done" in line for line in screen)
    assert screen[-1] == "Next: groundwork learn start 06"
    assert listed[4].endswith(f"core done, {len(IDS) - 1} of {len(IDS)} checks pass")
    assert listed[-1] == "Next: groundwork learn start 06"
    assert page[1].endswith("  core")


def test_with_all_cores_done_the_rest_of_the_exercise_at_hand_is_next(learn):
    for exercise in exercises():
        if exercise.number != "05":
            remember(exercise)
    beyond = next(check.id for check in EXERCISE.contract if check.level not in EXERCISE.core)
    remember(failed=beyond)

    assert "Next: groundwork learn hint 05" == lines_of(learn())[-1] == lines_of(learn("list"))[-1]


def test_whoever_passes_everything_is_told_where_the_answers_are(learn, graded):
    learn("start", "05")

    ended = learn("check")

    assert (0, True) == (ended.exit_code, "ANSWERS.md" in lines_of(ended)[-1])


def test_what_waits_says_for_which(learn, monkeypatch):
    import groundwork.course

    checks = {check.id: check for check in EXERCISE.contract}
    second = next(check for check in EXERCISE.contract if check.after and checks[check.after[0]].after)
    first = checks[second.after[0]]
    root = checks[first.after[0]]
    verdicts = (
        Verdict(root, Outcome.FAILED, "found 3"),
        Verdict(first, Outcome.WAITING, f"waits for {root.id}"),
        Verdict(second, Outcome.WAITING, f"waits for {first.id}"),
    )
    monkeypatch.setattr(groundwork.course, "grade", lambda *_, **__: Grade("resilience", verdicts, None, ""))
    learn("start", "05")

    lines = lines_of(learn("check"))

    assert f"  . {first.id}, {second.id} wait for {root.id}" in lines


def test_a_hint_is_one_step_further_each_time_and_says_how_many_are_left(learn):
    remember(failed=IDS[0])
    hints = EXERCISE.hints_of(IDS[0])

    shown = [lines_of(learn("hint")) for _ in range(len(hints) + 1)]

    assert shown[0][0].startswith(IDS[0])
    counts = [sum(line.startswith("  hint  ") for line in lines) for lines in shown]
    assert [*range(1, len(hints) + 1), len(hints)] == counts
    assert "  no hint is left" == shown[-1][-2]
    assert all("left" in lines[-2] for lines in shown)


def test_a_hint_is_about_the_first_check_that_failed_or_the_first_that_did_not_pass(learn):
    before = lines_of(learn("hint", "05"))
    remember(failed=IDS[7])
    failed = lines_of(learn("hint", "05"))
    remember(waiting=[IDS[9]])
    waiting = lines_of(learn("hint", "05"))
    remember()
    done = lines_of(learn("hint", "05"))

    assert [IDS[0], IDS[7], IDS[9]] == [lines[0].split()[0] for lines in (before, failed, waiting)]
    assert done[-1] == "Next: groundwork learn solution 05"


def test_why_takes_the_last_verdict_apart_without_running_anything(learn):
    source = remember(failed=IDS[2], message="raised E (line 2): 3 calls; expected 4")

    lines = lines_of(learn("why", IDS[2], "--code"))

    assert lines[0] == f"{IDS[2]}  failed"
    assert f"  rule      {EXERCISE.contract[IDS[2]].rule}" == lines[1]
    assert f"  reason    {EXERCISE.contract[IDS[2]].why}" == lines[2]
    scene = " ".join(EXERCISE.contract[IDS[2]].run.__doc__.split())
    assert lines[3:6] == [f"  tried     {scene}", "  found     raised E (line 2): 3 calls", "  expected  4"]
    assert lines[6] == f"  where     {source}:2  raise NotImplementedError"
    assert lines[8].startswith(f"    def {IDS[2]}(")
    assert lines[-1] == f"Next: groundwork learn hint 05 {IDS[2]}"


def test_why_says_with_what_input_a_check_failed_and_so_do_progress_and_report(learn):
    check = EXERCISE.contract["opens_at_the_failure_rate"]
    wrong = load_subject(EXERCISE.path / "wrong" / "counts_failures_not_their_share.py")
    source = remember()
    grade = Grade("resilience", (run_check(wrong, check),), None, "")
    record_grade(EXERCISE, source.parent, grade, digest_of(source))

    lines = lines_of(learn("why", check.id))
    learn("progress", "--html", "page.html")
    [team] = json.loads(learn("report", ".", "--json").stdout)

    given = "feed(guard, '+-+-')"
    assert f"  input     {given}" == lines[4]
    assert {"check": check.id, "input": given} == {
        name: team["exercises"][4]["failed"][0][name] for name in ("check", "input")
    }
    assert f"with {escape(given)}" in Path("page.html").read_text(encoding="utf-8")
    assert given == grade.to_dict()["verdicts"][0]["input"]


def test_why_runs_a_check_that_was_never_run_or_whose_file_has_changed(learn, graded):
    learn("start", "05")
    graded.failing = [IDS[1]]

    first = lines_of(learn("why", "05", IDS[1]))
    asked, graded.asked = graded.asked, None
    learn("why", "05", IDS[1])
    again = graded.asked
    (Path("learn") / EXERCISE.folder / EXERCISE.file).write_text("x = 1\n")
    graded.failing = []
    changed = lines_of(learn("why", "05", IDS[1]))

    assert [IDS[1]] == asked["only"]
    assert again is None
    assert (f"{IDS[1]}  failed", f"{IDS[1]}  passed") == (first[0], changed[0])


def test_why_of_a_check_that_waits_leads_to_the_one_it_waits_for(learn):
    checks = {check.id: check for check in EXERCISE.contract}
    later = next(check for check in EXERCISE.contract if check.after)
    source = remember()
    verdicts = (Verdict(later, Outcome.WAITING, f"waits for {later.after[0]}"),)
    record_grade(EXERCISE, source.parent, Grade("resilience", verdicts, None, ""), digest_of(source))

    lines = lines_of(learn("why", later.id))

    assert lines[-1] == f"Next: groundwork learn why 05 {checks[later.after[0]].id}"


def test_a_file_that_does_not_import_has_no_why(learn, graded):
    learn("start", "05")
    graded.error = "importing resilience.py raised SyntaxError (line 2)"

    assert isinstance(learn("why", IDS[0]).exception, UsageError)


def test_what_an_answer_is_built_on_is_named_in_its_own_folder(learn):
    lines = lines_of(learn("solution", "06", "--yes-show-me"))

    rows = [line.removeprefix("They are built on: ").split(" in ") for line in lines if "They are built on" in line]
    assert ["concurrency", "serving"] == [Path(folder).name for _, folder in rows]
    assert all((Path(folder) / name).is_file() for names, folder in rows for name in names.split(", "))


def test_the_answer_is_shown_when_all_is_done_or_to_whoever_insists(learn):
    remember(failed=IDS[0])
    refused = learn("solution", "05")
    insisted = lines_of(learn("solution", "05", "--yes-show-me"))
    remember()
    earned = lines_of(learn("solution"))

    assert isinstance(refused.exception, UsageError)
    assert "--yes-show-me" in refused.exception.hint
    assert earned == insisted
    assert any(line.startswith("=== ") and line.endswith("_retry.py") for line in earned)
    assert any(line.startswith("The guide: ") for line in earned)


def test_your_definitions_stand_beside_the_librarys(learn):
    remember()

    lines = lines_of(learn("diff", "05", "retry", "--width", "100"))

    assert lines[0] == "=== retry"
    assert "| _retry.py:" in lines[1]
    assert lines[2].split(" | ")[0].rstrip() == "def retry():"
    assert all(line[49:50] in ("|", "") for line in lines[1:-2])
    assert isinstance(learn("diff", "05", "nothing").exception, UsageError)
    assert isinstance(learn("diff", "05", "a", "b").exception, UsageError)


@pytest.mark.parametrize(("wish", "half"), [("100", 48), (None, 78)])
def test_a_diff_into_a_pipe_is_as_wide_as_wished(learn, monkeypatch, wish, half):
    monkeypatch.setattr("os.get_terminal_size", lambda *_: (_ for _ in ()).throw(OSError))
    monkeypatch.delenv("COLUMNS", raising=False)
    if wish:
        monkeypatch.setenv("COLUMNS", wish)
    remember()

    lines = lines_of(learn("diff", "05", "retry"))

    assert half == lines[1].index(" | ")


def test_open_links_to_the_line_of_the_first_failure_or_the_first_stub(learn, tmp_path):
    source = remember(failed=IDS[0], message="raised E (line 1): no")
    failed = lines_of(learn("open"))
    remember()
    stub = lines_of(learn("open", "05"))

    assert failed[0] == f"{source}:1"
    assert stub[1].startswith("vscode://file/")
    assert stub[1].endswith("/learn/05_error_handling/resilience.py:2")
    assert "//" not in stub[1].removeprefix("vscode://")


def test_progress_of_one_exercise_lists_every_check(learn):
    remember(failed=IDS[0], waiting=[IDS[1]])

    lines = lines_of(learn("progress", "05"))

    assert f"  x {IDS[0]}  found 3; expected 4" in lines
    assert f"  . {IDS[1]}  waiting" in lines
    assert f"  + {IDS[2]}" in lines
    assert json.loads(learn("progress", "05", "--json").stdout)[0]["checks"][IDS[0]] == "failed"


def test_progress_of_all_shows_the_failures_and_writes_a_page(learn):
    remember(failed=IDS[0], message="<b>3</b>")

    lines = lines_of(learn("progress"))
    paged = lines_of(learn("progress", "--html", "p.html"))
    told = json.loads(learn("progress", "--json", "--html", "both.html").stdout)

    assert f"  x {IDS[0]}  <b>3</b>" in lines
    assert Path("both.html").read_text(encoding="utf-8").count("</html>") == 1
    assert lines[-1] == "Next: groundwork learn hint 05"
    assert paged == ["Next: open p.html in a browser"]
    page = Path("p.html").read_text(encoding="utf-8")
    assert "&lt;b&gt;3" in page
    assert "<b>3" not in page
    assert [*(each.number for each in exercises()), "capstone"] == [each["exercise"] for each in told]
    assert "checks" not in told[0]


def test_a_report_is_a_table_a_csv_a_json_and_a_page(learn, tmp_path):
    remember(failed=IDS[0])

    table = lines_of(learn("report", "."))
    csv = lines_of(learn("report", ".", "--csv"))
    told = json.loads(learn("report", ".", "--json", "--html", "team.html").stdout)
    paged = lines_of(learn("report", ".", "--html", "team.html"))

    assert table[1].startswith(tmp_path.name)
    assert f"{len(IDS) - 1}/{len(IDS)}" in table[1]
    assert f"  x 05 {IDS[0]}  failed by 1" in table
    assert table[0].split()[-4:] == ["07", "capstone", "done", "cores"]
    assert 9 == len(csv)
    assert (tmp_path.name, 0, len(IDS) - 1) == (told[0]["learner"], told[0]["done"], told[0]["passed"])
    assert paged == ["Next: open team.html in a browser"]
    assert tmp_path.name in Path("team.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("words", [(), ("list",), ("check", "05")], ids=" ".join)
def test_a_folder_that_was_removed_under_the_learner_is_told(learn, monkeypatch, words):
    def refuse():
        raise FileNotFoundError(2, "No such file or directory")

    with monkeypatch.context() as patched:
        patched.setattr(os, "getcwd", refuse)
        ended = learn(*words)

    assert isinstance(ended.exception, UsageError)
    assert "has been removed" in ended.exception.message


@pytest.fixture
def barred(monkeypatch):
    """Makes files of some names ones that may not be read, for whoever runs this."""

    def bar(*names):
        def refusing(call):
            def refuse(path, *arguments, **options):
                if path.name in names:
                    raise PermissionError(13, "Permission denied", str(path))
                return call(path, *arguments, **options)

            return refuse

        for each in ("open", "read_text", "read_bytes"):
            monkeypatch.setattr(Path, each, refusing(getattr(Path, each)))

    return bar


@pytest.mark.parametrize(
    "words",
    [(), ("list",), ("progress",), ("check",), ("why", IDS[0]), ("diff", "05", "--yes-show-me"), ("open",)],
    ids=" ".join,
)
@pytest.mark.parametrize("name", [EXERCISE.file, "progress.json"])
def test_what_may_not_be_read_is_told_with_what_to_do(learn, graded, barred, words, name):
    learn("start", "05")
    barred(name)

    ended = learn(*words)

    assert isinstance(ended.exception, StorageError)
    assert f"{name}: cannot read: Permission denied" in ended.exception.message
    assert "owner and mode" in ended.exception.hint
    assert graded.asked is None


def test_a_report_names_whom_it_could_not_read_shows_the_others_and_ends_with_1(learn, monkeypatch):
    remember()
    Path("team/ada").mkdir(parents=True)
    Path("learn").rename("team/ada/learn")
    Path("team/bob/learn").mkdir(parents=True)
    stat = Path.stat

    def refuse(path, **options):
        if Path("team/bob") in path.parents:
            raise PermissionError(13, "Permission denied", str(path))
        return stat(path, **options)

    monkeypatch.setattr(Path, "stat", refuse)

    ended = {form: learn("report", "team", *form) for form in ((), ("--csv",), ("--json",), ("--html", "team.html"))}
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != Path("team/bob"))  # what click asks
    alone, both = learn("report", "team/bob"), learn("report", "team/bob", "team/ada")

    assert {1} == {each.exit_code for each in (*ended.values(), alone, both)}
    assert all("bob" in each.stderr and "not in the report" in each.stderr for each in (*ended.values(), alone, both))
    assert all(each.stdout.splitlines()[1].startswith("ada") for each in (ended[()], both))
    assert 9 == len(ended[("--csv",)].stdout.splitlines())
    assert ["ada"] == [each["learner"] for each in json.loads(ended[("--json",)].stdout)]
    assert "not in this table" in Path("team.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "words",
    [
        ("check",),
        ("check", "99"),
        ("check", "04"),
        ("check", "04", "--file", "missing.py"),
        ("watch", "04"),
        ("hint",),
        ("hint", "04", "missing"),
        ("hint", "04", "a", "b"),
        ("why", "04"),
        ("why", "04", "missing"),
        ("reset", "04"),
        ("reset",),
        ("open", "04"),
        ("diff", "04"),
        ("solution",),
        ("start", "99"),
        ("progress", "99"),
        ("report", "missing"),
        ("report", ".", "--csv", "--json"),
        ("verify", "99"),
    ],
    ids=" ".join,
)
def test_what_is_not_there_is_a_mistake_of_the_caller(learn, words):
    ended = learn(*words)

    assert isinstance(ended.exception, UsageError)
    assert "\n" not in ended.exception.message


@pytest.mark.parametrize("words", [("--level", "basi"), ("--level", "mutation"), ("--only", "missing")], ids=" ".join)
def test_a_level_or_a_check_that_is_not_there_is_told(learn, words):
    learn("start", "05")

    assert isinstance(learn("check", "05", *words).exception, UsageError)


@pytest.mark.parametrize("words", [("hint", "05"), ("why", "05"), ("check", "05", "--only")], ids=" ".join)
def test_for_a_check_that_is_not_there_what_is_like_it_is_named_or_how_to_list_all(learn, words):
    learn("start", "05")

    near, far = learn(*words, IDS[5] + "x"), learn(*words, "foo")

    assert f"did you mean {IDS[5]}?" == near.exception.hint
    assert "groundwork learn progress 05 lists them" == far.exception.hint
    assert IDS[5] in learn("progress", "05").stdout


@pytest.mark.parametrize("exercise", [EXERCISE, capstone()], ids=lambda exercise: exercise.number)
def test_a_hint_before_the_start_leads_to_the_start_and_goes_on_after_it(learn, exercise):
    before = lines_of(learn("hint", exercise.number))
    started = shlex.split(before[-1].removeprefix("Next: groundwork learn "))
    lines_of(learn(*started))
    first, second = (lines_of(learn("hint", exercise.number)) for _ in range(2))

    assert ["start", exercise.number] == started
    assert sum(line.startswith("  hint  ") for line in before) == 1
    assert before[:-1] == first[:-1]
    assert [1, 2] == [sum(line.startswith("  hint  ") for line in lines) for lines in (first, second)]
    assert "start" not in first[-1]


def test_a_hint_about_a_file_that_is_not_there_writes_nothing_down(learn, tmp_path):
    ended = learn("hint", "05", "--file", "missing.py")

    assert isinstance(ended.exception, UsageError)
    assert [] == list(tmp_path.iterdir())


def test_the_checks_of_an_exercise_that_is_not_begun_are_listed_once_it_is(learn):
    ended = learn("hint", "05", "foo")

    assert "groundwork learn start 05, then groundwork learn progress 05 lists them" == ended.exception.hint


def test_an_exercise_and_a_check_may_each_be_left_out():
    assert [(None, None), ("04", None), (None, "a_check"), ("04", "a_check")] == [
        split_words(words) for words in ([], ["04"], ["a_check"], ["04", "a_check"])
    ]


def test_a_bar_is_full_only_when_all_is_done_and_empty_only_when_nothing_is():
    assert [0, 1, 19, 20, 20] == [bar(*each).count("#") for each in ((0, 50), (1, 50), (49, 50), (50, 50), (0, 0))]


class Script:
    """A watcher that has one save after another, then Ctrl-C."""

    def __init__(self, *saves):
        self.saves, self.pending = list(saves), False

    def __call__(self, saves, on_save):
        self.on_save = on_save
        return self

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def wait(self):
        self.pending = False
        if not self.saves:
            raise KeyboardInterrupt
        self.on_save()
        self.saves.pop(0)()


@pytest.fixture
def watch(learn, graded, monkeypatch):
    """Runs a watch to its end: grade, then a save for each of the functions given."""
    import groundwork.course

    class Kept:
        def __init__(self, contract_module, *, sandbox):
            self.sandbox = sandbox

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

    def run(*saves, options=(), script=None):
        learn("start", "05")
        script = script or Script(*saves)
        monkeypatch.setattr(groundwork.course, "Watcher", script)
        monkeypatch.setattr(groundwork.course, "LearnerProcess", Kept)
        return lines_of(learn("watch", "05", *options))

    return run


def test_a_watch_begins_with_what_failed_last_and_leaves_the_slow_levels_to_check(watch, graded):
    graded.failing = [IDS[3]]

    lines = watch(lambda: None)

    assert [IDS[3]] == graded.asked["first"]
    assert {"basic", "edge", "fault", "crash"} == set(graded.asked["levels"])
    assert 1 == sum(line.startswith("saved ") for line in lines)
    assert ["", "Next: groundwork learn check 05"] == lines[-2:]


def test_a_watch_starts_with_what_failed_by_the_record(watch, graded):
    remember(failed=IDS[6])

    watch()

    assert [IDS[6]] == graded.asked["first"]


def test_a_watch_forgets_no_failure_over_a_file_that_does_not_import(watch, monkeypatch):
    import groundwork.course

    asked = []
    rounds = [
        (Outcome.FAILED, Outcome.FAILED, None),
        (Outcome.WAITING, Outcome.WAITING, "importing it raised SyntaxError"),
        (Outcome.WAITING, Outcome.FAILED, None),
        (Outcome.PASSED, Outcome.FAILED, None),
        (Outcome.PASSED, Outcome.PASSED, None),
    ]

    def told(contract, *_, first, **__):
        asked.append(list(first))
        *outcomes, error = rounds.pop(0)
        verdicts = [Verdict(contract[check], each) for check, each in zip(IDS[3:5], outcomes, strict=True)]
        return Grade("resilience", tuple(verdicts), error, "")

    monkeypatch.setattr(groundwork.course, "grade", told)

    watch(*[lambda: None] * 4)

    assert [[], IDS[3:5], IDS[3:5], [IDS[4], IDS[3]], [IDS[4]]] == asked


def test_a_watch_takes_the_levels_that_are_asked_for_and_a_sandbox(watch, graded):
    watch(options=("--level", "load", "--sandbox"))

    assert (["load"], True) == (graded.asked["levels"], graded.asked["process"].sandbox)


def test_a_file_that_is_away_for_a_moment_ends_no_watch(watch, graded):
    file = Path("learn") / EXERCISE.folder / EXERCISE.file

    lines = watch(file.unlink)

    assert f"{file} is not there" in lines


def test_a_watch_tells_the_first_failure_at_once_and_gives_up_when_the_file_is_saved_again(watch, graded, monkeypatch):
    import groundwork.course

    def told(contract, *_, on_verdict, first, **__):
        asked.append(list(first))
        script.pending = len(script.saves) == 1  # saved again while the second round runs
        for check in contract[:2]:
            on_verdict(Verdict(check, Outcome.FAILED, "found"))
        return graded(contract, None, None)

    asked = []
    script = Script(lambda: None, lambda: None)
    monkeypatch.setattr(groundwork.course, "grade", told)

    lines = watch(script=script)

    assert 3 == lines.count(f"  x {IDS[0]}  found")
    assert 2 == sum(" checks pass" in line for line in lines)
    assert [[], [], IDS[:1]] == asked


def test_what_was_skipped_what_was_printed_and_what_did_not_import_are_shown(learn, monkeypatch):
    import groundwork.course

    error = "importing resilience.py raised SyntaxError (line 2)"
    verdicts = (
        Verdict(EXERCISE.contract[0], Outcome.SKIPPED, "not on Windows: no signals"),
        Verdict(EXERCISE.contract[1], Outcome.WAITING, "waits for resilience.py to import"),
    )
    output = "".join(f"line {number}\n" for number in range(12))
    monkeypatch.setattr(groundwork.course, "grade", lambda *_, **__: Grade("resilience", verdicts, error, output))
    learn("start", "05")

    lines = lines_of(learn("check"))

    assert f"  x {error}" in lines
    assert f"  - {IDS[0]}  not on Windows: no signals" in lines
    assert f"  . {IDS[1]} waits for resilience.py to import" in lines
    assert ["  your code printed, the last 10 lines of 12:", "    line 2"] == lines[-12:-10]
    assert lines[-1] == "Next: mend that, then groundwork learn check 05"


NASTY = "raised E (line 1): \x1b]0;title\x07\x1b[2J; expected \x9b"
TAME = r"raised E (line 1): \x1b]0;title\x07\x1b[2J; expected \x9b"


def test_what_the_code_says_is_no_command_to_the_terminal(learn, watch, graded, monkeypatch):
    import groundwork.course

    verdicts = (
        Verdict(EXERCISE.contract[0], Outcome.FAILED, NASTY),
        Verdict(EXERCISE.contract[1], Outcome.SKIPPED, NASTY),
    )
    found = Grade("resilience", verdicts, NASTY, f"{NASTY}\na\tb\n")

    def told(*_, on_verdict=None, **__):
        on_verdict and on_verdict(verdicts[0])
        return found

    monkeypatch.setattr(groundwork.course, "grade", told)
    watched = "\n".join(watch())
    checked = learn("check", "05").output
    shown = [watched, checked, *(learn(*words).output for words in ([], ["progress"], ["why", "05", IDS[0]]))]

    assert not [text for text in shown if any(not char.isprintable() for char in text.replace("\n", ""))]
    assert f"    {TAME}\n    a       b\n" in checked
    assert all(TAME.partition(";")[0] in text for text in shown)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such names")
def test_a_learners_folder_may_be_called_anything(learn, monkeypatch):
    Path("\x1b[2J").mkdir()
    monkeypatch.chdir("\x1b[2J")
    remember()
    monkeypatch.chdir("..")

    lines = lines_of(learn("report", "\x1b[2J"))

    assert lines[1].startswith(r"\x1b[2J ")


@pytest.mark.parametrize(
    ("editor", "expected"),
    [
        ("vim", ["vim", "+7", "x.py"]),
        ("code --wait", ["code", "--wait", "--goto", "x.py:7"]),
        ("/usr/bin/subl", ["/usr/bin/subl", "x.py:7"]),
        ("unknown -a", ["unknown", "-a", "x.py"]),
    ],
)
def test_an_editor_is_started_at_the_line_if_it_is_known_how(editor, expected):
    assert expected == editor_command(editor, Path("x.py"), 7)


@pytest.mark.parametrize("editor", ['"', " "])
def test_what_is_no_command_is_no_editor(editor):
    with pytest.raises(UsageError, match=re.escape(f"the editor {editor!r} cannot be started")):
        editor_command(editor, Path("x.py"), 7)


@pytest.mark.parametrize("editor", ["my-editor", "no-such-editor-anywhere"])
def test_open_starts_the_editor_on_a_terminal(learn, monkeypatch, editor):
    from groundwork.cli import _learn_solution

    started = []

    def run(command, **_):
        if command[0] != "my-editor":
            raise FileNotFoundError(2, "No such file or directory")
        started.append(command)

    source = remember()
    terminal = SimpleNamespace(isatty=lambda: True)
    monkeypatch.setattr(_learn_solution, "sys", SimpleNamespace(stdin=terminal, stdout=terminal))
    monkeypatch.setattr(_learn_solution.subprocess, "run", run)
    monkeypatch.setenv("VISUAL", editor)

    ended = learn("open")

    assert ([["my-editor", str(source)]] if editor == "my-editor" else []) == started
    assert (editor == "my-editor") == (ended.exit_code == 0)


def test_whatever_is_not_offered_is_told_by_its_name():
    import groundwork.course

    assert "grade" in dir(groundwork.course)
    for name in ("nothing", "_nothing"):
        with pytest.raises(AttributeError, match=name):
            getattr(groundwork.course, name)


def test_a_hint_inside_the_folder_of_the_exercise_knows_what_failed_there(learn, monkeypatch):
    source = remember(failed=IDS[4])
    monkeypatch.chdir(source.parent)

    assert learn("hint").stdout.startswith(IDS[4])


def test_inside_a_folder_of_the_learners_own_the_screen_is_about_it(learn, monkeypatch):
    learn("start", "05", "--into", "mine")
    monkeypatch.chdir("mine")

    lines = lines_of(learn())

    assert any(line.startswith("> 05  ") and line.endswith("begun, not yet checked") for line in lines)
    assert lines[-1] == "Next: read README.md, then groundwork learn check 05"


@pytest.mark.parametrize("command", [["list"], ["progress"], []], ids=["list", "progress", "screen"])
def test_the_exercise_that_was_begun_comes_before_those_that_were_not(learn, command):
    remember(passed=False)

    assert lines_of(learn(*command))[-1].startswith("Next: groundwork learn check 05")


def test_a_check_that_is_stopped_says_that_nothing_was_written_down(learn, graded):
    learn("start", "05")
    graded.stopped = True

    ended = learn("check", "05")

    assert "stopped; nothing is written down" in ended.stderr
    assert read_progress(Path("learn") / EXERCISE.folder).checked is None


def test_what_was_found_is_written_down_also_where_nobody_reads_on(learn, graded, monkeypatch):
    learn("start", "05")
    monkeypatch.setattr(_learn_check, "show_grade", lambda *_, **__: (_ for _ in ()).throw(BrokenPipeError))

    learn("check", "05")

    assert read_progress(Path("learn") / EXERCISE.folder).checked is not None


@pytest.fixture
def terminal(monkeypatch):
    """Makes standard output a terminal of some columns."""

    def terminal(wide):
        monkeypatch.setenv("COLUMNS", str(wide))
        stdout = SimpleNamespace(isatty=lambda: True)
        monkeypatch.setattr(_learn_rows, "sys", SimpleNamespace(stdout=stdout))

    return terminal


@pytest.mark.parametrize("command", [["list"], [], ["report", "."]], ids=["list", "screen", "report"])
@pytest.mark.parametrize("wide", [200, 100, 80, 60, 40])
def test_no_row_is_wider_than_the_terminal(learn, terminal, command, wide):
    for exercise in exercises():
        remember(exercise, failed=exercise.contract[-1].id)
    learn("start", "02")
    Path("learn", "02_data_structures", "progress.json").unlink()
    terminal(wide)

    lines = lines_of(learn(*command))

    rows = lines[:2] if "report" in command else [line for line in lines if line.lstrip("> ")[4:5].isupper()]
    assert (2 if "report" in command else 7) == len(rows)
    assert max(map(len, rows)) <= wide


@pytest.mark.parametrize(
    ("command", "wide", "row"),
    [
        (
            "list",
            200,
            "04  File I/O: files never torn, checkpoints never lost    90 min + 4 h    core done, 61 of 62 checks pass",
        ),
        ("list", 80, "04  File I/O             90 min + 4 h    core done, 61 of 62 checks pass"),
        ("list", 60, "04  File I/O             90 min  core done, 61 of 62"),
        (None, 80, "> 04  File I/O           core done, 61 of 62 checks pass"),
    ],
)
def test_a_narrow_terminal_gets_shorter_titles_and_fewer_columns(learn, terminal, command, wide, row):
    exercise = find_exercise("04")
    remember(exercise, failed=exercise.contract[-1].id)
    terminal(wide)

    lines = lines_of(learn(*([command] if command else [])))

    assert row in lines


@pytest.mark.parametrize("command", [["list"], [], ["report", "."]], ids=["list", "screen", "report"])
def test_into_a_pipe_goes_each_row_whole(learn, monkeypatch, command):
    wide = lines_of(learn(*command))
    monkeypatch.setenv("COLUMNS", "40")

    assert wide == lines_of(learn(*command))
    assert any(len(line) > 80 for line in wide)
