"""Write the requirements.lock of a project.

Rule: the file is replaced in one rename, and only if something changes; a lock names no address and no place of this
machine. With uv it holds for every platform, with pip for the one that runs, and says so in its first line.
"""

import contextlib
import difflib
import os
import re
import sys
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from groundwork._failpoints import failpoint
from groundwork.environment._installer import Backend, choose
from groundwork.environment._lockfile import Pin, parse_lock
from groundwork.environment._record import normalize
from groundwork.environment._requirements import Requirements, read_requirements
from groundwork.environment._resolve import ONE_PLATFORM, Resolution
from groundwork.environment._setup import Report, silent, unwritable
from groundwork.errors import ConfigurationError


@dataclass(frozen=True)
class LockResult:
    """What ``lock`` did.

    Args:
        path: The lock.
        packages: How many packages it pins.
        changes: What became of the earlier pins, in words: ``numpy 2.4.5 -> 2.4.6``, ``rich 15.0.0 added``.
        changed: Whether the file was written.
        universal: Whether it holds for every platform, or only for the one that runs.
    """

    path: Path
    packages: int
    changes: tuple[str, ...]
    changed: bool
    universal: bool


def lock(
    project: Path | str = ".",
    *,
    output: Path | str | None = None,
    python: str | None = None,
    extras: Sequence[str] = (),
    upgrade: bool | Sequence[str] = False,
    backend: Backend = "auto",
    report: Report = silent,
    line_seen: Callable[[str], None] | None = None,
) -> LockResult:
    """Resolve what a project asks for to exact versions with hashes.

    Args:
        project: A folder with a pyproject.toml or a requirements.in, or one of these files.
        output: The lock; ``requirements.lock`` beside the project's file if left out.
        python: The oldest Python that the versions must suit, as ``3.11``; what requires-python says if left out,
            else the Python that runs.
        extras: Optional dependencies of the pyproject.toml to pin as well.
        upgrade: True looks for newer versions of everything, names for newer versions of these, which the lock must
            pin.
        backend: ``uv``, ``pip``, or ``auto``: uv when it is there.
        report: Called with what is being done, one line each.
        line_seen: Called with each line that the tool prints.

    Returns:
        What changed.

    Raises:
        ConfigurationError: The project's file is missing or wrong; a package to upgrade is none of the lock's; or
            requirements exclude each other, with code
            ``conflict`` and in words who asks for what.
        EnvironmentBroken: There is no network, the tool failed, or the lock cannot be written.
    """
    wanted = read_requirements(Path(project).absolute(), extras)
    target = Path(output).absolute() if output is not None else wanted.source.with_name("requirements.lock")
    if python is not None and re.fullmatch(r"\d+\.\d+(\.\d+)?", python) is None:
        raise ConfigurationError(f"{python!r} is no version of Python", hint="write it as 3.11")
    if isinstance(upgrade, str):
        raise ConfigurationError("upgrade takes True or a list of names", hint=f"write upgrade=[{upgrade!r}]")
    earlier_text = _earlier(target)
    earlier = [] if earlier_text is None else _pins_of(earlier_text, target)
    installer = choose(backend, None, line_seen)
    report(f"resolving {wanted.source.name} with {installer.name}")
    if installer.name == "pip":
        report("pip sees this platform alone; with uv the lock would hold for every one")
    resolution = Resolution(
        wanted,
        installer,
        extras,
        python or _oldest(wanted),
        earlier,
        not (earlier_text or "").startswith(ONE_PLATFORM),
        upgrade if isinstance(upgrade, bool) else frozenset(normalize(name) for name in upgrade),
        line_seen,
    )
    text = resolution.run()
    pins = parse_lock(text, target)
    if not isinstance(upgrade, bool):
        _refuse_unknown(upgrade, {pin.name for pin in (*earlier, *pins)})
    if text != earlier_text:
        _replace(target, text)
    return LockResult(target, len(pins), _changes(earlier, pins), text != earlier_text, installer.name == "uv")


def _oldest(wanted: Requirements) -> str:
    return wanted.oldest_python or f"{sys.version_info[0]}.{sys.version_info[1]}"


def _refuse_unknown(names: Sequence[str], known: Collection[str]) -> None:
    # After the search: which packages the requirements bring along, only that can tell.
    unknown = [name for name in names if normalize(name) not in known]
    if unknown:
        near = difflib.get_close_matches(normalize(unknown[0]), sorted(known), n=1)
        raise ConfigurationError(
            f"the lock has no package {unknown[0]!r} to upgrade" + (f"; did you mean {near[0]!r}?" if near else ""),
            hint="name packages that it pins, with what others bring along; for all of them: --upgrade",
        )


def _earlier(target: Path) -> str | None:
    try:
        return target.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"cannot read {target}: {error}", hint="name another output") from error


def _pins_of(text: str, target: Path) -> list[Pin]:
    try:
        return parse_lock(text, target)
    except ConfigurationError as error:
        # Replacing a file of another kind would cost the user its content.
        raise ConfigurationError(
            f"{target} is no lock: {error.message}", hint="move it away, or name another output"
        ) from error


def _changes(before: Sequence[Pin], after: Sequence[Pin]) -> tuple[str, ...]:
    old, new = _versions(before), _versions(after)
    lines = []
    for name in sorted(old.keys() | new.keys()):
        if name not in old:
            lines.append(f"{name} {new[name]} added")
        elif name not in new:
            lines.append(f"{name} {old[name]} removed")
        elif old[name] != new[name]:
            lines.append(f"{name} {old[name]} -> {new[name]}")
    return tuple(lines)


def _versions(pins: Sequence[Pin]) -> dict[str, str]:
    # A universal lock may pin one package in several versions, each for its own platforms.
    versions: dict[str, list[str]] = {}
    for pin in pins:
        versions.setdefault(pin.name, []).append(pin.version)
    return {name: " and ".join(those) for name, those in versions.items()}


def _replace(target: Path, text: str) -> None:
    target = Path(os.path.realpath(target))
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        with open(temporary, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileNotFoundError):
            os.chmod(temporary, target.stat().st_mode & 0o7777)
        failpoint("environment.lock.before_replace")
        os.replace(temporary, target)
    except OSError as error:
        raise unwritable(target, error) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()
