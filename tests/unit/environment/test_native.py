import os
import sys

import pytest

from groundwork.environment import _native
from groundwork.environment._native import MACHINE, native

CONFIG = """CONFIG = _cleanup({
    "Build Dependencies": {
        "blas": {
            "name": "scipy-openblas",
            "found": bool("True".lower().replace("false", "")),
            "version": "0.3.31",
        },
    },
})
"""
DRIVERS = ["550.54.14", "570.86.10", "535.183.01"]


@pytest.fixture
def machine(tmp_path):
    """A file system, a prefix and a site-packages in it, all empty; and what is seen there."""
    site, prefix = tmp_path / "site", tmp_path / "prefix"
    site.mkdir()
    _native._processor.cache_clear()
    yield tmp_path, site, lambda: native([str(site)], prefix=str(prefix), root=tmp_path)
    _native._processor.cache_clear()


def write(path, text=""):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_where_there_is_nothing_every_name_says_so(machine, monkeypatch):
    monkeypatch.setattr("platform.processor", lambda: "")

    found = machine[2]()

    assert list(found) == ["cpu", "libc", "blas", "openmp", "cuda", "driver", "gpu"]
    assert {name for name, value in found.items() if value is not None} <= {"libc"}
    assert set(MACHINE) < set(found)


def test_libraries_of_wheels_are_told_by_who_brings_them(machine):
    _, site, look = machine
    write(site / "numpy/__config__.py", CONFIG)
    write(site / "numpy.libs/libscipy_openblas64_-32a4b2a6.so")
    write(site / "numpy.libs/libgfortran-040039e1.so.5.0.0")
    write(site / "scikit_learn.libs/libgomp-e985bcbb.so.1.0.0")
    write(site / "torch/lib/libgomp.so.1")
    write(site / "torch/lib/libtorch_cpu.so")

    found = look()

    assert found["blas"] == "numpy: scipy-openblas 0.3.31 (libscipy_openblas64_-32a4b2a6.so)"
    assert found["openmp"] == "scikit-learn: libgomp-e985bcbb.so.1.0.0; torch: libgomp.so.1"


@pytest.mark.parametrize(
    ("place", "kind", "expected"),
    [
        ("site/numpy/.dylibs/libscipy_openblas64_.dylib", "blas", "numpy: libscipy_openblas64_.dylib"),
        ("site/sklearn/.dylibs/libomp.dylib", "openmp", "scikit-learn: libomp.dylib"),
        ("site/numpy.libs/libscipy_openblas64_-8fb3.dll", "blas", "numpy: libscipy_openblas64_-8fb3.dll"),
        ("site/scikit_learn.libs/vcomp140.dll", "openmp", "scikit-learn: vcomp140.dll"),
        ("prefix/lib/libmkl_rt.so.2", "blas", "environment: libmkl_rt.so.2"),
        ("prefix/lib/libopenblasp-r0.3.27.so", "blas", "environment: libopenblasp-r0.3.27.so"),
        ("prefix/lib/libiomp5.so", "openmp", "environment: libiomp5.so"),
    ],
)
@pytest.mark.skipif(os.name == "nt", reason="the prefix keeps libraries elsewhere")
def test_each_kind_of_installation_keeps_them_in_its_own_place(machine, place, kind, expected):
    root, _, look = machine
    write(root / place)

    assert look()[kind] == expected


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_a_numpy_of_the_distribution_uses_what_the_link_of_the_system_points_at(machine):
    root, site, look = machine
    write(site / "numpy/__config__.py", CONFIG)
    libraries = root / "usr/lib/x86_64-linux-gnu"
    write(libraries / "openblas-pthread/libblas.so.3")
    (libraries / "libblas.so.3").symlink_to(libraries / "openblas-pthread/libblas.so.3")

    assert look()["blas"] == "numpy: scipy-openblas 0.3.31; system: openblas-pthread/libblas.so.3"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("cuda: Optional[str] = '12.6'\nhip: Optional[str] = None", "torch: 12.6"),
        ("cuda: Optional[str] = None\nhip: Optional[str] = '6.2.41'", "torch: hip 6.2.41"),
        ("cuda = '11.8'", "torch: 11.8"),
        ("cuda: Optional[str] = None\nhip: Optional[str] = None", None),
    ],
)
def test_what_torch_was_built_with_is_read_without_importing_it(machine, line, expected):
    _, site, look = machine
    write(site / "torch/version.py", f"__version__ = '2.13.0'\ndebug = False\n{line}\n")

    assert look()["cuda"] == expected


def test_the_toolkit_of_the_machine_is_told_beside(machine):
    root, site, look = machine
    write(site / "torch/version.py", "cuda = '12.6'\n")
    write(root / "usr/local/cuda/version.json", '{"cuda" : {"name" : "CUDA SDK", "version" : "12.4.1"}}')

    assert look()["cuda"] == "torch: 12.6; toolkit: 12.4.1"


@pytest.mark.parametrize("version", DRIVERS)
def test_driver_and_devices_are_read_from_the_system(machine, version):
    root, _, look = machine
    write(root / "sys/module/nvidia/version", f"{version}\n")
    for bus in ("0000:01:00.0", "0000:02:00.0"):
        write(root / f"proc/driver/nvidia/gpus/{bus}/information", "Model: \t\t NVIDIA A100-SXM4-40GB\nIRQ: 1\n")
    (root / "proc/driver/nvidia/gpus/0000:03:00.0").mkdir()

    found = look()

    assert (found["driver"], found["gpu"]) == (f"nvidia {version}", "2 x NVIDIA A100-SXM4-40GB; 1 x unknown")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "processor\t: 0\nmodel name\t: AMD EPYC 7B13\nflags\t\t: fpu\n\nprocessor\t: 1\nmodel name\t: X\n",
            "AMD EPYC 7B13",
        ),
        ("processor\t: 0\nCPU implementer\t: 0x41\nCPU part\t: 0xd0c\n", "0x41 0xd0c"),
        ("processor\t: 0\n", None),
    ],
)
def test_the_processor_is_the_first_one(machine, text, expected):
    write(machine[0] / "proc/cpuinfo", text)

    assert machine[2]()["cpu"] == expected


@pytest.mark.parametrize(
    ("system", "name", "value", "expected"),
    [
        ("darwin", "mac_ver", ("14.5", ("", "", ""), "arm64"), "macOS 14.5"),
        ("win32", "version", "10.0.22631", "Windows 10.0.22631"),
    ],
)
def test_other_systems_stand_for_their_libraries(monkeypatch, system, name, value, expected):
    _native._c_library.cache_clear()
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(f"platform.{name}", lambda: value)

    assert _native._c_library() == expected
    _native._c_library.cache_clear()


@pytest.mark.skipif(not hasattr(os, "confstr"), reason="no such call on this system")
def test_a_c_library_that_does_not_tell_is_none(monkeypatch):
    def refused(name):
        raise ValueError("unrecognized configuration name")

    _native._c_library.cache_clear()
    monkeypatch.setattr(os, "confstr", refused)

    assert _native._c_library() is None
    _native._c_library.cache_clear()
