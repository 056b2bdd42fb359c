"""``groundwork serve``.

Rule: what stands on the command line wins over what stands in the file that --config names.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

if TYPE_CHECKING:
    from groundwork.project import ServeConfig

# Command line name to that of ``serving.serve``, for those whose default is the server's own.
_OPTIONS = {
    "max_batch_rows": "max_batch_rows",
    "max_queue_rows": "max_queue_rows",
    "rate_limit": "client_rate_per_s",
    "rate_burst": "client_burst",
    "reload_s": "reload_s",
    "executor": "executor",
    "threads": "threads",
    "access_log": "access_log",
    "tracing": "tracing",
}
_LATEST = "runs/latest"


def serve(
    context: typer.Context,
    sources: Annotated[
        list[str] | None,
        typer.Argument(
            help="A run, a checkpoint, a store, or an .onnx, .pt or .pt2 file; several with a NAME each.",
            metavar="[NAME=]SOURCE",
        ),
    ] = None,
    config: Annotated[
        Path | None, typer.Option(help="Models with their versions, and options.", metavar="serve.yaml")
    ] = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port; 0 takes a free one.", min=0, max=65535)] = 8000,
    grpc_port: Annotated[
        int | None,
        typer.Option(help="Also speak gRPC there; 0 takes a free one. Needs groundwork[grpc].", min=0, max=65535),
    ] = None,
    workers: Annotated[int, typer.Option(help="Server processes.", min=1)] = 1,
    drain_s: Annotated[float, typer.Option(help="How long to go on accepting after SIGTERM.", min=0.0)] = 0.0,
    shutdown_s: Annotated[float, typer.Option(help="How long accepted requests may then take.", min=0.0)] = 30.0,
    max_batch_rows: Annotated[int | None, typer.Option(help="Rows in one call of a model.", min=1)] = None,
    max_queue_rows: Annotated[int | None, typer.Option(help="Rows that may wait.", min=1)] = None,
    rate_limit: Annotated[
        float | None, typer.Option(help="Calls a second of each client, in each worker.", min=0.0)
    ] = None,
    rate_burst: Annotated[
        float | None,
        typer.Option(
            help="Calls at once of a client that was quiet; absent: what --rate-limit lets by in a second.", min=1.0
        ),
    ] = None,
    reload_s: Annotated[float | None, typer.Option(help="How often to look for a newer model.", min=0.0)] = None,
    executor: Annotated[
        Literal["auto", "inline", "thread", "process"] | None, typer.Option(help="Where batches run.")
    ] = None,
    threads: Annotated[int | None, typer.Option(help="Batches of a model at once.", min=1)] = None,
    api_key_file: Annotated[
        Path | None, typer.Option(help="One API key a line; callers must have one.", metavar="FILE")
    ] = None,
    tls_cert: Annotated[Path | None, typer.Option(help="PEM certificate: HTTPS.", metavar="FILE")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="PEM key of it.", metavar="FILE")] = None,
    access_log: Annotated[
        bool | None, typer.Option("--access-log", help="A JSON object on stderr for each request.")
    ] = None,
    tracing: Annotated[
        bool | None, typer.Option("--tracing", help="An OpenTelemetry span for each request. Needs groundwork[otel].")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Use a model even if its run missed a gate.")] = False,
) -> None:
    """Serve models over HTTP until Ctrl-C or SIGTERM, which let accepted requests finish."""
    from groundwork import serving
    from groundwork.project import load_serve_config

    asked = context.params
    file = None if config is None else load_serve_config(config)
    settings = _settings(file)
    for name in ("host", "port", "workers", "drain_s", "shutdown_s", "tls_cert", "tls_key", "grpc_port"):
        source = context.get_parameter_source(name)
        if name not in settings or (source is not None and source.name != "DEFAULT"):
            settings[name] = asked[name]
    for name, option in _OPTIONS.items():
        if asked[name] is not None:
            settings[option] = asked[name]
    if api_key_file is None and file is not None and file.api_key_file is not None:
        api_key_file = file.path(file.api_key_file)
    if api_key_file is not None:
        settings["api_keys"] = _keys(api_key_file)
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


def _settings(file: "ServeConfig | None") -> dict[str, Any]:
    if file is None:
        return {}
    settings: dict[str, Any] = dict(file.options)
    for name in ("host", "port", "grpc_port", "workers", "drain_s", "shutdown_s"):
        if getattr(file, name) is not None:
            settings[name] = getattr(file, name)
    if file.tls is not None:
        settings["tls_cert"] = file.path(file.tls.cert)
        settings["tls_key"] = None if file.tls.key is None else file.path(file.tls.key)
    return settings


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


def _keys(file: Path) -> list[str]:
    from groundwork.errors import UsageError

    try:
        lines = [line.strip() for line in file.read_text(encoding="utf-8").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        why = (error.strerror or error) if isinstance(error, OSError) else "not UTF-8"
        raise UsageError(f"{file} cannot be read: {why}", hint="Name a file with one API key a line.") from error
    keys = [line for line in lines if line and not line.startswith("#")]
    if not keys:
        raise UsageError(f"{file} holds no key", hint="One API key a line; lines that begin with # are not read.")
    return keys
