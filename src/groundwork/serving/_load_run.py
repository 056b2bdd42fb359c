"""One run of a load generator: its connections, and what it saw between two moments.

Rule: what is counted is what was meant to be sent between those moments, however late its answer. How requests come to
be sent is for the closed and the open loop to say. Cost: 15 us a request on one core; near its own limit it measures
itself.
"""

import asyncio
from collections.abc import Callable

from groundwork.errors import ConfigurationError, WorldError
from groundwork.serving._load import Load
from groundwork.serving._load_connection import LoadConnection
from groundwork.serving._load_target import Target

LOST = "connection lost"
LATE = "unanswered"
_REFUSED = "cannot connect"
_AGAIN_S = 0.05


class LoadRun:
    """What the two loops share: connections, and what they saw between two moments."""

    def __init__(self, target: Target, clock: Callable[[], float]) -> None:
        self.target, self.clock = target, clock
        self.request = target.request()
        self.load = Load()
        self.broken: WorldError | None = None
        self.counted_from = self.until = 0.0
        self.over = False
        self.open: set[LoadConnection] = set()
        self.busy: set[LoadConnection] = set()
        self._opening: set[asyncio.Task[None]] = set()
        self._tls = target.tls

    async def connect(self) -> LoadConnection:
        """Return a new connection.

        Raises:
            WorldError: Nothing listens there.
        """
        host, port = self.target.address
        loop = asyncio.get_running_loop()
        try:
            _, connection = await loop.create_connection(
                lambda: LoadConnection(self), host, port, ssl=self._tls, server_hostname=host if self._tls else None
            )
        except OSError as error:
            raise WorldError(
                f"nothing answers on {host}:{port}: {error.strerror or error}",
                code="unreachable",
                hint="Start the server first, as by groundwork serve, or mend the address.",
                context={"url": self.target.url},
            ) from error
        return connection

    def reconnect(self, then: Callable[[LoadConnection], None]) -> None:
        """Open another connection beside what goes on, and hand it over."""

        async def open_one() -> None:
            while True:
                begun = self.clock()
                try:
                    connection = await self.connect()
                    break
                except WorldError:
                    self.miss(_REFUSED, begun)
                    await asyncio.sleep(_AGAIN_S)
            then(connection)

        task = asyncio.get_running_loop().create_task(open_one())
        self._opening.add(task)
        task.add_done_callback(self._opening.discard)

    def note(self, connection: LoadConnection, status: int, now: float) -> None:
        """Count an answer."""
        if not self.counted_from <= connection.due < self.until:
            return
        load = self.load
        load.statuses[status] += 1
        if 200 <= status < 300:
            load.latency.record(now - connection.due)
            load.service.record(now - connection.sent)
        else:
            load.refused.record(now - connection.sent)

    def miss(self, reason: str, due: float) -> None:
        """Count a request without an answer."""
        if self.counted_from <= due < self.until:
            self.load.failures[reason] += 1

    def answered(self, connection: LoadConnection, status: int, reusable: bool) -> None:
        """Go on after an answer."""
        raise NotImplementedError

    def lost(self, connection: LoadConnection) -> None:
        """Go on after a connection that ended."""
        raise NotImplementedError

    async def finish(self, timeout_s: float) -> None:
        """Wait for what is under way; what is not answered in time has failed."""
        end = self.clock() + timeout_s
        # An event would cost something at each answer.
        while self.busy and self.broken is None and self.clock() < end:  # noqa: ASYNC110
            await asyncio.sleep(0.005)
        self.over = True
        for connection in self.busy:
            self.miss(LATE, connection.due)
        opening, connections = list(self._opening), list(self.open)
        for task in opening:
            task.cancel()
        for connection in connections:
            connection.abort()
        await asyncio.gather(*opening, return_exceptions=True)
        if self.broken is not None:
            raise self.broken


def check_positive(**numbers: float) -> None:
    """Refuse a number that cannot work.

    Args:
        **numbers: By name.

    Raises:
        ConfigurationError: One is not more than 0.
    """
    for name, value in numbers.items():
        if not value > 0:
            raise ConfigurationError(f"{name} is {value}; it must be more than 0")
