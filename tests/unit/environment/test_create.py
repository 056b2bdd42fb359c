import ctypes
import os
import shutil

import pytest

from groundwork.environment import _create, _relocate, _setup, create
from groundwork.environment._layout import Layout
from groundwork.environment._record import damages, distributions
from groundwork.environment._stamp import read_stamp
from groundwork.errors import EnvironmentBroken
from groundwork.testing import failpoints

POINTS = [
    "environment.stamp.before_building",
    "environment.setup.after_venv",
    "environment.stamp.before_updating",
    "environment.setup.after_packages",
    "environment.stamp.before_ready",
    "environment.create.before_swap",
]


@pytest.fixture
def lock(project):
    """The lock of two packages."""
    return project / "requirements.lock"


@pytest.fixture
def old(tmp_path, lock, installer):
    """An environment with a file of the user's, by which it is known."""
    create(tmp_path / "env", lock)
    (tmp_path / "env" / "mark").touch()
    return Layout(tmp_path / "env")


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("error", [KeyboardInterrupt(), EnvironmentBroken("no network")])
def test_failure_on_the_way_leaves_the_old_one_and_no_litter(old, lock, point, error):
    with failpoints({point: error}), pytest.raises(type(error)):
        create(old.root, lock)

    assert (old.root / "mark").exists()
    assert read_stamp(old).state == "ready"
    assert [path.name for path in old.root.parent.iterdir() if "groundwork" in path.name] == []


@pytest.mark.parametrize("point", POINTS)
def test_failure_on_the_way_leaves_none_where_there_was_none(tmp_path, lock, installer, point):
    with failpoints({point: KeyboardInterrupt()}), pytest.raises(KeyboardInterrupt):
        create(tmp_path / "env", lock)

    assert sorted(path.name for path in tmp_path.iterdir()) == ["project"]


def test_failure_takes_the_folders_that_were_made_for_it_and_no_others(tmp_path, lock, installer):
    (tmp_path / "mine").mkdir()
    installer.fails = True

    for place in ("mine", "mine/deep/er"):
        with pytest.raises(EnvironmentBroken, match="no network"):
            create(tmp_path / place, lock)

    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine", "project"]
    assert list((tmp_path / "mine").iterdir()) == []


def test_folder_that_is_no_environment_gets_no_file(tmp_path, lock, installer):
    (tmp_path / "thesis.txt").touch()

    with pytest.raises(EnvironmentBroken, match="in the way"):
        create(tmp_path, lock)

    assert sorted(path.name for path in tmp_path.iterdir()) == ["project", "thesis.txt"]


def test_folder_that_became_something_else_meanwhile_is_left_alone(tmp_path, lock, installer):
    env = tmp_path / "env"
    env.mkdir()
    for name in ("groundwork.lock", "thesis.txt"):
        (env / name).touch()

    with pytest.raises(EnvironmentBroken, match="in the way"):
        create(env, lock)

    assert sorted(path.name for path in env.iterdir()) == ["groundwork.lock", "thesis.txt"]


def test_folder_that_a_failed_set_up_removed_meanwhile_is_made_again(tmp_path, lock, installer, monkeypatch):
    exclusive, gone = _setup.exclusive, iter([True])

    def removed_once(path, *, waiting):
        if next(gone, False):
            path.parent.rmdir()
        return exclusive(path, waiting=waiting)

    monkeypatch.setattr(_setup, "exclusive", removed_once)

    create(tmp_path / "env", lock)

    assert read_stamp(Layout(tmp_path / "env")).state == "ready"


def test_lock_that_cannot_be_opened_is_told(tmp_path, lock, installer):
    (tmp_path / "env").mkdir()
    (tmp_path / "env" / "groundwork.lock").symlink_to(tmp_path / "nowhere" / "lock")

    with pytest.raises(EnvironmentBroken, match=r"cannot write .*env: No such file"):
        create(tmp_path / "env", lock)


