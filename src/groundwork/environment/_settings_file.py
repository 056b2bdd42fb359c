"""A file of settings: JSON, TOML or YAML, with the line of each key.

Rule: what cannot be read is a mistake with its line, in words that quote nothing of the file. Plain scalars of YAML
stay text until a type says what they are, so ``no``, ``1e-4`` and ``007`` mean what the setting needs.
"""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from groundwork.environment._settings_convert import Scalar
from groundwork.environment._settings_lines import KeyPath, json_lines, toml_lines
from groundwork.environment._settings_mistakes import Mistake, Source
from groundwork.errors import UnsupportedFormatError

if TYPE_CHECKING:
    import yaml

_NULLS = ("", "~", "null", "Null", "NULL")
_MAX_DEPTH = 50
_TOO_LONG = "holds a number of more digits than Python reads"
_LINE = re.compile(r"line (\d+)")
_QUOTED = re.compile(r"'[^']{2,}'|\"[^\"]{2,}\"")


class SettingsFile:
    """What a file gives, and where.

    Args:
        path: The file.

    Attributes:
        name: The file, as given.
        values: The nested values; empty when the file cannot be read.
        mistakes: Why it cannot be read, and keys given twice.

    Raises:
        UnsupportedFormatError: The suffix is none of a settings file.
    """

    def __init__(self, path: Path) -> None:
        self.name = str(path)
        self.values: dict[str, Any] = {}
        self.mistakes: list[Mistake] = []
        self._lines: dict[KeyPath, int] = {}
        reader = _READERS.get(path.suffix.lower())
        if reader is None:
            raise UnsupportedFormatError(
                f"{path} is no file of settings: {path.suffix or 'no suffix'}", hint=f"use {', '.join(_READERS)}"
            )
        try:
            values, lines = reader(path.read_text(encoding="utf-8-sig"))
        except _SyntaxProblemError as error:
            self._refuse(error.problem, error.line)
        except OSError as error:
            self._refuse(f"cannot be read: {error.strerror}")
        except UnicodeDecodeError as error:
            self._refuse("is not UTF-8", error.object.count(b"\n", 0, error.start) + 1)
        except RecursionError:
            self._refuse("is nested too deep")
        else:
            self._take(values, lines)

    def source(self, path: KeyPath) -> Source:
        """Return where a key, or the nearest above it, stands.

        Args:
            path: The keys that lead to it.
        """
        for length in range(len(path), 0, -1):
            if path[:length] in self._lines:
                return Source("file", file=self.name, line=self._lines[path[:length]])
        return Source("file", file=self.name)

    def _take(self, values: Any, lines: list[tuple[KeyPath, int]]) -> None:
        if values is None:
            return
        if not isinstance(values, dict):
            self._refuse("holds no mapping of names to values")
            return
        self.values = values
        for path, line in lines:
            # Of TOML, whose reader refuses a key given twice, a list of tables comes here once a table.
            if path in self._lines and not self.name.lower().endswith(".toml"):
                place = Source("file", file=self.name, line=line)
                self.mistakes.append(Mistake(".".join(path), f"given before, in line {self._lines[path]}", place))
            self._lines.setdefault(path, line)

    def _refuse(self, problem: str, line: int | None = None) -> None:
        self.mistakes.append(Mistake("", problem, Source("file", file=self.name, line=line)))


class _SyntaxProblemError(ValueError):
    def __init__(self, problem: str, line: int | None) -> None:
        super().__init__(problem)
        self.problem = problem
        self.line = line


_Read = tuple[Any, list[tuple[KeyPath, int]]]


def _read_json(text: str) -> _Read:
    if not text.strip():
        return None, []
    try:
        values = json.loads(text)
    except json.JSONDecodeError as error:
        raise _SyntaxProblemError(f"is not valid JSON: {error.msg}", error.lineno) from None
    except ValueError:
        raise _SyntaxProblemError(_TOO_LONG, None) from None
    return values, list(json_lines(text))


def _read_toml(text: str) -> _Read:
    import tomllib

    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = _LINE.search(str(error))
        # Its words quote a key now and then, never a value; still, the line alone is enough.
        raise _SyntaxProblemError("is not valid TOML", int(found[1]) if found else None) from None
    except ValueError:
        raise _SyntaxProblemError(_TOO_LONG, None) from None
    return values, list(toml_lines(text.replace("\r\n", "\n")))


def _read_yaml(text: str) -> _Read:
    try:
        import yaml
    except ModuleNotFoundError:
        raise _SyntaxProblemError("takes the package pyyaml to read; install it, or use .toml", None) from None
    try:
        _guard(yaml.parse(text, Loader=yaml.SafeLoader))
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        problem = _QUOTED.sub("…", error.problem or "")
        raise _SyntaxProblemError(f"is not valid YAML: {problem}", _line_of(error.problem_mark)) from None
    except yaml.YAMLError:
        raise _SyntaxProblemError("is not valid YAML", None) from None
    if root is None:
        return None, []
    return _value(root), list(_yaml_lines(root, ()))


def _guard(events: "Iterator[yaml.Event]") -> None:
    """Refuse what would cost time or memory out of proportion, before any of it is built."""
    import yaml

    depth = 0
    for event in events:
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _MAX_DEPTH:
            raise _SyntaxProblemError("is nested too deep", _line_of(event.start_mark))
        # It can stand for its own parent, or for a billion entries; settings do without.
        if isinstance(event, yaml.AliasEvent):
            raise _SyntaxProblemError("an alias is not supported; write the value", _line_of(event.start_mark))


def _value(node: "yaml.Node") -> Any:
    import yaml

    if isinstance(node, yaml.ScalarNode):
        if node.style is not None:
            return node.value
        return None if node.value in _NULLS else Scalar(node.value)
    if isinstance(node, yaml.SequenceNode):
        return [_value(item) for item in node.value]
    for key, _ in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise _SyntaxProblemError("a key is no text", _line_of(key.start_mark))
    return {key.value: _value(each) for key, each in node.value}


def _yaml_lines(node: "yaml.Node", path: KeyPath) -> Iterator[tuple[KeyPath, int]]:
    import yaml

    if isinstance(node, yaml.MappingNode):
        for key, each in node.value:
            here = (*path, key.value)
            yield here, _line_of(key.start_mark) or 1
            yield from _yaml_lines(each, here)


def _line_of(mark: Any) -> int | None:
    return None if mark is None else int(mark.line) + 1


_READERS: dict[str, Callable[[str], _Read]] = {
    ".json": _read_json,
    ".toml": _read_toml,
    ".yaml": _read_yaml,
    ".yml": _read_yaml,
}
