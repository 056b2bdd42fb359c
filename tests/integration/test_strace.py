"""Real code, killed or refused by the system at each of its system calls: the old is whole or the new, and told."""

import os
import re
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # the helpers are programs too, and no part of the package

import storage_scenarios as scenarios
from system_call_faults import Host, Point, order_faults, why_not

pytestmark = pytest.mark.integration

OURS = [
    "replaced_file",
    "new_file",
    "replaced_checkpoint",
    "added_checkpoint",
    "appended_record",
    "journal_record",
]
EVERY = 10  # of the calls that change nothing, so many are left out for one that is tried, unless --run-slow
NOT_KILLED = "it was not killed"
# How often these come depends on what the process has freed before: the one to be killed at may not come again.
OF_MEMORY = ("mmap", "munmap", "mremap", "mprotect", "madvise", "brk")
MUST_BE_TOLD = re.compile(r"write|pwrite|f(data)?sync|rename|link|mkdir")
HOW_MANY = pytest.mark.parametrize("every", [EVERY, pytest.param(1, marks=pytest.mark.slow)], ids=["sample", "all"])


@pytest.fixture(scope="module", autouse=True)
def strace():
    reason = why_not()
    if reason is not None and os.environ.get("CI"):
        pytest.fail(f"{reason}, and the proof of the crash safety hangs on it")
    if reason is not None:
        pytest.skip(reason)


class Survey:
    """Runs one scenario in a fresh folder each time."""

    def __init__(self, name: str, host: Host, folder: Path) -> None:
        self.scenario = getattr(scenarios, name)
        self.host = host
        self.folder = folder
        self._before = folder.with_name("before")
        self._before.mkdir()
        self.scenario.prepare(self._before)

    @contextmanager
    def prepared(self) -> Iterator[Path]:
        shutil.copytree(self._before, self.folder)
        yield self.folder
        shutil.rmtree(self.folder)

    def points(self) -> Sequence[Point]:
        with self.prepared() as folder:
            ended = self.host.run(folder)
            assert ([], "new") == (ended.error, self.scenario.look(folder)), ended.message
        return ended.trace

    def killed(self, point: Point, look: Callable[[Path], str]) -> str:
        with self.prepared() as folder:
            ended = self.host.killed_at(folder, point)
            found = look(folder)
        if ended.killed:
            return found
        as_ever = ([], "", "new") == (ended.error, ended.message, found)
        return NOT_KILLED if as_ever else f"{NOT_KILLED}: {ended.error[:1]} {ended.message}: {found}"


@pytest.fixture
def survey(tmp_path):
    hosts = []

    def make(name: str) -> Survey:
        host = Host(Path(scenarios.__file__), name, tmp_path / "scratch")
        hosts.append(host)
        return Survey(name, host, tmp_path / "job")

    yield make
    for host in hosts:
        host.close()


def sample(points: Sequence[Point], every: int) -> list[Point]:
    """Keep each call that changes files, and some of the others."""
    of_memory = [point for point in points if point.name in OF_MEMORY]
    others = [point for point in points if point.name not in OF_MEMORY]
    numbered = [*enumerate(others), *enumerate(of_memory)]
    return [point for number, point in numbered if point.changes or number % every == 0]


@HOW_MANY
@pytest.mark.parametrize("name", OURS)
def test_a_kill_at_any_system_call_leaves_old_or_new_whole_and_the_next_start_tidies_up(survey, name, every):
    runs = survey(name)
    seen = Counter()
    faults = []

    def look(folder: Path) -> str:
        found, left = runs.scenario.look(folder), runs.scenario.go_on(folder)
        return found if left == runs.scenario.tidy else f"{found}, and then there is {left}"

    for point in sample(runs.points(), every):
        found = runs.killed(point, look)
        seen[found] += 1
        if found not in ("old", "new") and not (found == NOT_KILLED and point.name in OF_MEMORY):
            faults.append(f"killed before {point}: {found}")

    assert faults == []
    assert min(seen["old"], seen["new"]) > 0


