import os
import shutil
import sys
from collections import namedtuple
from types import SimpleNamespace

import pytest

from groundwork.environment import _machine, check

GIB = 1 << 30


def only(name, tmp_path):
    (one,) = check(only=name, workdir=tmp_path)
    return one


@pytest.fixture
def container(tmp_path, monkeypatch):
    """A machine with four cores and 8 GiB, and a container whose limits a test writes."""
    monkeypatch.setattr(_machine, "_CGROUP", tmp_path)
    monkeypatch.setattr(_machine, "_MEMINFO", tmp_path / "meminfo")
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 1, 2, 3}, raising=False)
    (tmp_path / "meminfo").write_text("MemTotal: 8388608 kB\nMemAvailable: 4194304 kB\n\nodd\n")
    return tmp_path


@pytest.mark.parametrize(
    ("quota", "cores", "severity"),
    [("max 100000", "4", "ok"), ("150000 100000", "1.5", "warning"), ("900000 100000", "4", "ok"), ("", "4", "ok")],
)
def test_cores_are_those_that_the_container_may_use(container, quota, cores, severity):
    (container / "cpu.max").write_text(quota)

    one = only("cores", container)

    assert (one.found, one.severity) == (f"{cores} usable", severity)


def test_cores_are_counted_where_there_is_no_affinity(container, monkeypatch):
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: None)

    assert only("cores", container).found == "1 usable"


@pytest.mark.parametrize(
    ("limit", "used", "found", "severity"),
    [
        (None, None, "4.0 GiB available of 8.0 GiB", "ok"),
        ("max", None, "4.0 GiB available of 8.0 GiB", "ok"),
        (3 * GIB, GIB // 2, "2.5 GiB available of 3.0 GiB", "ok"),
        (3 * GIB, 2 * GIB, "1.0 GiB available of 3.0 GiB", "warning"),
        (GIB, None, "1.0 GiB available of 1.0 GiB", "warning"),
    ],
)
def test_memory_is_that_which_the_container_may_use(container, limit, used, found, severity):
    for name, value in (("memory.max", limit), ("memory.current", used)):
        if value is not None:
            (container / name).write_text(f"{value}\n")

    one = only("memory", container)

    assert (one.found, one.severity) == (found, severity)


def test_memory_without_proc_comes_from_the_system(container, monkeypatch):
    (container / "meminfo").unlink()
    monkeypatch.setattr(os, "sysconf", lambda name: {"SC_PHYS_PAGES": GIB, "SC_PAGE_SIZE": 4}[name], raising=False)

    assert only("memory", container).found == "4.0 GiB available of 4.0 GiB"


def test_memory_of_a_system_that_does_not_tell_is_no_finding(container, monkeypatch):
    (container / "meminfo").unlink()
    monkeypatch.delattr(os, "sysconf")

    assert only("memory", container).severity == "ok"


@pytest.mark.parametrize(("free", "severity"), [(5 * GIB, "ok"), (GIB, "warning"), (GIB // 8, "error")])
def test_little_disk_space_warns_and_none_is_an_error(tmp_path, monkeypatch, free, severity):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(0, 0, free))

    assert only("disk", tmp_path).severity == severity


@pytest.mark.skipif(sys.platform == "win32", reason="no such limit")
@pytest.mark.parametrize(
    ("soft", "hard", "severity", "fix"),
    [
        (20000, 20000, "ok", ""),
        (-1, -1, "ok", ""),
        (256, 65536, "warning", "ulimit -n 4096"),
        (256, 512, "warning", "ulimit -n 512"),
    ],
)
def test_few_open_files_warn_with_the_command_that_mends_it(tmp_path, monkeypatch, soft, hard, severity, fix):
    import resource

    monkeypatch.setattr(resource, "getrlimit", lambda kind: (soft, hard))

    one = only("open-files", tmp_path)

    assert (one.severity, one.fix) == (severity, fix)


def test_system_without_such_a_limit_is_fine(tmp_path, monkeypatch):
    monkeypatch.setattr(_machine, "sys", SimpleNamespace(platform="win32"))

    assert only("open-files", tmp_path).severity == "ok"
