"""The contract of ``check`` where the environment itself is broken, moved, or another; and where secrets lie about."""

import hashlib
import os
import shutil
from pathlib import Path
from typing import Any

from groundwork.errors import ContractBroken
from groundwork.testing._contract import Level
from groundwork.testing._lab import Lab
from groundwork.testing.contracts._doctor_files import CHECKS as CHECKS
from groundwork.testing.contracts._environment_scenes import (
    Project,
    bad,
    base_python,
    examine,
    expect_healthy,
    expect_told,
    expect_untold,
    install,
    project,
    variables,
)

_SECRET = "sk-live-4711"  # noqa: S105 - nobody's


@CHECKS.check(
    Level.EDGE,
    rule="Whether an interpreter is one of an environment, it says itself; VIRTUAL_ENV says nothing.",
    why="VIRTUAL_ENV is inherited by every child; pip was run with the system's Python, and broke the system.",
    hint="In an environment sys.prefix differs from sys.base_prefix. Ask the interpreter that is meant, not yours.",
    after=["a_healthy_environment_is_fine"],
)
def an_environment_is_known_by_its_interpreter(subject: Any, lab: Lab) -> None:
    """One without the variable; the Python that it was made from, with the variable set."""
    place = project(lab)
    with variables(VIRTUAL_ENV=None):
        expect_healthy(examine(subject, place, "interpreter"), "the Python of an environment that is not active")
    with variables(VIRTUAL_ENV=str(place.root)):
        findings = subject.check(base_python(), only="interpreter", workdir=place.folder)
    if not bad(findings):
        raise ContractBroken("the system's Python with VIRTUAL_ENV set is ok; expected a finding that it is in none")


@CHECKS.check(
    Level.FAULT,
    rule="An environment that was moved is told from one that was not.",
    why="After mv its python still runs, but pip and every other command start the Python at the old place.",
    hint="The first line of each script in bin/ names an interpreter; compare its folder with the script's.",
    after=["an_environment_is_known_by_its_interpreter"],
    posix="commands are programs there, and hold no path in a first line",
)
def a_moved_environment_is_told(subject: Any, lab: Lab) -> None:
    """A project with a command, before and after it is renamed; a script of the system beside it."""
    place = project(lab)
    for name, line in {"tool": f"#!{place.python}", "shell": "#!/bin/sh"}.items():
        (place.python.parent / name).write_text(f"{line}\nNAME = 1\n", encoding="utf-8")
    expect_healthy(examine(subject, place, "moved"), "an environment at its place")
    moved = Project(lab.folder / "renamed")
    shutil.move(place.folder, moved.folder)
    if not bad(examine(subject, moved, "moved")):
        raise ContractBroken("an environment whose project was renamed is ok; expected a finding that it was moved")


@CHECKS.check(
    Level.CRASH,
    rule="An interpreter that is gone, is killed or says nonsense is a finding, not an exception.",
    why="apt upgraded Python, the link leads nowhere, and the doctor itself dies with a FileNotFoundError.",
    hint="except (OSError, ValueError, subprocess.SubprocessError) around asking it; the words go into a finding.",
    after=["an_environment_is_known_by_its_interpreter"],
    posix="the interpreters of this scene are scripts of a shell",
)
def a_dead_interpreter_is_a_finding(subject: Any, lab: Lab) -> None:
    """A link to nowhere, one that kills itself, one that answers with nonsense, one that ends with 3."""
    place = project(lab)
    for what in ("a link that leads nowhere", "kill -9 $$", "echo hello", "exit 3"):
        place.python.unlink()
        if what.startswith("a link"):
            place.python.symlink_to(lab.folder / "python-that-was")
        else:
            place.python.write_text(f"#!/bin/sh\n{what}\n", encoding="utf-8")
            place.python.chmod(0o755)
        if not bad(examine(subject, place, "interpreter")):
            raise ContractBroken(f"an interpreter that is {what!r} is ok; expected a finding")


@CHECKS.check(
    Level.FAULT,
    rule="A check that cannot be made is a finding with its reason, and the others still answer.",
    why="One bad line in the lock, and nobody sees that half of the files are gone.",
    hint="One try around each check; what it catches becomes a finding of that check.",
    after=["a_deleted_or_emptied_file_is_found", "what_the_lock_has_is_there"],
)
def one_broken_check_leaves_the_others(subject: Any, lab: Lab) -> None:
    """A lock with a line that is none, a lock that is not there; beside a file that is gone."""
    place = project(lab)
    install(place.site, "flights")
    (place.site / "flights" / "__init__.py").unlink()
    place.lock.write_text("flights==1.0\n# a comment\n\nnumpy and more\n", encoding="utf-8")
    findings = examine(subject, place, "packages", "files")
    expect_told([one for one in findings if one.check == "packages"], "line 4", what="a lock with a bad fourth line")
    expect_told([one for one in findings if one.check == "files"], "__init__.py", what="files beside a bad lock")
    findings = examine(subject, place, "packages", "files", lock=place.folder / "no-such.lock")
    expect_told([one for one in findings if one.check == "packages"], "no-such.lock", what="a lock that is not there")
    expect_told([one for one in findings if one.check == "files"], "__init__.py", what="files without a lock")


