import io
import sys

import pytest

from groundwork import environment
from groundwork.cli import _learn_ahead, _main, main
from groundwork.environment import Finding
from groundwork.errors import EnvironmentBroken

DAMAGE = Finding("files", "error", "pydantic: pydantic/types.py \x1b is missing", packages=("pydantic",), lock="x.lock")
UNMENDABLE = Finding("packages", "error", "there is no lock")


@pytest.fixture
def crashing(monkeypatch):
    """A command that crashes as over a damaged module; what check finds, and what is asked of it and of repair."""
    asked = {"found": [], "check": [], "repair": [], "backend": []}

    def mend(found, *, backend, report):
        asked["repair"].append(found)
        asked["backend"].append(backend)
        return ["pydantic"]

    def crash():
        raise ImportError("cannot import name")

    monkeypatch.setattr(_main, "main", crash)
    monkeypatch.setattr(environment, "check", lambda **options: asked["check"].append(options) or asked["found"])
    monkeypatch.setattr(environment, "repair", mend)
    monkeypatch.delenv("GROUNDWORK_BACKEND", raising=False)
    monkeypatch.setattr(sys, "argv", ["groundwork", "env", "check"])
    return asked


def test_crash_over_a_damaged_package_names_it(crashing, capsys):
    crashing["found"] = [UNMENDABLE, DAMAGE]

    with pytest.raises(SystemExit) as ended:
        main()

    said = capsys.readouterr().err.splitlines()
    assert ended.value.code == 1
    assert said[0].startswith("error: ImportError: cannot import name; and packages")
    assert said[1:] == ["x files  pydantic: pydantic/types.py \\x1b is missing", "hint: groundwork env fix --yes"]


def test_crash_without_damage_stays_a_crash(crashing):
    crashing["found"] = [UNMENDABLE]

    with pytest.raises(ImportError, match="cannot import name"):
        main()


@pytest.mark.parametrize(
    ("words", "lock", "backend"),
    [
        (["--yes"], None, "auto"),
        (["-y", "--lock", "a.lock"], "a.lock", "auto"),
        (["--lock=a.lock", "--backend=pip", "-y"], "a.lock", "pip"),
        (["-y", "--backend", "pip"], None, "pip"),
    ],
    ids=["plain", "with a lock", "in one word each", "with a backend"],
)
def test_fix_mends_even_the_command_itself(crashing, capsys, monkeypatch, words, lock, backend):
    crashing["found"] = [DAMAGE]
    monkeypatch.setattr(sys, "argv", ["groundwork", "env", "fix", *words])

    with pytest.raises(SystemExit) as ended:
        main()

    assert (ended.value.code, crashing["repair"], crashing["backend"]) == (0, [[DAMAGE]], [backend])
    assert str(crashing["check"][0]["lock"]) == str(lock)
    assert capsys.readouterr().out.splitlines()[0] == "Installed again: pydantic"


@pytest.mark.parametrize(
    "other", [["--python", "x"], ["--python=x"], ["--only", "files"], ["--only=files"]], ids=" ".join
)
def test_fix_of_something_else_only_tells(crashing, monkeypatch, other):
    crashing["found"] = [DAMAGE]
    monkeypatch.setattr(sys, "argv", ["groundwork", "env", "fix", "--yes", *other])

    with pytest.raises(SystemExit) as ended:
        main()

    assert (ended.value.code, crashing["repair"]) == (1, [])


def test_backend_of_the_variable_mends_the_command_too(crashing, monkeypatch):
    crashing["found"] = [DAMAGE]
    monkeypatch.setattr(sys, "argv", ["groundwork", "env", "fix", "--yes"])
    monkeypatch.setenv("GROUNDWORK_BACKEND", "pip")

    with pytest.raises(SystemExit):
        main()

    assert crashing["backend"] == ["pip"]


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


def test_what_the_code_page_does_not_have_is_no_crash(monkeypatch):
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding="cp1252"))
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    monkeypatch.setattr(_main, "main", lambda: print("x \u2192 y", flush=True))

    main()

    assert b"x ? y" == written.getvalue().strip()


def test_a_grader_that_was_begun_is_ended_however_the_command_ends(monkeypatch):
    ended = []
    monkeypatch.setattr(_learn_ahead, "begin", lambda words: ended.append(words))
    monkeypatch.setattr(_learn_ahead, "end", lambda: ended.append("ended"))
    monkeypatch.setattr(_main, "main", lambda: sys.exit(2))
    monkeypatch.setattr(sys, "argv", ["groundwork", "learn", "check", "04"])

    with pytest.raises(SystemExit):
        main()

    assert [["learn", "check", "04"], "ended"] == ended
