"""A load generator for HTTP servers: closed and open loop.

Rule: in an open loop a request's latency begins when it was meant to be sent, so a server that stalls cannot hide what
it made others wait ("coordinated omission"). Cost: 15 us a request on one core; near its own limit it measures itself.
"""

import asyncio
import random
import ssl
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from time import perf_counter
from typing import Literal, TypeAlias, cast

from groundwork.errors import ConfigurationError, WorldError
from groundwork.serving._address import parsed
from groundwork.serving._http_answer import Answer, AnswerReader
from groundwork.serving._latency import Latencies

Arrivals: TypeAlias = Literal["poisson", "steady"]

_SPIN_S = 0.0015  # timers are a millisecond coarse; a request due sooner is waited for by asking again
_AGAIN_S = 0.05
_LOST = "connection lost"
_LATE = "unanswered"
_REFUSED = "cannot connect"


@dataclass(frozen=True, slots=True)
class Target:
    """Whom to ask, and what.

    Attributes:
        url: Scheme, host and port; its path is where to.
        body: What is sent.
        headers: Further headers, as names and values.
        method: Of the request.
        verify: Whether a TLS certificate must be one that this machine trusts.
    """

    url: str
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    method: str = "POST"
    verify: bool = True

    @property
    def address(self) -> tuple[str, int]:
        """Host and port.

        Raises:
            ConfigurationError: The address is no http or https URL.
        """
        parts = parsed(self.url)
        return parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)

    @property
    def tls(self) -> ssl.SSLContext | None:
        """What TLS is spoken with, or None for plain HTTP."""
        if not self.url.startswith("https:"):
            return None
        context = ssl.create_default_context()
        if not self.verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context

    def request(self) -> bytes:
        """Return the request, head and body."""
        parts = parsed(self.url)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        headers = {"host": parts.netloc.rpartition("@")[2], "content-type": "application/json"}
        headers |= {name.lower(): value for name, value in self.headers.items()}
        headers["content-length"] = str(len(self.body))
        lines = [f"{self.method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
        return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + self.body


@dataclass(slots=True)
class Load:
    """What a load generator saw.

    Attributes:
        seconds: How long requests were counted.
        latency: Of answers with status 2xx. In an open loop from when each was meant to be sent.
        service: Of the same answers, from when each was sent.
        refused: Of all other answers, from when each was sent.
        statuses: Answers by status.
        failures: Requests without an answer, by reason.
        offered: Requests that were meant to be sent.
        interval_s: What each caller would have kept to, see ``Latencies.corrected``; None in an open loop.
    """

    seconds: float = 0.0
    latency: Latencies = field(default_factory=Latencies)
    service: Latencies = field(default_factory=Latencies)
    refused: Latencies = field(default_factory=Latencies)
    statuses: Counter[int] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)
    offered: int = 0
    interval_s: float | None = None

    @property
    def answered(self) -> int:
        """How many answers had status 2xx."""
        return sum(count for status, count in self.statuses.items() if 200 <= status < 300)

    @property
    def rate(self) -> float:
        """Answers with status 2xx in a second."""
        return self.answered / self.seconds if self.seconds else 0.0

    def fold(self) -> None:
        """Keep the latencies' memory bounded; called now and then."""
        for latencies in (self.latency, self.service, self.refused):
            latencies.fold()


class _Connection(asyncio.Protocol):
    """One connection; asks one thing at a time."""

    __slots__ = ("due", "reader", "run", "sent", "transport")

    def __init__(self, run: "_Run") -> None:
        self.run = run
        self.reader = AnswerReader()
        self.sent = self.due = 0.0
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.run.open.add(self)

    def ask(self, due: float, now: float) -> None:
        """Send the request that was meant for ``due``."""
        assert self.transport is not None
        self.due, self.sent = due, now
        self.transport.write(self.run.request)

    def data_received(self, data: bytes) -> None:
        if self.reader.is_repeated(data):
            self.run.answered(self, 200, True)
            return
        try:
            answer = self.reader.feed(data)
        except WorldError as error:
            self.run.broken = error
            self.abort()
            return
        if answer is not None:
            self._end(answer)

    def connection_lost(self, error: Exception | None) -> None:
        self.run.open.discard(self)
        answer = self.reader.at_end()
        if answer is not None:
            self._end(answer)
        elif self.transport is not None:
            self.transport = None
            if not self.run.over:
                self.run.lost(self)

    def abort(self) -> None:
        """Close at once."""
        if self.transport is not None:
            self.transport.abort()

    def _end(self, answer: Answer) -> None:
        if not answer.keeps_alive and self.transport is not None:
            self.transport.close()
            self.transport = None
        self.run.answered(self, answer.status, answer.keeps_alive)


