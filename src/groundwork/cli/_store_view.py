"""Checkpoints on a terminal, and for programs."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import typer
from rich.console import Console

_METRICS = 3
# What people ask for first, where the store itself ranks by nothing.
_HEADLINES = ("roc_auc", "r2", "loss")


def show_list(root: Path, rows: Sequence[Mapping[str, Any]], strays: Mapping[str, str]) -> None:
    """Print a table of checkpoints.

    Args:
        root: The store.
        rows: The checkpoints, in the order to show.
        strays: What else lies there.
    """
    cells = [("step", "created", "size", "format", "", "metrics")]
    for row in rows:
        marks = " ".join(name for name in ("latest", "best") if row[name])
        size, created = size_of(row["size"]), _time(row["created"])
        cells.append((str(row["step"]), created, size, row["format"], marks, _metrics(row)))
    wide = [max(map(len, column)) for column in zip(*cells, strict=True)]
    terminal = Console(highlight=False)
    # A pipe has no width: what does not fit is cut for people at a terminal only.
    room = max(0, terminal.width - sum(wide[:5]) - 2 * 5) if terminal.is_terminal else None
    for step, created, size, kind, marks, metrics in cells if rows else ():
        if room is not None and len(metrics) > room:
            metrics = f"{metrics[: room - 1]}…" if room else ""
        left = f"{step:>{wide[0]}}  {created:<{wide[1]}}  {size:>{wide[2]}}  {kind:<{wide[3]}}"
        # Colours take room in the text and none on the screen.
        typer.echo(f"{left}  {typer.style(marks, fg='green')}{'':<{wide[4] - len(marks)}}  {metrics}".rstrip())
    _print_strays(strays)
    typer.echo(f"Next: groundwork store verify {root}" if rows else "no sound checkpoint")


def show_info(row: Mapping[str, Any]) -> None:
    """Print what one checkpoint says about itself.

    Args:
        row: The checkpoint.
    """
    marks = ", ".join(name for name in ("latest", "best") if row[name])
    model = row["model"]
    lines = [
        ("step", f"{row['step']}{f'  ({marks})' if marks else ''}"),
        ("folder", row["path"]),
        ("created", row["created"]),
        ("model", f"{row['payload']}  {row['format']}  {size_of(model['size'])}  sha256 {model['sha256']}"),
        *(("file", f"{name}  {size_of(each['size'])}  sha256 {each['sha256']}") for name, each in row["files"].items()),
        *(("metric", f"{name} {value:g}") for name, value in row["metrics"].items()),
        *(("metadata", f"{name}: {_short(value)}") for name, value in row["metadata"].items()),
        *(("version", f"{name} {value}") for name, value in row["versions"].items()),
        *(("fingerprint", f"{name}: {_short(value)}") for name, value in row.get("fingerprints", {}).items()),
    ]
    before = ""
    for name, value in lines:
        typer.echo(f"{'' if name == before else name:<11}  {value}")
        before = name


def show_verdicts(root: Path, found: Mapping[str, str | None], strays: Mapping[str, str]) -> None:
    """Print which checkpoints are whole.

    Args:
        root: The store, or the checkpoint.
        found: By folder: None, or what is wrong.
        strays: What else lies there.
    """
    for name, wrong in found.items():
        mark = typer.style("+", fg="green") if wrong is None else typer.style("x", fg="red")
        typer.echo(f"{mark} {name}  {wrong or 'whole'}")
    _print_strays({name: what for name, what in strays.items() if name not in found})
    whole = [name for name, wrong in found.items() if wrong is None]
    typer.echo(f"{len(whole)} of {len(found)} {'checkpoint is' if len(found) == 1 else 'checkpoints are'} whole")
    if len(found) > 1 and whole and len(whole) < len(found):
        typer.echo(f"Next: load what is whole, the newest is {whole[-1]}; restore the others in {root} from a copy")


def show_pruned(deleted: Sequence[int], kept: Sequence[int], *, dry_run: bool) -> None:
    """Print what was deleted.

    Args:
        deleted: The steps that went.
        kept: The steps that stay.
        dry_run: Whether nothing was done.
    """
    said = "would delete" if dry_run else "deleted"
    typer.echo(f"{said}  {', '.join(map(str, deleted)) or 'none'}")
    stays = "would keep" if dry_run else "kept"
    typer.echo(f"{stays:<{len(said)}}  {', '.join(map(str, kept)) or 'none'}")
    if dry_run and deleted:
        typer.echo("Next: the same command without --dry-run")


def size_of(count: float) -> str:
    """Write a number of bytes as people read it.

    Args:
        count: The bytes.

    Returns:
        As ``"12.3 MB"``; powers of 1000.
    """
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} B" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"


@contextmanager
def counted(doing: str) -> Iterator[Callable[[int, int], None]]:
    """Show on a terminal how far it is, and nothing elsewhere.

    Args:
        doing: What is being done.

    Yields:
        A function that takes how many are done, and of how many.
    """
    console = Console(stderr=True, highlight=False)
    if not console.is_terminal:
        yield lambda done, total: None
        return
    with console.status(doing) as status:
        yield lambda done, total: status.update(f"{doing}, {done} of {total} done")


def _print_strays(strays: Mapping[str, str]) -> None:
    for name, what in strays.items():
        typer.echo(f"{typer.style('!', fg='yellow')} {name}  {what}")


def _time(created: str) -> str:
    return f"{datetime.fromisoformat(created).astimezone():%Y-%m-%d %H:%M:%S}"


def _metrics(row: Mapping[str, Any]) -> str:
    first = ((row["best_metric"] or "").removeprefix("-"), *_HEADLINES)
    names = sorted(row["metrics"], key=lambda name: first.index(name) if name in first else len(first))
    more = f"  +{len(names) - _METRICS}" if len(names) > _METRICS else ""
    return "  ".join(f"{name} {row['metrics'][name]:.4g}" for name in names[:_METRICS]) + more


def _short(value: Any) -> str:
    if isinstance(value, Mapping) and "digest" in value:
        return str(value["digest"])
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
