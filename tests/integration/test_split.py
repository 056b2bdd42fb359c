"""Splits do not depend on the process that makes them."""

import os
import subprocess
import sys

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
