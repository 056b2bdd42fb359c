"""A learner's code, good, bad and hostile, graded in its own process."""

import json
import os
import shutil
import textwrap
import time

import pytest
from typer.testing import CliRunner

from groundwork.cli._learn import app
from groundwork.course import exercises, find_exercise, grade
from groundwork.testing import Contract, Outcome

EXERCISE = find_exercise("04")
pytestmark = pytest.mark.e2e


@pytest.fixture
def learn(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(app, arguments)


@pytest.fixture
def graded(tmp_path):
    """Grades a file of the given source against the first checks of exercise 04."""

    def run(source, *checks, **options):
        path = tmp_path / "storage.py"
        path.write_text(textwrap.dedent(source))
        contract = EXERCISE.contract
        few = Contract(contract.name)
        few._checks = {name: contract[name] for name in checks or ["writes_the_bytes"]}
        return grade(few, EXERCISE.contract_module, path, **options)

    return run


def test_the_starter_fails_and_the_next_step_is_a_hint(learn):
    learn("start", "04")

    result = learn("check", "04")

    lines = result.stdout.splitlines()
    assert (result.exit_code, lines[0]) == (1, "storage  0 of 62 checks pass")
    assert ["basic", "edge", "fault", "crash", "load"] == [line.split()[0] for line in lines[1:6]]
    assert all("  not written yet (line " in line for line in lines[6:11])
    assert [line.split()[1] for line in lines[6:11]] == [
        "writes_the_bytes",
        "values_come_back",
        "appended_records_come_back",
        "batches_have_the_rows_asked_for",
        "a_saved_model_comes_back",
    ]
    assert lines[11] == "  . 20 checks wait for writes_the_bytes"
    assert lines[-1] == "Next: groundwork learn hint 04"


@pytest.mark.skipif(os.name == "nt", reason="some checks are skipped there")
def test_a_correct_solution_passes_and_its_progress_is_kept(learn, tmp_path):
    learn("start", "04")
    solution = tmp_path / "learn" / EXERCISE.folder / "storage.py"
    solution.write_bytes((EXERCISE.path / "alternative" / "storage.py").read_bytes())

    result = learn("check", "04")

    assert (result.exit_code, result.stdout.splitlines()[0]) == (0, "storage  62 of 62 checks pass")
    assert "ANSWERS.md" in result.stdout.splitlines()[-1]
    [line] = [line for line in learn("list").stdout.splitlines() if line.startswith("04")]
    assert line.endswith("done")


@pytest.mark.parametrize("exercise", exercises(), ids=lambda exercise: exercise.number)
def test_a_right_file_in_a_folder_of_ones_own_passes(exercise, tmp_path):
    """Not below the course's: such a file may not read, nor import, what one of the course may."""
    for source in (exercise.path / "starter" / exercise.file, exercise.path / "alternative" / exercise.file):
        shutil.copytree(source.parent, tmp_path, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))

    result = grade(exercise.contract, exercise.contract_module, tmp_path / exercise.file, levels=["basic"])

    assert (None, []) == (result.error, [(each.check.id, each.message) for each in result.having(Outcome.FAILED)])


def test_verdicts_as_json(learn):
    learn("start", "04")

    result = learn("check", "04", "--json")

    told = json.loads(result.stdout)
    assert (result.exit_code, told["passed"], len(told["verdicts"])) == (1, False, 62)


def test_an_import_that_fails_is_told_with_its_line_and_nothing_is_graded(learn, tmp_path):
    (tmp_path / "mine.py").write_text("x = 1\ndef (:\n")

    result = learn("check", "04", "--file", "mine.py")

    assert result.exit_code == 1
    assert "importing mine.py raised SyntaxError (line 2)" in result.stdout
    assert result.stdout.splitlines()[-1] == "Next: mend that, then groundwork learn check 04 --file mine.py"


@pytest.mark.parametrize("ending", ["os._exit(0)", "sys.exit(0)", "os.kill(os.getpid(), 9)"])
def test_a_file_that_ends_the_process_on_import_has_not_passed(graded, ending):
    result = graded(f"import os, sys\n{ending}")

    assert not result.passed
    assert "importing storage.py ended the whole process" in result.error
    assert [verdict.outcome for verdict in result.verdicts] == [Outcome.WAITING]


