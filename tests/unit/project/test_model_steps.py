from textwrap import dedent

import numpy as np
import polars as pl
import pytest

from groundwork.project import load_config
from groundwork.project._job import TARGET, Job
from groundwork.project._model_steps import train
from groundwork.storage import load_checkpoint

PIPELINE = """
    name: small
    source: {path: rows.csv}
    target: pl.col('delay') > 1
    split: {kind: random, validation: 0.3}
    model:
      estimator: sklearn.ensemble.GradientBoostingClassifier
      params: {n_estimators: 9}
"""


@pytest.fixture
def job(tmp_path):
    def make(*overrides):
        (tmp_path / "pipeline.yaml").write_text(dedent(PIPELINE), encoding="utf-8")
        return Job(load_config(tmp_path, overrides), tmp_path, "r1")

    return make


@pytest.fixture
def parts(tmp_path):
    rng = np.random.default_rng(2)
    found = {}
    for name in ("train", "validation"):
        rows = pl.DataFrame({"x": rng.normal(size=90)}).with_columns(pl.Series(TARGET, rng.random(90) > 0.8))
        rows.write_parquet(tmp_path / f"{name}.parquet")
        found[name] = {"path": f"{name}.parquet"}
    return found


def test_without_more_words_the_model_is_simply_fitted(job, parts, tmp_path):
    made = train(job(), {"joins": {}}, parts)

    assert {"folder", "files", "features"} == made.keys()
    assert 9 == load_checkpoint(tmp_path / made["folder"]).model["estimator"].n_estimators_


def test_the_validation_rows_say_when_to_stop_and_classes_are_weighed(job, parts, tmp_path):
    asked = job("model.early_stopping={patience: 2}", "model.class_weight=balanced")

    made = train(asked, {"joins": {}}, parts)

    told = made["early_stopping"]
    late = pl.read_parquet(tmp_path / "train.parquet")[TARGET].mean()
    assert ("warm_start", True) == (told["way"], told["stopped"])
    assert told["best_round"] == load_checkpoint(tmp_path / made["folder"]).model["estimator"].n_estimators_
    assert pytest.approx(0.5 / late) == made["class_weight"]["True"]
