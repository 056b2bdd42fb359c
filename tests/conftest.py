"""A small project that has everything the big one has: a join, derived columns, a split by time, a gate."""

import importlib
import os
import random
import warnings
from collections import Counter
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


# A test that takes one of these runs the whole command, whatever else its file does.
WHOLE_COMMAND = {"command", "groundwork"}
KINDS = ("unit", "integration", "e2e")
COUNTS = pytest.StashKey[dict]()


def pytest_configure(config):
    """Measure the coverage of child processes in the long run only: each of them takes half as long again."""
    runs_tests = hasattr(config, "workerinput") or config.getoption("dist", "no") == "no"
    if runs_tests and not config.getoption("--run-slow"):
        for name in [name for name in os.environ if name.startswith("COVERAGE_PROCESS")]:
            del os.environ[name]


@pytest.hookimpl(tryfirst=True)  # before -m chooses
def pytest_collection_modifyitems(items):
    for item in items:
        if not WHOLE_COMMAND.isdisjoint(item.fixturenames):
            item.add_marker("e2e")


def kind(item):
    return next((name for name in ("e2e", "integration") if item.get_closest_marker(name)), "unit")


def pytest_collection_finish(session):
    counts = Counter(map(kind, session.items))
    session.config.stash[COUNTS] = counts
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["counts"] = dict(counts)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node):
    node.config.stash[COUNTS] = getattr(node, "workeroutput", {}).get("counts", {})


def pytest_terminal_summary(terminalreporter, config):
    counts = config.stash.get(COUNTS, {})
    if total := sum(counts.values()):
        kinds = (f"{name} {counts.get(name, 0):,} ({counts.get(name, 0) / total:.1%})" for name in KINDS)
        terminalreporter.write_line(f"tests: {', '.join(kinds)}")


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