def test_a_call_that_ends_the_process_fails_and_the_other_checks_still_run(graded):
    result = graded(
        """
        import os
        def atomic_write(path, mode="wb", **options):
            if mode == "wb":
                os._exit(0)
            return open(path, mode, **options)
        """,
        "writes_the_bytes",
        "accepts_a_bare_name",
        "new_files_follow_the_umask",
    )

    assert [verdict.outcome for verdict in result.verdicts] == [Outcome.FAILED, Outcome.WAITING, Outcome.WAITING]
    assert "ended the whole process (exit 0)" in result.verdicts[0].message


def test_an_endless_loop_is_stopped_at_the_limit_and_the_rest_is_graded(graded):
    result = graded(
        """
        def atomic_write(path, mode="wb", **options):
            while mode == "w":
                pass
            return open(path, mode, **options)
        """,
        "writes_text",
        "writes_the_bytes",
        limit_s=8.0,
    )

    assert [verdict.outcome for verdict in result.verdicts] == [Outcome.FAILED, Outcome.PASSED]
    assert result.verdicts[0].message == "did not finish within 8 s; expected it to end"


def test_a_sleep_on_import_is_stopped_too(graded):
    result = graded("import time; time.sleep(600)", limit_s=1.0)

    assert result.error == "importing storage.py did not finish within 1 s; expected it to end"


def test_checks_that_get_no_time_fail(graded):
    result = graded("def atomic_write(*a, **k): ...", total_s=0.0)

    assert (result.verdicts[0].outcome, result.passed) == (Outcome.FAILED, False)
    assert "no time was left" in result.verdicts[0].message


def test_prints_are_shown_but_never_taken_for_a_verdict_and_are_capped(graded):
    told = []
    result = graded(
        """
        import os, sys
        print('{"outcome": "passed"}', flush=True)
        os.write(1, b'{"outcome": "passed"}\\n')
        print("x" * 1_000_000, file=sys.stderr, flush=True)
        def atomic_write(*a, **k):
            print("called", flush=True)
            raise ValueError("no")
        """,
        on_verdict=told.append,
    )

    assert [verdict.outcome for verdict in told] == [Outcome.FAILED]
    assert told[0].message == "raised ValueError (line 8): no"
    assert result.output.count('{"outcome": "passed"}') == 2
    assert len(result.output) == 64 * 1024


def test_an_answer_that_nobody_asked_for_is_a_failure(graded):
    result = graded(
        """
        import os
        for descriptor in range(3, 1024):
            try:
                os.write(descriptor, b'{"outcome": "passed"}\\n')
            except OSError:
                pass
        """
    )

    assert not result.passed
    assert "wrote to the grader's channel" in result.error


def test_reading_standard_input_gets_nothing(graded):
    result = graded("import sys\nraise RuntimeError(repr(sys.stdin.read()))")

    assert result.error == "importing storage.py raised RuntimeError (line 2): ''"


def test_home_and_temporary_folder_are_not_the_learners_own_and_are_gone_afterwards(graded):
    result = graded("import os, tempfile\nraise RuntimeError(os.path.expanduser('~') + ' ' + tempfile.gettempdir())")

    home, temporary = result.error.split(": ")[1].split()
    assert home == temporary != os.path.expanduser("~")
    assert not os.path.exists(home)


@pytest.mark.skipif(os.name == "nt", reason="sessions are POSIX's")
def test_processes_that_the_learner_started_end_with_the_grade(graded):
    result = graded(
        """
        import subprocess, sys
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        raise RuntimeError(child.pid)
        """
    )

    child = int(result.error.split(": ")[1])
    assert not _runs(child)


def _runs(pid):
    # The killed child is an orphan: whoever adopts it takes it away, after an instant in which it is a zombie.
    for _ in range(3000):
        try:
            with open(f"/proc/{pid}/stat") as file:
                if file.read().split()[2] == "Z":
                    return False
        except FileNotFoundError:
            return False
        time.sleep(0.01)
    return True


def test_the_last_lines_that_the_code_printed_are_shown(learn, tmp_path):
    (tmp_path / "mine.py").write_text("for n in range(12):\n    print('line', n)\nraise RuntimeError('here')\n")

    lines = learn("check", "04", "--file", "mine.py").stdout.splitlines()

    assert "  your code printed, the last 10 lines of 12:" in lines
    assert lines[-2] == "    line 11"


def test_a_file_that_closes_the_graders_channel_has_not_passed(graded):
    result = graded("import os, time\nos.closerange(3, 1024)\ntime.sleep(600)")

    assert result.error.startswith("importing storage.py ended the whole process (it closed its channel)")


def test_nothing_of_the_learners_folder_is_changed_by_grading(graded, tmp_path):
    graded("def atomic_write(path, mode='wb'): ...")

    assert [path.name for path in tmp_path.iterdir()] == ["storage.py"]
