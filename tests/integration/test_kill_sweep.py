"""The main job on a slice of the real flights, killed by SIGKILL at every failpoint that it passes, and started again.

No step has a process of its own here, so that every failpoint is one of the command's.
"""

import io
import json
import re
import sys
import zipfile
from collections import Counter
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest

from groundwork.storage import FileJournal
from groundwork.testing import broken_promises

sys.path.insert(0, str(Path(__file__).parent))  # the helper is no part of the package
from forks import Forks

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(sys.platform == "win32", reason="no fork and no SIGKILL on Windows"),
]

FLIGHTS = Path(__file__).parents[2] / "examples" / "flights"
ATTEMPTS = 3
SAMPLED = 5
SETTINGS = {
    "source.path": "flights.csv",
    "source.sha256": "null",
    "model.params.max_iter": 5,
    "model.params.min_samples_leaf": 5,
    "gates.roc_auc": "'>= 0.5'",
    "gates.calibration_error": "'<= 1'",
    "steps.environment.timeout_s": "null",
    "steps.train.timeout_s": "null",
}


class Host:
    """Runs the project."""

    def __init__(self, project):
        self.arguments = ["run", project]
        for name, value in SETTINGS.items():
            self.arguments += ["--set", f"{name}={value}"]
        self.forks = Forks({"OMP_NUM_THREADS": "1"})  # two threads gain nothing on a slice

    def __call__(self, folder, kill_at=0):
        folder.mkdir(exist_ok=True)
        said = folder / "said.txt"
        return self.forks(folder, self.arguments, out=said, err=said, kill_at=kill_at)


@pytest.fixture(scope="module")
def flights(tmp_path_factory):
    """Every eightieth flight, with all of the weather."""
    folder = tmp_path_factory.mktemp("slice")
    with zipfile.ZipFile(FLIGHTS / "data" / "flights.csv.zip") as archive:
        (name,) = archive.namelist()
        rows = pl.read_csv(io.BytesIO(archive.read(name)), infer_schema=False)
    rows.gather_every(80).write_csv(folder / "flights.csv")
    (folder / "data").mkdir()
    (folder / "data" / "weather.csv").write_bytes((FLIGHTS / "data" / "weather.csv").read_bytes())
    (folder / "pipeline.yaml").write_bytes((FLIGHTS / "pipeline.yaml").read_bytes())
    return folder


@pytest.fixture(scope="module")
def host(flights):
    host = Host(flights)
    yield host
    host.forks.close()


@pytest.fixture(scope="module")
def undisturbed(host, tmp_path_factory):
    folder = tmp_path_factory.mktemp("undisturbed")
    assert host(folder) == 0, said(folder)
    return folder


def said(folder):
    return (folder / "said.txt").read_text(encoding="utf-8")


def runs(folder):
    """The runs that have a name; until then a run is a hidden folder, which no command shows."""
    return [path.parent for path in (folder / "runs").glob("[!.]*/run.json") if not path.parent.is_symlink()]


def journal(run):
    return list(FileJournal(run / "journal.jsonl").records())


def begun_again(run):
    """Steps that were begun though they had not failed before: the work that a kill has cost."""
    begun = Counter()
    for record in journal(run):
        if record["event"] == "step_started":
            begun[record["step"]] += 1
        elif record["event"] == "step_ended" and record["status"] in ("FAILED", "FALLBACK"):
            begun[record["step"]] -= 1  # which is tried again with every start
    return [step for step, count in begun.items() for _ in range(count - 1)]


def tree(run):
    return sorted(str(path.relative_to(run)) for path in run.rglob("*"))


def created(run):
    return datetime.fromisoformat(json.loads((run / "run.json").read_text(encoding="utf-8"))["created"])


def kept(run):
    """What a run keeps when a newer good one is there: all but its intermediate files."""
    return [name for name in tree(run) if Path(name).parts[0] != "work"]


def outputs(run):
    """The bytes that must not depend on a crash."""
    return {
        "predictions": (run / "predictions.parquet").read_bytes(),
        "model": arrays(next((run / "checkpoints").glob("step-*/model.skops"))),
        "evaluation": (run / "evaluation.json").read_bytes(),
        "profile": (run / "profile.json").read_bytes(),
    }


def arrays(path):
    # Their names are addresses in memory.
    with zipfile.ZipFile(path) as archive:
        return sorted(archive.read(name) for name in archive.namelist() if name.endswith(".npy"))


def status(run):
    return json.loads((run / "result.json").read_text(encoding="utf-8"))["status"]


def wrongs(folder, undisturbed):
    """What a kill and a second start have left that an undisturbed run would not have."""
    (good,) = runs(undisturbed)
    found = runs(folder)
    newest = max(found, key=created)  # of one second's names either may come first
    for run in found:
        if status(run) != status(good):  # which is no SUCCESS where the check of the environment finds something
            yield f"the run is {status(run)}"
        yield from broken_promises(journal(run), attempts=ATTEMPTS)
        if len(again := begun_again(run)) > 1:
            yield f"more than one step was begun again: {again}"
        expected = tree(good) if run == newest else kept(good)
        if tree(run) != expected:
            yield f"files of {run.name} differ: {set(tree(run)) ^ set(expected)}"
        mine, theirs = outputs(run), outputs(good)
        yield from (f"{name} differs" for name in theirs if mine[name] != theirs[name])
    if (folder / "runs" / "latest").resolve() != newest.resolve():
        yield "runs/latest does not lead to the newest run"
    if beside(folder) != beside(undisturbed):
        yield f"beside the runs there is {beside(folder)}"


def beside(folder):
    return {path.name for path in set((folder / "runs").iterdir()) - set(runs(folder))}


def passed(folder):
    return json.loads((folder / "passed.json").read_text(encoding="utf-8"))


def swept(host, undisturbed, tmp_path, every):
    """Kill at the given arrivals; return what was wrong, by arrival."""
    names, wrong = passed(undisturbed), {}
    for at in every:
        folder = tmp_path / str(at)
        killed = host(folder, kill_at=at)
        # A run that had written its result was whole, and the same command begins another.
        whole = any((run / "result.json").exists() for run in runs(folder))
        resumed = host(folder)
        if (killed, resumed) == (-9, 0):
            found = list(wrongs(folder, undisturbed))
        else:
            found = [f"exit codes {killed} and {resumed}", said(folder)]
        if len(runs(folder)) != 1 + whole:
            found.append(f"there are {len(runs(folder))} runs")
        if found:
            wrong[f"arrival {at}, {names[at - 1]}"] = found
    return wrong


def test_the_slice_passes_failpoints_of_every_part(undisturbed):
    parts = {re.split(r"\.", name)[0] for name in passed(undisturbed)}

    assert {"pipeline", "project", "storage"} <= parts


def test_undisturbed_runs_are_byte_equal(host, undisturbed, tmp_path):
    assert host(tmp_path) == 0

    assert ([], 1) == (list(wrongs(tmp_path, undisturbed)), len(runs(tmp_path)))
    assert passed(undisturbed) == passed(tmp_path)


def test_killed_at_a_sample_of_its_failpoints_the_job_recovers(host, undisturbed, tmp_path):
    total = len(passed(undisturbed))
    # At the last one the result is written, and the same command begins another run.
    sample = [*range(total // SAMPLED // 2, total, total // SAMPLED), total]

    assert {} == swept(host, undisturbed, tmp_path, sample)


@pytest.mark.slow
def test_killed_at_each_of_its_failpoints_the_job_recovers(host, undisturbed, tmp_path):
    assert {} == swept(host, undisturbed, tmp_path, range(1, len(passed(undisturbed)) + 1))
