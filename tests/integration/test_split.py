"""Splits do not depend on the process that makes them."""

import json
import os
import subprocess
import sys

import polars as pl
import pytest

pytestmark = pytest.mark.integration

PROGRAM = """
import polars as pl
from groundwork.data import split

f = pl.DataFrame({"id": range(60), "class": list("abc") * 20, "group": [f"g{i % 17}" for i in range(60)]})
for options in (
    {"kind": "random", "key": "id"},
    {"kind": "random", "key": ["group", "id"]},
    {"kind": "stratified", "column": "class", "key": "id"},
    {"kind": "stratified-group", "column": "class", "group": "group"},
    {"kind": "group", "group": "group"},
):
    print(split(f, test=0.3, seed=5, **options).test["id"].to_list())
"""


def test_another_process_with_another_hash_seed_and_thread_count_parts_alike():
    outputs = {
        subprocess.run(
            [sys.executable, "-c", PROGRAM],
            env={**os.environ, "PYTHONHASHSEED": seed, "POLARS_MAX_THREADS": threads},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed, threads in (("0", "1"), ("1", "2"), ("4242", "4"))
    }

    assert len(outputs) == 1
    assert outputs.pop().count("[") == 5


@pytest.mark.parametrize(
    ("settings", "group", "key"),
    [
        ("kind: stratified-group, group: day", "day", []),
        ("kind: group, group: day", "day", []),
        ("kind: random, key: at", None, ["at"]),
        ("kind: stratified, key: [site, at]", None, ["site", "at"]),
    ],
)
def test_a_project_splits_by_groups_and_keys(project, command, settings, group, key):
    path = project / "pipeline.yaml"
    text = path.read_text(encoding="utf-8")
    text = text.replace("kind: time, column: at, unit: 1d", settings).replace("exclude: [at]", "exclude: [at, day]")
    path.write_text(text.replace("derive:\n", "derive:\n  day: pl.col('at').dt.ordinal_day()\n"), encoding="utf-8")

    ended = command("run", project)

    assert ended.returncode == 0, ended.said
    run = (project.parent / "runs" / "latest").resolve()
    told = json.loads((run / "result.json").read_text(encoding="utf-8"))["data"]["split"]
    assert (told["boundaries"]["group"], told["boundaries"]["key"]) == (group, key)
    assert min(told["rows"].values()) > 20
    parts = [pl.read_parquet(run / "work" / f"{name}.parquet") for name in ("train", "validation", "test")]
    days = [set(part["day"]) for part in parts]
    assert (len(set.union(*days)) == sum(map(len, days))) == (group == "day")
