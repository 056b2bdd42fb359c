"""Files in a format of a plugin: read, written, streamed, and told when their format is missing."""

from types import SimpleNamespace

import polars as pl
import pytest

from groundwork.data import Dataset, Schema
from groundwork.environment._plugin_kinds import KINDS
from groundwork.errors import InvalidDataError, UnknownPluginError, UnsupportedFormatError, UsageError
from groundwork.modeling import register
from groundwork.storage import _formats, check_table_name, read, stream, stream_raw, write
from groundwork.storage._compression import COMPRESSED

pytestmark = pytest.mark.usefixtures("forgotten")

ROWS = pl.DataFrame({"city": ["a", "NA", "c"], "late": ["1", "2", "3"]})
BARS = SimpleNamespace(
    read=lambda file: pl.read_csv(file, separator="|", infer_schema=False),
    write=lambda file, value: value.write_csv(file, separator="|"),
)


@pytest.fixture
def rows(tmp_path):
    register("format", "psv", BARS)
    write(tmp_path / "rows.psv", ROWS)
    return tmp_path / "rows.psv"


def test_a_plugin_reads_and_writes_as_a_format_of_groundwork_does(rows):
    write(rows.with_name("rows.psv.gz"), ROWS)

    assert rows.read_text(encoding="utf-8").startswith("city|late\n")
    assert read(rows).equals(ROWS)
    assert read(rows.with_name("rows.psv.gz")).equals(ROWS)


def test_its_table_is_streamed_with_declared_types_and_missing_values(rows):
    (batch,) = stream(rows, columns={"late": pl.Int64}, null_values=["NA"])
    told = []
    (raw,) = stream_raw(rows, progress=lambda done, total: told.append((done, total)))

    assert {"city": ["a", None, "c"], "late": [1, 2, 3]} == batch.to_dict(as_series=False)
    assert (raw.first_row, raw.frame.height, told) == (1, 3, [(rows.stat().st_size,) * 2])


def test_a_dataset_holds_its_rows_against_a_schema(rows):
    schema = Schema.model_validate({"columns": {"late": {"dtype": "Int64", "max": 2}}})

    with pytest.raises(InvalidDataError, match=r"rows\.psv: row 3"):
        Dataset.scan(rows, schema=schema).collect()


def test_a_table_of_another_library_is_taken_too_and_what_is_none_refused(tmp_path):
    class Exported:
        def __arrow_c_stream__(self, requested_schema=None):
            return ROWS.__arrow_c_stream__(requested_schema)

    class Cut:
        def __arrow_c_stream__(self, requested_schema=None):
            raise pl.exceptions.ComputeError("cut off")

    (tmp_path / "rows.psv").write_bytes(b"")
    (tmp_path / "rows.odd").write_bytes(b"")
    (tmp_path / "rows.cut").write_bytes(b"")
    register("format", "psv", SimpleNamespace(read=lambda file: Exported()))
    register("format", "odd", SimpleNamespace(read=lambda file: [1, 2]))
    register("format", "cut", SimpleNamespace(read=lambda file: Cut()))

    (batch,) = stream(tmp_path / "rows.psv")

    assert batch.equals(ROWS)
    with pytest.raises(UsageError, match=r"rows\.odd: its format plugin read list, which is no table"):
        list(stream(tmp_path / "rows.odd"))
    with pytest.raises(InvalidDataError, match=r"rows\.cut: its table cannot be read: cut off"):
        list(stream(tmp_path / "rows.cut"))


def test_a_file_that_a_plugin_cannot_read_is_damaged(tmp_path):
    (tmp_path / "rows.odd").write_bytes(b"x")
    register("format", "odd", SimpleNamespace(read=lambda file: file.nothing))

    with pytest.raises(InvalidDataError, match=r"rows\.odd: not valid odd"):
        list(stream(tmp_path / "rows.odd"))


def test_a_format_that_can_only_write_holds_no_table(tmp_path):
    register("format", "out", SimpleNamespace(write=lambda file, value: file.write(value)))
    write(tmp_path / "x.out", b"abc")

    with pytest.raises(UnsupportedFormatError, match="no reader"):
        read(tmp_path / "x.out")
    with pytest.raises(UnsupportedFormatError, match=r"no table format has the suffix '\.out'"):
        list(stream(tmp_path / "x.out"))


@pytest.mark.parametrize("name", ["a.csv", "a.JSONL.gz", "a.pq", "a.zip", "a.psv", "a.PSV.zst"])
def test_a_name_that_a_table_can_have_passes(rows, name):
    check_table_name(name)


@pytest.mark.parametrize("name", ["a.xlsx", "a", "a.csv.bz2", "a.npy"])
def test_a_name_that_no_table_can_have_is_refused_with_what_there_is(rows, name):
    with pytest.raises(UnsupportedFormatError) as told:
        check_table_name(name)

    assert told.value.hint.endswith("; plugins bring .psv")


def test_a_broken_format_is_told_with_its_package(installed):
    installed("shelf", {"format": {"odd": "shelf.none"}})

    with pytest.raises(UnknownPluginError, match=r"format 'odd' of shelf 1\.0 \(shelf\.none\) does not load"):
        check_table_name("rows.odd")


def test_no_plugin_can_have_a_suffix_of_groundwork():
    known = {suffix.removeprefix(".") for suffix in (*_formats._by_suffix, *COMPRESSED)}

    assert known | {"pq", "zip"} == KINDS["format"].built_in
