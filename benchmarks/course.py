"""What grading costs, from a save to the first failing check, be it the first or the last, and to the full grade.

Run it with the environment set up and the machine quiet: .venv/bin/python benchmarks/course.py
"""

import ast
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from _targets import Targets, table

from groundwork.course import LearnerProcess, exercises, grade
from groundwork.testing import Outcome

SAVES, STARTS = 20, 11
LONG = ("load", "mutation")


class _Seen(Exception):
    """The first failing check is known."""


def graded(exercise, file, **options):
    started = time.perf_counter()
    result = grade(exercise.contract, exercise.contract_module, file, limit_s=60.0, total_s=600.0, **options)
    return time.perf_counter() - started, result


def late_failure(exercise):
    """The last check of a short level, and a file that fails no other: what a learner is at who mends one of many."""
    last = [check.id for check in exercise.contract if check.level not in LONG][-1]
    files = sorted((exercise.path / "wrong").glob("*.py"))
    return last, next(file for file in files if [last] == named(file))


def named(file):
    """The checks that a wrong implementation says it fails."""
    assigned = [node for node in ast.parse(file.read_text(encoding="utf-8")).body if isinstance(node, ast.Assign)]
    return [
        name for node in assigned if ast.unparse(node.targets[0]) == "FAILS" for name in ast.literal_eval(node.value)
    ]


def first_failure_s(exercise, process, file, first=()):
    """From a save to the first failing check, when it is known what failed last; the process is kept, as by watch."""
    seconds = []

    def seen(verdict):
        if verdict.outcome == Outcome.FAILED:
            raise _Seen

    for _ in range(SAVES):
        started = time.perf_counter()
        try:
            graded(exercise, file, process=process, on_verdict=seen, first=first)
        except _Seen:
            seconds.append(time.perf_counter() - started)
    assert len(seconds) == SAVES, f"{file} fails nothing"
    return statistics.quantiles(seconds, n=20)[-1]


def measured(exercise):
    """Return p95 to the first failure, of the starter and where only the last check fails; then seconds to pass.

    These are of a right solution: those of the short levels together, and those of each long one.
    """
    file = exercise.path / "alternative" / exercise.file
    short = sorted({check.level for check in exercise.contract} - {*LONG})
    with LearnerProcess(exercise.contract_module) as process:
        first_s = first_failure_s(exercise, process, exercise.path / "starter" / exercise.file)
        last, late = late_failure(exercise)
        late_s = first_failure_s(exercise, process, late, first=[last])
    full_s, result = graded(exercise, file, levels=short)
    assert result.passed, result.error or result.having(Outcome.FAILED)
    long_s = {level: graded(exercise, file, levels=[level])[0] for level in LONG}
    return first_s, late_s, full_s, long_s


def spent_s(command, folder):
    """Return seconds by the clock, and of the processor, of a command with all that it starts; medians."""
    spent = []
    for _ in range(STARTS + 1):
        before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
        passed, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
        assert "checks pass" in done.stdout, done.stderr
        spent.append((passed, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime))
    # The first one compiles what has never been loaded.
    return tuple(statistics.median(each) for each in zip(*spent[1:], strict=True))


def interpreter_s(exercise, file):
    """Return what a new interpreter takes that grades, and does nothing else that a command does."""
    code = (
        "from groundwork.course import find_exercise, grade; from pathlib import Path\n"
        f"exercise, file = find_exercise({exercise.number!r}), Path({str(file)!r})\n"
        "grade(exercise.contract, exercise.contract_module, file, levels=['basic'])\n"
        "print('checks pass or not')"
    )
    return spent_s([sys.executable, "-c", code], file.parent)


def command_s(exercise, file):
    """Return what ``groundwork learn check`` takes, as a shell would see it."""
    command = [str(Path(sys.executable).with_name("groundwork")), "learn", "check", exercise.number]
    return spent_s([*command, "--level", "basic", "--file", str(file)], file.parent)


def verdict_rows(targets):
    """Measure the first level of exercise 04, of the starter and of a right solution."""
    [exercise] = [each for each in exercises() if each.number == "04"]
    for kind in ("starter", "alternative"):
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, exercise.file)
            file.write_bytes((exercise.path / kind / exercise.file).read_bytes())
            for what, (passed, worked) in (
                ("an interpreter that grades", interpreter_s(exercise, file)),
                ("groundwork learn check", command_s(exercise, file)),
            ):
                yield [f"{what}, {kind}", f"{passed:.2f}", f"{worked:.2f}"]
                if kind == "starter":
                    targets.most(f"04: {what}, basic level of the starter", passed, 0.5, " s")


def main() -> int:
    print(f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, {os.cpu_count()} cores\n")
    chosen = [exercise for exercise in exercises() if not sys.argv[1:] or exercise.number in sys.argv[1:]]
    targets, rows = Targets(), []
    for exercise in chosen:
        first_s, late_s, full_s, long_s = measured(exercise)
        long = [f"{long_s[level]:.1f}" for level in LONG]
        rows.append([exercise.folder, f"{first_s:.2f}", f"{late_s:.2f}", f"{full_s:.1f}", *long])
        targets.most(f"{exercise.number}: first failure after a save, p95", first_s, 1.0, " s")
        targets.most(f"{exercise.number}: full grade", full_s, 10.0, " s")
        for level in LONG:
            targets.most(f"{exercise.number}: level {level}", long_s[level], 60.0, " s")
    failures = [f"{what}, p95 of {SAVES}, s" for what in ("first failure", "only the last fails")]
    table(["exercise", *failures, "full grade, s", "load, s", "mutation, s"], rows)
    head = ["exercise 04, basic level, all in all", f"median of {STARTS}, s", "of the processor, s"]
    table(head, list(verdict_rows(targets)))
    table(["what", "found", "target", ""], targets.told)
    return 1 if targets.missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
