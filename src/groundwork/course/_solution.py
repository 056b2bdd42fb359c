"""The library's own answer to an exercise, and the learner's beside it.

Rule: both are read as text; nothing of the learner's is imported. What belongs to an exercise is what the topics of its
contract ask for by name.
"""

import ast
import importlib
import inspect
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType

from groundwork.course._catalog import Exercise
from groundwork.course._paths import reading


@dataclass(frozen=True, slots=True)
class Part:
    """One name that an exercise asks for, and where the library has it.

    Attributes:
        name: The name.
        file: The file that defines it.
        line: Its first line there, counted from 1.
        text: Its definition.
    """

    name: str
    file: Path
    line: int
    text: str


def library_parts(exercise: Exercise) -> list[Part]:
    """Find what the library has for an exercise, name by name.

    Args:
        exercise: The exercise.

    Returns:
        A part for each name that the contract's topics ask for; those of a reference solution where the exercise is
        about no package of groundwork.
    """
    names = list(dict.fromkeys(name for asked in exercise.topics.values() for name in asked))
    if not exercise.library:
        return list(_parts_of_file(exercise.path / "alternative" / exercise.file))
    doors = [importlib.import_module(module) for module in exercise.library]
    return [part for name in names if (part := _library_part(name, doors)) is not None]


def library_files(exercise: Exercise) -> tuple[list[Path], list[Path]]:
    """List the files of the library that are an exercise's answer.

    Args:
        exercise: The exercise.

    Returns:
        The files that define what the contract asks for, and those beside them that they import.
    """
    files = list(dict.fromkeys(part.file for part in library_parts(exercise)))
    beside = dict.fromkeys(other for file in files for other in _neighbours(file))
    return files, [file for file in beside if file not in files]


def learner_text(file: Path, name: str) -> str:
    """Find a definition in a learner's file.

    Args:
        file: The file.
        name: Of a function, class or variable at its top level.

    Returns:
        Its text; empty where there is none, or the file is not there or not Python.

    Raises:
        StorageError: The file may not be read.
    """
    with reading(file):
        try:
            return next((part.text for part in _parts_of_file(file) if part.name == name), "")
        except (FileNotFoundError, SyntaxError, ValueError):
            return ""


def _parts_of_file(file: Path) -> Iterator[Part]:
    source = file.read_text(encoding="utf-8")
    lines = source.splitlines()
    overloads: dict[str, Part] = {}
    for node in ast.parse(source).body:
        for name in _names(node):
            decorators = getattr(node, "decorator_list", [])
            first = min([node.lineno, *(each.lineno for each in decorators)])
            text = "\n".join(lines[first - 1 : node.end_lineno])
            # The last one counts, as it does for Python: what comes before are overloads.
            overloads[name] = Part(name, file, first, text)
    yield from overloads.values()


def _names(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [node.name]
    if isinstance(node, ast.Assign):
        return [target.id for target in node.targets if isinstance(target, ast.Name)]
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        return [node.target.id]
    return []


def _library_part(name: str, doors: list[ModuleType]) -> Part | None:
    found = next((getattr(door, name) for door in doors if hasattr(door, name)), None)
    module = sys.modules.get(getattr(found, "__module__", None) or "")
    file = inspect.getsourcefile(module) if module is not None else None
    parts = {part.name: part for part in _parts_of_file(Path(file))} if file is not None else {}
    part = parts.get(name) or parts.get(getattr(found, "__name__", name))
    return replace(part, name=name) if part is not None else None


def _neighbours(file: Path) -> Iterator[Path]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        module = node.module if isinstance(node, ast.ImportFrom) else None
        if module and module.startswith("groundwork."):
            path = file.parent / f"{module.rpartition('.')[2]}.py"
            if module.split(".")[-2] == file.parent.name and path.is_file():
                yield path
