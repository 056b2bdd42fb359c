import json
import warnings

import joblib
import numpy as np
import polars as pl
import pytest
from sklearn.cluster import MiniBatchKMeans
from sklearn.linear_model import SGDClassifier
from sklearn.preprocessing import StandardScaler

from groundwork.data import BatchLoader, Dataset, Schema
from groundwork.errors import ConfigurationError, InvalidDataError, TrainingFailedError, UnknownPluginError, UsageError
from groundwork.modeling import PreprocessingSettings
from groundwork.modeling.training import fit_preprocessor, train_batches
from groundwork.storage import CheckpointSkippedWarning, CheckpointStore, Keep
from groundwork.testing import VirtualClock, failpoints

SGD = "sklearn.linear_model.SGDClassifier"
KINDS = {"a": "numeric", "c": "categorical"}
SCHEMA = Schema.model_validate({"columns": {"a": {"dtype": "Float64"}, "late": {"dtype": "Boolean"}}})
BATCHES = 8  # of an epoch


class Killed(BaseException):
    """Ends a training as a kill would: nothing catches it."""


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(3)
    frame = pl.DataFrame({"a": rng.normal(size=80), "c": rng.choice(["u", "v"], 80)})
    return frame.with_columns(late=pl.col("a") + (pl.col("c") == "u") > 0.5)


@pytest.fixture(scope="module")
def preprocess(rows):
    return fit_preprocessor(rows, KINDS, PreprocessingSettings(categorical="onehot", scale="standard"))


def numbers(rows):
    return rows.select("a", "late")


def shuffled(rows, **how):
    return BatchLoader(rows, 10, **{"shuffle": True, "seed": 4, **how})


def killed_at(number):
    seen = []

    def count():
        seen.append(1)
        if len(seen) == number:
            raise Killed

    return {"modeling.train_batches.learned": count}


def weights(model):
    return [getattr(model, name).tobytes() for name in ("coef_", "intercept_")] + [model.t_]


@pytest.mark.parametrize(
    ("estimator", "params"),
    [
        (SGD, {"average": True}),
        pytest.param("sklearn.linear_model.SGDRegressor", {}, marks=pytest.mark.slow),
        pytest.param("sklearn.naive_bayes.GaussianNB", {}, marks=pytest.mark.slow),
        ("sklearn.neural_network.MLPClassifier", {"hidden_layer_sizes": (3,)}),
    ],
)
def test_killed_again_and_again_it_ends_in_the_model_of_an_undisturbed_training(
    rows, preprocess, tmp_path, estimator, params
):
    target = "a" if "Regressor" in estimator else "late"
    how = {"target": target, "features": KINDS, "params": params, "preprocess": preprocess, "epochs": 2, "seed": 2}
    undisturbed = train_batches(estimator, shuffled(rows), **how)
    store = CheckpointStore(tmp_path, keep=Keep(last=1))

    kills = 0
    while True:
        try:
            with failpoints(killed_at(3 + kills % 4)):
                resumed = train_batches(estimator, shuffled(rows), store=store, every=3, **how)
            break
        except Killed:
            kills += 1

    assert kills >= 4
    assert joblib.hash(undisturbed.estimator) == joblib.hash(resumed.estimator)
    assert (undisturbed.history, undisturbed.rows) == (resumed.history, resumed.rows)


def test_killed_after_any_batch_it_goes_on_exactly(rows, tmp_path):
    undisturbed = train_batches(SGD, shuffled(numbers(rows)), target="late", epochs=2)

    for number in range(1, 2 * BATCHES + 1, 5):
        store = CheckpointStore(tmp_path / str(number))
        with failpoints(killed_at(number)), pytest.raises(Killed):
            train_batches(SGD, shuffled(numbers(rows)), target="late", epochs=2, store=store, every=4)
        resumed = train_batches(SGD, shuffled(numbers(rows)), target="late", epochs=2, store=store, every=4)

        assert weights(undisturbed.estimator) == weights(resumed.estimator)


