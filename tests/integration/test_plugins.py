"""A package with plugins, built into a wheel and installed into a fresh environment: named, used, listed, missed."""

import json
import os
import shutil
import site
import subprocess
import sys
import venv
from pathlib import Path
from textwrap import dedent

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

import groundwork
from groundwork.environment import forget_plugin, plugin_names
from groundwork.modeling import load_model, register
from groundwork.project import run_project

pytestmark = pytest.mark.integration

PACKAGE = Path(__file__).parents[2] / "examples" / "plugin"
UV = shutil.which("uv")
PATIENCE_S = 300

# One process for several commands: what most of each costs is the libraries.
COMMANDS = """
import json, sys
from groundwork.cli import main
for words in json.loads(sys.argv[1]):
    sys.argv = ["groundwork", *words]
    try:
        main()
    except SystemExit as ended:
        print(f"\\0{ended.code or 0}\\0", end="", flush=True)
"""

NAMED = """
    model: {estimator: nearest-mean, params: {sharpness: 0.5}}
    preprocessing: {categorical: onehot, numeric_impute: median, scale: standard}
    metrics: [toll]
    gates: {roc_auc: ">= 0.55", toll: "<= 1"}
    checkpoint: {keep: {best: toll}}
    extra_steps:
      model-card: {params: {title: Late or not}}
"""

OWN = """
    model: {estimator: cautious}
    preprocessing: {categorical: onehot, numeric_impute: median, scale: standard}
    gates: {surprise: "<= 0.01"}
    extra_steps:
      lists: {}
      fails: {after: load, optional: true}
      notes: {}
"""


def run(*command, cwd):
    # What is measured or imported here must not reach the other environment.
    variables = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "COVERAGE"))}
    return subprocess.run(
        list(map(str, command)), cwd=cwd, env=variables, capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )


