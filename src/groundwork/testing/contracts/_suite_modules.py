"""The modules that a learner's suite meets: the one he has, two others that are right, and those that are wrong.

Rule: each is given anew, without comments and docstrings and with a line that no other run has seen: a suite that knows
a module by its text knows none. Cost: parsing a hundred lines.
"""

import ast
import secrets
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

# The course lies above the contracts, which import nothing of it; what lies there are texts.
EXERCISE = Path(__file__).resolve().parents[2] / "course" / "exercises" / "07_testing"
NAME = "intake"


@dataclass(frozen=True, slots=True)
class Wrong:
    """A module that breaks one sentence of the specification.

    Attributes:
        breaks: The sentence, as C4.
        says: What it does wrong; for those who keep the course, never shown to the learner.
        source: Its text.
    """

    breaks: str
    says: str
    source: str


@cache
def reference() -> str:
    """Return the text of the module that the learner has."""
    return (EXERCISE / "starter" / f"{NAME}.py").read_text(encoding="utf-8")


@cache
def others() -> tuple[str, ...]:
    """Return the texts of the others that are right."""
    return tuple(path.read_text(encoding="utf-8") for path in sorted((EXERCISE / "modules").glob("*.py")))


@cache
def wrong() -> dict[str, tuple[Wrong, ...]]:
    """Return those that are wrong, by topic."""
    listed = tomllib.loads((EXERCISE / "modules" / "wrong.toml").read_text(encoding="utf-8"))
    return {topic: tuple(map(_changed, entries)) for topic, entries in listed.items()}


def _changed(entry: dict[str, str]) -> Wrong:
    source = reference()
    for find, put in (("find", "put"), ("and_find", "and_put")):
        if find in entry:
            assert source.count(entry[find]) == 1, f"{entry['says']} does not find its place in the reference"
            source = source.replace(entry[find], entry[put])
    return Wrong(entry["breaks"], entry["says"], source)


def disguised(source: str) -> str:
    """Return a module as nobody has seen it: the same behaviour, another text each time."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
    return f"# {secrets.token_hex(8)}\n{ast.unparse(tree)}\n"
