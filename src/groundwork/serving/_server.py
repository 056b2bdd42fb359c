"""Runs the app on a socket, from the first request to the last.

Rule: told to stop, the server says at once that it is not ready, answers what it has accepted, and returns. A thread
that computes cannot be stopped: what still runs when the time is over is left behind, and the process ends without it.
Nothing is printed and no logging is set up; signals are taken over only while it runs.
"""

import asyncio
import gc
import importlib.util
import logging
import os
import socket
import ssl
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any, Literal, TypeAlias

from groundwork.serving._app import App
from groundwork.serving._connection import HttpConnection
from groundwork.serving._executors import kill_workers
from groundwork.serving._grpc_side import GrpcSide
from groundwork.serving._hub import ConnectionOptions, Hub
from groundwork.serving._listener import BACKLOG, url_of
from groundwork.serving._signals import told_to_end

logger = logging.getLogger("groundwork.serving")

Leftover: TypeAlias = Literal["", "load", "batch"]
"""What still computes when a server is done."""

_SWITCH_S = 0.0005
_STOP_S = 0.5
"""How long idle threads and processes of the models may take to end when there is no time any more."""
_TURNS = 4
"""How many turns asyncio's loop takes from a client in the socket's queue to a connection of ours."""
_GRACE_S = 0.5
"""How long an idle connection is listened to after the server stopped to accept: what is on the way would be lost."""


class Server:
    """One run of an app on a socket.

    Args:
        app: What answers.
        listener: The socket.
        options: Bounds of its connections.
        tls: For HTTPS, or None.
        drain_s: See ``serve``.
        shutdown_s: See ``serve``.
        grpc: What speaks gRPC beside it, or None.

    Attributes:
        hub: What its connections share; None before ``run``.
        leftover: What ``run`` left behind, for ``end_despite``.
    """

    def __init__(
        self,
        app: App,
        listener: socket.socket,
        options: ConnectionOptions,
        tls: ssl.SSLContext | None,
        drain_s: float,
        shutdown_s: float,
        grpc: GrpcSide | None = None,
    ) -> None:
        self._app = app
        self._listener = listener
        self._options = options
        self._tls = tls
        self._drain_s = drain_s
        self._shutdown_s = shutdown_s
        self._grpc = grpc
        self.hub: Hub | None = None
        self.leftover: Leftover = ""
        self._told = asyncio.Event()
        self._hurried = asyncio.Event()

    async def run(self, on_ready: Callable[[str], None] | None, *, signals: bool = True) -> None:
        """Listen, load, serve until told to stop, answer what was accepted.

        Args:
            on_ready: See ``serve``.
            signals: SIGTERM and SIGINT tell it to stop; else only ``stop`` does.
        """
        app, loop = self._app, asyncio.get_running_loop()
        self.hub = hub = Hub(app.core, self._options)
        handshake_s = self._options.header_timeout_s if self._tls is not None else None
        with told_to_end(self._signalled) if signals else nullcontext():
            listening = await loop.create_server(
                lambda: HttpConnection(hub),
                sock=self._listener,
                ssl=self._tls,
                backlog=BACKLOG,
                ssl_handshake_timeout=handshake_s,
            )
            app.start()
            try:
                if self._grpc is not None:
                    await self._grpc.start(app.core, self._options)
                await first_of(self._told, app.loaded)
                if app.failure is None and not self._told.is_set():
                    with _tuned():
                        if self._grpc is not None:
                            self._grpc.tell()
                        if on_ready is not None:
                            on_ready(url_of(self._listener, self._tls))
                        await self._told.wait()
                hub.drain()
                await self._unless_hurried(asyncio.sleep(self._drain_s if app.failure is None else 0.0))
            finally:
                app.drain()
                await self._accept_the_rest(hub)
                listening.close()
                until = loop.time() + self._shutdown_s
                closing = [hub.close(_GRACE_S, self._shutdown_s)]
                if self._grpc is not None:
                    closing.append(self._grpc.stop(self._shutdown_s))
                await self._unless_hurried(asyncio.gather(*closing))
                hub.abort()
                if self._grpc is not None:
                    await self._grpc.stop(0.0)
                await self._stop_app(until)
        if app.failure is not None:
            raise app.failure

    async def _accept_the_rest(self, hub: Hub) -> None:
        """Accept what is connected already, which is ours to answer: uvloop takes one of them a turn."""
        loop = asyncio.get_running_loop()
        until = loop.time() + _GRACE_S
        known, quiet = set(hub.connections), 0
        while quiet < _TURNS and loop.time() < until:
            await asyncio.sleep(0)
            quiet = quiet + 1 if hub.connections <= known else 0
            known |= hub.connections

    async def _stop_app(self, until: float) -> None:
        """Stop the app while there is time; note what cannot be stopped."""
        loading = not self._app.loaded.is_set()
        stopping = asyncio.ensure_future(self._app.stop())
        left_s = 0.0 if loading else max(0.0, until - asyncio.get_running_loop().time())
        await self._unless_hurried(asyncio.wait([stopping], timeout=left_s))
        await asyncio.wait([stopping], timeout=_STOP_S)
        if loading:
            self.leftover = "load"
        elif not stopping.done():
            self.leftover = "batch"
            logger.error("a model still computed when the time to stop was over; its batch was cut off")
        stopping.cancel()
        await asyncio.wait([stopping])
        if not stopping.cancelled():
            stopping.result()

    async def _unless_hurried(self, ending: Any) -> None:
        """Await something, until a second signal says that there is no time."""
        waits = [asyncio.ensure_future(ending), asyncio.ensure_future(self._hurried.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)

    def stop(self) -> None:
        """Begin to end: not ready from now on, but what was accepted is answered."""
        self._app.drain()
        self._told.set()

    def hurry(self) -> None:
        """Wait for nothing any more."""
        self._hurried.set()

    def _signalled(self) -> None:
        if self._told.is_set():
            self.hurry()
        self.stop()


async def first_of(*events: asyncio.Event) -> None:
    """Wait until one of several events is set.

    Args:
        *events: The events.
    """
    waits = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()


def end_despite(leftover: Leftover) -> None:
    """End the process here and now if a thread still computes, for which an ordinary end would wait.

    Only the main thread does so: a server in another thread is not what the process is for.

    Args:
        leftover: A batch makes it exit code 1; a model that was being loaded 0, since nobody waits for it.
    """
    if not leftover or threading.current_thread() is not threading.main_thread():
        return
    kill_workers()
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    os._exit(1 if leftover == "batch" else 0)


@contextmanager
def _tuned() -> Iterator[None]:
    """Set the interpreter up for answering, and back afterwards.

    A model that computes in Python keeps the interpreter to itself for 5 ms at a time, which is how long each request
    then waits to be read or refused. And the garbage collector takes tens of milliseconds to look through what is there
    by now and stays.
    """
    interval_s = sys.getswitchinterval()
    sys.setswitchinterval(min(_SWITCH_S, interval_s))
    ours = not gc.get_freeze_count()
    if ours:
        gc.collect()
        gc.freeze()
    try:
        yield
    finally:
        sys.setswitchinterval(interval_s)
        if ours:
            gc.unfreeze()


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    """Return what makes event loops: uvloop's, where it is installed."""
    if importlib.util.find_spec("uvloop") is None:
        return asyncio.new_event_loop
    import uvloop

    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory
