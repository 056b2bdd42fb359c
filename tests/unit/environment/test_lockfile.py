import importlib.util

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.markers import Marker, default_environment

from groundwork.environment import _lockfile
from groundwork.environment._lockfile import applies, read_lock
from groundwork.errors import ConfigurationError

HERE = dict(default_environment())


@pytest.fixture
def nothing_installed(monkeypatch):
    """As when bootstrap.py runs on a fresh machine."""
    monkeypatch.setattr(_lockfile.importlib.util, "find_spec", lambda name: None)


def test_pins_are_read_with_version_marker_and_hashes(tmp_path):
    lock = tmp_path / "requirements.lock"
    lock.write_text(
        "# a comment\n\nFoo_Bar[extra]==1.2.post1 ; sys_platform == 'win32' \\\n"
        "    --hash=sha256:aa \\\n    --hash=sha256:bb\n"
        "    # via something\nbaz==2\n"
    )

    first, second = read_lock(lock)

    assert (first.name, first.version, first.marker) == ("foo-bar", "1.2.post1", "sys_platform == 'win32'")
    assert first.text.endswith("--hash=sha256:bb")
    assert (second.name, second.version, second.marker, second.text) == ("baz", "2", "", "baz==2")


@pytest.mark.parametrize("line", ["foo>=1", "-r other.txt", "./folder"])
def test_line_that_is_no_pin_is_named_with_its_number(tmp_path, line):
    lock = tmp_path / "requirements.lock"
    lock.write_text(f"baz==2\n{line}\n")

    with pytest.raises(ConfigurationError, match="line 2"):
        read_lock(lock)


@pytest.mark.parametrize(
    "line", ["--index-url https://user:hunter2@host.invalid/simple", "rich @ https://host.invalid/r.whl?token=hunter2"]
)
def test_password_in_a_line_that_is_no_pin_is_masked(tmp_path, line):
    lock = tmp_path / "requirements.lock"
    lock.write_text(f"{line}\nbaz==2\n")

    with pytest.raises(ConfigurationError, match="line 1") as raised:
        read_lock(lock)

    assert ("hunter2" in raised.value.message, "***" in raised.value.message) == (False, True)


def test_hint_of_a_line_that_is_no_pin_does_not_lead_back_to_itself(tmp_path):
    lock = tmp_path / "requirements.lock"
    lock.write_text("./folder\n")

    with pytest.raises(ConfigurationError) as raised:
        read_lock(lock)

    # `env lock` leaves a file alone that is no lock.
    assert "take that line out; or move the file away" in raised.value.hint


def test_lock_that_is_no_text_is_the_callers_mistake(tmp_path):
    lock = tmp_path / "requirements.lock"
    lock.write_bytes(b"\xff\xfe\x00")

    with pytest.raises(ConfigurationError, match=r"cannot read the lock .*: it is not UTF-8"):
        read_lock(lock)


def test_missing_lock_is_the_callers_mistake(tmp_path):
    with pytest.raises(ConfigurationError, match="cannot read the lock"):
        read_lock(tmp_path / "none.lock")


@pytest.mark.parametrize("marker", ["", "not a marker at all (", "unknown_name == '1'"])
def test_marker_that_cannot_be_judged_applies(marker, nothing_installed):
    assert applies(marker, HERE)


def test_marker_that_packaging_cannot_read_applies():
    assert applies("unknown_name == '1'", HERE)


@pytest.mark.parametrize("marker", ["f(x) == 1", "1 == 1", "'a' < 'b' < 'c'"])
def test_code_in_a_marker_is_never_run(marker, nothing_installed):
    assert applies(marker, HERE)


_versions = st.sampled_from(["3.8", "3.11", "3.11.7", "3.12", "4"])
_atoms = st.one_of(
    st.builds("python_full_version {} '{}'".format, st.sampled_from(["<", "<=", "==", "!=", ">=", ">"]), _versions),
    st.builds("sys_platform {} '{}'".format, st.sampled_from(["==", "!="]), st.sampled_from(["win32", "linux"])),
    st.sampled_from(["'linux' in sys_platform", "'linux' not in sys_platform", "'x' == os_name"]),
)
_markers = st.recursive(
    _atoms, lambda inner: st.builds("({} {} {})".format, inner, st.sampled_from(["and", "or"]), inner)
)


@given(marker=_markers)
@settings(deadline=None, max_examples=50)
def test_fallback_judges_as_packaging_does(marker):
    expected = Marker(marker).evaluate({**HERE, "extra": ""})

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(importlib.util, "find_spec", lambda name: None)
        actual = applies(marker, HERE)

    assert actual == expected
