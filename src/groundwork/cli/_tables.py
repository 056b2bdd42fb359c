"""Tables on the terminal."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from groundwork.project import Run, remarks

_WIDE = 200
_COLOURS = {"SUCCESS": "green", "PARTIAL_FAILURE": "yellow", "RUNNING": "cyan"}


def print_runs(runs: Sequence[Run], *, as_json: bool, project: str | None, root: Path) -> None:
    """Print runs as a table or as JSON.

    Args:
        runs: The runs, in the order to show.
        as_json: Print a JSON array.
        project: The project asked for, if any.
        root: The folder that was looked in.
    """
    rows = [_row(run) for run in runs]
    if as_json:
        typer.echo(json.dumps(rows, indent=2))
        return
    if not rows:
        whose = f" of {project}" if project else ""
        typer.echo(f"no runs{whose} in {root}; groundwork run PROJECT makes one")
        return
    table = Table(box=None, padding=(0, 2, 0, 0))
    for name in ("run", "project", "status", "seconds", "figure", "gates"):
        table.add_column(name, justify="right" if name == "seconds" else "left", no_wrap=True)
    for row in rows:
        colour = _COLOURS.get(row["status"], "red")
        table.add_row(
            row["id"],
            row["project"],
            f"[{colour}]{row['status']}[/]",
            f"{row['seconds']:.1f}",
            _figure(row["metrics"]),
            _gates(row["gates"]),
        )
    console = Console(highlight=False, soft_wrap=True)
    # A pipe has no width: cells are cut for people at a terminal only.
    console.print(table) if console.is_terminal else Console(highlight=False, width=_WIDE).print(table)
    for row in rows:
        if row["remarks"]:
            console.print(f"{row['id']}: {escape(row['remarks'])}")


def _row(run: Run) -> dict[str, Any]:
    result = run.result()
    return {
        "id": run.info.id,
        "project": run.info.project,
        "status": str(result.status),
        "created": run.info.created,
        "seconds": sum(step.seconds for step in result.steps),
        "metrics": result.metadata.get("metrics", {}),
        "gates": result.metadata.get("gates", []),
        "served": result.metadata.get("served", []),
        "remarks": remarks(result),
    }


def _figure(metrics: dict[str, float]) -> str:
    name = next((name for name in ("roc_auc", "r2") if name in metrics), None)
    return f"{name} {metrics[name]:.4f}" if name else ""


def _gates(gates: list[dict[str, Any]]) -> str:
    passed = sum(gate["passed"] for gate in gates)
    return f"{passed}/{len(gates)}" if gates else ""
