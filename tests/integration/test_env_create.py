"""Environments by the real uv and pip: whole or not there, and equal to the lock; killed at every step."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from groundwork.environment import _network, check, create, sync
from groundwork.environment._layout import Layout
from groundwork.environment._record import distributions
from groundwork.environment._stamp import read_stamp
from groundwork.errors import EnvironmentBroken

sys.path.insert(0, str(Path(__file__).parent))  # a helper, and no part of the package

from wheels import no_network, only_wheels, write_wheel

pytestmark = pytest.mark.integration

needs_uv = pytest.mark.skipif(
    shutil.which("uv") is None or subprocess.run(["uv", "--version"], capture_output=True).returncode != 0,
    reason="there is no uv that runs",
)
backends = pytest.mark.parametrize("backend", ["pip", pytest.param("uv", marks=needs_uv)])
# What does not depend on the tool is proved with the faster one, where there is one.
either = pytest.mark.parametrize(
    "backend",
    [pytest.param("pip", marks=[pytest.mark.slow] if shutil.which("uv") else []), pytest.param("uv", marks=needs_uv)],
)


@pytest.fixture
def lock(tmp_path, monkeypatch):
    """A lock of two packages, in a folder with a space in its name."""
    lines = [write_wheel(tmp_path / "wheels", name, "1.0") for name in ("first", "second")]
    for name, value in only_wheels(tmp_path / "wheels", tmp_path / "cache").items():
        monkeypatch.setenv(name, value)
    folder = tmp_path / "my shop"
    folder.mkdir()
    path = folder / "requirements.lock"
    path.write_text("".join(lines))
    return path


@pytest.fixture
def root(lock):
    """Where the environment is to stand."""
    return lock.parent / "env"


def versions(root):
    return {one.name: one.version for one in distributions(Layout(root).site_packages) if one.name != "pip"}


def times(root):
    # The file of the lock is touched by whoever comes.
    return {path: path.lstat().st_mtime_ns for path in root.rglob("*") if path.name != "groundwork.lock"}


def flip(lock):
    """Change one digit of the last hash."""
    head, _, digest = lock.read_text().rpartition("sha256:")
    lock.write_text(f"{head}sha256:{'1' if digest[0] == '0' else '0'}{digest[1:]}")


def errors(root, lock):
    found = check(root, only=["files", "packages", "moved", "conflicts"], lock=lock)
    return [one.found for one in found if one.severity != "ok"]


@backends
def test_environment_is_as_locked_and_its_commands_run_where_it_stands(root, lock, backend):
    python = create(root, lock, backend=backend)

    said = subprocess.run([root / "bin/first-more"], capture_output=True, text=True)
    left = [path for path in root.rglob("*") if path.is_file() and b"groundwork-new" in path.read_bytes()]
    assert said.stdout == "more\n", said.stderr
    assert versions(root) == {"first": "1.0", "second": "1.0"}
    assert errors(root, lock) == []
    # Compiled modules name their first place; Python mends that when it loads them.
    assert [path.name for path in left if path.suffix != ".pyc"] == []
    assert python.exists()


@needs_uv
def test_uv_and_pip_give_the_same_environment(root, lock):
    files = {}
    for backend in ("uv", "pip"):
        create(root, lock, backend=backend)
        site = Layout(root).site_packages
        files[backend] = {
            path.relative_to(site): path.read_bytes()
            for name in ("first", "second")
            for path in (site / name).rglob("*.py")
        }
        assert versions(root) == {"first": "1.0", "second": "1.0"}

    assert files["uv"] == files["pip"]


@backends
@pytest.mark.parametrize("call", ["create", "sync"])
def test_one_flipped_hash_aborts_before_anything_is_installed(root, lock, backend, call):
    flip(lock)
    if call == "sync":
        lock.with_name("none.lock").write_text("# nothing\n")
        create(root, lock.with_name("none.lock"), backend=backend)

    with pytest.raises(EnvironmentBroken) as caught:
        (create if call == "create" else sync)(root, lock, backend=backend)

    assert caught.value.code == "hash_mismatch"
    assert versions(root) == {}
    expected = ["env"] if call == "sync" else []
    assert expected == [path.name for path in root.parent.iterdir() if path.is_dir()]


def test_flipped_hash_leaves_the_old_environment_as_it_was(root, lock):
    create(root, lock)
    before = times(root)
    flip(lock)

    with pytest.raises(EnvironmentBroken):
        create(root, lock)

    assert times(root) == before


@backends
def test_sync_brings_back_what_differs_and_prunes(root, lock, tmp_path, backend):
    create(root, lock, backend=backend)
    site = Layout(root).site_packages
    stray = tmp_path / "stray.lock"
    stray.write_text(write_wheel(tmp_path / "wheels", "stray") + write_wheel(tmp_path / "wheels", "second", "0.9"))
    sync(root, stray, backend=backend)
    damaged = site / "first/more.py"
    size = damaged.stat().st_size
    damaged.unlink()
    damaged.write_text("#" * size)

    listed = sync(root, lock, backend=backend)
    pruned = sync(root, lock, prune=True, backend=backend)
    again = sync(root, lock, prune=True, backend=backend)

    assert listed.changes == ("first 1.0 installed again", "second 0.9 -> 1.0")
    assert (listed.strays, pruned.changes) == (("stray 1.0",), ("stray 1.0 removed",))
    assert (again.changes, again.strays, errors(root, lock)) == ((), (), [])
    assert versions(root) == {"first": "1.0", "second": "1.0"}


def other_pythons():
    versions = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    return sorted(versions.glob("3.1[23].*/bin/python"))


@either
@pytest.mark.skipif(not other_pythons(), reason="there is no Python 3.12 or 3.13")
def test_sync_works_on_an_environment_of_another_python(root, lock, backend):
    subprocess.run([other_pythons()[-1], "-m", "venv", "--without-pip", root], check=True)

    result = sync(root, lock, backend=backend)

    assert result.changes == ("first 1.0 installed", "second 1.0 installed")
    assert errors(root, lock) == []


@backends
@pytest.mark.parametrize("call", [create, sync])
def test_no_network_is_said_after_one_attempt_that_does_not_wait(root, lock, monkeypatch, backend, call):
    lock.with_name("none.lock").write_text("# nothing\n")
    create(root, lock.with_name("none.lock"))
    attempts = no_network(monkeypatch)

    with pytest.raises(EnvironmentBroken, match="could not be reached"):
        call(root, lock, backend=backend)

    assert [dict(_network._NO_WAITING[backend])] == attempts


KILLED = """
import os, signal, sys
from groundwork import _failpoints
from groundwork.environment import create, sync

