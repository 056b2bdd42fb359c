"""Several server processes on one port, and what looks after them.

Rule: a worker that dies is replaced, after a pause that grows; when too many died in a short time the supervisor says
why and ends. None of them outlives it. Where the system spreads connections (Linux) each worker listens for itself, so
that none waits in another's queue; elsewhere they share one socket.
"""

import asyncio
import logging
import multiprocessing
import pickle
import threading
from collections import deque
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import replace
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from time import monotonic
from typing import Any

from groundwork.errors import ConfigurationError, WorldError
from groundwork.serving._listener import SHARES_PORTS, listen, url_of
from groundwork.serving._signals import told_to_end
from groundwork.serving._sums import Family, exposition, lasting, total
from groundwork.serving._worker import Plan, Word, reason, work

logger = logging.getLogger("groundwork.serving")

_MOST_DEATHS = 5
_WITHIN_S = 60.0
_PAUSE_S = 0.1
_LONGEST_PAUSE_S = 5.0
_COUNT_S = 1.0
_KILL_S = 10.0
"""How long a worker may take to end beyond what it was given to answer."""


def supervise(plan: Plan, on_ready: Callable[[str], None] | None, on_grpc: Callable[[str], None] | None = None) -> None:
    """Serve with several processes until SIGTERM or SIGINT; see ``serve``.

    Args:
        plan: What to serve, and with how many.
        on_ready: Called with the server's address once all workers are ready.
        on_grpc: Called with the address of gRPC before that.

    Raises:
        ConfigurationError: The models cannot be sent to other processes, or gRPC cannot be shared by them.
        WorldError: The address cannot be listened on, or too many workers died.
    """
    try:
        pickle.dumps(plan)
    except Exception as error:
        raise ConfigurationError(
            f"the models cannot be sent to {plan.workers} processes: {error}",
            hint="Pass folders, or objects whose class is at the top of a module; or use workers=1.",
        ) from error
    place = plan.place
    with listen(place.host, place.port) as listener:
        place = replace(place, port=listener.getsockname()[1])
        url = url_of(listener, place.tls())
        if not SHARES_PORTS:
            if place.grpc_port is not None:
                raise ConfigurationError("on this system processes cannot share a port of gRPC", hint="Pass workers=1.")
            asyncio.run(Supervisor(plan, url, listener).run(on_ready))
            return
    with ExitStack() as held:
        # Those before these proved that the ports were nobody's; these keep them, whichever worker comes and goes.
        held.enter_context(listen(place.host, place.port, shared=True, reserved=True))
        if place.grpc_port is not None:
            with listen(place.host, place.grpc_port) as listener:
                place = replace(place, grpc_port=listener.getsockname()[1])
                address = url_of(listener).partition("//")[2]
            held.enter_context(listen(place.host, place.grpc_port or 0, shared=True, reserved=True))

        def ready(url: str) -> None:
            if on_grpc is not None and place.grpc_port is not None:
                on_grpc(address)
            if on_ready is not None:
                on_ready(url)

        asyncio.run(Supervisor(replace(plan, place=place), url, None).run(ready))


class _Worker:
    """A worker process as its supervisor sees it."""

    def __init__(self, process: SpawnProcess, line: "Connection[Any, Any]") -> None:
        self.process = process
        self.line = line
        self.loaded = False
        self.owes = False
        self.failure: BaseException | None = None
        self.families: list[Family] = []

    def tell(self, word: Word, content: Any = None) -> None:
        # One that is ending hears nothing; that it ended is heard elsewhere.
        with suppress(OSError):
            self.line.send((word, content))


