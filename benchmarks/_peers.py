"""Virtual environments of the peers, in the user's cache folder: made once, and again when what they need changes."""

import os
import shutil
import subprocess
import sys
from pathlib import Path


def cache_folder() -> Path:
    """Return where benchmarks keep what takes long to make."""
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "groundwork-benchmarks"


def peer_python(name: str, *requirements: str) -> str:
    """Return the interpreter of an environment with these requirements, making it if need be."""
    folder = cache_folder() / f"{name}-py{sys.version_info.major}{sys.version_info.minor}"
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    made, wanted = folder / "made", "\n".join(requirements)
    if made.is_file() and made.read_text(encoding="utf-8") == wanted:
        return str(python)
    print(f"making {folder}", file=sys.stderr)
    if uv := shutil.which("uv"):
        subprocess.run([uv, "venv", "-q", "--clear", "--python", sys.executable, str(folder)], check=True)
        subprocess.run([uv, "pip", "install", "-q", "--python", str(python), *requirements], check=True)
    else:
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "-q", *requirements], check=True)
    made.write_text(wanted, encoding="utf-8")
    return str(python)
