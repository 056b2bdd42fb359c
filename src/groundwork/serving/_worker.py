"""One of several server processes on one port.

Rule: it serves as a single one does, and asks its supervisor for what concerns all: whether all are ready, what all
have counted. When the supervisor is gone, however it went, the worker answers what it has accepted and ends.
"""

import asyncio
import signal
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any, Literal

from groundwork.errors import MLException, WorldError
from groundwork.serving._app import App
from groundwork.serving._call import Response
from groundwork.serving._cores import share_cores
from groundwork.serving._exchange import Exchange, Route
from groundwork.serving._hub import ConnectionOptions
from groundwork.serving._listener import listen
from groundwork.serving._options import AppOptions
from groundwork.serving._place import Place
from groundwork.serving._problem import Problem
from groundwork.serving._server import Leftover, Server, end_despite, first_of, loop_factory
from groundwork.serving._signals import told_to_end

_SUM_S = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What every worker of a server serves, and how."""

    models: Mapping[str, Any]
    place: Place
    drain_s: float
    shutdown_s: float
    options: AppOptions
    connection_options: ConnectionOptions
    on_start: Callable[[], None] | None
    workers: int


Word = Literal["stop", "hurry", "ready", "count", "sums", "loaded", "failed", "counted", "sums?"]
"""What supervisor and worker say to each other, each with one thing."""


def work(line: "Connection[Any, Any]", plan: Plan, listener: socket.socket | None, late: bool) -> None:
    """Be a worker process.

    Args:
        line: To the supervisor.
        plan: What to serve.
        listener: Shared with the others; None where each listens for itself.
        late: Listen only once the models are loaded: the others answer meanwhile.
    """
    # Ctrl-C goes to all processes of a terminal; the supervisor decides for all.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    share_cores(plan.workers)
    if plan.on_start is not None:
        plan.on_start()
    worker = _Worker(line, plan, listener, late)
    try:
        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            runner.run(worker.run())
            end_despite(worker.leftover)
    except Exception as error:  # noqa: BLE001 - raised by the supervisor instead
        worker.tell("failed", error)
        raise SystemExit(1) from None


class _Worker:
    """A server, and the line to its supervisor."""

    def __init__(self, line: "Connection[Any, Any]", plan: Plan, listener: socket.socket | None, late: bool) -> None:
        self._line = line
        self._plan = plan
        self._listener = listener
        self._late = late
        self.leftover: Leftover = ""
        self._told = asyncio.Event()
        self._server: Server | None = None
        self._waiting: list[Exchange] = []
        self._app = App(plan.models, plan.options)
        self._app.failure_is_raised = True
        if not late:
            self._app.wait_for("the other workers")
        self._app.core.routes["/metrics"] = Route("/metrics", {"GET": self._exposition})

    async def run(self) -> None:
        """Serve until told to stop."""
        app, plan = self._app, self._plan
        threading.Thread(target=self._hear, args=(asyncio.get_running_loop(),), daemon=True).start()
        with told_to_end(self._stop, interrupts=False):
            if self._late:
                app.start()
                await first_of(app.loaded, self._told)
            if self._told.is_set():
                if app.loaded.is_set():
                    await app.stop()
                elif self._late:
                    self.leftover = "load"
                return
            tls, grpc = plan.place.tls(), plan.place.grpc_side(shared=True)
            with self._listener or listen(plan.place.host, plan.place.port, shared=True) as listener:
                self._server = Server(app, listener, plan.connection_options, tls, plan.drain_s, plan.shutdown_s, grpc)
                await self._server.run(lambda url: self.tell("loaded", url), signals=False)
                self.leftover = self._server.leftover

    def tell(self, word: Word, content: Any) -> None:
        """Say something to the supervisor; one that is gone hears nothing."""
        try:
            self._line.send((word, content))
        except OSError:
            pass
        except Exception:  # noqa: BLE001 - an error that cannot be sent is told in words
            self._line.send((word, WorldError(f"{type(content).__name__}: {content}")))

    def _hear(self, loop: asyncio.AbstractEventLoop) -> None:
        gone = False
        while not gone:
            try:
                word, content = self._line.recv()
            except (EOFError, OSError):
                gone, word, content = True, "stop", None
            try:
                loop.call_soon_threadsafe(self._heard, word, content)
            except RuntimeError:  # the loop has ended, and with it this process will
                return

    def _heard(self, word: Word, content: Any) -> None:
        if word == "stop":
            self._stop()
        elif word == "hurry":
            self._stop()
            if self._server is not None:
                self._server.hurry()
        elif word == "ready":
            self._app.wait_for("")
        elif word == "count":
            self.tell("counted", self._app.metrics.families())
        else:
            self._answer(Response(content, content_type=self._app.metrics.content_type))

    def _stop(self) -> None:
        self._told.set()
        if self._server is not None:
            self._server.stop()

    def _exposition(self, exchange: Exchange) -> None:
        """``GET /metrics``: what all workers have counted."""
        self._waiting.append(exchange)
        if len(self._waiting) == 1:
            self.tell("sums?", None)
        asyncio.get_running_loop().call_later(_SUM_S, self._give_up, exchange)

    def _answer(self, response: Response) -> None:
        waiting, self._waiting = self._waiting, []
        for exchange in waiting:
            exchange.answer(response)

    def _give_up(self, exchange: Exchange) -> None:
        if exchange in self._waiting:
            self._waiting.remove(exchange)
            exchange.fail(Problem(503, "not_ready", "the supervisor does not answer", headers=[(b"retry-after", b"1")]))


def reason(error: BaseException) -> str:
    """Return an error in one line."""
    return error.message if isinstance(error, MLException) else f"{type(error).__name__}: {error}"
