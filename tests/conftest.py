"""A small project that has everything the big one has: a join, derived columns, a split by time, a gate."""

import importlib
import os
import random
import warnings
from datetime import UTC, datetime, timedelta
from textwrap import dedent

import pytest

pytest_plugins = ["pytester"]  # with which the plugin is tested

# As the command does: threads that spin for long starve each other on a busy machine.
os.environ.setdefault("GOMP_SPINCOUNT", "10000")

PIPELINE = """
    name: small
    seed: 7
    source: {path: rows.csv, null_values: [NA]}
    schema:
      columns:
        site: {dtype: string, nullable: false}
        at: {dtype: datetime, nullable: false}
        load: {dtype: float64, min: 0}
        late: {dtype: int64}
    joins:
      - name: sites
        path: sites.csv
        on: [site]
        columns: [size]
        schema:
          columns:
            site: {dtype: string, nullable: false}
            size: {dtype: int64}
    derive:
      weekday: pl.col('at').dt.weekday()
    target: pl.col('late') > 10
    exclude: [at]
    split: {kind: time, column: at, unit: 1d, test: 0.2, validation: 0.1}
    model:
      estimator: sklearn.ensemble.HistGradientBoostingClassifier
      params: {max_iter: 10, min_samples_leaf: 5, early_stopping: false}
    gates: {roc_auc: ">= 0.6"}
"""


@pytest.fixture(scope="session", autouse=True)
def plain_output():
    """What the commands print is read here, so it has no colours even where the suite itself is watched in colour."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("FORCE_COLOR", "GITHUB_ACTIONS", "PY_COLORS", "TTY_COMPATIBLE"):
            patch.delenv(name, raising=False)
        yield


def write_rows(path, rows=900, seed=1):
    rng = random.Random(seed)
    start = datetime(2024, 1, 1, tzinfo=UTC)
    lines = ["site,at,load,late"]
    for number in range(rows):
        site = rng.choice("abc")
        load = rng.random()
        late = "NA" if number % 50 == 49 else round(30 * load + 6 * "abc".index(site) + rng.gauss(-8, 6))
        at = start + timedelta(hours=number)
        cell = "NA" if number % 31 == 30 else f"{load:.4f}"
        lines.append(f"{site},{at:%Y-%m-%dT%H:%M:%SZ},{cell},{late}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.fixture
def project(tmp_path):
    """The folder of a small project, which runs in about a second."""
    folder = tmp_path / "small"
    folder.mkdir()
    write_rows(folder / "rows.csv")
    (folder / "sites.csv").write_text("site,size\na,1\nb,20\nc,300\n", encoding="utf-8")
    (folder / "pipeline.yaml").write_text(dedent(PIPELINE), encoding="utf-8")
    return folder


@pytest.fixture
def needs():
    """``needs("tritonclient.http")``: that module; where it is missing the test is skipped, but fails in CI."""

    def module(name):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # what others warn of in their own modules is theirs
                return importlib.import_module(name)
        except ImportError as error:
            if os.environ.get("CI"):
                raise
            pytest.skip(f"needs {name}, which tests/clients.lock installs ({error})")

    return module
