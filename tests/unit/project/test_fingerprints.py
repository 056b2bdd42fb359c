from dataclasses import replace

import pytest

from groundwork import environment, storage
from groundwork.project._fingerprints import FINGERPRINTS_FILE, Fingerprints, moved

HERE = environment.Fingerprint(
    "3.11.7",
    "cpython",
    "Linux x86_64",
    2,
    {"numpy": "2.4.5"},
    {"OMP_NUM_THREADS": None},
    build="GCC 12.2.0",
    hashes={"numpy": "aa"},
    native={"cpu": "AMD EPYC", "driver": None},
    variables={"PYTHONHASHSEED": None, "CUDA_VISIBLE_DEVICES": None},
)


def prints(**changes):
    return Fingerprints("c", {"rows.csv": {"sha256": "d"}}, {"sha256": "e"}, replace(HERE, **changes).to_dict())


@pytest.mark.parametrize(
    "change",
    [
        {"cores": 0.5},
        {"native": {"cpu": "Intel Xeon", "driver": None}},
        {"variables": {"PYTHONHASHSEED": None, "CUDA_VISIBLE_DEVICES": "3"}},
    ],
)
def test_a_start_that_is_given_other_cores_or_devices_goes_on_with_the_run(change):
    assert prints(**change).identity == prints().identity


@pytest.mark.parametrize(
    "change",
    [{"packages": {"numpy": "2.4.6"}}, {"hashes": {"numpy": "bb"}}, {"threads": {"OMP_NUM_THREADS": "1"}}],
)
def test_another_installation_or_setting_is_another_run(change):
    assert prints(**change).identity != prints().identity


@pytest.mark.parametrize("field", ["configuration", "data", "code"])
def test_other_data_code_or_configuration_is_another_run(field):
    assert replace(prints(), **{field: "other"}).identity != prints().identity


def test_a_random_hash_seed_is_the_same_as_none(monkeypatch):
    found = []
    for value in (None, "random", "0"):
        monkeypatch.delenv("PYTHONHASHSEED", raising=False)
        if value is not None:
            monkeypatch.setenv("PYTHONHASHSEED", value)
        found.append(environment.fingerprint().lasting_digest)

    assert (found[0] == found[1], found[0] == found[2]) == (True, False)


def test_a_run_that_goes_on_elsewhere_says_what_is_different(tmp_path):
    storage.write(tmp_path / FINGERPRINTS_FILE, prints(cores=8).to_dict())

    assert moved(tmp_path, prints()) == ["the run went on in another environment than it began in: cores 8 -> 2"]
    assert moved(tmp_path, prints(cores=8)) == []


@pytest.mark.parametrize("content", [None, {}, {"environment": {}}, []])
def test_a_run_that_had_written_nothing_down_has_nothing_to_say(tmp_path, content):
    if content is not None:
        storage.write(tmp_path / FINGERPRINTS_FILE, content)

    assert moved(tmp_path, prints()) == []
