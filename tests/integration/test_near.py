"""Near duplicates in processes of their own."""

import os
import subprocess
import sys

import pytest

PROGRAM = """
import polars as pl
from groundwork.data import NearText, near_groups, near_pairs

texts = [" ".join(f"{(at * 7919 + word * 31 * (at // 2)) % 997:x}" for word in range(40)) for at in range(400)]
texts += [text[: 150 - at % 9] for at, text in enumerate(texts)]
frame = pl.DataFrame({"text": texts, "kind": [at % 3 for at in range(len(texts))]})
for near in (NearText("text"), NearText("text", shingle="word", equal="kind", threshold=0.5)):
    groups = near_groups(frame, near)
    print(len(set(groups.tolist())), "groups:", groups.tolist(), near_pairs(frame, near).rows())
"""


@pytest.mark.integration
def test_every_process_finds_the_same_whatever_its_hash_seed_and_threads():
    settings = [{"PYTHONHASHSEED": "1", "POLARS_MAX_THREADS": "1"}, {"PYTHONHASHSEED": "2", "POLARS_MAX_THREADS": "2"}]

    told = [
        subprocess.run(
            [sys.executable, "-c", PROGRAM], env={**os.environ, **setting}, capture_output=True, text=True, check=True
        ).stdout
        for setting in settings
    ]

    assert told[0] == told[1]
    assert [800 > int(line.split()[0]) > 3 for line in told[0].splitlines()] == [True, True]
