"""Where things lie inside a virtual environment.

Rule: a path is computed, never searched for; no file is touched here.
"""

import os
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Layout:
    """The paths of one virtual environment.

    Args:
        root: The environment's folder, absolute.
        release: Major and minor version of its interpreter; None for the one that runs now.
    """

    root: Path
    release: tuple[int, ...] | None = None

    @property
    def scripts(self) -> Path:
        """The folder of its commands."""
        return self.root / ("Scripts" if os.name == "nt" else "bin")

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.scripts / ("python.exe" if os.name == "nt" else "python")

    @property
    def site_packages(self) -> Path:
        """The folder of its packages."""
        if os.name == "nt":
            return self.root / "Lib" / "site-packages"
        family = "pypy" if sys.implementation.name == "pypy" else "python"
        major, minor = (self.release or sys.version_info)[:2]
        return self.root / "lib" / f"{family}{major}.{minor}" / "site-packages"

    @property
    def config(self) -> Path:
        """The file that makes a folder a virtual environment."""
        return self.root / "pyvenv.cfg"

    @property
    def stamp(self) -> Path:
        """What groundwork notes about an environment it made."""
        return self.root / "groundwork.json"

    @property
    def lock(self) -> Path:
        """The file whose lock a set-up holds."""
        return self.root / "groundwork.lock"
