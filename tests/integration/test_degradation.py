"""A source or a training that fails is stood in for by an earlier run, and everything says whose work is shown."""

import errno
import json
import os
import shutil
import sys
import urllib.request
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from textwrap import dedent

import pytest

from groundwork import storage
from groundwork.modeling import load_model
from groundwork.project import find_run, model_folder

pytestmark = pytest.mark.integration

# Trains as its parent does, unless the world is bad; what it gives then can be saved like any other.
FICKLE = """
import os, signal, time
from sklearn.ensemble import HistGradientBoostingClassifier

class OutOfMemoryError(RuntimeError):
    "As torch calls it."

class Fickle(HistGradientBoostingClassifier):
    def __new__(cls, *args, **params):
        return super().__new__(cls) if "FICKLE" in os.environ else HistGradientBoostingClassifier(*args, **params)

    def fit(self, X, y, sample_weight=None):
        match os.environ["FICKLE"]:
            case "raises":
                raise ValueError("the optimiser diverged")
            case "memory":
                raise MemoryError
            case "gpu":
                raise OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB")
            case "hangs":
                time.sleep(600)
            case "dies":
                os.kill(os.getpid(), signal.SIGKILL)
"""
STEPS = """
    steps:
      load: {fallback: previous}
      train: {fallback: previous, max_age: 7d}
"""
DRIVER_PATH = "PYTHONPATH"


