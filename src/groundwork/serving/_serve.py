"""``serve``: models on a port, in one process or several.

Rule: whatever is wrong with the options or the address is said before a model is loaded. Nothing is printed and no
logging is set up.
"""

import asyncio
import ssl
from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from groundwork.serving._address_checks import check_address
from groundwork.serving._app import App
from groundwork.serving._hub import ConnectionOptions
from groundwork.serving._listener import listen
from groundwork.serving._options import AppOptions
from groundwork.serving._place import Place
from groundwork.serving._server import Server, end_despite, loop_factory
from groundwork.serving._supervisor import supervise
from groundwork.serving._worker import Plan


def serve(
    models: Mapping[str, Any],
    host: str = "127.0.0.1",
    port: int = 8000,
    *,
    workers: int = 1,
    on_start: Callable[[], None] | None = None,
    on_ready: Callable[[str], None] | None = None,
    drain_s: float = 0.0,
    shutdown_s: float = 30.0,
    tls_cert: str | Path | None = None,
    tls_key: str | Path | None = None,
    grpc_port: int | None = None,
    on_grpc: Callable[[str], None] | None = None,
    **options: Any,
) -> None:
    """Serve models until SIGTERM or SIGINT.

    It returns once what was accepted is answered. A model that still computes when the time for that is over cannot be
    stopped: then this ends the process, with exit code 1. One that was still being loaded ends it with 0, at once.

    Args:
        models: As for ``create_app``.
        host: Address to listen on; other machines reach it only if told so.
        port: 0 picks a free one.
        workers: How many processes serve; each loads the models for itself, and has its own queue and limits. With
            more than one, models are sent to them by pickle, and a script calls this below
            ``if __name__ == "__main__":``.
        on_start: Called first in each process that serves, as to set up logging.
        on_ready: Called with the server's address once every model is loaded and warm, in every process.
        drain_s: How long to go on accepting after a signal, so that a load balancer sees
            ``/v2/health/ready`` say 503.
        shutdown_s: How long accepted requests may take after that. A second signal ends the wait.
        tls_cert: File of the certificate, with those that lead to its root; with it the server speaks HTTPS.
        tls_key: File of its key, if that is not in the same one.
        grpc_port: Also speak gRPC there, on the same address and with the same certificate; 0 picks a free port, None
            does not. Needs the extra ``grpc``.
        on_grpc: Called with the address of gRPC, before ``on_ready``.
        **options: Bounds of connections, by the names of ``ConnectionOptions``; the rest as for ``create_app``.

    Raises:
        WorldError: The address cannot be listened on, or too many workers died.
        ConfigurationError: See ``create_app``; a port, a count or seconds out of range, or the certificate cannot be
            read.
        StorageError: A checkpoint cannot be loaded.
    """
    check_address(host, port, grpc_port, workers, drain_s=drain_s, shutdown_s=shutdown_s)
    app_options, connection_options = _bounds(options)
    plan = Plan(
        models=models,
        place=Place(host, port, grpc_port, tls_cert, tls_key),
        drain_s=drain_s,
        shutdown_s=shutdown_s,
        options=app_options,
        connection_options=connection_options,
        on_start=on_start,
        workers=workers,
    )
    app, tls = App(models, app_options), plan.place.tls()
    if workers > 1:
        supervise(plan, on_ready, on_grpc)
    else:
        _serve_here(plan, app, tls, on_ready, on_grpc)


def _bounds(options: Mapping[str, Any]) -> tuple[AppOptions, ConnectionOptions]:
    """Part the options of an app from those of connections; both have the largest body."""
    names = [field.name for field in fields(ConnectionOptions)]
    bounds = {name: options[name] for name in names if name in options}
    rest = {name: value for name, value in options.items() if name not in bounds or name == "max_body_bytes"}
    return AppOptions.of(rest, names), ConnectionOptions(**bounds)


def _serve_here(
    plan: Plan,
    app: App,
    tls: ssl.SSLContext | None,
    on_ready: Callable[[str], None] | None,
    on_grpc: Callable[[str], None] | None,
) -> None:
    """Serve in this process."""
    app.failure_is_raised = True
    if plan.on_start is not None:
        plan.on_start()
    grpc = plan.place.grpc_side(on_grpc)
    with listen(plan.place.host, plan.place.port) as listener:
        server = Server(app, listener, plan.connection_options, tls, plan.drain_s, plan.shutdown_s, grpc)
        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            runner.run(server.run(on_ready))
            end_despite(server.leftover)
