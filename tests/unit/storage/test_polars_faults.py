import errno
import os

import polars as pl
import pytest

from groundwork.errors import InvalidDataError, StorageError
from groundwork.storage import written_by_polars


@pytest.mark.parametrize(
    "error",
    [
        OSError("No space left on device (os error 28)"),
        OSError(errno.ENOSPC, "No space left on device"),
        pl.exceptions.ComputeError("parquet: underlying IO error: No space left on device (os error 28)"),
    ],
)
def test_what_the_disk_refuses_names_the_path_and_what_to_do(error):
    with pytest.raises(StorageError) as refused, written_by_polars("scores.csv"):
        raise error

    assert refused.value.message == f"scores.csv: cannot write: {os.strerror(errno.ENOSPC)}"
    assert "free some space" in (refused.value.hint or "")
    assert refused.value.__cause__ is error


@pytest.mark.parametrize(
    "error", [pl.exceptions.ComputeError("division"), InvalidDataError("row 3"), ValueError("os"), KeyboardInterrupt()]
)
def test_any_other_error_passes_as_it_is(error):
    with pytest.raises(type(error)) as passed, written_by_polars("scores.csv"):
        raise error

    assert passed.value is error
