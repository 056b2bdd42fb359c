"""Choosing versions: uv for every platform at once, pip for the one that runs.

Rule: versions that an earlier lock pins stay unless they no longer fit or are to be upgraded; so an unchanged input
gives an unchanged lock. A requirement by address is refused: a lock holds names, versions and hashes.
"""

import importlib.util
import json
import platform
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from groundwork.environment._installer import Installer
from groundwork.environment._lockfile import Pin
from groundwork.environment._network import run_online
from groundwork.environment._record import normalize
from groundwork.environment._requirements import Requirements
from groundwork.environment._resolve_conflict import read_conflict
from groundwork.environment._scrub import scrub
from groundwork.errors import ConfigurationError, EnvironmentBroken

ONE_PLATFORM = "# Resolved by pip, which sees one platform: "
_ADDRESS_OPTIONS = ("--index-url", "--extra-index-url", "--find-links", "-i ", "-f ", "--trusted-host")


@dataclass(frozen=True)
class Resolution:
    """One search for versions that fit together.

    Args:
        requirements: What is asked for.
        installer: The tool.
        extras: Names of optional dependencies; uv reads them from the project itself.
        python: The oldest Python that must do, as ``3.11``.
        earlier: What the earlier lock pins.
        universal: Whether the earlier lock holds for every platform.
        upgrade: True for all, or the normalized names to look for newer versions of.
        line_seen: Called with each line that the tool prints.
    """

    requirements: Requirements
    installer: Installer
    extras: Sequence[str]
    python: str
    earlier: Sequence[Pin]
    universal: bool
    upgrade: bool | frozenset[str]
    line_seen: Callable[[str], None] | None = None

    def run(self) -> str:
        """Search.

        Returns:
            The text of a lock.

        Raises:
            ConfigurationError: Requirements exclude each other, or one is given by address.
            EnvironmentBroken: The tool failed, or there is no network.
        """
        with tempfile.TemporaryDirectory(prefix="groundwork-") as folder:
            return self._with_uv(Path(folder)) if self.installer.name == "uv" else self._with_pip(Path(folder))

    def _with_uv(self, folder: Path) -> str:
        target = folder / "requirements.lock"
        if self.upgrade is not True and self.earlier:
            # uv keeps the hashes that it finds there, and an earlier lock of pip has those of one platform.
            told = [pin.text if self.universal else _versions_only(pin) for pin in self.earlier]
            target.write_text("".join(f"{text}\n" for text in told), encoding="utf-8")
        command = [self.installer.uv or "uv", "--color", "never", "--no-progress", "pip", "compile", "--quiet"]
        command += ["--universal", "--generate-hashes", "--no-header", "--no-annotate"]
        command += ["--python", sys.executable, "--python-version", self.python, "--output-file", str(target)]
        command += [word for extra in self.extras for word in ("--extra", extra)]
        if self.upgrade is True:
            command.append("--upgrade")
        else:
            command += [f"--upgrade-package={name}" for name in sorted(self.upgrade or ())]
        self._run([*command, str(self.requirements.source)])
        lines = target.read_text(encoding="utf-8").splitlines()
        kept = [line for line in lines if line.strip() and not line.startswith(("#", *_ADDRESS_OPTIONS))]
        for line in kept:
            if " @ " in line or "://" in line or line.startswith(("-e ", "./", "../", "/", "file:")):
                raise by_address(line.split(" \\")[0])
        return "".join(f"{line}\n" for line in kept)

    def _with_pip(self, folder: Path) -> str:
        if self.requirements.dynamic:
            raise ConfigurationError(
                f"{self.requirements.source.name}: its dependencies are dynamic, and pip cannot list them",
                hint="write them out, or install uv",
            )
        wanted = self.requirements.source
        if wanted.suffix == ".toml":
            wanted = folder / "requirements.in"
            wanted.write_text("".join(f"{one}\n" for one in self.requirements.wanted), encoding="utf-8")
        kept = [] if self.upgrade is True else [pin for pin in self.earlier if pin.name not in (self.upgrade or ())]
        try:
            report = self._pip_report(folder, wanted, kept)
        except ConfigurationError:
            # Unlike uv's preferences, pip's constraints are firm: what does not fit any more has to go.
            if not kept:
                raise
            report = self._pip_report(folder, wanted, [])
        blocks = sorted(_block(one) for one in report["install"])
        head = f"{ONE_PLATFORM}{_platform()}.\n# `groundwork env lock` with uv makes a lock for every platform.\n"
        return head + "".join(blocks)

    def _pip_report(self, folder: Path, wanted: Path, kept: Sequence[Pin]) -> Mapping[str, Any]:
        constraints, report = folder / "constraints.txt", folder / "report.json"
        constraints.write_text("".join(f"{pin.name}=={pin.version}\n" for pin in kept), encoding="utf-8")
        command = [*_pip(), "--disable-pip-version-check", "--no-input", "--no-color", "install", "--dry-run"]
        command += ["--ignore-installed", "--no-warn-script-location", "--progress-bar", "off"]
        self._run([*command, "--report", str(report), "-c", str(constraints), "-r", str(wanted)])
        found: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))
        return found

    def _run(self, command: Sequence[str]) -> None:
        lines: list[str] = []

        def note(line: str) -> None:
            lines.append(line)
            if self.line_seen is not None:
                self.line_seen(line)

        try:
            run_online(
                command, tool=self.installer.name, what=f"resolve {self.requirements.source.name}", line_seen=note
            )
        except EnvironmentBroken as error:
            conflict = read_conflict("\n".join(lines), self.requirements.name, self.requirements.wanted)
            if conflict is None or not (conflict.demands or conflict.remarks):
                raise
            # A requirement may be an address, with a password in it.
            told = [scrub(one) for one in (*conflict.chains(self.requirements.called), *conflict.remarks)]
            contested = conflict.contested
            what = f"no version of {' and '.join(contested)} suits all" if contested else "no versions fit together"
            raise ConfigurationError(
                "\n  ".join([f"{what}:", *told]),
                code="conflict",
                hint=f"loosen one of these requirements; those of {self.requirements.called} are in "
                f"{self.requirements.source.name}",
                context={"contested": contested, "chains": told, **error.context},
            ) from error


