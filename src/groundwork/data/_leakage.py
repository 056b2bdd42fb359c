"""Signs that an evaluation would promise more than the model can keep.

Rule: every finding carries its numbers; nothing is guessed from names. Test is held against train and validation,
validation against train. Cost: features are scored on at most 50,000 rows, the rest are joins on the keys; near
duplicates cost what ``near_groups`` costs over all rows.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from groundwork.data._columns import require_columns
from groundwork.data._expression import expression
from groundwork.data._leakage_columns import column_findings
from groundwork.data._leakage_encoding import encoding_findings
from groundwork.data._leakage_finding import LeakageFinding
from groundwork.data._leakage_shared import (
    Side,
    copied_rows,
    copied_samples,
    near_duplicates,
    shared_values,
)
from groundwork.data._leakage_time import later_than_row, time_overlap
from groundwork.data._near import NearNumbers, NearText
from groundwork.data._split import Splits
from groundwork.data._tables import as_frame
from groundwork.errors import ConfigurationError, InvalidDataError, UsageError


def leakage(
    splits: Splits | Mapping[str, Any],
    *,
    target: str | None = None,
    features: Sequence[str] | None = None,
    groups: Mapping[str, pl.Expr | str] | None = None,
    keys: Sequence[str | Sequence[str]] = (),
    near: NearText | NearNumbers | None = None,
    time: str | None = None,
    seed: int = 0,
) -> list[LeakageFinding]:
    """Look for leakage in a split table.

    Args:
        splits: The parts; or a mapping with ``train``, ``test`` and perhaps ``validation``, each a Dataset, a polars
            frame or any table that offers itself through Arrow.
        target: The target's column; without one no column is scored.
        features: The columns that the model will see; unless given, all but the target, the keys, the time, and the
            columns of groups.
        groups: Groups that must stay on one side, each a column, an expression or its text, by a name for messages.
        keys: What names a row or the thing that it is about: a column, or several that name it together. No value may
            stand in two parts.
        near: What makes two rows near duplicates; unless given nobody looks for them.
        time: The column that orders the rows, if one does. If it holds times and no group is made of it,
            its days are one.
        seed: Of the sample.

    Returns:
        The findings, errors first; an empty list where there are none.

    Raises:
        InvalidDataError: There is no such column, or the parts are not of one table.
        ConfigurationError: A group's expression is not allowed, a part is missing, or ``near`` makes no sense.
        UsageError: These are no parts.
    """
    parts = _parts(splits)
    train, validation, test = parts["train"], parts["validation"], parts["test"]
    named = [[key] if isinstance(key, str) else list(key) for key in keys]
    asked = [target, time, *(features or ()), *(name for key in named for name in key)]
    require_columns(train, [name for name in asked if name is not None], what="the train part")
    made = {name: _key(train, given) for name, given in (groups or {}).items()}
    seen = _seen(train, target, features, [*named, *(key.meta.root_names() for key in made.values())], time)
    known = pl.concat([train, validation]) if validation.height else train
    sides = [Side("test", test, known, {"train": train, "validation": validation})]
    sides += [Side("validation", validation, train, {"train": train})]
    findings: list[LeakageFinding] = []
    if target is not None:
        findings += column_findings(train, target, seen, time, seed)
        findings += encoding_findings(train, pl.concat([known, test]), target, seen, seed)
    for side in (side for side in sides if side.rows.height):
        for key in named:
            findings += shared_values(side, "key", " and ".join(key), _struct(key))
        for name, expr in _with_days(made, train, time).items():
            findings += shared_values(side, "group", name, expr)
        findings += copied_rows(side)
        if target is not None:
            findings += copied_samples(side, seen, target)
        if time is not None:
            findings += time_overlap(side, time)
    if near is not None:
        findings += near_duplicates(train, validation, test, near)
    if time is not None:
        findings += later_than_row(train, seen, time)
    if target is not None and target in (features or ()):
        message = f"the target {target} is itself a feature; exclude: [{target}]"
        findings.insert(0, LeakageFinding("column", "error", [target], message, {}))
    return sorted(findings, key=lambda finding: finding.severity != "error")


def _parts(splits: Splits | Mapping[str, Any]) -> dict[str, pl.DataFrame]:
    names = ("train", "validation", "test")
    if not isinstance(splits, Mapping | Splits):
        raise UsageError(
            f"leakage compares parts, and this is a {type(splits).__name__}",
            hint='pass what split() returned, or {"train": one, "test": other}',
        )
    given = splits if isinstance(splits, Mapping) else {name: getattr(splits, name) for name in names}
    absent = [name for name in ("train", "test") if name not in given]
    if absent or not set(given) <= set(names):
        raise ConfigurationError(
            f"parts {', '.join(map(str, given))} are not train, test and perhaps validation",
            hint='as {"train": one, "test": other}',
        )
    parts = {name: as_frame(table) for name, table in given.items()}
    train = parts["train"]
    for name, part in parts.items():
        if part.schema != train.schema:
            differing = sorted(
                column
                for column in {*part.columns, *train.columns}
                if part.schema.get(column) != train.schema.get(column)
            )
            raise InvalidDataError(
                f"the {name} part is not of the table that the train part is of: "
                + (f"column {differing[0]} differs" if differing else "its columns stand in another order"),
                hint="give both the same columns, in one order, with one dtype",
                context={"columns": differing[:20]},
            )
    return {"validation": train.clear(), **parts}


def _seen(
    train: pl.DataFrame,
    target: str | None,
    features: Sequence[str] | None,
    roles: list[list[str]],
    time: str | None,
) -> list[str]:
    """Name what the model sees."""
    if features is not None:
        return [name for name in dict.fromkeys(features) if name != target]
    known = {target, time, *(name for role in roles for name in role)}
    return [name for name in train.columns if name not in known]


def _struct(key: list[str]) -> pl.Expr:
    # A key with a part missing names nothing.
    whole = pl.all_horizontal(pl.col(name).is_not_null() for name in key)
    return pl.col(key[0]) if len(key) == 1 else pl.when(whole).then(pl.struct(key))


def _with_days(made: dict[str, pl.Expr], train: pl.DataFrame, time: str | None) -> dict[str, pl.Expr]:
    declared = any(key.meta.root_names() == [time] for key in made.values())
    if time and not declared and isinstance(train.schema[time], pl.Datetime | pl.Date):
        return {f"day of {time}": pl.col(time).dt.truncate("1d"), **made}
    return made


def _key(frame: pl.DataFrame, given: pl.Expr | str) -> pl.Expr:
    if isinstance(given, pl.Expr):
        return given
    return pl.col(given) if given in frame.columns or "(" not in given else expression(given)
