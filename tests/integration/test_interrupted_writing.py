"""Ctrl-C while Parquet is written: silent, and nothing left behind."""

import os
import subprocess
import sys

import pytest

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(os.name != "posix", reason="a process of Windows cannot send itself Ctrl-C"),
]

_WRITER = """
import os, signal, sys, time
from pathlib import Path
import polars as pl
from groundwork.data._writing import write_rows
from groundwork.storage import ahead

def frames():
    try:
        for number, _ in ahead(iter(range(1, 10_000)), lambda number: time.sleep(0.01)):
            if number == 3:
                os.kill(os.getpid(), signal.SIGINT)
            yield pl.DataFrame({"a": [number]})
    finally:
        print("closed")

try:
    write_rows(Path(sys.argv[1]), {"a": pl.Int64()}, frames)
except KeyboardInterrupt:
    sys.exit(130)
"""


def test_ctrl_c_ends_a_parquet_file_without_a_word(tmp_path):
    # Not measured for coverage: its tracer's own lock would be where the signal is seen.
    plain = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    done = subprocess.run(
        [sys.executable, "-c", _WRITER, str(tmp_path / "o.parquet")],
        capture_output=True,
        text=True,
        timeout=60,
        env=plain,
    )

    assert (done.returncode, done.stdout, done.stderr) == (130, "closed\n", "")
    assert list(tmp_path.iterdir()) == []
