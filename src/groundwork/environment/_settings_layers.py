"""What each source gives for the settings of a schema.

Rule: a layer answers with raw values by path and the place of each; an unknown name is a mistake wherever names are
ours alone: in the file, among the arguments, and in a .env after the prefix.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from groundwork.environment._env_file import read_env
from groundwork.environment._settings_file import SettingsFile
from groundwork.environment._settings_mistakes import Mistake, Source, nearest
from groundwork.environment._settings_schema import Group, KeyPath


@dataclass(frozen=True)
class Given:
    """One raw value.

    Attributes:
        raw: As read; hidden, for it may be secret.
        source: Where it stands.
    """

    raw: Any = field(repr=False)
    source: Source


@dataclass
class Layer:
    """What one source gives.

    Attributes:
        given: By path.
        mistakes: What is wrong with the source itself.
        readable: Whether it was read whole.
        unused: Names that no setting has, where others may have put them.
    """

    given: dict[KeyPath, Given] = field(default_factory=dict)
    mistakes: list[Mistake] = field(default_factory=list)
    readable: bool = True
    unused: tuple[str, ...] = ()


def from_file(group: Group, path: Path) -> Layer:
    """Read a file of settings.

    Args:
        group: The schema.
        path: The file.
    """
    read = SettingsFile(path)
    layer = Layer(mistakes=read.mistakes, readable=not read.mistakes)
    _walk(layer, group, read.values, (), read.source)
    return layer


def from_arguments(group: Group, arguments: Mapping[str, Any]) -> Layer:
    """Read arguments, as ``{"database.port": 5433}``; None is an argument not given.

    Args:
        group: The schema.
        arguments: Values by dotted name, or nested.
    """
    layer = Layer()
    for name, value in arguments.items():
        first, *parts = name.split(".")
        for part in reversed(parts):
            value = {part: value}
        _walk(layer, group, {first: value}, (), _argument)
    return layer


def from_variables(known: Mapping[str, KeyPath], environ: Mapping[str, str]) -> Layer:
    """Read the environment.

    Args:
        known: The path of each variable that is ours.
        environ: Text by name.
    """
    found = {known[name]: Given(environ[name], Source("environment", name)) for name in known if name in environ}
    return Layer(found, unused=tuple(name for name in environ if name not in known))


def from_env_file(known: Mapping[str, KeyPath], path: Path, prefix: str) -> Layer:
    """Read a .env, which need not exist.

    Args:
        known: The path of each variable that is ours.
        path: The file.
        prefix: What our names begin with.
    """
    try:
        text = path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        return Layer()
    except OSError as error:
        return _unreadable(path, f"cannot be read: {error.strerror}")
    except UnicodeDecodeError as error:
        return _unreadable(path, "is not UTF-8", error.object.count(b"\n", 0, error.start) + 1)
    assignments, mistakes = read_env(text, str(path))
    layer = Layer(mistakes=mistakes, readable=not mistakes)
    for one in assignments:
        source = Source("env_file", one.name, str(path), one.line)
        if one.name in known:
            layer.given[known[one.name]] = Given(one.value, source)
        elif prefix and one.name.startswith(prefix):
            layer.mistakes.append(Mistake("", "there is no such setting", source, nearest(one.name, known)))
    layer.unused = tuple(one.name for one in assignments if one.name not in known)
    return layer


def _walk(
    layer: Layer, group: Group, values: Mapping[Any, Any], path: KeyPath, place: Callable[[KeyPath], Source]
) -> None:
    for key, value in values.items():
        if value is None and place is _argument:
            continue
        here = (*path, str(key))
        setting = group.settings.get(str(key))
        if setting is None:
            near = nearest(str(key), group.settings)
            suggestion = None if near is None else ".".join((*path, near))
            layer.mistakes.append(Mistake(".".join(here), "there is no such setting", place(here), suggestion))
        elif setting.group is not None and isinstance(value, Mapping):
            _walk(layer, setting.group, value, here, place)
        elif setting.group is not None and not (value is None and setting.optional):
            words = f"a group of settings ({', '.join(setting.group.settings)}), not one value"
            layer.mistakes.append(Mistake(".".join(here), words, place(here)))
        else:
            layer.given[here] = Given(value, place(here))


def _argument(path: KeyPath) -> Source:
    return Source("argument", ".".join(path))


def _unreadable(path: Path, problem: str, line: int | None = None) -> Layer:
    return Layer(mistakes=[Mistake("", problem, Source("env_file", file=str(path), line=line))], readable=False)
