import json
from pathlib import Path

import pytest

from groundwork.environment import _lock, _resolve, lock
from groundwork.environment._installer import Installer
from groundwork.errors import ConfigurationError, EnvironmentBroken
from groundwork.testing import failpoints

RICH = "rich==15.0 \\\n    --hash=sha256:aa\n"
TYPER = "typer==0.20 ; sys_platform != 'win32' \\\n    --hash=sha256:bb\n"


class Resolver:
    """Does at once what uv and pip do; notes what it was asked and what earlier lock it saw."""

    def __init__(self):
        self.text = RICH + TYPER
        self.install = [item("Rich", "15.0")]
        self.fails = []
        self.commands = []
        self.seen = []

    def __call__(self, command, *, tool, what, line_seen):
        self.commands.append(command)
        if self.fails:
            for line in self.fails.pop(0):
                line_seen(line)
            raise EnvironmentBroken("it failed", context={"output": "it failed"})
        if tool == "uv":
            target = Path(command[command.index("--output-file") + 1])
            self.seen.append(target.read_text() if target.exists() else None)
            target.write_text(self.text)
        else:
            self.seen.append(Path(command[command.index("-c") + 1]).read_text())
            Path(command[command.index("--report") + 1]).write_text(json.dumps({"install": self.install}))
        return ""


def item(name, version, **more):
    digest = {"archive_info": {"hashes": {"sha256": "aa"}}}
    return {"metadata": {"name": name, "version": version}, "download_info": digest, **more}


@pytest.fixture
def resolver(monkeypatch):
    """Stand in for uv and pip."""
    fake = Resolver()
    monkeypatch.setattr(_resolve, "run_online", fake)
    monkeypatch.setattr(_lock, "choose", lambda name, *_: Installer("pip" if name == "pip" else "uv", "uv"))
    return fake


@pytest.fixture
def shop(tmp_path):
    """A project."""
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "shop"\nversion = "1"\ndependencies = ["rich", "typer"]\n'
    )
    return tmp_path


def test_lock_is_written_beside_the_project(shop, resolver):
    result = lock(shop)

    assert result.path == shop / "requirements.lock"
    assert result.path.read_text() == RICH + TYPER
    assert (result.packages, result.changed, result.universal) == (2, True, True)
    assert result.changes == ("rich 15.0 added", "typer 0.20 added")


def test_uv_is_asked_for_every_platform_and_the_oldest_python(shop, resolver):
    lock(shop, python="3.11", upgrade=["Rich", "typer"], output=shop / "other.lock")

    words = resolver.commands[0]
    assert {"--universal", "--generate-hashes", "--upgrade-package=rich", "--upgrade-package=typer"} <= set(words)
    assert words[words.index("--python-version") + 1] == "3.11"
    assert (shop / "other.lock").exists()


def test_extras_are_handed_to_uv(shop, resolver):
    with (shop / "pyproject.toml").open("a") as file:
        file.write('[project.optional-dependencies]\ndev = ["pytest"]\n')

    lock(shop, extras=["dev"])

    assert resolver.commands[0][-3:] == ["--extra", "dev", str(shop / "pyproject.toml")]


def test_unchanged_lock_is_not_written_again(shop, resolver):
    path = lock(shop).path
    before = path.stat()

    result = lock(shop)

    assert (result.changed, result.changes) == (False, ())
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert resolver.seen == [None, RICH + TYPER]


def test_changes_are_told_in_words(shop, resolver):
    (shop / "requirements.lock").write_text(RICH.replace("15.0", "14.0") + "old==1\n")

    assert lock(shop).changes == ("old 1 removed", "rich 14.0 -> 15.0", "typer 0.20 added")


def test_upgrade_of_everything_shows_the_tool_no_earlier_lock(shop, resolver):
    (shop / "requirements.lock").write_text(RICH)

    lock(shop, upgrade=True)
    lock(shop, upgrade=True, backend="pip")

    assert "--upgrade" in resolver.commands[0]
    assert resolver.seen == [None, ""]


@pytest.mark.parametrize(("name", "meant"), [("Tipper", "; did you mean 'typer'?"), ("nope", "")])
@pytest.mark.parametrize("earlier", [RICH + TYPER, None], ids=["locked", "new"])
def test_package_to_upgrade_that_the_lock_lacks_is_told_and_nothing_is_written(shop, resolver, name, meant, earlier):
    path = shop / "requirements.lock"
    if earlier is not None:
        path.write_text(earlier)
    resolver.text = RICH + TYPER.replace("0.20", "0.21")

    with pytest.raises(ConfigurationError) as caught:
        lock(shop, upgrade=["rich", name])

    assert caught.value.message == f"the lock has no package {name!r} to upgrade{meant}"
    assert (path.read_text() if path.exists() else None) == earlier


def test_package_to_upgrade_may_be_one_that_the_lock_no_longer_needs(shop, resolver):
    (shop / "requirements.lock").write_text(RICH + "old==1\n")

    assert "old 1 removed" in lock(shop, upgrade=["old"]).changes


def test_pip_locks_the_running_platform_and_says_so(shop, resolver):
    said = []
    resolver.install = [item("Zope.Interface", "1"), item("rich", "15.0")]

    result = lock(shop, backend="pip", report=said.append)

    lines = result.path.read_text().splitlines()
    assert lines[0].startswith("# Resolved by pip, which sees one platform: ")
    assert lines[2:] == ["rich==15.0 \\", "    --hash=sha256:aa", "zope-interface==1 \\", "    --hash=sha256:aa"]
    assert not result.universal
    assert "this platform alone" in said[1]


def test_uv_takes_versions_alone_from_a_lock_of_pip(shop, resolver):
    lock(shop, backend="pip")

    lock(shop)

    assert resolver.seen[-1] == "rich==15.0\n"


