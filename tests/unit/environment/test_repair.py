import shutil

import pytest

from groundwork.environment import Finding, _repair, _unfinished, check, ensure, remedies, repair
from groundwork.environment._stamp import read_stamp
from groundwork.environment._unfinished import begin_repair, end_repair
from groundwork.errors import EnvironmentBroken
from groundwork.testing import failpoints


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


def test_remedy_tells_versions_beforehand_and_changes_nothing(environment, installer, package):
    package(environment.site_packages, "guest")
    for name in ("guest", "tiny"):
        (environment.site_packages / name / "more.py").unlink()

    (remedy,) = remedies(look(environment))

    assert (remedy.packages, remedy.unpinned) == ({"tiny": "1.0"}, ("guest",))
    assert (remedy.python, remedy.lock) == (str(environment.python), str(environment.root.parent / "requirements.lock"))
    assert installer.calls == []


def test_pin_for_another_platform_is_no_remedy(environment, installer):
    lock = environment.root.parent / "requirements.lock"
    lock.write_text("tiny==1.0 ; sys_platform == 'amiga' --hash=sha256:aa\n")
    finding = Finding("files", "error", "x", packages=("tiny",), python=str(environment.python), lock=str(lock))

    (remedy,) = remedies([finding])

    assert (remedy.packages, remedy.unpinned) == ({}, ("tiny",))


def test_metadata_without_a_record_is_back_after_a_failed_installation(environment, installer):
    record = environment.site_packages / "tiny-1.0.dist-info/RECORD"
    record.write_text("")
    before = sorted(path.name for path in record.parent.iterdir())
    installer.fails = True

    with pytest.raises(EnvironmentBroken, match="no network"):
        repair(look(environment))

    assert sorted(path.name for path in record.parent.iterdir()) == before
    assert [one.severity for one in check(environment.python, only="unfinished")] == ["ok"]


def test_metadata_that_a_killed_repair_put_aside_is_back_after_a_failed_one(environment, installer):
    there = environment.site_packages / "tiny-1.0.dist-info"
    before = sorted(path.name for path in there.iterdir())
    findings = [
        Finding("files", "error", "x", packages=("tiny",), python=str(environment.python), lock=lock_of(environment))
    ]
    aside = environment.root / ".groundwork-aside"
    aside.mkdir()
    there.rename(aside / "0-tiny-1.0.dist-info")
    installer.fails = True

    with pytest.raises(EnvironmentBroken, match="no network"):
        repair(findings)

    assert sorted(path.name for path in there.iterdir()) == before
    assert not aside.exists()


def test_metadata_that_a_killed_repair_had_replaced_already_is_not_back(environment, installer):
    aside = environment.root / ".groundwork-aside/0-tiny-0.9.dist-info"
    aside.mkdir(parents=True)
    (environment.site_packages / "tiny/more.py").unlink()

    repair(look(environment))

    assert [path.name for path in environment.site_packages.glob("tiny-*")] == ["tiny-1.0.dist-info"]
    assert not aside.parent.exists()


def test_drift_leaves_one_version(environment, installer, package):
    shutil.rmtree(environment.site_packages / "tiny-1.0.dist-info")
    for version in ("0.8", "0.9"):
        package(environment.site_packages, "tiny", version)
    (environment.site_packages / "tiny-0.9.dist-info/METADATA").write_bytes(b"\xff")

    repair(look(environment))

    # The installer of these tests uninstalls nothing: what it could not have uninstalled is gone.
    here = sorted(path.name for path in environment.site_packages.glob("tiny-*"))
    assert here == ["tiny-0.8.dist-info", "tiny-1.0.dist-info"]


def test_copy_of_the_metadata_under_another_version_is_gone_after_a_repair(environment, installer):
    site = environment.site_packages
    for version in ("0.9", "1.1"):
        shutil.copytree(site / "tiny-1.0.dist-info", site / f"tiny-{version}.dist-info")

    repair(look(environment))

    assert [path.name for path in site.glob("tiny-*")] == ["tiny-1.0.dist-info"]


def test_installer_that_fails_over_old_metadata_is_asked_once_more_without_it(environment, installer, monkeypatch):
    (environment.site_packages / "tiny/more.py").unlink()
    there = environment.site_packages / "tiny-1.0.dist-info"
    fine = installer.install

    def install(*arguments, **options):
        if there.exists():
            raise EnvironmentBroken("RECORD file is invalid")
        fine(*arguments, **options)

    monkeypatch.setattr(installer, "install", install)

    assert repair(look(environment)) == ["tiny"]
    assert [one.severity for one in look(environment)] == ["ok", "ok"]


def test_failure_of_the_world_is_not_tried_again(environment, installer, monkeypatch):
    (environment.site_packages / "tiny/more.py").unlink()
    calls = []

    def install(*_, **__):
        calls.append("install")
        raise EnvironmentBroken("the disk is full", code="disk_full")

    monkeypatch.setattr(installer, "install", install)

    with pytest.raises(EnvironmentBroken, match="disk is full"):
        repair(look(environment))

    # How far it came is not known: that stays noted.
    assert (calls, [one.packages for one in check(environment.python, only="unfinished")]) == (["install"], [("tiny",)])


