"""Runs each package to read its __version__."""

import runpy
from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "nothing_installed_is_run",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "environment.py")


def installed(folder):
    found = right_installed(folder)
    for name in found:
        module = Path(folder) / name / "__init__.py"
        if module.exists():
            runpy.run_path(str(module))
    return found


right_installed = right.installed
right.installed = installed
Finding = right.Finding
check = right.check
