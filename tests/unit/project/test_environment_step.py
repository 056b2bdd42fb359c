from pathlib import Path

import pytest

from groundwork import environment
from groundwork.environment import Finding
from groundwork.errors import EnvironmentBroken
from groundwork.project import load_config
from groundwork.project._data_steps import check_environment
from groundwork.project._job import Job


@pytest.fixture
def found(monkeypatch):
    """What the check of the environment finds, and what it was asked."""
    findings, asked = [], {}

    def check(**options):
        asked.update(options)
        return findings

    monkeypatch.setattr(environment, "check", check)
    return findings, asked


def job(project):
    return Job(load_config(project), project, "run")


def test_an_error_in_the_environment_stops_the_run_with_the_command_that_mends_it(project, found):
    found[0].append(Finding("files", "error", "numpy: 1 file is blank", "as in RECORD", "groundwork env check --fix"))

    with pytest.raises(EnvironmentBroken, match="'files' failed: found numpy: 1 file is blank") as raised:
        check_environment(job(project))

    assert raised.value.hint == "groundwork env check --fix"


def test_a_warning_is_kept_and_what_is_fine_is_counted(project, found):
    found[0].append(Finding("memory", "warning", "1 GiB", "4 GiB", ""))
    found[0].append(Finding("disk", "ok", "9 GiB", "", ""))

    output = check_environment(job(project))

    assert output["checks"] == 2
    assert [finding["check"] for finding in output["findings"]] == ["memory"]


def test_the_nearest_lock_above_the_project_is_the_one_that_counts(project, found):
    lock = project.parent / "requirements.lock"
    lock.touch()

    check_environment(job(project))

    assert found[1] == {"lock": Path(lock).resolve(), "workdir": project.resolve()}
