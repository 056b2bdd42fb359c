"""A table parted into folds: each row is judged once by a model that has not seen it.

Rule: a group, or a unit of time, never lies on both sides; by time a model is judged on rows later than all that it
learned from, so the earliest rows are never judged. The same rows and seed give the same folds. scikit-learn deals
groups, classes and rows; time is cut by ``groundwork.data.split``.
"""

from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import polars as pl
from numpy.typing import NDArray

from groundwork.data import split
from groundwork.errors import ConfigurationError, InvalidDataError
from groundwork.modeling.training._examples import Examples, Indices

FoldKind = Literal["random", "stratified", "group", "stratified-group", "time"]


@dataclass(frozen=True)
class Folds:
    """How rows are parted for cross-validation.

    Attributes:
        kind: ``random``; ``stratified`` (each class in equal shares); ``group`` (the rows of a group in one fold);
            ``stratified-group`` (both); ``time`` (each fold is later than all rows that its model learned from).
        count: How many folds.
        column: By time, the column of times, or one value a row.
        group: The column of groups, or one value a row.
        unit: By time: as ``1d``; the rows of one unit are never parted, nor are those of one instant.

    Raises:
        ConfigurationError: They cannot be meant.
    """

    kind: FoldKind = "random"
    count: int = 5
    column: Any = None
    group: Any = None
    unit: str | None = None

    def __post_init__(self) -> None:
        if self.kind not in get_args(FoldKind):
            raise ConfigurationError(
                f"folds of kind {self.kind!r} are not known", hint=f"use {', '.join(get_args(FoldKind))}"
            )
        if isinstance(self.count, bool) or not isinstance(self.count, int) or self.count < 2:
            raise ConfigurationError(f"{self.count!r} folds make no cross-validation", hint="as count=5")
        if (self.kind == "time") != (self.column is not None):
            raise ConfigurationError(
                "folds by time need a column" if self.column is None else f"{self.kind} folds have no column",
                hint="as Folds('time', column='time_hour')",
            )
        if ("group" in self.kind) != (self.group is not None):
            raise ConfigurationError(
                f"{self.kind} folds need a group" if self.group is None else f"{self.kind} folds would part the groups",
                hint="as Folds('group', group='patient')",
            )
        if self.unit is not None and self.kind != "time":
            raise ConfigurationError(f"{self.kind} folds have no unit", hint="leave unit out")

    @property
    def named(self) -> list[str]:
        """The columns that are named."""
        return [each for each in (self.column, self.group) if isinstance(each, str)]

    def to_dict(self) -> dict[str, Any]:
        """Return kind, count, column, group and unit, for JSON; values given one a row are told as ``values``."""
        told = {name: each if each is None or isinstance(each, str) else "values" for name, each in vars(self).items()}
        return {**told, "count": self.count}


def fold_rows(rows: Examples, folds: Folds, *, seed: int = 0, classifier: bool = True) -> list[tuple[Indices, Indices]]:
    """Part the rows.

    Args:
        rows: What is learned from.
        folds: How.
        seed: Of the shuffle.
        classifier: Whether the outcome has classes.

    Returns:
        Of each fold the rows to learn from and those to judge by, in ascending order.

    Raises:
        InvalidDataError: Too few rows, classes, groups or times for so many folds; or missing ones.
        ConfigurationError: Stratified folds of a regression; or there is no such column.
    """
    if rows.rows < folds.count:
        raise InvalidDataError(
            f"{folds.count} folds need as many rows; there are {rows.rows:,}", hint="ask for fewer folds"
        )
    if folds.kind == "time":
        return _by_time(rows, folds)
    if folds.kind.startswith("stratified") and not classifier:
        raise ConfigurationError(f"{folds.kind} folds need classes, and this is a regression", hint="use random folds")
    from sklearn.model_selection import GroupKFold, KFold, StratifiedGroupKFold, StratifiedKFold

    made = {
        "random": KFold,
        "stratified": StratifiedKFold,
        "group": GroupKFold,
        "stratified-group": StratifiedGroupKFold,
    }[folds.kind](folds.count, shuffle=True, random_state=seed)
    groups = None
    if folds.kind.startswith("stratified"):
        _require_each_class(rows.outcome, folds.count)
    if folds.group is not None:
        groups = _codes(rows.column(folds.group, "group"), folds)
    parted = [(fit, judge) for fit, judge in made.split(np.zeros(rows.rows), rows.outcome, groups)]
    if any(not len(fit) or not len(judge) for fit, judge in parted):
        raise InvalidDataError(f"{folds.count} {folds.kind} folds leave one without rows", hint="ask for fewer folds")
    return parted


