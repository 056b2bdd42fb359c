"""A cell of text means the same to training and to prediction, whatever way it comes."""

import io

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundwork.errors import InvalidDataError
from groundwork.modeling import cast_columns
from groundwork.modeling._instances import InstanceReader
from groundwork.storage import stream

DTYPES = [
    pl.Int8(),
    pl.Int64(),
    pl.UInt64(),
    pl.Float32(),
    pl.Float64(),
    pl.Boolean(),
    pl.Date(),
    pl.Datetime("us"),
    pl.Datetime("us", "UTC"),
    pl.Datetime("ms", "America/New_York"),
    pl.String(),
]
# What differs between parsers: blanks, signs, fractions, offsets, half a time.
TEXTS = ["1", " 1", "1 ", "+1", "01", "1.0", "1.5", "1e3", ".5", "300", "-1", "9" * 20, "nan", "NaN", "inf", "NA"]
TEXTS += ["true", "TRUE", "t", "yes", "0", "2", "x", "2013-01-31", "2013-1-31", "20130131", "2013-02-30"]
TIMES = ["06:00", "06:00:00", "06:00:00.5", "06:00:00.123456", "6:00:00"]
MOMENTS = [f"2013-01-31{mark}{time}" for mark in ("T", "t", " ", "  ") for time in TIMES]
MOMENTS += [f"{moment}{zone}" for moment in MOMENTS for zone in ("Z", "z", "+02:00", "-0330", " UTC")]

cells = st.sampled_from(TEXTS + MOMENTS) | st.from_regex(r"[-+.0-9eTtZ: ]{1,12}", fullmatch=True)


def in_training(folder, text, dtype):
    path = folder / "cell.csv"
    pl.DataFrame({"cell": [text], "other": "x"}).write_csv(path)
    try:
        (frame,) = stream(path, columns={"cell": dtype}, null_values=["NA"])
    except InvalidDataError:
        return "refused"
    return frame["cell"].item()


def in_prediction(text, dtype):
    frame = pl.read_csv(io.StringIO(pl.DataFrame({"cell": [text]}).write_csv()), infer_schema=False)
    try:
        return cast_columns(frame, {"cell": dtype}, null_values=["NA"])["cell"].item()
    except InvalidDataError:
        return "refused"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("cells")


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_every_odd_text_is_read_alike_in_a_training_file_and_in_a_prediction(dtype, folder):
    differing = [
        (text, first, second)
        for text in TEXTS + MOMENTS
        if repr(first := in_training(folder, text, dtype)) != repr(second := in_prediction(text, dtype))
    ]

    assert differing == []


@settings(deadline=None, max_examples=50)
@given(text=cells, dtype=st.sampled_from(DTYPES))
def test_any_text_is_read_alike_in_a_training_file_and_in_a_prediction(text, dtype, folder):
    assert repr(in_training(folder, text, dtype)) == repr(in_prediction(text, dtype))


@pytest.mark.parametrize("dtype", [pl.Datetime("us"), pl.Datetime("us", "UTC")], ids=str)
@pytest.mark.parametrize("text", MOMENTS)
def test_a_request_never_gives_a_time_another_meaning_than_a_file(text, dtype, folder):
    reader = InstanceReader({"cell": dtype}, frozenset())
    try:
        asked = pl.Series([reader.read([{"cell": text}])[0]["cell"]], dtype=dtype).item()
    except InvalidDataError:
        return

    assert asked == in_training(folder, text, dtype)
