"""The checkpoint of a run says what the model came from."""

import json
import os

import pytest

from groundwork.storage import CheckpointStore


@pytest.mark.integration
def test_the_checkpoint_carries_the_fingerprints_of_its_run(good_run):
    prints = json.loads((good_run / "fingerprints.json").read_text(encoding="utf-8"))

    info = CheckpointStore(good_run / "checkpoints").info()

    assert prints == info.fingerprints
    assert {"configuration", "data", "code", "environment"} == prints.keys()


@pytest.mark.integration
@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="cores are assigned another way on this system")
@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="there is one core")
def test_a_killed_run_goes_on_with_the_cores_that_it_gets_and_says_so(groundwork, project, monkeypatch):
    cores = os.sched_getaffinity(0)
    monkeypatch.delenv("PYTHONHASHSEED", raising=False)
    killed = groundwork("run", project, failpoints={"pipeline.train.started": "kill_self"})
    monkeypatch.setenv("PYTHONHASHSEED", "random")
    os.sched_setaffinity(0, {min(cores)})
    try:
        resumed = groundwork("run", project, check=0)
    finally:
        os.sched_setaffinity(0, cores)

    (run,) = groundwork.runs()
    result = json.loads((groundwork.folder / "runs" / run["id"] / "result.json").read_text(encoding="utf-8"))
    assert killed.returncode == -9
    assert "going on with" in resumed.stdout
    assert any("in another environment than it began in: cores " in warning for warning in result["warnings"])


@pytest.mark.integration
def test_a_run_is_compared_with_the_environment_of_today(good_run, command, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")

    told = command("env", "diff", good_run)

    assert "OMP_NUM_THREADS unset -> 1" in told.stdout.splitlines()
