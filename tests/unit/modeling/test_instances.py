import polars as pl
import pytest

from groundwork.errors import InvalidDataError
from groundwork.modeling._instances import InstanceReader

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
