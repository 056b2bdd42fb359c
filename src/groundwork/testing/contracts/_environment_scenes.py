"""The scenes of the contract of the doctor: environments made by hand, with packages made by hand.

Rule: nothing is installed or fetched; an environment costs about 10 ms, a package three small files.
"""

import base64
import csv
import hashlib
import io
import os
import sys
import venv
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from groundwork.errors import ContractBroken
from groundwork.testing._lab import Lab

SCRIPTS = "Scripts" if os.name == "nt" else "bin"


@dataclass(frozen=True)
class Project:
    """A project's folder, with an environment and a lock in it.

    Attributes:
        folder: Where both lie.
    """

    folder: Path

    @property
    def root(self) -> Path:
        """The folder of the environment."""
        return self.folder / ".venv"

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.root / SCRIPTS / ("python.exe" if os.name == "nt" else "python")

    @property
    def site(self) -> Path:
        """The folder of its packages."""
        if os.name == "nt":
            return self.root / "Lib" / "site-packages"
        return next((self.root / "lib").glob("python*")) / "site-packages"

    @property
    def lock(self) -> Path:
        """Its lock, which may not be there."""
        return self.folder / "requirements.lock"

    def pin(self, *requirements: str) -> None:
        """Write a lock as uv writes it: hashes below, comments between."""
        blocks = [
            f"{line} \\\n    --hash=sha256:{'0' * 64} \\\n    --hash=sha256:{'1' * 64}\n    # via app\n"
            for line in requirements
        ]
        self.lock.write_text("# made by uv pip compile\n" + "".join(blocks), encoding="utf-8")


def project(lab: Lab, name: str = "project") -> Project:
    """Make a project with an empty environment."""
    made = Project(lab.folder / name)
    made.folder.mkdir()
    venv.EnvBuilder(symlinks=os.name != "nt").create(made.root)
    return made


def record_hash(content: bytes) -> str:
    """Return a hash as RECORD writes it."""
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


def install(
    site: Path,
    name: str,
    version: str = "1.0",
    *,
    files: Mapping[str, str] | None = None,
    needs: Sequence[str] = (),
    more_rows: Sequence[Sequence[str]] = (),
    sizes: bool = True,
    words: str = "Words about it.",
) -> Path:
    """Put a package into a folder as an installer does; return its .dist-info.

    Args:
        site: The folder.
        name: As its wheel writes it.
        version: Its version.
        files: Text by path; one module unless given.
        needs: Its Requires-Dist.
        more_rows: Further rows of its RECORD.
        sizes: Whether RECORD has sizes.
        words: Its description.
    """
    info = site / f"{name}-{version}.dist-info"
    info.mkdir(parents=True)
    module = name.replace("-", "_").replace(".", "_").lower()
    head = [f"Name: {name}", f"Version: {version}", *(f"Requires-Dist: {need}" for need in needs)]
    metadata = "\n".join(["Metadata-Version: 2.1", *head, "", words, ""])
    contents = {
        **(files or {f"{module}/__init__.py": f"NAME = {name!r}\n"}),
        f"{info.name}/METADATA": metadata,
        f"{info.name}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    rows: list[Sequence[str]] = []
    for path, text in contents.items():
        content = text.encode()
        target = Path(os.path.normpath(site / path))
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        rows.append((path, record_hash(content), str(len(content)) if sizes else ""))
    record = io.StringIO(newline="")
    csv.writer(record, lineterminator="\n").writerows([*rows, *more_rows, (f"{info.name}/RECORD", "", "")])
    (info / "RECORD").write_text(record.getvalue(), encoding="utf-8", newline="")
    return info


def base_python() -> str:
    """Return the interpreter from which environments are made, which is in none itself."""
    return getattr(sys, "_base_executable", None) or sys.executable


@contextmanager
def variables(**values: str | None) -> Iterator[None]:
    """Set variables of this process, or with None remove them, while the block runs."""
    before = {name: os.environ.get(name) for name in values}
    _set(values)
    try:
        yield
    finally:
        _set(before)


def _set(values: Mapping[str, str | None]) -> None:
    for name, value in values.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


def examine(subject: Any, place: Project, *only: str, **options: Any) -> list[Any]:
    """Let the subject check a project's environment, and see that what comes back are findings, some for each check."""
    lock = place.lock if place.lock.exists() else None
    findings = subject.check(place.python, only=list(only), **{"lock": lock, "workdir": place.folder, **options})
    if not isinstance(findings, list):
        raise ContractBroken(f"check() gave a {type(findings).__name__}; expected a list of findings")
    for one in findings:
        if one.severity not in ("ok", "warning", "error"):
            raise ContractBroken(f"a finding has the severity {one.severity!r}; expected ok, warning or error")
    for name in only:
        if not any(one.check == name for one in findings):
            raise ContractBroken(f"no finding is of the check {name!r}; expected at least one, of severity ok")
    return findings


def bad(findings: Sequence[Any]) -> list[str]:
    """Return what is not well, in the findings' words."""
    return [f"{one.found} (expected {one.expected})" for one in findings if one.severity != "ok"]


def expect_healthy(findings: Sequence[Any], what: str) -> None:
    """Break the contract if there is a finding that is not ok."""
    if told := bad(findings):
        raise ContractBroken(f"{what}: found {told[0][:160]!r}; expected nothing but ok")


def expect_told(findings: Sequence[Any], *words: str, what: str) -> None:
    """Break the contract unless each of the words stands in a finding that is not ok."""
    told = " / ".join(bad(findings))
    for word in words:
        if word.lower() not in told.lower():
            found = repr(told[:160]) if told else "nothing"
            raise ContractBroken(f"{what}: found {found}; expected a finding that names {word}")


def expect_untold(findings: Sequence[Any], *words: str, what: str) -> None:
    """Break the contract if one of the words stands in a finding that is not ok."""
    for told in bad(findings):
        for word in words:
            if word.lower() in told.lower():
                raise ContractBroken(f"{what}: found {told[:160]!r}; expected nothing about {word}")
