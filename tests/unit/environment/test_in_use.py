import sys
from types import SimpleNamespace

import pytest

from groundwork.environment import _in_use, diff, fingerprint
from groundwork.environment._in_use import IN_USE, in_use

POOLS = [
    {"user_api": "blas", "internal_api": "openblas", "version": "0.3.31", "architecture": "Zen", "num_threads": 2},
    {"user_api": "blas", "internal_api": "mkl", "version": None, "num_threads": 1},
    {"user_api": "openmp", "internal_api": "openmp", "version": None, "num_threads": 2},
]


@pytest.fixture
def libraries(monkeypatch):
    """Stand-ins for what can be imported, by name; everything else is not installed."""
    found = {"threadpoolctl": SimpleNamespace(threadpool_info=lambda: POOLS)}

    def imported(name):
        if name not in found:
            raise ModuleNotFoundError(name)
        return found[name]

    monkeypatch.setattr(_in_use, "import_module", imported)
    return found


def test_kernels_and_threads_are_as_the_libraries_say(libraries):
    expected = {"blas in use": "mkl, 1 thread; openblas 0.3.31 Zen, 2 threads", "openmp in use": "openmp, 2 threads"}

    assert in_use() == {**expected, "cudnn": None}
    assert set(IN_USE) == set(in_use())


def test_torch_tells_its_cudnn(libraries):
    libraries["torch"] = SimpleNamespace(backends=SimpleNamespace(cudnn=SimpleNamespace(version=lambda: 90100)))

    assert in_use()["cudnn"] == "90100"


def test_nothing_loaded_is_none(libraries):
    libraries["threadpoolctl"] = SimpleNamespace(threadpool_info=list)

    assert set(in_use().values()) == {None}


def test_without_threadpoolctl_nobody_is_asked(libraries):
    libraries.clear()

    assert in_use() == {}


def test_what_was_asked_once_is_no_difference_to_what_was_not(libraries, monkeypatch):
    asked, plain = fingerprint(ask=True), fingerprint()

    assert (diff(asked, plain), diff(plain, asked)) == ([], [])
    assert asked.lasting_digest == plain.lasting_digest
    assert asked.digest != plain.digest


def test_another_number_of_threads_is_a_difference(libraries):
    before = fingerprint(ask=True)
    more = [pool | {"num_threads": 4} for pool in POOLS if pool["internal_api"] != "mkl"]
    libraries["threadpoolctl"] = SimpleNamespace(threadpool_info=lambda: [*more, POOLS[1]])

    assert diff(before, fingerprint(ask=True)) == [
        "blas in use openblas 0.3.31 Zen, 2 threads -> openblas 0.3.31 Zen, 4 threads",
        "openmp in use openmp, 2 threads -> openmp, 4 threads",
    ]


def test_the_libraries_of_this_environment_answer():
    found = in_use()

    assert "sklearn" in sys.modules
    assert "thread" in found["blas in use"]