def test_pip_keeps_earlier_versions_but_those_to_upgrade(shop, resolver):
    (shop / "requirements.lock").write_text(RICH + TYPER)

    lock(shop, backend="pip", upgrade=["typer"])

    assert resolver.seen == ["rich==15.0\n"]


CONFLICT = [
    "The conflict is caused by:",
    "    The user requested click<8",
    "    The user requested (constraint) click==9",
]


def test_pip_lets_earlier_versions_go_that_do_not_fit_any_more(shop, resolver):
    (shop / "requirements.lock").write_text(RICH)
    resolver.fails = [CONFLICT]

    result = lock(shop, backend="pip")

    assert (result.packages, resolver.seen) == (1, [""])


@pytest.mark.parametrize("backend", ["uv", "pip"])
def test_conflict_is_the_callers_to_mend_and_told_in_chains(shop, resolver, backend):
    resolver.fails = [CONFLICT]
    if backend == "uv":
        resolver.fails = [["No solution found: Because you require click<8 and you require click==9, we can conclude"]]

    with pytest.raises(ConfigurationError) as caught:
        lock(shop, backend=backend)

    assert caught.value.code == "conflict"
    assert caught.value.message.splitlines() == [
        "no version of click suits all:",
        "  shop asks for click<8",
        "  shop asks for click==9",
    ]
    assert caught.value.context["contested"] == ["click"]


def test_password_of_a_requirement_by_address_is_masked_in_a_conflict(shop, resolver):
    address = "https://ada:hunter2@host.invalid/click-9-py3-none-any.whl"
    resolver.fails = [[CONFLICT[0], CONFLICT[1], f"    The user requested click @ {address}"]]

    with pytest.raises(ConfigurationError) as caught:
        lock(shop, backend="pip")

    told = caught.value.message + repr(caught.value.context)
    assert ("hunter2" in told, "shop asks for click @ https://***@host.invalid" in told) == (False, True)


def test_other_failures_stay_as_they_are_and_every_line_is_seen(shop, resolver):
    seen = []
    resolver.fails = [["disk full"]]

    with pytest.raises(EnvironmentBroken, match="it failed"):
        lock(shop, line_seen=seen.append)

    assert (seen, (shop / "requirements.lock").exists()) == (["disk full"], False)


@pytest.mark.parametrize("text", ["shop @ https://ada:pass@host/x.whl\n", "-e ./shop\n", "./shop\n"])
def test_requirement_by_address_is_refused_without_showing_it(shop, resolver, text):
    resolver.text = RICH + text

    with pytest.raises(ConfigurationError, match="asked for by address") as caught:
        lock(shop)

    assert "pass" not in str(caught.value)


@pytest.mark.parametrize("more", [{"is_direct": True}, {"download_info": {"dir_info": {}}}])
def test_pip_refuses_addresses_too(shop, resolver, more):
    resolver.install = [item("rich", "1", **more)]

    with pytest.raises(ConfigurationError, match="rich is asked for by address"):
        lock(shop, backend="pip")


def test_addresses_of_indexes_are_left_out(shop, resolver):
    resolver.text = "--index-url https://ada:pass@host/simple\n# a comment\n\n" + RICH

    assert lock(shop).path.read_text() == RICH


def test_dynamic_dependencies_need_uv(shop, resolver):
    (shop / "pyproject.toml").write_text('[project]\nname = "shop"\nversion = "1"\ndynamic = ["dependencies"]\n')

    with pytest.raises(ConfigurationError, match="dynamic"):
        lock(shop, backend="pip")


def test_file_of_another_kind_is_not_replaced(shop, resolver):
    (shop / "thesis.txt").write_text("mine, all of it")

    with pytest.raises(ConfigurationError, match="is no lock"):
        lock(shop, output=shop / "thesis.txt")

    assert (shop / "thesis.txt").read_text() == "mine, all of it"


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [({"python": "three"}, "is no version of Python"), ({"upgrade": "rich"}, "a list of names")],
)
def test_wrong_arguments_are_named(shop, resolver, arguments, reason):
    with pytest.raises(ConfigurationError, match=reason):
        lock(shop, **arguments)


def test_output_that_cannot_be_read_is_named(shop, resolver):
    (shop / "requirements.lock").mkdir()

    with pytest.raises(ConfigurationError, match="cannot read"):
        lock(shop)


def test_failure_before_the_rename_leaves_the_earlier_lock_and_no_litter(shop, resolver):
    (shop / "requirements.lock").write_text(RICH)
    full = OSError(28, "No space left on device")

    with failpoints({"environment.lock.before_replace": full}), pytest.raises(EnvironmentBroken, match="No space left"):
        lock(shop)

    assert (shop / "requirements.lock").read_text() == RICH
    assert sorted(path.name for path in shop.iterdir()) == ["pyproject.toml", "requirements.lock"]


def test_mode_and_link_of_the_earlier_lock_stay(shop, resolver):
    real = shop / "real.lock"
    real.write_text(RICH)
    real.chmod(0o640)
    (shop / "requirements.lock").symlink_to(real)

    lock(shop)

    assert (shop / "requirements.lock").is_symlink()
    assert (real.read_text(), real.stat().st_mode & 0o777) == (RICH + TYPER, 0o640)


@pytest.mark.parametrize(("found", "expected"), [(object(), True), (None, False)])
def test_pip_of_the_base_stands_in_where_the_environment_has_none(monkeypatch, found, expected):
    monkeypatch.setattr(_resolve.importlib.util, "find_spec", lambda name: found)
    monkeypatch.setattr(_resolve.sys, "executable", "/env/python")
    monkeypatch.setattr(_resolve.sys, "_base_executable", "/base/python")

    assert (_resolve._pip()[0] == "/env/python") == expected
