"""A stream of rows that goes as many requests: what its rows are, and which of them an error means.

Rule: a table is streamed by rows as it is predicted by rows, a slice at a time; a row is named by its place in the
stream, since the caller knows nothing of requests.
"""

import re
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from groundwork.errors import MLException
from groundwork.serving._instances import instances_of

_TABLES = ("polars", "pandas", "pyarrow")
_SLICE_ROWS = 1024
_PLACE = re.compile(r"\binstances(\[|/)(\d+)")


def rows_of(instances: Any) -> Iterator[Any]:
    """Give the rows of a stream.

    Args:
        instances: Rows, lazily; or a table or an array, as ``predict`` takes them.

    Raises:
        InvalidDataError: It has no rows, or is one row alone.
    """
    if type(instances).__name__ == "LazyFrame":
        instances = instances.collect()
    if type(instances).__module__.partition(".")[0] in _TABLES and hasattr(instances, "columns"):
        return _rows_of_table(instances)
    if isinstance(instances, dict | str | bytes) or not hasattr(instances, "__iter__") or _is_number(instances):
        return iter(instances_of(instances))
    return iter(instances)


async def batches_of(instances: Iterable[Any] | AsyncIterable[Any], size: int) -> AsyncIterator[list[Any]]:
    """Give the rows of a stream, so many at a time.

    Args:
        instances: As in ``rows_of``; or rows that are waited for.
        size: How many; the last may be fewer.
    """
    rows: list[Any] = []
    if isinstance(instances, AsyncIterable):
        async for row in instances:
            rows.append(row)
            if len(rows) == size:
                yield rows
                rows = []
    else:
        for row in rows_of(instances):
            rows.append(row)
            if len(rows) == size:
                yield rows
                rows = []
    if rows:
        yield rows


@contextmanager
def placed(start: int) -> Iterator[None]:
    """Name the rows in an error by their place in the stream.

    Args:
        start: The place of the request's first row.

    Raises:
        MLException: As it came, with places that count from the beginning of the stream.
    """
    try:
        yield
    except MLException as error:
        error.message = _moved(error.message, start)
        error.args = (error.message, *error.args[1:])
        if error.hint is not None:
            error.hint = _moved(error.hint, start)
        if "errors" in error.context:
            error.context["errors"] = [_located(mistake, start) for mistake in error.context["errors"]]
        raise


def _rows_of_table(table: Any) -> Iterator[Any]:
    for at in range(0, len(table), _SLICE_ROWS):
        part = table.iloc[at : at + _SLICE_ROWS] if hasattr(table, "iloc") else table.slice(at, _SLICE_ROWS)
        yield from instances_of(part)


def _is_number(instances: Any) -> bool:
    return getattr(instances, "ndim", 1) == 0


def _located(mistake: Any, start: int) -> Any:
    if not isinstance(mistake, dict):
        return mistake
    named = {name: _moved(mistake[name], start) for name in ("pointer", "detail") if isinstance(mistake.get(name), str)}
    return {**mistake, **named}


def _moved(words: str, start: int) -> str:
    # Only the first: what follows may be a value that the row holds.
    return _PLACE.sub(lambda found: f"instances{found[1]}{int(found[2]) + start}", words, count=1)
