"""The model that a run leaves, behind the server."""

import asyncio
import json

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

from groundwork.modeling import TableSpec, TabularModel
from groundwork.storage import CheckpointStore

COLUMNS = {
    "hour": {"dtype": "int64", "nullable": False},
    "load": {"dtype": "float64", "nullable": False},
    "day": {"dtype": "date"},
    "at": {"dtype": "datetime"},
    "full": {"dtype": "boolean"},
    "site": {"dtype": "string"},
}

values = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.just(10**400)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
    | st.dates().map(str)
    | st.datetimes().map(str)
    | st.datetimes().map(lambda at: f"{at}+14:00")
)
rows = st.fixed_dictionaries({}, optional=dict.fromkeys(COLUMNS, values))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A checkpoint of a model of two columns."""
    frame = pl.DataFrame({"hour": [0, 6, 12, 18], "load": [0.1, 0.2, 0.8, 0.9]})
    spec = TableSpec.model_validate(
        {
            "name": "late",
            "columns": COLUMNS,
            "derive": {
                "known": "pl.col('day').is_null() & pl.col('at').is_null() & pl.col('full').is_null()"
                " & pl.col('site').is_null()"
            },
            "features": {"hour": "numeric", "load": "numeric", "known": "boolean"},
            "target": "late",
            "example": {"hour": 7, "load": 0.5},
        }
    )
    features = frame.with_columns(known=pl.lit(value=True))
    model = TabularModel(LogisticRegression().fit(features, [0, 0, 1, 1]), spec)
    return model.save(CheckpointStore(tmp_path_factory.mktemp("store")), step=5).path


def test_a_checkpoint_folder_is_loaded_warmed_and_served(ask, folder):
    async def talk(client):
        return await client.get("/v2/models/late"), await client.predict([{"hour": 18, "load": 0.9}])

    described, predicted = ask({"late": folder}, talk)

    assert (described.json["example"]["hour"], described.json["example"]["load"]) == (7, 0.5)
    assert predicted.json["version"] == "5"
    assert predicted.json["predictions"][0]["prediction"] == 1
    assert 0.5 < predicted.json["predictions"][0]["probability"] < 1


def test_all_mistakes_are_named_by_row_and_column(ask, folder):
    answer = ask({"late": folder}, lambda client: client.predict([{"hour": 1, "load": 1}, {"hour": "abc"}, 3]))

    assert answer.status == 422
    assert [error["pointer"] for error in answer.json["errors"]] == [
        "#/instances/1/hour",
        "#/instances/1/load",
        "#/instances/2",
    ]


@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(rows, min_size=1, max_size=3), min_size=5, max_size=15))
def test_no_rows_are_answered_with_a_500(served, folder, documents):
    async def main():
        async with served({"late": folder}) as client:
            for instances in documents:
                body = json.dumps({"instances": instances}).encode()
                answer = await client.request("POST", "/predict", body=body)
                assert answer.status in (200, 422), (instances, answer.body)

    asyncio.run(main())