class _Run:
    """What the two loops share: connections, and what they saw between two moments."""

    def __init__(self, target: Target, clock: Callable[[], float]) -> None:
        self.target, self.clock = target, clock
        self.request = target.request()
        self.load = Load()
        self.broken: WorldError | None = None
        self.counted_from = self.until = 0.0
        self.over = False
        self.open: set[_Connection] = set()
        self.busy: set[_Connection] = set()
        self._opening: set[asyncio.Task[None]] = set()
        self._tls = target.tls

    async def connect(self) -> _Connection:
        """Return a new connection.

        Raises:
            WorldError: Nothing listens there.
        """
        host, port = self.target.address
        loop = asyncio.get_running_loop()
        try:
            _, connection = await loop.create_connection(
                lambda: _Connection(self), host, port, ssl=self._tls, server_hostname=host if self._tls else None
            )
        except OSError as error:
            raise WorldError(
                f"nothing answers on {host}:{port}: {error.strerror or error}",
                code="unreachable",
                hint="Start the server first, as by groundwork serve, or mend the address.",
                context={"url": self.target.url},
            ) from error
        return connection

    def reconnect(self, then: Callable[[_Connection], None]) -> None:
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

    def note(self, connection: _Connection, status: int, now: float) -> None:
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

    def answered(self, connection: _Connection, status: int, reusable: bool) -> None:
        """Go on after an answer."""
        raise NotImplementedError

    def lost(self, connection: _Connection) -> None:
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
            self.miss(_LATE, connection.due)
        opening, connections = list(self._opening), list(self.open)
        for task in opening:
            task.cancel()
        for connection in connections:
            connection.abort()
        await asyncio.gather(*opening, return_exceptions=True)
        if self.broken is not None:
            raise self.broken


class _Closed(_Run):
    """Each connection asks again when it has its answer."""

    def answered(self, connection: _Connection, status: int, reusable: bool) -> None:
        now = self.clock()
        self.note(connection, status, now)
        if now >= self.until:
            self.busy.discard(connection)
        elif reusable:
            connection.ask(now, now)
        else:
            self._replace(connection)

    def lost(self, connection: _Connection) -> None:
        if connection not in self.busy:
            return
        self.miss(_LOST, connection.due)
        if self.clock() < self.until:
            self._replace(connection)
        else:
            self.busy.discard(connection)

    def begin(self, connection: _Connection) -> None:
        """Send a connection's first request."""
        self.busy.add(connection)
        now = self.clock()
        connection.ask(now, now)

    def _replace(self, connection: _Connection) -> None:
        self.busy.discard(connection)
        self.reconnect(self.begin)


class _Open(_Run):
    """Requests are sent when they are due, or wait for a connection, and count from when they were due."""

    def __init__(self, target: Target, clock: Callable[[], float], most: int) -> None:
        super().__init__(target, clock)
        self.idle: list[_Connection] = []
        self.waiting: deque[float] = deque()
        self._most = most
        self._connections = 0

    def answered(self, connection: _Connection, status: int, reusable: bool) -> None:
        now = self.clock()
        self.note(connection, status, now)
        self.busy.discard(connection)
        if reusable:
            self.free(connection)
        else:
            self._connections -= 1
            self._open_more()

    def lost(self, connection: _Connection) -> None:
        if connection in self.busy:
            self.busy.discard(connection)
            self.miss(_LOST, connection.due)
        elif connection in self.idle:
            self.idle.remove(connection)
        self._connections -= 1
        self._open_more()

    def free(self, connection: _Connection) -> None:
        """Send what waits longest, or keep the connection for what comes."""
        if not self.waiting:
            self.idle.append(connection)
            return
        self.busy.add(connection)
        connection.ask(self.waiting.popleft(), self.clock())

    def due(self, moment: float, now: float) -> None:
        """Send a request that was meant for ``moment``."""
        if self.counted_from <= moment < self.until:
            self.load.offered += 1
        if self.idle:
            connection = self.idle.pop()
            self.busy.add(connection)
            connection.ask(moment, now)
        else:
            self.waiting.append(moment)
            self._open_more()

    async def open_first(self, count: int) -> None:
        """Open connections before the first request."""
        self._connections = count
        self.idle.append(await self.connect())
        self.idle += await asyncio.gather(*(self.connect() for _ in range(count - 1)))

    def _open_more(self) -> None:
        if self.waiting and self._connections < self._most:
            self._connections += 1
            self.reconnect(self.free)


