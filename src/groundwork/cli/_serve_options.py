"""The options of ``groundwork serve``, and the settings of a server that they come to.

Rule: what stands on the command line wins over what stands in the file that --config names.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

if TYPE_CHECKING:
    from groundwork.project import ServeConfig

# What is served.
Sources = Annotated[
    list[str] | None,
    typer.Argument(
        help="A run, a checkpoint, a store, or an .onnx, .pt or .pt2 file; several with a NAME each.",
        metavar="[NAME=]SOURCE",
    ),
]
Config = Annotated[Path | None, typer.Option(help="Models with their versions, and options.", metavar="serve.yaml")]
Force = Annotated[bool, typer.Option("--force", help="Use a model even if its run missed a gate.")]

# Where, and for how long.
Host = Annotated[str, typer.Option(help="Address to listen on.")]
Port = Annotated[int, typer.Option(help="Port; 0 takes a free one.", min=0, max=65535)]
GrpcPort = Annotated[
    int | None,
    typer.Option(help="Also speak gRPC there; 0 takes a free one. Needs groundwork[grpc].", min=0, max=65535),
]
Workers = Annotated[int, typer.Option(help="Server processes.", min=1)]
DrainS = Annotated[float, typer.Option(help="How long to go on accepting after SIGTERM.", min=0.0)]
ShutdownS = Annotated[float, typer.Option(help="How long accepted requests may then take.", min=0.0)]

# How batches are made and run.
MaxBatchRows = Annotated[int | None, typer.Option(help="Rows in one call of a model.", min=1)]
MaxQueueRows = Annotated[int | None, typer.Option(help="Rows that may wait.", min=1)]
Where = Annotated[Literal["auto", "inline", "thread", "process"] | None, typer.Option(help="Where batches run.")]
Threads = Annotated[int | None, typer.Option(help="Batches of a model at once.", min=1)]
ReloadS = Annotated[float | None, typer.Option(help="How often to look for a newer model.", min=0.0)]

# Who may call, and how often.
RateLimit = Annotated[float | None, typer.Option(help="Calls a second of each client, in each worker.", min=0.0)]
RateBurst = Annotated[
    float | None,
    typer.Option(
        help="Calls at once of a client that was quiet; absent: what --rate-limit lets by in a second.", min=1.0
    ),
]
ApiKeyFile = Annotated[Path | None, typer.Option(help="One API key a line; callers must have one.", metavar="FILE")]
TlsCert = Annotated[Path | None, typer.Option(help="PEM certificate: HTTPS.", metavar="FILE")]
TlsKey = Annotated[Path | None, typer.Option(help="PEM key of it.", metavar="FILE")]

# What can be seen of it.
AccessLog = Annotated[bool | None, typer.Option("--access-log", help="A JSON object on stderr for each request.")]
Tracing = Annotated[
    bool | None,
    typer.Option("--tracing", help="An OpenTelemetry span for each request. Needs groundwork[otel]."),
]

# Those whose default is the command's own.
_ADDRESS = ("host", "port", "grpc_port", "workers", "drain_s", "shutdown_s")
_TLS = ("tls_cert", "tls_key")
# Command line name to that of ``serving.serve``, for those whose default is the server's own.
_BOUNDS = {
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


def settings(context: typer.Context, file: "ServeConfig | None") -> dict[str, Any]:
    """Return the arguments of ``serving.serve`` but for the models.

    Args:
        context: Of the command, with its options.
        file: What --config names.

    Returns:
        By name; those whose default is the server's own only if they were given.

    Raises:
        UsageError: The file of keys cannot be read, or holds none.
    """
    asked = context.params
    found = _settings_of(file)
    for name in (*_ADDRESS, *_TLS):
        source = context.get_parameter_source(name)
        if name not in found or (source is not None and source.name != "DEFAULT"):
            found[name] = asked[name]
    for name, option in _BOUNDS.items():
        if asked[name] is not None:
            found[option] = asked[name]
    keys = asked["api_key_file"]
    if keys is None and file is not None and file.api_key_file is not None:
        keys = file.path(file.api_key_file)
    if keys is not None:
        found["api_keys"] = _keys(keys)
    return found


def _settings_of(file: "ServeConfig | None") -> dict[str, Any]:
    if file is None:
        return {}
    found: dict[str, Any] = dict(file.options)
    for name in _ADDRESS:
        if getattr(file, name) is not None:
            found[name] = getattr(file, name)
    if file.tls is not None:
        found["tls_cert"] = file.path(file.tls.cert)
        found["tls_key"] = None if file.tls.key is None else file.path(file.tls.key)
    return found


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
