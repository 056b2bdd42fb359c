"""Names of types."""

import polars as pl
import pytest

from groundwork.data import dtype_of
from groundwork.data._dtypes import TYPES
from groundwork.errors import ConfigurationError


@pytest.mark.parametrize(
    ("name", "dtype"),
    [
        ("int64", pl.Int64()),
        ("Float64", pl.Float64()),
        ("str", pl.String()),
        ("Categorical", pl.String()),
        ("bool", pl.Boolean()),
        ("Date", pl.Date()),
        ("datetime", pl.Datetime("us")),
        ("Datetime[UTC]", pl.Datetime("us", "UTC")),
        ("datetime[ms, Europe/Berlin]", pl.Datetime("ms", "Europe/Berlin")),
        (str(pl.Datetime("ns", "UTC")), pl.Datetime("ns", "UTC")),
        (str(pl.Datetime("us")), pl.Datetime("us")),
        (str(pl.Datetime("us", "Etc/GMT+5")), pl.Datetime("us", "Etc/GMT+5")),
        (str(pl.Datetime("us", "America/Argentina/Buenos_Aires")), pl.Datetime("us", "America/Argentina/Buenos_Aires")),
        (str(pl.Enum(["a", "b"])), pl.String()),
        ("TIMESTAMP", pl.Datetime("us")),
    ],
)
def test_names_of_dtypes_are_understood(name, dtype):
    assert dtype_of(name) == dtype


@pytest.mark.parametrize("name", TYPES)
def test_every_name_of_a_schema_is_one_of_a_model(name):
    assert dtype_of(name) == pl.String() if name == "Categorical" else dtype_of(name) == TYPES[name]


@pytest.mark.parametrize(("name", "hint"), [("itn64", "Int64"), ("%%%%", "one of Int8")])
def test_an_unknown_dtype_names_the_nearest(name, hint):
    with pytest.raises(ConfigurationError) as caught:
        dtype_of(name)

    assert hint in caught.value.hint
