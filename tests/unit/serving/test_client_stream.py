"""The rows of a stream and their places, without a server."""

import asyncio
import gc
import re
import sys
import warnings
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest

from groundwork.errors import InvalidDataError, Overloaded, PredictionError, UsageError
from groundwork.serving import AsyncClient, Client
from groundwork.serving._client import Predictions
from groundwork.serving._client_stream import placed, rows_of

FRAME = pl.DataFrame({"x": range(2500)})
ROWS = [{"x": x} for x in range(2500)]


@pytest.mark.parametrize("table", [FRAME, FRAME.lazy(), ROWS, iter(ROWS)], ids=type)
def test_a_table_is_streamed_by_rows(table):
    assert ROWS == list(rows_of(table))


class Cut:
    """As much of a pandas DataFrame or a pyarrow Table as streaming asks: only slices become rows."""

    columns = ("x",)

    def __init__(self, rows):
        self._rows = rows

    def __len__(self):
        return len(self._rows)

    def __iter__(self):
        return iter(self.columns)

    def to_pylist(self):
        return self._rows

    def notna(self):
        return self

    def astype(self, kind):
        return self

    def where(self, condition, other):
        return self

    def to_dict(self, orient):
        return self._rows


class Pandas(Cut):
    __module__ = "pandas.core.frame"

    @property
    def iloc(self):
        return self

    def __getitem__(self, part):
        return Pandas(self._rows[part])


class Arrow(Cut):
    __module__ = "pyarrow.lib"

    def slice(self, at, rows):
        return Arrow(self._rows[at : at + rows])


@pytest.mark.parametrize(("library", "name", "kind"), [("pandas", "DataFrame", Pandas), ("pyarrow", "Table", Arrow)])
def test_tables_of_other_libraries_are_streamed_by_rows_too(monkeypatch, library, name, kind):
    monkeypatch.setitem(sys.modules, library, SimpleNamespace(**{name: kind}))

    assert ROWS == list(rows_of(kind(ROWS)))


def test_an_array_is_streamed_by_rows():
    assert [[1, 2], [3, 4]] == [row.tolist() for row in rows_of(np.array([[1, 2], [3, 4]]))]


@pytest.mark.parametrize("instances", [{"x": 1}, "text", b"bytes", 5, np.array(5)], ids=repr)
def test_what_is_no_stream_of_rows_is_refused(instances):
    with pytest.raises(InvalidDataError, match="instances must be"):
        rows_of(instances)


def refused(row):
    """Return the error of a server that finds a mistake in a row, which holds a place of its own."""
    words = f"instances[{row}].x: 'instances[0]' is not a number"
    return InvalidDataError(
        f"http://h/predict answers 422: {words}",
        hint=f"Mend #/instances/{row}/x.",
        context={"status": 422, "errors": [{"pointer": f"#/instances/{row}/x", "detail": words}, "strange"]},
    )


def test_an_error_names_the_row_by_its_place_in_the_stream():
    with pytest.raises(InvalidDataError) as caught, placed(64):
        raise refused(3)

    error = caught.value
    words = "instances[67].x: 'instances[0]' is not a number"
    assert f"http://h/predict answers 422: {words}" == error.message == str(error)
    assert "Mend #/instances/67/x." == error.hint
    assert [{"pointer": "#/instances/67/x", "detail": words}, "strange"] == error.context["errors"]


def test_an_error_without_a_row_stays_as_it_is():
    with pytest.raises(Overloaded, match=r"^full$"), placed(64):
        raise Overloaded("full")


async def predicted(rows):
    """Double ``x``, and fail on 13 as the server does, which counts within its request."""
    for place, row in enumerate(rows):
        if row["x"] == 13:
            raise PredictionError(f"the model failed on instances[{place}]; the server's log says why")
    return Predictions([2 * row["x"] for row in rows])


def test_a_stream_of_either_client_counts_rows_from_its_beginning(monkeypatch):
    async def main():
        client = AsyncClient()
        monkeypatch.setattr(client, "_predict_rows", predicted)
        return [found async for found in client.predict_stream(FRAME, batch_rows=5, concurrency=2)]

    with pytest.raises(PredictionError, match=re.escape("instances[13]")):
        asyncio.run(main())
    with Client() as client:
        monkeypatch.setattr(client._client, "_predict_rows", predicted)
        with pytest.raises(PredictionError, match=re.escape("instances[13]")):
            list(client.predict_stream(FRAME, batch_rows=5, concurrency=2))
        assert [2 * x for x in range(12)] == list(client.predict_stream(FRAME[:12], batch_rows=5, concurrency=2))


@pytest.mark.parametrize("call", ["live", "ready", "metadata"])
def test_a_closed_client_leaves_no_coroutine_that_nobody_awaits(call):
    client = Client()
    client.close()

    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        with pytest.raises(UsageError, match="closed"):
            getattr(client, call)()
        gc.collect()

    assert [] == [str(each.message) for each in warned if "never awaited" in str(each.message)]
