"""The transformers are scikit-learn's in every respect, and are saved without a pickle."""

import pickle
from datetime import date

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import estimator_checks_generator

from groundwork.errors import InvalidDataError
from groundwork.modeling import preprocessing
from groundwork.modeling.preprocessing import DateParts, OutlierClipper, RareGrouper
from groundwork.storage import CheckpointStore

FRAME = pl.DataFrame(
    {
        "n": [1.0, None, 3.0, 900.0],
        "k": ["a", "b", None, "a"],
        "d": [date(2024, 1, 1), None, date(2024, 5, 5), date(2023, 7, 7)],
    }
)
NEW = pl.DataFrame({"n": [None, 5e6], "k": ["new", None], "d": [date(2025, 1, 1), None]})
OURS = {
    "OutlierClipper": (OutlierClipper("iqr"), "n"),
    "RareGrouper": (RareGrouper("count", threshold=2), "k"),
    "DateParts": (DateParts("cyclic", parts=["year", "month", "elapsed_days"]), "d"),
}
ALL = OURS | {
    **{f"imputer {how}": (preprocessing.imputer(how, indicator=True), "n") for how in ("mean", "most_frequent")},
    **{f"scaler {how}": (preprocessing.scaler(how), "n") for how in ("standard", "robust", "minmax")},
    **{f"encoder {how}": (preprocessing.encoder(how, folds=2), "k") for how in ("onehot", "ordinal", "target")},
}


def checks():
    # Without numbers (texts, dates) scikit-learn has no checks; what remains of them stands below.
    for transformer in (OutlierClipper(), RareGrouper("count", threshold=1, other=-1.0)):
        for each, check in estimator_checks_generator(transformer):
            # Wants SCIPY_ARRAY_API to be set before scikit-learn is imported; these transformers do not claim that API.
            if check.func.__name__ != "check_array_api_input":
                yield pytest.param(each, check, id=f"{type(each).__name__}-{check.func.__name__}")


@pytest.mark.parametrize(("transformer", "check"), list(checks()))
def test_scikit_learns_own_checks_pass(transformer, check):
    check(transformer)


@pytest.mark.parametrize("name", OURS)
def test_a_transformer_is_cloned_with_its_options_and_without_its_state(name):
    transformer, column = OURS[name]
    fitted = clone(transformer).fit(FRAME.select(column))

    copy = clone(fitted)

    assert transformer.get_params() == copy.get_params()
    with pytest.raises(NotFittedError):
        copy.transform(FRAME.select(column))


@pytest.mark.parametrize("name", OURS)
def test_names_of_columns_go_through_and_frames_come_out_on_demand(name):
    transformer, column = OURS[name]
    fitted = clone(transformer).fit(FRAME.select(column))
    plain = fitted.transform(NEW.select(column))

    frame = fitted.set_output(transform="polars").transform(NEW.select(column))

    assert fitted.get_feature_names_out().tolist() == frame.columns
    assert [column] == fitted.feature_names_in_.tolist()
    assert_frame_equal(pl.DataFrame(plain, schema=frame.columns, orient="row"), frame)


@pytest.mark.parametrize("name", OURS)
def test_other_columns_than_in_training_are_refused(name):
    transformer, column = OURS[name]
    fitted = clone(transformer).fit(FRAME.select(column))

    with pytest.raises(ValueError, match="feature names"):
        fitted.transform(NEW.select(pl.col(column).alias("another")))


def test_date_parts_name_the_columns_of_an_array_by_place():
    fitted = DateParts(parts=["year"]).fit(np.array([["2024-01-01", "2025-01-01"]], dtype="datetime64[D]"))

    assert ["x0_year", "x1_year"] == fitted.get_feature_names_out().tolist()


@pytest.mark.parametrize(
    ("rows", "words"),
    [(np.array(["2024-01-01"], dtype="datetime64[D]"), "shape"), (FRAME.select("d").clear(), "no rows to learn from")],
)
def test_date_parts_need_rows_and_columns(rows, words):
    with pytest.raises(InvalidDataError, match=words):
        DateParts().fit(rows)


def test_they_work_as_steps_of_a_pipeline():
    columns = ColumnTransformer(
        [
            ("n", make_pipeline(OutlierClipper("iqr"), preprocessing.imputer(), preprocessing.scaler()), ["n"]),
            ("k", make_pipeline(RareGrouper("count", threshold=2), preprocessing.encoder()), ["k"]),
            ("d", make_pipeline(DateParts(), preprocessing.imputer()), ["d"]),
        ],
        verbose_feature_names_out=False,
    )

    _, (train, test) = preprocessing.fit_on_train(columns, FRAME, NEW)

    assert ["n", "k_a", "k_other", "k_None", "d_year", "d_month", "d_day", "d_weekday"] == train.columns
    assert [1.0, 0.0] == test["k_other"].to_list()
    assert not test.select(pl.all().is_nan().any()).row(0).count(True)


@pytest.mark.parametrize("name", ALL)
def test_what_was_learned_is_saved_without_a_pickle_and_loaded_without_trust(name, tmp_path):
    transformer, column = ALL[name]
    target = [1.0, 2.5, 3.0, 4.0] if name == "encoder target" else None
    fitted, (_, before) = preprocessing.fit_on_train(
        transformer, FRAME.select(column), NEW.select(column), target=target
    )
    store = CheckpointStore(tmp_path)

    info = store.save(fitted, step=1)
    loaded = store.load(1).model

    assert "skops" == info.format
    assert_frame_equal(before, loaded.transform(NEW.select(column)), check_exact=True)


@pytest.mark.parametrize("name", OURS)
def test_a_saved_transformer_names_the_package_and_not_a_file_inside_it(name):
    transformer, _ = OURS[name]

    assert f"groundwork.modeling.preprocessing.{name}" == f"{type(transformer).__module__}.{type(transformer).__name__}"
    assert type(pickle.loads(pickle.dumps(transformer))) is getattr(preprocessing, name)


def test_a_name_that_the_package_does_not_have_is_an_attribute_error():
    with pytest.raises(AttributeError, match="'Scaler'"):
        preprocessing.Scaler  # noqa: B018
