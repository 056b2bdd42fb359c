"""A small world: shops whose sales depend on weekday, size and the weather of their town."""

import numpy as np
import polars as pl
import pytest

from groundwork.modeling import Join, RawColumn, TableSpec, TabularModel, training


@pytest.fixture(scope="session")
def raw():
    rng = np.random.default_rng(7)
    n = 600
    frame = pl.DataFrame(
        {
            "shop": rng.choice(["north", "south", "east"], n),
            "town": rng.choice(["A", "B", "C"], n),
            "size": rng.integers(1, 100, n),
            "time": rng.integers(0, 2400, n),
            "open": rng.random(n) > 0.3,
            "note": ["x"] * n,
        }
    )
    return frame.with_columns(pl.when(pl.col("size") > 95).then(None).otherwise("size").alias("size"))


@pytest.fixture(scope="session")
def weather():
    return pl.DataFrame({"town": ["A", "B", "B", None], "rain": [0.5, None, 9.0, 1.0], "wind": [3, 4, 5, 6]})


@pytest.fixture(scope="session")
def spec():
    return TableSpec(
        name="shops",
        version="run-1",
        columns={
            "shop": RawColumn(dtype="string", nullable=False),
            "town": RawColumn(dtype="string", nullable=False),
            "size": RawColumn(dtype="int64"),
            "time": RawColumn(dtype="int64", nullable=False),
            "open": RawColumn(dtype="boolean", nullable=False),
            "note": RawColumn(dtype="string", nullable=False),
        },
        null_values=("NA",),
        joins=(Join(name="weather", on=("town",), columns=("rain", "wind")),),
        derive={
            "minute": "pl.col('time') // 100 * 60 + pl.col('time') % 100",
            "late": "pl.col('minute') > 720",
            "unused": "pl.col('size') * 2",
        },
        features={"shop": "categorical", "minute": "numeric", "rain": "numeric", "size": "numeric", "open": "boolean"},
        target="good",
        classes=("bad", "good"),
        threshold=0.4,
    )


@pytest.fixture(scope="session")
def outcome(raw):
    rng = np.random.default_rng(8)
    return (raw["time"].to_numpy() / 2400 + rng.normal(0, 0.3, raw.height)) > 0.5


@pytest.fixture(scope="session")
def model(raw, weather, spec, outcome):
    from groundwork.modeling import lookup_table, prepare_frame

    tables = {"weather": lookup_table(weather, spec.joins[0])}
    fitted = training.train(
        "sklearn.ensemble.HistGradientBoostingClassifier",
        prepare_frame(raw, spec, tables),
        target=outcome,
        features=spec.features,
        params={"max_iter": 10},
    ).estimator
    return TabularModel(fitted, spec, {"weather": weather})


@pytest.fixture
def instance():
    return {"shop": "north", "town": "A", "size": 3, "time": 930, "open": True, "anything": [1]}
