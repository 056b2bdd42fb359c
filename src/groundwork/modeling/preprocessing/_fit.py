"""Learning from the training rows, and from no others.

Rule: a transformer is fitted on its first argument alone; the other parts are only transformed, and one that holds the
memory of training rows is refused, for it is no test any more. Cost: the transformer's own, and a comparison of
addresses.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np
import polars as pl
from numpy.typing import NDArray

from groundwork.errors import InvalidDataError, LeakageError, first_line

Table = TypeVar("Table", pl.DataFrame, NDArray[Any])
"""A polars frame or a numpy array of shape (rows, columns); what goes in comes out."""

# np.shares_memory can take exponential time on odd strides; beyond this the answer is taken for no.
# Any, as its stub knows only the two special values.
_MAX_WORK: Any = 100_000


def fit_on_train(transformer: Any, train: Table, *others: Table, target: Any = None) -> tuple[Any, tuple[Table, ...]]:
    """Fit a transformer on the training rows, and apply it to them and to the rest.

    The transformer itself stays as it is: a fresh copy is fitted. The training rows come from ``fit_transform``, the
    others from ``transform``: with target encoding no training row sees its own target.

    Args:
        transformer: Any transformer of scikit-learn's kind, or a pipeline of them.
        train: Rows to learn from.
        others: Further parts, as validation and test; each has the columns of ``train``.
        target: One value a training row, for transformers that learn from it.

    Returns:
        The fitted transformer, and the transformed parts in order, ``train`` first; frames come from frames, arrays
        from arrays.

    Raises:
        InvalidDataError: No training rows, parts of different kinds or columns, a gap in the target, or values that
            the transformer cannot take.
        LeakageError: A part shares rows with ``train``.
    """
    check_parts(train, others)
    parts: tuple[Any, ...] = (train, *others)
    if isinstance(train, pl.DataFrame):
        parts = tuple(choose(each, train.columns) for each in parts)
    return learn(transformer, parts, target)


def learn(transformer: Any, parts: Sequence[Any], target: Any = None) -> tuple[Any, tuple[Any, ...]]:
    """Fit on the first of parts that ``check_parts`` has let pass, and transform all.

    Args:
        transformer: See ``fit_on_train``.
        parts: The training rows and others, with equal columns.
        target: See ``fit_on_train``.

    Returns:
        See ``fit_on_train``.

    Raises:
        InvalidDataError: The transformer cannot take the values.
    """
    from sklearn.base import clone

    train, *others = parts
    outcome = () if target is None else (_outcome(target, train.shape[0]),)
    fresh = clone(transformer)
    if isinstance(train, pl.DataFrame):
        fresh = fresh.set_output(transform="polars")
    try:
        first = fresh.fit_transform(train, *outcome)
        # No rows are no mistake here, but scikit-learn takes none.
        return fresh, (first, *(fresh.transform(each) if each.shape[0] else first[:0] for each in others))
    except (TypeError, ValueError) as error:
        raise InvalidDataError(
            f"{type(fresh).__name__} cannot take these rows: {first_line(error)}", context={"rows": train.shape[0]}
        ) from error


def check_parts(train: Any, others: Sequence[Any]) -> None:
    """Refuse parts that cannot be learned from, or must not.

    Args:
        train: Rows to learn from.
        others: Further parts.

    Raises:
        InvalidDataError: See ``fit_on_train``.
        LeakageError: See ``fit_on_train``.
    """
    for place, part in enumerate((train, *others)):
        name = f"part {place}" if place else "the training part"
        if not isinstance(part, pl.DataFrame | np.ndarray):
            raise InvalidDataError(
                f"{name} is a {type(part).__name__}, neither a polars frame nor a numpy array",
                hint="use column.to_frame() or np.asarray(rows)",
            )
        if isinstance(part, pl.DataFrame) != isinstance(train, pl.DataFrame):
            raise InvalidDataError(f"{name} is a {type(part).__name__}, the training part a {type(train).__name__}")
        if len(part.shape) != 2:
            raise InvalidDataError(
                f"{name} has the shape {part.shape}; it must be (rows, columns)", hint="use values.reshape(-1, 1)"
            )
        if isinstance(part, np.ndarray) and part.shape[1] != train.shape[1]:
            raise InvalidDataError(f"{name} has {part.shape[1]} columns, the training part {train.shape[1]}")
    if not train.shape[0]:
        raise InvalidDataError("there are no rows to learn from", hint="look at filters, dropped rows and the split")
    shares = _same_rows_frame if isinstance(train, pl.DataFrame) else _same_rows
    for place, part in enumerate(others, start=1):
        if part is train or shares(train, part):
            raise LeakageError(
                f"part {place} holds rows of the training part, in the very same memory",
                hint="split first and pass the parts; a copy of training rows is taken as it is",
                context={"part": place},
            )


def choose(frame: pl.DataFrame, columns: Sequence[str]) -> pl.DataFrame:
    """Select columns.

    Args:
        frame: Any.
        columns: Which.

    Returns:
        Those, in that order.

    Raises:
        InvalidDataError: One is missing; the message names all of them.
    """
    absent = [name for name in columns if name not in frame.columns]
    if absent:
        raise InvalidDataError(
            f"the columns {', '.join(absent)} are missing",
            hint=f"there are {', '.join(frame.columns) or 'none'}",
            context={"columns": absent},
        )
    return frame.select(columns)


def as_series(target: Any) -> pl.Series:
    """Read a target.

    Args:
        target: A column, an array or a list.

    Returns:
        A column.
    """
    return target if isinstance(target, pl.Series) else pl.Series("target", target, strict=False)


def _outcome(target: Any, rows: int) -> NDArray[Any]:
    series = as_series(target)
    if len(series) != rows:
        raise InvalidDataError(f"{rows:,} rows but {len(series):,} target values; pass one value a training row")
    gaps = series.null_count() + (int(series.is_nan().sum()) if series.dtype.is_float() else 0)
    if gaps:
        raise InvalidDataError(f"the target is missing in {gaps:,} of {rows:,} rows", hint="drop those rows first")
    return np.asarray(series.to_numpy())


def _same_rows(first: NDArray[Any], second: NDArray[Any]) -> bool:
    try:
        return bool(np.shares_memory(first, second, max_work=_MAX_WORK))
    except np.exceptions.TooHardError:
        return False


def _same_rows_frame(first: pl.DataFrame, second: pl.DataFrame) -> bool:
    common = [name for name in first.columns if name in second.columns]
    pairs = ((_memory(first[name]), _memory(second[name])) for name in common)
    return any(one is not None and other is not None and _same_rows(one, other) for one, other in pairs)


def _memory(column: pl.Series) -> NDArray[Any] | None:
    """Look at a column's own memory; None for text, for several chunks and for gaps, which numpy cannot show."""
    viewable: Callable[..., NDArray[Any]] = column.to_numpy
    try:
        return viewable(allow_copy=False)
    except (RuntimeError, ValueError):
        return None
