"""Packages with plugins, made on the spot, and a registry that forgets."""

import sys
import textwrap

import pytest

from groundwork.environment import forget_plugin, plugin_names
from groundwork.environment._plugin_kinds import KINDS

CODE = """
    class Nearest:
        def fit(self, rows, target): ...
        def predict(self, rows): ...

    def cost(outcome, prediction):
        return 1.0

    number = 5
"""


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """``installed("shelf", {"metric": {"cost": "shelf:cost"}})``: a package with these entry points, on the path."""
    monkeypatch.syspath_prepend(tmp_path)

    def install(package, points, *, code=CODE, version="1.0", place=tmp_path, text=None):
        lines = [
            line
            for kind, names in points.items()
            for line in (f"[{KINDS[kind].group}]", *(f"{name} = {value}" for name, value in names.items()))
        ]
        info = place / f"{package}-{version}.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n")
        (info / "entry_points.txt").write_text(text or "\n".join(lines))
        (place / f"{package}.py").write_text(textwrap.dedent(code))
        monkeypatch.delitem(sys.modules, package, raising=False)

    yield install
    for name in ("shelf", "attic"):
        sys.modules.pop(name, None)


@pytest.fixture
def forgotten():
    """Whatever the test registers is forgotten after it."""
    yield
    for kind in KINDS:
        for name in plugin_names(kind):
            forget_plugin(kind, name)
