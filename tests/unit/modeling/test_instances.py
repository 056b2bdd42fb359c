import datetime as dt
import json

import polars as pl
import pytest

from groundwork.errors import InvalidDataError
from groundwork.modeling._instances import InstanceReader, example_value

READER = InstanceReader(
    {"load": pl.Float64(), "hour": pl.Int64(), "day": pl.Date(), "full": pl.Boolean(), "site": pl.String()},
    frozenset({"load", "hour", "day", "full", "site"}),
)


@pytest.mark.parametrize("column", ["load", "hour", "day", "full", "site"])
@pytest.mark.parametrize("digits", [400, 5_000])
def test_an_integer_of_any_length_is_a_named_mistake(column, digits):
    with pytest.raises(InvalidDataError) as raised:
        READER.read([{}, {column: 10**digits}])

    assert (raised.value.context["row"], raised.value.context["column"]) == (1, column)
    assert len(raised.value.message) < 200


@pytest.mark.parametrize(
    ("zone", "text", "wanted"),
    [("UTC", "2013-01-31T06:00:00", "with an offset"), (None, "2013-01-31T06:00:00+02:00", "without an offset")],
)
def test_a_time_whose_zone_would_have_to_be_guessed_is_a_mistake(zone, text, wanted):
    reader = InstanceReader({"at": pl.Datetime("us", zone)}, frozenset())

    with pytest.raises(InvalidDataError, match=wanted):
        reader.read([{"at": text}])


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", None])
def test_the_example_of_a_time_and_what_polars_writes_of_one_are_accepted(zone):
    reader = InstanceReader({"at": pl.Datetime("us", zone)}, frozenset())
    moment = pl.Series("at", [dt.datetime(2013, 1, 31, 6, 0, 1)]).dt.replace_time_zone(zone)
    written = json.loads(moment.to_frame().write_ndjson())

    (example, again) = reader.read([{"at": example_value(pl.Datetime("us", zone))}, written])

    assert isinstance(example["at"], dt.datetime)
    assert pl.Series([again["at"]], dtype=moment.dtype).item() == moment.item()
