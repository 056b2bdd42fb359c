"""An error in one check is an error of the whole doctor."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "one_broken_check_leaves_the_others",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "environment.py")


def alone(name, place):
    wrong = [right.Finding(name, severity, *words) for severity, *words in right.CHECKS[name](place)]
    return wrong or [right.Finding(name, "ok", "as it should be")]


right.alone = alone
Finding = right.Finding
check = right.check
