import numpy as np
import polars as pl
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from groundwork.errors import ConfigurationError
from groundwork.serving._estimator import adapter_of


@pytest.fixture(scope="module")
def line():
    """Fitted on bare numbers: y = a + 2 b."""
    features = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    return LinearRegression().fit(features, features @ [1.0, 2.0])


@pytest.fixture(scope="module")
def named():
    """Fitted on named columns, one of them text."""
    frame = pl.DataFrame({"carrier": ["UA", "AA", "UA", "AA"], "hour": [1.0, 2.0, 3.0, 4.0]})
    encoder = ColumnTransformer(
        [("text", OneHotEncoder(handle_unknown="ignore"), ["carrier"])], remainder="passthrough"
    )
    return make_pipeline(encoder, LogisticRegression()).fit(frame, [1, 0, 1, 0])


def test_lists_of_numbers_are_predicted(ask, line):
    answer = ask({"m": line}, lambda client: client.predict([[1, 2], [0.5, True and 0.25]]))

    assert [round(value, 6) for value in answer.json["predictions"]] == [5.0, 1.0]
    assert answer.json["version"] == "1"


@pytest.mark.parametrize(
    ("instance", "detail"),
    [
        ([1], "instances[0]: has 1 values; the model takes 2"),
        ([1, "abc"], "instances[0][1]: 'abc' is not a number"),
        ([True, 1], "instances[0][0]: True is not a number"),
        ([1, [2]], "instances[0][1]: [2] is not a number"),
        ({"a": 1}, "instances[0]: a list of numbers is needed, not {'a': 1}"),
        ([1, 10**400], "instances[0][1]: is too large a number"),
    ],
)
def test_a_mistake_is_named_by_its_place(ask, line, instance, detail):
    answer = ask({"m": line}, lambda client: client.predict([instance]))

    assert (answer.status, answer.json["detail"]) == (422, detail)


def test_a_row_that_the_estimator_refuses_is_the_clients_to_mend(ask, line):
    answer = ask({"m": line}, lambda client: client.predict([[1, 2], [None, 1]]))

    assert answer.status == 422
    assert answer.json["detail"].startswith("instances[1]: the model refuses this row: Input X contains NaN")


def test_named_columns_come_as_objects_or_as_lists_in_their_order(ask, named):
    instances = [{"hour": 2, "carrier": "UA"}, {"carrier": "AA", "hour": 2.5}, ["UA", 1.0]]

    answer = ask({"m": named}, lambda client: client.predict(instances))

    assert answer.json["predictions"] == [1, 0, 1]


def test_every_wrong_column_of_every_row_is_named(ask, named):
    instances = [{"hour": 1, "carier": "UA"}, {"hour": {}, "carrier": None}, "text"]

    answer = ask({"m": named}, lambda client: client.predict(instances))

    assert [error["detail"] for error in answer.json["errors"]] == [
        "instances[0].carier: is not a column of the model; did you mean 'carrier'?",
        "instances[0].carrier: is missing",
        "instances[1].hour: {} is not a number, text, true, false or null",
        "instances[2]: an object of columns is needed, not 'text'",
    ]


def test_a_column_like_no_other_gets_no_suggestion(ask, named):
    answer = ask({"m": named}, lambda client: client.predict([{"hour": 1, "carrier": "UA", "zzz": 1}]))

    assert answer.json["detail"] == "instances[0].zzz: is not a column of the model"


def test_text_where_the_model_needs_a_number_fails_that_row_only(ask, named):
    async def talk(client):
        return await client.predict([{"hour": 1.0, "carrier": "UA"}, {"hour": "abc", "carrier": "UA"}])

    answer = ask({"m": named}, talk)

    assert answer.status == 422
    assert [error["pointer"] for error in answer.json["errors"]] == ["#/instances/1"]


def test_the_schema_is_of_a_list_or_of_an_object(ask, line, named):
    async def talk(client):
        return [(await client.get(f"/v2/models/{name}")).json for name in ("line", "named")]

    bare, columns = ask({"line": line, "named": named}, talk)

    assert bare["example"] == [0.0, 0.0]
    assert bare["inputs"] == [{"name": "instances", "datatype": "FP64", "shape": [-1, 2]}]
    assert columns["schema"]["required"] == ["carrier", "hour"]
    assert columns["example"] == {"carrier": 0.0, "hour": 0.0}


def test_an_estimator_that_was_never_fitted_is_refused(served):
    import asyncio

    async def main():
        async with served({"m": LinearRegression()}) as client:
            return client.app.failure

    failure = asyncio.run(main())

    assert isinstance(failure, ConfigurationError)
    assert "not fitted" in failure.message


def test_named_columns_are_numbers_unless_an_encoder_has_learnt_text():
    frame = pl.DataFrame({"age": [1.0, 2.0], "code": ["a", "b"]})
    encoded = ColumnTransformer([("text", OneHotEncoder(), ["code"])], remainder="passthrough")
    mixed = make_pipeline(encoded, LinearRegression()).fit(frame, [0.0, 1.0])
    plain = LinearRegression().fit(frame.select("age"), [0.0, 1.0])

    datatypes = [[spec.datatype for spec in adapter_of(model).inputs] for model in (mixed, plain)]

    assert datatypes == [["FP64", "BYTES"], ["FP64"]]
