"""The steps that make the model and judge it: train, evaluate, checkpoint, gates."""

import datetime as dt
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from groundwork import storage
from groundwork._failpoints import failpoint
from groundwork.data import Schema, dtype_of
from groundwork.errors import ConfigurationError, GateMissedError, InvalidDataError, TrainingFailedError
from groundwork.modeling import (
    Join,
    RawColumn,
    TableSpec,
    TabularModel,
    evaluation,
    load_model,
    preprocessing,
    training,
)
from groundwork.project._artefacts import Artefact, link_or_copy
from groundwork.project._config_sections import Gate
from groundwork.project._fit import fit
from groundwork.project._job import TARGET, Job
from groundwork.project._plugin_metrics import kept_best, plugin_figures
from groundwork.project._previous import true_fingerprints
from groundwork.storage import CheckpointStore, Keep

# Enough rows to meet every category of a small column, few enough to cost nothing.
_ROUNDTRIP_ROWS = 2_000


def train(job: Job, load: Mapping[str, Any], split: Mapping[str, Any]) -> dict[str, Any]:
    """Fit preprocessing and estimator on the training rows.

    Args:
        job: The run.
        load: Output of the load step, for the joined tables.
        split: Output of the split step.

    Returns:
        ``folder`` and ``files`` of an unevaluated checkpoint; ``features`` and their kinds; where the project asks for
        them ``class_weight`` and ``early_stopping``, as they were decided.

    Raises:
        TrainingFailedError: The estimator failed.
        InvalidDataError: The rows cannot be learned from, say because they hold one class, or more than two.
    """
    config = job.config
    rows = job.table(split["train"])
    features = config.feature_columns([name for name in rows.columns if name != TARGET])
    kinds = preprocessing.infer_kinds(rows, features)
    target = rows[TARGET].to_numpy()
    if config.task == "classification":
        _check_two_classes(config.target, rows[TARGET])
    stop = config.model.early_stopping
    validation = job.table(split["validation"]) if stop is not None else None
    trained = training.train(
        config.model.estimator,
        rows,
        target=target,
        features=kinds,
        params=config.model.params,
        settings=config.preprocessing,
        class_weight=config.model.class_weight,
        validation=None if validation is None else (validation, validation[TARGET].to_numpy()),
        early_stopping=None if stop is None else training.EarlyStopping(**stop.model_dump()),
        seed=config.seed,
    )
    fitted = trained.estimator
    failpoint("project.train.fitted")
    classes = fitted.classes_.tolist() if config.task == "classification" else []
    tables = {name: job.table(described) for name, described in load["joins"].items()}
    model = TabularModel(fitted, _table_spec(job, rows, kinds, tables, classes), tables)
    info = model.save(CheckpointStore(job.work / "model"), step=0, metadata={"run": job.run_id})
    settings = trained.to_dict()["settings"]
    decided = {name: settings[name] for name in ("class_weight", "early_stopping") if settings[name] is not None}
    return {"folder": job.relative(info.path), "files": _files(job, info.path), "features": dict(kinds), **decided}


def evaluate(job: Job, split: Mapping[str, Any], train: Mapping[str, Any]) -> dict[str, Any]:
    """Choose the threshold on the validation rows and measure on the test rows.

    Args:
        job: The run.
        split: Output of the split step.
        train: Output of the train step.

    Returns:
        ``metrics``, ``gates``, ``threshold``, and the files ``evaluation`` (curves, importance), ``predictions`` and
        ``test_rows``.
    """
    config = job.config
    model = load_model(job.folder / train["folder"])
    test, validation = job.table(split["test"]), job.table(split["validation"])
    if config.task == "classification":
        details = _evaluate_classifier(job, model, validation, test, train.get("served"))
    else:
        details = _evaluate_regressor(job, model, test)
    metrics = details["metrics"]
    storage.write(job.folder / "evaluation.json", details)
    gates = [_judge(gate, metrics) for gate in config.parsed_gates]
    return {
        "metrics": {name: value for name, value in metrics.items() if isinstance(value, int | float)},
        "threshold": details.get("threshold"),
        "gates": gates,
        "evaluation": job.kept("evaluation.json"),
        "predictions": job.kept("predictions.parquet"),
        "test_rows": _kept_test_rows(job, split["test"]),
    }


