"""Whatever holds a table becomes a frame; queries stream; the libraries around come and go whole."""

import datetime
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest

from groundwork.data import Dataset, Schema
from groundwork.data import _conversions as module
from groundwork.data._tables import as_frame
from groundwork.errors import ConfigurationError, InvalidDataError, UsageError

FRAME = pl.DataFrame({"a": [1, None, 2**60], "s": ["x", None, "z"]})


class Arrow:
    """A table of another library, known only by the Arrow interface."""

    def __init__(self, frame):
        self._frame = frame

    def __arrow_c_stream__(self, requested_schema=None):
        return self._frame.__arrow_c_stream__(requested_schema)


class Lacking:
    """A table whose library lacks another one."""

    def __arrow_c_stream__(self, requested_schema=None):
        raise ImportError("`Import pyarrow` failed.")


class Odd:
    """A table of a type that its library cannot offer, as pandas' complex numbers."""

    def __arrow_c_stream__(self, requested_schema=None):
        raise NotImplementedError("Unsupported numpy type 15")


class Broken:
    """A table that cannot be offered."""

    def __arrow_c_stream__(self, requested_schema=None):
        raise ValueError("two columns of one name")


def test_every_kind_of_table_becomes_a_frame(tmp_path):
    FRAME.write_parquet(tmp_path / "t.parquet")

    frames = [as_frame(table) for table in (FRAME.lazy(), Arrow(FRAME), Dataset.scan(tmp_path / "t.parquet"))]

    assert as_frame(FRAME) is FRAME
    assert all(frame.equals(FRAME) for frame in frames)


@pytest.mark.parametrize(
    ("table", "error", "message"),
    [
        (3, UsageError, "int is no table"),
        (Lacking(), ConfigurationError, "Lacking cannot offer its columns: `Import pyarrow` failed"),
        (Odd(), InvalidDataError, "Odd cannot be read as a table: Unsupported numpy type 15"),
        (Broken(), InvalidDataError, "Broken cannot be read as a table: two columns of one name"),
    ],
)
def test_what_is_no_table_says_why(table, error, message):
    with pytest.raises(error, match=message):
        as_frame(table)


def test_a_query_is_streamed_in_order_and_run_anew():
    query = pl.LazyFrame({"a": range(200_000)}).filter(pl.col("a") % 2 == 0)
    dataset = Dataset.scan(query, schema=Schema.model_validate({"columns": {"a": {"dtype": "int", "max": 199_990}}}))

    first, again = dataset.validate(), dataset.validate()

    assert dataset.columns() == {"a": pl.Int64}
    assert first == again
    assert first.violations[0].examples[0] == ("query", 99_997, None, "199992")


@pytest.mark.parametrize("read", [Dataset.columns, Dataset.collect, Dataset.validate])
def test_a_query_that_fails_says_so(read):
    query = pl.LazyFrame({"a": [1]}).select("b")

    with pytest.raises(InvalidDataError, match="the query cannot be run"):
        read(Dataset.scan(query))


def test_a_query_that_fails_on_the_way_says_so():
    query = pl.LazyFrame({"a": ["1", "x"]}).select(pl.col("a").cast(pl.Int64))

    with pytest.raises(InvalidDataError, match="the query cannot be run: conversion"):
        Dataset.scan(query).collect()


def test_a_dataset_of_a_dataset_passes_its_errors_on(tmp_path):
    (tmp_path / "t.csv").write_text("a\nx\n")
    schema = Schema.model_validate({"columns": {"a": {"dtype": "int"}}})

    with pytest.raises(InvalidDataError, match=r"t\.csv: row 1 \(line 2\), column a: 'x' is not Int64"):
        Dataset.scan(Dataset.scan(tmp_path / "t.csv", schema=schema).lazy()).collect()


def test_texts_that_mean_missing_are_taken_out_of_a_frame_and_the_frame_is_kept():
    frame = pl.DataFrame({"a": ["NA", "1"], "b": [1, 2]})

    read = Dataset.scan(frame, null_values=["NA"]).collect()

    assert read["a"].to_list() == [None, "1"]
    assert frame["a"].to_list() == ["NA", "1"]


