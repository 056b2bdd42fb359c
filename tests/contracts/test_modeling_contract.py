"""Decorators, preprocessing, figures, names, a command; the documents' code, the measurements, an installation."""

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import venv

import pytest
from proofs import ContractProofs

import groundwork.cli
import groundwork.modeling
from groundwork.modeling import evaluation, preprocessing
from groundwork.testing.contracts.modeling import CONTRACT

UV = shutil.which("uv")


class TestModelingContract(ContractProofs):
    number = "03"
    doors = (groundwork.modeling, preprocessing, evaluation, groundwork.cli)
    # The checks start processes, or wait for what must not come.
    long = (
        "threads_compute_it_once",
        "importing_does_nothing",
        "the_command_tells_its_usage",
        "wrong_usage_is_told_by_the_status",
        "the_project_says_what_it_is",
        "the_command_of_the_project_runs",
        "python_m_runs_the_command",
    )
    seeded = tuple(
        CONTRACT[name]
        for name in (
            "the_test_is_not_learned_from",
            "equal_scores_count_half",
            "an_interval_is_as_wide_as_it_should_be",
            "a_row_is_drawn_whole",
            "an_interval_depends_on_its_seed_alone",
            "groups_are_drawn_whole",
        )
    )

    @pytest.mark.parametrize("page", ["README.md", "IMPLEMENTATION_GUIDE.md"])
    def test_the_code_of_a_document_runs(self, page):
        blocks = re.findall(r"^```python\n(.*?)^```", self.document(page), re.DOTALL | re.MULTILINE)
        variables = {**os.environ, "PYTHONPATH": str(self.exercise.path / "alternative")}

        subprocess.run([sys.executable, "-W", "error", "-c", "\n".join(blocks)], env=variables, check=True)

        assert len(blocks) > 3

    def test_the_measurements_can_be_run_again(self):
        command = [sys.executable, str(self.exercise.path / "starter" / "measure.py"), "--quick"]

        done = subprocess.run(command, capture_output=True, text=True, check=True)

        names = re.findall(r"^(\w+): ", done.stdout, re.MULTILINE)
        assert names == ["wrapper", "format", "keys", "race", "leak", "coverage", "judging", "import"]
        answers = self.document("ANSWERS.md")
        assert [name for name in names if f"measure.py {name}" not in answers] == []

    def document(self, page):
        return (self.exercise.path / page).read_text(encoding="utf-8")

    def test_the_project_is_installed_with_its_command(self, tmp_path):
        project, root = tmp_path / "project", tmp_path / "fresh"
        shutil.copytree(self.exercise.path / "alternative", project, ignore=shutil.ignore_patterns("__pycache__"))
        (tmp_path / "predictions.csv").write_text("outcome,prediction\n1,1.5\n2,1\n")
        venv.create(root, with_pip=UV is None)
        scripts = root / ("Scripts" if os.name == "nt" else "bin")
        installer = [scripts / "python", "-m", "pip", "install"]
        if UV is not None:
            installer = [UV, "pip", "install", "--offline", "--python", scripts / "python"]
        # numpy and the builder are taken from here, so that nothing has to be downloaded.
        variables = {**os.environ, "PYTHONPATH": sysconfig.get_path("purelib")}

        def run(*command):
            return subprocess.run(
                [*map(str, command)], cwd=tmp_path, env=variables, capture_output=True, text=True, check=True
            ).stdout

        run(*installer, "--no-deps", "--no-build-isolation", project)
        shutil.rmtree(project)

        assert "usage: scorecard" in run(scripts / "scorecard", "--help")
        for command in ([scripts / "scorecard"], [scripts / "python", "-m", "modeling"]):
            found = json.loads(run(*command, "predictions.csv"))
            assert (found["mae"]["value"], found["r2"]) == (0.75, -1.5)
