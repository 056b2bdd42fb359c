"""Limits, the sandbox's words, and the end of processes."""

import os
import shutil
import subprocess
import sys
import types
from pathlib import Path

import pytest

from groundwork.course import _limits
from groundwork.course._descendants import MARK, descendants, end_group, end_marked, peak_address_space
from groundwork.course._limits import Limits, adopt_orphans, hide, leave_the_network, restrain
from groundwork.course._sandbox import sandboxed
from groundwork.errors import UsageError

posix = pytest.mark.skipif(sys.platform == "win32", reason="not on Windows")
linux = pytest.mark.skipif(sys.platform != "linux", reason="of Linux")


@posix
def test_the_kernels_bounds_are_set_but_never_raised(monkeypatch):
    import resource

    told = {}
    monkeypatch.setattr(resource, "getrlimit", lambda which: (1, 100 if which == resource.RLIMIT_NOFILE else -1))
    monkeypatch.setattr(resource, "setrlimit", lambda which, limits: told.update({which: limits}))

    restrain(Limits(file_bytes=7, descriptors=1000))

    assert ((7, 7), (100, 100)) == (told[resource.RLIMIT_FSIZE], told[resource.RLIMIT_NOFILE])
    assert (0, 0) == told[resource.RLIMIT_CORE]


@pytest.fixture
def kernel(monkeypatch):
    """Stands in for the C library: remembers calls, and answers what the test says."""
    calls = []

    def answer(name):
        def call(*arguments):
            calls.append((name, *arguments))
            return {"unshare": stand_in.unshared, "mount": stand_in.mounted}.get(name, 0)

        return call

    stand_in = types.SimpleNamespace(unshared=0, mounted=0, calls=calls)
    for name in ("unshare", "prctl", "syscall", "mount"):
        setattr(stand_in, name, answer(name))
    monkeypatch.setattr(_limits.ctypes, "CDLL", lambda *arguments, **options: stand_in)
    monkeypatch.setattr(_limits, "_raise_loopback", lambda: calls.append(("loopback",)))
    monkeypatch.setattr(_limits, "_write", lambda path, text: calls.append((path, text)))
    monkeypatch.setattr(sys, "platform", "linux")
    return stand_in


@posix
def test_orphans_are_adopted(kernel):
    adopt_orphans()

    assert [("prctl", 36, 1, 0, 0, 0)] == kernel.calls


@posix
def test_root_leaves_the_network_without_a_namespace_of_users(kernel, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 0)

    assert leave_the_network()
    assert [("unshare", 0x40000000), ("loopback",)] == kernel.calls


@pytest.fixture
def places(tmp_path):
    """A folder and a file, with nothing in them, as they look once something is mounted over them."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "module.py").touch()
    return [str(tmp_path / "module.py"), str(tmp_path / "folder")]


@posix
def test_something_empty_is_mounted_over_what_is_hidden_and_for_nobody_else(kernel, monkeypatch, places):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    module, folder = map(os.fsencode, places)

    assert hide(places)
    unshared, private, *mounted = kernel.calls
    assert ("unshare", 0x20000) == unshared
    assert ("mount", b"none", b"/", None, 1 << 18 | 16384, None) == private
    assert ("mount", b"none", folder, b"tmpfs", 1, b"mode=555,size=4k") == mounted[0]
    assert ("mount", b"/dev/null", module, None, 4096, None) == mounted[1]


@posix
def test_what_would_be_mounted_for_everybody_is_not_mounted(kernel, monkeypatch, places):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    kernel.mounted = -1
    Path(places[0]).write_text("an answer")

    assert not hide(places)
    assert 2 == len(kernel.calls)


@posix
@pytest.mark.parametrize("name", ["module.py", "folder/module.py"])
def test_what_can_still_be_seen_is_not_hidden(kernel, monkeypatch, places, tmp_path, name):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    (tmp_path / name).write_text("an answer")

    assert not hide(places)


@posix
def test_others_stay_who_they_are_and_give_the_new_rights_back(kernel, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(os, "getegid", lambda: 100)
    monkeypatch.setattr(os, "uname", lambda: types.SimpleNamespace(machine="x86_64"))

    assert leave_the_network()
    assert ("/proc/self/uid_map", "1000 1000 1") in kernel.calls
    assert ("syscall", 126) == kernel.calls[-1][:2]


@posix
def test_a_kernel_that_refuses_leaves_the_network_as_it_is(kernel):
    kernel.unshared = -1

    assert not leave_the_network()


def test_another_system_has_no_such_thing(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")

    adopt_orphans()
    assert not leave_the_network()


def test_the_sandbox_needs_bubblewrap(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)

    with pytest.raises(UsageError, match="needs bubblewrap"):
        sandboxed(Path("/tmp/home"))


@linux
def test_the_sandbox_lets_one_folder_be_written(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: "/usr/bin/bwrap")

    words = sandboxed(Path("/tmp/home"))

    assert ("/usr/bin/bwrap", "--") == (words[0], words[-1])
    assert ["--bind", "/tmp/home", "/tmp/home"] == words[words.index("--bind") :][:3]


@linux
@pytest.mark.integration
def test_a_process_is_found_below_its_parent_and_by_its_mark():
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, env={MARK: "test-mark"})

    found, taken = descendants(os.getpid()), peak_address_space(child.pid)
    while f"{MARK}=test-mark".encode() not in Path(f"/proc/{child.pid}/environ").read_bytes():
        pass
    end_marked("test-mark")

    assert (child.pid in found, taken > 0, child.wait()) == (True, True, -9)
    child.stdin.close()


@posix
def test_the_end_of_what_has_ended_is_nothing():
    end_group(2**22 + 1)

    assert ([], 0) == (descendants(2**22 + 1), peak_address_space(2**22 + 1))