class Supervisor:
    """Keeps workers running.

    Args:
        plan: What they serve, on which port.
        url: Where that is.
        listener: What they share; None where each listens for itself.
        clock: For the time between deaths.
    """

    def __init__(self, plan: Plan, url: str, listener: Any, clock: Callable[[], float] = monotonic) -> None:
        self._plan = plan
        self._url = url
        self._listener = listener
        self._clock = clock
        self._workers: list[_Worker] = []
        self._ready = False
        self._on_ready: Callable[[str], None] | None = None
        self._stopping = False
        self._error: BaseException | None = None
        self._cut_off = False
        self._deaths: deque[float] = deque()
        self._died = 0
        self._pauses: set[asyncio.TimerHandle] = set()
        self._ended = asyncio.Event()
        self._told = asyncio.Event()
        self._past: list[Family] = []
        self._askers: list[_Worker] = []
        self._uncounted: set[_Worker] = set()
        self._counting: asyncio.TimerHandle | None = None

    async def run(self, on_ready: Callable[[str], None] | None) -> None:
        """Start the workers, keep them running until told to stop, wait until they have ended.

        Args:
            on_ready: See ``serve``.

        Raises:
            SystemExit: With 1: a worker was cut off, or died, before it had answered what it accepted.
        """
        self._loop = asyncio.get_running_loop()
        self._on_ready = on_ready
        plan = self._plan
        try:
            with told_to_end(self.stop):
                for _ in range(plan.workers):
                    self._start(late=False)
                await self._told.wait()
                try:
                    async with asyncio.timeout(plan.drain_s + plan.shutdown_s + _KILL_S):
                        await self._ended.wait()
                except TimeoutError:
                    self._cut_off = True
                    logger.error("%d workers did not end in time and were killed", len(self._workers))
        finally:
            self._stopping = True
            for worker in self._workers:
                worker.process.kill()
            for worker in list(self._workers):
                await asyncio.to_thread(worker.process.join)
        if self._error is not None:
            raise self._error
        if self._cut_off:
            raise SystemExit(1)

    def stop(self) -> None:
        """Let all workers answer what they have accepted, and end; at the second time at once."""
        for worker in self._workers:
            worker.tell("hurry" if self._stopping else "stop")
        self._stopping = True
        self._told.set()
        for pause in self._pauses:
            pause.cancel()
        if not self._workers:
            self._ended.set()

    def _fail(self, error: BaseException) -> None:
        self._error = self._error or error
        if not self._stopping:
            self.stop()

    def _start(self, *, late: bool) -> None:
        spawn = multiprocessing.get_context("spawn")
        ours, theirs = spawn.Pipe()
        process = spawn.Process(target=work, args=(theirs, self._plan, self._listener, late))
        process.start()
        theirs.close()
        worker = _Worker(process, ours)
        try:
            threading.Thread(target=self._hear, args=(worker,), daemon=True).start()
        except RuntimeError:
            process.kill()
            raise
        self._workers.append(worker)

    def _hear(self, worker: _Worker) -> None:
        """Pass on what a worker says, in a thread of its own, and at last that it ended."""
        try:
            while True:
                self._pass_on(self._heard, worker, *worker.line.recv())
        except (EOFError, OSError):
            pass
        except Exception as error:  # noqa: BLE001 - what cannot be read is a death with a reason, not a silence
            worker.failure = error
        worker.process.join()
        self._pass_on(self._left, worker)

    def _pass_on(self, function: Callable[..., None], *arguments: Any) -> None:
        # The supervisor itself may have ended, and its loop with it.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(function, *arguments)

    def _heard(self, worker: _Worker, word: Word, content: Any) -> None:
        if word == "loaded":
            self._loaded(worker)
        elif word == "failed":
            worker.failure = content
        elif word == "sums?":
            self._count(worker)
        else:
            worker.families, worker.owes = content, False
            self._uncounted.discard(worker)
            if not self._uncounted:
                self._sum()

    def _loaded(self, worker: _Worker) -> None:
        worker.loaded = True
        if self._ready:
            worker.tell("ready")
        elif len(self._workers) == self._plan.workers and all(each.loaded for each in self._workers):
            self._ready = True
            for each in self._workers:
                each.tell("ready")
            if self._on_ready is not None and not self._stopping:
                try:
                    self._on_ready(self._url)
                except BaseException as error:  # noqa: BLE001 - raised again when the workers have ended
                    self._fail(error)

    def _left(self, worker: _Worker) -> None:
        """Replace a worker that ended unasked, or say why not."""
        self._workers.remove(worker)
        worker.line.close()
        self._past = total([self._past, lasting(worker.families)])
        self._uncounted.discard(worker)
        if worker in self._askers:
            self._askers.remove(worker)
        if self._counting is not None and not self._uncounted:
            self._sum()
        if self._stopping:
            self._cut_off = self._cut_off or (worker.loaded and worker.process.exitcode != 0)
            if not self._workers:
                self._ended.set()
            return
        why = reason(worker.failure) if worker.failure is not None else f"exit code {worker.process.exitcode}"
        if not self._ready:
            self._fail(
                worker.failure
                or WorldError(
                    f"a worker ended before it had loaded its models ({why})",
                    hint="What it wrote to stderr says why. A script calls serve below `if __name__ == '__main__':`.",
                )
            )
            return
        self._died += 1
        now = self._clock()
        self._deaths.append(now)
        while now - self._deaths[0] > _WITHIN_S:
            self._deaths.popleft()
        if len(self._deaths) >= _MOST_DEATHS:
            self._fail(
                WorldError(
                    f"{len(self._deaths)} workers died within {_WITHIN_S:.0f} s, the last with {why}",
                    code="workers_died",
                    hint="What they wrote to stderr says more; exit code -9 is often a lack of memory.",
                )
            )
            return
        pause_s = min(_PAUSE_S * 2.0 ** (len(self._deaths) - 1), _LONGEST_PAUSE_S)
        logger.error("worker %s died (%s); another begins in %.1f s", worker.process.pid, why, pause_s)
        self._restart_in(pause_s)

    def _restart_in(self, pause_s: float) -> None:
        self._pauses = {pause for pause in self._pauses if pause.when() > self._loop.time()}
        self._pauses.add(self._loop.call_later(pause_s, self._restart))

    def _restart(self) -> None:
        if self._stopping:
            return
        try:
            self._start(late=True)
        except (OSError, RuntimeError) as error:  # no memory, no process, no thread to be had now
            logger.error("a worker cannot be begun (%s); the next try is in %.0f s", error, _LONGEST_PAUSE_S)
            self._restart_in(_LONGEST_PAUSE_S)

    # What all have counted.

    def _count(self, asker: _Worker) -> None:
        self._askers.append(asker)
        if self._counting is None:
            self._uncounted = set(self._workers)
            for worker in self._workers:
                # Questions that a stopped one does not take would fill its pipe, and the next would wait for ever.
                if not worker.owes:
                    worker.owes = True
                    worker.tell("count")
            # One that does not answer is taken as it was when it last did.
            self._counting = self._loop.call_later(_COUNT_S, self._sum)

    def _sum(self) -> None:
        if self._counting is None:
            return
        self._counting.cancel()
        self._counting = None
        at_work = float(sum(worker.loaded for worker in self._workers))
        own = [
            Family("groundwork_workers", "Server processes at work.", "gauge", {("groundwork_workers", ()): at_work}),
            Family(
                "groundwork_worker_deaths",
                "Server processes that ended unasked.",
                "counter",
                {("groundwork_worker_deaths_total", ()): float(self._died)},
            ),
        ]
        text = exposition(total([self._past, *(worker.families for worker in self._workers), own]))
        askers, self._askers = self._askers, []
        for asker in askers:
            asker.tell("sums", text)
