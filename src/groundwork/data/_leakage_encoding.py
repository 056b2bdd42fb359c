"""Columns that are the target's mean of an id, computed with the rows that are to be predicted.

Rule: a number that depends on another column alone, and is the target's mean for each of its values (as it is, or drawn
to the overall mean as a smoothed encoding is), is named, however weak it is alone. With the test rows' targets in it,
it is an error; with the train rows' alone a warning: each row's own answer is in its feature. Cost: a group-by for each
pair of a number and a column that could have made it.
"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import polars as pl

from groundwork.data._association import Target
from groundwork.data._leakage_columns import sampled
from groundwork.data._leakage_finding import LeakageFinding

_LEAST_VALUES = 10
_MOST_PAIRS = 400
_SAME = 0.9999

Floats = npt.NDArray[np.float64]


def encoding_findings(
    train: pl.DataFrame, table: pl.DataFrame, target: str, features: list[str], seed: int
) -> Iterator[LeakageFinding]:
    """Look for encodings of the target.

    Args:
        train: The rows to learn from.
        table: The rows of all parts.
        target: The target's column.
        features: What the model sees, without the target.
        seed: Of the sample on which pairs are tried first.

    Yields:
        A finding for each encoded feature.
    """
    rows = sampled(train, target, seed)
    if rows is None:
        return
    counts = {name: rows[name].n_unique() for name in rows.columns if not rows[name].dtype.is_nested()}
    encoded = [name for name in features if rows[name].dtype.is_float() and counts[name] > _LEAST_VALUES]
    ids = [name for name, count in counts.items() if name != target and _LEAST_VALUES < count <= rows.height / 2]
    pairs = [(name, by) for name in encoded for by in ids if by != name and counts[by] >= counts[name]][:_MOST_PAIRS]
    for name, by in pairs:
        # A function of the id has one value for each; most columns are told apart here, on the sample.
        if rows.select(pl.struct(by, name).n_unique()).item() > counts[by]:
            continue
        for frame, whose in ((table, "all parts"), (train, "train")):
            if _is_mean(frame, name, by, target):
                yield _finding(name, by, whose, counts[by])
                break


def _is_mean(frame: pl.DataFrame, name: str, by: str, target: str) -> bool:
    known = frame.select(name, by, target).drop_nulls().filter(pl.col(name).is_finite())
    if known.height < 2 or known[target].n_unique() < 2:
        return False
    goal = Target.of(known[target])
    for side in goal.questions if goal.values is None else [goal.values]:
        means = (
            known.select(pl.col(name).alias("value"), pl.col(by).alias("by"), pl.Series("side", side))
            .group_by("by")
            .agg(pl.col("value").first(), pl.col("side").sum().alias("sum"), pl.len().alias("rows"))
        )
        value, total, rows = (means[column].to_numpy().astype(np.float64) for column in ("value", "sum", "rows"))
        if _close(value, total / rows, rows) or _close(value, _smoothed(value, total, rows, float(side.mean())), rows):
            return True
    return False


def _smoothed(value: Floats, total: Floats, rows: Floats, mean: float) -> Floats:
    """The smoothed mean whose weight of the overall mean fits most values: (total + w * mean) / (rows + w)."""
    off = np.abs(value - mean) > 1e-9
    weights = (total[off] - rows[off] * value[off]) / (value[off] - mean)
    weight = float(np.median(weights)) if len(weights) else 0.0
    return (total + weight * mean) / (rows + weight) if weight > 0 else total / rows


def _close(value: Floats, mean: Floats, rows: Floats) -> bool:
    middle, center = np.average(value, weights=rows), np.average(mean, weights=rows)
    one, two = value - middle, mean - center
    spread = float(np.sqrt(np.average(one * one, weights=rows) * np.average(two * two, weights=rows)))
    return spread > 0 and abs(float(np.average(one * two, weights=rows))) >= _SAME * spread


def _finding(name: str, by: str, whose: str, values: int) -> LeakageFinding:
    everywhere = whose == "all parts"
    message = f"{name} is the target's mean for each {by}, computed over the rows of {whose}" + (
        f": it knows the answers of test; exclude: [{name}], or encode {by} within the model, on train rows alone"
        if everywhere
        else f": each row's own answer is in it; encode {by} within the model, out of fold"
    )
    evidence = {"way": "encoding", "of": by, "computed_over": whose, "values": values}
    return LeakageFinding("column", "error" if everywhere else "warning", [name, by], message, evidence)
