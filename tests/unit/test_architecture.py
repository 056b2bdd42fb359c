"""What the layers contract cannot say: doors, and imports that do nothing."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import groundwork

ROOT = Path(groundwork.__file__).parent
PACKAGES = sorted(path.name for path in ROOT.iterdir() if (path / "__init__.py").exists())
MODULES = sorted(path for path in ROOT.rglob("*.py") if "exercises" not in path.parts)


def imported(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("groundwork."):
            yield node.module, [alias.name for alias in node.names]
        elif isinstance(node, ast.Import):
            yield from ((alias.name, []) for alias in node.names if alias.name.startswith("groundwork."))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_outsiders_use_doors_only(path):
    home = f"groundwork.{path.relative_to(ROOT).parts[0]}"

    trespasses = [
        (module, name)
        for module, names in imported(path)
        for name in [*names, ""]
        if not module.startswith(home) and module != "groundwork._failpoints"
        if any(part.startswith("_") for part in f"{module}.{name}".split(".")[2:] if part)
    ]

    assert trespasses == []


@pytest.mark.parametrize("package", PACKAGES)
def test_a_door_holds_imports_and_all_only(package):
    tree = ast.parse((ROOT / package / "__init__.py").read_text(encoding="utf-8"))

    others = [
        type(node).__name__
        for node in tree.body
        if not isinstance(node, (ast.Import, ast.ImportFrom, ast.FunctionDef))
        and not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
        and not (isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__")
    ]

    assert others == []


def in_fresh_python(code):
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_environment_and_errors_import_the_standard_library_alone():
    foreign = in_fresh_python(
        "import sys; before = set(sys.modules); import groundwork.environment, groundwork.errors;"
        "new = {name.partition('.')[0] for name in set(sys.modules) - before};"
        "print(sorted(new - set(sys.stdlib_module_names) - {'groundwork'}))"
    )

    assert foreign == "[]"


@pytest.mark.parametrize("package", PACKAGES)
def test_importing_a_package_starts_nothing(package):
    told = in_fresh_python(
        "import logging, os, sys, threading;"
        "threads, handlers = threading.active_count(), list(logging.root.handlers);"
        f"import groundwork.{package};"
        "print(threading.active_count() == threads, logging.root.handlers == handlers)"
    )

    assert told == "True True"
