"""bubblewrap, where it is installed and wanted.

Rule: inside, everything is read only but the temporary folder; there are no other processes, and no network but
loopback. Cost: 10 ms a start.
"""

import shutil
import sys
from pathlib import Path

from groundwork.errors import UsageError


def sandboxed(home: Path) -> list[str]:
    """Build the words that come before a command that is to run in the sandbox.

    Args:
        home: The one folder in which it may write.

    Returns:
        The words.

    Raises:
        UsageError: bubblewrap is not installed.
    """
    found = shutil.which("bwrap")
    if found is None or sys.platform != "linux":
        raise UsageError("--sandbox needs bubblewrap, which is not here", hint="install the package bubblewrap (Linux)")
    places = ["--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--bind", str(home), str(home)]
    return [found, *places, "--unshare-all", "--die-with-parent", "--chdir", str(home), "--"]
