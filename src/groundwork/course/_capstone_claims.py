"""What the capstone claims of itself: right modules pass all its stages, each wrong one fails those that it names.

Rule: as in ``_verify``, every claim is checked by running it, with the very processes that a learner's run has.
"""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from groundwork.course._capstone import grade_capstone
from groundwork.course._capstone_modules import SUITE, Module, library_module, module_of_files
from groundwork.course._catalog import Exercise, capstone, exercises
from groundwork.testing import Outcome

_KINDS = ("starter", "alternative", "library")
_LIMIT_S = 30.0
_SUITE_STAGE = "the_suite_finds_the_planted_bug"
Proven = tuple[tuple[str, ...], int, tuple[str, ...]]


def capstone_claims() -> list[tuple[str, str]]:
    """List what is claimed.

    Returns:
        Kind and subject: the seven starters, alternatives and library parts; and each wrong module among alternatives.
    """
    return [*((kind, f"all of {kind}") for kind in _KINDS), *(("wrong", subject) for subject in _wrongs())]


def prove_capstone(kind: str, subject: str) -> Proven:
    """Check one of the claims.

    Args:
        kind: ``starter``, ``alternative``, ``library`` or ``wrong``.
        subject: Of a wrong one its file, below the folder of the exercises.

    Returns:
        Sentences that say what is not as claimed, how many stages were judged, and those that a wrong one names.
    """
    if kind == "wrong":
        return _prove_wrong(subject)
    modules = [library_module(each) if kind == "library" else _plain(each, kind) for each in exercises()]
    verdicts = grade_capstone(modules, limit_s=_LIMIT_S, total_s=10 * _LIMIT_S).verdicts
    if kind == "starter":
        # That they can be imported is all that may be said of them.
        passing = [each.check.id for each in verdicts[1:] if each.outcome == Outcome.PASSED]
        return tuple(f"{name} passes" for name in passing), len(verdicts), ()
    problems = [f"{each.check.id}: {each.message}" for each in verdicts if each.outcome in _NOT_PASSED]
    return tuple(problems), len(verdicts), ()


_NOT_PASSED = (Outcome.FAILED, Outcome.WAITING)


def _prove_wrong(subject: str) -> Proven:
    entry, path = _wrongs()[subject], _folder() / subject
    modules = [_with_wrong(each, path, alone=bool(entry.get("alone"))) for each in exercises()]
    named, own = tuple(entry["fails"]), path.parts[-3][:2]
    # The suite is another process of the story than the run: it need not be judged again for a wrong module of the run.
    taken = () if own == SUITE else (_SUITE_STAGE,)
    verdicts = grade_capstone(modules, limit_s=_LIMIT_S, total_s=10 * _LIMIT_S, taken=taken).verdicts
    failed = {each.check.id: each.message for each in verdicts if each.outcome == Outcome.FAILED}
    problems = [f"fails {stage}, which it does not name: {failed[stage]}" for stage in failed if stage not in named]
    problems += [f"does not fail {stage}, which it names" for stage in named if stage not in failed]
    # Whoever is told to look into another module than the wrong one looks in vain.
    problems += [f"{stage} blames another: {failed[stage]}" for stage in failed if not failed[stage].startswith(own)]
    return tuple(problems), len(verdicts), named


@cache
def _wrongs() -> dict[str, dict[str, Any]]:
    listed = tomllib.loads((capstone().path / "wrong.toml").read_text(encoding="utf-8"))["wrong"]
    return {entry["file"]: entry for entry in listed}


def _folder() -> Path:
    return capstone().path.parent


def _plain(exercise: Exercise, kind: str) -> Module:
    return module_of_files(exercise, exercise.path / kind / exercise.file)


def _with_wrong(exercise: Exercise, wrong: Path, *, alone: bool) -> Module:
    right = exercise.path / "alternative" / exercise.file
    if wrong.parent.parent != exercise.path:
        return module_of_files(exercise, right)
    return (
        module_of_files(exercise, wrong)
        if alone or exercise.number == SUITE
        else module_of_files(exercise, wrong, right)
    )
