"""Locks by the real uv and pip, from wheels written on the spot."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from groundwork.environment import _network, lock
from groundwork.errors import ConfigurationError, EnvironmentBroken

sys.path.insert(0, str(Path(__file__).parent))  # a helper, and no part of the package

from wheels import no_network, only_wheels, write_wheel

pytestmark = pytest.mark.integration

needs_uv = pytest.mark.skipif(
    shutil.which("uv") is None or subprocess.run(["uv", "--version"], capture_output=True).returncode != 0,
    reason="there is no uv that runs",
)
backends = pytest.mark.parametrize("backend", ["pip", pytest.param("uv", marks=needs_uv)])


@pytest.fixture
def shop(tmp_path, monkeypatch):
    """A project and an index of five wheels; ``top`` needs ``base`` below 2."""
    wheels = tmp_path / "wheels"
    for version in ("1.0", "1.1", "2.0"):
        write_wheel(wheels, "base", version)
    write_wheel(wheels, "top", "1.0", ["base<2"])
    write_wheel(wheels, "winonly", "1.0")
    for name, value in only_wheels(wheels, tmp_path / "cache").items():
        monkeypatch.setenv(name, value)
    folder = tmp_path / "my shop"
    folder.mkdir()
    ask(folder, "top", "winonly; sys_platform == 'win32'")
    return folder


def ask(folder, *requirements):
    text = '[project]\nname = "shop"\nversion = "1"\nrequires-python = ">=3.11"\n'
    (folder / "pyproject.toml").write_text(f"{text}dependencies = {list(requirements)!r}\n")


@needs_uv
def test_lock_of_uv_holds_for_every_platform_and_names_no_place(shop, tmp_path):
    result = lock(shop, backend="uv")

    text = result.path.read_text()
    pins = [line.rstrip(" \\") for line in text.splitlines() if not line.startswith(" ")]
    assert pins == ["base==1.1", "top==1.0", "winonly==1.0 ; sys_platform == 'win32'"]
    assert ("://" in text, str(tmp_path) in text, text.count("--hash=sha256:")) == (False, False, 3)


def test_lock_of_pip_has_the_same_versions_and_hashes_for_this_platform(shop, tmp_path):
    result = lock(shop, backend="pip")

    text = result.path.read_text()
    assert "base==1.1" in text
    assert ("winonly" in text, "://" in text, str(tmp_path) in text) == (sys.platform == "win32", False, False)
    if shutil.which("uv"):
        hashes = {line for line in text.splitlines() if "--hash" in line}
        assert hashes <= set(lock(shop, output=tmp_path / "uv.lock", backend="uv").path.read_text().splitlines())


@backends
def test_unchanged_input_gives_an_unchanged_lock_even_when_newer_versions_come(shop, tmp_path, backend):
    path = lock(shop, backend=backend).path
    before = path.read_bytes()
    write_wheel(tmp_path / "wheels", "base", "1.9")

    second = lock(shop, backend=backend)
    third = lock(shop, backend=backend, upgrade=["base"])

    assert (second.changed, third.changes) == (False, ("base 1.1 -> 1.9",))
    assert path.read_bytes() != before


@backends
def test_conflict_names_who_asks_for_what(shop, backend):
    ask(shop, "top", "base>=2")

    with pytest.raises(ConfigurationError) as caught:
        lock(shop, backend=backend)

    lines = caught.value.message.splitlines()
    assert caught.value.code == "conflict"
    assert lines[0] == "no version of base suits all:"
    # uv names no version where every version asks for the same.
    assert {"  shop asks for top; top==1.0 asks for base<2", "  shop asks for top; top asks for base<2"} & set(lines)
    assert "  shop asks for base>=2" in lines
    assert not (shop / "requirements.lock").exists()


@backends
def test_version_that_does_not_exist_is_named(shop, backend):
    ask(shop, "base>=99")

    with pytest.raises(ConfigurationError, match=r"base>=99"):
        lock(shop, backend=backend)


@backends
def test_no_network_is_said_after_one_attempt_that_does_not_wait(shop, monkeypatch, backend):
    attempts = no_network(monkeypatch)

    with pytest.raises(EnvironmentBroken, match="index could not be reached"):
        lock(shop, backend=backend)

    assert [dict(_network._NO_WAITING[backend])] == attempts