def test_only_what_came_after_the_last_checkpoint_is_learned_again(rows, tmp_path):
    store = CheckpointStore(tmp_path)
    with failpoints(killed_at(7)), pytest.raises(Killed):
        train_batches(SGD, shuffled(numbers(rows)), target="late", store=store, every=3)

    with failpoints({"modeling.train_batches.learned": lambda: None}) as reached:
        train_batches(SGD, shuffled(numbers(rows)), target="late", store=store, every=3)

    assert BATCHES - 6 == reached["modeling.train_batches.learned"]


def test_a_damaged_checkpoint_is_passed_over_and_what_it_held_is_learned_again(rows, tmp_path):
    how = {"target": "late", "store": CheckpointStore(tmp_path), "every": 3}
    first = train_batches(SGD, shuffled(numbers(rows)), **how)
    newest = CheckpointStore(tmp_path).info()
    (newest.path / newest.payload).write_bytes(b"torn")

    with pytest.warns(CheckpointSkippedWarning):
        again = train_batches(SGD, shuffled(numbers(rows)), **how)

    assert (weights(first.estimator), first.history) == (weights(again.estimator), again.history)


def test_a_training_that_ended_is_not_repeated_but_may_go_on(rows, tmp_path):
    store = CheckpointStore(tmp_path)
    how = {"target": "late", "store": store}
    first = train_batches(SGD, shuffled(numbers(rows)), **how)

    again = train_batches(SGD, shuffled(numbers(rows)), **how)
    more = train_batches(SGD, shuffled(numbers(rows)), epochs=2, **how)

    assert (weights(first.estimator), first.rows) == (weights(again.estimator), again.rows)
    assert weights(train_batches(SGD, shuffled(numbers(rows)), target="late", epochs=2).estimator) == weights(
        more.estimator
    )


def test_batches_come_to_the_same_as_partial_fit_by_hand(rows):
    trained = train_batches(SGD, BatchLoader(numbers(rows), 10), target="late", seed=5)

    model = SGDClassifier(random_state=5)
    for batch in BatchLoader(numbers(rows), 10):
        model.partial_fit(batch.select("a").to_numpy(), batch["late"].to_numpy(), classes=[False, True])
    assert weights(model) == weights(trained.estimator)


def test_the_record_is_json_and_tells_what_was_decided(rows):
    trained = train_batches(SGD, shuffled(numbers(rows)), target="late", epochs=2, class_weight="balanced")

    record = json.loads(json.dumps(trained.to_dict()))
    share = rows["late"].mean()
    assert [{"epoch": 0, "batches": 8, "rows": 80}, {"epoch": 1, "batches": 16, "rows": 160}] == record["history"]
    assert {"a": "numeric"} == record["settings"]["features"]
    assert pytest.approx({"False": 0.5 / (1 - share), "True": 0.5 / share}) == record["settings"]["class_weight"]


def test_seconds_of_a_resumed_training_are_those_of_all_its_parts(rows, tmp_path):
    store, clock = CheckpointStore(tmp_path), VirtualClock()
    tick = {"modeling.train_batches.learned": lambda: clock.advance(2)}
    with failpoints(tick):
        train_batches(SGD, shuffled(numbers(rows)), target="late", store=store, clock=clock)

    with failpoints(tick):
        both = train_batches(SGD, shuffled(numbers(rows)), target="late", store=store, epochs=2, clock=clock)

    assert 2.0 * 2 * BATCHES == both.seconds


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_dataset_of_files_is_read_in_its_order_and_gone_on_with(rows, tmp_path, suffix):
    path = tmp_path / f"rows.{suffix}"
    getattr(numbers(rows), f"write_{suffix}")(path)
    how = {"target": "late", "batch_size": 10, "epochs": 2}
    store = CheckpointStore(tmp_path / "store")
    undisturbed = train_batches(SGD, BatchLoader(numbers(rows), 10), target="late", epochs=2)

    with failpoints(killed_at(11)), pytest.raises(Killed):
        train_batches(SGD, Dataset.scan(path, schema=SCHEMA), store=store, every=5, **how)
    resumed = train_batches(SGD, Dataset.scan(path, schema=SCHEMA), store=store, every=5, **how)

    assert weights(undisturbed.estimator) == weights(resumed.estimator)