@pytest.fixture
def project(project, monkeypatch):
    """The small project with its rows in a .zip, an estimator that may fail, and both fallbacks."""
    modules = project.parent / "modules"
    modules.mkdir()
    (modules / "fickle_estimator.py").write_text(FICKLE)
    monkeypatch.syspath_prepend(str(modules))
    monkeypatch.setenv(DRIVER_PATH, os.pathsep.join(filter(None, [str(modules), os.environ.get(DRIVER_PATH)])))
    with zipfile.ZipFile(project / "rows.csv.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.write(project / "rows.csv", "rows.csv")
    (project / "rows.csv").rename(project.parent / "rows.csv")
    text = (project / "pipeline.yaml").read_text() + dedent(STEPS)
    text = text.replace("rows.csv", "rows.csv.zip")
    text = text.replace("sklearn.ensemble.HistGradientBoostingClassifier", "fickle_estimator.Fickle")
    (project / "pipeline.yaml").write_text(text)
    yield project
    sys.modules.pop("fickle_estimator", None)


def latest(project):
    return find_run(project.parent / "runs" / "latest")


def step(run, name):
    return next(step for step in run.result().steps if step.name == name)


def kept(project, name):
    """The folders of what good runs left of a step, newest first."""
    return sorted((project.parent / "runs" / "kept" / "small" / name).iterdir(), reverse=True)


def made_before(folder, age):
    """Let something kept be older than it is."""
    record = json.loads((folder / "kept.json").read_text())
    record["created"] = (datetime.now(UTC) - age).isoformat()
    (folder / "kept.json").write_text(json.dumps(record))


def repacked(project, rows):
    with zipfile.ZipFile(project / "rows.csv.zip", "w") as packed:
        packed.writestr("rows.csv", rows)


def removed(project):
    (project / "rows.csv.zip").unlink()


def truncated(project):
    path = project / "rows.csv.zip"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def unreadable(project):
    # Permissions do not stop root; a link to itself stops everybody.
    removed(project)
    (project / "rows.csv.zip").symlink_to(project / "rows.csv.zip")


def replaced_by_a_folder(project):
    removed(project)
    (project / "rows.csv.zip").mkdir()


def without_a_column(project):
    repacked(project, "site,at,load\na,2024-01-01T00:00:00Z,0.5\n")


def without_its_join(project):
    (project / "sites.csv").unlink()


class TestSource:
    """Where the source fails, the data of an earlier run serve."""

    @pytest.mark.parametrize(
        ("broken", "why"),
        [
            (removed, "small/rows.csv.zip: no such file"),
            (truncated, "rows.csv.zip is truncated or damaged: "),
            (unreadable, "rows.csv.zip"),
            (replaced_by_a_folder, "rows.csv.zip"),
            (without_a_column, "'late'"),
            (without_its_join, "small/sites.csv: no such file"),
        ],
    )
    def test_a_broken_source_is_replaced_by_the_data_of_before(self, project, good_run, command, broken, why):
        broken(project)

        ended = command("run", project)

        run = latest(project)
        (served,) = run.result().metadata["served"]
        assert (0, "PARTIAL_FAILURE") == (ended.returncode, run.result().status)
        assert ("FALLBACK", "SUCCESS") == (step(run, "load").status, step(run, "train").status)
        assert ("load", "data", good_run.name) == (served["step"], served["what"], served["run"])
        assert why in served["why"]
        assert f"step load failed and its fallback served: {served['why']}" in ended.stdout
        assert f"the data of run {good_run.name} served instead, read " in ended.stdout
        assert (good_run / "predictions.parquet").read_bytes() == (run.folder / "predictions.parquet").read_bytes()

    def test_everything_that_one_looks_at_says_so(self, project, good_run, command):
        removed(project)
        command("run", project)

        page = (latest(project).folder / "report.html").read_text()
        (listed, _) = json.loads(command("runs", "--json").stdout)
        predicted = command("predict", "runs/latest", "rows.csv", "out.csv")

        told = f"The data of run {good_run.name} served, as step load failed."
        assert page.index(told) < page.index('class="cards"')
        assert f"data of run {good_run.name} (" in listed["remarks"]
        assert good_run.name == listed["served"][0]["run"]
        assert f"{listed['id']}: {listed['remarks']}" in command("runs").stdout
        assert predicted.stderr.startswith(
            f"warning: this model was trained on the data that run {good_run.name} had read, for step load failed: "
        )

    def test_the_checkpoint_names_the_data_that_it_was_made_from(self, project, good_run, command):
        removed(project)

        command("run", project)

        (info,) = storage.CheckpointStore(latest(project).checkpoints).list()
        before = storage.read(good_run / "fingerprints.json")["data"]
        assert before == info.fingerprints["data"]
        assert {"load": good_run.name} == info.metadata["served"]
        assert {"unreadable": "invalid_data"} == storage.read(latest(project).folder / "fingerprints.json")["data"][
            "rows.csv.zip"
        ]

    def test_the_first_run_fails_by_its_own_cause_and_goes_well_once_that_is_mended(self, project, command):
        away = project / "rows.csv.zip"
        away.rename(project.parent / "away.zip")

        failed = command("run", project)
        (project.parent / "away.zip").rename(away)
        mended = command("run", project)

        assert (1, 0) == (failed.returncode, mended.returncode)
        assert failed.stderr.startswith(
            f"error: {away}: no such file; fallback: previous has no data to serve instead: "
            "no earlier good run of small with the same configuration left any\n"
        )
        assert "Traceback" not in failed.said
        assert "SUCCESS" == latest(project).result().status

    def test_it_serves_after_the_run_that_left_it_was_deleted(self, project, good_run, command):
        shutil.rmtree(good_run)
        removed(project)

        ended = command("run", project)

        assert 0 == ended.returncode
        assert good_run.name == latest(project).result().metadata["served"][0]["run"]

    def test_its_age_is_that_of_the_run_that_read_it_however_often_it_served(self, project, good_run, command):
        removed(project)
        command("run", project)
        made_before(kept(project, "load")[0], timedelta(days=3, hours=5))

        again = command("run", project)

        (served,) = latest(project).result().metadata["served"]
        assert [good_run.name] == [folder.name for folder in kept(project, "load")]
        assert good_run.name == served["run"]
        assert timedelta(days=3, hours=5).total_seconds() == pytest.approx(served["age_s"], abs=60)
        assert "UTC, 3 days before this run" in again.stdout

    def test_what_is_older_than_max_age_does_not_serve(self, project, good_run, command):
        made_before(kept(project, "load")[0], timedelta(days=3, hours=5))
        removed(project)

        ended = command("run", project, "--set", "steps.load.max_age=3d")

        assert 1 == ended.returncode
        assert f"run {good_run.name} read it 3 days ago, which is more than max_age: 3d" in ended.stderr

    @pytest.mark.parametrize("setting", ["derive.weekday=pl.col('at').dt.month()", "target=pl.col('late') > 11"])
    def test_the_data_of_another_configuration_do_not_serve(self, project, good_run, command, setting):
        removed(project)

        ended = command("run", project, "--set", setting)

        assert 1 == ended.returncode
        assert "no earlier good run of small with the same configuration left any" in ended.stderr

    def test_damaged_data_are_passed_over_for_those_of_the_run_before(self, project, good_run, command):
        command("run", project)
        table = kept(project, "load")[0] / "work" / "table.parquet"
        table.unlink()
        table.write_bytes(b"PAR1")
        removed(project)

        ended = command("run", project)

        assert 0 == ended.returncode
        assert good_run.name == latest(project).result().metadata["served"][0]["run"]

    def test_with_nothing_whole_left_the_run_fails_and_says_why(self, project, good_run, command):
        (kept(project, "load")[0] / "work" / "join-sites.parquet").unlink()
        removed(project)

        ended = command("run", project)

        assert 1 == ended.returncode
        assert f"run {good_run.name} left it, but files are damaged or gone since" in ended.stderr


class TestTraining:
    """Where training fails, the model of an earlier run serves, under its own version."""

    @pytest.mark.parametrize(
        ("how", "why"),
        [
            ("raises", "the optimiser diverged"),
            ("memory", "memory"),
            ("gpu", "CUDA out of memory. Tried to allocate 20.00 GiB"),
        ],
    )
    def test_a_training_that_fails_is_replaced_by_the_model_of_before(
        self, project, good_run, command, monkeypatch, how, why
    ):
        monkeypatch.setenv("FICKLE", how)

        ended = command("run", project)

        run = latest(project)
        (served,) = run.result().metadata["served"]
        before, now = load_model(model_folder(find_run(good_run))), load_model(model_folder(run))
        assert (0, "PARTIAL_FAILURE") == (ended.returncode, run.result().status)
        assert ("train", "model", good_run.name) == (served["step"], served["what"], served["run"])
        assert why in served["why"]
        assert f"step train failed and its fallback served: {served['why']}" in ended.stdout
        assert f"the model of run {good_run.name} served instead, trained " in ended.stdout
        assert "flatter" not in ended.stdout
        assert (good_run.name, before.spec.threshold) == (now.version, now.spec.threshold)
        assert (good_run / "predictions.parquet").read_bytes() == (run.folder / "predictions.parquet").read_bytes()

    @pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL on Windows")
    @pytest.mark.parametrize(("how", "why"), [("hangs", "no result within 4 s"), ("dies", "exit code -9")])
    def test_one_that_hangs_or_is_killed_is_replaced_too(self, project, good_run, command, monkeypatch, how, why):
        monkeypatch.setenv("FICKLE", how)

        ended = command("run", project, "--set", f"steps.train.timeout_s={4 if how == 'hangs' else 120}")

        (served,) = latest(project).result().metadata["served"]
        assert (0, "PARTIAL_FAILURE") == (ended.returncode, latest(project).result().status)
        assert (good_run.name, True) == (served["run"], why in served["why"])

    def test_the_checkpoint_is_that_of_the_run_that_trained(self, project, good_run, command, monkeypatch):
        monkeypatch.setenv("FICKLE", "raises")

        command("run", project)

        (info,) = storage.CheckpointStore(latest(project).checkpoints).list()
        assert storage.read(good_run / "fingerprints.json") == info.fingerprints
        assert {"train": good_run.name} == info.metadata["served"]
        assert [good_run.name] == [folder.name for folder in kept(project, "train")]

    def test_a_changed_parameter_that_fails_is_a_failure(self, project, good_run, command, monkeypatch):
        monkeypatch.setenv("FICKLE", "raises")

        ended = command("run", project, "--set", "model.params.max_iter=11")

        assert 1 == ended.returncode
        assert "the optimiser diverged" in ended.stderr
        assert "fallback: previous has no model to serve instead" in ended.stderr

    def test_it_must_keep_the_gates_of_this_run(self, project, good_run, command, monkeypatch):
        monkeypatch.setenv("FICKLE", "raises")

        ended = command("run", project, "--set", "gates.roc_auc=>= 0.999")

        assert (1, "FAILURE") == (ended.returncode, latest(project).result().status)
        assert "1 of 1 gates missed" in ended.stderr

    @pytest.mark.parametrize(("kind", "flatters"), [("{kind: random}", True), (None, False)])
    def test_figures_that_may_flatter_are_told(self, project, command, monkeypatch, kind, flatters):
        settings = ("--set", f"split={kind}", "--set", "exclude=[at]") if kind else ()
        rows = (project.parent / "rows.csv").read_text()
        lines = rows.splitlines(keepends=True)
        repacked(project, "".join(lines[:-48]))
        assert 0 == command("run", project, *settings).returncode
        repacked(project, rows)  # two days more
        monkeypatch.setenv("FICKLE", "raises")

        ended = command("run", project, *settings)

        assert 0 == ended.returncode
        assert flatters == ("the test figures may flatter: run " in ended.stdout)

    def test_a_model_that_cannot_be_loaded_does_not_serve(self, project, good_run, command, monkeypatch):
        (folder,) = kept(project, "train")
        record = json.loads((folder / "kept.json").read_text())
        (manifest,) = (each for each in record["output"]["files"] if each["path"].endswith("manifest.json"))
        path = folder / manifest["path"]
        text = path.read_text()
        path.unlink()
        path.write_text(text.replace('"format_version"', '"format_vers"').replace('"groundwork"', '"elsewhere"'))
        manifest["sha256"], manifest["bytes"] = storage.sha256(path), path.stat().st_size
        (folder / "kept.json").write_text(json.dumps(record))
        monkeypatch.setenv("FICKLE", "raises")

        ended = command("run", project)

        assert 1 == ended.returncode
        assert f"run {good_run.name} left it, but " in ended.stderr


def test_a_served_model_names_the_run_that_trained_it(project, good_run, groundwork, monkeypatch):
    with monkeypatch.context() as bad_world:
        bad_world.setenv("FICKLE", "raises")
        groundwork("run", project, check=0)
    process = groundwork.start("serve", "runs/latest", "--port", "0")
    try:
        url = process.stdout.readline().rpartition(" ")[2].strip()
        with urllib.request.urlopen(f"{url}/v2/models/small", timeout=60) as answer:
            described = json.load(answer)
        body = json.dumps({"instances": [described["example"]]}).encode()
        request = urllib.request.Request(f"{url}/predict", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            predicted = json.load(answer)
    finally:
        process.terminate()
        _, said = process.communicate(timeout=60)

    assert [good_run.name] == described["versions"]
    assert good_run.name == predicted["version"]
    assert f"warning: this model is the one that run {good_run.name} trained, for step train failed: " in said
    assert "the optimiser diverged" in said


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL on Windows")
def test_a_run_killed_after_it_fell_back_goes_on_with_what_it_had_done(project, good_run, groundwork):
    removed(project)
    killed = groundwork("run", project, failpoints={"pipeline.train.started": "kill_self"})

    groundwork("run", project, check=0)

    newest = groundwork.runs()[0]
    started = [each["step"] for each in groundwork.journal(newest["id"]) if each["event"] == "step_started"]
    assert -9 == killed.returncode
    assert (2, "PARTIAL_FAILURE") == (len(groundwork.runs()), newest["status"])
    # A fallback is tried again, for the source may be back; what it serves is the same, so the split stays.
    assert (2, 1) == (started.count("load"), started.count("split"))


def test_a_good_run_that_can_keep_nothing_says_so_and_stays_good(project, command):
    Path("runs").mkdir()
    Path("runs/kept").write_text("in the way")

    ended = command("run", project)

    assert (0, "SUCCESS") == (ended.returncode, latest(project).result().status)
    assert "step load left nothing for later runs to fall back to: " in ended.stdout


def test_where_files_cannot_be_linked_they_are_copied(project, command, monkeypatch):
    def refuse(*args, **kwargs):
        raise OSError(errno.EPERM, "no hard links here")

    monkeypatch.setattr("os.link", refuse)
    command("run", project)
    removed(project)

    ended = command("run", project)

    assert (0, "PARTIAL_FAILURE") == (ended.returncode, latest(project).result().status)


def test_without_a_fallback_nothing_is_kept(project, command):
    command("run", project, "--set", "steps={}")

    assert not Path("runs/kept").exists()