@pytest.mark.parametrize(
    ("convert", "hint"),
    [
        (Dataset.to_pandas, "pip install pandas pyarrow"),
        (Dataset.to_arrow, "pip install pyarrow"),
        (Dataset.to_torch, "pip install 'groundwork[torch]'"),
    ],
)
def test_a_package_that_is_not_there_is_named(monkeypatch, convert, hint):
    def not_there(name):
        raise ImportError(name)

    monkeypatch.setattr(module.importlib, "import_module", not_there)

    with pytest.raises(ConfigurationError, match="which is not installed") as caught:
        convert(Dataset.scan(FRAME))

    assert caught.value.hint == hint


def test_polars_gets_its_frame_back():
    assert Dataset.scan(FRAME).to_polars().equals(FRAME)


class Indexed(Arrow):
    """A table as pandas has it: with an index beside its columns."""

    index = SimpleNamespace(names=["k"])

    def reset_index(self):
        return Arrow(self._frame.select(pl.lit("x").alias("k"), pl.all()))


def test_an_index_that_has_a_name_is_read_as_a_column():
    assert as_frame(Indexed(FRAME)).columns == ["k", "a", "s"]


class Reader(Arrow):
    """A stream of tables that can be read once, as Arrow's readers are."""

    schema = SimpleNamespace(empty_table=lambda: Arrow(FRAME.clear()))

    def __iter__(self):
        return self

    def __next__(self):
        raise StopIteration


def test_a_stream_without_tables_has_the_columns_of_its_schema():
    dataset = Dataset.scan(Reader(FRAME))

    assert dataset.collect().equals(FRAME.clear())
    assert not dataset.rereadable


def test_tables_of_another_library_come_one_after_the_other():
    assert Dataset.scan([Arrow(FRAME), Arrow(FRAME)]).collect().equals(pl.concat([FRAME, FRAME]))


def test_pandas_is_asked_for_columns_of_arrow_unless_told(monkeypatch):
    monkeypatch.setattr(module.importlib, "import_module", lambda name: None)
    monkeypatch.setattr(pl.DataFrame, "to_pandas", lambda frame, **given: given)
    monkeypatch.setattr(pl.DataFrame, "to_arrow", lambda frame: frame)

    assert Dataset.scan(FRAME).to_pandas() == {"use_pyarrow_extension_array": True}
    assert Dataset.scan({"a": [1, None], "s": ["x", "y"]}).to_pandas(arrow_types=False) == {}
    assert Dataset.scan(FRAME).to_arrow().equals(FRAME)
    with pytest.raises(InvalidDataError, match="column a has missing values"):
        Dataset.scan(FRAME).to_pandas(arrow_types=False)


def test_tensors_are_made_of_arrays_that_are_their_own(monkeypatch):
    array = np.arange(2.0)
    monkeypatch.setattr(module.importlib, "import_module", lambda name: SimpleNamespace(from_numpy=lambda given: given))

    columns = Dataset.scan({"a": array}).to_torch()
    table = Dataset.scan({"a": array}).to_torch(layout="matrix")
    columns["a"][0] = table[0, 0] = 7

    assert array.tolist() == [0.0, 1.0]


@pytest.mark.parametrize("rows", [0, -1, 1.5])
def test_a_batch_has_at_least_one_row(rows):
    with pytest.raises(UsageError, match="a batch needs at least 1"):
        Dataset.scan(FRAME).batches(rows)


