import numpy as np
import polars as pl
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin

from groundwork.errors import ConfigurationError, InvalidDataError, TrainingFailedError, UnknownPluginError, first_line
from groundwork.modeling import training
from groundwork.modeling.preprocessing import PreprocessingSettings
from groundwork.modeling.training import build_estimator, import_estimator, train

BOOSTING = "sklearn.ensemble.HistGradientBoostingClassifier"
KINDS = {"x": "numeric", "c": "categorical"}


class Failing(ClassifierMixin, BaseEstimator):
    def __init__(self, error=None):
        self.error = error

    def fit(self, features, outcome):
        raise self.error

    def predict(self, features):
        raise NotImplementedError


class Passing(Failing):
    """Passes its parameters on to its base, as XGBClassifier does."""

    def __init__(self, objective="x", **kwargs):
        super().__init__(**kwargs)
        self.objective = objective


class Open(BaseEstimator):
    """Takes any parameter."""

    def __init__(self, *, random_state=None, **kwargs):
        self.random_state, self.kwargs = random_state, kwargs

    def fit(self, features, outcome):
        raise NotImplementedError

    def predict(self, features):
        raise NotImplementedError


def fit(rows, target, kinds, estimator, params=None, **how):
    return train(estimator, rows, target=target, features=kinds, params=params, **how).estimator


@pytest.fixture
def rows():
    return pl.DataFrame({"x": [float(i) for i in range(40)], "c": ["a", "b"] * 20})


@pytest.fixture
def target():
    return [i >= 20 for i in range(40)]


@pytest.mark.parametrize("path", [BOOSTING, "sklearn.ensemble:HistGradientBoostingClassifier"])
def test_an_import_path_leads_to_the_class(path):
    assert import_estimator(path).__name__ == "HistGradientBoostingClassifier"


@pytest.mark.parametrize("path", ["", "LogisticRegression", "sklearn..x", "os.system('x')"])
def test_what_is_no_import_path_is_a_mistake_of_the_configuration(path):
    with pytest.raises(ConfigurationError, match="not an import path"):
        import_estimator(path)


def test_a_name_without_dots_is_that_of_a_plugin(installed):
    installed("shelf", {"estimator": {"nearest": "shelf:Nearest"}})

    assert import_estimator("nearest").__module__ == "shelf"
    with pytest.raises(ConfigurationError, match="no plugin has this name") as near:
        import_estimator("neerest")
    with pytest.raises(ConfigurationError) as far:
        import_estimator("LogisticRegression")
    assert (near.value.hint, far.value.hint) == ("did you mean 'nearest'?", "plugins bring nearest")


def test_a_misspelled_class_names_the_nearest():
    with pytest.raises(UnknownPluginError) as caught:
        import_estimator("sklearn.ensemble.HistGradientBoostClassifier")

    assert "HistGradientBoostingClassifier" in caught.value.hint


def test_an_unlike_name_has_no_nearest():
    with pytest.raises(UnknownPluginError) as caught:
        import_estimator("sklearn.ensemble.zzzzqqq")

    assert caught.value.hint is None


def test_a_missing_module_is_told():
    with pytest.raises(UnknownPluginError, match="no_such_package"):
        import_estimator("no_such_package.Model")


@pytest.mark.parametrize("path", ["os.path.join", "pathlib.Path", "sklearn.preprocessing.StandardScaler"])
def test_only_classes_with_fit_and_predict_are_estimators(path):
    with pytest.raises(UnknownPluginError, match="not an estimator"):
        import_estimator(path)


def test_the_seed_is_given_where_the_estimator_takes_one():
    assert build_estimator(BOOSTING, seed=5).random_state == 5
    assert build_estimator(BOOSTING, {"random_state": 9}, seed=5).random_state == 9
    assert not hasattr(build_estimator("sklearn.linear_model.LinearRegression", seed=5), "random_state")


@pytest.mark.parametrize(("name", "hint"), [("max_itr", "max_iter"), ("qqqqqq", "it takes")])
def test_an_unknown_parameter_is_named(name, hint):
    with pytest.raises(ConfigurationError, match=name) as caught:
        build_estimator(BOOSTING, {name: 3})

    assert hint in caught.value.hint


