"""bootstrap.py as a user starts it, in a small project of its own: real venvs, real pip and uv, no network."""

import base64
import hashlib
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from groundwork.environment import check, repair

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[2]
CLOSED = "http://127.0.0.1:9/simple"
BACKEND = """
import base64, hashlib, zipfile

def build_editable(folder, config_settings=None, metadata_directory=None):
    name = "groundwork-0.1.0-py3-none-any.whl"
    info = "groundwork-0.1.0.dist-info/"
    files = {
        "groundwork.pth": SOURCES + "\\n",
        info + "METADATA": "Metadata-Version: 2.1\\nName: groundwork\\nVersion: 0.1.0\\n",
        info + "WHEEL": "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
    }
    rows = []
    with zipfile.ZipFile(folder + "/" + name, "w") as wheel:
        for path, text in files.items():
            digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
            rows.append(path + ",sha256=" + digest + "," + str(len(text)) + "\\n")
            wheel.writestr(path, text)
        wheel.writestr(info + "RECORD", "".join(rows) + info + "RECORD,,\\n")
    return name
"""


def write_wheel(folder: Path) -> str:
    """Write tiny 1.0 and return the sha256 of the wheel."""
    info = "tiny-1.0.dist-info"
    files = {
        "tiny/__init__.py": "answer = 42\n",
        "tiny/more.py": "more = 1\n",
        f"{info}/METADATA": "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    rows = ""
    path = folder / "tiny-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        for name, text in files.items():
            digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
            rows += f"{name},sha256={digest},{len(text)}\n"
            wheel.writestr(name, text)
        wheel.writestr(f"{info}/RECORD", f"{rows}{info}/RECORD,,\n")
    return hashlib.sha256(path.read_bytes()).hexdigest()


class Project:
    """A copy of bootstrap.py and what it needs, with a lock of one package."""

    def __init__(self, root: Path, backend: str) -> None:
        self.root = root
        self.wheels = root.parent / "wheels"
        self.wheels.mkdir(parents=True)
        sources = root / "src" / "groundwork"
        shutil.copytree(
            ROOT / "src/groundwork/environment", sources / "environment", ignore=shutil.ignore_patterns("__pycache__")
        )
        for name in ("__init__.py", "errors.py", "_failpoints.py", "_doors.py"):
            shutil.copy(ROOT / "src/groundwork" / name, sources)
        (sources / "__main__.py").write_text("import sys, tiny\nprint('groundwork', *sys.argv[1:], tiny.answer)\n")
        shutil.copy(ROOT / "bootstrap.py", root)
        (root / "backend.py").write_text(f"SOURCES = {str(root / 'src')!r}\n{BACKEND}")
        (root / "pyproject.toml").write_text(
            '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n\n'
            '[project]\nname = "groundwork"\nversion = "0.1.0"\n'
        )
        self.lock = root / "requirements.lock"
        self.lock.write_text(f"tiny==1.0 \\\n    --hash=sha256:{write_wheel(self.wheels)}\n")
        self.environment = {
            # Measuring copies of our sources would report files that are gone by then.
            **{name: value for name, value in os.environ.items() if not name.startswith(("COVERAGE", "PYTHON"))},
            "GROUNDWORK_BACKEND": backend,
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(self.wheels),
            "UV_NO_INDEX": "1",
            "UV_OFFLINE": "1",
            "UV_FIND_LINKS": str(self.wheels),
            "UV_CACHE_DIR": str(root.parent / "cache"),
            "PIP_CACHE_DIR": str(root.parent / "cache"),
        }
        self.venv = root / ".venv"
        self.site = self.venv / f"lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages"

    def start(
        self, *arguments: str, python: str = sys.executable, **variables: str
    ) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [python, "-B", str(self.root / "bootstrap.py"), *arguments],
            env={**self.environment, **variables},
            cwd=self.root,
            capture_output=True,
            text=True,
            timeout=120,
            stdin=subprocess.DEVNULL,
        )

    def __repr__(self) -> str:
        return f"Project({self.environment['GROUNDWORK_BACKEND']})"