class TestPandas:
    @pytest.fixture
    def pandas(self):
        pytest.importorskip("pyarrow", reason="pandas offers its columns through pyarrow")
        return pytest.importorskip("pandas", reason="pandas is not in the lock")

    def test_a_table_comes_and_goes_whole(self, pandas):
        frame = pandas.DataFrame(
            {"a": [1.5, None], "s": ["x", None], "t": pandas.to_datetime(["2013-01-01", None], utc=True)}
        )

        dataset = Dataset.scan(frame)

        assert dataset.collect().rows() == [(1.5, "x", datetime.datetime(2013, 1, 1, tzinfo=datetime.UTC)), (None,) * 3]
        assert Dataset.scan(dataset.to_pandas()).collect().equals(dataset.collect())
        assert frame.shape == (2, 3)

    def test_an_index_with_a_name_is_a_column(self, pandas):
        frame = pandas.DataFrame({"a": [1, 2], "k": ["x", "y"]})

        assert Dataset.scan(frame.set_index("k")).collect().to_dict(as_series=False) == {"k": ["x", "y"], "a": [1, 2]}
        assert Dataset.scan(frame[frame["a"] > 1]).collect().columns == ["a", "k"]

    @pytest.mark.parametrize("columns", [{"a": [1, "x"]}, None])
    def test_columns_that_are_none_are_refused(self, pandas, columns):
        frame = pandas.DataFrame(columns) if columns else pandas.DataFrame([[1, 2]], columns=["a", "a"])

        with pytest.raises(InvalidDataError, match="DataFrame cannot be read as a table"):
            Dataset.scan(frame)

    def test_numpys_types_are_refused_where_they_would_round(self, pandas):
        assert Dataset.scan(FRAME).to_pandas()["a"].tolist()[2] == 2**60
        assert Dataset.scan({"a": [1, None]}).to_pandas(arrow_types=False)["a"].dtype == "float64"
        with pytest.raises(InvalidDataError, match="column a has missing values and 1,152,921,504,606,846,976"):
            Dataset.scan(FRAME).to_pandas(arrow_types=False)


class TestArrow:
    @pytest.fixture
    def pyarrow(self):
        return pytest.importorskip("pyarrow", reason="pyarrow is not in the lock")

    def test_a_table_comes_and_goes_whole(self, pyarrow):
        table = pyarrow.table({"a": [1, None], "s": ["x", None]})

        assert Dataset.scan(Dataset.scan(table).to_arrow()).collect().rows() == [(1, "x"), (None, None)]
        assert Dataset.scan(table.to_batches()[0]).collect().height == 2
        assert Dataset.scan(table.to_batches() * 3).collect().height == 6

    def test_a_reader_is_streamed_and_read_once(self, pyarrow):
        table = pyarrow.table({"a": list(range(10))})
        batches = table.to_batches(max_chunksize=4)
        dataset = Dataset.scan(pyarrow.RecordBatchReader.from_batches(table.schema, batches))

        assert dataset.columns() == {"a": pl.Int64}
        assert dataset.collect()["a"].to_list() == list(range(10))
        with pytest.raises(UsageError, match="the rows of this reader have been read"):
            dataset.validate()

    def test_a_reader_without_rows_has_its_columns(self, pyarrow):
        table = pyarrow.table({"a": [1]})

        assert Dataset.scan(pyarrow.RecordBatchReader.from_batches(table.schema, [])).collect().schema == {
            "a": pl.Int64
        }


class TestTorch:
    @pytest.fixture
    def torch(self):
        return pytest.importorskip("torch", reason="torch is an extra")

    def test_columns_become_tensors_of_their_own_types(self, torch):
        tensors = Dataset.scan({"a": [1, 2], "b": [True, False], "f": [0.5, None]}).to_torch()

        assert {name: tensor.dtype for name, tensor in tensors.items()} == {
            "a": torch.int64,
            "b": torch.bool,
            "f": torch.float64,
        }
        assert tensors["a"].tolist() == [1, 2]
        assert bool(tensors["f"][1].isnan())
        tensors["a"][0] = 7

    def test_a_matrix_is_one_tensor(self, torch):
        assert Dataset.scan({"a": [1, 2], "b": [3, 4]}).to_torch(layout="matrix").tolist() == [[1, 3], [2, 4]]

    def test_text_is_no_tensor(self, torch):
        with pytest.raises(UsageError, match=r"s \(String\): no numbers"):
            Dataset.scan({"s": ["x"]}).to_torch()


def test_a_layout_of_tensors_is_known():
    with pytest.raises(UsageError, match="layout 'records' is not known"):
        Dataset.scan(FRAME).to_torch(layout="records")
