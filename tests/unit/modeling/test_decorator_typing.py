"""The types of what is decorated survive, as mypy and pyright see them."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import groundwork

CASES = Path(__file__).with_name("decorator_typing_cases.py")
SOURCE = str(Path(groundwork.__file__).parents[1])
HOME = Path(groundwork.__file__).parent / "modeling"


@pytest.mark.integration
def test_mypy_sees_signatures_and_results_as_they_were(tmp_path):
    # What the decorators do not need is left out, polars and scikit-learn above all: 2 s instead of 20.
    needed = [HOME / name for name in ("__init__.py", "_decorate.py", "_timed.py", "_logged.py", "_validated.py")]
    needed += [HOME / "_deprecated.py", *HOME.glob("_cached*.py")]
    done = subprocess.run(
        [
            *(sys.executable, "-m", "mypy", "--strict", "--follow-imports=skip", "--config-file="),
            *("--cache-dir", str(tmp_path), str(CASES), *map(str, needed)),
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        cwd=tmp_path,
        env={**os.environ, "MYPYPATH": SOURCE},
    )

    # An ignored error that is none would be told as an unused comment.
    said = f"Success: no issues found in {len(needed) + 1} source files"
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, said), done.stdout


@pytest.mark.integration
def test_pyright_sees_signatures_and_results_as_they_were(tmp_path):
    pytest.importorskip("pyright", reason="pyright is no development dependency; install it to run this test")
    shutil.copy(CASES, tmp_path)
    settings = {"include": [CASES.name], "extraPaths": [SOURCE], "reportUnnecessaryTypeIgnoreComment": "error"}
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(settings), "utf-8")

    done = subprocess.run(
        [sys.executable, "-m", "pyright", "--outputjson", "--project", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )

    found = json.loads(done.stdout)
    assert (1, []) == (found["summary"]["filesAnalyzed"], [each["message"] for each in found["generalDiagnostics"]])
