"""Run an installer and say in one sentence why it failed.

Rule: what the tool printed is kept for the user; its last lines travel with the error.
"""

import os
import subprocess
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from groundwork.environment._scrub import scrub
from groundwork.errors import EnvironmentBroken

_KEPT_LINES = 12
# Variables that would make an installer work on another place than the one it is told.
_MISLEADING = ("PYTHONHOME", "PYTHONPATH", "PIP_USER", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "__PYVENV_LAUNCHER__")
UNREACHABLE = "index_unreachable"
# Words by which uv and pip tell what went wrong; the first group that occurs gives code, reason and hint.
_REASONS = (
    (
        "hash_mismatch",
        ("do not match the hashes", "hash mismatch", "hashes are required"),
        "a package differs from its hash in the lock",
        "do not use it; check the index and the lock",
    ),
    (
        "disk_full",
        ("no space left on device", "disk quota exceeded"),
        "the disk is full",
        "free some space and run the same command again",
    ),
    (
        "not_writable",
        ("read-only file system", "permission denied"),
        "a folder cannot be written",
        "see the lines above for its name",
    ),
    (
        UNREACHABLE,
        (
            *("failed to fetch", "error sending request", "dns error", "connect error", "could not connect"),
            *("connection refused", "connection reset", "connection aborted", "connection broken", "connection error"),
            *("newconnectionerror", "max retries", "name resolution", "network is unreachable", "timed out"),
            *("network connectivity", "proxyerror"),
        ),
        "the package index could not be reached",
        "check the network (proxy, index settings of uv or pip) and run the same command again",
    ),
    (
        UNREACHABLE,
        # pip says no more than this of an index that is silent.
        ("no matching distribution", "from versions: none", "no solution found", "was not found in"),
        "the package index lacks a package of the lock, or could not be reached",
        "check the network and the index settings of uv or pip",
    ),
)


def run_tool(
    command: Sequence[str | Path],
    *,
    what: str,
    line_seen: Callable[[str], None] | None = None,
    keep_open: int | None = None,
    variables: Mapping[str, str] | None = None,
) -> str:
    """Run a command to its end.

    Args:
        command: Program and arguments.
        what: What it is to do, for the message: ``install the packages``.
        line_seen: Called with each line that it prints.
        keep_open: A descriptor that it inherits, so that a lock lives as long as it; not on Windows.
        variables: Further variables of its environment.

    Returns:
        The last lines of its output.

    Raises:
        EnvironmentBroken: It cannot be started or ended with an error; ``context["output"]`` has its last lines.
    """
    kept: deque[str] = deque(maxlen=_KEPT_LINES)
    try:
        with subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**tool_environment(), **(variables or {})},
            text=True,
            encoding="utf-8",
            errors="replace",
            pass_fds=() if keep_open is None or os.name == "nt" else (keep_open,),
        ) as process:
            try:
                for said in process.stdout or ():
                    # It may name an index with a password in its address, and end up in a log.
                    line = scrub(said.rstrip())
                    kept.append(line)
                    if line_seen is not None:
                        line_seen(line)
            except BaseException:
                # Ctrl-C above all: an installer must not go on writing behind our back.
                process.kill()
                raise
    except OSError as error:
        raise EnvironmentBroken(f"could not {what}: {command[0]} does not start ({error.strerror})") from error
    output = "\n".join(kept)
    if process.returncode != 0:
        raise _failure(what, output, process.returncode)
    return output


def _failure(what: str, output: str, code: int) -> EnvironmentBroken:
    context = {"output": output, "exit_code": code}
    said = output.lower()
    for code_name, words, reason, hint in _REASONS:
        if any(word in said for word in words):
            return EnvironmentBroken(f"could not {what}: {reason}", code=code_name, hint=hint, context=context)
    return EnvironmentBroken(
        f"could not {what}: the installer ended with exit code {code}",
        hint="the lines above say why; mend that and run the same command again",
        context=context,
    )


def succeeds(command: Sequence[str | Path], *, timeout_s: float = 30.0) -> bool:
    """Run a short command whose words are of no interest.

    Args:
        command: Program and arguments.
        timeout_s: Seconds after which it is given up.

    Returns:
        Whether it ended with 0; False also where it cannot be started.
    """
    try:
        ended = subprocess.run(
            command,
            capture_output=True,
            timeout=timeout_s,
            check=False,
            stdin=subprocess.DEVNULL,
            env=tool_environment(),
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return ended.returncode == 0


def tool_environment() -> dict[str, str]:
    """Return the variables for an installer: the user's, without those that redirect it.

    Returns:
        A new dict.
    """
    return {name: value for name, value in os.environ.items() if name not in _MISLEADING}
