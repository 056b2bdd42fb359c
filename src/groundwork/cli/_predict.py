"""``groundwork predict``."""

from pathlib import Path
from typing import Annotated

import typer

Force = Annotated[bool, typer.Option("--force", help="Use the model even if its run missed a gate.")]
RunFolder = Annotated[Path, typer.Argument(help="A run's folder, as runs/latest.", metavar="RUN")]


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
    from groundwork.project import find_run, model_folder, model_notices, predict_file

    found = find_run(run)
    model = load_model(model_folder(found, force=force))
    for notice in model_notices(found):
        typer.echo(f"warning: {notice}", err=True)
    start_s = time.monotonic()
    with counting("rows scored") as progress:
        rows = predict_file(model, source, target, progress=progress)
    seconds = time.monotonic() - start_s
    typer.echo(f"{rows:,} rows scored in {seconds:.1f} s -> {target}")
