import datetime as dt
import json

import numpy as np
import polars as pl
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LinearRegression, RidgeClassifier

from groundwork.errors import CheckpointCorrupt, ConfigurationError, InvalidDataError, ModelNotFoundError
from groundwork.modeling import RawColumn, TableSpec, TabularModel, load_model, training
from groundwork.storage import CheckpointStore


@pytest.fixture
def times():
    """A model of columns of every kind of time and number."""
    columns = {"day": "date", "at": "datetime[UTC]", "local": "datetime", "ratio": "float64", "level": "uint8"}
    spec = TableSpec(
        name="times",
        columns={name: RawColumn(dtype=dtype, nullable=False) for name, dtype in columns.items()},
        derive={
            "weekday": "pl.col('day').dt.weekday()",
            "hour": "pl.col('at').dt.hour()",
            "minute": "pl.col('local').dt.minute()",
        },
        features=dict.fromkeys(("weekday", "hour", "minute", "ratio", "level"), "numeric"),
        target="y",
        task="regression",
    )
    rows = pl.DataFrame(np.eye(5), schema=list(spec.features))
    estimator = LinearRegression().fit(rows, np.arange(5.0))
    return TabularModel(estimator, spec)


@pytest.fixture
def moment():
    return {
        "day": "2013-01-31",
        "at": "2013-01-31T06:00:00+02:00",
        "local": "2013-01-31T06:30:00",
        "ratio": 1,
        "level": 5.0,
    }


def test_a_row_is_predicted_the_same_alone_in_a_batch_and_in_a_file(model, raw):
    rows = raw.head(40).to_dicts()
    in_file = model.predict_frame(raw)["probability"].to_list()[:40]

    batch = model.predict(model.parse(rows))
    alone = [model.predict([row])[0] for row in rows]

    assert [each["probability"] for each in batch] == in_file
    assert alone == batch


def test_the_threshold_decides_the_class(model, raw):
    predicted = model.predict_frame(raw)

    expected = ["good" if each >= 0.4 else "bad" for each in predicted["probability"]]
    assert predicted["prediction"].to_list() == expected
    assert {"good", "bad"} == set(expected)


def test_classes_keep_their_type(model, raw, spec):
    plain = TabularModel(model.estimator, spec.model_copy(update={"classes": (False, True)}), model.tables)

    assert isinstance(plain.predict(raw.head(1).to_dicts())[0]["prediction"], bool)


def test_the_model_has_learned(model, raw, outcome):
    from groundwork.modeling.evaluation import evaluate_classification

    score = model.score_features(model.prepare(raw))

    assert evaluate_classification(outcome, score)["roc_auc"] > 0.8


def test_no_rows_give_no_predictions(model, raw):
    assert model.predict([]) == []
    assert model.predict_frame(raw.clear()).schema == {"prediction": pl.String, "probability": pl.Float64}


def test_other_columns_of_an_instance_are_ignored_and_nullable_ones_may_be_absent(model, instance):
    del instance["size"]

    assert set(model.predict([instance])[0]) == {"prediction", "probability"}


def test_a_looked_up_column_may_be_given(model, instance):
    given = model.parse([{**instance, "rain": 3}])

    assert given[0]["rain"] == 3.0


def test_all_mistakes_of_a_request_are_told_at_once_each_with_row_and_column(model, instance):
    bad = {**instance, "shop": 5, "size": 1.5, "open": "yes"}
    del bad["town"]

    with pytest.raises(InvalidDataError, match=r"instance 1, column 'shop' is 5 \(int\); it must be text") as caught:
        model.predict([instance, bad, {**instance, "time": None}, "row"])

    context = caught.value.context
    assert (context["row"], context["column"], context["count"]) == (1, "shop", 6)
    assert [(each["row"], each["column"]) for each in context["mistakes"]] == [
        (1, "shop"),
        (1, "town"),
        (1, "size"),
        (1, "open"),
        (2, "time"),
        (3, None),
    ]
    assert "(5 more mistakes)" in caught.value.message


def test_one_mistake_is_told_alone(model, instance):
    with pytest.raises(InvalidDataError) as caught:
        model.parse([{**instance, "shop": "x" * 10, "time": "y" * 100}])

    assert "more mistake" not in caught.value.message
    assert "..." in caught.value.message


def test_the_list_of_mistakes_is_bounded(model):
    with pytest.raises(InvalidDataError) as caught:
        model.parse([{}] * 50)

    assert len(caught.value.context["mistakes"]) == 20
    assert caught.value.context["count"] == 200


