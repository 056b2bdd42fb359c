"""Running an installer that needs the network: without one it says so within five seconds.

Rule: the first attempt does not wait (no retries, 1.5 to 2 s for a connection), so that a network that is not there
shows at once. A network that is there but slow or unsteady gets the tool's own patience in a second attempt; what was
downloaded before is in its cache.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Literal

from groundwork.environment._tool import UNREACHABLE, run_tool
from groundwork.errors import EnvironmentBroken

# By which uv and pip tell that there was no connection at all.
_NOT_CONNECTED = (
    *("connection refused", "dns error", "name resolution", "name or service not known", "network is unreachable"),
    *("tcp connect error", "no route to host", "newconnectionerror", "connecttimeouterror", "nodename nor servname"),
    *("temporary failure in name", "network connectivity is disabled"),
)
_SOON_S = 5.0
_NO_WAITING: Mapping[str, Mapping[str, str]] = {
    "uv": {"UV_HTTP_RETRIES": "0", "UV_HTTP_CONNECT_TIMEOUT": "2"},
    # Without one retry pip does not tell a network that is not there from an index that lacks a package.
    "pip": {"PIP_RETRIES": "1", "PIP_TIMEOUT": "1.5", "PIP_DEFAULT_TIMEOUT": "1.5"},
}


def run_online(
    command: Sequence[str | Path],
    *,
    tool: Literal["uv", "pip"],
    what: str,
    line_seen: Callable[[str], None] | None = None,
    keep_open: int | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> str:
    """Run an installer that may have to download.

    Args:
        command: Program and arguments.
        tool: Which installer it is.
        what: What it is to do, for the message.
        line_seen: Called with each line that it prints.
        keep_open: A descriptor that it inherits.
        clock: Tells how long the first attempt took.

    Returns:
        The last lines of its output.

    Raises:
        EnvironmentBroken: It failed; with code ``index_unreachable`` where there is no network.
    """
    started = clock()
    try:
        return run_tool(command, what=what, line_seen=line_seen, keep_open=keep_open, variables=_NO_WAITING[tool])
    except EnvironmentBroken as error:
        if error.code != UNREACHABLE or not _worth_waiting(error, tool, clock() - started):
            raise
    return run_tool(command, what=what, line_seen=line_seen, keep_open=keep_open)


def _worth_waiting(error: EnvironmentBroken, tool: str, seconds: float) -> bool:
    said = str(error.context.get("output", "")).lower()
    if "from versions: none" in said or any(word in said for word in _NOT_CONNECTED):
        # A download that went on for a while and then lost its connection deserves another go. uv, which shows none,
        # fails within two seconds otherwise; pip may need longer on a busy machine, and shows each.
        return seconds > _SOON_S if tool == "uv" else "downloading" in said
    return "no solution found" not in said and "no matching distribution" not in said
