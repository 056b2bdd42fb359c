"""The system's refusals as polars tells them: without a number, under one of its own classes, or as a bare OSError.

Rule: what the disk refused is a ``StorageError`` that names the path; everything else passes as it is.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager

from groundwork.storage._faults import storage_error

_NUMBER = re.compile(r"\(os error (\d+)\)")


@contextmanager
def written_by_polars(path: str | os.PathLike[str]) -> Iterator[None]:
    """Re-raise as a ``StorageError`` what the disk refuses while polars writes a file in the body.

    Args:
        path: The file as users know it.

    Raises:
        StorageError: The disk is full, or the system refused otherwise.
    """
    import polars as pl

    try:
        yield
    except (OSError, pl.exceptions.PolarsError) as error:
        refused = _refusal(error)
        if refused is None:
            raise
        raise storage_error(refused, path, "cannot write") from error


def _refusal(error: Exception) -> OSError | None:
    number = _NUMBER.search(str(error))
    if number is not None:
        return OSError(int(number.group(1)), os.strerror(int(number.group(1))))
    return error if isinstance(error, OSError) else None