needs_uv = pytest.mark.skipif(
    shutil.which("uv") is None or subprocess.run(["uv", "--version"], capture_output=True).returncode != 0,
    reason="there is no uv that runs",
)


@pytest.fixture(params=["pip", pytest.param("uv", marks=needs_uv)])
def project(tmp_path, request):
    """A project that is not set up."""
    return Project(tmp_path / "project", request.param)


@pytest.fixture
def fast(tmp_path):
    """A project that is not set up; with the faster tool where there is one."""
    return Project(tmp_path / "project", "auto")


def test_fresh_copy_runs_and_the_second_start_changes_nothing(project):
    first = project.start("predict", "a", "b")
    before = {path: path.stat().st_mtime_ns for path in project.venv.rglob("*")}
    second = project.start("predict", "a", "b")

    assert (first.returncode, first.stdout) == (0, "groundwork predict a b 42\n"), first.stderr
    assert "creating" in first.stderr
    assert (second.returncode, second.stdout, second.stderr) == (0, "groundwork predict a b 42\n", "")
    assert {path: path.stat().st_mtime_ns for path in project.venv.rglob("*")} == before


@pytest.fixture(params=[pytest.param("pip", marks=[pytest.mark.slow] if shutil.which("uv") else []), "auto"])
def either(tmp_path, request):
    """A project that is not set up, for what does not depend on the tool."""
    return Project(tmp_path / "project", request.param)


def test_damaged_files_are_mended_by_the_next_start(either):
    project = either
    project.start("setup")
    (project.site / "tiny/__init__.py").unlink()
    (project.site / "tiny/more.py").write_text("")

    answer = project.start("x")

    assert (answer.returncode, answer.stdout) == (0, "groundwork x 42\n"), answer.stderr
    assert "installing again: tiny" in answer.stderr
    assert (project.site / "tiny/more.py").read_text() == "more = 1\n"


@pytest.mark.parametrize(
    ("path", "cure"), [("bin/python", "creating"), ("site/tiny-1.0.dist-info/RECORD", "installing again: tiny")]
)
def test_missing_part_is_mended_by_the_next_start(fast, path, cure):
    fast.start("setup")
    (fast.site / path[5:] if path.startswith("site/") else fast.venv / path).unlink()

    answer = fast.start("x")

    assert (answer.returncode, answer.stdout) == (0, "groundwork x 42\n"), answer.stderr
    assert cure in answer.stderr


def test_check_sees_and_repair_mends_what_pip_and_uv_overlook(fast, monkeypatch):
    fast.start("setup")
    for name in ("PIP_NO_INDEX", "PIP_FIND_LINKS", "UV_OFFLINE", "UV_NO_INDEX", "UV_FIND_LINKS", "UV_CACHE_DIR"):
        monkeypatch.setenv(name, fast.environment[name])
    harmed = fast.site / "tiny/more.py"
    harmed.unlink()
    harmed.write_text("more = 2\n")

    findings = check(fast.venv, only=["files", "packages"], workdir=fast.root)
    done = repair(findings, backend="auto")

    assert [one.found for one in findings if one.severity == "error"] == ["tiny: tiny/more.py content differs"]
    assert (done, harmed.read_text()) == (["tiny"], "more = 1\n")


def test_wrong_hash_installs_nothing(project):
    project.lock.write_text("tiny==1.0 \\\n    --hash=sha256:" + "0" * 64 + "\n")

    answer = project.start("setup")

    assert answer.returncode == 1
    assert "error: could not install the packages of the lock: a package differs from its hash" in answer.stderr
    assert "Traceback" not in answer.stderr
    assert not (project.site / "tiny").exists()


