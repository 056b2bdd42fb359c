"""A wheel of the groundwork that runs now, for a project that is to depend on it.

Rule: equal sources give an equal file, byte for byte, so that its hash can stand in a lock. A second at most.
"""

import base64
import hashlib
import zipfile
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import groundwork
from groundwork.errors import EnvironmentBroken

_WHEEL = "Wheel-Version: 1.0\nGenerator: groundwork new\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
_METADATA = ("METADATA", "entry_points.txt", "licenses/LICENSE")


def write_own_wheel(folder: Path) -> tuple[str, str]:
    """Write a wheel of the running groundwork, installed or in place.

    Args:
        folder: Where to; it exists.

    Returns:
        The version, and the pin of a lock with the wheel's sha256.

    Raises:
        EnvironmentBroken: groundwork runs from a folder of sources that is not installed.
    """
    try:
        installed = distribution("groundwork")
        metadata = {name: text for name in _METADATA if (text := installed.read_text(name))}
    except PackageNotFoundError:
        metadata = {}
    if "METADATA" not in metadata:
        raise EnvironmentBroken(
            "groundwork runs from its sources and is not installed, so its metadata are not known",
            hint="start it by python3 bootstrap.py, or install it",
        )
    version = installed.version
    info = f"groundwork-{version}.dist-info"
    root = Path(groundwork.__file__).parent
    files = {f"groundwork/{name}": (root / name).read_bytes() for name in _sources(root)}
    files |= {f"{info}/{name}": text.encode() for name, text in {**metadata, "WHEEL": _WHEEL}.items()}
    files[f"{info}/RECORD"] = ("".join(map(_line, files, files.values())) + f"{info}/RECORD,,\n").encode()
    path = folder / f"groundwork-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as wheel:
        for name, data in files.items():
            # A date of their own would make each wheel another one.
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.external_attr = 0o644 << 16
            wheel.writestr(entry, data, zipfile.ZIP_DEFLATED)
    return version, f"groundwork=={version} \\\n    --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}\n"


def _sources(root: Path) -> list[str]:
    paths = (path for path in root.rglob("*") if path.is_file())
    names = (path.relative_to(root) for path in paths)
    return sorted(name.as_posix() for name in names if "__pycache__" not in name.parts)


def _line(name: str, data: bytes) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
    return f"{name},sha256={digest},{len(data)}\n"
