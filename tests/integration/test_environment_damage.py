"""Damage done to real environments: each kind is found by its own check and mended by the command of its finding.

In the same run the checks of uv and pip pass over damaged files.
"""

import base64
import os
import shlex
import shutil
import subprocess
import sys
import zipfile
from functools import cache
from pathlib import Path

import pytest

from groundwork.environment import CHECKS, check, create, repair
from groundwork.environment._layout import Layout

sys.path.insert(0, str(Path(__file__).parent))  # a helper, and no part of the package

from wheels import only_wheels, write_wheel

pytestmark = pytest.mark.e2e

# What the machine is like decides these.
OF_THE_MACHINE = {"cores", "memory", "disk", "open-files", "gpu"}
LOOK = [name for name in CHECKS if name not in OF_THE_MACHINE]
HAS_UV = shutil.which("uv") is not None and subprocess.run(["uv", "--version"], capture_output=True).returncode == 0
PROJECT = '[project]\nname = "shop"\nversion = "1"\nrequires-python = ">=3.11"\ndependencies = ["first", "second"]\n'


class Shop:
    """A project with a lock and an environment without pip, which can be put back as it was."""

    def __init__(self, folder, variables):
        self.wheels = folder / "wheels"
        self.variables = variables
        self.project = folder / "my shop"
        self.project.mkdir()
        lines = [
            write_wheel(self.wheels, "first", requires=["second<2", "second[fast]"]),
            write_wheel(self.wheels, "second", requires=["third; extra == 'fast'"]),
            write_wheel(self.wheels, "third"),
        ]
        (self.project / "pyproject.toml").write_text(PROJECT)
        self.lock = self.project / "requirements.lock"
        self.lock.write_text("".join(lines))
        if HAS_UV:
            # While no index has newer ones.
            self.run("uv", "lock", "--project", self.project)
        write_wheel(self.wheels, "second", "1.5", requires=["third; extra == 'fast'"])
        write_wheel(self.wheels, "second", "2.0", requires=["third; extra == 'fast'"])
        self.root = self.project / ".venv"
        self.python = create(self.root, self.lock)
        if not HAS_UV:
            for left in Layout(self.root).site_packages.glob("pip*"):
                shutil.rmtree(left)
        self.site = Layout(self.root).site_packages
        self.kept = folder / "kept"
        shutil.copytree(self.root, self.kept, symlinks=True)

    def run(self, *words):
        done = subprocess.run([str(word) for word in words], capture_output=True, text=True, cwd=self.project)
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr

    def restore(self):
        shutil.rmtree(self.root, ignore_errors=True)
        shutil.copytree(self.kept, self.root, symlinks=True)
        for name in set(os.listdir(self.project)) - {"pyproject.toml", "requirements.lock", "uv.lock", ".venv"}:
            (self.project / name).unlink()

    def install(self, *words):
        """Install into the environment, as a user does by hand."""
        if HAS_UV:
            self.run("uv", "pip", "install", "--python", self.python, *words)
        else:
            self.run(*pip(), "--python", self.python, "install", *words)

    def findings(self, **options):
        found = check(self.root, only=LOOK, lock=self.lock, workdir=self.project, **options)
        return [one for one in found if one.severity != "ok"]

    def kinds(self):
        return {one.check for one in self.findings()}


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shop")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in only_wheels(folder / "wheels", folder / "cache").items():
            patch.setenv(name, value)
        # Damage to an environment must not reach the cache.
        patch.setenv("UV_LINK_MODE", "copy")
        patch.delenv("PYTHONPATH", raising=False)
        patch.delenv("VIRTUAL_ENV", raising=False)
        yield Shop(folder, patch)


@pytest.fixture
def shop(built):
    """The project and its environment, healthy."""
    yield built
    built.restore()


def flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def leave(shop, version):
    """Leave the metadata of another version behind, as an installation that was broken off."""
    folder = Path(shutil.copytree(shop.site / "second-1.0.dist-info", shop.site / f"second-{version}.dist-info"))
    for name in ("METADATA", "RECORD"):
        text = (folder / name).read_text().replace("Version: 1.0", f"Version: {version}")
        (folder / name).write_text(text.replace("second-1.0", f"second-{version}"))


def remove(shop, name):
    for path in shop.site.glob(f"{name}*"):
        shutil.rmtree(path)


def other_pythons():
    """Find interpreters of other releases, whichever program installed them."""
    found = {}
    versions = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    for release in ("3.12", "3.13"):
        named = shutil.which(f"python{release}")
        # A shim is there for every release, and runs for some.
        usual = [Path(named)] if named is not None and "shims" not in named else []
        for path in [*sorted(versions.glob(f"{release}.*/bin/python3")), *usual]:
            if not sys.version.startswith(release):
                found[release] = Path(os.path.realpath(path))
    return found


OTHERS = other_pythons()
needs_other = pytest.mark.skipif(not OTHERS, reason="there is no other Python that groundwork supports")


def test_healthy_environment_gives_no_finding(shop):
    assert shop.findings() == []


@cache
def pip():
    """Name the pip of the Python beneath, which can look at an environment without one; empty without it."""
    words = [sys._base_executable, "-I", "-m", "pip"]
    return words if subprocess.run([*words, "--version"], capture_output=True).returncode == 0 else []


def controls(shop):
    """Give the exit codes of the checks that uv and pip have."""
    commands = []
    if pip():
        commands.append([*pip(), "--python", shop.python, "check"])
    if HAS_UV:
        commands.append(["uv", "pip", "check", "--python", shop.python])
        commands.append(["uv", "sync", "--check", "--locked", "--no-install-project", "--inexact"])
    return [subprocess.run(one, cwd=shop.project, capture_output=True).returncode for one in commands]


@pytest.mark.skipif(os.name == "nt", reason="scripts are programs there")
def test_damaged_files_are_found_where_uv_and_pip_see_nothing(shop):
    (shop.site / "first/more.py").unlink()
    (shop.root / "bin/first-more").write_text("#!/bin/sh\n")
    (shop.site / "second/more.py").write_text("")
    flip(shop.site / "third/more.py")

    findings = shop.findings()
    seen_by_others = controls(shop)
    repair(findings)

    assert [(one.check, one.severity, one.packages) for one in findings] == [
        ("files", "error", ("first",)),
        ("files", "error", ("second",)),
        ("files", "error", ("third",)),
    ]
    first, second, third = (one.found for one in findings)
    assert ("first/more.py is missing" in first, "bin/first-more size" in first) == (True, True)
    assert (second, third) == ("second: second/more.py size 0 instead of 30", "third: third/more.py content differs")
    assert {one.fix for one in findings} == {f"groundwork env fix --python {shlex.quote(str(shop.python))}"}
    assert set(seen_by_others) <= {0}
    assert shop.findings() == []


def test_controls_would_see_a_missing_package(shop):
    remove(shop, "second")

    assert 0 not in controls(shop)


DAMAGES = {
    "version drifted": (lambda shop: shop.install("--no-deps", "second==1.5"), {"packages"}),
    "version that does not suit": (lambda shop: shop.install("--no-deps", "second==2.0"), {"packages", "conflicts"}),
    "two versions installed": (
        lambda shop: leave(shop, "0.9"),
        {"packages"},
    ),
    "transitive dependency gone": (lambda shop: remove(shop, "second"), {"packages", "dependencies"}),
    "dependency of an extra gone": (lambda shop: remove(shop, "third"), {"packages", "dependencies"}),
    "folder of a .pth gone": (lambda shop: (shop.site / "a.pth").write_text("/gone/for/good\n"), {"pth"}),
    "code of a .pth raises": (lambda shop: (shop.site / "a.pth").write_text("import not_there\n"), {"pth"}),
    "code of a .pth ends Python": (
        lambda shop: (shop.site / "a.pth").write_text("import os; os._exit(3)\n"),
        {"pth", "interpreter"},
    ),
    ".pth that cannot be read": (lambda shop: (shop.site / "a.pth").symlink_to("gone"), {"pth"}),
    "installed module hidden": (lambda shop: (shop.project / "second.py").write_text(""), {"shadowed"}),
    "standard library hidden": (lambda shop: (shop.project / "random.py").write_text(""), {"shadowed"}),
    "library left over": (
        lambda shop: (
            shop.install("--no-deps", write_blas(shop)),
            (shop.site / "blas.libs/libopenblas-old.so").touch(),
        ),
        {"runtimes"},
    ),
}


