"""A load generator that sends requests at a rate, whatever the server does.

Rule: a request's latency begins when it was meant to be sent, so a server that stalls cannot hide what it made others
wait ("coordinated omission").
"""

import asyncio
import random
from collections import deque
from collections.abc import Callable
from time import perf_counter
from typing import Literal, TypeAlias

from groundwork.serving._load import Load
from groundwork.serving._load_connection import LoadConnection
from groundwork.serving._load_run import LATE, LOST, LoadRun, check_positive
from groundwork.serving._load_target import Target

Arrivals: TypeAlias = Literal["poisson", "steady"]

_SPIN_S = 0.0015  # timers are a millisecond coarse; a request due sooner is waited for by asking again


class _Open(LoadRun):
    """Requests are sent when they are due, or wait for a connection, and count from when they were due."""

    def __init__(self, target: Target, clock: Callable[[], float], most: int) -> None:
        super().__init__(target, clock)
        self.idle: list[LoadConnection] = []
        self.waiting: deque[float] = deque()
        self._most = most
        self._connections = 0

    def answered(self, connection: LoadConnection, status: int, reusable: bool) -> None:
        now = self.clock()
        self.note(connection, status, now)
        self.busy.discard(connection)
        if reusable:
            self.free(connection)
        else:
            self._connections -= 1
            self._open_more()

    def lost(self, connection: LoadConnection) -> None:
        if connection in self.busy:
            self.busy.discard(connection)
            self.miss(LOST, connection.due)
        elif connection in self.idle:
            self.idle.remove(connection)
        self._connections -= 1
        self._open_more()

    def free(self, connection: LoadConnection) -> None:
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
    check_positive(rate=rate, connections=connections, opened=opened, duration_s=duration_s)
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
        run.miss(LATE, moment)
    run.load.seconds = duration_s
    return run.load
