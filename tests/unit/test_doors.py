"""Doors that load the module of a name when it is asked for."""

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGES = ("groundwork.course", "groundwork.environment", "groundwork.storage", "groundwork.testing")


@pytest.mark.parametrize("package", PACKAGES)
def test_type_checkers_see_the_names_where_they_are(package):
    door = importlib.import_module(package)
    tree = ast.parse(Path(door.__file__).with_suffix(".pyi").read_text(encoding="utf-8"))
    imports = [node for node in tree.body if isinstance(node, ast.ImportFrom)]
    [offered] = [ast.literal_eval(node.value) for node in tree.body if isinstance(node, ast.Assign)]

    homes = {name.name: node.module.removeprefix(f"{package}.") for node in imports for name in node.names}

    assert homes == importlib.import_module(f"{package}._door").HOMES
    assert sorted(homes) == sorted(offered) == sorted(door.__all__) == sorted(dir(door))


@pytest.mark.parametrize("package", PACKAGES)
def test_every_name_is_there_and_no_other(package):
    door = importlib.import_module(package)

    assert all(hasattr(door, name) for name in door.__all__)
    for name in ("_no_such_module", "no_such_name"):
        with pytest.raises(AttributeError, match=f"module '{package}' has no attribute '{name}'"):
            getattr(door, name)


@pytest.mark.parametrize("package", PACKAGES)
def test_importing_one_imports_nothing(package):
    code = f"import sys, {package}; print(*sorted(name for name in sys.modules if name.startswith('groundwork')))"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert f"groundwork {package}" == done.stdout.strip()


def test_a_file_is_replaced_without_polars_or_numpy():
    heavy = {"numpy", "polars", "msgspec"}
    code = f"import sys; from groundwork.storage import FileLock, atomic_write; print({heavy} & set(sys.modules))"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert "set()" == done.stdout.strip()
