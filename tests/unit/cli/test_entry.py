import sys

import pytest

from groundwork import environment
from groundwork.cli import _main, main
from groundwork.environment import Finding
from groundwork.errors import EnvironmentBroken

DAMAGE = Finding("files", "error", "pydantic: pydantic/types.py \x1b is missing", packages=("pydantic",), lock="x.lock")
UNMENDABLE = Finding("packages", "error", "there is no lock")


@pytest.fixture
def crashing(monkeypatch):
    """A command that crashes as over a damaged module; what check finds, and what is asked of it and of repair."""
    asked = {"found": [], "check": [], "repair": []}

    def crash():
        raise ImportError("cannot import name")

    monkeypatch.setattr(_main, "main", crash)
    monkeypatch.setattr(environment, "check", lambda **options: asked["check"].append(options) or asked["found"])
    monkeypatch.setattr(environment, "repair", lambda found, **_: asked["repair"].append(found) or ["pydantic"])
    monkeypatch.setattr(sys, "argv", ["groundwork", "env", "check"])
    return asked


def test_crash_over_a_damaged_package_names_it(crashing, capsys):
    crashing["found"] = [UNMENDABLE, DAMAGE]

    with pytest.raises(SystemExit) as ended:
        main()

    said = capsys.readouterr().err.splitlines()
    assert ended.value.code == 1
    assert said[1:] == ["x files  pydantic: pydantic/types.py ? is missing", "hint: groundwork env fix --yes"]


def test_crash_without_damage_stays_a_crash(crashing):
    crashing["found"] = [UNMENDABLE]

    with pytest.raises(ImportError, match="cannot import name"):
        main()


@pytest.mark.parametrize(
    ("words", "lock"), [(["--yes"], None), (["-y", "--lock", "a.lock"], "a.lock")], ids=["plain", "with a lock"]
)
def test_fix_mends_even_the_command_itself(crashing, capsys, monkeypatch, words, lock):
    crashing["found"] = [DAMAGE]
    monkeypatch.setattr(sys, "argv", ["groundwork", "env", "fix", *words])

    with pytest.raises(SystemExit) as ended:
        main()

    assert (ended.value.code, crashing["repair"]) == (0, [[DAMAGE]])
    assert str(crashing["check"][0]["lock"]) == str(lock)
    assert capsys.readouterr().out.splitlines()[0] == "Installed again: pydantic"


def test_fix_says_why_it_could_not(crashing, capsys, monkeypatch):
    crashing["found"] = [DAMAGE]
    monkeypatch.setattr(sys, "argv", ["groundwork", "env", "fix", "--yes"])

    def fail(*_, **__):
        raise EnvironmentBroken("no network")

    monkeypatch.setattr(environment, "repair", fail)

    with pytest.raises(SystemExit) as ended:
        main()

    assert (ended.value.code, "error: no network" in capsys.readouterr().err) == (1, True)


def test_without_a_lock_one_is_asked_for(crashing, capsys):
    crashing["found"] = [Finding("files", "error", "x", packages=("pydantic",))]

    with pytest.raises(SystemExit):
        main()

    assert capsys.readouterr().err.splitlines()[-1] == "hint: groundwork env fix --yes --lock LOCK"
