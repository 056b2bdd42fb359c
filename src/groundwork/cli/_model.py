"""``groundwork serve``: which models, and what is told of them.

Rule: a file that --config names and sources of the command line are never mixed.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from groundwork.cli import _serve_options as options

if TYPE_CHECKING:
    from groundwork.project import ServeConfig

_LATEST = "runs/latest"


def serve(
    context: typer.Context,
    sources: options.Sources = None,
    config: options.Config = None,
    host: options.Host = "127.0.0.1",
    port: options.Port = 8000,
    grpc_port: options.GrpcPort = None,
    workers: options.Workers = 1,
    drain_s: options.DrainS = 0.0,
    shutdown_s: options.ShutdownS = 30.0,
    max_batch_rows: options.MaxBatchRows = None,
    max_queue_rows: options.MaxQueueRows = None,
    rate_limit: options.RateLimit = None,
    rate_burst: options.RateBurst = None,
    reload_s: options.ReloadS = None,
    executor: options.Where = None,
    threads: options.Threads = None,
    api_key_file: options.ApiKeyFile = None,
    tls_cert: options.TlsCert = None,
    tls_key: options.TlsKey = None,
    access_log: options.AccessLog = None,
    tracing: options.Tracing = None,
    force: options.Force = False,
) -> None:
    """Serve models over HTTP until Ctrl-C or SIGTERM, which let accepted requests finish."""
    from groundwork import serving
    from groundwork.project import load_serve_config

    file = None if config is None else load_serve_config(config)
    settings = options.settings(context, file)
    models, notices = _models(sources or [], file, force=force)
    for notice in notices:
        typer.echo(f"warning: {notice}", err=True)

    def ready(url: str) -> None:
        typer.echo(f"serving {', '.join(models)} on {url}")
        typer.echo(f"Next: open {url}/ to try it, or POST {url}/predict; Ctrl-C stops")

    def grpc_ready(address: str) -> None:
        typer.echo(f"gRPC on {address}")

    if settings.get("access_log"):
        settings["on_start"] = _log_access
    serving.serve(models, on_ready=ready, on_grpc=grpc_ready, **settings)


def _log_access() -> None:
    """Write the access log; called in each process that serves."""
    import logging

    logger = logging.getLogger("groundwork.serving.access")
    logger.setLevel(logging.INFO)
    logger.propagate = False
    logger.addHandler(logging.StreamHandler())


def _models(sources: list[str], file: "ServeConfig | None", *, force: bool) -> tuple[dict[str, Any], list[str]]:
    from groundwork.errors import UsageError
    from groundwork.project import find_model

    if file is not None:
        if sources:
            raise UsageError(
                f"{sources[0]} and --config both name models", hint="Put it into the file, or leave --config out."
            )
        return file.find_models(force=force)
    models: dict[str, Any] = {}
    notices: list[str] = []
    for source in sources or [_LATEST]:
        given, equals, path = source.partition("=")
        if not equals or Path(source).exists():
            given, path = "", source
        name, model, found = find_model(path, force=force)
        name = given or name
        if name in models:
            raise UsageError(f"two models are called {name!r}", hint=f"Name one of them, as other={path}.")
        models[name] = model
        notices += found
    return models, notices