def test_no_network_is_said_plainly(project):
    project.lock.write_text("absent-package==1.0 \\\n    --hash=sha256:" + "0" * 64 + "\n")
    for name in ("PIP_NO_INDEX", "UV_NO_INDEX", "UV_OFFLINE", "PIP_FIND_LINKS", "UV_FIND_LINKS"):
        del project.environment[name]
    closed = {"UV_INDEX_URL": CLOSED, "UV_DEFAULT_INDEX": CLOSED, "PIP_INDEX_URL": CLOSED}
    quick = {"UV_HTTP_RETRIES": "0", "PIP_RETRIES": "1", "PIP_CONFIG_FILE": os.devnull, "UV_NO_CONFIG": "1"}

    answer = project.start("setup", **closed, **quick)

    assert answer.returncode == 1
    assert "error: could not install the packages of the lock: the package index could not be reached" in answer.stderr
    assert "hint: check the network" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_killed_set_up_is_completed_by_the_next(fast):
    command = [sys.executable, "-B", str(fast.root / "bootstrap.py"), "setup"]
    with (fast.root.parent / "log").open("wb") as log:
        process = subprocess.Popen(command, env=fast.environment, stderr=log)
    while not (fast.venv / "pyvenv.cfg").exists():
        assert process.poll() is None
        time.sleep(0.005)
    # Only the set-up dies; what it started goes on for a while.
    process.kill()
    process.wait()

    answer = fast.start("x")

    assert (answer.returncode, answer.stdout) == (0, "groundwork x 42\n"), answer.stderr
    assert "did not end" in answer.stderr


