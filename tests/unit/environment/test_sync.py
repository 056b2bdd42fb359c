import json
import shutil

import pytest

from groundwork.environment import _ensure, sync
from groundwork.environment._layout import Layout
from groundwork.environment._stamp import read_stamp
from groundwork.errors import EnvironmentBroken
from groundwork.testing import failpoints


@pytest.fixture
def lock(project):
    """The lock of two packages."""
    return project / "requirements.lock"


@pytest.fixture(autouse=True)
def with_pip(environment, package):
    """What the set-up of these tests made has a pip, as pip's own does."""
    package(environment.site_packages, "pip", "25.0")


def test_equal_environment_is_not_touched(environment, lock, installer):
    note = environment.stamp.stat().st_mtime_ns

    result = sync(environment.root, lock)

    assert (result.python, result.changes, result.strays) == (environment.python, (), ("the-project 1.0",))
    assert (installer.calls, environment.stamp.stat().st_mtime_ns) == ([], note)


def test_missing_and_drifted_packages_are_installed_and_no_others(environment, lock, installer, package):
    shutil.rmtree(environment.site_packages / "tiny-1.0.dist-info")

    first = sync(environment.root, lock)
    shutil.rmtree(environment.site_packages / "other-2.0.dist-info")
    package(environment.site_packages, "other", "1.9")
    second = sync(environment.root, lock)

    assert (first.changes, second.changes) == (("tiny 1.0 installed",), ("other 1.9 -> 2.0",))
    assert installer.calls == ["install tiny", "install other"]


def test_damaged_package_is_installed_again(environment, lock, installer):
    # Same size: only its hash tells.
    (environment.site_packages / "tiny/more.py").write_text("more = 2\n")

    result = sync(environment.root, lock)

    assert result.changes == ("tiny 1.0 installed again",)
    assert installer.calls == ["install tiny again"]


def test_damage_in_the_cache_is_mended_without_the_cache(environment, lock, installer):
    (environment.site_packages / "tiny/more.py").unlink()
    installer.broken = lambda site, cache: (site / "tiny/more.py").write_text("") if cache else None

    sync(environment.root, lock)

    assert installer.calls == ["install tiny again", "install tiny again no-cache"]
    assert read_stamp(environment).known == {}


def test_wheel_with_a_wrong_record_is_noted_and_left_alone_afterwards(environment, lock, installer):
    (environment.site_packages / "tiny/more.py").unlink()
    installer.broken = lambda site, cache: (site / "tiny/more.py").write_text("longer than recorded\n")
    sync(environment.root, lock)
    installer.calls.clear()

    result = sync(environment.root, lock)

    assert (result.changes, installer.calls) == ((), [])


def test_file_that_no_installation_brings_is_an_error(environment, lock, installer):
    (environment.site_packages / "tiny/more.py").unlink()
    installer.broken = lambda site, cache: (site / "tiny/more.py").unlink()

    with pytest.raises(EnvironmentBroken, match=r"tiny/more.py is missing, even after"):
        sync(environment.root, lock)

    assert read_stamp(environment).state == "updating"


def test_strays_are_listed_and_removed_on_request(environment, lock, installer, package):
    package(environment.site_packages, "left_over", "3.0")

    listed = sync(environment.root, lock)
    pruned = sync(environment.root, lock, prune=True)

    assert listed.strays == ("left-over 3.0", "the-project 1.0")
    assert pruned.changes == ("left-over 3.0 removed", "the-project 1.0 removed")
    assert (pruned.strays, installer.calls) == ((), ["uninstall left-over the-project"])


def test_project_installed_in_place_is_no_stray(environment, lock, installer):
    folder = environment.site_packages / "the_project-1.0.dist-info"
    (folder / "direct_url.json").write_text(json.dumps({"url": "file:///x", "dir_info": {"editable": True}}))

    assert sync(environment.root, lock, prune=True).strays == ()
    assert installer.calls == []


def test_changed_lock_that_asks_for_nothing_new_is_noted(environment, project, lock, installer):
    lock.write_text("# a remark\n" + lock.read_text())

    result = sync(environment.root, lock)

    assert result.changes == ()
    assert _ensure.diagnose(environment, lock, project).action == "nothing"


@pytest.mark.parametrize("point", ["after_install", "after_removal"])
def test_interrupted_sync_goes_on_with_the_next(environment, lock, installer, point):
    shutil.rmtree(environment.site_packages / "tiny-1.0.dist-info")
    with failpoints({f"environment.sync.{point}": KeyboardInterrupt()}), pytest.raises(KeyboardInterrupt):
        sync(environment.root, lock)
    interrupted = read_stamp(environment).state

    sync(environment.root, lock)

    assert (interrupted, read_stamp(environment).state) == ("updating", "ready")
    assert (environment.site_packages / "tiny-1.0.dist-info/RECORD").exists()


def test_package_for_another_platform_is_not_installed(environment, lock, installer):
    lock.write_text(lock.read_text() + "winonly==1.0 ; sys_platform == 'no-such' \\\n    --hash=sha256:cc\n")

    assert sync(environment.root, lock).changes == ()


@pytest.mark.parametrize("state", [None, "building"])
def test_no_whole_environment_is_an_error_that_names_create(tmp_path, environment, lock, installer, state):
    root = tmp_path / "none"
    if state is not None:
        root = environment.root
        environment.stamp.write_text(environment.stamp.read_text().replace("ready", state))

    with pytest.raises(EnvironmentBroken, match="no whole environment") as caught:
        sync(root, lock)

    assert caught.value.hint == f"groundwork env create {root}"


def test_layout_knows_the_folder_of_another_python(tmp_path):
    assert Layout(tmp_path, (3, 13)).site_packages.parent.name == "python3.13"
