"""What a test does while it runs: does it ask the module under test, does it compare anything?

Rule: what counts has been executed; an assertion in a branch never taken is none, and one of constants is none either.
Cost: a Python call for each function call and for each line of the suite; tests are traced once, alone.
"""

import ast
import sys
import sysconfig
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Self

_LIBRARIES = tuple(
    {str(Path(folder).resolve()) for name, folder in sysconfig.get_paths().items() if name.endswith(("lib", "stdlib"))}
)

# Installed, too, are the suites of the course itself; they are nobody's library.
_EXERCISES = str(Path(__file__).resolve().parents[2] / "course" / "exercises")
_PACKAGES = tuple(folder for folder in _LIBRARIES if folder.endswith("-packages"))


def is_own(filename: str, module: str) -> bool:
    """Tell whether code is the suite's: neither the module's under test nor a library's."""
    if filename.startswith(_EXERCISES):
        return filename != module
    return filename != module and not filename.startswith(("<", *_LIBRARIES))


def is_a_package(filename: str) -> bool:
    """Tell whether code was installed, as pytest and Hypothesis; the standard library was not."""
    return filename.startswith(_PACKAGES) and not filename.startswith(_EXERCISES)


def assertion_lines(source: str) -> frozenset[int]:
    """List the lines on which a file asserts something that can be false.

    Args:
        source: The file's text.

    Returns:
        Lines of ``assert`` with more than constants, of ``pytest.raises`` and ``warns``, of calls named ``assert...``,
        and of an ``if`` that raises or fails.
    """
    lines: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Assert):
            claim: ast.AST | None = node.test if _can_be_false(node.test) else None
        elif isinstance(node, ast.If):
            claim = node.test if any(map(_fails, node.body)) else None
        else:
            claim = node if isinstance(node, ast.Call) and _asserts(node) else None
        if isinstance(claim, ast.expr):
            lines.update(range(claim.lineno, (claim.end_lineno or claim.lineno) + 1))
    return frozenset(lines)


@cache
def lines_of(filename: str) -> frozenset[int]:
    """List those of a file; read once a process, and by a fork of one that has read it never."""
    return assertion_lines(Path(filename).read_text(encoding="utf-8"))


def _can_be_false(claim: ast.expr) -> bool:
    return any(isinstance(node, (ast.Name, ast.Call, ast.Attribute)) for node in ast.walk(claim))


def _asserts(call: ast.Call) -> bool:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    return name in ("raises", "warns") or (name.startswith("assert") and bool(call.args))


def _fails(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        called = statement.value.func
        return (called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")) == "fail"
    return isinstance(statement, ast.Raise)


class Trace:
    """Watches what is executed while the block runs.

    Args:
        module: Path of the module under test.

    Attributes:
        asked: Whether a function of the module was called.
        asserted: Whether an assertion of the suite was executed.
    """

    def __init__(self, module: str) -> None:
        self._module = module
        self.asked = self.asserted = False

    def __enter__(self) -> Self:
        self._before = sys.gettrace()  # that of a debugger or of coverage
        sys.settrace(self._on_call)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        sys.settrace(self._before)

    # Coverage cannot watch these: there is one tracer at a time.
    def _on_call(  # pragma: no cover
        self, frame: FrameType, event: str, argument: Any
    ) -> Callable[..., Any] | None:
        filename = frame.f_code.co_filename
        if filename == self._module:
            self.asked = True
        elif not self.asserted and is_own(filename, self._module):
            return self._on_line
        return None

    def _on_line(  # pragma: no cover
        self, frame: FrameType, event: str, argument: Any
    ) -> Callable[..., Any] | None:
        if event == "line" and frame.f_lineno in lines_of(frame.f_code.co_filename):
            self.asserted = True
            return None
        return self._on_line
