"""A small environment on disk, and an installer that needs no network and no time."""

import base64
import hashlib
import os
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from groundwork.environment import _create, _ensure, _repair, _sync
from groundwork.environment._layout import Layout
from groundwork.environment._lockfile import Pin
from groundwork.environment._subject import Subject
from groundwork.errors import EnvironmentBroken

LOCK = "tiny==1.0 \\\n    --hash=sha256:aa\nother==2.0 ; python_version >= '3.8' \\\n    --hash=sha256:bb\n"


def install_package(
    site: Path, name: str, version: str = "1.0", files: Mapping[str, str] | None = None, requires: Sequence[str] = ()
) -> None:
    files = {f"{name}/__init__.py": "answer = 42\n", f"{name}/more.py": "more = 1\n"} if files is None else files
    metadata = f"{name}-{version}.dist-info/METADATA"
    head = "".join(f"Requires-Dist: {one}\n" for one in requires)
    contents = {**files, metadata: f"Metadata-Version: 2.1\nName: {name}\n{head}\nRequires-Dist: not-in-the-header\n"}
    rows = []
    for path, text in contents.items():
        target = site / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
        row = f'"{path}"' if "," in path else path
        rows.append(f"{row},sha256={digest},{len(text)}")
    record = f"{name}-{version}.dist-info/RECORD"
    (site / record).write_text("\n".join([*rows, f"{record},,", f"{name}/__pycache__/x.pyc,,"]) + "\n")


@dataclass
class FakeInstaller:
    """Does at once what uv and pip do; notes what it was asked."""

    name: str = "uv"
    calls: list[str] = field(default_factory=list)
    fails: bool = False
    broken: Callable[[Path, bool], None] | None = None

    def make_venv(self, root: Path) -> None:
        self.calls.append("venv")
        layout = Layout(root)
        base = Path(sys._base_executable)
        layout.scripts.mkdir(parents=True, exist_ok=True)
        layout.site_packages.mkdir(parents=True, exist_ok=True)
        layout.config.write_text(f"home = {base.parent}\ninclude-system-site-packages = false\n")
        layout.python.symlink_to(os.path.realpath(base))

    def install(self, python: Path, pins: Sequence[Pin], *, again: bool = False, cache: bool = True) -> None:
        words = [pin.name for pin in pins] + ["again"] * again + ["no-cache"] * (not cache)
        self.calls.append("install " + " ".join(words))
        if self.fails:
            raise EnvironmentBroken("no network", code="index_unreachable", context={"output": "refused"})
        site = Layout(python.parent.parent).site_packages
        for pin in pins:
            install_package(site, pin.name, pin.version)
        if self.broken is not None:
            self.broken(site, cache)

    def uninstall(self, python: Path, names: Sequence[str]) -> None:
        self.calls.append("uninstall " + " ".join(names))
        for name in names:
            for folder in Layout(python.parent.parent).site_packages.glob(f"{name}-*.dist-info"):
                shutil.rmtree(folder)

    def provide(self, python: Path) -> None:
        if self.name == "pip":
            self.calls.append("provide")

    def install_project(self, python: Path, project: Path) -> None:
        self.calls.append("project")
        install_package(Layout(python.parent.parent).site_packages, "the_project")


@pytest.fixture
def package() -> Callable[..., None]:
    """Install a package into a folder, as a wheel would."""
    return install_package


@pytest.fixture
def installer(monkeypatch: pytest.MonkeyPatch) -> FakeInstaller:
    """Stand in for uv and pip."""
    fake = FakeInstaller()
    for module in (_ensure, _create, _repair, _sync):
        monkeypatch.setattr(module, "choose", lambda *_: fake)
    return fake


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with a pyproject.toml and a lock of two packages."""
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "pyproject.toml").write_text("[project]\nname = 'the-project'\n")
    (folder / "requirements.lock").write_text(LOCK)
    return folder


@pytest.fixture
def environment(project: Path, installer: FakeInstaller) -> Layout:
    """A project's environment, set up."""
    _ensure.ensure(project)
    installer.calls.clear()
    return Layout(project / ".venv")


@pytest.fixture
def subject(tmp_path: Path) -> Callable[..., Subject]:
    """An environment of two folders, which needs no interpreter to be looked at."""

    def make(**changes: Any) -> Subject:
        for name in ("site", "work", "env"):
            (tmp_path / name).mkdir(exist_ok=True)
        facts: dict[str, Any] = {
            "python": tmp_path / "env" / "bin" / "python",
            "version": "3.11.7",
            "prefix": tmp_path / "env",
            "base_prefix": tmp_path / "base",
            "site_packages": (tmp_path / "site",),
            "markers": {"sys_platform": "linux", "python_version": "3.11", "python_full_version": "3.11.7"},
            "workdir": tmp_path / "work",
            "lock": None,
            "path": (tmp_path / "stdlib", tmp_path / "site"),
            "stdlib": tmp_path / "stdlib",
            "modules": frozenset({"random", "test"}),
        }
        return Subject(**(facts | changes))

    return make
