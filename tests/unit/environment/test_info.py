import sys

import pytest

from groundwork.environment import info


def test_environment_is_described(environment, project):
    lock = project / "requirements.lock"

    actual = info(environment.root, lock=lock)

    assert (actual.python, actual.place, actual.made_by_groundwork) == (environment.python, environment.root, "ready")
    assert actual.version == sys.version.split()[0]
    assert (actual.lock, actual.lock_state, actual.missing, actual.packages) == (str(lock), "equal", (), 3)
    assert actual.backend in ("uv", "pip")
    assert actual.size_bytes == sum(actual.biggest.values()) > 0


def test_difference_from_the_lock_is_named(environment, project):
    lock = project / "requirements.lock"
    lock.write_text(lock.read_text().replace("tiny==1.0", "tiny==1.1") + "absent==3\nno==1 ; os_name == 'x'\n")

    actual = info(environment.root, lock=lock)

    assert (actual.lock_state, actual.missing) == ("differs", ("tiny 1.1 (installed: 1.0)", "absent 3"))


def test_environment_that_runs_needs_no_lock(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    actual = info()

    assert (str(actual.python), actual.lock, actual.lock_state) == (sys.executable, "", "none")


@pytest.mark.parametrize("content", ["", None])
def test_package_whose_record_is_gone_has_no_size(environment, content):
    record = environment.site_packages / "tiny-1.0.dist-info/RECORD"
    record.unlink()
    if content is not None:
        record.write_text(content)

    assert info(environment.root).biggest["tiny"] == 0


def test_size_of_a_file_without_one_in_its_record_is_looked_up(environment):
    record = environment.site_packages / "tiny-1.0.dist-info/RECORD"
    before = info(environment.root).biggest["tiny"]
    record.write_text(record.read_text().replace(",12\n", ",\n"))

    assert info(environment.root).biggest["tiny"] == before
