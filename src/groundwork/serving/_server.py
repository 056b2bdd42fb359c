"""Runs the app on a socket, from the first request to the last.

Rule: told to stop, the server says at once that it is not ready, answers what it has accepted, and returns. Nothing is
printed and no logging is set up; signals are taken over only while it runs.
"""

import asyncio
import gc
import importlib.util
import signal
import socket
import ssl
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from types import FrameType
from typing import Any

from groundwork.serving._app import App
from groundwork.serving._connection import HttpConnection
from groundwork.serving._hub import ConnectionOptions, Hub
from groundwork.serving._listener import BACKLOG, listen, tls_context, url_of
from groundwork.serving._options import AppOptions

_SWITCH_S = 0.0005
_GRACE_S = 0.5
"""How long an idle connection is listened to after the server stopped to accept: what is on the way would be lost."""


def serve(
    models: Mapping[str, Any],
    host: str = "127.0.0.1",
    port: int = 8000,
    *,
    on_ready: Callable[[str], None] | None = None,
    drain_s: float = 0.0,
    shutdown_s: float = 30.0,
    tls_cert: str | Path | None = None,
    tls_key: str | Path | None = None,
    **options: Any,
) -> None:
    """Serve models until SIGTERM or SIGINT.

    Args:
        models: As for ``create_app``.
        host: Address to listen on; other machines reach it only if told so.
        port: 0 picks a free one.
        on_ready: Called with the server's address once every model is loaded and warm.
        drain_s: How long to go on accepting after a signal, so that a load balancer sees
            ``/v2/health/ready`` say 503.
        shutdown_s: How long accepted requests may take after that. A second signal ends the wait.
        tls_cert: File of the certificate, with those that lead to its root; with it the server speaks HTTPS.
        tls_key: File of its key, if that is not in the same one.
        **options: Bounds of connections, by the names of ``ConnectionOptions``; the rest as for ``create_app``.

    Raises:
        WorldError: The address cannot be listened on, or the certificate not be read.
        ConfigurationError: See ``create_app``.
        StorageError: A checkpoint cannot be loaded.
    """
    names = [field.name for field in fields(ConnectionOptions)]
    bounds = {name: options[name] for name in names if name in options}
    app_options = AppOptions.of(
        {name: value for name, value in options.items() if name not in bounds or name == "max_body_bytes"}, names
    )
    app = App(models, app_options)
    connection_options = ConnectionOptions(**bounds)
    app.failure_is_raised = True
    tls = tls_context(tls_cert, tls_key)
    with listen(host, port) as listener:
        server = _Server(app, listener, connection_options, tls, drain_s, shutdown_s)
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(server.run(on_ready))


class _Server:
    """One run of an app on a socket."""

    def __init__(
        self,
        app: App,
        listener: socket.socket,
        options: ConnectionOptions,
        tls: ssl.SSLContext | None,
        drain_s: float,
        shutdown_s: float,
    ) -> None:
        self._app = app
        self._listener = listener
        self._options = options
        self._tls = tls
        self._drain_s = drain_s
        self._shutdown_s = shutdown_s
        self.hub: Hub | None = None
        self._told = asyncio.Event()
        self._hurried = asyncio.Event()

    async def run(self, on_ready: Callable[[str], None] | None) -> None:
        """Listen, load, serve until told to stop, answer what was accepted."""
        app, loop = self._app, asyncio.get_running_loop()
        self.hub = hub = Hub(app.core, self._options)
        handshake_s = self._options.header_timeout_s if self._tls is not None else None
        with self._signals():
            listening = await loop.create_server(
                lambda: HttpConnection(hub),
                sock=self._listener,
                ssl=self._tls,
                backlog=BACKLOG,
                ssl_handshake_timeout=handshake_s,
            )
            app.start()
            try:
                await self._until_told_or_loaded()
                if app.failure is None and not self._told.is_set():
                    with _tuned():
                        if on_ready is not None:
                            on_ready(url_of(self._listener, self._tls))
                        await self._told.wait()
                hub.drain()
                await self._unless_hurried(asyncio.sleep(self._drain_s if app.failure is None else 0.0))
            finally:
                app.drain()
                # Connections that the system has accepted already are ours to answer.
                await asyncio.sleep(0)
                listening.close()
                await self._unless_hurried(hub.close(_GRACE_S, self._shutdown_s))
                hub.abort()
                await app.stop()
        if app.failure is not None:
            raise app.failure

    async def _until_told_or_loaded(self) -> None:
        waits = [asyncio.ensure_future(event.wait()) for event in (self._told, self._app.loaded)]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    async def _unless_hurried(self, ending: Any) -> None:
        """Await something, until a second signal says that there is no time."""
        waits = [asyncio.ensure_future(ending), asyncio.ensure_future(self._hurried.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)

    @contextmanager
    def _signals(self) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        loop = asyncio.get_running_loop()

        def stop(number: int, frame: FrameType | None) -> None:
            loop.call_soon_threadsafe(self._stop)

        wanted = [signal.SIGINT, signal.SIGTERM]
        if sys.platform == "win32":
            wanted.append(signal.SIGBREAK)
        before = {number: signal.signal(number, stop) for number in wanted}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _stop(self) -> None:
        self._app.drain()
        if self._told.is_set():
            self._hurried.set()
        self._told.set()


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


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    if importlib.util.find_spec("uvloop") is None:
        return asyncio.new_event_loop
    import uvloop

    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory
