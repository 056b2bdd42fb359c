import asyncio
import contextlib
import logging
import os
import subprocess
import sys
import threading
from dataclasses import dataclass

import numpy as np
import polars as pl
import pytest
from sklearn.linear_model import LinearRegression

from groundwork.errors import StorageError, UsageError
from groundwork.modeling import _cached_disk, cached
from groundwork.storage import FileLock


def same_in(folder, calls, **options):
    @cached(folder=folder, **options)
    def same(value):
        calls.append(value)
        return value

    return same


def records(folder):
    return sorted(folder.rglob("*.record.json"))


@pytest.mark.parametrize(
    "value",
    [
        None,
        3,
        2.5,
        "text",
        b"\x00bytes",
        b"",
        {"a": [1, {"b": None}], "c": True},
        [],
        np.arange(6).reshape(2, 3),
        np.array(["a", "bc"]),
        np.array(2.5),
        np.float32(2.5),
        {"b": np.ones(2), "a": np.zeros((0, 2), np.int8)},
        pl.DataFrame({"a": [1, None], "b": ["x", "y"]}),
        pl.Series("s", [1.0, None]),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_result_comes_back_the_same_from_its_file(tmp_path, value):
    calls = []
    same_in(tmp_path, calls)(value)

    again = same_in(tmp_path, calls)(value)

    assert 1 == len(calls)
    assert type(value) is type(again)
    assert repr(value) == repr(again)
    if isinstance(value, dict):
        assert list(value) == list(again)


def test_an_estimator_comes_back_as_a_checkpoint(tmp_path):
    calls = []

    def fit(rows):
        calls.append(1)
        return LinearRegression().fit(rows, rows[:, 0])

    rows = np.arange(6.0).reshape(3, 2)
    cached(folder=tmp_path)(fit)(rows)

    again = cached(folder=tmp_path)(fit)(rows)

    assert [1] == calls
    np.testing.assert_allclose(rows[:, 0], again.predict(rows), atol=1e-12)


@pytest.mark.parametrize(
    "value", [(1,), [1, (2,)], float("nan"), {1: 2}, {1}, object, np.array([None]), {"a": np.array(["x"])}]
)
def test_what_would_not_come_back_the_same_is_refused(tmp_path, value):
    with pytest.raises(UsageError, match="no file format from which it would come back the same"):
        same_in(tmp_path, [])(value) if value is not object else cached(folder=tmp_path)(lambda: object())()

    assert [] == records(tmp_path)


def test_nothing_in_the_folder_is_a_pickle(tmp_path):
    for value in (1, np.arange(3), pl.DataFrame({"a": [1]})):
        same_in(tmp_path, [])(value)

    suffixes = {path.name.partition(".")[2] for path in tmp_path.rglob("*") if path.is_file()}

    assert {"record.json", "value.json", "npy", "parquet", "lock"} == suffixes


@pytest.mark.parametrize(
    "damage",
    [
        lambda record: record.write_text("{"),
        lambda record: record.write_text("[]"),
        lambda record: record.write_text("{}"),
        lambda record: next(record.parent.glob("*.npy")).write_bytes(b"\x93NUMPY"),
        lambda record: next(record.parent.glob("*.npy")).unlink(),
        lambda record: flip(next(record.parent.glob("*.npy"))),
    ],
)
def test_a_damaged_result_is_computed_again_and_said(tmp_path, caplog, damage):
    calls = []
    same_in(tmp_path, calls)(np.arange(3))
    damage(records(tmp_path)[0])

    with caplog.at_level(logging.WARNING, "groundwork.cached"):
        again = same_in(tmp_path, calls)(np.arange(3))
        same_in(tmp_path, calls)(np.arange(3))

    assert ([0, 1, 2], 2) == (again.tolist(), len(calls))
    assert ["damaged and computed again" in record.message for record in caplog.records] == [True]


def flip(path):
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)


def test_a_damaged_checkpoint_is_computed_again(tmp_path):
    calls = []

    @cached(folder=tmp_path)
    def fit(count):
        calls.append(count)
        return LinearRegression().fit(np.eye(count), np.ones(count))

    fit(3)
    flip(next(path for path in tmp_path.rglob("*.skops")))
    again = fit(3)

    assert ([3, 3], 3) == (calls, again.n_features_in_)


def test_functions_versions_and_sources_do_not_share_results(tmp_path):
    calls = []

    def one(value):
        calls.append("one")
        return value

    def two(value):
        calls.append("two")
        return value

    for fn, version in ((one, None), (two, None), (one, "1"), (one, "2"), (one, None), (one, "1")):
        cached(folder=tmp_path, version=version)(fn)(1)

    assert ["one", "two", "one", "one"] == calls


def test_a_function_of_another_source_under_the_same_name_computes_anew(tmp_path):
    results = []

    for add in (1, 2):
        names = {}
        exec(f"def load(value):\n    return value + {add}", names)
        results.append(cached(folder=tmp_path)(names["load"])(1))

    assert [2, 3] == results


def test_results_on_disk_end_by_the_wall_clock(tmp_path):
    now, calls = [1000.0], []
    same = same_in(tmp_path, calls, ttl_s=10, wall_clock=lambda: now[0])
    same(1)

    now[0] += 9
    same(1)
    now[0] += 1
    same(1)
    # A clock that was set back proves nothing.
    now[0] -= 500
    same(1)

    assert [1, 1, 1] == calls


def test_bytes_bound_the_folder_and_the_least_recently_used_leave(tmp_path):
    calls = []
    same = same_in(tmp_path, calls, max_bytes=28_000)
    for place, value in enumerate((1.0, 2.0, 3.0)):
        same(np.full(1000, value))
        newest = max(records(tmp_path), key=lambda path: path.stat().st_mtime_ns)
        os.utime(newest, (place + 1, place + 1))
    same(np.full(1000, 1.0))

    same(np.full(1000, 4.0))

    same(np.full(1000, 1.0))
    info = same.cache_info()
    assert 4 == len(calls)
    assert (3, 1) == (info.entries, info.evictions)
    assert info.size_bytes <= 28_000
    same(np.full(1000, 2.0))
    assert 5 == len(calls)


def test_a_result_larger_than_the_bound_does_not_stay(tmp_path):
    same = same_in(tmp_path, [], max_bytes=100)

    assert 100 == len(same(np.zeros(100)))
    assert [] == records(tmp_path)


def test_one_call_or_all_can_be_forgotten(tmp_path):
    calls = []
    same = same_in(tmp_path, calls)
    for value in (1, 2, 2):
        same(value)

    counted = same.cache_info()[:2]
    forgotten = [same.invalidate(1), same.invalidate(1)]
    same.clear()
    same(2)

    assert ((1, 2), [True, False], [1, 2, 2]) == (counted, forgotten, calls)
    assert (0, 1, 1) == (*same.cache_info()[:2], same.cache_info().entries)


def test_what_is_forgotten_while_it_is_computed_is_not_stored(tmp_path):
    @cached(folder=tmp_path)
    def slow(value):
        slow.clear()
        return value

    assert 1 == slow(1)
    assert [] == records(tmp_path)


def test_methods_share_results_by_the_content_of_their_instance(tmp_path):
    calls = []

    @dataclass
    class Source:
        path: str

        @cached(folder=tmp_path)
        def load(self, value):
            calls.append((self.path, value))
            return value

    Source.__qualname__ = "Source"

    assert [1, 1, 1] == [Source("a").load(1), Source("a").load(1), Source("b").load(1)]
    assert [("a", 1), ("b", 1)] == calls


def test_a_result_that_another_process_works_on_stays(tmp_path):
    same = same_in(tmp_path, [], max_bytes=9000)
    same(np.zeros(1000))
    lock = FileLock(next(tmp_path.rglob("*.lock")))
    assert lock.acquire()

    with lock_released(lock):
        same(np.ones(1000))
        cleared = same.clear()

    assert (None, 1) == (cleared, same.cache_info().entries)


@contextlib.contextmanager
def lock_released(lock):
    try:
        yield
    finally:
        lock.release()


def test_a_function_that_is_not_written_in_python_is_stored_by_its_name(tmp_path):
    assert [3, 3] == [cached(folder=tmp_path)(max)(1, 3), cached(folder=tmp_path)(max)(1, 3)]
    assert 1 == len(records(tmp_path))


def test_an_error_is_not_stored(tmp_path):
    calls = []

    @cached(folder=tmp_path)
    def fails():
        calls.append(1)
        raise ValueError("no")

    for _ in range(2):
        with pytest.raises(ValueError, match="no"):
            fails()

    assert [1, 1] == calls


def test_a_disk_that_refuses_costs_the_entry_but_not_the_result(tmp_path, caplog, monkeypatch):
    def refuses(*args, **kwargs):
        raise StorageError("disk full")

    monkeypatch.setattr(_cached_disk, "write", refuses)

    assert 1 == same_in(tmp_path, [])(1)
    assert "could not be stored: disk full" in caplog.text


def test_async_functions_and_generators_are_kept_on_disk(tmp_path):
    calls = []

    @cached(folder=tmp_path)
    async def double(value):
        calls.append(value)
        return 2 * value

    async def run():
        return await asyncio.gather(double(1), double(1)), await double(1)

    assert ([2, 2], 2) == asyncio.run(run())
    assert [1] == calls


class Waits:
    """A clock that lets something happen in the first wait."""

    def __init__(self, happens):
        self.happens, self.waits = happens, []

    def monotonic(self):
        return 0.0

    def sleep(self, seconds):
        self.waits.append(seconds)
        if len(self.waits) == 3:
            self.happens()

    async def sleep_async(self, seconds):
        self.sleep(seconds)


def stored_by_another(folder):
    """Take a stored result away, lock it as another process would, and return what brings it back."""
    record = records(folder)[0]
    content = record.read_bytes()
    record.unlink()
    lock = FileLock(record.with_name(record.name.replace(".record.json", ".lock")))
    assert lock.acquire()

    def finishes():
        record.write_bytes(content)
        lock.release()

    return finishes


def test_who_finds_the_lock_taken_waits_and_then_takes_the_result(tmp_path):
    calls = []
    same_in(tmp_path, calls)(1)
    clock = Waits(stored_by_another(tmp_path))

    result = same_in(tmp_path, calls, clock=clock)(1)

    assert (1, [1], [0.001, 0.002, 0.004]) == (result, calls, clock.waits)


def test_a_task_that_finds_the_lock_taken_waits_and_then_takes_the_result(tmp_path):
    calls, clock = [], Waits(lambda: None)

    @cached(folder=tmp_path, clock=clock)
    async def same(value):
        calls.append(value)
        return value

    asyncio.run(same(1))
    clock.happens = stored_by_another(tmp_path)

    result = asyncio.run(same(1))

    assert (1, [1], [0.001, 0.002, 0.004]) == (result, calls, clock.waits)


def test_a_lock_whose_file_was_removed_meanwhile_is_not_believed(tmp_path):
    same = same_in(tmp_path, [])
    same(1)
    lock_file = next(tmp_path.rglob("*.lock"))

    class Removed(FileLock):
        def acquire(self):
            taken = super().acquire()
            self.path.unlink()
            return taken

    before, _cached_disk.FileLock = _cached_disk.FileLock, Removed
    try:
        assert _cached_disk._try_lock(lock_file) is None
    finally:
        _cached_disk.FileLock = before


def test_two_caches_of_one_process_on_one_folder_compute_once(tmp_path):
    calls, release, results = [], threading.Event(), []

    def slow(value):
        calls.append(value)
        release.wait(30)
        return value

    one, two = cached(folder=tmp_path)(slow), cached(folder=tmp_path)(slow)
    threads = [threading.Thread(target=lambda fn=fn: results.append(fn(1))) for fn in (one, two)]
    for each in threads:
        each.start()
    while not calls:
        threading.Event().wait(0.001)
    release.set()
    for each in threads:
        each.join()

    assert ([1], [1, 1]) == (calls, results)


PROGRAM = """
import pathlib, sys, time
from groundwork.modeling import cached

folder = pathlib.Path(sys.argv[1])

@cached(folder=folder / "cache", version="1")
def slow(value):
    (folder / f"computed-{sys.argv[2]}").touch()
    deadline = time.monotonic() + 60
    while len(list(folder.glob("ready-*"))) < 2 and time.monotonic() < deadline:
        time.sleep(0.005)
    return value

(folder / f"ready-{sys.argv[2]}").touch()
print(slow(7))
"""


@pytest.mark.integration
def test_several_processes_at_once_compute_once(tmp_path):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    started = [
        subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(tmp_path), str(number)], stdout=subprocess.PIPE, env=environment
        )
        for number in range(2)
    ]

    said = [each.communicate(timeout=120)[0].strip() for each in started]

    assert [b"7"] * 2 == said
    assert 1 == len(list(tmp_path.glob("computed-*")))