def done(*command, cwd):
    ended = run(*command, cwd=cwd)
    assert ended.returncode == 0, f"{command}\n{ended.stdout}{ended.stderr}"
    return ended.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The package as a user would build it; of a copy, as a build leaves files behind."""
    copy = tmp_path_factory.mktemp("wheel") / "copy"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    done(sys.executable, "-m", "flit_core.wheel", "--outdir", "dist", cwd=copy)
    (path,) = (copy / "dist").glob("*.whl")
    return path


@pytest.fixture
def environment(tmp_path):
    """A fresh environment that sees this groundwork and its dependencies, and has nothing of its own."""
    root = tmp_path / "env"
    venv.create(root, with_pip=False)
    python = root / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    seen = [Path(groundwork.__file__).parents[1], *site.getsitepackages()]
    (own,) = [Path(done(python, "-c", "import site; print(site.getsitepackages()[-1])", cwd=root).strip())]
    (own / "seen.pth").write_text("".join(f"{path}\n" for path in seen), encoding="utf-8")
    return python


def installed(python, *, cwd, package=None, remove=False):
    tool = [UV, "pip"] if UV else [sys.executable, "-m", "pip", "--python", python]
    what = ["uninstall", *([] if UV else ["-y"]), "tollbooth"] if remove else ["install", "--no-deps", package]
    offline = [] if remove else ["--offline"] if UV else ["--no-index"]
    done(*tool, what[0], *(["--python", python] if UV else []), *offline, *what[1:], cwd=cwd)


def test_a_package_brings_all_four_kinds_and_is_missed_once_it_has_gone(project, environment, wheel):
    folder, python = project.parent, environment
    text = (project / "pipeline.yaml").read_text(encoding="utf-8")
    kept = text.partition("model:")[0].replace("rows.csv", "rows.psv")
    (project / "pipeline.yaml").write_text(kept + dedent(NAMED), encoding="utf-8")
    rows = (project / "rows.csv").read_text(encoding="utf-8")
    (project / "rows.psv").write_text(rows.replace(",", "|"), encoding="utf-8")
    commands = [
        ["plugins", "--json"],
        ["run", "small"],
        ["predict", "runs/latest", "small/rows.psv", "out.csv"],
    ]

    installed(python, package=wheel, cwd=folder)
    listed, one, said, two, _, three, _ = done(python, "-c", COMMANDS, json.dumps(commands), cwd=folder).split("\0")
    assert ["0", "0", "0"] == [one, two, three], said

    assert [
        ("estimator", "nearest-mean", "tollbooth.estimator:NearestMean"),
        ("step", "model-card", "tollbooth.card:model_card"),
        ("format", "psv", "tollbooth.psv"),
        ("metric", "toll", "tollbooth.toll:toll"),
    ] == [(row["kind"], row["name"], row["value"]) for row in json.loads(listed)]
    assert all(
        (row["distribution"], row["version"], row["ok"]) == ("tollbooth", "1.0", True) for row in json.loads(listed)
    )

    result = json.loads((folder / "runs/latest/result.json").read_text(encoding="utf-8"))
    facts = result["metadata"]
    assert result["status"] == "SUCCESS"
    assert 0 < facts["metrics"]["toll"] <= 1
    assert [("roc_auc", True), ("toll", True)] == [(gate["metric"], gate["passed"]) for gate in facts["gates"]]
    assert "gate <= 1 kept" in said
    assert "tollbooth" in (folder / "runs/latest/fingerprints.json").read_text(encoding="utf-8")
    assert "toll" in (folder / "runs/latest/report.html").read_text(encoding="utf-8")
    assert "# Late or not" in (folder / "runs/latest/card.md").read_text(encoding="utf-8")
    assert (folder / "out.csv").read_text(encoding="utf-8").count("\n") == rows.count("\n")

    installed(python, remove=True, cwd=folder)
    refused = run(python, "-m", "groundwork", "run", "small", cwd=folder)

    assert refused.returncode == 2
    for words in (
        "estimator 'nearest-mean' is not an import path, and no plugin has this name",
        "rows.psv: no table format has the suffix '.psv'",
        "classification has no metric 'toll'",
        "there is no step 'model-card'; no package brings any",
    ):
        assert words in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.fixture
def forgotten():
    yield
    for kind in ("estimator", "metric", "step"):
        for name in plugin_names(kind):
            forget_plugin(kind, name)


class Cautious(LogisticRegression):
    """An estimator of the project's own code."""


def test_code_that_starts_a_run_gives_names_to_its_own(project, forgotten):
    register("estimator", "cautious", Cautious)
    register("metric", "surprise", lambda outcome, probability: np.abs(outcome - probability).max())
    register("step", "fails", lambda job, load: 1 / 0)
    register("step", "lists", lambda job, evaluate, load=None: ["card", evaluate["metrics"]["surprise"], load["rows"]])
    register("step", "notes", lambda job, lists: {"notes": [f"surprised by {lists[1]:.3f}"]})
    text = (project / "pipeline.yaml").read_text(encoding="utf-8").partition("model:")[0] + dedent(OWN)
    (project / "pipeline.yaml").write_text(text, encoding="utf-8")

    outcome = run_project(project, runs=project.parent / "runs")

    result = outcome.result
    order = ["environment", "load", "fails", "split", "profile", "train", "evaluate", "checkpoint", "lists", "notes"]
    assert [*order, "gates"] == [step.name for step in result.steps]
    surprise = result.metadata["metrics"]["surprise"]
    assert {"fails": "FAILED", "lists": "SUCCESS", "gates": "FAILED"} == {
        step.name: str(step.status) for step in result.steps if step.name in ("fails", "lists", "gates")
    }
    assert (str(result.status), result.data["fails"]) == ("FAILURE", None)
    assert result.data["lists"] == ["card", surprise, 882]
    assert f"surprised by {surprise:.3f}" in result.warnings
    assert f"1 of 1 gates missed: surprise is {surprise:.4f}, the gate is <= 0.01" in result.errors[-1]["message"]
    assert Cautious is type(load_model(outcome.run.folder / result.data["checkpoint"]["folder"]).estimator["estimator"])
