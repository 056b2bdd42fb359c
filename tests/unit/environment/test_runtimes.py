import pytest

from groundwork.environment._runtimes import check_runtimes


@pytest.fixture
def look(subject, tmp_path, package):
    """Judge an environment with the given libraries, by path below it."""

    def judge(*paths, listed=()):
        one = subject()
        package(tmp_path / "site", "numpy", files=dict.fromkeys(listed, "x"))
        for path in paths:
            file = tmp_path / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text("x")
        return [(found.severity, found.found, found.fix) for found in check_runtimes(one)]

    return judge


def test_environment_without_such_libraries_is_fine(look):
    assert look() == [("ok", "0 BLAS and 0 OpenMP libraries, none of which clash", "")]


def test_libraries_that_live_side_by_side_are_fine(look, tmp_path):
    found = look(
        "site/numpy.libs/libscipy_openblas64_-32a4b2a6.so",
        "site/numpy.libs/libgfortran-040039e1.so.5.0.0",
        "site/scipy.libs/libscipy_openblas-68440149.so",
        "site/scikit_learn.libs/libgomp-e985bcbb.so.1.0.0",
        "site/torch/lib/libgomp.so.1",
        "site/torch/lib/libtorch.so",
        "site/xgboost/.dylibs/libomp.dylib",
        "env/lib/libmkl_rt.so.2",
    )

    assert found == [("ok", "3 BLAS and 3 OpenMP libraries, none of which clash", "")]


@pytest.mark.parametrize(
    ("paths", "told"),
    [
        (
            ["env/lib/libiomp5.so", "site/torch/lib/libomp.so"],
            "Intel's in lib/libiomp5.so, LLVM's in torch/lib/libomp.so",
        ),
        (
            ["site/torch/lib/libomp.dylib", "site/sklearn/.dylibs/libomp.dylib"],
            "LLVM's in sklearn/.dylibs/libomp.dylib, LLVM's in torch/lib/libomp.dylib",
        ),
        (
            ["env/Library/bin/libiomp5md.dll", "site/torch/lib/libiomp5md.dll"],
            "Intel's in Library/bin/libiomp5md.dll, Intel's in torch/lib/libiomp5md.dll",
        ),
    ],
)
def test_two_hostile_openmp_runtimes_are_a_warning(look, paths, told):
    ((severity, found, fix),) = look(*paths)

    assert (severity, found) == ("warning", f"a process may load 2 OpenMP runtimes: {told}")
    assert fix.endswith("OMP_NUM_THREADS=1")


def test_link_beside_its_library_is_the_same_library(look, tmp_path):
    (tmp_path / "env/lib").mkdir(parents=True)
    (tmp_path / "env/lib/libomp.so").symlink_to("libiomp5.so")

    ((severity, _, _),) = look("env/lib/libiomp5.so")

    assert severity == "ok"


def test_library_left_over_from_another_build_is_a_warning(look, tmp_path):
    kept, stray = "numpy.libs/libscipy_openblas64_-aaaa.so", "numpy.libs/libscipy_openblas64_-bbbb.so"

    ((severity, found, fix),) = look(f"site/{kept}", f"site/{stray}", listed=[kept])

    assert (severity, found.endswith("no package lists libscipy_openblas64_-bbbb.so")) == ("warning", True)
    assert fix == f"rm -- {tmp_path / 'site' / stray}"


def test_several_builds_that_a_package_brings_are_its_own_business(look):
    both = [f"numpy.libs/libopenblas-{name}.so" for name in ("a", "b")]

    assert look(*(f"site/{path}" for path in both), listed=both)[0][0] == "ok"
