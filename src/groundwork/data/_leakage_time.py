"""What the order in time gives away.

Rule: a later part may not hold rows that were past when the earlier part was learned from; a feature may not hold times
that lie after its own row. Cost: minima, maxima and one comparison a column.
"""

from collections.abc import Iterator
from typing import Any

import polars as pl

from groundwork.data._leakage_finding import FEW, LeakageFinding, severity_of
from groundwork.data._leakage_shared import Side

_STEPS_US = {"day": 86_400_000_000, "hour": 3_600_000_000, "minute": 60_000_000, "second": 1_000_000}


def time_overlap(side: Side, time: str) -> Iterator[LeakageFinding]:
    """Hold the last time before a part against the part's first.

    Args:
        side: The part and what came before.
        time: The column that orders the rows.

    Yields:
        A finding if they overlap.
    """
    last: Any = side.known[time].max()
    first: Any = side.rows[time].min()
    if last is None or first is None or last < first:
        return
    inside = int((side.rows[time] <= last).sum())
    share = inside / side.rows.height
    message = (
        f"{side.earlier} reaches to {last} in {time}, and {side.name} begins at {first}; {inside:,} {side.name} rows "
        f"({share:.1%}) are not later than what the model has seen; split by time"
    )
    evidence = {f"first_{side.name}": str(first), "last_train": str(last), **side.evidence(inside)}
    yield LeakageFinding("time", severity_of(share), [time], message, evidence)


def later_than_row(train: pl.DataFrame, features: list[str], time: str) -> Iterator[LeakageFinding]:
    """Look for features whose times lie after the row's own.

    Args:
        train: The rows.
        features: What the model sees.
        time: The column that says when a row is.

    Yields:
        A warning for each such feature: it may be a plan, or have been written down afterwards.
    """
    own = train.schema[time]
    for name in features:
        dtype = train.schema[name]
        if name == time or not all(isinstance(each, pl.Datetime | pl.Date) for each in (own, dtype)):
            continue
        both = train.select(own=_micros(time), other=_micros(name)).drop_nulls()
        # A time that is written in whole hours means any instant of its hour.
        later = both.filter(pl.col("other") >= pl.col("own") + _step(both["own"]))
        share = later.height / train.height if train.height else 0.0
        if share < FEW:
            continue
        ahead = later.select((pl.col("other") - pl.col("own")).median()).item() / 1e6
        message = (
            f"{name} lies after the row's own {time} in {later.height:,} train rows ({share:.1%}), in the median by "
            f"{ahead:,.0f} s; unless it is a plan that is known by then, exclude: [{name}]"
        )
        evidence = {
            "way": "later",
            "rows": later.height,
            "share": round(share, 6),
            "median_ahead_s": ahead,
        }
        yield LeakageFinding("column", "warning", [name, time], message, evidence)


def _micros(name: str) -> pl.Expr:
    return pl.col(name).dt.epoch("us")


def _step(times: pl.Series) -> int:
    """The span that one value stands for, in microseconds: whole days, hours, minutes or seconds."""
    whole = (step for step in _STEPS_US.values() if bool((times % step == 0).all()))
    return next(whole, 1)
