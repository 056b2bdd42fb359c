import errno
import json
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from groundwork import storage
from groundwork.errors import InvalidDataError, RunNotFoundError, StorageError, VersionSkew
from groundwork.project import Run, RunStore, find_run
from groundwork.project._run_folder import name_of, reserve
from groundwork.project._runs import resumable
from groundwork.resilience import PipelineResult, PipelineStatus
from groundwork.storage import FileLock
from groundwork.testing import failpoints


@pytest.fixture
def store(tmp_path):
    return RunStore(tmp_path / "runs")


def start(store, identity="i", project="small"):
    return store.start(project, store.root, identity)


def finish(run, status="SUCCESS", errors=()):
    run.finish(PipelineResult(PipelineStatus(status), errors=list(errors)))
    run.release()


def test_a_run_is_found_by_its_folder_and_by_latest(store):
    run = start(store)
    store.set_latest(run)

    assert find_run(store.root / "latest").info == find_run(run.folder).info == run.info


def test_latest_moves_to_another_run(store):
    first, second = start(store), start(store)
    store.set_latest(first)

    store.set_latest(second)

    assert find_run(store.root / "latest").info.id == second.info.id
    assert not list(store.root.glob(".latest-*"))


def test_where_links_are_not_to_be_had_a_file_says_what_is_latest(store, monkeypatch):
    run = start(store)

    def refuse(*args, **kwargs):
        raise OSError("no right to make links")

    monkeypatch.setattr("pathlib.Path.symlink_to", refuse)
    store.set_latest(run)

    assert find_run(store.root / "latest").info.id == run.info.id


def test_a_run_named_without_its_folder_is_told_with_it(store, monkeypatch):
    run = start(store)
    monkeypatch.chdir(store.root.parent)

    with pytest.raises(RunNotFoundError, match=f"{run.info.id} does not exist") as caught:
        find_run(run.info.id)

    assert str(Path("runs") / run.info.id) in caught.value.hint


def test_a_folder_that_is_no_run_names_those_that_are(store):
    run = start(store)

    with pytest.raises(RunNotFoundError, match=f"does not exist; .* holds {run.info.id}"):
        find_run(store.root / "nothing")


