import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import groundwork
from groundwork.environment import _layout
from groundwork.environment._layout import Layout

SOURCES = str(Path(groundwork.__file__).parents[1])


def test_door_imports_the_standard_library_alone():
    script = (
        "import sys; sys.path.insert(0, sys.argv[1]); import groundwork.environment;"
        "print([n for n in sys.modules if n.partition('.')[0] not in {*sys.stdlib_module_names, 'groundwork'}"
        " and not n.startswith('__')])"
    )

    # -S: without what .pth files of the site import.
    answer = subprocess.run([sys.executable, "-I", "-S", "-c", script, SOURCES], capture_output=True, text=True)

    assert (answer.stdout.strip(), answer.stderr) == ("[]", "")


def test_windows_has_its_own_places(monkeypatch):
    monkeypatch.setattr(_layout, "os", SimpleNamespace(name="nt"))
    root = Path("env")

    layout = Layout(root)

    assert (layout.python, layout.site_packages) == (root / "Scripts/python.exe", root / "Lib/site-packages")


def test_pypy_names_its_folder_after_itself(monkeypatch):
    fake = SimpleNamespace(implementation=SimpleNamespace(name="pypy"), version_info=(3, 11))
    monkeypatch.setattr(_layout, "sys", fake)

    assert Layout(Path("env")).site_packages == Path("env") / "lib" / "pypy3.11" / "site-packages"
