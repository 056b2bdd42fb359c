"""The grader's end of the learner's process.

Rule: only an answer that carries the number of this very order counts; silence, an end and anything else are failures.
The process gets a session, a home and a temporary folder of its own; all of it is killed and removed at the end.
"""

import json
import os
import queue
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from groundwork.errors import ContractBroken

OUTPUT_BYTES = 64 * 1024
_MAIN = "from groundwork.course._worker import main; main()"


class LearnerProcess:
    """A process that runs a learner's code on order.

    Args:
        output: Where what it prints is collected, up to ``OUTPUT_BYTES``.
    """

    def __init__(self, output: bytearray) -> None:
        self._output = output
        self._home = Path(tempfile.mkdtemp(prefix="groundwork-learn-"))
        folders = {name: str(self._home) for name in ("HOME", "USERPROFILE", "TMPDIR", "TEMP", "TMP")}
        environment = {**os.environ, **folders, "PYTHONDONTWRITEBYTECODE": "1"}
        environment["PYTHONPATH"] = os.pathsep.join(entry for entry in sys.path if entry)
        self._process = subprocess.Popen(
            [sys.executable, "-c", _MAIN],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
            cwd=self._home,
            start_new_session=True,
        )
        self._answers: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._readers = [
            threading.Thread(target=target, args=(pipe,), daemon=True)
            for target, pipe in ((self._hear, self._process.stdout), (self._collect, self._process.stderr))
        ]
        for reader in self._readers:
            reader.start()

    def ask(self, order: dict[str, Any], limit_s: float) -> dict[str, Any]:
        """Give an order and wait for its answer.

        Args:
            order: What to do.
            limit_s: Wall-clock seconds that the learner's code may take.

        Returns:
            The answer.

        Raises:
            ContractBroken: There was none in time, or the process ended; it must be closed then.
        """
        assert self._process.stdin is not None
        nonce = secrets.token_hex(16)
        with suppress(OSError):  # it has ended: the silence that follows says so
            self._process.stdin.write(json.dumps({**order, "nonce": nonce}).encode() + b"\n")
            self._process.stdin.flush()
        try:
            line = self._answers.get(timeout=limit_s)
        except queue.Empty:
            raise ContractBroken(f"did not finish within {limit_s:g} s; expected it to end") from None
        if line is None:
            raise ContractBroken(f"ended the whole process ({self._ending()}); expected it to return or raise")
        with suppress(ValueError):
            answer = json.loads(line)
            if isinstance(answer, dict) and answer.pop("nonce", None) == nonce:
                return answer
        raise ContractBroken("wrote to the grader's channel; expected prints to go to standard output")

    def close(self) -> None:
        """End the process and everything in its session, and remove its folders."""
        assert self._process.stdin is not None
        with suppress(OSError):
            self._process.stdin.close()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=1.0)
        self._kill()
        self._process.wait()
        for reader in self._readers:
            reader.join(timeout=1.0)
        # A descendant that left the session may hold a pipe open; its reader is a daemon and goes with us.
        for pipe, reader in zip((self._process.stdout, self._process.stderr), self._readers, strict=True):
            if pipe is not None and not reader.is_alive():
                pipe.close()
        shutil.rmtree(self._home, ignore_errors=True)

    def kill(self) -> None:
        """End the process at once, then close; for one that does not answer."""
        self._kill()
        self.close()

    def _kill(self) -> None:
        if sys.platform == "win32":
            self._process.kill()
        else:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def _ending(self) -> str:
        try:
            code = self._process.wait(timeout=1.0)
        except subprocess.TimeoutExpired:
            return "it closed its channel"
        return f"exit {code}" if code >= 0 else f"signal {-code}"

    def _hear(self, pipe: IO[bytes]) -> None:
        for line in pipe:
            self._answers.put(line)
        self._answers.put(None)

    def _collect(self, pipe: IO[bytes]) -> None:
        while chunk := pipe.read1(8192) if hasattr(pipe, "read1") else pipe.read(8192):
            self._output += chunk[: max(0, OUTPUT_BYTES - len(self._output))]