point, call, root, lock = sys.argv[1:]
seen = []

def watch(name):
    seen.append(name)
    if len(seen) == int(point):
        os.kill(os.getpid(), signal.SIGKILL)

_failpoints.watch(watch)
if call == "create":
    create(root, lock)
else:
    sync(root, lock, prune=True)
print(*seen)
"""


def killed(point, call, root, lock):
    """Run a call that dies at its n-th failpoint; 0 lets it live."""
    source = str(Path(__file__).parents[2] / "src")
    return subprocess.run(
        [sys.executable, "-c", KILLED, str(point), call, str(root), str(lock)],
        env={**os.environ, "PYTHONPATH": source},
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_killed_at_every_step_create_leaves_the_old_environment_or_the_new(root, lock):
    first = killed(0, "create", root, lock)
    steps = len(first.stdout.split())
    (root / "mark").touch()

    for step in range(1, steps + 1):
        answer = killed(step, "create", root, lock)

        assert answer.returncode == -signal.SIGKILL, (step, answer.stderr)
        # Old or new, it is whole: every file, every version, commands that run.
        assert read_stamp(Layout(root)).state == "ready", step
        assert errors(root, lock) == [], step
        assert subprocess.run([root / "bin/second-more"], capture_output=True).returncode == 0, step
    assert steps >= 7, first.stderr
    create(root, lock)
    assert sorted(path.name for path in root.parent.iterdir()) == ["env", "requirements.lock"]
    assert not (root / "mark").exists()


def test_killed_at_every_step_create_leaves_none_where_there_was_none(root, lock):
    steps = killed(0, "create", root, lock).stdout.split()
    before_the_swap = steps.index("environment.create.before_swap") + 1

    for step in range(1, before_the_swap + 1):
        shutil.rmtree(root)
        answer = killed(step, "create", root, lock)

        assert answer.returncode == -signal.SIGKILL, (step, answer.stderr)
        assert os.listdir(root) == ["groundwork.lock"], step


def test_killed_at_every_step_sync_is_completed_by_the_next(root, lock, tmp_path):
    stray = tmp_path / "stray.lock"
    stray.write_text(write_wheel(tmp_path / "wheels", "stray"))
    create(root, stray)
    pristine = tmp_path / "pristine"
    shutil.copytree(root, pristine, symlinks=True)
    steps = len(killed(0, "sync", root, lock).stdout.split())

    for step in range(1, steps + 1):
        shutil.rmtree(root)
        shutil.copytree(pristine, root, symlinks=True)
        answer = killed(step, "sync", root, lock)
        sync(root, lock, prune=True)

        assert answer.returncode == -signal.SIGKILL, (step, answer.stderr)
        assert (versions(root), errors(root, lock)) == ({"first": "1.0", "second": "1.0"}, []), step
        assert json.loads((root / "groundwork.json").read_text())["state"] == "ready", step
    assert steps >= 4


moments_of_a_call = pytest.mark.parametrize(
    "moments", [3, pytest.param(40, marks=pytest.mark.slow)], ids=["sample", "all"]
)


def killed_at_moments(moments, call, root, lock, *, before):
    """Start a call as often, each time killed with its installer a little later; yield after each kill."""
    source = str(Path(__file__).parents[2] / "src")
    command = [sys.executable, "-c", KILLED, "0", call, str(root), str(lock)]
    environment = {**os.environ, "PYTHONPATH": source}
    before()
    started = time.monotonic()
    subprocess.run(command, env=environment, capture_output=True, check=True)
    lasted = time.monotonic() - started
    for moment in range(moments):
        before()
        process = subprocess.Popen(
            command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        try:
            process.wait(timeout=lasted * (moment + 0.5) / moments)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        yield moment


@moments_of_a_call
def test_killed_at_any_moment_with_its_installer_create_leaves_the_old_environment(root, lock, moments):
    create(root, lock)

    for moment in killed_at_moments(moments, "create", root, lock, before=lambda: None):
        assert errors(root, lock) == [], moment
        assert read_stamp(Layout(root)).state == "ready", moment


@moments_of_a_call
def test_killed_at_any_moment_with_its_installer_sync_is_completed_by_the_next(root, lock, moments, tmp_path):
    drifted = tmp_path / "drifted.lock"
    drifted.write_text(write_wheel(tmp_path / "wheels", "stray") + write_wheel(tmp_path / "wheels", "second", "0.9"))
    create(root, drifted)
    pristine = tmp_path / "pristine"
    shutil.copytree(root, pristine, symlinks=True)

    def restore():
        shutil.rmtree(root)
        shutil.copytree(pristine, root, symlinks=True)

    for moment in killed_at_moments(moments, "sync", root, lock, before=restore):
        sync(root, lock, prune=True)

        assert (versions(root), errors(root, lock)) == ({"first": "1.0", "second": "1.0"}, []), moment
        assert read_stamp(Layout(root)).state == "ready", moment
