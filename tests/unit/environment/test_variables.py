import sys
from types import SimpleNamespace

import pytest

from groundwork.environment._variables import DEVICES, THREADS, other_variables, thread_variables


def test_every_name_is_there_set_or_not():
    assert set(thread_variables({})) == set(THREADS)
    assert set(other_variables({}).values()) == {None}


def test_an_empty_number_of_threads_is_none():
    assert thread_variables({"OMP_NUM_THREADS": "", "MKL_NUM_THREADS": "4"})["OMP_NUM_THREADS"] is None


@pytest.mark.parametrize(("value", "expected"), [("random", None), ("", None), ("0", "0"), ("17", "17")])
def test_a_random_seed_is_the_same_as_none(value, expected):
    assert other_variables({"PYTHONHASHSEED": value})["PYTHONHASHSEED"] == expected


def test_an_interpreter_that_passes_over_its_variables_has_none(monkeypatch):
    monkeypatch.setattr(sys, "flags", SimpleNamespace(ignore_environment=1))

    found = other_variables({"PYTHONHASHSEED": "0", "MKL_CBWR": "COMPATIBLE"})

    assert (found["PYTHONHASHSEED"], found["MKL_CBWR"]) == (None, "COMPATIBLE")


def test_no_visible_device_is_not_the_same_as_all():
    assert [other_variables({name: ""})[name] for name in DEVICES] == [""] * len(DEVICES)


def test_a_preloaded_library_counts_by_its_name_not_by_its_place():
    found = other_variables({"LD_PRELOAD": "/home/ada/lib/libjemalloc.so.2:/opt/libmkl_rt.so"})

    assert found["LD_PRELOAD"] == "libjemalloc.so.2 libmkl_rt.so"


def test_other_variables_are_never_looked_at():
    secret = {"AWS_SECRET_ACCESS_KEY": "hush", "PIP_INDEX_URL": "https://me:hush@index"}

    assert "hush" not in repr((thread_variables(secret), other_variables(secret)))
