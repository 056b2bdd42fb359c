"""A Parquet file has types that no CSV has; columns that the model does not use must not stop a run."""

import datetime as dt

import polars as pl
import pytest

from groundwork.modeling import load_model

pytestmark = pytest.mark.integration


def as_parquet(project, **more):
    rows = pl.read_csv(project / "rows.csv", infer_schema_length=None, null_values=["NA"])
    frame = rows.with_columns(at=pl.col("at").str.to_datetime("%Y-%m-%dT%H:%M:%S%#z", time_zone="UTC"), **more)
    frame.write_parquet(project / "rows.parquet")
    config = (project / "pipeline.yaml").read_text(encoding="utf-8")
    (project / "pipeline.yaml").write_text(config.replace("rows.csv", "rows.parquet"), encoding="utf-8")
    return frame


def test_columns_of_odd_types_stay_out_of_the_model(project, command, tmp_path):
    frame = as_parquet(
        project,
        tags=pl.concat_list("site"),
        clock=pl.lit(dt.time(6)),
        raw=pl.lit(b"x"),
        zoned=pl.col("at").str.to_datetime("%Y-%m-%dT%H:%M:%S%#z", time_zone="UTC").dt.convert_time_zone("Etc/GMT+5"),
    )
    config = project / "pipeline.yaml"
    chosen = config.read_text(encoding="utf-8").replace("exclude: [at]", "features: [site, load, size, weekday]")
    config.write_text(chosen, encoding="utf-8")

    trained = command("run", project)
    scored = command("predict", "runs/latest", project / "rows.parquet", "scores.parquet")

    assert (trained.returncode, scored.returncode) == (0, 0), trained.said + scored.said
    assert pl.read_parquet(tmp_path / "scores.parquet").height == frame.height


def test_decimals_and_enums_are_learned_from_and_served(project, command, tmp_path):
    as_parquet(
        project,
        price=pl.col("load").cast(pl.Decimal(12, 4)),
        kind=pl.lit("a").cast(pl.Enum(["a", "b"])),
    )

    trained = command("run", project)

    assert trained.returncode == 0, trained.said
    model = load_model(next((tmp_path / "runs" / "latest").glob("checkpoints/step-*")))
    row = {"site": "a", "at": "2024-01-01T00:00:00Z", "load": 0.5, "price": 0.5, "kind": "a"}
    assert set(model.predict([row])[0]) == {"prediction", "probability"}


def test_a_fraction_in_a_parquet_file_is_refused_where_an_integer_is_declared(project, command):
    as_parquet(project, late=pl.col("late") + 0.5)

    ended = command("run", project)

    assert ended.returncode == 1
    assert "is not Int64" in ended.said
