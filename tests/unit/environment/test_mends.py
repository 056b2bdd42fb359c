import os
import sys
from pathlib import Path

import pytest

from groundwork.environment import _mends
from groundwork.environment._mends import delete, install, lock_command, pinned, rebuild, reinstalled, rename


@pytest.fixture
def without_uv(monkeypatch):
    monkeypatch.setattr(_mends.shutil, "which", lambda name: None)


@pytest.fixture
def with_uv(monkeypatch):
    monkeypatch.setattr(_mends.shutil, "which", lambda name: "/bin/uv")


def test_packages_are_installed_with_uv_where_it_is(subject, with_uv):
    one = subject(python=Path("/my env/bin/python"))

    assert install(one, "rich>=15") == "uv pip install --python '/my env/bin/python' 'rich>=15'"


def test_packages_are_installed_with_the_pip_of_the_environment_else(subject, without_uv, tmp_path):
    one = subject(python=Path("/env/bin/python"))
    (tmp_path / "site/pip").mkdir()

    assert install(one, "rich") == "/env/bin/python -m pip install rich"


def test_packages_of_an_environment_without_pip_are_installed_with_ours(subject, without_uv):
    one = subject(python=Path("/env/bin/python"))

    assert install(one, "rich") == f"{sys.executable} -m pip --python /env/bin/python install rich"


def test_pinned_package_is_mended_by_the_lock(subject, tmp_path, with_uv):
    lock = tmp_path / "work/requirements.lock"
    one = subject(lock=lock)
    lock.write_text("rich==15.0\n")

    found = reinstalled(one, "files", "found", "expected", [("rich", "rich==15.0")])

    assert found.fix == f"groundwork env fix --python {one.python}"
    assert (found.packages, found.lock, found.python) == (("rich",), str(lock), str(one.python))


def test_lock_elsewhere_is_named(subject, tmp_path):
    one = subject(lock=tmp_path / "other.lock")

    assert lock_command(one).endswith(f" --lock {tmp_path / 'other.lock'}")


@pytest.mark.parametrize(("which", "option"), [("with_uv", "--reinstall"), ("without_uv", "--force-reinstall")])
def test_package_that_no_lock_pins_is_installed_again_in_its_version(subject, request, which, option):
    request.getfixturevalue(which)

    found = reinstalled(subject(), "files", "found", "expected", [("rich", "rich==15.0")])

    assert found.fix.endswith(f"{option} --no-deps rich==15.0")


def test_lock_that_cannot_be_read_pins_nothing(subject, tmp_path):
    assert pinned(subject(lock=tmp_path / "none.lock")) == frozenset()


def test_environment_of_a_project_is_made_anew_by_its_bootstrap(tmp_path):
    (tmp_path / "bootstrap.py").touch()

    assert rebuild(tmp_path / ".venv", tmp_path, None) == "python3 bootstrap.py setup"
    assert rebuild(tmp_path / "env", tmp_path, None) == f"groundwork env create {tmp_path / 'env'}"


def test_environment_elsewhere_is_made_anew_from_its_lock(tmp_path):
    assert rebuild(Path("/env"), tmp_path, Path("/a.lock")) == "groundwork env create /env --lock /a.lock"


def test_commands_are_those_of_the_system(monkeypatch):
    posix = [delete(Path("/a b")), rename(Path("/x/a.py"), "own_a.py")]
    monkeypatch.setattr(_mends, "os", type("os", (), {"name": "nt", "path": os.path}))
    windows = [delete(Path("/a b")), rename(Path("/x/a.py"), "own_a.py")]

    assert posix == ["rm -- '/a b'", "mv -n -- /x/a.py /x/own_a.py"]
    assert windows == ['del "/a b"', "ren /x/a.py own_a.py"]
