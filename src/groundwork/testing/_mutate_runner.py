"""The processes in which mutants are tried, and what they answer.

Rule: they are told what to do on standard input and answer a line a mutant; whoever leaves ends them, and they end what
they have started.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from groundwork.errors import UsageError
from groundwork.testing._mutants import Mutant

_HOST = "from groundwork.testing._mutate_session import host; host()"
_ALONE = "from groundwork.testing._mutate_session import alone; alone()"
_START_S = 20.0
_PATIENCE_S = 10.0


def key_of(mutant: Mutant) -> str:
    """Name a mutant among those of several files, which may hold the same line.

    Args:
        mutant: The mutant.

    Returns:
        Its file and its place there.
    """
    return f"{mutant.number}:{mutant.file}"


class MutantRunner:
    """Leads the processes in which mutants are tried.

    Args:
        mutants: The mutants.
        request: What else the processes are told: ``tests``, ``jobs`` and ``limit_s``.
        folder: Where they may write.
        note: Told of each mutant that was tried: its key, what became of it, and the seconds it took.
    """

    def __init__(
        self,
        mutants: Sequence[Mutant],
        request: Mapping[str, Any],
        folder: Path,
        note: Callable[[str, str, float], None],
    ) -> None:
        self._mutants = {key_of(mutant): mutant for mutant in mutants}
        self._request = request
        self._folder = folder
        self._note = note
        self._imported: deque[Mapping[str, Any]] = deque()

    def run(self) -> int:
        """Try them all.

        Returns:
            How many tests there are.

        Raises:
            UsageError: The tests fail without any mutant.
        """
        listed: list[dict[str, Any]] = [
            {
                "id": key,
                "file": str(mutant.file.resolve()),
                "number": mutant.number,
                "function": mutant.function,
                "first_line": mutant.first_line,
            }
            for key, mutant in self._mutants.items()
        ]
        files = sorted({each["file"] for each in listed})
        request = {**self._request, "mutants": listed, "files": files}
        counted = None
        with self._process(_HOST, request, "tests.log") as process:
            assert process.stdout is not None
            for line in process.stdout:
                answer = json.loads(line)
                if "error" in answer:
                    raise self._failure(answer["error"])
                if "collected" in answer:
                    counted = int(answer["collected"])
                elif answer["status"] == "on import":
                    self._imported.append(answer)
                else:
                    self._note(answer["id"], answer["status"], answer.get("seconds", 0.0))
        if counted is None:
            raise self._failure("the process of the tests ended")
        self._run_alone()
        return counted

    def _run_alone(self) -> None:
        from concurrent.futures import ThreadPoolExecutor

        # A thread waits for each process.
        with ThreadPoolExecutor(self._request["jobs"]) as pool:
            waiting = [(each["id"], pool.submit(self._one, each)) for each in self._imported]
            try:
                for key, future in waiting:
                    self._note(key, *future.result())
            except BaseException:
                for _, future in waiting:
                    future.cancel()
                raise

    def _one(self, answer: Mapping[str, Any]) -> tuple[str, float]:
        mutant = self._mutants[answer["id"]]
        request = {
            "file": str(mutant.file.resolve()),
            "number": mutant.number,
            "tests": answer["tests"],
        }
        begin_s = time.monotonic()
        with self._process(_ALONE, request, f"{mutant.id}.log") as process:
            try:
                status = "survived" if process.wait(_START_S + answer["limit_s"]) == 0 else "killed"
            except subprocess.TimeoutExpired:
                status = "timeout"
        return status, time.monotonic() - begin_s

    @contextmanager
    def _process(self, code: str, request: Mapping[str, Any], log: str) -> Iterator[subprocess.Popen[str]]:
        folder = Path(tempfile.mkdtemp(dir=self._folder))
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)}
        with (self._folder / log).open("w", encoding="utf-8") as written:
            process = subprocess.Popen(
                [sys.executable, "-c", code],
                env={**environment, "PYTHONDONTWRITEBYTECODE": "1"},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=written,
                text=True,
                start_new_session=True,  # Ctrl-C is for us, who end it
            )
        try:
            assert process.stdin is not None
            with suppress(BrokenPipeError):
                process.stdin.write(json.dumps({**request, "folder": str(folder)}) + "\n")
                process.stdin.close()
            process.stdin = None
            yield process
        finally:
            _end(process)
            shutil.rmtree(folder, ignore_errors=True)

    def _failure(self, words: str) -> UsageError:
        log = (self._folder / "tests.log").read_text("utf-8", "replace").strip().splitlines()
        told = [line for line in log if line.startswith(("E  ", "FAILED", "ERROR", "error"))] or log
        last = f": {' '.join(told[-1].split())}" if told else ""
        return UsageError(
            words + last, hint="first make the tests pass: python -m pytest " + " ".join(self._request["tests"])
        )


def _end(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        process.terminate()  # it ends its forks
        with suppress(subprocess.TimeoutExpired):
            process.wait(_PATIENCE_S)
    if hasattr(os, "killpg"):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    if process.poll() is None:
        process.kill()
    process.communicate()
