"""The second example, a regression, from its file to a prediction; and its run beside another."""

import json
import shutil
from pathlib import Path

import polars as pl
import pytest

from groundwork import storage

pytestmark = pytest.mark.integration

DIABETES = Path(__file__).parents[2] / "examples" / "diabetes"


@pytest.fixture
def ran(command, kept_runs, tmp_path):
    """The folder of a run of the example; made once, and copied."""
    kept_run = kept_runs / "diabetes"
    if not kept_run.exists():
        ended = command("run", DIABETES)
        assert ended.returncode == 0, ended.said
        shutil.copytree(tmp_path / "runs", kept_run, symlinks=True)
    else:
        shutil.copytree(kept_run, tmp_path / "runs", symlinks=True)
    return (tmp_path / "runs" / "latest").resolve()


def again(ran, name, **columns):
    """Write down a run that differs from the first in what it predicted."""
    folder = ran.parent / name
    shutil.copytree(ran, folder)
    storage.write(folder / "run.json", {**storage.read(ran / "run.json"), "id": name})
    path = folder / "predictions.parquet"
    pl.read_parquet(path).with_columns(**columns).write_parquet(path)
    result = storage.read(folder / "result.json")
    result["data"]["evaluate"]["predictions"] |= {"sha256": storage.sha256(path), "bytes": path.stat().st_size}
    storage.write(folder / "result.json", result)
    return folder


def test_one_command_runs_the_example_and_keeps_its_gates(ran):
    result = storage.read(ran / "result.json")

    assert {"r2": True, "rmse": True} == {gate["metric"]: gate["passed"] for gate in result["metadata"]["gates"]}
    assert {"train": 296, "validation": 0, "test": 146} == {
        part: result["metadata"]["rows"][part] for part in ("train", "validation", "test")
    }


def test_the_report_of_a_regression_draws_its_fit_and_its_errors(ran):
    page = (ran / "report.html").read_text(encoding="utf-8")

    assert "Predicted and observed" in page
    assert 2 == page.count('class="plot"')


def test_the_test_rows_are_kept_in_the_order_of_the_predictions(ran):
    rows, predictions = (pl.read_parquet(ran / name) for name in ("test.parquet", "predictions.parquet"))

    assert rows["progression"].to_list() == predictions["outcome"].to_list()


def test_a_file_is_scored_with_the_same_numbers(ran, command, tmp_path):
    rows = pl.read_parquet(ran / "test.parquet")
    rows.drop("__target__").write_csv(tmp_path / "in.csv")

    ended = command("predict", "runs/latest", "in.csv", "out.parquet")

    assert 0 == ended.returncode, ended.said
    expected = pl.read_parquet(ran / "predictions.parquet")["prediction"].to_list()
    assert expected == pytest.approx(pl.read_parquet(tmp_path / "out.parquet")["prediction"].to_list(), abs=1e-9)


def test_a_worse_run_fails_and_a_better_one_does_not(ran, command):
    again(ran, "worse", prediction=pl.col("prediction") * 0 + 150.0)

    ended = command("compare", "runs/latest", "runs/worse", "--fail-if-worse", "--samples", "200", "--json")
    turned = command("compare", "runs/worse", "runs/latest", "--fail-if-worse", "--samples", "200")

    found = json.loads(ended.stdout)
    assert (1, "worse", True, "rmse") == (ended.returncode, found["verdict"], found["paired"], found["slice_figure"])
    assert any(each["worse"] for each in found["slices"])
    assert ([], [], []) == (found["configuration"], found["environment"], found["data"])
    assert 0 == turned.returncode, turned.said
    assert "better beyond noise: r2" in turned.stdout
