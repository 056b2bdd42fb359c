"""Has the time in it, so that no two are alike."""

import time
from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "one_environment_has_one_digest",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "environment.py")


def fingerprint():
    found = right.fingerprint()
    found.values["taken"] = time.perf_counter_ns()
    return found


diff = right.diff
diff = right.diff
