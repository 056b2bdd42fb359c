"""Set-up scripts for people who have no groundwork, and no wish for it.

Rule: each does from the lock what ``ensure`` does, with nothing but a shell, a Python and, where there is one, uv.
They lie in the folder ``scripts`` as they are written, but for the oldest Python that will do.
"""

import os
import re
from pathlib import Path

from groundwork.errors import ConfigurationError, EnvironmentBroken

_NAMES = ("setup.sh", "setup.ps1", "setup.cmd")
_OLDEST = 11


def write_scripts(folder: Path | str) -> list[Path]:
    """Write setup.sh, setup.ps1 and setup.cmd, which make ``.venv`` from the requirements.lock beside them.

    Files of these names are replaced, each as a whole.

    Args:
        folder: A project's folder; its requirements.lock need not be there yet.

    Returns:
        What was written.

    Raises:
        ConfigurationError: There is no such folder.
        EnvironmentBroken: It cannot be written.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise ConfigurationError(f"there is no folder {folder}", hint="make it, or name another with --output")
    minor = _oldest_minor(folder / "pyproject.toml")
    paths = []
    for name in _NAMES:
        text = _script(name).replace("@MINOR@", str(minor))
        # cmd loses its way in files without carriage returns.
        data = text.encode("ascii") if name == "setup.sh" else text.replace("\n", "\r\n").encode("ascii")
        paths.append(_place(folder / name, data, mode=0o777 if name == "setup.sh" else 0o666))
    return paths


def _script(name: str) -> str:
    from importlib.resources import files

    return files(__package__).joinpath("scripts", name).read_text(encoding="ascii")


def _oldest_minor(pyproject: Path) -> int:
    try:
        text = pyproject.read_text(encoding="utf-8")
    except OSError:
        return _OLDEST
    import tomllib

    try:
        asked = tomllib.loads(text).get("project", {}).get("requires-python", "")
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{pyproject} is not TOML: {error}", hint="mend that line") from error
    found = re.search(r">=\s*3\.(\d+)", str(asked))
    return int(found[1]) if found else _OLDEST


def _place(path: Path, data: bytes, *, mode: int) -> Path:
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        try:
            with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as file:
                file.write(data)
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise EnvironmentBroken(
            f"cannot write {path}: {error.strerror or error}", hint="name a folder that you may write with --output"
        ) from error
    return path
