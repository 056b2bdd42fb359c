import hashlib
import json
import sys
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundwork.environment import Fingerprint, diff, fingerprint
from groundwork.errors import InvalidDataError

BASE = Fingerprint(
    "3.11.7",
    "cpython",
    "Linux x86_64",
    2,
    {"numpy": "2.4.5"},
    {"OMP_NUM_THREADS": None},
    build="GCC 12.2.0",
    hashes={"numpy": "aa"},
    native={"cpu": "AMD EPYC", "blas": "numpy: openblas 0.3.30; scipy: openblas 0.3.29", "driver": None, "gpu": None},
    variables={"PYTHONHASHSEED": None, "CUDA_VISIBLE_DEVICES": None},
)
OLDER = {
    "python": "3.11.7",
    "implementation": "cpython",
    "platform": "Linux x86_64",
    "cores": 2,
    "packages": {"numpy": "2.4.5"},
    "threads": {"OMP_NUM_THREADS": None},
}

_texts = st.dictionaries(st.text(max_size=5), st.text(min_size=1, max_size=5), max_size=4)


def _named(*names):
    return st.fixed_dictionaries({name: st.none() | st.sampled_from(["1", "2; 3"]) for name in names})


_fingerprints = st.builds(
    Fingerprint,
    python=st.sampled_from(["3.11.7", "3.12.1"]),
    implementation=st.just("cpython"),
    platform=st.just("Linux"),
    cores=st.sampled_from([2, 0.5]),
    packages=_texts,
    threads=_named("OMP_NUM_THREADS", "MKL_NUM_THREADS"),
    build=st.sampled_from(["GCC 12", "Clang 18"]),
    hashes=st.just({}),
    native=_named("blas", "driver"),
    variables=_named("PYTHONHASHSEED"),
)


def test_running_environment_is_described(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "3")

    now = fingerprint()

    assert now.python == sys.version.split()[0]
    assert "pytest" in now.packages
    assert now.threads["OMP_NUM_THREADS"] == "3"
    assert now.build is not None
    assert len(now.hashes["pytest"]) == 16
    assert now.native["cpu"]
    assert "PYTHONHASHSEED" in now.variables


def test_first_package_on_the_path_counts(tmp_path, monkeypatch, package):
    for version in ("1.0", "2.0"):
        package(tmp_path / version, "tiny", version)
    monkeypatch.chdir(tmp_path / "1.0")
    monkeypatch.setattr(sys, "path", ["", str(tmp_path / "2.0")])

    assert fingerprint().packages == {"tiny": "1.0"}


def test_difference_is_said_in_words():
    other = replace(
        BASE,
        cores=4,
        build="Clang 18.1.8",
        packages={"numpy": "2.4.6", "rich": "14"},
        threads={"OMP_NUM_THREADS": "1"},
        native={**BASE.native, "driver": "nvidia 550.54.14", "blas": "numpy: openblas 0.3.31; scipy: openblas 0.3.29"},
        variables={"PYTHONHASHSEED": "0"},
    )

    assert diff(BASE, other.to_dict()) == [
        "python build GCC 12.2.0 -> Clang 18.1.8",
        "cores 2 -> 4",
        "numpy 2.4.5 -> 2.4.6",
        "rich not installed -> 14",
        "blas numpy: openblas 0.3.30 -> numpy: openblas 0.3.31",
        "driver none -> nvidia 550.54.14",
        "OMP_NUM_THREADS unset -> 1",
        "PYTHONHASHSEED unset -> 0",
    ]


def test_another_build_of_the_same_version_is_a_difference():
    assert diff(BASE, replace(BASE, hashes={"numpy": "bb"})) == ["numpy 2.4.5 (sha256 aa) -> 2.4.5 (sha256 bb)"]
    assert diff(replace(BASE, hashes={"numpy": "editable"}), BASE) == ["numpy 2.4.5 (editable) -> 2.4.5 (sha256 aa)"]


