"""Runs the app on a socket, from the first request to the last.

Rule: told to stop, the server says at once that it is not ready, answers what it has accepted, and returns. Nothing is
printed and no logging is set up; signals are taken over only while it runs.
"""

import asyncio
import importlib.util
import math
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import Any

import uvicorn

from groundwork.errors import WorldError
from groundwork.serving._app import App, create_app


def serve(
    models: Mapping[str, Any],
    host: str = "127.0.0.1",
    port: int = 8000,
    *,
    on_ready: Callable[[str], None] | None = None,
    drain_s: float = 0.0,
    shutdown_s: float = 30.0,
    header_timeout_s: float = 10.0,
    max_header_bytes: int = 64 * 2**10,
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
        header_timeout_s: Longest time from connecting, or from a request's first byte, to the end of its headers.
        max_header_bytes: Largest request line and headers together.
        **options: As for ``create_app``.

    Raises:
        WorldError: The address cannot be listened on.
        ConfigurationError: See ``create_app``.
        StorageError: A checkpoint cannot be loaded.
    """
    app = create_app(models, **options)
    app.failure_is_raised = True
    with _listen(host, port) as listener:
        config = uvicorn.Config(
            app,
            http=_protocol(header_timeout_s, max_header_bytes),
            h11_max_incomplete_event_size=max_header_bytes,
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=math.ceil(shutdown_s),
        )
        server = _Server(config, app, drain_s)
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(_run(server, app, listener, on_ready))


async def _run(server: "_Server", app: App, listener: socket.socket, on_ready: Callable[[str], None] | None) -> None:
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    loaded = asyncio.create_task(app.loaded.wait())
    url = _url(listener)
    try:
        await asyncio.wait([serving, loaded], return_when=asyncio.FIRST_COMPLETED)
        if app.failure is not None:
            server.should_exit = True
        elif not serving.done() and not server.stopping and on_ready is not None:
            on_ready(url)
    except BaseException:
        server.should_exit = True
        await serving
        raise
    finally:
        loaded.cancel()
    await serving
    if app.failure is not None:
        raise app.failure


class _Server(uvicorn.Server):
    """uvicorn's server, stopping as the module's rule says."""

    def __init__(self, config: uvicorn.Config, app: App, drain_s: float) -> None:
        super().__init__(config)
        self._app = app
        self._drain_s = drain_s
        self.stopping = False

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        # uvicorn's own raises the signal again after the last answer, and the process would not exit with 0.
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
        if self.stopping:
            self.force_exit = True
            self.should_exit = True
            return
        self.stopping = True
        asyncio.get_running_loop().call_later(self._drain_s, setattr, self, "should_exit", True)


def _listen(host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
    except (OSError, UnicodeError) as error:  # the latter for a name that DNS cannot spell
        raise WorldError(
            f"cannot listen on {host!r}: {error}", hint="Give --host an address of this machine."
        ) from error
    try:
        if sys.platform != "win32":
            # Lets a restart reuse the port of a server that has just gone; on Windows it would steal a live one's.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(2048)
    except OSError as error:
        listener.close()
        raise WorldError(
            f"cannot listen on {host}:{port}: {error.strerror or error}",
            code="port_unavailable",
            hint="Stop what holds the port, or pass another by --port (0 picks a free one).",
            context={"host": host, "port": port},
        ) from error
    return listener


def _url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if listener.family == socket.AF_INET6 else f"http://{host}:{port}"


def _protocol(header_timeout_s: float, max_header_bytes: int) -> Any:
    if importlib.util.find_spec("httptools") is None:
        return "h11"
    from groundwork.serving._connection import bounded_connection

    return bounded_connection(header_timeout_s, max_header_bytes)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    if importlib.util.find_spec("uvloop") is None:
        return asyncio.new_event_loop
    import uvloop

    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory
