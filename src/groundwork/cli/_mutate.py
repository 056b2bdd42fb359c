"""``groundwork mutate``: which changes of the code no test notices."""

import json
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from groundwork.errors import UsageError

if TYPE_CHECKING:
    from groundwork.testing import Mutant, MutationResult, Tried


def mutate(
    paths: Annotated[list[Path], typer.Argument(help="Files of Python, or folders of them.", metavar="PATH...")],
    tests: Annotated[
        list[Path] | None, typer.Option("--tests", help="What pytest collects; as it is configured if not given.")
    ] = None,
    jobs: Annotated[int | None, typer.Option("--jobs", min=1, help="How many at once; the processors.")] = None,
    limit_s: Annotated[
        float, typer.Option("--limit-s", min=0.1, help="Seconds after which a mutant is given up, at least.")
    ] = 10.0,
    only: Annotated[list[str] | None, typer.Option("--only", help="A mutant by its id; may be repeated.")] = None,
    sample: Annotated[int | None, typer.Option("--sample", min=1, help="Draw so many of them.")] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="For the draw.")] = 0,
    min_score: Annotated[
        float, typer.Option("--min-score", min=0, max=100, help="Exit 1 if less than so many % are killed.")
    ] = 0.0,
    listed: Annotated[bool, typer.Option("--list", help="List the mutants and run nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Change the code in one place at a time, run the tests that reach it, and list what no test notices."""
    from groundwork.testing import choose_mutants
    from groundwork.testing import mutate as try_mutants

    if listed:
        chosen = choose_mutants(paths, only=only or (), sample=sample, seed=seed)
        _print_list(chosen, as_json=as_json)
        return
    progress, note = _progress()
    with progress:
        found = try_mutants(
            paths, tests or (), jobs=jobs, limit_s=limit_s, only=only or (), sample=sample, seed=seed, on_result=note
        )
    if not found.tried:
        raise UsageError("there is nothing to change in these files", hint="name the package that the tests are about")
    if as_json:
        typer.echo(json.dumps(found.to_dict(), indent=2, ensure_ascii=False))
    else:
        _print(found)
    if 100 * found.score < min_score:
        typer.echo(f"error: {100 * found.score:.1f} % is less than --min-score {min_score:g}", err=True)
        raise typer.Exit(1)


def _print_list(mutants: Sequence["Mutant"], *, as_json: bool) -> None:
    if as_json:
        rows = [
            {"id": one.id, "file": str(one.file), "line": one.line, "function": one.function, "change": one.change}
            for one in mutants
        ]
        typer.echo(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    for one in mutants:
        typer.echo(f"{one.id}  {one.file}:{one.line}  {one.change}")


def _print(found: "MutationResult") -> None:
    from groundwork.cli._data_view import clean

    for each in found.unnoticed:
        one = each.mutant
        where = f" in {one.function}" if one.function else ""
        why = "no test reaches it" if each.status == "no tests" else one.change
        typer.echo(f"{typer.style('x', fg='red')} {one.id}  {clean(str(one.file))}:{one.line}{where}")
        typer.echo(f"    {clean(one.text)}")
        typer.echo(f"    {clean(why)}")
    counts = found.counts()
    killed = counts.get("killed", 0) + counts.get("timeout", 0)
    told = [f"{counts['timeout']} of them by time"] if counts.get("timeout") else []
    told += [f"{counts[name]} {words}" for name, words in _OTHERS if counts.get(name)]
    typer.echo(
        f"{killed} of {len(found.tried)} mutants killed ({100 * found.score:.1f} %)"
        + "".join(f", {each}" for each in told)
        + f"; {found.tests} {'tests' if found.tests != 1 else 'test'}, {found.seconds:.1f} s"
    )
    if found.unnoticed:
        typer.echo("Next: a test that fails with the change; then the same command with --only and its id")


_OTHERS = (("survived", "survived"), ("no tests", "reached by no test"))


def _progress() -> tuple[Any, Any]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True, highlight=False)
    if not console.is_terminal:
        return nullcontext(), None
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    bar = Progress(*columns, console=console, transient=True)
    task = bar.add_task("running the tests once", total=None)
    unnoticed = 0

    def note(tried: "Tried", total: int) -> None:
        nonlocal unnoticed
        unnoticed += not tried.killed
        bar.update(task, advance=1, total=total, description=f"{unnoticed} unnoticed")

    return bar, note
