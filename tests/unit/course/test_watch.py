import os
import threading

from groundwork.course import Saves, Watcher
from groundwork.testing import VirtualClock


def test_a_save_is_told_once(tmp_path):
    file = tmp_path / "storage.py"
    file.write_text("x = 1\n")
    saves = Saves(tmp_path, clock=VirtualClock())

    file.write_text("x = 22\n")

    assert [True, False] == [saves.poll(), saves.poll()]


def test_the_same_content_written_again_is_no_save(tmp_path):
    file = tmp_path / "storage.py"
    file.write_text("x = 1\n")
    saves = Saves(tmp_path, clock=VirtualClock())

    file.write_text("x = 1\n")
    os.utime(file, (1, 1))

    assert not saves.poll()


def test_a_save_that_the_file_system_hides_is_seen_by_its_content(tmp_path):
    file, clock = tmp_path / "storage.py", VirtualClock()
    file.write_text("x = 1\n")
    os.utime(file, (1, 1))
    saves = Saves(tmp_path, clock=clock)

    file.write_text("x = 2\n")
    os.utime(file, (1, 1))
    early = saves.poll()
    clock.advance(0.6)

    assert (False, True) == (early, saves.poll())


def test_a_file_that_comes_goes_or_is_replaced_is_a_save_and_others_do_not_count(tmp_path):
    file = tmp_path / "storage.py"
    file.write_text("x = 1\n")
    saves = Saves(tmp_path, clock=VirtualClock())
    seen = []

    for change in (
        lambda: (tmp_path / "progress.json").write_text("{}"),
        lambda: (tmp_path / "new.py").write_text("x = 1\n"),
        lambda: (tmp_path / "swap").write_text("x = 333\n") and os.replace(tmp_path / "swap", file),
        file.unlink,
    ):
        change()
        seen.append(saves.poll())

    assert [False, True, True, True] == seen


def test_a_folder_that_is_away_for_a_moment_ends_nothing(tmp_path):
    saves = Saves(tmp_path / "away", clock=VirtualClock())

    assert not saves.poll()


def test_a_save_is_acknowledged_while_nobody_waits_and_then_waited_for(tmp_path):
    file, acknowledged = tmp_path / "storage.py", threading.Event()
    file.write_text("x = 1\n")

    with Watcher(Saves(tmp_path), acknowledged.set) as watcher:
        file.write_text("x = 22\n")
        told = acknowledged.wait(30)
        watcher.wait()

        assert told
        assert not watcher.pending