def checkpoint(
    job: Job,
    load: Mapping[str, Any],
    split: Mapping[str, Any],
    train: Mapping[str, Any],
    evaluate: Mapping[str, Any],
) -> dict[str, Any]:
    """Save the model with its metrics, load it again, and compare what it says of raw rows.

    Args:
        job: The run.
        load: Output of the load step.
        split: Output of the split step.
        train: Output of the train step.
        evaluate: Output of the evaluate step.

    Returns:
        ``folder`` and ``files`` of the checkpoint; ``step``.

    Raises:
        TrainingFailedError: The checkpoint, fed with raw rows, does not say what the evaluation saw.
    """
    config = job.config
    model = load_model(job.folder / train["folder"])
    if evaluate["threshold"] is not None:
        spec = model.spec.model_copy(update={"threshold": evaluate["threshold"]})
        model = TabularModel(model.estimator, spec, model.tables)
    keep = config.checkpoint.keep
    store = CheckpointStore(job.folder / "checkpoints", keep=Keep(last=keep.last, best=kept_best(config)))
    metadata = {
        "run": job.run_id,
        "project": config.name,
        "gates": evaluate["gates"],
        "served": {
            name: output["served"]["run"] for name, output in (("load", load), ("train", train)) if "served" in output
        },
    }
    prints = true_fingerprints(job, load, train)
    info = model.save(store, step=1, metrics=evaluate["metrics"], metadata=metadata, fingerprints=prints)
    _check_roundtrip(job, info.path, split)
    return {"folder": job.relative(info.path), "files": _files(job, info.path), "step": 1}


def gates(evaluate: Mapping[str, Any], checkpoint: Mapping[str, Any]) -> dict[str, Any]:
    """Let the run fail if a metric misses its bound; the checkpoint and the report stay.

    Args:
        evaluate: Output of the evaluate step.
        checkpoint: Output of the checkpoint step, so that this comes after it.

    Returns:
        ``passed``, how many.

    Raises:
        GateMissedError: At least one was missed.
    """
    missed = [gate for gate in evaluate["gates"] if not gate["passed"]]
    if missed:
        told = "; ".join(f"{gate['metric']} is {gate['value']:.4f}, the gate is {gate['rule']}" for gate in missed)
        raise GateMissedError(
            f"{len(missed)} of {len(evaluate['gates'])} gates missed: {told}",
            hint="groundwork report shows where the model errs; groundwork serve --force serves it all the same",
            context={"missed": [gate["metric"] for gate in missed]},
        )
    return {"passed": len(evaluate["gates"])}


def _check_two_classes(name: str, target: pl.Series) -> None:
    """Refuse many classes before a model of each is trained; that one is too few, training itself says."""
    classes = target.unique().sort()
    if len(classes) > 2:
        shown = ", ".join(str(value) for value in classes.head(5))
        raise InvalidDataError(
            f"target {name} has {len(classes)} classes ({shown}, …); a classification tells two apart",
            hint="make the target a yes or no, as pl.col('arr_delay') > 15; for a number, task: regression",
            context={"classes": len(classes)},
        )


def _table_spec(
    job: Job,
    rows: pl.DataFrame,
    kinds: Mapping[str, preprocessing.Kind],
    tables: Mapping[str, pl.DataFrame],
    classes: list[Any],
) -> TableSpec:
    config = job.config
    joins = []
    for join in config.joins:
        columns = tuple(name for name in tables[join.name].columns if name not in join.on)
        joins.append(Join(name=join.name, on=tuple(join.on), columns=columns))
    added = {TARGET, *config.derive, *(name for join in joins for name in join.columns)}
    raw = [name for name, dtype in rows.schema.items() if name not in added and _is_scalar(dtype)]
    return TableSpec(
        name=config.name,
        version=job.run_id,
        columns={name: _raw_column(rows[name], config.table_schema) for name in raw},
        null_values=tuple(config.source.null_values),
        joins=tuple(joins),
        derive=config.derive,
        features=dict(kinds),
        target=config.target,
        task=config.task,
        classes=(classes[0], classes[1]) if classes else (0, 1),
        example=_example(rows.select(raw)),
    )


def _raw_column(values: pl.Series, schema: Schema | None) -> RawColumn:
    """Describe a column of the training rows, with the rules that all of them have passed."""
    rules: dict[str, Any] = {}
    column = schema.columns.get(values.name) if schema is not None else None
    if column is not None:
        bounds = {name: column.bound(name) for name in ("min", "max")}
        rules = {name: bound.isoformat() if isinstance(bound, dt.date) else bound for name, bound in bounds.items()}
        rules |= {"allowed": column.allowed, "regex": column.regex}
    return RawColumn(dtype=str(values.dtype), nullable=values.has_nulls(), **rules)


def _is_scalar(dtype: pl.DataType) -> bool:
    """Whether a spec can name a column's type; a Parquet file may have lists, bytes and more that no model takes."""
    try:
        dtype_of(str(dtype))
    except ConfigurationError:
        return False
    return True


