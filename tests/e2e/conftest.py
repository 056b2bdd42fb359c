"""Commands as users run them, in processes of their own, on the real flights."""

import gzip
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from groundwork.storage import FileJournal

sys.path.append(str(Path(__file__).parent))  # the helpers are no part of the package
from page_session import Commands

FLIGHTS = Path(__file__).parents[2] / "examples" / "flights"
PATIENCE_S = 300
QUIET = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
]


class Folder:
    """A user's folder, with the commands to run in it."""

    def __init__(self, path):
        self.path = path

    def line(self, *arguments):
        return [sys.executable, "-m", "groundwork", *map(str, arguments)]

    def __call__(self, *arguments, check=0):
        done = subprocess.run(
            self.line(*arguments), cwd=self.path, capture_output=True, text=True, timeout=PATIENCE_S, check=False
        )
        assert done.returncode == check, done.stdout + done.stderr
        return done

    def start(self, *arguments):
        return subprocess.Popen(
            self.line(*arguments), cwd=self.path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    @property
    def latest(self):
        return self.path / "runs" / "latest"

    def result(self):
        return json.loads((self.latest / "result.json").read_text(encoding="utf-8"))

    def steps_started(self):
        (journal,) = {path.resolve() for path in self.path.glob("runs/*/journal.jsonl")}
        return [record["step"] for record in FileJournal(journal).records() if record["event"] == "step_started"]


class Browser:
    """Chromium without a window and without a profile of anybody's."""

    def __init__(self, program, folder):
        self.program, self.folder = program, folder

    def screenshot(self, url, width, height):
        from PIL import Image

        path = self.folder / f"{width}x{height}.png"
        path.unlink(missing_ok=True)
        self._open(url, f"--screenshot={path}", f"--window-size={width},{height}")
        with Image.open(path) as image:
            return image.convert("RGB")

    def dom(self, url):
        return self._open(url, "--dump-dom", "--virtual-time-budget=5000")

    def _open(self, url, *options):
        profile = self.folder / f"profile-{time.monotonic_ns()}"
        command = [self.program, *QUIET, f"--user-data-dir={profile}", *options, url]
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
        )
        try:
            output, errors = process.communicate(timeout=120)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        assert process.returncode == 0, errors
        return output


@pytest.fixture(scope="session")
def flights():
    """The project's folder."""
    return FLIGHTS


@pytest.fixture(scope="session")
def flights_csv(tmp_path_factory):
    """The flights as a user might have them: one .csv.gz."""
    path = tmp_path_factory.mktemp("data") / "flights.csv.gz"
    with zipfile.ZipFile(FLIGHTS / "data" / "flights.csv.zip") as archive, gzip.open(path, "wb", 1) as file:
        (member,) = archive.namelist()
        with archive.open(member) as source:
            shutil.copyfileobj(source, file)
    return path


@pytest.fixture
def folder(tmp_path):
    return Folder(tmp_path)


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """A folder in which the flights were run once, undisturbed."""
    folder = Folder(tmp_path_factory.mktemp("user"))
    folder.said = folder("run", FLIGHTS).stdout
    return folder


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("no chromium to open the page in")
    return Browser(program, tmp_path_factory.mktemp("browser"))


@pytest.fixture(scope="session")
def groundwork_run():
    """``groundwork_run(folder, arguments, out=, err=)`` runs a command, as in a process of its own."""
    run = Commands()
    yield run
    run.close()
