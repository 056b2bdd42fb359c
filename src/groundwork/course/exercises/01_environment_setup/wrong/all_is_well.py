"""Says that all checks have passed, and has made none."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "what_the_lock_has_is_there",
    "what_is_needed_is_there",
    "an_unknown_check_is_refused",
    "a_deleted_or_emptied_file_is_found",
    "an_environment_is_known_by_its_interpreter",
    "names_of_the_example_are_set",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "environment.py")


def check(python=None, *, only=None, lock=None, workdir=None):
    names = list(right.CHECKS) if only is None else [only] if isinstance(only, str) else only
    return [right.Finding(name, "ok", "passed") for name in names]


Finding = right.Finding
