"""Every public name says what it is, also in files whose name starts with an underscore, which ruff passes over."""

import ast
from pathlib import Path

import groundwork

ROOT = Path(groundwork.__file__).parent
MODULES = sorted(path for path in ROOT.rglob("*.py") if "exercises" not in path.parts)
NAMED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def public_names(tree, prefix=""):
    yield prefix, tree
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, NAMED) and not node.name.startswith("_") and not restated(node):
            name = f"{prefix}.{node.name}"
            yield from public_names(node, name) if isinstance(node, ast.ClassDef) else [(name, node)]


def restated(node):
    # An overload or a setter repeats a name that is documented where it is first defined.
    marks = [ast.unparse(mark) for mark in node.decorator_list]
    return any(mark == "overload" or mark.endswith(".setter") for mark in marks)


def undocumented(source, module=""):
    return [name for name, node in public_names(ast.parse(source), module) if not ast.get_docstring(node)]


def test_every_public_name_has_a_docstring():
    missing = [name for path in MODULES for name in undocumented(path.read_text("utf-8"), str(path.relative_to(ROOT)))]

    assert missing == []


def test_a_name_without_a_docstring_is_seen():
    source = '"""M."""\nclass A:\n    "A."\n    def f(self): ...\n    def _g(self): ...\ndef h(): ...\n'

    assert undocumented(source) == [".A.f", ".h"]
