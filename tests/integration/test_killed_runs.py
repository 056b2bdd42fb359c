"""Killed at any instant, the same command goes on where it stopped, and ends as if nothing had happened."""

import random
import sys
import time

import pytest

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL on Windows"),
]

STEPS = ["environment", "load", "split", "profile", "train", "evaluate", "checkpoint", "gates"]
# Here with a process for each step that has a time limit; test_kill_sweep.py kills at every place.
PLACES = [
    "pipeline.train.started",
    pytest.param("storage.checkpoint.before_rename", marks=pytest.mark.slow),
    pytest.param("project.finish.before_result", marks=pytest.mark.slow),
]


def predictions(folder, run):
    return (folder / "runs" / run / "predictions.parquet").read_bytes()


def undisturbed(groundwork, project):
    groundwork("run", project, "--runs", "undisturbed", check=0)
    return (groundwork.folder / "undisturbed" / "latest" / "predictions.parquet").read_bytes()


def times_started(records, step):
    return sum(record["event"] == "step_started" and record["step"] == step for record in records)


@pytest.mark.parametrize("place", PLACES)
def test_a_run_killed_at_any_place_goes_on_and_repeats_at_most_one_step(groundwork, project, place):
    killed = groundwork("run", project, failpoints={place: "kill_self"})
    status = [run["status"] for run in groundwork.runs()]

    resumed = groundwork("run", project, check=0)

    assert killed.returncode == -9, killed.stderr
    assert status == ["CRASHED"]
    (run,) = groundwork.runs()
    assert run["status"] == "SUCCESS"
    assert "going on with" in resumed.stdout
    records = groundwork.journal(run["id"])
    assert sum(times_started(records, step) for step in STEPS) <= len(STEPS) + 1


@pytest.mark.parametrize(
    "place", ["project.start.after_mkdir", pytest.param("project.start.before_rename", marks=pytest.mark.slow)]
)
def test_a_run_killed_before_it_had_its_name_is_shown_nowhere_and_the_next_start_takes_it_away(
    groundwork, project, place
):
    killed = groundwork("run", project, failpoints={place: "kill_self"})
    left = [path.name for path in (groundwork.folder / "runs").glob("*-*")]
    shown = groundwork.runs()

    groundwork("run", project, check=0)

    assert (-9, 1, []) == (killed.returncode, len(left), shown)
    (run,) = groundwork.runs()
    names = {path.name for path in (groundwork.folder / "runs").iterdir()}
    assert [] == [name for name in names if name in left or name.endswith(".gw-tmp")]
    assert run["id"] in names


def test_the_resumed_predictions_are_byte_equal(groundwork, project):
    expected = undisturbed(groundwork, project)
    for place in ("pipeline.train.started", "pipeline.evaluate.started"):
        groundwork("run", project, failpoints={place: "kill_self"})

    groundwork("run", project, check=0)

    (run,) = groundwork.runs()
    assert predictions(groundwork.folder, run["id"]) == expected


def test_a_run_killed_at_random_moments_ends_as_an_undisturbed_one(groundwork, project):
    expected = undisturbed(groundwork, project)
    rng = random.Random(5)

    for _ in range(3):
        process = groundwork.start("run", project)
        time.sleep(rng.uniform(0.3, 3.0))  # real kills need real time; any moment must do
        process.kill()
        process.communicate()
    groundwork("run", project, check=0)

    newest = groundwork.runs()[0]
    assert newest["status"] == "SUCCESS"
    assert predictions(groundwork.folder, newest["id"]) == expected


def test_a_finished_run_is_not_gone_on_with(groundwork, project):
    groundwork("run", project, check=0)
    again = groundwork("run", project, check=0)

    assert "going on with" not in again.stdout
    assert len(groundwork.runs()) == 2


def test_a_changed_configuration_begins_a_new_run(groundwork, project):
    groundwork("run", project, failpoints={"pipeline.train.started": "kill_self"})

    groundwork("run", project, "--set", "model.params.max_iter=5", check=0)

    assert sorted(run["status"] for run in groundwork.runs()) == ["CRASHED", "SUCCESS"]


def test_changed_data_begin_a_new_run(groundwork, project):
    groundwork("run", project, failpoints={"pipeline.train.started": "kill_self"})
    with (project / "rows.csv").open("a") as file:
        file.write("a,2024-03-01T00:00:00Z,0.5,3\n")

    groundwork("run", project, check=0)

    assert sorted(run["status"] for run in groundwork.runs()) == ["CRASHED", "SUCCESS"]


def test_a_run_whose_reader_has_gone_goes_on(groundwork, project):
    process = groundwork.start("run", project)

    first = process.stdout.readline()
    process.stdout.close()  # as `| head -1` does
    complaints = process.stderr.read()
    process.stderr.close()

    assert first.startswith("small  run ")
    assert (process.wait(120), complaints) == (0, "")
    assert [run["status"] for run in groundwork.runs()] == ["SUCCESS"]
