"""The test rows of two runs, and which of them are the same.

Rule: rows are paired only where it is known that they are the same: by what they say before any model has seen them,
or by their place where all that decides the place is equal. The answer comes with its reason.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from groundwork import data, storage
from groundwork.errors import InvalidDataError, MLException
from groundwork.project._compare_metrics import Floats, Integers
from groundwork.project._fingerprints import FINGERPRINTS_FILE
from groundwork.project._job import TARGET
from groundwork.project._runs import Run

_DECIDES_ROWS = ("source", "schema", "joins", "derive", "target", "task", "deduplicate", "split", "seed")
_LEAST_SHARED = 0.5
_FEWEST_GROUPS = 20


@dataclass(frozen=True)
class TestRows:
    """What a run said of its test rows.

    Attributes:
        run: The run.
        config: Its resolved configuration, as plain data.
        prints: Its fingerprints.
        outcome: What happened, shape (n,).
        predicted: Probability of the positive class, or the predicted number, shape (n,).
        rows: The rows themselves; None where the run has not kept them.
    """

    __test__ = False

    run: Run
    config: dict[str, Any]
    prints: dict[str, Any]
    outcome: Floats
    predicted: Floats
    rows: pl.DataFrame | None

    def take(self, places: Integers) -> "TestRows":
        """Return some of the rows, in the order given.

        Args:
            places: Their places.
        """
        rows = None if self.rows is None else self.rows[places]
        return replace(self, outcome=self.outcome[places], predicted=self.predicted[places], rows=rows)


@dataclass(frozen=True)
class Pairing:
    """Two runs' rows, brought together.

    Attributes:
        before: Those of the first run that are compared.
        after: Those of the second; paired, in the same order.
        paired: Whether they are the same rows.
        told: How they were brought together, and what was left out, in words.
    """

    before: TestRows
    after: TestRows
    paired: bool
    told: list[str]


def read_test_rows(run: Run) -> TestRows:
    """Read what a run left of its evaluation.

    Args:
        run: The run.

    Returns:
        Its test rows.

    Raises:
        InvalidDataError: It has not come so far, or a file of it is lost or damaged.
    """
    result = run.result()
    evaluated = result.data.get("evaluate")
    if not evaluated:
        failed = f": {result.errors[0]['message']}" if result.errors else ""
        raise InvalidDataError(
            f"run {run.info.id} is {result.status} and has no test predictions to compare{failed}",
            hint=f"groundwork run {run.info.project_path} makes a run that has",
        )
    predictions = _read(run, evaluated["predictions"])
    if predictions is None or predictions.width != 2:
        raise InvalidDataError(
            f"run {run.info.id} has lost its test predictions, or they are damaged: {evaluated['predictions']['path']}",
            hint=f"groundwork run --new {run.info.project_path} makes a run that has them",
        )
    kept = evaluated.get("test_rows") or (result.data.get("split") or {}).get("test")
    rows = _read(run, kept)
    outcome, predicted = (column.cast(pl.Float64).to_numpy() for column in predictions)
    if rows is not None and rows.height != outcome.size:
        rows = None
    config = storage.read(run.folder / "config.yaml")
    return TestRows(run, config, storage.read(run.folder / FINGERPRINTS_FILE), outcome, predicted, rows)


def paired_rows(before: TestRows, after: TestRows) -> Pairing:
    """Find the rows that both runs tested.

    Args:
        before: The first run.
        after: The second.

    Returns:
        The shared rows, if they are half of those of the smaller run; else all, unpaired.
    """
    if _same_order(before, after):
        return Pairing(before, after, True, [f"the same {before.outcome.size:,} test rows, compared row by row"])
    if before.rows is None or after.rows is None:
        lost = (before if before.rows is None else after).run.info.id
        return _unpaired(before, after, f"run {lost} has not kept its test rows")
    places = _shared(before, after)
    shared, fewer = places[0].size, min(before.outcome.size, after.outcome.size)
    if shared < _LEAST_SHARED * fewer:
        return _unpaired(before, after, f"they share {shared:,} test rows" if shared else "they share no test row")
    one, two = before.take(places[0]), after.take(places[1])
    equal = np.flatnonzero(one.outcome == two.outcome)
    told = [f"{equal.size:,} test rows that both have, compared row by row"]
    if shared < max(before.outcome.size, after.outcome.size):
        told.append(
            f"left out: {before.outcome.size - shared:,} that only the first tested, "
            f"{after.outcome.size - shared:,} that only the second did"
        )
    if equal.size < shared:
        told.append(f"left out: {shared - equal.size:,} whose outcome is another one now")
    return Pairing(one.take(equal), two.take(equal), True, told)


def groups_of(pairing: Pairing) -> tuple[tuple[Integers, Integers], str | None]:
    """Number the groups of rows that depend on each other, as the second run's project names them.

    Args:
        pairing: The rows.

    Returns:
        For each run a number a row, counted from 0 without a gap; the name of what groups them, None where each row
        stands for itself.
    """
    name, expression = _grouping(pairing.after.config)
    sides = (pairing.before, pairing.after)
    frames = [side.rows for side in sides]
    if pairing.paired:
        frames = [next((rows for rows in reversed(frames) if rows is not None), None)] * 2
    if name is not None and expression is not None and frames[0] is not None and frames[1] is not None:
        try:
            codes = [_numbered(frame.select(expression.alias(name))[name]) for frame in frames if frame is not None]
        except (pl.exceptions.PolarsError, MLException):
            codes = []  # the column came with the second run, or went with it
        if codes and min(int(code.max()) for code in codes) + 1 >= _FEWEST_GROUPS:
            return (codes[0], codes[1]), name
    return (np.arange(sides[0].outcome.size), np.arange(sides[1].outcome.size)), None


def _unpaired(before: TestRows, after: TestRows, why: str) -> Pairing:
    told = f"test rows compared as two samples, not row by row: {why}"
    return Pairing(before, after, False, [f"{before.outcome.size:,} and {after.outcome.size:,} {told}"])


def _same_order(before: TestRows, after: TestRows) -> bool:
    """Whether all is equal that decides which rows test, and in which order."""
    sections = ({name: side.config.get(name) for name in _DECIDES_ROWS} for side in (before, after))
    first, second = sections
    return (
        first == second
        and list(first["derive"] or ()) == list(second["derive"] or ())
        and before.prints.get("data") == after.prints.get("data")
        and np.array_equal(before.outcome, after.outcome)
    )


def _shared(before: TestRows, after: TestRows) -> tuple[Integers, Integers]:
    one, two = before.rows, after.rows
    assert one is not None
    assert two is not None
    columns = _key(before.config, after.config, one, two)
    if not columns:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    marked = [_marked(rows, columns) for rows in (one, two)]
    joined = marked[0].join(marked[1], on=["key", "again"], how="inner", maintain_order="left")
    return joined["place"].to_numpy(), joined["place_right"].to_numpy()


def _key(before: Mapping[str, Any], after: Mapping[str, Any], one: pl.DataFrame, two: pl.DataFrame) -> list[str]:
    """Choose the columns that say which row it is: the key of the split, else what the source says of it."""
    keys = [(config.get("split") or {}).get("key") for config in (before, after)]
    if keys[0] and keys[0] == keys[1]:
        return [str(name) for name in keys[0]]
    made = {TARGET}
    for config in (before, after):
        made.update(config.get("derive") or ())
        made.update(*(join.get("columns") or () for join in config.get("joins") or ()))
    return [name for name, dtype in one.schema.items() if name not in made and two.schema.get(name) == dtype]


def _marked(rows: pl.DataFrame, columns: list[str]) -> pl.DataFrame:
    # Equal rows are told apart by their order: the second of two equal ones is the second of them in both runs.
    keyed = pl.DataFrame({"key": rows.select(columns).hash_rows(), "place": np.arange(rows.height)})
    return keyed.with_columns(again=pl.col("place").cum_count().over("key"))


def _grouping(config: Mapping[str, Any]) -> tuple[str | None, pl.Expr | None]:
    split, leakage = config.get("split") or {}, config.get("leakage") or {}
    if split.get("group"):
        return split["group"], pl.col(split["group"])
    for name, text in (leakage.get("groups") or {}).items():
        return name, data.expression(text)
    if split.get("kind") == "time" and split.get("unit"):
        return f"{split['column']} by {split['unit']}", pl.col(split["column"]).dt.truncate(split["unit"])
    return None, None


def _numbered(values: pl.Series) -> Integers:
    codes: NDArray[np.int64] = values.rank("dense").fill_null(0).cast(pl.Int64).to_numpy()
    return np.unique(codes, return_inverse=True)[1].astype(np.int64)


def _read(run: Run, described: Mapping[str, Any] | None) -> pl.DataFrame | None:
    if described is None:
        return None
    path = run.folder / described["path"]
    # A file that is not what the step wrote is worth no figure.
    if not path.is_file() or storage.sha256(path) != described["sha256"]:
        return None
    return pl.read_parquet(path, glob=False)
