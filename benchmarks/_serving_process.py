"""One server: started on its core, asked until it answers, measured, and ended with every process it started."""

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path
from urllib.parse import urlsplit

FOLDER = Path(__file__).parent / "_serving"
PINS = hasattr(os, "sched_setaffinity") and (os.cpu_count() or 1) > 1
_MARK = "GROUNDWORK_BENCHMARK"


class ServerFailed(Exception):
    """It ended, or never answered."""


class Server:
    """A running server; use it in a ``with`` block.

    Args:
        peer: Which.
        model: Which model it serves.
        max_batch: Most rows in a batch.
    """

    def __init__(self, peer, *, model="cancer", max_batch=64):
        self.peer, self.model, self.max_batch = peer, model, max_batch
        self.url = ""

    def __enter__(self):
        self._mark = uuid.uuid4().hex
        self._scratch = tempfile.TemporaryDirectory(prefix="groundwork-benchmark-", ignore_cleanup_errors=True)
        self._log = Path(self._scratch.name) / "log"
        port = _free_port()
        environment = {
            **os.environ,
            **self.peer.environment,
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
            "MODEL": self.model,
            "MAX_BATCH": str(self.max_batch),
            "PORT": str(port),
            "HOME": self._scratch.name,
            "TMPDIR": self._scratch.name,
            "RAY_TMPDIR": self._scratch.name,
            _MARK: self._mark,
            # A peer sees its own packages only; we are measured as this folder has us.
            "PYTHONPATH": str(FOLDER.parents[1] / "src") if self.peer.packages is None else "",
        }
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [self.peer.python(), "-W", "ignore", str(FOLDER / self.peer.script)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment,
                cwd=self._scratch.name,
                start_new_session=True,
                preexec_fn=_first_core if PINS and not self.peer.both_cores else None,
            )
        self.url = f"http://127.0.0.1:{port}{self.peer.path}"
        try:
            self._wait()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(5)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        for process in self._processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        self._scratch.cleanup()

    def ask(self, body, headers=()):
        """Return status and body of one request."""
        parts = urlsplit(self.url)
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=20)
        try:
            connection.request("POST", parts.path, body, {"content-type": "application/json", **dict(headers)})
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def cpu_s(self):
        """Return the processor time that its processes have used; nan where /proc does not tell."""
        total, seen = 0, False
        for process in self._processes():
            with contextlib.suppress(OSError):
                fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
                total += int(fields[11]) + int(fields[12])
                seen = True
        return total / os.sysconf("SC_CLK_TCK") if seen else float("nan")

    def rss_bytes(self):
        """Return the memory that its processes hold; nan where /proc does not tell."""
        pages = []
        for process in self._processes():
            with contextlib.suppress(OSError):
                pages.append(int(Path(f"/proc/{process}/statm").read_text().split()[1]))
        return sum(pages) * os.sysconf("SC_PAGE_SIZE") if pages else float("nan")

    def log(self):
        """Return the end of what it printed."""
        return self._log.read_text(errors="replace")[-2000:]

    def _processes(self):
        """Return its processes: all that carry our mark, whatever group or session they went to."""
        mark = f"{_MARK}={self._mark}".encode()
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if mark in (folder / "environ").read_bytes():
                    found.append(int(folder.name))
        return found

    def _wait(self):
        until = time.monotonic() + 90
        body, last = self.peer.body(self.model), "nothing listens"
        while time.monotonic() < until:
            if self._process.poll() is not None:
                raise ServerFailed(f"{self.peer.name} ended with {self._process.returncode}: {self.log()}")
            try:
                status, answer = self.ask(body)
            except (OSError, http.client.HTTPException) as error:
                last = repr(error)
            else:
                last = f"{status}: {answer[:300]!r}"
                if status == 200:
                    self.peer.check(json.loads(answer), self.model)
                    return
            time.sleep(0.1)
        raise ServerFailed(f"{self.peer.name} never answered ({last}): {self.log()}")


def load_on_its_core():
    """Keep this process, which makes the load, off the servers' core."""
    if PINS:
        os.sched_setaffinity(0, {1})


def _first_core():
    os.sched_setaffinity(0, {0})


def _free_port():
    """Return a port that is free, with the two after it."""
    while True:
        with contextlib.ExitStack() as stack:
            first = stack.enter_context(socket.create_server(("127.0.0.1", 0))).getsockname()[1]
            try:
                for port in (first + 1, first + 2):
                    stack.enter_context(socket.create_server(("127.0.0.1", port)))
            except (OSError, OverflowError):
                continue
            return first


if sys.platform == "win32":
    raise SystemExit("the servers are measured on Linux or macOS")
