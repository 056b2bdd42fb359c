"""The set-up scripts, run: from a lock of one package, in a folder whose name has blanks and quotes."""

import base64
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from groundwork.environment import write_scripts

pytestmark = [pytest.mark.e2e, pytest.mark.skipif(os.name == "nt", reason="sh belongs to POSIX systems")]

SHELLS = [name for name in ("dash", "bash") if shutil.which(name)] or ["sh"]
PWSH = shutil.which("pwsh")
UV = shutil.which("uv")


def write_wheel(folder, name, version="1.0", **files):
    """Write a wheel and return its pin."""
    info = f"{name}-{version}.dist-info"
    files = {
        **{path.replace("__", "/", 1) + ".py": text for path, text in files.items()},
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}-{version}-py3-none-any.whl"
    rows = ""
    with zipfile.ZipFile(path, "w") as wheel:
        for file, text in files.items():
            digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
            rows += f"{file},sha256={digest},{len(text)}\n"
            wheel.writestr(file, text)
        wheel.writestr(f"{info}/RECORD", f"{rows}{info}/RECORD,,\n")
    return f"{name}=={version} \\\n    --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}\n"


class Project:
    """A folder with a lock of one package, its wheel, and the scripts."""

    def __init__(self, root, command, backend):
        self.root, self.command = root, command
        self.venv, self.before, self.lock = root / ".venv", root / ".venv.before", root / "requirements.lock"
        root.mkdir()
        self.lock.write_text(write_wheel(root / "wheels", "tiny", tiny____init__="answer = 42\n"))
        self.script = write_scripts(root)[1 if command == PWSH else 0]
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("COVERAGE", "PYTHON", "PIP"))},
            "PYTHON": sys.executable,
            "GROUNDWORK_BACKEND": backend,
            "PIP_NO_INDEX": "1",
            "UV_NO_INDEX": "1",
            "UV_OFFLINE": "1",
            "UV_CACHE_DIR": str(root.parent / "cache"),
            "PYTHONPATH": str(root.parent / "nowhere"),
        }

    def line(self):
        return [self.command, str(self.script)]

    def start(self, **variables):
        return subprocess.run(
            self.line(),
            env={**self.environment, **variables},
            cwd="/",
            capture_output=True,
            text=True,
            timeout=180,
            stdin=subprocess.DEVNULL,
        )

    def answer(self):
        code = "import tiny; print(tiny.answer)"
        done = subprocess.run([self.venv / "bin/python", "-I", "-c", code], capture_output=True, text=True)
        return done.stdout.strip()

    def state(self):
        return {path: path.lstat().st_mtime_ns for path in self.root.rglob("*")}


@pytest.fixture(params=SHELLS[:1] + ([PWSH] if PWSH else []))
def project(tmp_path, request):
    shell = request.param
    return Project(tmp_path / 'it\'s my "project" $HOME', shell, "uv" if UV else "pip")


@pytest.mark.parametrize("shell", SHELLS + ([PWSH] if PWSH else []))
@pytest.mark.parametrize("backend", ["pip", pytest.param("uv", marks=pytest.mark.skipif(not UV, reason="no uv"))])
def test_the_first_start_makes_it_and_the_second_changes_nothing(tmp_path, shell, backend):
    project = Project(tmp_path / 'it\'s my "project" $HOME', shell, backend)

    first = project.start()
    before = project.state()
    second = project.start()

    assert (first.returncode, project.answer()) == (0, "42"), first.stderr
    assert first.stderr.splitlines()[-1] == f"setup: ready: {project.venv}"
    assert (second.returncode, second.stdout) == (0, "")
    assert second.stderr == f"setup: nothing to do: {project.venv} is as requirements.lock says\n"
    assert project.state() == before


def test_a_changed_lock_is_followed_and_strays_are_gone(project):
    project.start()
    (project.venv / "stray").touch()
    project.lock.write_text(write_wheel(project.root / "wheels", "tiny", "2.0", tiny____init__="answer = 43\n"))

    done = project.start()

    assert (done.returncode, project.answer()) == (0, "43"), done.stderr
    assert not (project.venv / "stray").exists()
    assert not project.before.exists()


def test_a_moved_project_gets_an_environment_of_its_place(project):
    project.start()
    moved = project.root.with_name("elsewhere")
    project.root.rename(moved)
    project.root, project.venv, project.script = moved, moved / ".venv", moved / project.script.name

    done = project.start()

    assert (done.returncode, project.answer()) == (0, "42"), done.stderr
    assert "making" in done.stderr


def test_a_wrong_hash_installs_nothing_and_the_old_environment_stays(project):
    project.start()
    project.lock.write_text("tiny==1.0 \\\n    --hash=sha256:" + "0" * 64 + "\n")

    done = project.start()

    assert (done.returncode, project.answer()) == (1, "42")
    assert "error: the packages of requirements.lock could not be installed" in done.stderr
    assert not project.before.exists()


def test_a_failed_first_start_leaves_nothing_behind(project):
    project.lock.write_text("absent==1.0 \\\n    --hash=sha256:" + "0" * 64 + "\n")

    done = project.start()

    assert (done.returncode, project.venv.exists()) == (1, False)