@HOW_MANY
@pytest.mark.parametrize("number", ["EIO", "ENOSPC"])
@pytest.mark.parametrize("name", OURS)
def test_an_error_of_any_system_call_is_told_and_leaves_old_or_new_whole(survey, name, number, every):
    runs = survey(name)
    told = Counter()
    faults = []

    for point in sample(runs.points(), every):
        if not (point.changes or (point.may_fail and number == "EIO")) or str(runs.folder) not in point.text:
            continue
        if point.name == "close" and "/.lock>" in point.text:
            continue  # strace refuses it by leaving it out, and the lock would stay; a system lets go all the same
        with runs.prepared() as folder:
            ended = runs.host.refused_at(folder, point, number)
            found = runs.scenario.look(folder)
            left = runs.scenario.go_on(folder)
        # What cannot be removed may stay until the next start; everything else is as the caller has been told.
        told[ended.error[0] if ended.error else "nothing"] += 1
        old = "StorageError" in ended.error and "DurabilityUnknownError" not in ended.error
        expected = "old" if old and " is saved, but " not in ended.message else "new"
        if ended.error and "StorageError" not in ended.error:
            expected = "a StorageError"
        if not ended.error and MUST_BE_TOLD.match(point.name) and " = -1 " not in point.text:
            expected = "to be told"
        if (expected, runs.scenario.tidy) != (found, left) or not any(
            "(INJECTED)" in each.text for each in ended.trace
        ):
            faults.append(f"{point} {number}: {ended.error[:1]} {ended.message}: {found}, not {expected}; {left}")

    assert faults == []
    assert told["StorageError"] > 0


def test_an_error_of_any_system_call_of_a_load_is_told_and_no_reason_to_call_anything_damaged(survey):
    runs = survey("loaded_checkpoint")
    told = Counter()
    faults = []

    for point in runs.points():
        if not point.may_fail or str(runs.folder) not in point.text:
            continue
        with runs.prepared() as folder:
            before = scenarios.names(folder)
            ended = runs.host.refused_at(folder, point, "EIO")
            after = scenarios.names(folder)
        told[ended.error[0] if ended.error else "nothing"] += 1
        if before != after or not {"StorageError", "nothing"} >= {*told}:
            faults.append(f"{point}: {ended.error[:1]} {ended.message}: {after}")

    assert faults == []
    assert told["StorageError"] > 20


@pytest.mark.parametrize("name", ["joblib_dump", "pickle_dump"])
def test_the_same_kills_tear_the_files_of_those_that_write_in_place(survey, name):
    runs = survey(name)

    points = [point for point in runs.points() if point.changes or point.name == "close"]
    seen = Counter(runs.killed(point, runs.scenario.look) for point in points)

    torn = sum(seen.values()) - seen["old"] - seen["new"]
    assert torn >= 2, seen
    assert not any(NOT_KILLED in found for found in seen)


@pytest.mark.parametrize("name", OURS)
def test_bytes_are_synced_before_they_are_visible_and_names_after(survey, name, tmp_path):
    points = survey(name).points()

    assert order_faults(points, tmp_path / "job") == []
    assert "fsync" in {point.name for point in points}


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("careless_file", [".file.0.gw-tmp is visible before it is synced", "file is never synced"]),
        ("pickle_dump", ["f.pickle is never synced"]),
    ],
)
def test_the_order_of_a_trace_shows_a_missing_sync(survey, name, fault, tmp_path):
    points = survey(name).points()

    assert fault == order_faults(points, tmp_path / "job")


def test_the_file_is_synced_then_renamed_then_its_folder_is_synced(survey, tmp_path):
    points = survey("replaced_file").points()

    calls = [point.name for point in points if point.name.startswith(("fsync", "fdatasync", "rename"))]

    assert calls == ["fsync", "rename", "fsync"]