def write_blas(shop):
    """Write a wheel that brings a library; its RECORD is right."""
    write_wheel(shop.wheels, "blas")
    return rewritten(shop, "blas", add="blas.libs/libopenblas-new.so")


@pytest.mark.parametrize("kind", DAMAGES)
def test_damage_is_found_by_its_check_and_mended_by_its_command(shop, kind, monkeypatch):
    damage, checks = DAMAGES[kind]
    damage(shop)

    findings = shop.findings()
    for one in findings:
        if one.fix.startswith("groundwork env fix"):
            repair([one])
        elif one.check != "interpreter":
            shop.run(*shlex.split(one.fix))

    assert {one.check for one in findings} == checks
    assert shop.findings() == []


def test_missing_dependency_without_a_lock_is_installed_by_its_command(shop, tmp_path):
    remove(shop, "second")

    (one,) = [each for each in check(shop.root, only=LOOK, workdir=tmp_path) if each.severity != "ok"]

    assert (one.check, one.found) == ("dependencies", "second is not installed; needed by first 1.0")
    if HAS_UV:
        shop.run(*shlex.split(one.fix))
        assert "second-1.5.dist-info" in os.listdir(shop.site)


def test_entry_of_the_search_path_that_hides_is_found(shop, tmp_path, monkeypatch):
    (tmp_path / "second").mkdir()
    (tmp_path / "second/__init__.py").write_text("")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    (one,) = shop.findings()

    assert (one.check, one.found.startswith(f"{tmp_path / 'second'} hides the installed second")) == ("shadowed", True)


def test_moved_environment_is_found(shop):
    moved = shop.project / "moved"
    shop.root.rename(moved)

    found = [one for one in check(moved, only=LOOK, lock=shop.lock, workdir=shop.project) if one.severity != "ok"]
    moved.rename(shop.root)

    assert {one.check for one in found} == {"moved"}


@needs_other
def test_environment_pointed_at_another_python_is_found_and_made_anew(shop):
    shop.python.unlink()
    shop.python.symlink_to(next(iter(OTHERS.values())))

    findings = {one.check: one for one in shop.findings()}
    create(shop.root, shop.lock)

    # It sees none of the packages any more.
    assert set(findings) == {"base", "packages"}
    assert "does not see its packages" in findings["base"].found
    assert findings["base"].fix == shlex.join(["groundwork", "env", "create", str(shop.root), "--lock", str(shop.lock)])
    assert shop.findings() == []


def test_environment_whose_python_is_gone_is_found(shop):
    config = shop.root / "pyvenv.cfg"
    config.write_text("home = /gone/bin\nversion = 3.11.2\n")
    shop.python.unlink()
    shop.python.symlink_to("/gone/bin/python3")

    assert shop.kinds() == {"interpreter", "base"}


def rewritten(shop, name, add="", wrong=False):
    """Write the wheel of a package anew, with one file more, or with a wrong hash in its RECORD."""
    path = shop.wheels / f"{name}-1.0-py3-none-any.whl"
    record = f"{name}-1.0.dist-info/RECORD"
    with zipfile.ZipFile(path) as wheel:
        files = {info.filename: wheel.read(info).decode() for info in wheel.infolist()}
    if add:
        files[add] = ""
        files[record] += f"{add},,\n"
    if wrong:
        rows = files[record].splitlines()
        at = next(number for number, row in enumerate(rows) if "/more.py" in row)
        digest = base64.urlsafe_b64encode(bytes(32)).rstrip(b"=").decode()
        rows[at] = f"{name}/more.py,sha256={digest},{len(files[f'{name}/more.py'])}"
        files[record] = "\n".join(rows) + "\n"
    with zipfile.ZipFile(path, "w") as wheel:
        for file, text in files.items():
            wheel.writestr(file, text)
    return path


