"""What the connections of one server share: the application, the bounds, who is connected, the time of day.

Rule: a bound belongs to the server, so that one place says what a client may cost. Cost: the line with the date is made
once a second, not once an answer.
"""

import asyncio
from dataclasses import dataclass
from email.utils import formatdate
from time import time
from typing import TYPE_CHECKING

from groundwork.errors import ConfigurationError
from groundwork.serving._call import Application

if TYPE_CHECKING:
    from groundwork.serving._connection import HttpConnection


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionOptions:
    """What one client may cost, with defaults.

    Attributes:
        header_timeout_s: Longest time from connecting, or from a request's first byte, to the end of its headers.
        max_header_bytes: Largest request line and headers together.
        max_body_bytes: Largest body.
        idle_timeout_s: How long a connection is kept without a request; longer than the 60 s after which most load
            balancers give one up, so that it is theirs to close.
        write_timeout_s: How long a client may leave an answer unread.
        linger_s: How long what a refused client still sends is read and dropped, so that it gets to see its answer.
        max_connections: Most connections; one more is answered with 503 and closed.
        max_pipelined: Most requests of one connection under way at once; further ones wait in its buffer.
    """

    header_timeout_s: float = 10.0
    max_header_bytes: int = 64 * 2**10
    max_body_bytes: int = 4 * 2**20
    idle_timeout_s: float = 75.0
    write_timeout_s: float = 30.0
    linger_s: float = 2.0
    max_connections: int = 8192
    max_pipelined: int = 16

    def __post_init__(self) -> None:
        for name in ("max_header_bytes", "max_body_bytes", "max_connections", "max_pipelined"):
            if getattr(self, name) < 1:
                raise ConfigurationError(f"{name} is {getattr(self, name)}; it must be at least 1")
        for name in ("header_timeout_s", "idle_timeout_s", "write_timeout_s", "linger_s"):
            if not getattr(self, name) > 0:
                raise ConfigurationError(f"{name} is {getattr(self, name)}; it must be more than 0.0")


class Hub:
    """The middle of a server.

    Args:
        application: What answers.
        options: Bounds.

    Attributes:
        connections: Those that are open.
        draining: From now on every answer closes its connection.
        end_of_head: What ends an answer's head where nothing else is to be said: the date, an empty line.
    """

    def __init__(self, application: Application, options: ConnectionOptions) -> None:
        self.application = application
        self.options = options
        self.connections: set[HttpConnection] = set()
        self.draining = False
        self.end_of_head = b""
        self._loop = asyncio.get_running_loop()
        self._empty: asyncio.Event = asyncio.Event()
        self._empty.set()
        self._timer: asyncio.TimerHandle | None = None
        self._tell_time()

    def add(self, connection: "HttpConnection") -> bool:
        """Note a connection; False when there are too many."""
        self.connections.add(connection)
        self._empty.clear()
        return len(self.connections) <= self.options.max_connections

    def discard(self, connection: "HttpConnection") -> None:
        """Forget a connection."""
        self.connections.discard(connection)
        if not self.connections:
            self._empty.set()

    def drain(self) -> None:
        """Let every answer from now on close its connection."""
        self.draining = True

    async def close(self, grace_s: float, shutdown_s: float) -> None:
        """End: idle connections after a moment, busy ones after their answers, what is left at the end at once.

        Args:
            grace_s: How long an idle connection is still listened to: its next request may be on the way, and would be
                lost.
            shutdown_s: How long all of it may take.
        """
        self.drain()
        for connection in list(self.connections):
            connection.close_if_idle_for(grace_s)
        try:
            async with asyncio.timeout(shutdown_s):
                await self._empty.wait()
        except TimeoutError:
            pass
        finally:
            self.abort()

    def abort(self) -> None:
        """Cut what is left."""
        for connection in list(self.connections):
            connection.abort()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _tell_time(self) -> None:
        self.end_of_head = b"\r\ndate: %b\r\n\r\n" % formatdate(usegmt=True).encode()
        self._timer = self._loop.call_later(1.0 - time() % 1.0, self._tell_time)
