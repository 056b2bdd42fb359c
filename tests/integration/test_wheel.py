"""A wheel of the repository, in an environment that holds nothing else, far from the repository."""

import json
import os
import shutil
import subprocess
import sys
import urllib.request
import venv
import zipfile
from pathlib import Path

import pytest
import typer

from groundwork.cli._main import app
from groundwork.course import exercises

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[2]
PATIENCE_S = 300
UV = shutil.which("uv")


def run(*command, cwd, check=True, patience_s=PATIENCE_S):
    # What is measured or imported here must not reach the other environment.
    variables = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "COVERAGE"))}
    done = subprocess.run(
        list(map(str, command)), cwd=cwd, env=variables, capture_output=True, text=True, timeout=patience_s
    )
    assert not check or done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel, built as a user would, but of a copy, since a build leaves nothing behind in a user's folder."""
    folder = tmp_path_factory.mktemp("wheel")
    copy = folder / "copy"
    shutil.copytree(ROOT / "src", copy / "src", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md"):
        shutil.copy(ROOT / name, copy)
    if UV is not None:
        # The source distribution first, then the wheel of that: both must hold everything.
        run(UV, "build", "--offline", "--no-build-isolation", "--python", sys.executable, "-o", "../dist", cwd=copy)
    else:
        build = ("-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "-w", "../dist", ".")
        run(sys.executable, *build, cwd=copy)
    (path,) = (folder / "dist").glob("*.whl")
    return path


class Installed:
    """The commands of an environment that has the wheel, run in a folder of their own."""

    def __init__(self, root, folder):
        self.scripts, self.folder = root / ("Scripts" if os.name == "nt" else "bin"), folder
        self.python = self.scripts / "python"

    def __call__(self, *arguments, check=0):
        done = run(self.scripts / "groundwork", *arguments, cwd=self.folder, check=False)
        assert done.returncode == check, f"{arguments}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout


@pytest.fixture(scope="module")
def environment(wheel, tmp_path_factory):
    """An environment with a blank in its path that holds the wheel and what it depends on; from the cache if it can."""
    root = tmp_path_factory.mktemp("of its own") / "env"
    venv.create(root, with_pip=UV is None)
    python = root / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    arguments = (wheel, "-c", ROOT / "requirements.lock")
    if UV is None:
        commands = [(python, "-m", "pip", "install", "-q", *arguments)]
    else:
        install = (UV, "pip", "install", "-q", "--python", python, *arguments)
        commands = [(*install, "--offline"), install]
    for command in commands:
        done = run(*command, cwd=root, check=False)
        if done.returncode == 0:
            return root
    if os.environ.get("CI"):
        pytest.fail(done.stderr)
    pytest.skip(f"neither a cache nor an index has what the wheel depends on: {done.stderr[-300:]}")


@pytest.fixture
def groundwork(environment, tmp_path):
    folder = tmp_path / "my folder"
    folder.mkdir()
    return Installed(environment, folder)


def test_the_wheel_holds_every_file_of_the_package(wheel):
    sources = {path.relative_to(ROOT / "src").as_posix() for path in (ROOT / "src/groundwork").rglob("*")}
    files = {name for name in sources if "__pycache__" not in name and (ROOT / "src" / name).is_file()}

    names = zipfile.ZipFile(wheel).namelist()

    assert files == {name for name in names if not name.split("/")[0].endswith(".dist-info")}
    assert any(name.endswith("/licenses/LICENSE") for name in names)


def commands(group, *before):
    for name, one in group.commands.items():
        if hasattr(one, "commands"):
            yield from commands(one, *before, name)
        else:
            yield (*before, name)


def test_every_command_starts_without_what_only_developers_have(groundwork):
    every = list(commands(typer.main.get_command(app)))
    script = (
        "import json, sys; from typer.main import get_command; from typer.testing import CliRunner;"
        "from groundwork.cli._main import app;"
        "runs = [CliRunner().invoke(app, [*words, '--help']) for words in json.loads(sys.argv[1])];"
        "print(json.dumps([one.exit_code for one in runs]))"
    )

    codes = json.loads(
        run(groundwork.python, "-I", "-c", script, json.dumps(every), cwd=groundwork.folder).stdout.splitlines()[-1]
    )

    assert dict(zip(every, codes, strict=True)) == dict.fromkeys(every, 0)
    missing = run(groundwork.python, "-I", "-c", "import pytest", cwd=groundwork.folder, check=False)
    assert "ModuleNotFoundError" in missing.stderr


def test_the_course_is_taken_from_the_wheel(groundwork):
    *numbers, last = [line.split()[0] for line in groundwork("learn", "list").splitlines()[:-1]]

    assert ([exercise.number for exercise in exercises()], "Capstone:") == (numbers, last)
    for number in numbers:
        groundwork("learn", "start", number)
        verdict = json.loads(groundwork("learn", "check", number, "--json", check=1))
        groundwork("learn", "hint", number)

        assert list((groundwork.folder / "learn").glob(f"{number}_*/README.md"))
        assert (False, None) == (verdict["passed"], verdict["error"])
    stages = json.loads(groundwork("learn", "capstone", "--json", check=1))["verdicts"]
    assert ["passed", "failed", "waiting"] == [stage["outcome"] for stage in stages[:3]]


def test_the_library_of_the_wheel_says_what_project_it_is_of(groundwork):
    script = (
        "import json, groundwork.cli; from groundwork.course import find_exercise;"
        "from groundwork.testing import run_contract;"
        "[topic] = [topic for topic, names in find_exercise('03').topics.items() if names == ('main',)];"
        "print(json.dumps([verdict.to_dict() for verdict in run_contract(groundwork.cli, topic)]))"
    )

    verdicts = json.loads(run(groundwork.python, "-I", "-c", script, cwd=groundwork.folder).stdout.splitlines()[-1])

    assert [(each["id"], "passed", "") for each in verdicts] == [
        (each["id"], each["outcome"], each["message"]) for each in verdicts
    ]
    assert len(verdicts) == 5


@pytest.mark.slow
def test_the_course_of_the_wheel_proves_itself(groundwork):
    numbers = [exercise.number for exercise in exercises()]
    line = (groundwork.scripts / "groundwork", "learn", "verify", *numbers, "--limit-s", "600", "--json")

    told = json.loads(run(*line, cwd=groundwork.folder, check=False, patience_s=3600).stdout)

    broken = {each["exercise"]: each["problems"] for each in told["proofs"] if each["problems"]}
    # Exercise 07 is about pytest suites; its README says that pytest is to be installed beside groundwork.
    assert {"07"} == set(broken) == {number for number, checks in told["unseen"].items() if checks}
    assert "pytest" in " ".join(broken["07"])
    assert {"library"} <= {each["kind"] for each in told["proofs"] if not each["problems"]}


def test_a_run_is_made_scored_kept_and_served(groundwork, project):
    shutil.copytree(project, groundwork.folder / "small")

    groundwork("run", "small")
    model = "runs/latest"
    groundwork("predict", model, "small/rows.csv", "out.csv")
    groundwork("store", "export", model, "model.zip")

    assert "SUCCESS" in groundwork("runs", "small")
    assert groundwork("report", model, "--no-open").strip().endswith("report.html")
    assert groundwork("store", "verify", model)
    assert (groundwork.folder / "out.csv").stat().st_size > 0
    assert zipfile.is_zipfile(groundwork.folder / "model.zip")

    line = [groundwork.scripts / "groundwork", "serve", model, "--port", "0"]
    with subprocess.Popen(
        line, cwd=groundwork.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as p:
        try:
            address = next(word for said in p.stdout for word in said.split() if word.startswith("http://"))
            page = urllib.request.urlopen(address, timeout=30).read().decode()
            schema = json.loads(urllib.request.urlopen(f"{address.rstrip('/')}/openapi.json", timeout=30).read())
            bench = json.loads(groundwork("bench", "serve", address, "--duration", "1", "--json"))
        finally:
            p.terminate()
            p.communicate(timeout=60)

    assert ("<html" in page, schema["openapi"][0], bool(bench)) == (True, "3", True)


def test_the_environment_is_found_healthy_and_compared(groundwork):
    findings = json.loads(groundwork("env", "check", "--only", "files", "--only", "conflicts", "--json"))
    (groundwork.folder / "before.json").write_text(groundwork("env", "fingerprint", "--json"), encoding="utf-8")

    assert findings["ok"]
    assert groundwork("env", "diff", "before.json") == "No difference.\n"


def test_a_new_project_takes_the_wheel_along(groundwork, wheel):
    groundwork("new", "mine")

    (own,) = (groundwork.folder / "mine/wheels").iterdir()
    with zipfile.ZipFile(wheel) as built, zipfile.ZipFile(own) as packed:
        theirs = {name: built.read(name) for name in built.namelist()}
        ours = {name: packed.read(name) for name in packed.namelist()}
    differing = {name for name in theirs.keys() | ours.keys() if theirs.get(name) != ours.get(name)}
    assert {name.rpartition("/")[2] for name in differing} == {"RECORD", "WHEEL"}
