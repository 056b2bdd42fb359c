"""A load generator whose callers wait for each other: each connection asks again when it has its answer.

Rule: a server that stalls is asked less meanwhile, so its latencies look better than those of callers who do not wait;
``Latencies.corrected`` mends that, and the open loop has no need to.
"""

import asyncio
from collections.abc import Callable
from time import perf_counter

from groundwork.serving._load import Load
from groundwork.serving._load_connection import LoadConnection
from groundwork.serving._load_run import LOST, LoadRun, check_positive
from groundwork.serving._load_target import Target


class _Closed(LoadRun):
    """Each connection asks again when it has its answer."""

    def answered(self, connection: LoadConnection, status: int, reusable: bool) -> None:
        now = self.clock()
        self.note(connection, status, now)
        if now >= self.until:
            self.busy.discard(connection)
        elif reusable:
            connection.ask(now, now)
        else:
            self._replace(connection)

    def lost(self, connection: LoadConnection) -> None:
        if connection not in self.busy:
            return
        self.miss(LOST, connection.due)
        if self.clock() < self.until:
            self._replace(connection)
        else:
            self.busy.discard(connection)

    def begin(self, connection: LoadConnection) -> None:
        """Send a connection's first request."""
        self.busy.add(connection)
        now = self.clock()
        connection.ask(now, now)

    def _replace(self, connection: LoadConnection) -> None:
        self.busy.discard(connection)
        self.reconnect(self.begin)


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
    check_positive(connections=connections, duration_s=duration_s)
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


async def _pass(run: LoadRun) -> None:
    """Let the time of a run pass."""
    while run.broken is None and (left_s := run.until - run.clock()) > 0:
        await asyncio.sleep(min(left_s, 0.25))
        run.load.fold()
