"""A value is judged in a request as it was in the training rows."""

import polars as pl
import pytest

from groundwork.data import Dataset, Schema
from groundwork.modeling._rules import check_of
from groundwork.modeling._spec import RawColumn


@pytest.mark.parametrize("bounds", [{"min": 0.0}, {"max": 9.0}, {"min": 0.0, "max": 9.0}, {"allowed": (0.0, 4.5)}])
@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), -0.5, 0.0, 4.5, 9.0, 9.5])
def test_a_number_is_refused_by_a_request_where_training_refuses_it(bounds, value):
    schema = Schema.model_validate({"columns": {"x": {"dtype": "Float64", **bounds}}})
    in_training = Dataset.scan(pl.DataFrame({"x": [value]}), schema=schema).validate().rows_out

    check = check_of(RawColumn(dtype="Float64", **bounds), pl.Float64())

    assert check is not None
    assert (check(value) is None) == (in_training == 1)
