"""Duplicates on the way to a file: killed, and in bounded memory; in processes of their own."""

import json
import os
import signal
import subprocess
import sys

import polars as pl
import pytest

pytestmark = pytest.mark.integration

ROWS = 300_000

KILLED = """
import sys
from groundwork.data import Dataset, deduplicate
from groundwork.testing import failpoints, kill_self
with failpoints({sys.argv[3]: kill_self}):
    deduplicate(Dataset.scan(sys.argv[1]), keep=sys.argv[4], out=sys.argv[2], memory_bytes=1 << 16)
"""

MEASURED = """
import json, sys
import polars as pl
from groundwork.data import Dataset, deduplicate
done = deduplicate(Dataset.scan(sys.argv[1]), out=sys.argv[2], memory_bytes=int(sys.argv[3]))
with open("/proc/self/status") as status:
    peak = next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM"))
print(json.dumps({**done.to_dict(), "peak_mib": peak}))
"""


def table(path, rows, copies):
    """Rows that all differ, the whole table several times over."""
    block = pl.DataFrame({"id": pl.int_range(rows, eager=True), "text": "a row of some length"}).write_csv()
    head, _, body = block.partition("\n")
    with open(path, "w") as file:
        file.write(head + "\n")
        for _ in range(copies):
            file.write(body)


@pytest.mark.parametrize("keep", ["first", "last"])
@pytest.mark.parametrize("place", ["data.deduplicate.read", "storage.atomic_write.before_replace"])
def test_a_kill_leaves_the_old_file_and_the_next_run_cleans_up(tmp_path, place, keep):
    table(tmp_path / "t.csv", 20_000, 2)
    (tmp_path / "o.parquet").write_bytes(b"old")
    arguments = [str(tmp_path / "t.csv"), str(tmp_path / "o.parquet")]

    killed = subprocess.run([sys.executable, "-c", KILLED, *arguments, place, keep], timeout=120, check=False)

    assert killed.returncode == -signal.SIGKILL
    assert (tmp_path / "o.parquet").read_bytes() == b"old"
    # Rows that wait have no name on the disk, so they are gone.
    assert set(os.listdir(tmp_path)) <= {"t.csv", "o.parquet", ".o.parquet.0.gw-tmp"}
    subprocess.run([sys.executable, "-c", MEASURED, *arguments, "1"], timeout=120, check=True, capture_output=True)
    assert sorted(os.listdir(tmp_path)) == ["o.parquet", "t.csv"]
    assert pl.read_parquet(tmp_path / "o.parquet")["id"].to_list() == [str(at) for at in range(20_000)]


@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="the peak is asked of Linux")
def test_more_different_rows_than_the_bound_take_hardly_more_memory(tmp_path):
    peaks = []
    for rows in (ROWS, 4 * ROWS):
        table(tmp_path / "t.csv", rows, 2)
        done = subprocess.run(
            [sys.executable, "-c", MEASURED, tmp_path / "t.csv", tmp_path / "o.parquet", str(1 << 20)],
            capture_output=True,
            text=True,
            timeout=240,
            check=True,
        )
        told = json.loads(done.stdout)
        assert (told["rows"], told["removed"]) == (rows, rows)
        written = pl.read_parquet(tmp_path / "o.parquet")["id"].cast(pl.Int64)
        assert written.equals(pl.int_range(rows, eager=True))
        peaks.append(told["peak_mib"])

    assert peaks[1] < peaks[0] + 128
