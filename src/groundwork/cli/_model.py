"""``groundwork serve`` and ``groundwork predict``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from groundwork.project import Run

Force = Annotated[bool, typer.Option("--force", help="Use the model even if its run missed a gate.")]
RunFolder = Annotated[Path, typer.Argument(help="A run's folder, as runs/latest.", metavar="RUN")]


def serve(
    run: RunFolder = Path("runs/latest"),
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port; 0 takes a free one.", min=0, max=65535)] = 8000,
    grpc_port: Annotated[
        int | None,
        typer.Option(help="Also speak gRPC there; 0 takes a free one. Needs groundwork[grpc].", min=0, max=65535),
    ] = None,
    force: Force = False,
) -> None:
    """Serve a run's model over HTTP until Ctrl-C or SIGTERM, which let accepted requests finish."""
    from groundwork import serving
    from groundwork.project import find_run, model_folder

    found = find_run(run)
    folder = model_folder(found, force=force)
    _warn(found)

    def ready(url: str) -> None:
        typer.echo(f"serving {found.info.project} (run {found.info.id}) on {url}")
        typer.echo(f"Next: open {url}/ to try it, or POST {url}/predict; Ctrl-C stops")

    def grpc_ready(address: str) -> None:
        typer.echo(f"gRPC on {address}")

    serving.serve(
        {found.info.project: folder}, host=host, port=port, on_ready=ready, grpc_port=grpc_port, on_grpc=grpc_ready
    )


def predict(
    run: RunFolder,
    source: Annotated[Path, typer.Argument(help="Rows to score: CSV or Parquet, plain, .gz, .zst or .zip.")],
    target: Annotated[Path, typer.Argument(help="Where to: .parquet, .csv or .jsonl (also .gz, .zst).")],
    force: Force = False,
) -> None:
    """Score a file of any size; the output has its columns plus prediction and probability."""
    import time

    from groundwork.cli._progress import counting
    from groundwork.modeling import load_model
    from groundwork.project import find_run, model_folder, predict_file

    found = find_run(run)
    model = load_model(model_folder(found, force=force))
    _warn(found)
    start_s = time.monotonic()
    with counting("rows scored") as progress:
        rows = predict_file(model, source, target, progress=progress)
    seconds = time.monotonic() - start_s
    typer.echo(f"{rows:,} rows scored in {seconds:.1f} s -> {target}")


def _warn(run: "Run") -> None:
    from groundwork.project import model_notices

    for notice in model_notices(run):
        typer.echo(f"warning: {notice}", err=True)
