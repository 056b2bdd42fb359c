"""The types of what is decorated survive, as mypy sees them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import groundwork

CASES = Path(__file__).with_name("breaker_typing_cases.py")


def checked(path, cache):
    options = ["--strict", "--no-incremental", "--config-file=", "--cache-dir", str(cache)]
    return subprocess.run(
        [sys.executable, "-m", "mypy", *options, path],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        cwd=cache,
        env={**os.environ, "MYPYPATH": str(Path(groundwork.__file__).parents[1])},
    )


@pytest.mark.integration
def test_signatures_and_results_keep_their_types(tmp_path):
    done = checked(CASES, tmp_path)

    assert (done.returncode, done.stdout) == (0, "Success: no issues found in 1 source file\n")


@pytest.mark.integration
def test_a_wrong_type_is_seen_at_all(tmp_path):
    wrong = tmp_path / "wrong.py"
    wrong.write_text(CASES.read_text("utf-8").replace('(decorated("a", rows=3)', '(decorated("a", lines=3)'), "utf-8")

    done = checked(wrong, tmp_path)

    assert done.returncode == 1
    assert 'Unexpected keyword argument "lines"' in done.stdout
