"""The small changes to a source that a good test should notice.

Rule: a mutant differs from the source in one place, compiles, and keeps each line where it is; the file is only read.
Left alone are annotations, docstrings, texts of errors, asserts, and lines that say ``pragma: no mutate`` or ``pragma:
no cover``.
"""

import ast
import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import CodeType

from groundwork.errors import UsageError
from groundwork.testing._edits import edits

_SKIPPED_FIELDS = frozenset({"annotation", "returns", "type_params", "type_comment", "ctx"})
_LEFT_ALONE = (ast.Assert, ast.JoinedStr, ast.Import, ast.ImportFrom, ast.Global, ast.Nonlocal)
_PRAGMAS = ("pragma: no mutate", "pragma: no cover")
_TYPES = ("Literal", "Callable", "Annotated", "Optional", "Union")
_DIGITS = 8

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change to one file.

    Attributes:
        id: The same for as long as the line, its function and the change are; eight digits.
        file: The file, as it was asked for.
        line: Where, from 1.
        text: The line, without blanks around it.
        change: What is different, as ``< becomes <=``.
        function: Qualified name of the outermost function around it; empty where the line runs on import.
        first_line: The line on which that function begins, its decorators included; 0 without one.
        number: Its place among the changes of the file.
    """

    id: str
    file: Path
    line: int
    text: str
    change: str
    function: str
    first_line: int
    number: int


@dataclass(frozen=True, slots=True)
class _Change:
    node: ast.AST
    words: str
    apply: Callable[[], None]
    function: str
    first_line: int


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the walk is: names of the classes around, and the outermost function."""

    names: tuple[str, ...] = ()
    function: str = ""
    first_line: int = 0
    raising: bool = False


def find_mutants(file: Path) -> list[Mutant]:
    """List what can be changed in a file.

    Args:
        file: A file of Python.

    Returns:
        The mutants, from the first line to the last.

    Raises:
        UsageError: It cannot be read, or is no Python.
    """
    source = read_source(file)
    lines = source.splitlines()
    seen: Counter[str] = Counter()
    found = []
    for number, change in enumerate(_changes(_parsed(source, file))):
        line = getattr(change.node, "lineno", 1)
        text = lines[line - 1].strip()
        if any(pragma in text for pragma in _PRAGMAS):
            continue
        facts = f"{file.name}\0{change.function}\0{text}\0{change.words}"
        seen[facts] += 1
        digest = hashlib.sha256(f"{facts}\0{seen[facts]}".encode()).hexdigest()[:_DIGITS]
        found.append(Mutant(digest, file, line, text, change.words, change.function, change.first_line, number))
    return sorted(found, key=lambda mutant: (mutant.line, mutant.number))


def compile_mutant(file: Path, number: int | None) -> CodeType:
    """Compile a file with one of its changes.

    Args:
        file: The file.
        number: Which of them; None for none.

    Returns:
        The code of the module; each line is where it was.
    """
    tree = _parsed(read_source(file), file)
    if number is not None:
        next(change for nth, change in enumerate(_changes(tree)) if nth == number).apply()
        ast.fix_missing_locations(tree)
    code: CodeType = compile(tree, str(file), "exec", dont_inherit=True)
    return code


def read_source(file: Path) -> str:
    """Read a file as Python does, by the encoding that it declares.

    Args:
        file: The file.

    Returns:
        Its text.

    Raises:
        UsageError: It cannot be read.
    """
    import tokenize

    try:
        with tokenize.open(file) as opened:
            return opened.read()
    except (OSError, SyntaxError, UnicodeDecodeError) as error:
        raise UsageError(f"{file} cannot be read: {error}", hint="name files of Python, or folders of them") from error


def _parsed(source: str, file: Path) -> ast.Module:
    try:
        return ast.parse(source, str(file))
    except (SyntaxError, ValueError) as error:
        raise UsageError(f"{file} is no Python: {error}", hint="name files of Python, or folders of them") from error


def _changes(tree: ast.Module) -> Iterator[_Change]:
    yield from _inside(tree, _Place())


def _inside(node: ast.AST, place: _Place) -> Iterator[_Change]:
    for field, value in ast.iter_fields(node):
        if field in _SKIPPED_FIELDS:
            continue
        children = value if isinstance(value, list) else [value]
        inner = _place_of(node, field, place)
        for nth, child in enumerate(children):
            if not isinstance(child, ast.AST) or _is_left_alone(child, inner):
                continue
            put = _setter(node, field, nth if isinstance(value, list) else None)
            for edit in edits(child, put, raising=inner.raising):
                yield _Change(child, edit.words, edit.apply, inner.function, inner.first_line)
            yield from _inside(child, inner)


def _place_of(node: ast.AST, field: str, place: _Place) -> _Place:
    if isinstance(node, ast.Raise):
        return _Place(place.names, place.function, place.first_line, raising=True)
    if field != "body" or place.function:
        return place  # decorators and defaults run where the function is defined
    if isinstance(node, ast.ClassDef):
        return _Place((*place.names, node.name))
    if isinstance(node, Function):
        first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
        return _Place(place.names, ".".join((*place.names, node.name)), first)
    return place


def _is_left_alone(node: ast.AST, place: _Place) -> bool:
    if isinstance(node, ast.If):
        # What only a type checker reads, or only a script does.
        words = ast.unparse(node.test)
        return "TYPE_CHECKING" in words or "__name__" in words
    if isinstance(node, ast.Assign | ast.AnnAssign) and not place.function:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        return any(isinstance(target, ast.Name) and target.id == "__all__" for target in targets)
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return True  # a docstring, or an ellipsis
    if isinstance(node, ast.Subscript) and ast.unparse(node.value).endswith(_TYPES):
        return True
    if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("TypeVar", "ParamSpec", "cast")):
        return True
    return isinstance(node, _LEFT_ALONE)


def _setter(parent: ast.AST, field: str, nth: int | None) -> Callable[[ast.AST], None]:
    def put(node: ast.AST) -> None:
        if nth is None:
            setattr(parent, field, node)
        else:
            getattr(parent, field)[nth] = node

    return put
