"""Small wheels written on the spot, and the variables that make uv and pip take them and nothing else."""

import base64
import hashlib
import os
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from groundwork.environment import _network


def write_wheel(folder: Path, name: str, version: str = "1.0", requires: Sequence[str] = ()) -> str:
    """Write a wheel with two modules and a command; return its line of a lock."""
    info = f"{name}-{version}.dist-info"
    head = "".join(f"Requires-Dist: {one}\n" for one in requires)
    files = {
        f"{name}/__init__.py": f"version = {version!r}\n",
        f"{name}/more.py": "def main():\n    print('more')\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{head}",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": f"[console_scripts]\n{name}-more = {name}.more:main\n",
    }
    rows = ""
    path = folder / f"{name}-{version}-py3-none-any.whl"
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as wheel:
        for file, text in files.items():
            digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
            rows += f"{file},sha256={digest},{len(text)}\n"
            # One date: a wheel written twice has one hash.
            wheel.writestr(zipfile.ZipInfo(file, (2020, 1, 1, 0, 0, 0)), text)
        wheel.writestr(zipfile.ZipInfo(f"{info}/RECORD", (2020, 1, 1, 0, 0, 0)), f"{rows}{info}/RECORD,,\n")
    return f"{name}=={version} \\\n    --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}\n"


def only_wheels(wheels: Path, cache: Path) -> dict[str, str]:
    """Name the variables by which uv and pip find these wheels alone, without network."""
    return {
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(wheels),
        "PIP_CACHE_DIR": str(cache),
        "PIP_CONFIG_FILE": os.devnull,
        "UV_NO_INDEX": "1",
        "UV_OFFLINE": "1",
        "UV_FIND_LINKS": str(wheels),
        "UV_CACHE_DIR": str(cache),
        "UV_NO_CONFIG": "1",
    }


def no_network(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, str]]:
    """Make uv and pip ask an index that nobody answers for; return what each of their attempts is told."""
    for name in ("PIP_NO_INDEX", "PIP_FIND_LINKS", "UV_NO_INDEX", "UV_OFFLINE", "UV_FIND_LINKS"):
        monkeypatch.delenv(name)
    for name in [name for name in os.environ if name.startswith(("PIP_EXTRA", "PIP_DEFAULT", "UV_HTTP"))]:
        monkeypatch.delenv(name)
    for name in ("PIP_INDEX_URL", "UV_DEFAULT_INDEX"):
        monkeypatch.setenv(name, "https://127.0.0.1:9/simple")
    monkeypatch.setattr(_network, "_SOON_S", 600.0)  # however slow this machine is
    attempts = []
    run_tool = _network.run_tool

    def counted(command: Sequence[str | Path], **options: Any) -> str:
        attempts.append(dict(options.get("variables") or {}))
        return run_tool(command, **options)

    monkeypatch.setattr(_network, "run_tool", counted)
    return attempts
