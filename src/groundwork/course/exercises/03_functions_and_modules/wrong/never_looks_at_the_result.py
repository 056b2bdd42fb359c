"""Takes result=True and checks the arguments."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_wrong_result_is_refused",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "modeling.py")


@right.with_options
def validated(fn, result=False):
    return right.validated(fn)