@pytest.mark.parametrize(
    "point",
    [
        "environment.repair.begun",
        "environment.repair.aside",
        "environment.repair.replaced",
        "environment.repair.installed",
        "environment.stamp.before_ready",
        "environment.repair.noted",
    ],
)
def test_repair_broken_off_anywhere_is_told_and_mended_by_the_next(environment, installer, point):
    (environment.site_packages / "tiny/more.py").unlink()
    whole = {"workdir": environment.root.parent, "only": ["unfinished", "packages", "files"]}
    with failpoints({point: KeyboardInterrupt()}), pytest.raises(KeyboardInterrupt):
        repair(check(environment.python, **whole))

    found = check(environment.python, **whole)
    repair(found)

    assert found[0].found.startswith("a repair of tiny has not ended")
    assert [one.severity for one in check(environment.python, **whole)] == ["ok", "ok", "ok"]
    assert not list(environment.root.glob("*.tmp"))


def test_packages_of_an_earlier_repair_stay_noted(environment, installer, tmp_path):
    begin_repair(environment.root, ["other"], str(environment.root.parent / "requirements.lock"))
    (environment.site_packages / "tiny/more.py").unlink()

    repair(look(environment))

    (finding,) = check(environment.python, only="unfinished", workdir=tmp_path)
    assert (finding.packages, installer.calls) == (("other",), ["install tiny again"])
    assert finding.fix.startswith("groundwork env fix --python ")
    assert finding.fix.endswith("requirements.lock")


def test_repair_that_had_no_network_does_not_forget_the_one_broken_off_before_it(environment, installer):
    lock = str(environment.root.parent / "requirements.lock")
    begin_repair(environment.root, ["tiny"], lock)
    (environment.site_packages / "tiny/more.py").unlink()
    installer.fails = True

    with pytest.raises(EnvironmentBroken, match="no network"):
        repair(look(environment))

    assert [one.packages for one in check(environment.python, only="unfinished")] == [("tiny",)]


def test_note_of_the_packages_that_are_left_is_never_gone(environment, monkeypatch):
    begin_repair(environment.root, ["other", "tiny"], "")
    monkeypatch.setattr(_unfinished.os, "replace", raising(KeyboardInterrupt()))

    with pytest.raises(KeyboardInterrupt):
        end_repair(environment.root, ["tiny"])

    (finding,) = check(environment.python, only="unfinished")
    assert finding.packages == ("other", "tiny")


def test_note_that_cannot_be_read_is_none(environment):
    (environment.root / "groundwork-repair.json").write_text("[]")

    assert [one.severity for one in check(environment.python, only="unfinished")] == ["ok"]


def test_wheel_that_came_wrong_is_known_and_forgotten_when_it_comes_right(environment, installer):
    more = environment.site_packages / "tiny/more.py"
    installer.broken = lambda site, cache: more.write_text("more = 9\n")
    more.unlink()
    repair(look(environment))
    known = read_stamp(environment).known
    installer.broken = None
    more.unlink()

    repair(look(environment))

    assert (known, read_stamp(environment).known) == ({"tiny/tiny/more.py": "content differs"}, {})


def test_wheel_that_came_wrong_is_known_where_groundwork_made_nothing(environment, installer):
    environment.stamp.unlink()
    more = environment.site_packages / "tiny/more.py"
    installer.broken = lambda site, cache: more.write_text("more = 9\n")
    more.unlink()

    repair(look(environment))

    assert [one.severity for one in look(environment)] == ["ok", "ok"]
    assert read_stamp(environment).known == {"tiny/tiny/more.py": "content differs"}


def test_pip_is_provided_where_there_is_none(environment, installer):
    installer.name = "pip"
    (environment.site_packages / "tiny/more.py").unlink()

    repair(look(environment))

    assert installer.calls == ["provide", "install tiny again"]


def test_what_a_killed_pip_left_is_swept_and_nothing_else(environment, installer, package):
    site = environment.site_packages
    package(site, "~iny")
    for name in ("~iny.pth", "~mine", "~y", "~~ny", "~tiny", "~"):
        (site / name).mkdir()
    (site / "tiny/more.py").unlink()

    repair([one for one in look(environment) if "tiny" in one.packages])

    assert sorted(path.name for path in site.glob("~*")) == ["~", "~iny.pth", "~mine", "~y"]


def test_environment_that_cannot_be_written_is_named(environment, installer, monkeypatch):
    (environment.site_packages / "tiny/more.py").unlink()
    found = look(environment)
    monkeypatch.setattr(_repair.Path, "touch", raising(PermissionError(13, "Permission denied")))

    with pytest.raises(EnvironmentBroken, match=r"cannot write .*Permission denied"):
        repair(found)


def test_note_that_cannot_be_put_there_leaves_no_litter(environment, monkeypatch):
    monkeypatch.setattr(_unfinished.os, "replace", raising(OSError(28, "No space left on device")))

    with pytest.raises(OSError, match="No space"):
        begin_repair(environment.root, ["tiny"], "")

    assert not list(environment.root.glob("groundwork-repair*"))


def lock_of(environment):
    return str(environment.root.parent / "requirements.lock")


def raising(error):
    def call(*_, **__):
        raise error

    return call