def validation_rows(rows: Examples, share: float, folds: Folds | None, *, seed: int, classifier: bool) -> Any:
    """Part off a share of the rows for validation, in the way of the folds, if any.

    Args:
        rows: What is learned from.
        share: Of them.
        folds: Whose groups and times hold here too; None: classes are stratified, else it is random.
        seed: Of the shuffle.
        classifier: Whether the outcome has classes.

    Returns:
        The rows to learn from, and those to validate by, in ascending order.

    Raises:
        InvalidDataError: Too few rows, classes, groups or times.
        ConfigurationError: The share is no fraction.
    """
    kind = folds.kind if folds is not None else ("stratified" if classifier else "random")
    table: dict[str, Any] = {"row": np.arange(rows.rows)}
    how: dict[str, Any] = {}
    if kind.startswith("stratified"):
        table["class"], how["column"] = pl.Series(rows.outcome).cast(pl.String), "class"
    if folds is not None and folds.column is not None:
        table["time"], how["column"] = rows.column(folds.column, "time"), "time"
        how["unit"] = folds.unit
    if folds is not None and folds.group is not None:
        table["group"], how["group"] = rows.column(folds.group, "group"), "group"
    parted = split(pl.DataFrame(table), kind=kind, test=share, seed=seed, **how)
    return tuple(np.sort(part["row"].to_numpy()) for part in (parted.train, parted.test))


def _by_time(rows: Examples, folds: Folds) -> list[tuple[Indices, Indices]]:
    name = folds.column if isinstance(folds.column, str) else "time"
    left = pl.DataFrame({"row": np.arange(rows.rows), "time": rows.column(folds.column, name)})
    found = []
    for blocks in range(folds.count + 1, 1, -1):
        try:
            parted = split(left, kind="time", column="time", test=1 / blocks, unit=folds.unit)
        except InvalidDataError as error:
            raise InvalidDataError(
                f"{name} cannot be cut into {folds.count} folds, and rows before them to learn from: {error.message}",
                hint="ask for fewer folds or a smaller unit",
            ) from error
        left = parted.train
        found.append(tuple(np.sort(part["row"].to_numpy()) for part in (left, parted.test)))
    return [(fit, judge) for fit, judge in reversed(found)]


def _codes(groups: pl.Series, folds: Folds) -> NDArray[Any]:
    codes = groups.rank("dense").to_numpy().astype(np.int64)
    if (found := int(codes.max())) < folds.count:
        name = folds.group if isinstance(folds.group, str) else "group"
        raise InvalidDataError(
            f"{name} has {found} groups; {folds.count} folds need as many", hint="ask for fewer folds"
        )
    return codes


def _require_each_class(outcome: NDArray[Any], folds: int) -> None:
    classes, counts = np.unique(outcome, return_counts=True)
    if (least := int(counts.min())) < folds:
        rare = classes[int(counts.argmin())]
        raise InvalidDataError(
            f"class {rare!s} has {least} row{'' if least == 1 else 's'}; {folds} folds need {folds} of each",
            hint="ask for fewer folds, drop or merge the class, or do not stratify",
        )
