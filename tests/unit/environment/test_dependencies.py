import builtins
import sys

import pytest
from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion

from groundwork.environment._dependencies import check_conflicts, check_dependencies


@pytest.fixture
def look(subject, tmp_path, package):
    """Judge an environment of packages, each with what it requires; a name may carry a version."""

    def judge(lock="", **packages):
        for name, requires in packages.items():
            plain, _, version = name.partition("__")
            package(tmp_path / "site", plain, version.replace("_", ".") or "1.0", requires=requires)
        one = subject(lock=tmp_path / "a.lock" if lock else None)
        (tmp_path / "a.lock").write_text(lock)
        return list(check_dependencies(one)), list(check_conflicts(one))

    return judge


def told(findings):
    return [one.found for one in findings if one.severity == "error"]


def test_requirements_that_are_met_are_fine(look):
    findings = look(a=["B.b>=1", "never ; sys_platform == 'win32'", "old ; python_version < '3'", "!!"], b_b=[])

    assert [one.severity for those in findings for one in those] == ["ok", "ok"]


def test_requirement_whose_marker_compares_nothing_hides_no_other(look):
    missing, conflicts = look(a=["odd ; sys_platform ~= 'x'", "gone"])

    assert (told(missing), told(conflicts)) == (["gone is not installed; needed by a 1.0"], [])


def test_version_that_is_none_suits_only_who_asks_for_none(look, monkeypatch):
    def refuse(*_, **__):
        raise InvalidVersion("as packaging before 26 does")

    monkeypatch.setattr(SpecifierSet, "contains", refuse)

    missing, conflicts = look(a=["odd>=1"], b=["odd"], odd__2004d=[])

    assert (told(missing), told(conflicts)) == ([], ["a 1.0 needs odd>=1, but 2004d is installed"])


def test_package_of_the_old_kind_is_there(look, tmp_path):
    (tmp_path / "site/six-1.16.0.egg-info").mkdir(parents=True)
    (tmp_path / "site/Old_One-2.0-py3.11.egg-info").write_text("")

    missing, conflicts = look(a=["six>=1.5", "old-one<2"])

    assert (told(missing), told(conflicts)) == ([], ["a 1.0 needs old-one<2, but 2.0 is installed"])


def test_missing_package_is_told_once_with_all_who_need_it(look):
    missing, conflicts = look(a=["gone>=2"], b=["gone<3", "a"], c=["b"])

    assert told(missing) == ["gone is not installed; needed by a 1.0, b 1.0"]
    assert missing[0].expected == "gone>=2,<3"
    assert missing[0].fix.endswith("'gone>=2,<3'")
    assert told(conflicts) == []


def test_missing_package_that_the_lock_pins_is_mended_by_it(look):
    (one,), _ = look(lock="gone==2.5\n", a=["gone>=2"])

    assert (one.packages, one.fix.startswith("groundwork env fix")) == (("gone",), True)


def test_version_that_does_not_suit_is_a_conflict(look):
    missing, conflicts = look(lock="a==1.0\nb==2\n", a=["b>=2", "c<1"], b__1_9=[], c=[])

    assert told(missing) == []
    assert told(conflicts) == ["a 1.0 needs b>=2, but 1.9 is installed", "a 1.0 needs c<1, but 1.0 is installed"]
    assert [one.fix.startswith("groundwork env fix") for one in conflicts] == [True, False]


def test_extra_counts_when_another_package_asks_for_it(look):
    missing, _ = look(
        app=["server[fast]"],
        server=["loop ; extra == 'fast'", "tls ; extra == 'safe'", "base", "server[all] ; extra == 'fast'"],
        base=["server"],
    )

    assert told(missing) == ["loop is not installed; needed by server[fast] 1.0"]


def test_extras_that_ask_for_each_other_end(look):
    missing, _ = look(a=["b[x]"], b=["a[y] ; extra == 'x'"])

    assert told(missing) == []


def test_package_of_the_system_counts_where_the_environment_sees_it(subject, tmp_path, package):
    package(tmp_path / "site", "a", requires=["b>=1"])
    package(tmp_path / "system", "b", "1.5")
    package(tmp_path / "system", "a", "0.1", requires=["gone"])

    (one,) = check_dependencies(subject(path=(tmp_path / "site", tmp_path / "system")))

    assert one.severity == "ok"


def without(monkeypatch, *names):
    real = builtins.__import__

    def refuse(name, *rest):
        if name in names:
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", refuse)


def test_without_packaging_the_copy_in_pip_judges(look, monkeypatch):
    import packaging.requirements

    without(monkeypatch, "packaging")
    monkeypatch.setitem(sys.modules, "pip", type(sys)("pip"))
    monkeypatch.setitem(sys.modules, "pip._vendor", type(sys)("pip._vendor"))
    copy = type(sys)("pip._vendor.packaging")
    copy.requirements = packaging.requirements
    monkeypatch.setitem(sys.modules, "pip._vendor.packaging", copy)

    missing, _ = look(a=["gone"])

    assert told(missing) == ["gone is not installed; needed by a 1.0"]


def test_without_either_nothing_is_looked_for(look, monkeypatch):
    without(monkeypatch, "packaging", "pip._vendor.packaging")

    findings = look(a=["gone"])

    assert [one.found[:14] for those in findings for one in those] == ["not looked for"] * 2
