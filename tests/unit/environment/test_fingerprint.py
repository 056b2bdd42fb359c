import json
import sys
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundwork.environment import Fingerprint, diff, fingerprint
from groundwork.errors import InvalidDataError

BASE = Fingerprint("3.11.7", "cpython", "Linux x86_64", 2, {"numpy": "2.4.5"}, {"OMP_NUM_THREADS": None})

_texts = st.dictionaries(st.text(max_size=5), st.text(min_size=1, max_size=5), max_size=4)
_fingerprints = st.builds(
    Fingerprint, st.sampled_from(["3.11.7", "3.12.1"]), st.just("cpython"), st.just("Linux"), st.just(2), _texts, _texts
)


def test_running_environment_is_described(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "3")

    now = fingerprint()

    assert now.python == sys.version.split()[0]
    assert "pytest" in now.packages
    assert now.threads["OMP_NUM_THREADS"] == "3"


def test_first_package_on_the_path_counts(tmp_path, monkeypatch, package):
    for version in ("1.0", "2.0"):
        package(tmp_path / version, "tiny", version)
    monkeypatch.chdir(tmp_path / "1.0")
    monkeypatch.setattr(sys, "path", ["", str(tmp_path / "2.0")])

    assert fingerprint().packages == {"tiny": "1.0"}


def test_difference_is_said_in_words():
    other = replace(BASE, cores=4, packages={"numpy": "2.4.6", "rich": "14"}, threads={"OMP_NUM_THREADS": "1"})

    assert diff(BASE, other.to_dict()) == [
        "cores 2 -> 4",
        "numpy 2.4.5 -> 2.4.6",
        "rich not installed -> 14",
        "OMP_NUM_THREADS unset -> 1",
    ]


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


def test_a_folder_that_may_not_be_read_is_passed_over_as_imports_do(monkeypatch):
    def refused(folder):
        raise PermissionError(13, "Permission denied", str(folder))

    monkeypatch.setattr("groundwork.environment._fingerprint.distributions", refused)

    assert fingerprint().packages == {}