def test_dates_and_times_are_read_as_iso_8601(times, moment):
    row = times.parse([moment])[0]

    assert row == {
        "day": dt.date(2013, 1, 31),
        "at": dt.datetime(2013, 1, 31, 4, tzinfo=dt.UTC),
        "local": dt.datetime(2013, 1, 31, 6, 30),
        "ratio": 1.0,
        "level": 5,
    }
    assert times.parse([dict(row)]) == [row]
    # Thursday is 4, hour 4, minute 30, ratio 1, level 5 against the coefficients -2 to 2 around a mean of 2.
    assert times.predict([row]) == [
        {"prediction": pytest.approx(times.score_features(times.prepare(frame_of(row)))[0])}
    ]


def frame_of(row):
    return pl.DataFrame([dict(row)])


@pytest.mark.parametrize(
    "change",
    [
        {"day": "soon"},
        {"day": 5},
        {"at": "noon"},
        {"local": 5},
        {"ratio": "1"},
        {"ratio": True},
        {"ratio": float("inf")},
        {"level": 256},
        {"level": -1},
        {"level": True},
        {"level": float("nan")},
        {"level": float("inf")},
    ],
)
def test_a_value_of_another_type_or_out_of_range_is_refused(times, moment, change):
    with pytest.raises(InvalidDataError) as caught:
        times.parse([{**moment, **change}])

    assert caught.value.context["column"] == next(iter(change))


def test_the_input_schema_describes_what_is_needed(model):
    schema = model.input_schema()

    assert schema["required"] == ["shop", "town", "time", "open"]
    assert schema["properties"]["size"] == {"type": ["integer", "null"]}
    assert "Looked up in weather by town" in schema["properties"]["rain"]["description"]
    assert model.predict([schema["example"]])
    json.dumps(schema)


def test_the_example_of_a_real_row_is_kept(model, spec):
    real = {"shop": "north", "town": "B", "size": 2, "time": 5, "open": False, "note": "x"}

    schema = TabularModel(model.estimator, spec.model_copy(update={"example": real}), model.tables).input_schema()

    assert schema["example"] == {key: value for key, value in real.items() if key != "note"}


def test_the_input_schema_of_times_gives_their_format_and_an_example_that_parses(times):
    schema = times.input_schema()

    assert [schema["properties"][name].get("format") for name in ("day", "at", "ratio")] == ["date", "date-time", None]
    assert len(times.predict([schema["example"]])) == 1


def test_a_model_without_its_table_is_refused(model, spec):
    with pytest.raises(ConfigurationError, match="weather are missing"):
        TabularModel(model.estimator, spec)


def test_a_classifier_of_three_classes_or_without_probabilities_is_refused(spec):
    three = DummyClassifier().fit([[0]] * 3, [1, 2, 3])
    hard = RidgeClassifier().fit([[0], [1]], [0, 1])
    bare = TableSpec.model_validate({**spec.model_dump(), "features": {"shop": "categorical"}})

    with pytest.raises(ConfigurationError, match="two classes apart"):
        TabularModel(three, bare)
    with pytest.raises(ConfigurationError, match="no probabilities"):
        TabularModel(hard, bare)


def test_a_saved_model_predicts_the_same(model, raw, tmp_path):
    info = model.save(CheckpointStore(tmp_path), step=3, metrics={"roc_auc": 0.9}, metadata={"by": "test"})

    loaded = load_model(info.path)

    assert loaded.predict_frame(raw).equals(model.predict_frame(raw))
    assert (loaded.name, loaded.version, loaded.spec) == ("shops", "run-1", model.spec)


def test_without_a_version_the_step_is_one(model, tmp_path):
    unnamed = TabularModel(model.estimator, model.spec.model_copy(update={"version": ""}), model.tables)

    info = unnamed.save(CheckpointStore(tmp_path), step=12)

    assert load_model(info.path).version == "12"


def test_a_regression_predicts_numbers(raw, spec, weather):
    linear = spec.model_copy(update={"features": {"minute": "numeric"}, "task": "regression"})
    minutes = (raw["time"] // 100 * 60 + raw["time"] % 100).to_frame("minute")
    fitted = training.train(
        "sklearn.linear_model.LinearRegression", minutes, target=minutes["minute"], features={"minute": "numeric"}
    ).estimator

    predicted = TabularModel(fitted, TableSpec.model_validate(linear.model_dump())).predict_frame(raw)

    assert predicted.columns == ["prediction"]
    np.testing.assert_allclose(predicted["prediction"], minutes["minute"])


def test_a_checkpoint_without_a_spec_is_no_tabular_model(tmp_path):
    info = CheckpointStore(tmp_path).save(LinearRegression().fit([[0], [1]], [0, 1]), step=1)

    with pytest.raises(ModelNotFoundError, match="no table spec"):
        load_model(info.path)


def test_a_spec_that_cannot_be_read_is_a_corrupt_checkpoint(model, tmp_path):
    files = {"table_spec.json": b'{"name": "x"}'}
    info = CheckpointStore(tmp_path).save(model.estimator, step=1, files=files)

    with pytest.raises(CheckpointCorrupt, match="cannot be read"):
        load_model(info.path)