async def closed_loop(
    target: Target,
    *,
    connections: int = 64,
    duration_s: float = 10.0,
    warm_up_s: float = 1.0,
    timeout_s: float = 30.0,
    clock: Callable[[], float] = perf_counter,
) -> Load:
    """Ask over so many connections, each again when it has its answer.

    Args:
        target: Whom and what.
        connections: How many ask at once.
        duration_s: For how long answers are counted.
        warm_up_s: For how long they are not counted before.
        timeout_s: How long to wait for the last answers.
        clock: Where time comes from.

    Returns:
        What was seen; ``interval_s`` is the median time between one connection's requests.

    Raises:
        WorldError: Nothing answers there, or not in HTTP.
        ConfigurationError: No address, or a number that cannot work.
    """
    _check(connections=connections, duration_s=duration_s)
    run = _Closed(target, clock)
    opened = [await run.connect(), *await asyncio.gather(*(run.connect() for _ in range(connections - 1)))]
    run.counted_from = clock() + warm_up_s
    run.until = run.counted_from + duration_s
    for connection in opened:
        run.begin(connection)
    await _pass(run)
    await run.finish(timeout_s)
    load = run.load
    load.seconds = duration_s
    load.offered = load.statuses.total() + load.failures.total()
    load.interval_s = load.service.percentile_s(50)
    return load


async def open_loop(
    target: Target,
    *,
    rate: float,
    duration_s: float = 10.0,
    warm_up_s: float = 1.0,
    connections: int = 1024,
    opened: int = 64,
    arrivals: Arrivals = "poisson",
    seed: int = 0,
    timeout_s: float = 30.0,
    clock: Callable[[], float] = perf_counter,
) -> Load:
    """Send requests at a rate, whatever the server does.

    Args:
        target: Whom and what.
        rate: Requests a second.
        duration_s: For how long requests are counted.
        warm_up_s: For how long they are not counted before.
        connections: How many there are at most; a request that finds none waits, and its latency with it.
        opened: How many of them are opened before the first request.
        arrivals: ``"poisson"``, as callers that do not know of each other, or ``"steady"``.
        seed: Of the arrivals.
        timeout_s: How long to wait for the last answers.
        clock: Where time comes from.

    Returns:
        What was seen.

    Raises:
        WorldError: Nothing answers there, or not in HTTP.
        ConfigurationError: No address, or a number that cannot work.
    """
    _check(rate=rate, connections=connections, opened=opened, duration_s=duration_s)
    run = _Open(target, clock, connections)
    await run.open_first(min(connections, opened))
    loop = asyncio.get_running_loop()
    rng = random.Random(seed)
    started = clock()
    run.counted_from = started + warm_up_s
    run.until = run.counted_from + duration_s
    ended = loop.create_future()
    next_due = started

    def tick() -> None:
        nonlocal next_due
        now = clock()
        while next_due <= now and next_due < run.until:
            run.due(next_due, now)
            next_due += rng.expovariate(rate) if arrivals == "poisson" else 1 / rate
        if next_due >= run.until or run.broken is not None:
            if not ended.done():
                ended.set_result(None)
        elif next_due - now < _SPIN_S:
            loop.call_soon(tick)
        else:
            loop.call_later(next_due - now - _SPIN_S, tick)
        run.load.fold()

    tick()
    await ended
    await run.finish(timeout_s)
    for moment in run.waiting:
        run.miss(_LATE, moment)
    run.load.seconds = duration_s
    return run.load


async def _pass(run: _Run) -> None:
    """Let the time of a run pass."""
    while run.broken is None and (left_s := run.until - run.clock()) > 0:
        await asyncio.sleep(min(left_s, 0.25))
        run.load.fold()


def _check(**numbers: float) -> None:
    for name, value in numbers.items():
        if not value > 0:
            raise ConfigurationError(f"{name} is {value}; it must be more than 0")
