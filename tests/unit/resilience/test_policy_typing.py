"""The types of what is guarded survive, as mypy sees them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import groundwork

CASES = Path(__file__).with_name("policy_typing_cases.py")


@pytest.mark.integration
def test_signatures_and_results_keep_their_types(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path), "--config-file=", str(CASES)],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        cwd=tmp_path,
        env={**os.environ, "MYPYPATH": str(Path(groundwork.__file__).parents[1])},
    )

    # An ignored error that is none would be told as an unused comment.
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "Success: no issues found in 1 source file"), (
        done.stdout
    )
