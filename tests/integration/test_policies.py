"""Gates, leakage and step policies do what pipeline.yaml says, and result.json tells it."""

import json
import multiprocessing

import pytest

from groundwork.errors import TransientError
from groundwork.project import find_run
from groundwork.resilience import PipelineResult

pytestmark = pytest.mark.integration


def result(project):
    return find_run(project.parent / "runs" / "latest").result()


def step(project, name):
    return next(step for step in result(project).steps if step.name == name)


def failing(times, error):
    left = iter(range(times))

    def act():
        if next(left, None) is not None:
            raise error

    return act


class TestGates:
    """A run that misses a gate fails, keeps everything, and is used by force only."""

    @pytest.fixture
    def missed(self, project, command):
        return command("run", project, "--set", "gates.roc_auc=>= 0.999")

    def test_the_run_fails_and_keeps_checkpoint_and_report(self, project, missed):
        folder = project.parent / "runs" / "latest"

        assert missed.returncode == 1
        assert "error: 1 of 1 gates missed: roc_auc is 0.8988, the gate is >= 0.999" in missed.stderr
        assert "Traceback" not in missed.said
        assert result(project).status == "FAILURE"
        assert (folder / "report.html").stat().st_size > 10_000
        assert (folder / result(project).data["checkpoint"]["folder"]).is_dir()

    def test_it_is_refused_unless_forced(self, project, missed, command):
        asked = ("predict", "runs/latest", project / "rows.csv", "out.csv")

        refused = [command("serve"), command(*asked)]
        forced = command(*asked, "--force")

        for each in refused:
            assert each.returncode == 2
            assert "missed its gates: roc_auc 0.8988 (gate >= 0.999)" in each.stderr
            assert "hint: --force uses it all the same" in each.stderr
        assert forced.returncode == 0
        assert (project.parent / "out.csv").exists()

    def test_the_same_command_begins_a_new_run(self, project, missed, command):
        again = command("run", project, "--set", "gates.roc_auc=>= 0.999")

        assert "going on with" not in again.stdout


class TestLeakage:
    """A leak is reported, and fails the run if the project says so."""

    COLUMN = "load gives the answer away: alone it predicts the target with ROC AUC"

    def test_warn_reports_it_and_goes_on(self, project, command):
        ended = command("run", project, "--set", "leakage=warn")

        assert ended.returncode == 0
        assert f"warning  leakage: {self.COLUMN}" in ended.stdout
        assert result(project).status == "SUCCESS"
        assert self.COLUMN in result(project).data["split"]["leakage"][0]["message"]

    def test_error_fails_the_run(self, project, command):
        ended = command("run", project, "--set", "leakage=error")

        assert ended.returncode == 1
        assert f"error: {self.COLUMN}" in ended.stderr
        assert "Traceback" not in ended.said
        assert [error["code"] for error in result(project).errors] == ["leakage"]
        assert step(project, "train").status == "PENDING"

    @pytest.mark.parametrize(("policy", "code"), [("warn", 0), ("error", 1)])
    def test_a_random_split_parts_groups_and_that_is_told(self, project, command, policy, code):
        settings = [
            "split={kind: random}",
            "exclude=[at, load]",
            f"leakage={{policy: {policy}, groups: {{day: \"pl.col('at').dt.date()\"}}}}",
            "gates={}",
        ]

        ended = command("run", project, *(word for setting in settings for word in ("--set", setting)))

        assert ended.returncode == code
        assert "38 of the test part's 38 values of day also stand in train" in ended.said


class TestRetry:
    """A step is tried as often as its policy says, for what the world did only."""

    RETRY = ("--set", "steps.load.retry={attempts: 3, initial_s: 0}")

    @pytest.mark.parametrize("error", [OSError("the network share is away"), TransientError("busy")])
    def test_the_third_attempt_succeeds(self, project, command, error):
        ended = command("run", project, *self.RETRY, failpoints={"project.load.written": failing(2, error)})

        written = json.loads((project.parent / "runs/latest/result.json").read_text())
        assert ended.returncode == 0
        assert "3 attempts" in ended.stdout
        assert written["status"] == "SUCCESS"
        assert [step["attempts"] for step in written["steps"] if step["name"] == "load"] == [3]

    def test_attempts_run_out(self, project, command):
        away = failing(9, OSError("the network share is away"))

        ended = command("run", project, *self.RETRY, failpoints={"project.load.written": away})

        assert ended.returncode == 1
        assert "3 of 3 attempts failed" in ended.stderr
        assert "the network share is away" in ended.stderr
        assert [error["code"] for error in result(project).errors] == ["retry_exhausted"]
        assert step(project, "load").attempts == 3

    def test_a_wrong_value_is_not_tried_again(self, project, command):
        (project / "rows.csv").write_text("site,at,load,late\na,yesterday,1,1\n")

        ended = command("run", project, *self.RETRY)

        assert ended.returncode == 1
        assert step(project, "load").attempts == 1


class TestTimeout:
    """A step with a time limit runs in a process of its own, which is killed."""

    def test_a_step_out_of_time_fails_the_run(self, project, command):
        ended = command("run", project, "--set", "steps.split.timeout_s=0.01")

        assert ended.returncode == 1
        assert "error: no result within 0.01 s; raise the step's timeout_s, or look at why it hangs" in ended.stderr
        assert "Traceback" not in ended.said
        assert [error["code"] for error in result(project).errors] == ["deadline_exceeded"]
        assert multiprocessing.active_children() == []

    def test_a_step_in_time_gives_its_output(self, project, command):
        ended = command("run", project, "--set", "steps.split.timeout_s=120")

        assert ended.returncode == 0
        assert result(project).data["split"]["rows"] == {"train": 612, "validation": 94, "test": 176}


class TestOptional:
    """A run without an optional step is still of use, and says so."""

    def test_the_run_goes_on(self, project, command, monkeypatch):
        def unlucky(frame):
            raise ValueError("no profile today")

        monkeypatch.setattr("groundwork.data.profile", unlucky)

        ended = command("run", project, "--set", "steps.profile.optional=true")

        assert ended.returncode == 0
        assert "warning  step profile failed and the run went on without it: no profile today" in ended.stdout
        assert result(project).status == "PARTIAL_FAILURE"
        assert (project.parent / "runs/latest/report.html").exists()


def test_a_result_survives_its_file(good_run):
    text = (good_run / "result.json").read_text()

    read = PipelineResult.from_dict(json.loads(text))

    assert read.to_dict() == json.loads(text)
    assert PipelineResult.from_dict(read.to_dict()) == read


def test_runs_are_listed_as_json(project, good_run, command):
    command("run", project, "--set", "gates.roc_auc=>= 0.999")

    listed = json.loads(command("runs", "--json").stdout)

    assert [run["status"] for run in listed] == ["FAILURE", "SUCCESS"]
    assert listed[1]["id"] == good_run.name
    assert listed[0]["gates"][0]["passed"] is False
    assert listed[1]["metrics"]["roc_auc"] == pytest.approx(0.8988, abs=1e-3)
