import pytest

from groundwork.environment import Finding, check, ensure, repair
from groundwork.environment._stamp import read_stamp
from groundwork.errors import EnvironmentBroken


def look(environment, **options):
    return check(environment.python, only=["packages", "files"], workdir=environment.root.parent, **options)


def test_only_damaged_packages_are_installed_again_and_all_is_well_after(environment, installer):
    (environment.site_packages / "tiny/more.py").write_text("more = 2\n")

    done = repair(look(environment))

    assert (done, installer.calls) == (["tiny"], ["install tiny again"])
    assert [one.severity for one in look(environment)] == ["ok", "ok"]


def test_nothing_to_mend_installs_nothing(environment, installer):
    assert repair(look(environment)) == []
    assert installer.calls == []


def test_repaired_environment_is_healthy_for_the_next_start(environment, installer):
    (environment.site_packages / "tiny-1.0.dist-info/RECORD").write_text("")
    repair(look(environment))
    installer.calls.clear()

    ensure(environment.root.parent)

    assert installer.calls == []


def test_environment_made_by_other_means_is_repaired_too(environment, installer):
    environment.stamp.unlink()
    (environment.site_packages / "tiny/more.py").unlink()

    repair(look(environment))

    assert installer.calls == ["install tiny again"]
    assert read_stamp(environment) is None


def test_damage_in_the_cache_is_mended_without_the_cache(environment, installer):
    said = []
    installer.broken = lambda site, cache: (site / "tiny/more.py").write_text("") if cache else None
    (environment.site_packages / "tiny/more.py").unlink()

    repair(look(environment), report=said.append)

    assert installer.calls == ["install tiny again", "install tiny again no-cache"]
    assert said[-1].endswith("(without cache)")


def test_file_that_no_installation_brings_is_an_error(environment, installer):
    installer.broken = lambda site, cache: (site / "tiny/more.py").unlink()
    (environment.site_packages / "tiny/more.py").unlink()

    with pytest.raises(EnvironmentBroken, match="even after a fresh installation"):
        repair(look(environment))


def test_package_that_the_lock_does_not_pin_is_named(environment, installer, package):
    package(environment.site_packages, "guest")
    (environment.site_packages / "guest/more.py").unlink()
    (environment.site_packages / "tiny/more.py").unlink()

    with pytest.raises(EnvironmentBroken, match="does not pin guest"):
        repair(look(environment))

    assert installer.calls == ["install tiny again"]


def test_without_a_lock_nothing_can_be_known(environment, installer):
    finding = Finding("files", "error", "x", packages=("tiny",), python=str(environment.python))

    with pytest.raises(EnvironmentBroken, match="no lock that pins tiny"):
        repair([finding])