def test_what_a_kill_left_beside_is_swept(old, lock):
    for name in (".env.groundwork-new", ".env.groundwork-new-old"):
        shutil.copytree(old.root, old.root.with_name(name), symlinks=True)

    create(old.root, lock)

    assert not (old.root / "mark").exists()
    assert sorted(path.name for path in old.root.parent.iterdir()) == ["env", "project"]


def test_full_disk_is_said_plainly(old, lock):
    full = OSError(28, "No space left on device")

    with failpoints({"environment.create.before_swap": full}), pytest.raises(EnvironmentBroken, match="No space left"):
        create(old.root, lock)

    assert (old.root / "mark").exists()


def test_link_of_its_name_stays_a_link(old, lock, tmp_path):
    link = tmp_path / "link"
    link.symlink_to(old.root, target_is_directory=True)

    create(link, lock)

    assert link.is_symlink()
    assert not (old.root / "mark").exists()


def test_scripts_and_their_records_are_written_for_the_final_place(tmp_path, lock, installer, package):
    def bring_script(site, cache):
        script = site.parents[2] / "bin" / "run-it"
        script.write_text(f"#!{site.parents[2]}/bin/python\n")
        script.chmod(0o755)
        package(site, "scripted", files={"../../../bin/run-it": script.read_text(), "scripted/a,b.py": "x = 1\n"})

    installer.broken = bring_script

    create(tmp_path / "env", lock)

    layout = Layout(tmp_path / "env")
    script = layout.scripts / "run-it"
    assert script.read_text() == f"#!{layout.python}\n"
    assert os.access(script, os.X_OK)
    assert damages(distributions(layout.site_packages)) == []
    assert read_stamp(layout).location == str(layout.root)
    assert read_stamp(layout).records["scripted-1.0.dist-info"] > 0


def test_without_exchange_the_old_one_is_renamed_away_first(old, lock, monkeypatch):
    monkeypatch.setattr(_relocate, "_exchange", lambda one, other: False)

    create(old.root, lock)

    assert not (old.root / "mark").exists()
    assert sorted(path.name for path in old.root.parent.iterdir()) == ["env", "project"]


def test_second_rename_that_fails_brings_the_old_one_back(old, lock, monkeypatch):
    monkeypatch.setattr(_relocate, "_exchange", lambda one, other: False)
    rename = os.rename

    def refuse_the_new_one(one, other):
        if str(one).endswith("-new"):
            raise OSError(13, "Permission denied")
        rename(one, other)

    monkeypatch.setattr(os, "rename", refuse_the_new_one)

    with pytest.raises(EnvironmentBroken, match="Permission denied"):
        create(old.root, lock)

    assert (old.root / "mark").exists()


def test_system_that_cannot_exchange_is_asked_only_on_linux(tmp_path, monkeypatch):
    def no_library(name, **options):
        raise OSError

    monkeypatch.setattr(ctypes, "CDLL", no_library)
    on_linux = _relocate._exchange(tmp_path, tmp_path)
    monkeypatch.setattr(_relocate.sys, "platform", "darwin")

    assert (on_linux, _relocate._exchange(tmp_path, tmp_path)) == (False, False)


def test_windows_builds_in_place(old, lock, monkeypatch, installer):
    built = []

    class InPlace:
        def __init__(self, layout, *rest):
            self.layout = layout

        def build(self):
            built.append(self.layout.root)

    monkeypatch.setattr(_create, "Setup", InPlace)
    monkeypatch.setattr(_create, "_IN_PLACE", True)

    create(old.root, lock)

    assert built == [old.root]


def test_remains_that_cannot_be_swept_do_not_hide_the_outcome(old, lock, monkeypatch):
    rmtree = shutil.rmtree

    def refuse(path, ignore_errors=False):
        if not ignore_errors:
            rmtree(path)

    monkeypatch.setattr(_create.shutil, "rmtree", refuse)

    create(old.root, lock)

    assert not (old.root / "mark").exists()
    assert (old.root.parent / ".env.groundwork-new" / "mark").exists()