def _example(raw: pl.DataFrame) -> dict[str, Any]:
    """Take the first row without a gap, or the first, as a request would write it."""
    whole = raw.drop_nulls()
    row = (whole if whole.height else raw).head(1)
    example: dict[str, Any] = json.loads(row.write_ndjson())
    return example


def _evaluate_classifier(
    job: Job, model: TabularModel, validation: pl.DataFrame, test: pl.DataFrame, served: Mapping[str, Any] | None
) -> dict[str, Any]:
    threshold, how = _threshold(job, model, validation, test, served)
    outcome = _outcome(model, test)
    score = model.score_features(model.prepare(test))
    _write_predictions(job, test, {"outcome": outcome, "probability": score})
    figures = evaluation.evaluate_classification(outcome, score, threshold=threshold)
    figures |= plugin_figures(job.config, outcome, score)
    return {
        "metrics": figures,
        "threshold": threshold,
        "threshold_chosen_by": how,
        "confusion": figures["confusion"],
        "curves": evaluation.curves(outcome, score),
        "rows": test.height,
        "importance": evaluation.permutation_importance(model, test, outcome, seed=job.config.seed),
    }


def _evaluate_regressor(job: Job, model: TabularModel, test: pl.DataFrame) -> dict[str, Any]:
    outcome = test[TARGET].to_numpy().astype(np.float64)
    prediction = model.score_features(model.prepare(test))
    _write_predictions(job, test, {"outcome": outcome, "prediction": prediction})
    return {
        "metrics": evaluation.evaluate_regression(outcome, prediction)
        | plugin_figures(job.config, outcome, prediction),
        "threshold": None,
        "curves": fit(outcome, prediction),
        "rows": test.height,
        "importance": evaluation.permutation_importance(model, test, outcome, seed=job.config.seed),
    }


def _threshold(
    job: Job, model: TabularModel, validation: pl.DataFrame, test: pl.DataFrame, served: Mapping[str, Any] | None
) -> tuple[float, str]:
    if served is not None:
        # One version of a model has one threshold, whatever run serves it.
        return served["threshold"], f"as run {served['run']} chose it"
    wanted = job.config.threshold
    if wanted.value:
        return wanted.value, "set in pipeline.yaml"
    chosen_on, rows = ("validation", validation) if validation.height else ("test", test)
    return _best_threshold(wanted.by, model, rows), f"best {wanted.by} on the {chosen_on} rows"


def _best_threshold(by: str, model: TabularModel, rows: pl.DataFrame) -> float:
    return evaluation.choose_threshold(_outcome(model, rows), model.score_features(model.prepare(rows)), by=by)


def _outcome(model: TabularModel, rows: pl.DataFrame) -> NDArray[np.int64]:
    return (rows[TARGET] == model.spec.classes[1]).to_numpy().astype(np.int64)


def _write_predictions(job: Job, test: pl.DataFrame, columns: Mapping[str, NDArray[Any]]) -> None:
    path = job.folder / "predictions.parquet"
    with storage.atomic_write(path) as file, storage.written_by_polars(path):
        pl.DataFrame(dict(columns)).write_parquet(file)


def _kept_test_rows(job: Job, test: Artefact) -> Artefact:
    """Keep the rows beside what was said of them: intermediate files go when a newer run is good."""
    link_or_copy(job.folder / test["path"], job.folder / "test.parquet")
    return job.kept("test.parquet")


def _judge(gate: Gate, metrics: Mapping[str, Any]) -> dict[str, Any]:
    value = float(metrics[gate.metric])
    rule = f"{gate.operator} {gate.value:g}"
    return {"metric": gate.metric, "rule": rule, "value": value, "passed": gate.passes(value)}


def _check_roundtrip(job: Job, folder: Path, split: Mapping[str, Any]) -> None:
    """Compare the saved model on raw rows, looked up anew, with what the evaluation wrote down."""
    saved = load_model(folder)
    seen = pl.read_parquet(job.folder / "predictions.parquet", glob=False)
    name = "probability" if "probability" in seen.columns else "prediction"
    rows = job.table(split["test"]).head(_ROUNDTRIP_ROWS).select(saved.spec.required_columns())
    again = saved.predict_frame(rows)[name].to_numpy()
    if not np.array_equal(again, seen[name].head(_ROUNDTRIP_ROWS).to_numpy()):
        raise TrainingFailedError(
            f"checkpoint {folder} predicts otherwise than the model that was evaluated",
            hint="an estimator that is random at prediction, or does not survive saving, cannot be served",
        )


def _files(job: Job, folder: Path) -> list[Artefact]:
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return [job.kept(path.relative_to(job.folder).as_posix()) for path in paths]