def by_address(requirement: str) -> ConfigurationError:
    """Say that a requirement names a place instead of a version.

    Args:
        requirement: As it stands; its address is left out, which may hold a password.

    Returns:
        The error to raise.
    """
    name = requirement.partition(" @ ")[0].split("://")[0].strip() or "a requirement"
    return ConfigurationError(
        f"{name} is asked for by address; a lock holds names and versions, which every machine can get",
        hint="ask for it by name and version, from an index or with UV_FIND_LINKS or PIP_FIND_LINKS",
    )


def _versions_only(pin: Pin) -> str:
    return pin.text.split(" --hash", 1)[0].split("\\\n")[0].rstrip(" \\\n")


def _block(item: Mapping[str, Any]) -> str:
    name, version = item["metadata"]["name"], item["metadata"]["version"]
    digest = item["download_info"].get("archive_info", {}).get("hashes", {}).get("sha256")
    if item.get("is_direct") or digest is None:
        raise by_address(str(name))
    return f"{normalize(name)}=={version} \\\n    --hash=sha256:{digest}\n"


def _platform() -> str:
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    return f"{platform.python_implementation()} {version} on {sys.platform}, {platform.machine()}"


def _pip() -> list[str]:
    if importlib.util.find_spec("pip") is not None:
        return [sys.executable, "-I", "-m", "pip"]
    # An environment of uv has no pip; the Python that it was made from usually has.
    return [getattr(sys, "_base_executable", None) or sys.executable, "-I", "-m", "pip"]
