"""The grader's end of the learner's process.

Rule: only an answer that carries the number of this very order counts; silence, an end and anything else are failures.
What runs has a session, a home and a temporary folder of its own; all of it is killed and removed at the end.
"""

import json
import os
import queue
import secrets
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, Self

from groundwork.course._descendants import MARK, end_group, end_marked
from groundwork.course._guard import warm_modules
from groundwork.course._limits import LIMITS
from groundwork.course._messages import FOREIGN
from groundwork.course._sandbox import sandboxed
from groundwork.course._starvation import Starvation
from groundwork.errors import ContractBroken

OUTPUT_BYTES = 64 * 1024
_GRACE_S = 1.0
_START_S = 60.0
_LOOK_S = 0.25
_PATIENCE = 2.0  # a limit of 10 s ends after 30 s however busy the machine is
# What it loads before the learner's code may be kept compiled, as by any other process of this user.
_HOST = "import sys; sys.dont_write_bytecode = {keep}; from groundwork.course._host import main; main(*sys.argv[1:])"
_ALONE = "import sys; from groundwork.course._worker import alone; alone(sys.argv[1])"
_TOO_MUCH = b"too much"
_PACKAGES = str(Path(__file__).resolve().parents[2])


class LearnerProcess:
    """A process that grades files by one contract, one after the other; each file has a process of its own below it.

    It begins to import the checks at once; keep it for the next grade, which then costs no start.

    Args:
        contract_module: Where the checks are.
        sandbox: Whether bubblewrap is put around it.

    Attributes:
        output: What the learner's code has printed; the first ``OUTPUT_BYTES``.

    Raises:
        UsageError: There is no bubblewrap.
    """

    def __init__(self, contract_module: str, *, sandbox: bool = False) -> None:
        self.output = bytearray()
        self._contract_module = contract_module
        self._sandbox = sandbox
        self._process: subprocess.Popen[bytes] | None = None
        self._start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _start(self) -> None:
        self._mark = secrets.token_hex(16)
        self._ready = False
        self._learner: int | None = None
        self._printed = 0
        home = Path(tempfile.mkdtemp(prefix="groundwork-learn-")).resolve()
        around = []
        if self._sandbox:
            try:
                around = sandboxed(home)
            except BaseException:
                home.rmdir()
                raise
        self._home = home
        self._process = subprocess.Popen(
            [*around, sys.executable, "-c", *self._command(home, inside=bool(around))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=_environment(home, self._mark),
            cwd=home,
            start_new_session=True,
        )
        self._answers: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._readers = [
            threading.Thread(target=target, args=(pipe,), daemon=True)
            for target, pipe in ((self._hear, self._process.stdout), (self._collect, self._process.stderr))
        ]
        for reader in self._readers:
            reader.start()

    def _command(self, home: Path, *, inside: bool) -> list[str]:
        if sys.platform == "win32":
            return [_ALONE, self._contract_module]
        code = _HOST.format(keep=sys.dont_write_bytecode)
        # The algebra of numpy on macOS does not bear to be forked.
        warm = warm_modules(self._contract_module) if sys.platform != "darwin" else []
        return [code, self._contract_module, str(home), "keep" if inside else "leave", *warm]

    def ask(self, order: dict[str, Any], limit_s: float) -> dict[str, Any]:
        """Give an order and wait for its answer.

        Args:
            order: What to do: ``load`` a file, ``run`` a check.
            limit_s: Wall-clock seconds that the learner's code may take, besides those in which it was ready to run
                and other programs had the processors.

        Returns:
            The answer.

        Raises:
            ContractBroken: There was none in time, or the process ended or took too much. The learner's process has
                ended then, and the next order must be to load.
        """
        if self._process is None:
            self._start()
        if "load" in order:
            self.output.clear()
            self._printed = 0
        try:
            if not self._ready:  # what the checks need to start is no time of the learner's
                self._answered({"ready": True}, _START_S)
                self._ready = True
            answer = self._answered(order, limit_s)
        except ContractBroken:
            (self.end_learner if self._ready else self.close)()
            raise
        self._learner = answer.pop("pid", None)
        if "broken" in answer:
            raise ContractBroken(answer["broken"])
        return answer

    def _answered(self, order: dict[str, Any], limit_s: float) -> dict[str, Any]:
        nonce = self._tell(order)
        answer = self._in_time(limit_s)
        if answer is None or answer.pop("nonce", None) != nonce:
            raise ContractBroken(FOREIGN)
        return answer

    def _in_time(self, limit_s: float) -> dict[str, Any] | None:
        """Wait for an answer; time in which other programs had the processors is given back, up to a bound."""
        assert self._process is not None
        end_s = time.monotonic() + limit_s
        last_s, looked_s, starvation = end_s + _PATIENCE * limit_s, 0.0, None
        while (left_s := end_s - time.monotonic()) > 0:
            with suppress(queue.Empty):
                return self._told(min(left_s, _LOOK_S))
            now_s = time.monotonic()
            # Not before the first look: nearly every check is done by then.
            if starvation is None:
                starvation = Starvation(self._process.pid)
            else:
                end_s = min(end_s + min(starvation.look(), now_s - looked_s), last_s)
            looked_s = now_s
        raise ContractBroken(f"did not finish within {limit_s:g} s; expected it to end")

    def end_learner(self) -> None:
        """End the learner's process and all that it started; the checks stay imported."""
        if self._process is None:
            return
        if sys.platform == "win32" or self._process.poll() is not None:
            self.close()
            return
        if not self._ready:
            return
        nonce = self._tell({"end": True})
        end_s = time.monotonic() + 3 * _GRACE_S
        with suppress(queue.Empty, ContractBroken):
            # The answer to an order that was given up may come before this one's.
            while (told := self._told(end_s - time.monotonic())) is None or told.get("nonce") != nonce:
                pass
            return
        self.close()

    def close(self) -> None:
        """End everything and remove its folders; an order after that starts anew."""
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None
        with suppress(OSError):
            process.stdin.close()
        if (
            self._ready
        ):  # before that none of the learner's code has run, and nothing is there that it would have to end
            # Its output ends with it; waiting for a process instead would ask ever less often.
            self._readers[0].join(timeout=_GRACE_S)
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=_GRACE_S)
        for pid in (process.pid, self._learner):
            if pid is not None and not (pid == self._learner and self._sandbox):  # its number there is another's here
                end_group(pid)
        process.kill()
        end_marked(self._mark)
        process.wait()
        for reader in self._readers:
            reader.join(timeout=_GRACE_S)
        # What nobody could find may hold a pipe open; its reader is a daemon and goes with us.
        for pipe, reader in zip((process.stdout, process.stderr), self._readers, strict=True):
            if pipe is not None and not reader.is_alive():
                pipe.close()
        shutil.rmtree(self._home, ignore_errors=True)

    def _tell(self, order: dict[str, Any]) -> str:
        assert self._process is not None
        assert self._process.stdin is not None
        nonce = secrets.token_hex(16)
        with suppress(OSError):  # it has ended: the silence that follows says so
            self._process.stdin.write(json.dumps({**order, "nonce": nonce}).encode() + b"\n")
            self._process.stdin.flush()
        return nonce

    def _told(self, limit_s: float) -> dict[str, Any] | None:
        line = self._answers.get(timeout=max(0.0, limit_s))
        if line is None:
            raise ContractBroken(f"ended the whole process ({self._ending()}); expected it to return or raise")
        if line is _TOO_MUCH:
            raise ContractBroken(f"printed more than {LIMITS.output_bytes >> 20} MiB")
        with suppress(ValueError):
            answer = json.loads(line)
            if isinstance(answer, dict):
                return answer
        return None

    def _ending(self) -> str:
        assert self._process is not None
        try:
            code = self._process.wait(timeout=_GRACE_S)
        except subprocess.TimeoutExpired:
            return "it closed its channel"
        return f"exit {code}" if code >= 0 else f"signal {-code}"

    def _hear(self, pipe: IO[bytes]) -> None:
        for line in pipe:
            self._answers.put(line)
        self._answers.put(None)

    def _collect(self, pipe: IO[bytes]) -> None:
        while chunk := pipe.read1(65536) if hasattr(pipe, "read1") else pipe.read(8192):
            self.output += chunk[: max(0, OUTPUT_BYTES - len(self.output))]
            self._printed += len(chunk)
            if self._printed - len(chunk) <= LIMITS.output_bytes < self._printed:
                self._answers.put(_TOO_MUCH)


def _environment(home: Path, mark: str) -> dict[str, str]:
    folders = {name: str(home) for name in ("HOME", "USERPROFILE", "TMPDIR", "TEMP", "TMP")}
    here = os.path.realpath(os.getcwd())
    # The folder of groundwork first and the current one not at all: a learner's file may have any name.
    path = [_PACKAGES, *(entry for entry in sys.path if entry and os.path.realpath(entry) != here)]
    if sys.platform == "win32":
        folders["PYTHONIOENCODING"] = "utf-8"  # what is printed comes through a pipe, for which it takes the code page
    # By itself each thread of numpy's algebra spins for 30 ms before it sleeps, once when it is imported.
    known = {"OPENBLAS_THREAD_TIMEOUT": "4", **os.environ, **folders, MARK: mark, "PYTHONDONTWRITEBYTECODE": "1"}
    return known | {"PYTHONPATH": os.pathsep.join(dict.fromkeys(path))}
