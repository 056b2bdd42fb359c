"""Features computed on a table.

Rule: every value is held against its feature's rules before anybody sees it, and the first that breaks one is named by
feature, row and value. A Dataset is computed batch by batch; so, and because a model is asked for one row at a time, a
feature must give a row its value from that row alone. Cost: each feature once, however many read it.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import polars as pl

from groundwork.data._columns import require_columns
from groundwork.data._dataset import Dataset
from groundwork.data._dtypes import TYPES, dtype_of
from groundwork.data._feature import Feature
from groundwork.data._feature_lineage import lineage
from groundwork.data._schema import Schema
from groundwork.errors import InvalidDataError, first_line


def computed(
    frame: pl.DataFrame, features: Mapping[str, Feature], names: Sequence[str], *, before: int = 0
) -> pl.DataFrame:
    """Add features to a frame.

    Args:
        frame: The table.
        features: The feature of each name.
        names: Those to add; what they read is computed on the way and not added.
        before: Rows that came before this frame, for messages.

    Returns:
        The frame with the features at its end; one named as a column takes its place.

    Raises:
        InvalidDataError: The frame lacks a column, polars cannot compute a feature, or a value breaks a rule.
    """
    graph = lineage(names, features)
    require_columns(frame, graph.columns)
    done: dict[str, pl.Series] = {}
    for name in graph.order:
        feature = features[name]
        read = [done[one] if one in done else frame[one] for one in feature.inputs]
        done[name] = _checked(feature, _values(feature, read, frame), before)
    return frame.with_columns([done[name] for name in names])


def computed_batches(dataset: Dataset, features: Mapping[str, Feature], names: Sequence[str]) -> Iterator[pl.DataFrame]:
    """Add features to a Dataset, batch by batch.

    Args:
        dataset: The table.
        features: The feature of each name.
        names: Those to add.

    Yields:
        A frame without rows, for the types, then the rows.

    Raises:
        InvalidDataError: See ``computed``, and the dataset itself.
    """
    yield computed(pl.DataFrame(schema=dataset.columns()), features, names)
    before = 0
    for batch in dataset.batches():
        yield computed(batch, features, names, before=before)
        before += batch.height


def _values(feature: Feature, read: list[pl.Series], frame: pl.DataFrame) -> pl.Series:
    if feature.function is not None:
        return _of_function(feature, read, frame.height)
    try:
        # A constant reads nothing, and still has a value in each row.
        table = pl.DataFrame(read) if read else frame
        return table.with_columns(feature.polars.alias(feature.name))[feature.name]
    except pl.exceptions.PolarsError as error:
        raise InvalidDataError(
            f"feature {feature.key} cannot be computed: {first_line(error)}",
            hint=f"it is {feature.definition}; look at the types of {', '.join(feature.inputs)}",
            context={"feature": feature.name, "version": feature.version},
        ) from error


def _of_function(feature: Feature, read: list[pl.Series], rows: int) -> pl.Series:
    assert feature.function is not None
    try:
        result = feature.function(*read)
    except Exception as error:  # it is the caller's function, which may fail in any way
        error.add_note(f"while feature {feature.key} was computed")
        raise
    try:
        values = result if isinstance(result, pl.Series) else pl.Series(values=result)
    except (TypeError, ValueError, pl.exceptions.PolarsError):
        values = None
    if values is None or len(values) != rows:
        found = type(result).__name__ if values is None else f"{len(values):,} values"
        raise InvalidDataError(
            f"feature {feature.key}: its function gave {found} for {rows:,} rows",
            hint="return one polars Series with a value for each row",
            context={"feature": feature.name, "version": feature.version},
        )
    return values


def _checked(feature: Feature, values: pl.Series, before: int) -> pl.Series:
    frame, schema = values.alias(feature.name).to_frame(), Schema(columns={feature.name: feature.column})
    if not frame.height:
        return pl.Series(feature.name, [], _type(feature))
    try:
        return Dataset.scan(frame, schema=schema).collect()[feature.name]
    except InvalidDataError as error:
        found: dict[str, Any] = error.context
        row, rule, value = before + found["row"], found["rule"], found["value"]
        wanted = getattr(feature.column, rule)
        raise InvalidDataError(
            f"feature {feature.key}, row {row:,}: {'a missing value' if value is None else value} breaks "
            f"its rule {rule}: {list(wanted) if isinstance(wanted, tuple) else wanted}",
            hint="correct the row or the feature, or relax the rule in a new version",
            context={"feature": feature.name, "version": feature.version, "row": row, "value": value, "rule": rule},
        ) from error


def _type(feature: Feature) -> pl.DataType:
    known = TYPES[feature.dtype]
    return dtype_of(feature.dtype) if isinstance(known, type) else known