def test_the_same_seed_gives_the_same_model(rows, target):
    forest = "sklearn.ensemble.RandomForestClassifier"

    first, again = (fit(rows, target, KINDS, forest, {"n_estimators": 5}, seed=3).predict_proba(rows) for _ in range(2))

    np.testing.assert_array_equal(first, again)


def test_boosting_is_told_which_columns_are_categories(rows, target):
    fitted = fit(rows, target, KINDS, BOOSTING)

    assert fitted["estimator"].categorical_features == [True, False]


def test_more_categories_than_bins_are_numbers(rows, target):
    wide = rows.with_columns(c=pl.int_range(40).cast(pl.String))

    fitted = fit(wide, target, KINDS, BOOSTING, {"max_bins": 10})

    assert fitted["estimator"].categorical_features == "from_dtype"


@pytest.mark.parametrize(
    ("params", "settings", "expected"),
    [
        ({"categorical_features": None}, PreprocessingSettings(), None),
        ({}, PreprocessingSettings(categorical="onehot"), "from_dtype"),
    ],
)
def test_the_user_s_word_on_categories_stands(rows, target, params, settings, expected):
    fitted = fit(rows, target, KINDS, BOOSTING, params, settings=settings)

    assert fitted["estimator"].categorical_features == expected


def test_a_linear_model_with_its_settings_learns(rows, target):
    how = PreprocessingSettings(categorical="onehot", numeric_impute="median", scale="standard")

    fitted = fit(rows, target, KINDS, "sklearn.linear_model.LogisticRegression", settings=how)

    assert fitted.score(rows, target) == 1.0


def test_a_regressor_may_have_a_constant_target(rows):
    fitted = fit(rows, [1.5] * 40, {"x": "numeric"}, "sklearn.linear_model.LinearRegression")

    np.testing.assert_allclose(fitted.predict(rows.select("x")), 1.5)


def test_no_rows_are_refused(rows):
    with pytest.raises(InvalidDataError, match="no rows"):
        fit(rows.clear(), [], KINDS, BOOSTING)


def test_another_number_of_targets_is_refused(rows):
    with pytest.raises(InvalidDataError, match="40 rows but 2 target values"):
        fit(rows, [True, False], KINDS, BOOSTING)


@pytest.mark.parametrize("gap", [None, float("nan")])
def test_a_gap_in_the_target_is_counted(rows, gap):
    with pytest.raises(InvalidDataError, match="missing in 1 of 40 rows"):
        fit(rows, [gap, *map(float, range(39))], KINDS, BOOSTING)


def test_one_class_is_refused_in_plain_words(rows):
    with pytest.raises(InvalidDataError, match="one class only, True, in all 40 rows"):
        fit(rows, pl.Series([True] * 40), KINDS, BOOSTING)


@pytest.mark.parametrize(
    ("error", "words"), [(MemoryError(), "memory ran out"), (ValueError("odd\nthing"), "failed on 40 rows: odd$")]
)
def test_a_failing_estimator_ends_in_one_kind_of_error_with_its_cause(rows, target, error, words):
    with pytest.raises(TrainingFailedError, match=words) as caught:
        fit(rows, target, KINDS, Failing, {"error": error})

    assert type(caught.value.__cause__) is type(error)


def test_an_interrupt_is_not_swallowed(rows, target):
    with pytest.raises(KeyboardInterrupt):
        fit(rows, target, KINDS, Failing, {"error": KeyboardInterrupt()})


def test_an_error_without_words_is_told_by_its_type():
    assert first_line(ValueError()) == "ValueError"


def test_parameters_that_a_class_passes_on_to_its_base_are_its_own():
    assert build_estimator(Passing, {"error": "e", "objective": "y"}).error == "e"
    with pytest.raises(ConfigurationError, match="no parameter 'errer'"):
        build_estimator(Passing, {"errer": "e"})


def test_a_class_of_open_parameters_is_given_what_it_is_given():
    made = build_estimator(Open, {"depth": 3}, seed=5)

    assert (made.kwargs, made.random_state) == ({"depth": 3}, 5)


def test_every_name_of_the_door_is_there_and_no_other():
    assert sorted(training.__all__) == dir(training)
    assert all(callable(getattr(training, name)) for name in training.__all__)
    with pytest.raises(AttributeError, match=r"'groundwork\.modeling\.training' has no attribute 'fit'"):
        _ = training.fit
