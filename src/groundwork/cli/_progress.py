"""What a run looks like on a terminal, and in a log."""

import os
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from groundwork.project import Outcome, Run
from groundwork.resilience import PipelineStatus, StepResult, StepStatus

_MARKS = {
    StepStatus.SUCCESS: "[green]ok  [/]",
    StepStatus.FALLBACK: "[yellow]fall[/]",
    StepStatus.FAILED: "[red]fail[/]",
    StepStatus.SKIPPED: "skip",
}
_COLOURS = {
    PipelineStatus.SUCCESS: "green",
    PipelineStatus.PARTIAL_FAILURE: "yellow",
    PipelineStatus.FAILURE: "red",
}
# In the order in which people ask for them.
_HEADLINES = {
    "roc_auc": "ROC AUC",
    "average_precision": "average precision",
    "brier": "Brier score",
    "calibration_error": "calibration error",
    "r2": "R2",
    "rmse": "RMSE",
    "mae": "MAE",
}


class _Screen(Console):
    """A console whose reader may go, as `| head` does: what comes after is for nobody, and the run goes on."""

    def on_broken_pipe(self) -> None:
        """Write to nowhere from now on; rich would end the process, and with it the run."""
        self.quiet = True
        nowhere = os.open(os.devnull, os.O_WRONLY)
        # What Python holds back for the closed pipe would fail at exit.
        os.dup2(nowhere, self.file.fileno())
        os.close(nowhere)


class RunScreen:
    """Shows each step while it runs and a line when it has ended, then the summary.

    On a terminal the running step has a spinner and a clock; elsewhere there are plain lines only.

    Args:
        console: Where to; the terminal's standard output if None.
    """

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or _Screen(highlight=False, soft_wrap=True)
        self._errors = _Screen(highlight=False, soft_wrap=True, stderr=True)
        self._running: Progress | None = None
        self._run: Run | None = None
        self._position: dict[str, int] = {}

    def started(self, run: Run, steps: Sequence[str], *, resumed: bool) -> None:
        """Show that the run begins.

        Args:
            run: The run.
            steps: Names of its steps.
            resumed: Whether it goes on with what a killed process had begun.
        """
        self._run = run
        self._position = {name: number for number, name in enumerate(steps, 1)}
        how = "going on with" if resumed else "run"
        self._console.print(f"[bold]{escape(run.info.project)}[/]  {how} {run.info.id}")

    def step(self, step: StepResult) -> None:
        """Show a step that started, failed an attempt, or ended.

        Args:
            step: The step and its state.
        """
        place = f"{self._position.get(step.name, 0)}/{len(self._position)}"
        self._stop()
        if step.status is StepStatus.RUNNING:
            if step.error is not None:
                told = escape(step.error["message"])
                self._console.print(f"  [yellow]fail[/] {place} {step.name:<12}attempt {step.attempts}: {told}")
            if self._console.is_terminal:
                columns = (SpinnerColumn("line"), TextColumn("   {task.description}"), TimeElapsedColumn())
                self._running = Progress(*columns, console=self._console, transient=True)
                self._running.add_task(f"{place} {step.name:<12}")
                self._running.start()
            return
        took = "done before" if step.reused else f"{step.seconds:6.1f} s"
        tries = f"  {step.attempts} attempts" if step.attempts > 1 else ""
        self._console.print(f"  {_MARKS[step.status]} {place} {step.name:<12}{took:>12}{tries}")

    def cancelled(self) -> None:
        """Show that Ctrl-C or SIGTERM ended the run, and how to go on."""
        self._stop()
        if self._run is not None:
            self._console.print(f"[yellow]CANCELLED[/]  run {self._run.info.id}; the same command goes on with it")

    def summary(self, outcome: Outcome) -> None:
        """Show what came of the run and what to do next.

        Args:
            outcome: The run that has ended.
        """
        self._stop()
        result, facts = outcome.result, outcome.result.metadata
        self._console.print()
        if facts.get("metrics"):
            self._console.print(_figures(facts))
        for line in _rows(facts.get("rows", {})):
            self._console.print(line)
        memory = facts.get("peak_memory_bytes")
        told = f", peak memory {memory / 1e6:,.0f} MB" if memory else ""
        self._console.print(f"time     {facts['seconds']:.1f} s in steps{told}")
        for warning in result.warnings:
            self._console.print(f"[yellow]warning[/]  {escape(warning)}")
        for error in result.errors:
            self._errors.print(f"[red]error:[/] {escape(error['message'])}")
            if error.get("hint"):
                self._errors.print(f"hint: {escape(error['hint'])}")
        self._console.print(f"[{_COLOURS[result.status]}]{result.status}[/]  {escape(str(outcome.run.folder))}")
        for line in _next(outcome):
            self._console.print(line)

    def _stop(self) -> None:
        if self._running is not None:
            self._running.stop()
            self._running = None


@contextmanager
def counting(what: str) -> Iterator[Callable[[int], None] | None]:
    """Show a growing number on a terminal, and nothing elsewhere.

    Args:
        what: What is counted.

    Yields:
        A function that takes the number so far, or None where nobody would see it.
    """
    console = Console(stderr=True, highlight=False)
    if not console.is_terminal:
        yield None
        return
    with console.status(f"0 {what}") as status:
        yield lambda count: status.update(f"{count:,} {what}")


def _figures(facts: dict[str, Any]) -> Table:
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    gates = {gate["metric"]: gate for gate in facts.get("gates", [])}
    metrics = facts.get("metrics", {})
    for name in [*_HEADLINES, *(metric for metric in gates if metric not in _HEADLINES)]:
        if name not in metrics:
            continue
        gate = gates.get(name)
        verdict = ""
        if gate is not None:
            verdict = f"gate {gate['rule']} " + ("[green]kept[/]" if gate["passed"] else "[red]missed[/]")
        table.add_row(f"test {_HEADLINES.get(name, name)}", f"{metrics[name]:.4f}", verdict)
    return table


def _rows(rows: dict[str, Any]) -> Iterator[str]:
    if not rows:
        return
    yield f"rows in  {rows['in']:,}, used {rows['used']:,}" + _parts(rows)
    for dropped in rows["dropped"]:
        yield f"dropped  {dropped['rows']:,}: {escape(dropped['reason'])}"


def _parts(rows: dict[str, Any]) -> str:
    parts = [f"{name} {rows[name]:,}" for name in ("train", "validation", "test") if name in rows]
    return f" ({', '.join(parts)})" if parts else ""


def _next(outcome: Outcome) -> Iterator[str]:
    if outcome.result.ok:
        latest = outcome.run.folder.parent / "latest"
        yield f"Next: {_command()} serve {escape(str(latest))}"
        yield f"      {_command()} report {escape(str(latest))}"
    elif (outcome.run.folder / "report.html").exists():
        yield f"Next: {_command()} report {escape(str(outcome.run.folder))}"


def _command() -> str:
    """Name groundwork as this shell can start it: after bootstrap.py it is in .venv, which may not be on PATH."""
    beside = Path(sys.executable).with_name("groundwork")
    if shutil.which("groundwork") is not None or not beside.exists():
        return "groundwork"
    try:
        return escape(str(beside.relative_to(Path.cwd())))
    except ValueError:
        return escape(str(beside))
