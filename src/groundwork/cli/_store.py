"""``groundwork store``: look at checkpoints, prove them, thin them out, take one along.

Rule: only ``prune`` deletes. Exit code 1: a checkpoint is damaged or missing; 2: DIR or an option is wrong.
"""

import json
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from groundwork.errors import UsageError

app = typer.Typer(help="List, verify, prune and export checkpoints.", no_args_is_help=True)

_Dir = Annotated[Path, typer.Argument(metavar="DIR", help="A store, a run as runs/latest, or one checkpoint.")]
_Json = Annotated[bool, typer.Option("--json", help="Print plain data for programs.")]


@app.command("ls")
def list_checkpoints(folder: _Dir, as_json: _Json = False) -> None:
    """List the checkpoints, the newest last."""
    from groundwork.cli._store_place import Place
    from groundwork.cli._store_view import show_list

    place = Place(folder)
    rows, strays = place.rows(), place.strays()
    if as_json:
        _print_json({"store": str(place.root), "checkpoints": rows, "strays": strays})
    else:
        show_list(place.root, rows, strays)


@app.command("info")
def show_checkpoint(
    folder: _Dir,
    which: Annotated[str | None, typer.Argument(help="latest, best or a step; latest if left out.")] = None,
    as_json: _Json = False,
) -> None:
    """Show what one checkpoint says about itself."""
    from groundwork.cli._store_place import Place
    from groundwork.cli._store_view import show_info

    row = Place(folder).row(which)
    if as_json:
        _print_json(row)
    else:
        show_info(row)


@app.command()
def verify(folder: _Dir, as_json: _Json = False) -> None:
    """Compare every file with its manifest; exit code 1 if one differs."""
    from groundwork.cli._store_place import Place
    from groundwork.cli._store_view import counted, show_verdicts

    place = Place(folder)
    with counted("verifying") as progress:
        found = place.verify(progress)
    strays, failed = place.strays(), any(wrong is not None for wrong in found.values())
    if as_json:
        _print_json({"store": str(place.root), "ok": not failed, "checkpoints": found, "strays": strays})
    else:
        show_verdicts(place.root, found, strays)
    if failed:
        raise typer.Exit(1)


@app.command()
def prune(
    folder: _Dir,
    keep_last: Annotated[int, typer.Option(metavar="N", help="Keep the newest N.")],
    keep_best: Annotated[
        str | None, typer.Option(metavar="METRIC:N", help="Keep the best N by a metric; with -METRIC lower is better.")
    ] = None,
    keep_every: Annotated[int | None, typer.Option(metavar="N", help="Keep each step that N divides.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be deleted.")] = False,
    as_json: _Json = False,
) -> None:
    """Delete what no option keeps; the newest checkpoint that verifies always stays."""
    from groundwork.cli._store_place import Place
    from groundwork.cli._store_view import show_pruned
    from groundwork.storage import Keep

    for option, number in (("--keep-last", keep_last), ("--keep-every", keep_every)):
        if number is not None and number < 1:
            raise UsageError(f"{option} {number}: the number must be 1 or more", hint=f"write {option} 1 or more")
    keep = Keep(last=keep_last, best=_best(keep_best), every=keep_every)
    store = Place(folder).require_store("prune")
    store.keep = keep
    before = [info.step for info in store.list()]
    deleted = store.prune(dry_run=dry_run)
    kept = [step for step in before if step not in deleted]
    if as_json:
        _print_json({"deleted": deleted, "kept": kept, "dry_run": dry_run})
    else:
        show_pruned(deleted, kept, dry_run=dry_run)


@app.command()
def export(
    folder: _Dir,
    target: Annotated[Path, typer.Argument(metavar="TARGET", help="A new folder, or a new file that ends in .zip.")],
    which: Annotated[str | None, typer.Option(help="latest, best or a step; latest if left out.")] = None,
    as_json: _Json = False,
) -> None:
    """Copy one checkpoint, verified on the way, to a place of its own."""
    from groundwork.cli._store_place import Place
    from groundwork.cli._store_view import counted, size_of

    with _told_warnings(), counted("exporting"):
        Place(folder).export(which, target)
    size = sum(path.stat().st_size for path in (target, *target.rglob("*")) if path.is_file())
    if as_json:
        _print_json({"target": str(target), "size": size})
        return
    typer.echo(f"{target}  {size_of(size)}, verified")
    after = "unpack it where it is needed" if target.is_file() else f"groundwork store info {target}"
    typer.echo(f"Next: {after}")


def _best(text: str | None) -> tuple[str, int] | None:
    if text is None:
        return None
    metric, _, count = text.rpartition(":")
    if not metric.removeprefix("-") or not (count.isascii() and count.isdigit()):
        raise UsageError(f"--keep-best {text} is no METRIC:N", hint="write it as roc_auc:2, or -brier:2")
    if int(count) < 1:
        raise UsageError(f"--keep-best {text}: the number must be 1 or more", hint="leave --keep-best out for none")
    return metric, int(count)


@contextmanager
def _told_warnings() -> Iterator[None]:
    """Show warnings as a command does: without the line of our code that they come from."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            yield
        finally:
            for each in caught:
                typer.echo(f"warning: {each.message}", err=True)


def _print_json(value: dict[str, Any]) -> None:
    typer.echo(json.dumps(value, indent=2))
