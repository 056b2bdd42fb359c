"""A refusal says which file or value, and what to do instead."""

import numpy as np
import pytest

from groundwork.errors import Locked, MLException, UnsafeCheckpoint, UsageError
from groundwork.storage import (
    CheckpointStore,
    FileJournal,
    FileLock,
    FileManager,
    append,
    atomic_write,
    export_checkpoint,
    load_checkpoint,
    write,
)
from groundwork.storage._trust import require_trusted

WEIGHTS = {"w": np.zeros(2)}


def write_nowhere(folder):
    with atomic_write(""):
        raise AssertionError("there is no file to write")


def export_into_itself(folder):
    path = CheckpointStore(folder / "store").save(WEIGHTS, step=0).path
    export_checkpoint(path, path / "copy")


def manager_in_a_file(folder):
    (folder / "file").write_text("x")
    FileManager(folder / "file")


def unheard_of_format(folder):
    CheckpointStore(folder).save(WEIGHTS, step=0, format="zip")


def load_a_store(folder):
    CheckpointStore(folder).save(WEIGHTS, step=7)
    load_checkpoint(folder)


REFUSED = {
    "rename it": lambda folder: append(folder / "rows.csv", {"a": 1}),
    "{'name': value}": lambda folder: append(folder / "rows.jsonl", [1]),
    "count steps from 0": lambda folder: CheckpointStore(folder).save(WEIGHTS, step=-1),
    "step-00000007": load_a_store,
    "one of ": unheard_of_format,
    "{'name': array}": lambda folder: write(folder / "x.npz", [1.0]),
    "give str": lambda folder: FileManager(folder).save("x.txt", 3),
    "name a folder": manager_in_a_file,
    "name a file": write_nowhere,
    "outside": export_into_itself,
    "trust=True": lambda folder: require_trusted(["os.system"], "model.pkl"),
}


@pytest.mark.parametrize("hint", REFUSED)
def test_a_refusal_says_what_to_do_instead(hint, tmp_path):
    with pytest.raises(MLException) as raised:
        REFUSED[hint](tmp_path)

    assert raised.value.message
    assert hint in (raised.value.hint or "")


def test_the_first_step_is_step_0(tmp_path):
    store = CheckpointStore(tmp_path)

    store.save(WEIGHTS, step=0)

    assert [0] == [info.step for info in store.list()]


def test_what_is_foreign_is_named_with_its_source():
    with pytest.raises(UnsafeCheckpoint, match=r"^model\.pkl: loading would bring in os\.system, which"):
        require_trusted(["os.system"], "model.pkl")


def test_a_lock_that_is_held_is_named(tmp_path):
    path = tmp_path / "lock"

    with FileLock(path), pytest.raises(Locked) as raised, FileLock(path):
        raise AssertionError("it is held")

    assert {"file": str(path)} == raised.value.context


def test_a_record_that_json_cannot_say_is_refused_with_what_to_do(tmp_path):
    with pytest.raises(UsageError, match="cannot be written as JSON") as raised:
        FileJournal(tmp_path / "journal.jsonl").append({"kind": {1, 2}})

    assert raised.value.hint


def test_what_is_no_mapping_of_arrays_is_named(tmp_path):
    with pytest.raises(UsageError, match="a mapping of names to arrays, not list"):
        write(tmp_path / "x.npz", [1.0])
