"""Two runs of one question, compared: is the second better, and what was different in its making.

Rule: a difference counts only where chance does not explain it; rows that both runs tested are compared row by row.
Cost: some seconds for 50,000 test rows, nearly all of it the bootstrap.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from groundwork.errors import UsageError
from groundwork.project._compare_metrics import Figures, MetricChange, affordable, compared_metrics
from groundwork.project._compare_rows import Pairing, TestRows, groups_of, paired_rows, read_test_rows
from groundwork.project._compare_slices import Side, SliceChange, compared_slices
from groundwork.project._compare_words import configuration_changes, data_changes, environment_changes
from groundwork.project._config_sections import METRICS
from groundwork.project._job import TARGET
from groundwork.project._runs import Run

_FEW_VALUES = 20


@dataclass(frozen=True)
class Comparison:
    """What two runs have to do with each other.

    Attributes:
        before: The first run.
        after: The second.
        task: ``classification`` or ``regression``.
        paired: Whether the same rows were compared row by row.
        rows: How many rows of each run were compared.
        told: How they were brought together, and what a reader should know, in words.
        groups: What was drawn together, as ``day``; None where each row stands for itself.
        samples: Draws of the bootstrap.
        level: Of the intervals.
        metric: The name of the figure that decides.
        metrics: Every metric of both runs; one that only a plugin knows without interval.
        slices: Every slice with enough rows, the worst first; empty where neither run has kept its test rows.
        configuration: What differs in pipeline.yaml, in words.
        environment: What differs in the environment.
        data: What differs in the data.
    """

    before: Run
    after: Run
    task: str
    paired: bool
    rows: tuple[int, int]
    told: list[str]
    groups: str | None
    samples: int
    level: float
    metric: str
    metrics: list[MetricChange]
    slices: list[SliceChange]
    configuration: list[str]
    environment: list[str]
    data: list[str]

    @property
    def figure(self) -> MetricChange:
        """The metric that decides."""
        return next(each for each in self.metrics if each.name == self.metric)

    @property
    def slice_figure(self) -> str:
        """What the slices are judged by: ``brier`` or ``rmse``."""
        return "rmse" if self.task == "regression" else "brier"

    @property
    def worse_slices(self) -> list[SliceChange]:
        """The slices that got worse beyond noise, the worst first."""
        return [each for each in self.slices if each.worse]

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return {
            "before": _facts(self.before),
            "after": _facts(self.after),
            "verdict": self.figure.verdict,
            "metric": self.metric,
            "task": self.task,
            "paired": self.paired,
            "rows": list(self.rows),
            "told": self.told,
            "groups": self.groups,
            "samples": self.samples,
            "level": self.level,
            "metrics": [each.to_dict() for each in self.metrics],
            "slice_figure": self.slice_figure,
            "slices": [each.to_dict() for each in self.slices],
            "configuration": self.configuration,
            "environment": self.environment,
            "data": self.data,
        }


def compare_runs(
    before: Run, after: Run, *, metric: str | None = None, samples: int = 1000, level: float = 0.95, seed: int = 0
) -> Comparison:
    """Compare a run with an earlier one.

    Args:
        before: The earlier run.
        after: The later.
        metric: The name of the figure that decides; ``roc_auc`` or ``r2`` if None.
        samples: Draws of the bootstrap; fewer are made above 100,000 rows, never fewer than 100.
        level: Of the intervals.
        seed: For the draws.

    Returns:
        The comparison.

    Raises:
        UsageError: They are one run or answer different questions, or there is no such metric.
        InvalidDataError: A run has no test predictions.
    """
    if before.info.id == after.info.id:
        raise UsageError(f"both are run {before.info.id}", hint="groundwork runs lists what there is to compare")
    if samples < 2:
        raise UsageError(f"samples is {samples}; an interval needs at least 2", hint="1000 is usual")
    if not 0 < level < 1:
        raise UsageError(f"level {level:g} is not between 0 and 1", hint="0.95 for 95 %")
    sides = read_test_rows(before), read_test_rows(after)
    task = _same_question(*sides)
    name = _metric(task, metric)
    pairing = paired_rows(*sides)
    groups, grouped_by = groups_of(pairing)
    samples = affordable(samples, max(codes.size for codes in groups))
    figures = [
        Figures(task, side.outcome, side.predicted, full.run.result().data["evaluate"]["threshold"])
        for side, full in zip((pairing.before, pairing.after), sides, strict=True)
    ]
    metrics = compared_metrics(
        figures[0],
        figures[1],
        groups,
        METRICS[task],
        paired=pairing.paired,
        samples=samples,
        level=level,
        seed=seed,
    )
    return Comparison(
        before=before,
        after=after,
        task=task,
        paired=pairing.paired,
        rows=(pairing.before.outcome.size, pairing.after.outcome.size),
        told=[*pairing.told, *_gates(before, after)],
        groups=grouped_by,
        samples=samples,
        level=level,
        metric=name,
        metrics=[*metrics, *_only_recorded(before, after, METRICS[task])],
        slices=_slices(pairing, groups, task, level),
        configuration=configuration_changes(*sides),
        environment=environment_changes(*sides),
        data=data_changes(*sides),
    )


def _same_question(before: TestRows, after: TestRows) -> str:
    asked = [(side.config["target"], side.config["task"]) for side in (before, after)]
    if asked[0] != asked[1]:
        told = [
            f"run {side.run.info.id} is a {task} of {target}"
            for side, (target, task) in zip((before, after), asked, strict=True)
        ]
        raise UsageError(
            f"{' and '.join(told)}: their figures do not mean the same",
            hint="compare runs of one target; groundwork runs lists them",
        )
    return str(asked[0][1])


def _metric(task: str, wanted: str | None) -> str:
    known = METRICS[task]
    if wanted is None:
        return next(iter(known))
    if wanted not in known:
        raise UsageError(f"a {task} has no metric {wanted!r}", hint=f"one of {', '.join(known)}")
    return wanted


def _gates(before: Run, after: Run) -> list[str]:
    verdicts = [{gate["metric"]: gate for gate in run.result().data["evaluate"]["gates"]} for run in (before, after)]
    words = {True: "kept", False: "missed"}
    return [
        f"gate {name} {gate['rule']}: {words[verdicts[0][name]['passed']]} -> {words[gate['passed']]}"
        for name, gate in verdicts[1].items()
        if name in verdicts[0] and verdicts[0][name]["passed"] != gate["passed"]
    ]


def _only_recorded(before: Run, after: Run, drawn: Collection[str]) -> list[MetricChange]:
    """Return what else has a gate, as a metric that a plugin brought: both values, and nobody knows how sure."""
    evaluated = [run.result().data["evaluate"] for run in (before, after)]
    rules = {gate["metric"]: gate["rule"] for each in evaluated for gate in each["gates"]}
    found = []
    for name, rule in rules.items():
        was, now = (each["metrics"].get(name) for each in evaluated)
        if name not in drawn and was is not None and now is not None:
            higher = rule.startswith(">")
            found.append(MetricChange(name, higher, was, now, None, None, now - was, None, "unknown"))
    return found


def _slices(pairing: Pairing, groups: Any, task: str, level: float) -> list[SliceChange]:
    sides = (pairing.before, pairing.after)
    frames = [side.rows for side in sides]
    if pairing.paired:
        frames = [next((rows for rows in reversed(frames) if rows is not None), None)] * 2
    if frames[0] is None or frames[1] is None:
        return []
    cut = [
        Side(frame, np.square(side.predicted - side.outcome), codes)
        for frame, side, codes in zip(frames, sides, groups, strict=True)
        if frame is not None
    ]
    columns = _columns(pairing, frames[0], frames[1])
    return compared_slices(cut[0], cut[1], columns, root=task == "regression", paired=pairing.paired, level=level)


def _columns(pairing: Pairing, one: pl.DataFrame, two: pl.DataFrame) -> list[str]:
    """Choose what to cut by: the features, and whatever else has few values, but not what the outcome is made of."""
    seen: set[str] = set()
    for side in (pairing.before, pairing.after):
        seen.update(side.run.result().data["train"]["features"])
    kept = [name for name in one.columns if name in two.columns and name != TARGET]
    made_of = _target_columns(pairing.after.config["target"])
    return [
        name
        for name in kept
        if name in seen
        or (name not in made_of and not one.schema[name].is_nested() and one[name].n_unique() <= _FEW_VALUES)
    ]


def _target_columns(target: str) -> frozenset[str]:
    from groundwork.data import expression_columns

    return frozenset(expression_columns(target)) if "pl." in target else frozenset({target})


def _facts(run: Run) -> dict[str, Any]:
    result = run.result()
    return {
        "id": run.info.id,
        "project": run.info.project,
        "created": run.info.created,
        "status": str(result.status),
        "folder": str(run.folder),
        "seconds": sum(step.seconds for step in result.steps),
        "metrics": result.metadata.get("metrics", {}),
    }