def test_wheel_whose_own_record_is_wrong_is_a_warning(shop, tmp_path):
    wheels = tmp_path / "wheels"
    write_wheel(shop.wheels, "odd")
    path = shutil.move(rewritten(shop, "odd", wrong=True), wheels.parent / "odd-1.0-py3-none-any.whl")
    shop.install("--no-deps", path)

    (one,) = shop.findings()
    (shop.site / "odd/more.py").write_text("")
    (damage,) = shop.findings()

    assert (one.check, one.severity, one.found.startswith("odd: odd/more.py content differs")) == (
        "record",
        "warning",
        True,
    )
    assert one.fix
    assert (damage.check, damage.severity) == ("files", "error")


@pytest.mark.skipif(not HAS_UV, reason="without uv a package needs a pip to be installed")
@pytest.mark.parametrize("release", OTHERS or [pytest.param("3.12", marks=needs_other)])
def test_environment_of_another_python_without_pip_is_looked_at_from_here(shop, tmp_path, release):
    root = tmp_path / "other"
    subprocess.run([OTHERS[release], "-I", "-m", "venv", "--without-pip", root], check=True)
    python = Layout(root).python
    shop.run("uv", "pip", "install", "--python", python, "--require-hashes", "--no-deps", "-r", shop.lock)
    site = next(root.glob("lib/python3*/site-packages"))

    healthy = [one for one in check(python, only=LOOK, lock=shop.lock, workdir=tmp_path) if one.severity != "ok"]
    (site / "third/more.py").unlink()
    remove_one = [one for one in check(python, only=LOOK, lock=shop.lock, workdir=tmp_path) if one.severity != "ok"]
    repair(remove_one)
    mended = [one for one in check(python, only=LOOK, lock=shop.lock, workdir=tmp_path) if one.severity != "ok"]

    assert (healthy, [one.found for one in remove_one], mended) == ([], ["third: third/more.py is missing"], [])


def test_no_secret_of_an_environment_is_in_a_finding(shop, monkeypatch):
    monkeypatch.setenv("UV_INDEX_SHOP_PASSWORD", "hunter2-variable")
    monkeypatch.setenv("PIP_INDEX_URL", "https://ada:hunter2-index@index.invalid/simple")
    monkeypatch.setenv("SHOP_TOKEN", "hunter2-token")
    (shop.site / "first-1.0.dist-info/direct_url.json").write_text('{"url": "https://ada:hunter2-url@x/first.whl"}')
    metadata = shop.site / "second-1.0.dist-info/METADATA"
    metadata.write_text("Name: second\nRequires-Dist: gone @ https://ada:hunter2-metadata@x/gone.whl\n")
    (shop.site / "a.pth").write_text(
        "import os; raise RuntimeError(os.environ['SHOP_TOKEN'])\nhttps://a:hunter2-pth@x/\n"
    )
    (shop.project / ".env.example").write_text("KEY=\n")
    (shop.project / ".env").write_text("KEY=hunter2-env\nhunter2 line\nOTHER='hunter2-open\n")
    (shop.project / "bad.lock").write_text("--extra-index-url https://ada:hunter2-lock@x/simple\n")

    findings = shop.findings()
    findings += check(shop.root, only=LOOK, lock=shop.project / "bad.lock", workdir=shop.project)

    kinds = {one.check for one in findings if one.severity != "ok"}
    assert {"files", "pth", "dependencies", "dotenv", "packages"} <= kinds
    assert "hunter2" not in repr(findings) + str([one.to_dict() for one in findings])