def test_other_files_are_not_gone_on_with(rows, tmp_path):
    path, store = tmp_path / "rows.csv", CheckpointStore(tmp_path / "store")
    numbers(rows).write_csv(path)
    train_batches(SGD, Dataset.scan(path, schema=SCHEMA), target="late", store=store)
    numbers(rows).reverse().write_csv(path)

    with pytest.raises(ConfigurationError, match="sha256"):
        train_batches(SGD, Dataset.scan(path, schema=SCHEMA), target="late", store=store, epochs=2)


def test_a_dataset_in_memory_is_taken_too(rows):
    trained = train_batches(SGD, Dataset.scan(numbers(rows)), target="late", batch_size=10)

    expected = train_batches(SGD, BatchLoader(numbers(rows), 10), target="late")
    assert weights(expected.estimator) == weights(trained.estimator)


def test_batches_of_arrays_with_weights_are_learned_from(rows):
    def arrays(frame):
        return frame.select("a").to_numpy(), frame["late"].to_numpy(), np.full(frame.height, 2.0)

    trained = train_batches(SGD, BatchLoader(rows, 10, transform=arrays), class_weight={True: 3})

    model = SGDClassifier(random_state=0)
    for batch in BatchLoader(rows, 10):
        weight = np.where(batch["late"].to_numpy(), 6.0, 2.0)
        model.partial_fit(batch.select("a").to_numpy(), batch["late"].to_numpy(), [False, True], sample_weight=weight)
    assert weights(model) == weights(trained.estimator)


def test_what_has_no_outcome_learns_without(rows):
    trained = train_batches(MiniBatchKMeans(n_clusters=2, n_init=1), BatchLoader(rows.select("a"), 20))

    assert (2, 1) == trained.estimator.cluster_centers_.shape


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"params": {"alpha": 0.5}}, "alpha 0.0001; this training has 0.5"),
        ({"seed": 9}, "seed"),
        ({"class_weight": "balanced"}, "class_weight"),
        ({"features": ["a"]}, "features"),
        ({"preprocess": StandardScaler().fit([[0.0], [1.0]])}, "preprocess"),
    ],
)
def test_a_checkpoint_of_another_training_is_not_gone_on_with(rows, tmp_path, change, named):
    store = CheckpointStore(tmp_path)
    train_batches(SGD, shuffled(numbers(rows)), target="late", store=store)

    with pytest.raises(ConfigurationError, match=f"was trained with {named}"):
        train_batches(SGD, shuffled(numbers(rows)), target="late", store=store, **change)


def test_a_checkpoint_of_other_batches_is_not_gone_on_with(rows, tmp_path):
    store = CheckpointStore(tmp_path)
    train_batches(SGD, shuffled(numbers(rows)), target="late", store=store)

    with pytest.raises(ConfigurationError, match="it has seed 4, this loader has 5"):
        train_batches(SGD, shuffled(numbers(rows), seed=5), target="late", store=store)


def test_a_checkpoint_that_a_training_did_not_write_is_refused(rows, tmp_path):
    store = CheckpointStore(tmp_path)
    store.save({"w": np.zeros(2)}, step=3, metadata={"training": {"of": "another kind"}})

    with pytest.raises(ConfigurationError, match=r"step 3 .* was not saved by a training in batches"):
        train_batches(SGD, shuffled(numbers(rows)), target="late", store=store)


