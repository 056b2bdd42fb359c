"""Where and how long a server serves, checked before anything is opened.

Rule: whatever no socket and no clock could use is told by its name.
"""

import math
from typing import Any

from groundwork.errors import ConfigurationError

_MAX_PORT = 65535


def check_address(host: Any, port: Any, grpc_port: Any, workers: Any, **seconds: Any) -> None:
    """Refuse what no server can begin with.

    Args:
        host: A name or an address.
        port: 0 to 65535.
        grpc_port: The same, or None.
        workers: At least 1.
        **seconds: By name; each finite, and 0.0 or more.

    Raises:
        ConfigurationError: One of them is something else.
    """
    if not isinstance(host, str):
        raise ConfigurationError(f"host is {host!r}; it must be a name or an address")
    for name, value in (("port", port), ("grpc_port", grpc_port)):
        if not (name == "grpc_port" and value is None) and not (_is_whole(value) and 0 <= value <= _MAX_PORT):
            raise ConfigurationError(
                f"{name} is {value!r}; it must be a whole number from 0 to {_MAX_PORT}", hint="0 takes a free one."
            )
    if not (_is_whole(workers) and workers >= 1):
        raise ConfigurationError(f"workers is {workers!r}; it must be a whole number of at least 1")
    for name, value in seconds.items():
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not (number and 0 <= value < math.inf):
            raise ConfigurationError(f"{name} is {value!r}; it must be a number of seconds, 0.0 or more")


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
