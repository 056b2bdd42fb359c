"""The grader of ``learn check`` and ``watch``, started before the command line is parsed.

Rule: a guess that is right or costs a process for nothing: it decides and tells nothing, and what it could not guess is
started later as ever. The grader imports the checks while this process imports what parses and prints; together that
takes half as long as one after the other.
"""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from groundwork.errors import MLException

if TYPE_CHECKING:
    from groundwork.course import Exercise, LearnerProcess

_FLAGS = ("--json",)
# What shows that no grader is wanted, or not this one.
_OTHER = ("--help", "--sandbox")

_begun: "dict[str, LearnerProcess]" = {}


def begin(words: Sequence[str]) -> None:
    """Start the grader of the exercise that a command line seems to be about.

    Args:
        words: The command line, without the program.
    """
    if list(words[:1]) != ["learn"] or words[1:2] not in (["check"], ["watch"]) or {*_OTHER} & {*words}:
        return
    # Whatever is wrong with the words or the system is told where they are read in earnest.
    with suppress(MLException, OSError):
        exercise = _guessed(words[2:])
        if exercise is not None:
            from groundwork.course import LearnerProcess

            _begun[exercise.contract_module] = LearnerProcess(exercise.contract_module)


def grader(exercise: "Exercise", *, sandbox: bool) -> "LearnerProcess":
    """Give the grader that was begun, or start one.

    Args:
        exercise: Whose checks.
        sandbox: Whether bubblewrap is put around it.

    Returns:
        A process that is the caller's to close.

    Raises:
        UsageError: There is no bubblewrap.
    """
    from groundwork.course import LearnerProcess

    begun = None if sandbox else _begun.pop(exercise.contract_module, None)
    return begun or LearnerProcess(exercise.contract_module, sandbox=sandbox)


def end() -> None:
    """End what was begun and not asked for."""
    while _begun:
        _begun.popitem()[1].close()


def _guessed(words: Sequence[str]) -> "Exercise | None":
    from groundwork.course import find_exercise

    before = ""
    for word in words:
        value = before.startswith("--") and "=" not in before and before not in _FLAGS
        if not value and not word.startswith("-"):
            return find_exercise(word)
        before = word
    if any(word.startswith("--file") for word in words):
        return None
    from groundwork.course import current_exercise  # which loads more: not before it is needed

    return current_exercise(Path.cwd())
