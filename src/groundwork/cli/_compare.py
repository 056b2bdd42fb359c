"""``groundwork compare``.

Rule: one screen says whether the second run is better, by how much and how sure that is, and what was different; the
rest is in the page and the plain data.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from groundwork.errors import UsageError

if TYPE_CHECKING:
    from groundwork.project import Comparison, MetricChange, SliceChange

_MOST = 5
_COLOURS = {"better": "green", "worse": "red", "same": "", "unknown": "yellow"}
_VERDICTS = {"better": "better", "worse": "worse", "same": "within noise", "unknown": "cannot be told"}


def compare(
    before: Annotated[Path, typer.Argument(help="The earlier run's folder.", metavar="RUN")],
    after: Annotated[Path, typer.Argument(help="The later run's folder, as runs/latest.", metavar="RUN")],
    metric: Annotated[
        str | None, typer.Option("--metric", help="The figure that decides; roc_auc or r2 if not given.")
    ] = None,
    samples: Annotated[int, typer.Option("--samples", min=2, help="Draws of the bootstrap.")] = 1000,
    level: Annotated[float, typer.Option("--level", help="Of the intervals, between 0 and 1.")] = 0.95,
    seed: Annotated[int, typer.Option("--seed", min=0, help="For the draws.")] = 0,
    html: Annotated[Path | None, typer.Option("--html", help="Write a page to this file.", metavar="FILE")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    fail_if_worse: Annotated[
        bool, typer.Option("--fail-if-worse", help="Exit 1 if the figure is worse beyond noise.")
    ] = False,
) -> None:
    """Compare two runs: figures with intervals, what was different in the making, and where it got worse."""
    from groundwork.cli._data_view import print_json, working
    from groundwork.project import compare_runs, comparison_page, find_run

    if html is not None and html.suffix.lower() not in (".html", ".htm"):
        raise UsageError(f"--html {html}: the page is HTML", hint=f"as --html {html.stem or 'compare'}.html")
    with working("comparing"):
        found = compare_runs(find_run(before), find_run(after), metric=metric, samples=samples, level=level, seed=seed)
    if html is not None:
        from groundwork.storage import atomic_write

        with atomic_write(html, "w", encoding="utf-8") as file:
            file.write(comparison_page(found))
    if as_json:
        print_json(found.to_dict())
    else:
        _show(found)
        told = f"written: {html}" if html is not None else "Next: the same command with --html compare.html draws it"
        typer.echo(told)
    if fail_if_worse and found.figure.verdict == "worse":
        raise typer.Exit(1)


def _show(found: "Comparison") -> None:
    from groundwork.cli._data_view import clean, show_table

    project = typer.style(clean(found.after.info.project), bold=True)
    typer.echo(f"{project}  {found.before.info.id} -> {found.after.info.id}")
    for line in found.told:
        typer.echo(clean(line))
    drawn = f"each {clean(found.groups)} drawn as one" if found.groups else "rows drawn one by one"
    typer.echo(f"{100 * found.level:g} % intervals from {found.samples:,} draws, {drawn}")
    typer.echo()
    head = ("metric", "before", "after", "difference", "between", "")
    colours = {_VERDICTS[name]: colour for name, colour in _COLOURS.items() if colour}
    show_table(head, map(_metric_line, found.metrics), right=(1, 2, 3, 4), colours=colours)
    typer.echo()
    for title, lines in (
        ("configuration", found.configuration),
        ("environment", found.environment),
        ("data", found.data),
    ):
        _show_differences(title, lines)
    typer.echo()
    _show_slices(found)
    typer.echo(_verdict(found))


def _show_differences(title: str, lines: Sequence[str]) -> None:
    from groundwork.cli._data_view import clean

    shown = [clean(line) for line in lines[:_MOST]] or ["the same"]
    if len(lines) > _MOST:
        shown[-1] = f"and {len(lines) - _MOST + 1} more: --html or --json has them"
    for place, line in enumerate(shown):
        typer.echo(f"{title if not place else '':<14} {line}")


def _show_slices(found: "Comparison") -> None:
    from groundwork.cli._data_view import show_table

    figure = {"brier": "Brier score", "rmse": "RMSE"}[found.slice_figure]
    worse = found.worse_slices
    better = sum(each.better for each in found.slices)
    if not found.slices:
        typer.echo("slices: none to compare; the runs have not kept their test rows, or these are too few")
        return
    counts = f"{len(worse)} of {len(found.slices)} slices got worse beyond noise by their {figure}, {better} better"
    typer.echo(counts + ("" if worse else f"; the largest rise: {found.slices[0].label}"))
    if worse:
        head = ("slice", "rows", "before", "after", "difference", "between")
        show_table(head, map(_slice_line, worse[:_MOST]), right=(1, 2, 3, 4, 5))
        if len(worse) > _MOST:
            typer.echo(f"and {len(worse) - _MOST} more: --html or --json has them")


def _metric_line(one: "MetricChange") -> tuple[str, ...]:
    between = "" if one.interval is None else _between(one.interval)
    values = [_figure(one.before), _figure(one.after), _signed(one.difference)]
    return one.name, *values, between, _VERDICTS[one.verdict]


def _slice_line(one: "SliceChange") -> tuple[str, ...]:
    rows = f"{one.rows[0]:,}" if one.rows[0] == one.rows[1] else f"{one.rows[0]:,} / {one.rows[1]:,}"
    values = [_figure(one.before), _figure(one.after), _signed(one.difference)]
    return one.label, rows, *values, _between(one.interval)


def _verdict(found: "Comparison") -> str:
    figure = found.figure
    told = f"{figure.name} {_figure(figure.before)} -> {_figure(figure.after)}"
    words = {
        "better": "better beyond noise",
        "worse": "worse beyond noise",
        "same": "no difference beyond noise",
        "unknown": "cannot be told apart: too few rows, or rows of one class only",
    }
    return typer.style(f"{words[figure.verdict]}: {told}", fg=_COLOURS[figure.verdict] or None, bold=True)


def _between(interval: tuple[float, float]) -> str:
    return f"{_signed(interval[0])} to {_signed(interval[1])}"


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}" if abs(value) < 100 else f"{value:,.1f}"


def _signed(value: float | None) -> str:
    return "" if value is None else f"{value:+.4f}" if abs(value) < 100 else f"{value:+,.1f}"