def test_runs_started_at_one_instant_have_folders_of_their_own(store):
    made = []
    threads = [threading.Thread(target=lambda: made.append(start(store).info.id)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(set(made)) == 8
    assert {run.info.id for run in store.list()} == set(made)


def test_a_run_without_words_whose_lock_is_free_has_crashed(store):
    run = start(store)
    before = Run(run.folder).result().status

    run.release()

    assert [PipelineStatus.RUNNING, PipelineStatus.CRASHED] == [before, run.result().status]


def test_a_run_that_was_killed_before_its_report_has_crashed(store):
    run = start(store)
    journal = run.journal()
    journal.append({"event": "run_started", "steps": ["load"]})
    journal.append({"event": "run_ended", "status": "SUCCESS"})
    running = Run(run.folder).result().status

    run.release()

    assert [PipelineStatus.RUNNING, PipelineStatus.CRASHED] == [running, run.result().status]


def test_a_line_that_is_being_written_is_not_read(store):
    run = start(store)
    run.journal().append({"event": "run_started", "steps": ["load"]})
    with (run.folder / "journal.jsonl").open("ab") as file:
        file.write(b'{"event": "step_st')

    assert [step.name for step in Run(run.folder).result().steps] == ["load"]


def test_an_unfinished_run_of_the_same_identity_is_taken_once(store):
    run = start(store)
    run.release()

    first, second = store.unfinished("small", "i"), RunStore(store.root).unfinished("small", "i")

    assert first is not None
    assert first.info.id == run.info.id
    assert second is None


@pytest.mark.parametrize(("project", "identity"), [("small", "other"), ("large", "i")])
def test_an_unfinished_run_of_something_else_is_left_alone(store, project, identity):
    start(store).release()

    assert store.unfinished(project, identity) is None


def test_an_older_unfinished_run_is_left_alone_once_a_newer_one_has_ended(store):
    start(store).release()
    finish(start(store))

    assert store.unfinished("small", "i") is None


@pytest.mark.parametrize(
    ("status", "errors", "expected"),
    [
        ("CRASHED", [], True),
        ("CANCELLED", [], True),
        ("FAILURE", [{"code": "storage"}], True),
        ("FAILURE", [{"code": "gate_missed"}], False),
        ("SUCCESS", [], False),
        ("PARTIAL_FAILURE", [], False),
        ("RUNNING", [], False),
    ],
)
def test_what_ended_early_can_go_on_and_what_ended_cannot(status, errors, expected):
    assert resumable(PipelineResult(PipelineStatus(status), errors=errors)) is expected


def test_a_result_written_by_an_earlier_process_is_taken_back_when_the_run_goes_on(store):
    run = start(store)
    finish(run, "FAILURE", [{"code": "storage", "message": "disk full"}])
    again = store.unfinished("small", "i")

    again.reopen()

    assert Run(run.folder).result().status is PipelineStatus.RUNNING


def test_intermediate_files_can_be_dropped_twice(store):
    run = start(store)
    run.work.mkdir()

    run.drop_work()
    run.drop_work()

    assert not run.work.exists()


@pytest.mark.parametrize("name", ["format.json", "run.json"])
def test_a_newer_format_is_refused_with_both_versions_named(store, name):
    run = start(store)
    path = (store.root if name == "format.json" else run.folder) / name
    storage.write(path, {**storage.read(path), "format": 99})

    with pytest.raises(
        VersionSkew, match="has format 99, written by a newer groundwork; this one reads up to format 1"
    ):
        RunStore(store.root).list()


def test_a_run_file_that_was_edited_is_refused(store):
    run = start(store)
    path = run.folder / "run.json"

    path.write_text(json.dumps({"format": 1, "id": "x"}), encoding="utf-8")
    with pytest.raises(InvalidDataError, match="is not what groundwork wrote"):
        Run(run.folder)

    path.write_text("{}", encoding="utf-8")
    with pytest.raises(InvalidDataError, match="names no format"):
        Run(run.folder)


def test_an_absent_folder_has_no_runs(tmp_path):
    assert RunStore(tmp_path / "nothing").list() == []


def test_a_run_is_never_seen_without_its_owner(store):
    """Else a second process could go on with it in the instant between its birth and its lock."""
    taken = []

    def look():
        taken.append(RunStore(store.root).unfinished("small", "i"))

    with failpoints({"storage.atomic_write.after_replace": look, "project.start.after_rename": look}):
        start(store)

    assert taken == [None, None, None]


def test_a_run_that_could_not_start_is_not_owned(store):
    full = OSError(errno.ENOSPC, "disk full")

    with failpoints({"storage.atomic_write.after_replace": full}), pytest.raises(StorageError):
        start(store)
    with failpoints({"storage.atomic_write.before_replace": full}), pytest.raises(StorageError):
        start(store)

    assert store.list() == []


STARTING = [
    ("project.start.after_mkdir", 1),
    ("storage.atomic_write.before_write", 2),  # the first is format.json
    ("storage.atomic_write.after_replace", 2),
    ("project.start.before_rename", 1),
]


@pytest.mark.parametrize(("place", "arrival"), STARTING)
def test_what_a_failed_start_leaves_is_no_run_and_gone_with_the_next(store, place, arrival):
    arrived = []

    def fail():
        arrived.append(place)
        if len(arrived) == arrival:
            raise OSError(errno.EIO, "bad disk")

    with failpoints({place: fail}), pytest.raises(StorageError, match="Input/output error"):
        start(store)
    listed = store.list()
    run = start(store)

    assert [] == listed
    assert {run.info.id, "format.json"} == {path.name for path in store.root.iterdir()}


def test_a_run_that_is_being_made_is_no_run_yet_and_no_other_start_sweeps_it(store):
    others, seen = [], []

    def look():
        if not seen:
            seen.append(list(store.root.glob(".*.gw-tmp")))
            others.append(start(store).info.id)
            others.append([run.info.id for run in store.list()])

    with failpoints({"project.start.before_rename": look}):
        run = start(store)

    assert [1, [others[0]]] == [len(seen[0]), others[1]]
    assert {run.info.id, others[0]} == {each.info.id for each in store.list()}
    assert list(store.root.glob(".*")) == []


def test_a_start_whose_folder_was_swept_before_it_was_locked_makes_another(store):
    swept = []

    def take():
        swept.extend(store.root.glob(".*.gw-tmp"))
        lock = FileLock(swept[-1] / "run.lock")
        if len(swept) == 1:
            lock.acquire()
            held.append(lock)

    held = []
    with failpoints({"project.start.after_mkdir": take}):
        run = start(store)
    held.pop().release()

    assert len(set(swept)) == 2
    assert [run.info.id] == [each.info.id for each in store.list()]


def test_a_name_that_a_run_has_already_is_not_given_again(store, monkeypatch):
    moment = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    tokens = iter(["aaaa", "bbbb"])
    monkeypatch.setattr("secrets.token_hex", lambda size: next(tokens))
    (store.root / "20260102-030405-aaaa").mkdir(parents=True)

    hidden, lock = reserve(store.root, moment)
    lock.release()

    assert name_of(hidden) == "20260102-030405-bbbb"
    assert list(store.root.glob(".*")) == [hidden]


def test_the_lock_of_a_started_run_can_be_taken_again(store):
    run = start(store)
    run.release()

    taken = [run.acquire(), Run(run.folder).acquire()]

    assert taken == [True, False]
    assert list(store.root.glob(".*")) == []


def test_a_folder_of_runs_that_is_a_file_is_told(tmp_path):
    (tmp_path / "runs").write_text("a file")

    with pytest.raises(StorageError, match="runs: cannot start a run there"):
        start(RunStore(tmp_path / "runs"))


def test_a_latest_that_is_no_link_is_told_and_nothing_is_left_beside_it(store):
    run = start(store)
    (store.root / "latest").mkdir()

    with pytest.raises(StorageError, match="latest: cannot lead to the newest run"):
        store.set_latest(run)

    assert sorted(path.name for path in store.root.iterdir()) == sorted([run.info.id, "format.json", "latest"])


def test_a_result_that_was_edited_is_named(store):
    run = start(store)
    (run.folder / "result.json").write_text('{"status": "GREAT", "steps": []}')

    with pytest.raises(InvalidDataError, match=r"result\.json is not what groundwork wrote"):
        run.result()


def test_a_run_in_a_newer_folder_of_runs_is_not_read(store):
    run = start(store)
    (store.root / "format.json").write_text('{"format": 99}')

    with pytest.raises(VersionSkew, match="has format 99"):
        find_run(run.folder)
