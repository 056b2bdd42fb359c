"""One library's part of benchmarks/storage.py, run by that library's interpreter; prints JSON.

Run: python _storage_worker.py formats LIBRARY FOLDER | stream LIBRARY FILE. Libraries are imported only where they are
the one that is measured. A way that a library lacks is left out of what is printed.
"""

import gzip
import io
import json
import sys
import time
from pathlib import Path

ROWS = 65_536
REPEATS = 2


def groundwork_ways(folder):
    from groundwork.storage import read, write

    frame = read(folder / "source.parquet")
    records = frame.head(len(frame) // 5).to_dicts()
    array = read(folder / "source.npy")
    values = {
        "csv": frame,
        "parquet": frame,
        "jsonl": records,
        "json": records,
        "npy": array,
        "npz": {"a": array, "b": array},
    }
    for kind, value in values.items():
        for packing in ("", ".gz", ".zst"):
            # The price of durability is a table of its own; no peer here syncs anything.
            yield (
                kind,
                packing,
                lambda path, value=value: write(path, value, durable=False),
                lambda path: read(path),
            )


def stdlib_ways(folder):
    records = json.loads((folder / "source.json").read_text())

    def opened(path, mode):
        return gzip.open(path, mode) if path.suffix == ".gz" else open(path, mode)

    def write(path):
        with opened(path, "wt") as file:
            file.write(json.dumps(records))

    def read(path):
        with opened(path, "rt") as file:
            return json.loads(file.read())

    def write_lines(path):
        with opened(path, "wt") as file:
            file.writelines(json.dumps(record) + "\n" for record in records)

    def read_lines(path):
        with opened(path, "rt") as file:
            return [json.loads(line) for line in file]

    for packing in ("", ".gz"):
        yield "json", packing, write, read
        yield "jsonl", packing, write_lines, read_lines


def numpy_ways(folder):
    import numpy as np

    array = np.load(folder / "source.npy")

    def opened(path, mode):
        return gzip.open(path, mode) if path.suffix == ".gz" else open(path, mode)

    def write(path):
        with opened(path, "wb") as file:
            np.save(file, array)

    def read(path):
        with opened(path, "rb") as file:
            return np.load(file, allow_pickle=False)

    def write_several(path):
        with opened(path, "wb") as file:
            np.savez(file, a=array, b=array)

    def read_several(path):
        with opened(path, "rb") as file:
            return dict(np.load(io.BytesIO(file.read()) if path.suffix == ".gz" else file, allow_pickle=False))

    for packing in ("", ".gz"):
        yield "npy", packing, write, read
        yield "npz", packing, write_several, read_several


def pandas_ways(folder):
    import pandas as pd

    frame = pd.read_parquet(folder / "source.parquet")
    records = frame.head(len(frame) // 5)
    for packing in ("", ".gz", ".zst"):
        yield "csv", packing, lambda path: frame.to_csv(path, index=False), pd.read_csv
        yield (
            "jsonl",
            packing,
            lambda path: records.to_json(path, orient="records", lines=True),
            lambda path: pd.read_json(path, lines=True),
        )
        yield "json", packing, lambda path: records.to_json(path, orient="records"), pd.read_json
    yield "parquet", "", lambda path: frame.to_parquet(path), pd.read_parquet


def pyarrow_ways(folder):
    import pyarrow as pa
    import pyarrow.csv
    import pyarrow.json
    import pyarrow.parquet

    table = pa.parquet.read_table(folder / "source.parquet")
    names = {".gz": "gzip", ".zst": "zstd"}

    def write_csv(path):
        if path.suffix not in names:
            return pa.csv.write_csv(table, path)
        with pa.CompressedOutputStream(str(path), names[path.suffix]) as file:
            return pa.csv.write_csv(table, file)

    for packing in ("", ".gz", ".zst"):
        yield "csv", packing, write_csv, pa.csv.read_csv
        yield "jsonl", packing, None, pa.json.read_json
    yield "parquet", "", lambda path: pa.parquet.write_table(table, path), pa.parquet.read_table


def polars_ways(folder):
    import polars as pl

    frame = pl.read_parquet(folder / "source.parquet")
    records = frame.head(len(frame) // 5)
    for packing in ("", ".gz", ".zst"):
        yield "csv", packing, None if packing else frame.write_csv, pl.read_csv
        yield "jsonl", packing, None if packing else records.write_ndjson, pl.read_ndjson
    yield "json", "", records.write_json, pl.read_json
    yield "parquet", "", frame.write_parquet, pl.read_parquet


def best(action, path):
    """Return the fewest seconds of several runs, or None if the library cannot do it."""
    took = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        try:
            action(path)
        except Exception:
            return None
        took.append(time.perf_counter() - start)
    return min(took)


def formats(library, folder):
    seconds = {}
    for kind, packing, write, read in globals()[f"{library}_ways"](folder):
        path = folder / f"{library}.{kind}{packing}"
        if write is not None:
            seconds[f"{kind}{packing} write"] = best(write, path)
        source = path if path.exists() else folder / f"groundwork.{kind}{packing}"
        seconds[f"{kind}{packing} read"] = best(read, source)
    return {key: value for key, value in seconds.items() if value is not None}


def groundwork_batches(path):
    import polars as pl

    from groundwork.storage import stream

    return stream(path, rows=ROWS, columns={"id": pl.Int64, "price": pl.Float64, "delay": pl.Int64})


def pandas_batches(path):
    import pandas as pd

    return pd.read_csv(path, chunksize=ROWS, dtype={"id": "int64", "price": "float64", "city": str, "delay": "int64"})


def pyarrow_batches(path):
    import pyarrow as pa
    import pyarrow.csv

    types = {"id": pa.int64(), "price": pa.float64(), "city": pa.string(), "delay": pa.int64()}
    return pa.csv.open_csv(path, convert_options=pa.csv.ConvertOptions(column_types=types))


def rows_of(batch):
    return batch.num_rows if hasattr(batch, "num_rows") else len(batch)


def batches(library, path):
    start = time.perf_counter()
    rows = sum(rows_of(batch) for batch in globals()[f"{library}_batches"](path))
    return {"rows": rows, "seconds": time.perf_counter() - start, "peak_mib": peak_mib()}


def peak_mib():
    """Return the peak of this process alone; ru_maxrss would begin with the parent's."""
    try:
        status = Path("/proc/self/status").read_text()
    except FileNotFoundError:
        import resource

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak / (1 << 20) if sys.platform == "darwin" else peak / 1024
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) / 1024


if __name__ == "__main__":
    what, library, path = sys.argv[1:]
    print(json.dumps({"formats": formats, "stream": batches}[what](library, Path(path))))