@CHECKS.check(
    Level.FAULT,
    rule="Nothing that is installed is imported or run.",
    why="A damaged package may hang or crash on import; a malicious one waits for just that.",
    hint="Name, version and requirements stand in *.dist-info; no import is needed.",
    after=["a_healthy_environment_is_fine"],
)
def nothing_installed_is_run(subject: Any, lab: Lab) -> None:
    """A package that leaves a mark when it is imported."""
    place = project(lab)
    mark = lab.folder / "imported"
    code = f"open({str(mark)!r}, 'w').close()\n__version__ = '1.0'\n"
    install(place.site, "flights", files={"flights/__init__.py": code}, needs=["tables"])
    install(place.site, "tables")
    place.pin("flights==1.0", "tables==1.0")
    expect_healthy(examine(subject, place, "packages", "files", "dependencies"), "two packages as they should be")
    if mark.exists():
        raise ContractBroken("a package was imported during the check; expected it to be read only")


@CHECKS.check(
    Level.FAULT,
    rule="Checking changes nothing, twice gives the same answer, and a later damage is found.",
    why="A doctor that remembers 'was fine yesterday' in a cache misses what broke today.",
    hint="Read again each time; write nothing, neither into the environment nor into the project.",
    after=["a_deleted_or_emptied_file_is_found"],
)
def checking_changes_nothing(subject: Any, lab: Lab) -> None:
    """A healthy environment twice, then with a byte changed."""
    place = project(lab)
    install(place.site, "flights")
    place.pin("flights==1.0")
    names = ("packages", "files", "dependencies", "conflicts")
    before = _contents(place.folder)
    answers = [[(one.check, one.severity, one.found) for one in examine(subject, place, *names)] for _ in range(2)]
    if answers[0] != answers[1]:
        raise ContractBroken(f"the second answer is {answers[1]}; expected that of the first, {answers[0]}")
    after = _contents(place.folder)
    if changed := sorted(path for path in {*before, *after} if before.get(path) != after.get(path)):
        raise ContractBroken(f"{changed[0]} was made or changed by the check; expected it to change nothing")
    (place.site / "flights" / "__init__.py").write_text("NAME = 'another'\n", encoding="utf-8")
    expect_told(examine(subject, place, *names), "flights", what="a file damaged since the last check")


def _contents(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@CHECKS.check(
    Level.BASIC,
    rule="A name of .env.example that is set neither in .env nor in the environment is told.",
    why="The new variable is in the example since Monday; everybody's server fails at the first request that needs it.",
    hint="parse_env reads both; compare the names, and look into os.environ.",
)
def names_of_the_example_are_set(subject: Any, lab: Lab) -> None:
    """One in .env, one in the environment, one in neither; no example at all."""
    (lab.folder / ".env.example").write_text("GW_ONE=\nGW_TWO=\n# the third\nexport GW_THREE=x\n", encoding="utf-8")
    (lab.folder / ".env").write_text("GW_ONE=1\n", encoding="utf-8")
    with variables(GW_TWO="2", GW_THREE=None):
        findings = subject.check(only="dotenv", workdir=lab.folder)
        expect_told(findings, "GW_THREE", what="GW_THREE of .env.example, set nowhere")
        expect_untold(findings, "GW_ONE", "GW_TWO", what="names that are set")
        with variables(GW_THREE="3"):
            expect_healthy(subject.check(only="dotenv", workdir=lab.folder), "all names set")
    os.unlink(lab.folder / ".env.example")
    expect_healthy(subject.check(only="dotenv", workdir=lab.folder), "a project without .env.example")


@CHECKS.check(
    Level.FAULT,
    rule="No finding shows a value of a .env, nor a line of it that cannot be read.",
    why="The output of the doctor is what people paste into tickets.",
    hint="Keep names only; of a line that is no NAME=value keep its number.",
    after=["names_of_the_example_are_set"],
)
def values_of_a_dotenv_are_not_shown(subject: Any, lab: Lab) -> None:
    """A value, one of a name that nobody knows, a bare line, a quote that is never closed."""
    (lab.folder / ".env.example").write_text("GW_KEY=\nGW_OTHER=\n", encoding="utf-8")
    told = []
    for lines in (f"GW_KEY={_SECRET}\nGW_KEX={_SECRET}\n", f"{_SECRET}\n", f'GW_KEY="{_SECRET}\nmore\n'):
        (lab.folder / ".env").write_text(lines, encoding="utf-8")
        with variables(GW_OTHER=None):
            findings = subject.check(only="dotenv", workdir=lab.folder)
        expect_told(findings, "GW_OTHER", what="GW_OTHER of .env.example, set nowhere")
        told += [f"{one.found} {one.expected} {one.fix} {one!r}" for one in findings]
    for one in told:
        if _SECRET in one:
            raise ContractBroken("a value of the .env stands in a finding; expected names and line numbers only")
