"""What a project asks for: the dependencies of its pyproject.toml, or its requirements.in.

Rule: read, never run; what only a build can tell is left to uv.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from groundwork.environment._record import normalize
from groundwork.errors import ConfigurationError

_FILES = ("pyproject.toml", "requirements.in")
_OLDEST = re.compile(r"(?:>=|~=|==|>)\s*(\d+\.\d+)")
_NAME = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[([^\]]*)\])?")


@dataclass(frozen=True)
class Requirements:
    """What a project asks for.

    Args:
        source: Its pyproject.toml or requirements.in.
        name: Name of the project, or empty.
        oldest_python: The oldest Python that it runs on, as ``3.11``, or None where it does not say.
        wanted: Its requirements, extras included, as in a requirements file.
        dynamic: Whether only a build of the project tells its requirements.
    """

    source: Path
    name: str
    oldest_python: str | None
    wanted: tuple[str, ...]
    dynamic: bool = False

    @property
    def called(self) -> str:
        """What to call the project in a message."""
        return self.name or self.source.name


def read_requirements(project: Path, extras: Sequence[str] = ()) -> Requirements:
    """Read what a project asks for.

    Args:
        project: Its folder, its pyproject.toml or a requirements.in.
        extras: Optional dependencies to take along.

    Returns:
        The requirements.

    Raises:
        ConfigurationError: There is no such file, it cannot be read, or has no such extra.
    """
    source = _source(project)
    try:
        text = source.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"cannot read {source}: {error}", hint="name a readable file") from error
    if source.suffix != ".toml":
        if extras:
            raise ConfigurationError(f"{source.name} has no extras", hint="only a pyproject.toml has; leave them out")
        lines = [line.partition(" #")[0].strip() for line in text.splitlines()]
        return Requirements(source, "", None, tuple(line for line in lines if line and not line.startswith("#")))
    try:
        table = tomllib.loads(text).get("project")
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{source} is not TOML: {error}", hint="mend the line that it names") from error
    if not isinstance(table, dict):
        raise ConfigurationError(f"{source} has no [project] table", hint="add one, or write a requirements.in")
    return _of_table(source, table, extras)


def _source(project: Path) -> Path:
    if not project.is_dir():
        if not project.exists():
            raise ConfigurationError(f"{project} does not exist", hint="name a folder with a pyproject.toml")
        return project
    found = [project / name for name in _FILES if (project / name).is_file()]
    if not found:
        raise ConfigurationError(
            f"{project} has neither a pyproject.toml nor a requirements.in", hint="write one, or name the project"
        )
    # Many a pyproject.toml only holds the settings of tools.
    tables = [path for path in found if path.suffix != ".toml" or _has_project(path)]
    return (tables or found)[0]


def _has_project(path: Path) -> bool:
    return re.search(r"^\s*\[project\]", path.read_text(encoding="utf-8", errors="replace"), re.MULTILINE) is not None


def _of_table(source: Path, table: Mapping[str, Any], extras: Sequence[str]) -> Requirements:
    name = str(table.get("name", ""))
    if not name or ("version" not in table and "version" not in table.get("dynamic", [])):
        raise ConfigurationError(f"{source}: [project] needs a name and a version", hint='add version = "0.1.0"')
    optional = {normalize(key): list(those) for key, those in table.get("optional-dependencies", {}).items()}
    wanted = list(table.get("dependencies", []))
    taken: set[str] = set()
    todo = [normalize(extra) for extra in extras]
    while todo:
        extra = todo.pop(0)
        if extra in taken:
            continue
        taken.add(extra)
        if extra not in optional:
            known = ", ".join(sorted(optional)) or "none"
            raise ConfigurationError(f"{source.name} has no extra {extra!r}", hint=f"it has: {known}")
        for one in optional[extra]:
            own = _own_extras(one, name)
            if own is None:
                wanted.append(one)
            else:
                todo += own
    oldest = _OLDEST.search(str(table.get("requires-python", "")))
    dynamic = bool({"dependencies", "optional-dependencies"} & set(table.get("dynamic", [])))
    return Requirements(source, name, oldest[1] if oldest else None, tuple(dict.fromkeys(wanted)), dynamic)


def _own_extras(requirement: str, project: str) -> list[str] | None:
    # "shop[test]" among the extras of shop means its extra of that name.
    found = _NAME.match(requirement)
    if found is None or not found[2] or not project or normalize(found[1]) != normalize(project):
        return None
    return [normalize(one.strip()) for one in found[2].split(",")]
