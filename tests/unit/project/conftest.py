"""Runs that have ended, written down without anything being trained."""

from dataclasses import asdict

import numpy as np
import polars as pl
import pytest

from groundwork import data, storage
from groundwork.project import RunInfo, find_run
from groundwork.project._artefacts import artefact
from groundwork.resilience import PipelineResult, PipelineStatus

ENVIRONMENT = {
    "python": "3.11.7",
    "implementation": "cpython",
    "platform": "Linux x86_64",
    "cores": 2,
    "packages": {"numpy": "2.4.5"},
    "threads": {},
}


@pytest.fixture
def past_run(tmp_path):
    """``past_run(name, outcome, predicted, rows=frame, config=…, packages=…)``: a run's folder, as a run leaves it."""

    def make(
        name,
        outcome,
        predicted,
        *,
        rows=None,
        config=(),
        packages=(),
        source="a",
        gates=(),
        metrics=(),
        keep_rows=True,
        profile=True,
    ):
        folder = tmp_path / "runs" / name
        folder.mkdir(parents=True)
        outcome, predicted = np.asarray(outcome, float), np.asarray(predicted, float)
        if rows is None:
            rows = pl.DataFrame({"place": np.arange(outcome.size), "site": [f"s{i % 3}" for i in range(outcome.size)]})
        rows = rows.with_columns(pl.Series("__target__", outcome))
        whole = {
            "name": "small",
            "seed": 0,
            "source": {"path": "rows.csv"},
            "target": "y",
            "task": "regression",
            "derive": {},
            "split": {"kind": "random"},
            "model": {"estimator": "sklearn.linear_model.Ridge", "params": {"alpha": 1}},
            **dict(config),
        }
        of = "probability" if whole["task"] == "classification" else "prediction"
        pl.DataFrame({"outcome": outcome, of: predicted}).write_parquet(folder / "predictions.parquet")
        evaluated = {
            "metrics": dict(metrics),
            "gates": list(gates),
            "threshold": 0.5 if whole["task"] == "classification" else None,
            "predictions": artefact(folder, "predictions.parquet"),
        }
        if keep_rows:
            rows.write_parquet(folder / "test.parquet")
            evaluated["test_rows"] = artefact(folder, "test.parquet")
        if profile:
            storage.write(folder / "profile.json", data.profile(rows).to_dict())
        storage.write(folder / "config.yaml", whole)
        prints = {
            "data": {"rows.csv": {"sha256": source, "bytes": 1000}},
            "code": {"groundwork": "1", "sha256": "c"},
            "environment": {**ENVIRONMENT, "packages": {**ENVIRONMENT["packages"], **dict(packages)}},
        }
        storage.write(folder / "fingerprints.json", prints)
        info = RunInfo(
            name, "small", str(tmp_path), f"2026-11-2{len(list(folder.parent.iterdir()))}T00:00:00+00:00", "i"
        )
        storage.write(folder / "run.json", asdict(info))
        features = {column: "numeric" for column in rows.columns if column != "__target__"}
        facts = {"rows": {"in": rows.height, "used": rows.height, "test": rows.height, "dropped": []}}
        done = {"train": {"features": features}, "evaluate": evaluated}
        storage.write(
            folder / "result.json", PipelineResult(PipelineStatus.SUCCESS, data=done, metadata=facts).to_dict()
        )
        return find_run(folder)

    return make