def test_two_starts_at_once_make_one_environment(fast):
    command = [sys.executable, "-B", str(fast.root / "bootstrap.py"), "x"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    both = [subprocess.Popen(command, env=fast.environment, **pipes) for _ in range(2)]
    answers = [process.communicate(timeout=120) for process in both]

    assert [process.returncode for process in both] == [0, 0], answers
    assert [out for out, _ in answers] == ["groundwork x 42\n"] * 2
    assert sum("creating" in err for _, err in answers) == 1


def test_interrupt_ends_quietly_with_130(fast):
    command = [sys.executable, "-B", str(fast.root / "bootstrap.py"), "setup"]
    process = subprocess.Popen(command, env=fast.environment, stderr=subprocess.PIPE, text=True, start_new_session=True)
    said = process.stderr.readline()
    process.send_signal(signal.SIGINT)
    _, rest = process.communicate(timeout=60)

    assert "creating" in said
    assert process.returncode == 130
    assert "Traceback" not in rest


def test_moved_project_gets_a_new_environment(fast):
    fast.start("setup")
    moved = fast.root.with_name("moved")
    fast.root.rename(moved)
    (moved / "backend.py").write_text(f"SOURCES = {str(moved / 'src')!r}\n{BACKEND}")
    fast.root = moved

    answer = fast.start("x")

    assert (answer.returncode, answer.stdout) == (0, "groundwork x 42\n"), answer.stderr
    assert "it was moved here from" in answer.stderr


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_folder_without_write_permission_is_said_plainly(fast):
    fast.root.chmod(0o555)
    try:
        answer = fast.start("setup")
    finally:
        fast.root.chmod(0o755)

    assert (answer.returncode, "error: cannot write" in answer.stderr) == (1, True)


def test_folder_that_cannot_be_made_is_said_plainly(fast):
    # What even root cannot do: make a folder below a file.
    fast.venv.symlink_to(fast.root / "pyproject.toml" / "nowhere")

    answer = fast.start("setup")

    assert answer.returncode == 1
    assert answer.stderr.startswith("error: cannot write")
    assert "Traceback" not in answer.stderr


def test_run_takes_the_example_unless_a_project_is_named(fast):
    (fast.root / "mine").mkdir()
    (fast.root / "mine" / "pipeline.yaml").touch()

    lines = [
        fast.start("run", *arguments).stdout
        for arguments in ([], ["--set", "a=1"], ["mine"], ["--set", "a=1", "mine"], ["missing"])
    ]

    assert lines == [
        "groundwork run examples/flights 42\n",
        "groundwork run examples/flights --set a=1 42\n",
        "groundwork run mine 42\n",
        "groundwork run --set a=1 mine 42\n",
        "groundwork run missing 42\n",
    ]


def test_no_command_and_help_show_the_usage_and_set_up_nothing(fast):
    for arguments in ([], ["--help"], ["-h"]):
        answer = fast.start(*arguments)

        assert (answer.returncode, answer.stdout[:6]) == (0, "usage:")
    assert not fast.venv.exists()


def old_pythons():
    roots = [Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"]
    known = [path for root in roots if root.is_dir() for path in root.glob("3.*/bin/python")]
    known += [Path(found) for minor in range(6, 11) if (found := shutil.which(f"python3.{minor}"))]
    script = "import sys; print('%d.%d' % sys.version_info[:2])"
    seen = {}
    for path in known:
        answer = subprocess.run([path, "-c", script], capture_output=True, text=True)
        version = answer.stdout.strip()
        if answer.returncode == 0 and version in {f"3.{minor}" for minor in range(6, 11)}:
            seen.setdefault(version, str(path))
    # The oldest and the newest that are too old; what lies between differs in nothing.
    known = sorted(seen.items(), key=lambda one: int(one[0].partition(".")[2]))
    return known[:1] + known[1:][-1:]


def test_file_of_the_project_that_is_called_as_a_standard_module_hides_it_from_nothing(fast):
    for name in ("json", "subprocess", "random", "threading"):
        (fast.root / f"{name}.py").write_text("raise RuntimeError('hidden')\n")

    done = fast.start("help")

    assert (done.returncode, done.stderr, done.stdout.startswith("usage: ")) == (0, "", True)


@pytest.mark.skipif(not old_pythons(), reason="there is no Python older than 3.11")
def test_older_pythons_are_told_what_they_lack(fast):
    for version, python in old_pythons():
        answer = fast.start("run", python=python)

        assert answer.returncode == 1
        assert answer.stderr.startswith(f"error: groundwork needs Python 3.11 or later; this is {version}.")
        assert "hint: " in answer.stderr
        assert "Traceback" not in answer.stderr


def test_every_line_of_bootstrap_parses_on_the_oldest_grammar():
    import ast

    tree = ast.parse((ROOT / "bootstrap.py").read_text(), feature_version=(3, 6))

    assert tree.body


@pytest.fixture
def bootstrap(monkeypatch):
    """bootstrap.py as a module."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    spec = importlib.util.spec_from_file_location("bootstrap_under_test", ROOT / "bootstrap.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_check_runs_even_after_a_failure_and_the_failures_are_named(bootstrap, monkeypatch, capfdbinary):
    checks = (
        ("first", "-c", "print('one')"),
        ("second", "-c", "raise SystemExit(3)"),
        ("pytest", "-c", "print('== 7 passed in 0.1s =='); print()"),
    )
    monkeypatch.setattr(bootstrap, "CHECKS", checks)

    code = bootstrap.test(Path(sys.executable), [])

    lines = capfdbinary.readouterr().out.decode().splitlines()
    assert code == 1
    assert lines[-2:] == ["pytest: 7 passed in 0.1s", "Failed: second"]
    assert [line.split()[:2] for line in lines[-5:-2]] == [["first", "ok"], ["second", "FAILED"], ["pytest", "ok"]]


def test_with_arguments_only_pytest_runs(bootstrap, monkeypatch):
    seen = []
    monkeypatch.setattr(bootstrap.subprocess, "call", lambda command, cwd: seen.append(command) or 5)

    code = bootstrap.test(Path("python"), ["-k", "x"])

    assert (code, seen) == (5, [["python", "-m", "pytest", "-k", "x"]])


def test_repeated_each_time_has_an_order_of_its_own_and_those_that_failed_are_named(bootstrap, monkeypatch, capsys):
    seen = []
    monkeypatch.setattr(bootstrap.subprocess, "call", lambda command, cwd: seen.append(command[3:]) or len(seen) == 2)

    code = bootstrap.test(Path("python"), ["--repeat", "3", "tests/unit"])

    assert [["-q", f"--randomly-seed={seed}", "tests/unit"] for seed in (1, 2, 3)] == seen
    assert (1, "Failed with: --randomly-seed=2") == (code, capsys.readouterr().out.splitlines()[-1])


def test_repeats_need_a_number(bootstrap, capsys):
    code = bootstrap.test(Path("python"), ["--repeat", "tests/unit"])

    assert (2, True) == (code, "error: --repeat needs a number" in capsys.readouterr().err)
