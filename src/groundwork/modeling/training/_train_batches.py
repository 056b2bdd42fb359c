"""Training batch by batch: data larger than memory, gone on with after a kill.

Rule: a training that was killed, at whatever instant, and gone on with ends in the same model, bit by bit, as one that
was not. Memory: the model and a few batches. Cost: a checkpoint (two fsyncs and more) every so many batches; what came
after the last one is learned once more.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from groundwork._failpoints import failpoint
from groundwork.errors import ConfigurationError, InvalidDataError
from groundwork.modeling.training._batch_learner import BatchLearner, Classes, Reader, count_classes
from groundwork.modeling.training._batch_record import Progress, load_progress
from groundwork.modeling.training._class_weights import ClassWeight, check_class_weight
from groundwork.modeling.training._estimators import prepared_estimator
from groundwork.modeling.training._result import TrainingResult, as_json, described
from groundwork.modeling.training._streamed import ResumableBatches, resumable
from groundwork.resilience import Clock, SystemClock
from groundwork.storage import CheckpointStore


def train_batches(
    estimator: Any,
    batches: Any,
    *,
    target: str | None = None,
    features: Mapping[str, str] | Sequence[str] | None = None,
    params: Mapping[str, Any] | None = None,
    preprocess: Any = None,
    classes: Sequence[Any] | None = None,
    class_weight: ClassWeight | None = None,
    epochs: int = 1,
    batch_size: int = 10_000,
    store: CheckpointStore | None = None,
    every: int = 100,
    trust: bool = False,
    seed: int = 0,
    clock: Clock | None = None,
) -> TrainingResult:
    """Let an estimator learn batch by batch, with checkpoints; called again, it goes on where the last one stands.

    Args:
        estimator: Import path, class, or object of a scikit-learn estimator with ``partial_fit``.
        batches: A BatchLoader (shuffled or not), a Dataset (read in its order), or another ``ResumableBatches``. Each
            is a frame, or (features, outcome) or (features, outcome, weight) as a loader's ``transform`` makes them.
        target: The column of frames; none for what learns without.
        features: Feature to kind, or names; None: all columns of the first batch but the target.
        params: The estimator's parameters.
        preprocess: A fitted transformer for categories, missing values and scales; see ``fit_preprocessor``.
        classes: All classes; None: one epoch is read for them.
        class_weight: ``balanced`` (one epoch is read to count), or weight by class.
        epochs: How often all rows are gone through. A training that ended may be gone on with by asking for more.
        batch_size: Rows of a batch of a Dataset; a BatchLoader has its own.
        store: Where the checkpoints are, of this training alone; None: there are none.
        every: So many batches lie between two checkpoints; there is one at the end in any case.
        trust: See ``CheckpointStore.load``; needed for classes that are not scikit-learn's.
        seed: For the estimator's ``random_state``; the order of the batches is the loader's.
        clock: What ``seconds`` is measured with.

    Returns:
        The model; with ``preprocess`` a ``Pipeline`` of ``preprocess`` and ``estimator``. Its history has one entry an
        epoch: ``epoch``, and ``batches`` and ``rows`` up to its end.

    Raises:
        ConfigurationError: The estimator has no ``partial_fit``, something asked for makes no sense, or the checkpoint
            is of another training or of other data.
        InvalidDataError: A batch lacks the target, or has a class that was not announced; a note names the batch.
        UnknownPluginError: The estimator cannot be imported.
        TrainingFailedError: The estimator failed in a batch; the cause says why.
        StorageError: A checkpoint cannot be saved.
    """
    ticking = clock or SystemClock()
    began = ticking.monotonic()
    for name, value in {"epochs": epochs, "every": every, "batch_size": batch_size}.items():
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise ConfigurationError(f"{name} {value!r} must be a whole number from 1", hint=f"as {name}=1")
    model = prepared_estimator(estimator, params, seed=seed)
    _check(model, target, classes, class_weight)
    source = resumable(batches, batch_size)
    wished = {"seed": seed, "target": target, "features": features, "class_weight": class_weight, "classes": classes}
    plan = as_json({**wished, "preprocess": _digest(preprocess), **described(model)})
    found = load_progress(store, plan, trust=trust) if store is not None else None
    if found is None:
        counted = _classes(model, source, Reader(target, features, None), classes, class_weight)
        progress = Progress(plan, classes=counted)
        whole = model if preprocess is None else _pipeline(preprocess, model)
    else:
        whole, progress = found
        source.load_state_dict(progress.source)
        if preprocess is not None:
            preprocess, model = whole["preprocess"], whole["estimator"]
        else:
            model = whole
    read = Reader(target, progress.kinds or features, preprocess)
    learner = BatchLearner(model, read, Classes(**progress.classes) if progress.classes else None, class_weight)
    spent = progress.seconds

    def save() -> None:
        progress.source, progress.kinds = source.state_dict(), read.kinds
        progress.seconds = spent + ticking.monotonic() - began
        if store is not None:
            progress.save(store, whole)
            failpoint("modeling.train_batches.saved")

    if source.epoch < epochs:
        while source.epoch < epochs:
            _epoch(source, learner, progress, save if store is not None else None, every)
        save()
    decided = {**progress.plan, "features": progress.kinds, "class_weight": learner.by_class, "epochs": epochs}
    return TrainingResult(whole, {}, progress.history, progress.seconds, seed, decided, progress.rows)


def _epoch(
    source: ResumableBatches, learner: BatchLearner, progress: Progress, save: Callable[[], None] | None, every: int
) -> None:
    """Learn from an epoch, or from what is left of it."""
    epoch = source.epoch
    for batch in source:
        where = f"batch {progress.batches} (of all epochs, from 0; epoch {epoch})"
        progress.rows += learner.learn(batch, where)
        progress.batches += 1
        failpoint("modeling.train_batches.learned")
        if save is not None and progress.batches % every == 0:
            save()
    progress.history.append({"epoch": epoch, "batches": progress.batches, "rows": progress.rows})


def _check(model: Any, target: str | None, classes: Any, class_weight: ClassWeight | None) -> None:
    """Refuse what cannot be meant before a batch is read."""
    from sklearn.base import is_classifier

    name = type(model).__name__
    if not hasattr(model, "partial_fit"):
        raise ConfigurationError(
            f"{name} has no partial_fit, so it cannot learn batch by batch",
            hint="choose one that has, as SGDClassifier, MLPClassifier or GaussianNB; or train on a sample",
        )
    if classes is not None and not is_classifier(model):
        raise ConfigurationError(f"{name} is no classifier, and classes are given", hint="leave classes out")
    check_class_weight(class_weight, model, classifier=is_classifier(model), method="partial_fit", classes=classes)


def _classes(
    model: Any, source: ResumableBatches, read: Reader, given: Sequence[Any] | None, wanted: ClassWeight | None
) -> dict[str, Any] | None:
    """Know the classes of a classifier, from the caller or by going through one epoch."""
    from sklearn.base import is_classifier

    if not is_classifier(model):
        return None
    if given is not None and wanted != "balanced":
        return asdict(Classes(np.unique(given).tolist(), []))
    state = source.state_dict()
    found = count_classes(iter(source), read)
    source.load_state_dict(state)
    if given is not None and (unknown := [each for each in found.names if each not in list(given)]):
        raise InvalidDataError(f"the target has class {unknown[0]!r}, and classes are {list(given)}")
    check_class_weight(wanted, model, classifier=True, method="partial_fit", classes=found.names)
    return asdict(found)


def _digest(preprocess: Any) -> str | None:
    if preprocess is None:
        return None
    import joblib

    return str(joblib.hash(preprocess))


def _pipeline(preprocess: Any, model: Any) -> Any:
    from sklearn.pipeline import Pipeline

    return Pipeline([("preprocess", preprocess), ("estimator", model)])