def test_a_class_that_was_not_announced_is_told_with_its_batch(rows):
    with pytest.raises(InvalidDataError, match="class True is in this batch, and was not among the classes") as caught:
        train_batches(SGD, BatchLoader(numbers(rows), 80), target="late", classes=[False, 2])

    assert ["in batch 0 (of all epochs, from 0; epoch 0)"] == caught.value.__notes__


@pytest.mark.parametrize(
    ("how", "error", "words"),
    [
        ({"target": "latte"}, ConfigurationError, "no column 'latte'"),
        ({"target": None}, ConfigurationError, "a classifier needs an outcome"),
        ({"classes": [True, 3], "class_weight": "balanced"}, InvalidDataError, "has class False, and classes are"),
        ({"class_weight": {"x": 2}}, ConfigurationError, "names 'x', which is no class"),
        ({"class_weight": "balance"}, ConfigurationError, "'balance' is not known"),
        ({"epochs": 0}, ConfigurationError, "epochs 0 must be"),
        ({"every": True}, ConfigurationError, "every True must be"),
    ],
)
def test_what_cannot_be_meant_is_refused(rows, how, error, words):
    with pytest.raises(error, match=words):
        train_batches(SGD, BatchLoader(numbers(rows), 10), **{"target": "late", **how})


@pytest.mark.parametrize(
    ("estimator", "how", "error", "words"),
    [
        ("sklearn.linear_model.LogisticRegression", {}, ConfigurationError, "has no partial_fit"),
        ("sklearn.linear_model.SGDRegressor", {"classes": [0, 1]}, ConfigurationError, "is no classifier"),
        ("sklearn.linear_model.SGDRegressor", {"class_weight": "balanced"}, ConfigurationError, "is no classifier"),
        ("sklearn.linear_model.Nothing", {}, UnknownPluginError, "has no 'Nothing'"),
    ],
)
def test_an_estimator_that_cannot_do_it_is_refused(rows, estimator, how, error, words):
    with pytest.raises(error, match=words):
        train_batches(estimator, BatchLoader(numbers(rows), 10), target="late", **how)


def test_gaps_texts_and_one_class_are_refused_in_plain_words(rows):
    gaps = numbers(rows).with_columns(late=pl.lit(None, dtype=pl.Boolean))
    with pytest.raises(InvalidDataError, match="late is missing in 10 of 10 rows"):
        train_batches(SGD, BatchLoader(gaps, 10), target="late")
    with pytest.raises(ConfigurationError, match="c are categories"):
        train_batches(SGD, BatchLoader(rows, 10), target="late")
    with pytest.raises(InvalidDataError, match="one class only, True, in all batches"):
        train_batches(SGD, BatchLoader(numbers(rows).filter("late"), 10), target="late")


def test_an_estimator_that_fails_ends_in_one_kind_of_error_with_its_cause(rows):
    holes = numbers(rows).with_columns(a=pl.lit(None, dtype=pl.Float64))

    with pytest.raises(TrainingFailedError, match="SGDClassifier failed in batch 0") as caught:
        train_batches(SGD, BatchLoader(holes, 10), target="late")

    assert ValueError is type(caught.value.__cause__)


def test_what_gives_no_batches_is_refused(rows):
    with pytest.raises(UsageError, match="list gives no batches"):
        train_batches(SGD, [1, 2], target="late")
    with pytest.raises(ConfigurationError, match="read once only"):
        train_batches(SGD, Dataset.scan(each for each in numbers(rows).to_dicts()), target="late")
    with pytest.raises(ConfigurationError, match="a batch is a list"):
        train_batches(SGD, BatchLoader(rows, 10, transform=lambda frame: [1]), target="late")


def test_an_estimator_without_sample_weights_is_given_class_weights(rows):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # scikit-learn is to drop this one, the last of its kind
        trained = train_batches(
            "sklearn.linear_model.PassiveAggressiveClassifier",
            shuffled(numbers(rows)),
            target="late",
            class_weight={True: 4},
        )

    assert {False: 1.0, True: 4.0} == trained.estimator.class_weight
