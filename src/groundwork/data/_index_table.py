"""Rows to samples, samples to rows.

Rule: nothing is guessed: a value that metadata cannot hold is refused by row and column, but for dates and times,
whose ISO 8601 text sorts and compares as they do.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import polars as pl

from groundwork.data._columns import require_columns
from groundwork.data._sample import Sample
from groundwork.data._tables import as_frame
from groundwork.errors import InvalidDataError

_OWN = ("id", "label", "split")


def samples_of_table(
    table: Any,
    *,
    id: str,  # noqa: A002 - the field's name
    label: str | None,
    split: str | None,
    metadata: Sequence[str],
) -> Iterator[Sample]:
    """Turn rows into samples.

    Args:
        table: A Dataset, a polars frame, or any table that offers itself through Arrow.
        id: Column of the ids.
        label: Column of the classes.
        split: Column of the parts.
        metadata: Columns to keep.

    Yields:
        One sample a row.

    Raises:
        InvalidDataError: A column is not there or does not fit, or an id is missing.
    """
    frame = as_frame(table)
    names = [metadata] if isinstance(metadata, str) else list(metadata)
    require_columns(frame, [name for name in (id, label, split, *names) if name is not None])
    ids = _texts(frame, id).to_list()
    labels = _texts(frame, label).to_list() if label else [None] * frame.height
    splits = _texts(frame, split).to_list() if split else [None] * frame.height
    facts: Iterable[dict[str, Any]] = [{}] * frame.height
    if names:
        facts = pl.DataFrame([_plain(frame[name]) for name in names]).iter_rows(named=True)
    for row, (own, given) in enumerate(zip(zip(ids, labels, splits, strict=True), facts, strict=True), 1):
        try:
            yield Sample(*own, metadata=given)
        except InvalidDataError as error:
            raise InvalidDataError(
                f"row {row:,}: {error.message}", hint=error.hint, context={**error.context, "row": row}
            ) from None


def table_of_samples(samples: Iterable[Sample]) -> pl.DataFrame:
    """Turn samples into rows.

    Args:
        samples: The samples.

    Returns:
        The table.

    Raises:
        InvalidDataError: See ``DatasetIndex.to_table``.
    """
    rows = list(samples)
    columns = [pl.Series(name, [getattr(one, name) for one in rows], pl.String) for name in _OWN]
    keys = dict.fromkeys(key for one in rows for key in one.metadata)
    for key in keys:
        if key in _OWN:
            raise InvalidDataError(
                f"the metadata key {key!r} has the name of a column of its own", hint="give the key another name"
            )
        columns.append(_series(key, [one.metadata.get(key) for one in rows]))
    return pl.DataFrame(columns)


def _texts(frame: pl.DataFrame, name: str) -> pl.Series:
    column = frame[name]
    fits = column.dtype.is_integer() or column.dtype in (pl.String, pl.Categorical, pl.Enum, pl.Boolean, pl.Null)
    if not fits:
        raise InvalidDataError(
            f"column {name!r} is {column.dtype}, and ids, labels and splits are text",
            hint="cast it to String first, in the spelling that you want",
            context={"column": name, "dtype": str(column.dtype)},
        )
    return column.cast(pl.String)


def _plain(column: pl.Series) -> pl.Series:
    if column.dtype in (pl.Date, pl.Datetime):
        return column.dt.to_string("iso:strict")
    return column.cast(pl.String) if column.dtype in (pl.Categorical, pl.Enum) else column


def _series(key: str, values: list[Any]) -> pl.Series:
    kinds = {type(value) for value in values if value is not None}
    try:
        if kinds == {int, float}:
            return pl.Series(key, [None if value is None else float(value) for value in values], pl.Float64)
        return pl.Series(key, values)
    except (TypeError, ValueError, OverflowError, pl.exceptions.PolarsError) as error:
        names = ", ".join(sorted(kind.__name__ for kind in kinds))
        raise InvalidDataError(
            f"metadata {key!r} holds {names}, which no column holds together",
            hint="use one type for a key, or write the index as JSON",
            context={"key": key},
        ) from error
