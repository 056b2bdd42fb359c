"""A checkpoint that is loaded in another environment than the one that saved it."""

import logging

import numpy as np
import pytest

from groundwork.environment import fingerprint
from groundwork.errors import VersionSkew
from groundwork.storage import CheckpointStore, load_checkpoint


@pytest.fixture
def store(tmp_path):
    return CheckpointStore(tmp_path / "checkpoints")


def saved(store, **changes):
    """Save a checkpoint as if this environment differed by these fields; None takes one out."""
    recorded = {name: value for name, value in (fingerprint().to_dict() | changes).items() if value is not None}
    return store.save({"w": np.ones(3)}, step=1, fingerprints={"environment": recorded})


def told(caplog):
    return [record.getMessage() for record in caplog.records if record.name == "groundwork.storage"]


def test_the_same_environment_is_no_news(store, caplog):
    store.save({"w": np.ones(3)}, step=1)

    loaded = store.load(same_environment=True)

    assert (loaded.info.environment_differences, told(caplog)) == ([], [])


def test_another_environment_is_logged_and_listed(store, caplog):
    info = saved(store, python="3.10.0")

    with caplog.at_level(logging.WARNING, "groundwork.storage"):
        loaded = store.load()

    (difference,) = loaded.info.environment_differences
    assert difference.startswith("python 3.10.0 -> ")
    assert told(caplog) == [f"{info.path} was saved in another environment: {difference}"]


def test_a_variable_that_was_set_meanwhile_is_told_by_either_way_of_loading(store, caplog, monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    store.save({"w": np.ones(3)}, step=1)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")

    for verify in ("full", "lazy"):
        store.load(verify=verify)

    assert [line.partition("environment: ")[2] for line in told(caplog)] == ["OMP_NUM_THREADS unset -> 1"] * 2


def test_each_save_records_the_environment_of_its_own_time(store, monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    store.save({"w": np.ones(3)}, step=1)
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    store.save({"w": np.ones(3)}, step=2)

    found = [info.fingerprints["environment"]["threads"]["OMP_NUM_THREADS"] for info in store.list()]

    assert found == [None, "2"]


def test_another_environment_is_refused_when_asked(store, caplog):
    info = saved(store, python="3.10.0")

    for load in (store.load, lambda **options: load_checkpoint(info.path, **options)):
        with pytest.raises(VersionSkew, match=r"saved in another environment: python 3\.10\.0 -> ") as raised:
            load(same_environment=True)

    assert len(raised.value.context["differences"]) == 1
    assert told(caplog) == []


def test_a_checkpoint_of_an_earlier_groundwork_is_compared_by_what_it_recorded(store, caplog):
    saved(store, build=None, hashes=None, native=None, variables=None)

    loaded = store.load(same_environment=True)

    assert (loaded.info.environment_differences, told(caplog)) == ([], [])


@pytest.mark.parametrize("other", ["docker image 12", None, {"image": "12"}, {"python": 3, "packages": []}])
def test_what_is_no_fingerprint_is_compared_with_nothing(store, caplog, other):
    store.save({"w": np.ones(3)}, step=1, fingerprints={"environment": other})

    loaded = store.load(same_environment=True)

    assert (loaded.info.environment_differences, told(caplog)) == ([], [])


def test_a_line_of_log_stays_one_short_line_whatever_the_manifest_says(store, caplog):
    packages = fingerprint().to_dict()["packages"]
    saved(store, packages=packages | {f"a{number}": "1\nERROR forged" for number in range(9)} | {"a": "x" * 5000})

    store.load()

    (line,) = told(caplog)
    assert "\n" not in line
    assert len(line) < 1200


def test_the_log_names_a_few_and_counts_the_others(store, caplog):
    packages = fingerprint().to_dict()["packages"]
    saved(store, packages=packages | {f"a-{number}": "1" for number in range(9)})

    loaded = store.load()

    assert told(caplog)[0].endswith("a-4 1 -> not installed; and 4 more")
    assert len(loaded.info.environment_differences) == 9
