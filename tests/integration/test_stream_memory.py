"""Streams of any length in the memory of a short one, measured in processes of their own."""

import gzip
import json
import os
import subprocess
import sys

import polars as pl
import pytest
import zstandard

pytest.importorskip("resource", reason="the peak of a process's memory is asked of the system in this way")

SMALL, LARGE = 12, 48
LINES = 40_000
# What polars frees goes back to the system at once; how much its allocator would keep depends on threads and time.
GIVEN_BACK = {"_RJEM_MALLOC_CONF": "dirty_decay_ms:0,muzzy_decay_ms:0"}

# On Linux ru_maxrss of a child begins with what its parent had.
PEAK = """
import resource, sys
def peak_mib():
    try:
        with open("/proc/self/status") as status:
            return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM"))
    except FileNotFoundError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2 ** (20 if sys.platform == "darwin" else 10)
"""

READER = """
import json
import polars as pl
from groundwork.storage import stream
rows = 0
for frame in stream(sys.argv[1], 20_000, columns={"id": pl.Int64, "value": pl.Float64}):
    rows += frame.height
print(json.dumps({"rows": rows, "peak_mib": peak_mib()}))
"""


def csv_lines():
    return "".join(f"{at},{at * 0.37:.3f},name {at % 977},2013-01-{at % 28 + 1:02d}\n" for at in range(LINES)).encode()


def jsonl_lines():
    rows = ({"id": at, "value": at * 0.37, "name": f"name {at % 977}", "ok": at % 2 == 0} for at in range(LINES))
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


KINDS = {
    "t.csv": (b"id,value,name,day\n", csv_lines),
    "t.csv.gz": (b"id,value,name,day\n", csv_lines),
    "t.csv.zst": (b"id,value,name,day\n", csv_lines),
    "t.jsonl.zst": (b"", jsonl_lines),
}
PACK = {"gz": lambda content: gzip.compress(content, 1), "zst": zstandard.compress}


def text_table(folder, name, mib):
    head, body = KINDS[name]
    lines = body()
    times = mib * 2**20 // len(lines)
    pack = PACK.get(name.rpartition(".")[2], lambda content: content)
    path = folder / name
    with open(path, "wb") as file:
        file.write(pack(head) if head else b"")
        member = pack(lines)  # members and frames follow one another as one content
        for _ in range(times):
            file.write(member)
    return path, times * LINES


def parquet_table(folder, mib):
    path = folder / "t.parquet"
    frame = pl.read_csv(b"id,value,name,day\n" + csv_lines())
    frame = pl.concat([frame] * (4 * mib * 2**20 // len(csv_lines())))  # it reads in larger portions
    frame.write_parquet(path, row_group_size=LINES, compression="uncompressed")
    return path, frame.height


def peak(path, rows):
    done = subprocess.run(
        [sys.executable, "-c", PEAK + READER, path],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
        env={**os.environ, **GIVEN_BACK},
    )
    measured = json.loads(done.stdout)
    assert measured["rows"] == rows
    return measured["peak_mib"]


@pytest.mark.integration
@pytest.mark.parametrize("name", [*KINDS, "t.parquet"])
def test_four_times_the_file_takes_hardly_more_memory(tmp_path, name):
    make = (lambda folder, mib: text_table(folder, name, mib)) if name in KINDS else parquet_table
    small = tmp_path / "small"
    large = tmp_path / "large"
    small.mkdir()
    large.mkdir()

    peaks = [peak(*make(small, SMALL)), peak(*make(large, LARGE))]

    assert peaks[1] <= 1.15 * peaks[0], peaks
    assert peaks[1] <= 512, peaks


BOMB = """
from groundwork.errors import InvalidDataError
from groundwork.storage import stream
try:
    for frame in stream(sys.argv[1]):
        pass
except InvalidDataError as error:
    print(error)
print(peak_mib())
"""


@pytest.mark.integration
@pytest.mark.parametrize("byte", [b"\0", b"\n"])
@pytest.mark.parametrize("name", ["t.csv.gz", "t.jsonl.zst"])
def test_a_decompression_bomb_meets_the_same_bound(tmp_path, name, byte):
    path = tmp_path / name
    pack = PACK[name.rpartition(".")[2]]
    path.write_bytes(pack(b"a,b\n1,2\n" if "csv" in name else b'{"a": 1}\n') + pack(byte * 2**26))

    done = subprocess.run(
        [sys.executable, "-c", PEAK + BOMB, path], capture_output=True, text=True, timeout=120, check=True
    )

    *told, peak_mib = done.stdout.splitlines()
    assert float(peak_mib) <= 512
    assert bool(told) == (byte == b"\0")
