import os
from contextlib import suppress
from pathlib import Path

import pytest

from groundwork.testing import Lab, VirtualClock


def test_the_folder_is_empty_and_gone_afterwards():
    with Lab() as lab:
        folder = lab.folder
        (folder / "inner").mkdir()
        entries = [path.name for path in folder.iterdir()]

    assert (entries, folder.exists()) == (["inner"], False)


def test_nothing_is_made_that_is_not_asked_for(monkeypatch):
    monkeypatch.setattr("tempfile.mkdtemp", lambda **_: pytest.fail("made a folder"))

    with Lab() as lab:
        assert {"seed", "limit_s", "_folders"} == set(vars(lab))


def test_one_seed_gives_the_same_chance_twice():
    with Lab(seed=3) as one, Lab(seed=3) as two, Lab(seed=4) as other:
        draws = [(lab.random.random(), lab.generator.random()) for lab in (one, two, other)]

    assert draws[0] == draws[1] != draws[2]


def test_the_clock_is_virtual_and_stays_the_same():
    with Lab() as lab:
        lab.clock.sleep(5)

        assert (VirtualClock, 5) == (type(lab.clock), lab.clock.monotonic())


def test_the_working_folder_comes_back_also_after_an_error():
    before, inside = Path.cwd(), []

    with Lab() as lab:
        with suppress(RuntimeError), lab.working_folder():
            inside.append(Path.cwd())
            raise RuntimeError

        assert (inside, Path.cwd()) == ([lab.folder], before)


@pytest.mark.skipif(os.name == "nt", reason="no umask on Windows")
def test_the_umask_holds_inside_only():
    with Lab() as lab:
        before = os.umask(0o022)
        os.umask(before)
        with lab.umask(0o077):
            (lab.folder / "private").touch()
        (lab.folder / "public").touch()

        assert (lab.folder / "private").stat().st_mode & 0o777 == 0o600
        assert 0o666 & ~before == (lab.folder / "public").stat().st_mode & 0o777


def test_the_umask_is_left_alone_on_windows(monkeypatch):
    masks, ran = [], []
    monkeypatch.setattr("sys.platform", "win32")
    monkeypatch.setattr("os.umask", masks.append)

    with Lab() as lab, lab.umask(0o077):
        ran.append("block")

    assert ([], ["block"]) == (masks, ran)