def test_a_package_without_a_hash_is_refused(project):
    project.lock.write_text("tiny==1.0\n")

    done = project.start()

    assert (done.returncode, project.venv.exists()) == (1, False)


def test_a_killed_start_is_made_good_by_the_next(project):
    project.start()
    project.lock.write_text(project.lock.read_text() + "# changed\n")
    process = subprocess.Popen(
        project.line(), env=project.environment, stderr=subprocess.DEVNULL, start_new_session=True
    )
    while not project.before.exists():
        assert process.poll() is None
        time.sleep(0.002)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()

    done = project.start()

    assert (done.returncode, project.answer(), project.before.exists()) == (0, "42", False), done.stderr


def test_ctrl_c_brings_the_old_environment_back(tmp_path):
    project = Project(tmp_path / "a project", SHELLS[0], "uv" if UV else "pip")
    project.start()
    project.lock.write_text(project.lock.read_text() + "# changed\n")
    process = subprocess.Popen(
        project.line(), env=project.environment, stderr=subprocess.DEVNULL, start_new_session=True
    )
    while not project.before.exists():
        assert process.poll() is None
        time.sleep(0.002)
    os.killpg(process.pid, signal.SIGINT)

    code = process.wait(timeout=60)

    assert (code, project.answer(), project.before.exists()) == (130, "42", False)


def test_the_project_is_installed_in_place(project):
    (project.root / "backend.py").write_text(EDITABLE)
    (project.root / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n\n'
        '[project]\nname = "mine"\nversion = "1.0"\n'
    )

    done = project.start()

    assert done.returncode == 0, done.stderr
    code = "from importlib.metadata import version; print(version('mine'))"
    answer = subprocess.run([project.venv / "bin/python", "-I", "-c", code], capture_output=True, text=True)
    assert answer.stdout == "1.0\n"


EDITABLE = """
import zipfile
def build_editable(folder, config_settings=None, metadata_directory=None):
    info = "mine-1.0.dist-info/"
    with zipfile.ZipFile(folder + "/mine-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr(info + "METADATA", "Metadata-Version: 2.1\\nName: mine\\nVersion: 1.0\\n")
        wheel.writestr(
            info + "WHEEL", "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"
        )
        wheel.writestr(info + "RECORD", f"{info}METADATA,,\\n{info}WHEEL,,\\n{info}RECORD,,\\n")
    return "mine-1.0-py3-none-any.whl"
"""


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"PYTHON": "no-such-python"}, "PYTHON=no-such-python is no Python 3.11 or later"),
        ({"GROUNDWORK_BACKEND": "conda"}, "there is no backend 'conda'"),
        ({"GROUNDWORK_BACKEND": "uv", "PATH": "/usr/bin:/bin"}, "uv was asked for, but there is none"),
    ],
)
def test_what_is_missing_is_said_with_a_hint(project, variables, said):
    if "PATH" in variables and shutil.which("uv", path=variables["PATH"]):
        pytest.skip("uv is where every program is")

    done = project.start(**variables)

    assert (done.returncode, project.venv.exists()) == (1, False)
    assert f"error: {said}" in done.stderr
    assert "\nhint: " in done.stderr


def test_what_is_no_environment_is_left_alone(project):
    project.venv.mkdir()
    (project.venv / "thesis.txt").touch()

    done = project.start()

    assert done.returncode == 1
    assert "is in the way" in done.stderr
    assert (project.venv / "thesis.txt").exists()


def test_without_a_lock_it_says_so(project):
    project.lock.unlink()

    done = project.start()

    assert done.returncode == 1
    assert "requirements.lock is missing" in done.stderr


def test_the_shell_script_is_clean(tmp_path):
    shellcheck = shutil.which("shellcheck")
    if shellcheck is None:
        assert "CI" not in os.environ, "shellcheck belongs to CI"
        pytest.skip("there is no shellcheck on PATH")

    done = subprocess.run([shellcheck, write_scripts(tmp_path)[0]], capture_output=True, text=True)

    assert (done.returncode, done.stdout) == (0, "")


def test_the_command_writes_them_and_says_what_comes_next(command, tmp_path):
    (tmp_path / "my shop").mkdir()

    ended = command("env", "scripts", "--output", "my shop")

    assert ended.returncode == 0
    assert ended.stdout.splitlines() == [
        *(str(Path("my shop") / name) for name in ("setup.sh", "setup.ps1", "setup.cmd")),
        f"Next: sh '{Path('my shop') / 'setup.sh'}'",
    ]
    assert "requirements.lock is not there yet" in ended.stderr


def test_the_command_has_nothing_to_add_where_there_is_a_lock(command, tmp_path):
    (tmp_path / "requirements.lock").touch()

    ended = command("env", "scripts")

    assert (ended.returncode, ended.stdout.splitlines()[-1], ended.stderr) == (0, "Next: sh setup.sh", "")


def test_the_command_is_told_of_a_folder_that_is_not_there(command, tmp_path):
    ended = command("env", "scripts", "--output", tmp_path / "nowhere")

    assert (ended.returncode, ended.stderr.splitlines()[0]) == (2, f"error: there is no folder {tmp_path / 'nowhere'}")