def test_parts_in_another_order_are_told_whole():
    reordered = replace(BASE, native={**BASE.native, "gpu": "1 x A; 1 x B"})
    other = replace(BASE, native={**BASE.native, "gpu": "1 x B; 1 x A"})

    assert diff(reordered, other) == ["gpu 1 x A; 1 x B -> 1 x B; 1 x A"]


def test_what_an_earlier_groundwork_did_not_record_is_no_difference():
    older_threads = {**OLDER, "threads": {}}

    assert [diff(OLDER, BASE), diff(BASE, OLDER), diff(older_threads, BASE)] == [[], [], []]
    assert diff(OLDER, replace(BASE, python="3.12.1")) == ["python 3.11.7 -> 3.12.1"]


def test_an_older_fingerprint_keeps_its_digest():
    text = json.dumps(OLDER, sort_keys=True, separators=(",", ":"))

    assert Fingerprint.from_dict(OLDER).digest == hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize(
    "change",
    [
        {"cores": 4},
        {"native": {**BASE.native, "cpu": "Intel Xeon", "driver": "nvidia 550.54.14", "gpu": "1 x A100"}},
        {"variables": {**BASE.variables, "CUDA_VISIBLE_DEVICES": "1"}},
    ],
)
def test_what_a_start_is_given_changes_the_digest_but_not_the_lasting_one(change):
    other = replace(BASE, **change)

    assert (other.digest == BASE.digest, other.lasting_digest == BASE.lasting_digest) == (False, True)


@pytest.mark.parametrize(
    "change",
    [
        {"python": "3.12.1"},
        {"build": "Clang 18"},
        {"packages": {"numpy": "2.4.6"}},
        {"hashes": {"numpy": "bb"}},
        {"threads": {"OMP_NUM_THREADS": "1"}},
        {"native": {**BASE.native, "blas": None}},
        {"variables": {**BASE.variables, "PYTHONHASHSEED": "0"}},
    ],
)
def test_what_is_installed_or_set_changes_both_digests(change):
    other = replace(BASE, **change)

    assert (other.digest == BASE.digest, other.lasting_digest == BASE.lasting_digest) == (False, False)


def test_an_older_fingerprint_has_a_lasting_digest_too():
    older = Fingerprint.from_dict(OLDER)

    assert older.lasting_digest == replace(older, cores=64).lasting_digest != BASE.lasting_digest


def test_two_looks_at_one_environment_are_equal():
    assert fingerprint() == fingerprint()


@given(a=_fingerprints, b=_fingerprints)
@settings(deadline=None, max_examples=50)
def test_digests_are_equal_exactly_when_nothing_differs(a, b):
    assert (a.digest == b.digest) == (diff(a, b) == [])


@given(one=_fingerprints)
@settings(deadline=None, max_examples=50)
def test_json_keeps_everything(one):
    back = Fingerprint.from_dict(json.loads(json.dumps(one.to_dict())))

    assert (back, back.digest) == (one, one.digest)


def test_digest_does_not_depend_on_the_order_of_packages():
    pair = {"a": "1", "b": "2"}

    assert replace(BASE, packages=pair).digest == replace(BASE, packages=dict(reversed(pair.items()))).digest


def test_other_data_is_no_fingerprint():
    with pytest.raises(InvalidDataError, match="no 'python'"):
        diff({}, BASE)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("python", 3),
        ("cores", "two"),
        ("packages", ["numpy"]),
        ("packages", {"numpy": None}),
        ("threads", {"OMP_NUM_THREADS": 1}),
        ("hashes", {"numpy": 1}),
        ("native", "x"),
    ],
)
def test_a_field_that_holds_something_else_is_named(field, value):
    with pytest.raises(InvalidDataError, match=f"{field} is "):
        Fingerprint.from_dict({**BASE.to_dict(), field: value})


def test_a_folder_that_may_not_be_read_is_passed_over_as_imports_do(monkeypatch):
    def refused(folder):
        raise PermissionError(13, "Permission denied", str(folder))

    monkeypatch.setattr("groundwork.environment._fingerprint.distributions", refused)

    assert fingerprint().packages == {}
