"""A new project, on a machine that has nothing of it yet."""

import json
import os
import subprocess
import sys

import pytest

from groundwork.project import TEMPLATES

pytestmark = pytest.mark.integration

PATIENCE_S = 600


def bootstrap(folder, *arguments, **variables):
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "COVERAGE"))}
    return subprocess.run(
        [sys.executable, "bootstrap.py", *arguments],
        cwd=folder,
        env={**kept, **variables},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        stdin=subprocess.DEVNULL,
    )


@pytest.fixture(params=["tabular"])
def new(command, tmp_path, request):
    ended = command("new", "my folder/churn-model", "--template", request.param)
    if "is not installed" in ended.stderr:
        assert "CI" not in os.environ, ended.stderr
        pytest.skip("this groundwork runs from its sources and is not installed")
    assert ended.returncode == 0, ended.stderr
    return tmp_path / "my folder" / "churn-model", ended.stdout


@pytest.mark.parametrize(
    "new",
    ["tabular", *(pytest.param(name, marks=pytest.mark.slow) for name in TEMPLATES if name != "tabular")],
    indirect=True,
)
def test_a_new_project_passes_its_tests_and_runs(new):
    folder, said = new

    first = bootstrap(folder, "setup", UV_OFFLINE="1")
    if first.returncode != 0:
        first = bootstrap(folder, "setup")
    if first.returncode != 0 and "CI" not in os.environ:
        pytest.skip(f"neither a cache nor an index has the packages: {first.stderr[-300:]}")
    tested = bootstrap(folder, "test")
    run = bootstrap(folder, "run")
    checked = bootstrap(folder, "env", "check", "--json", "--only", "packages", "--only", "dotenv")

    assert said.splitlines()[-1] == "Next: cd 'my folder/churn-model' && python3 bootstrap.py test"
    assert tested.returncode == 0, tested.stdout + tested.stderr
    assert tested.stdout.splitlines()[-1] == "All 4 checks pass."
    # Everything was there, so the set-up had nothing to say.
    assert "bootstrap:" not in tested.stderr
    assert run.returncode == 0, run.stdout + run.stderr
    assert json.loads((folder / "runs/latest/result.json").read_text(encoding="utf-8"))["status"] == "SUCCESS"
    assert json.loads(checked.stdout)["ok"]


def test_a_changed_wheel_is_refused_before_anything_is_installed(new):
    folder, _ = new
    (wheel,) = (folder / "wheels").iterdir()
    wheel.write_bytes(wheel.read_bytes() + b"\0")
    lock = folder / "requirements.lock"
    # Only groundwork's own pin, so that no other package has to be there.
    text = lock.read_text(encoding="ascii")
    start = text.index("groundwork==")
    lock.write_text(text[start : text.index("\nhttptools==") + 1], encoding="ascii")

    done = bootstrap(folder, "setup", UV_NO_INDEX="1", PIP_NO_INDEX="1")

    assert done.returncode == 1
    assert "a package differs from its hash in the lock" in done.stderr
    assert not list((folder / ".venv").rglob("site-packages/groundwork"))


def test_an_unknown_template_is_the_callers_mistake(command, tmp_path):
    ended = command("new", "mine", "--template", "vision")

    assert (ended.returncode, ended.stderr.splitlines()[0]) == (2, "error: there is no template 'vision'")
    assert list(tmp_path.iterdir()) == []
