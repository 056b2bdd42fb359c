"""Run a piece of real code again and again, and break it under strace at one system call after another.

Rule: one process imports the code and runs it once, so that nothing is left to load; every run is a fork of it, which
strace is attached to before it begins. What is counted is therefore the code's own calls, from its first to its last.
Cost: about 30 ms a run. It needs Linux, strace and the right to attach it. Code with threads of its own does not live
through a fork; what says that it is ``threaded`` is run by a new process each time, which first does it all once too.

The file is both sides: imported it is the one that asks; run as a program it is the one that forks, or the fork.
"""

import ctypes
import importlib.util
import json
import os
import re
import select
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

GO, END = "@go", "@end"
LIMIT_S = 60
CHANGING = re.compile(
    r"creat|p?write(v|64)?|sendfile|copy_file_range|f?truncate|fallocate|f(data)?sync|sync_file_range|rename(at2?)?"
    r"|(sym|un)?link(at)?|mkdir(at)?|rmdir|f?ch(mod|own)(at)?|f?setxattr"
)
"""The calls by which a program changes files, or makes sure of a change; and ``open``, if it makes or cuts a file."""
LOOKING = re.compile(
    r"open(at)?|close|[lf]?stat|newfstatat|statx|f?access(at2?)?|readlink(at)?|p?read(64)?|getdents64|lseek|flock"
    r"|[lf]?(list|get)xattr"
)
"""The other calls that concern files; a disk may refuse these too."""
_CALL = re.compile(r"^(\d+) +(\w+)\((.*)$")
_RESULT = re.compile(r"\)\s+= (-?\d+|\?)")
_PR_SET_PTRACER = 0x59616D61


@dataclass(frozen=True)
class Point:
    """One system call of a traced run.

    Attributes:
        name: As ``fsync``.
        nth: Which of the calls of that name it is, counted from 1 as strace does.
        text: The call's arguments and result as strace writes them; descriptors with their paths.
    """

    name: str
    nth: int
    text: str

    def __str__(self) -> str:
        return f"{self.name}#{self.nth}"

    @property
    def changes(self) -> bool:
        """Whether it changes files."""
        makes = self.name.startswith("open") and re.search(r"O_(CREAT|TRUNC)", self.text)
        return bool(CHANGING.fullmatch(self.name) or makes)

    @property
    def may_fail(self) -> bool:
        """Whether a broken disk could refuse it."""
        return self.changes or LOOKING.fullmatch(self.name) is not None


@dataclass(frozen=True)
class Ended:
    """How a run ended.

    Attributes:
        killed: Whether SIGKILL ended it.
        error: Name of the class of the exception that ended it, and its bases, nearest first; empty if none did.
        message: The exception's words.
        trace: The system calls between the beginning and the end of the code.
    """

    killed: bool
    error: Sequence[str]
    message: str
    trace: Sequence[Point]


def why_not() -> str | None:
    """Say why strace cannot be used here, or None."""
    if sys.platform != "linux":
        return "strace is of Linux"
    tool = shutil.which("strace")
    if tool is None:
        return "strace is not installed"
    with subprocess.Popen([sys.executable, "-c", _SLEEPER], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as sleeper:
        assert sleeper.stdout is not None
        sleeper.stdout.readline()
        try:
            with _attached(sleeper.pid, Path(os.devnull), []):
                return None
        except RuntimeError as error:
            return f"strace may not attach: {error}"
        finally:
            sleeper.kill()


class Host:
    """The process that is forked for every run.

    Args:
        scenarios: A Python file.
        name: Name of an object in it with a method ``act(folder)``, and ``prepare(folder)`` for the trial run.
        scratch: A folder for logs and the trial run.
    """

    def __init__(self, scenarios: Path, name: str, scratch: Path) -> None:
        self._log = scratch / "trace"
        trial = scratch / "trial"
        trial.mkdir(parents=True)
        # What measures the suite's coverage would add system calls of its own.
        environment = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
        environment["PYTHONPATH"] = os.pathsep.join(entry for entry in sys.path if entry)
        self._process = subprocess.Popen(
            [sys.executable, "-B", "-W", "ignore", __file__, str(scenarios), name, str(trial)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
            start_new_session=True,
        )
        self._receive()

    def run(self, folder: Path, fault: Sequence[str] = ()) -> Ended:
        """Run the code once in a folder.

        Args:
            folder: Given to ``act``.
            fault: Options of strace, as ``-e inject=fsync:error=EIO:when=1``.
        """
        self._send({"folder": str(folder)})
        pid = self._receive()["pid"]
        with _attached(pid, self._log, fault):
            self._send({})
            ended = self._receive()
        return Ended(ended["killed"], ended["error"], ended["message"], list(_points(self._log)))

    def killed_at(self, folder: Path, point: Point) -> Ended:
        """Run the code and kill it just before that call."""
        return self.run(folder, ["-e", f"inject={point.name}:signal=KILL:when={point.nth}"])

    def refused_at(self, folder: Path, point: Point, number: str) -> Ended:
        """Run the code and let that call, and only it, fail with ``EIO`` or ``ENOSPC``."""
        return self.run(folder, ["-e", f"inject={point.name}:error={number}:when={point.nth}"])

    def close(self) -> None:
        """End the process, and a run that hangs."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.communicate()

    def _send(self, message: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(message) + "\n")
        self._process.stdin.flush()

    def _receive(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        ready, _, _ = select.select([self._process.stdout], [], [], LIMIT_S)
        line = self._process.stdout.readline() if ready else ""
        if not line:
            self.close()
            raise RuntimeError(f"the process under strace {'ended' if ready else 'hangs'}")
        answer: dict[str, Any] = json.loads(line)
        return answer


@contextmanager
def _attached(pid: int, log: Path, fault: Sequence[str]) -> Iterator[None]:
    command = ["strace", "-f", "-y", "-s", "16", "-o", str(log), *fault, "-p", str(pid)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as tracer:
        assert tracer.stderr is not None
        try:
            said = tracer.stderr.readline()
            if "attached" not in said:
                raise RuntimeError(said.strip())
            yield
        except BaseException:
            tracer.kill()
            raise
        if log != Path(os.devnull):
            tracer.wait(LIMIT_S)
        else:
            tracer.kill()


def _points(log: Path) -> Iterator[Point]:
    """Read the calls between the two marks; strace counts by thread, and so do we."""
    counts: Counter[tuple[str, str]] = Counter()
    going = False
    for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
        match = _CALL.match(line)
        if match is None:  # a signal, an exit, the second half of a call that another thread has interrupted
            continue
        thread, name, text = match.groups()
        counts[thread, name] += 1
        if f'"{END}' in text:
            return
        if going:
            yield Point(name, counts[thread, name], text)
        going = going or f'"{GO}' in text


def order_faults(points: Sequence[Point], folder: Path) -> list[str]:
    """Find what a power cut could lose although the code had ended well, or had published before it was safe.

    The law: bytes are synced before a rename makes them visible, and the folder after it; so is every new name. Hidden
    names are nobody's business: temporaries, locks, what is on its way out.

    Args:
        points: A trace.
        folder: Calls elsewhere are left out.
    """
    bytes_at_risk: set[Path] = set()
    names_at_risk: set[Path] = set()
    faults = []
    for point in points:
        paths = [path for path in _paths(point) if path.is_relative_to(folder)]
        if not paths or " = -1" in point.text:
            continue
        path = paths[-1]
        if point.name in {"write", "writev", "pwrite64", "ftruncate"}:
            bytes_at_risk.add(path)
        elif point.name in {"fsync", "fdatasync"}:
            bytes_at_risk.discard(path)
            names_at_risk = {name for name in names_at_risk if name.parent != path}
        elif point.name.startswith("mkdir") or "O_EXCL" in point.text:
            names_at_risk.add(path)
        elif point.name.startswith(("rename", "link")):
            inside = {each for each in bytes_at_risk | names_at_risk if each.is_relative_to(paths[0])}
            inside = {each for each in inside if each == paths[0] or not _hidden(each, paths[0])}
            if not _hidden(path, folder):
                at_risk = inside - (names_at_risk & {paths[0]} - bytes_at_risk)
                faults += [f"{each.name} is visible before it is synced" for each in sorted(at_risk)]
            bytes_at_risk -= inside
            names_at_risk = (names_at_risk - inside - {paths[0]}) | {path}
    left = {each for each in bytes_at_risk | names_at_risk if not _hidden(each, folder)}
    return faults + [f"{each.relative_to(folder)} is never synced" for each in sorted(left)]


def _paths(point: Point) -> list[Path]:
    """Return the paths that a call names, or that its descriptor leads to."""
    text = re.sub(r"AT_FDCWD<[^>]*>, ", "", point.text.partition(" = ")[0])
    descriptors = re.findall(r"\d<(/[^>]*)>", text)
    if point.name in {"write", "writev", "pwrite64", "ftruncate", "fsync", "fdatasync"}:
        return [Path(each) for each in descriptors]
    base = Path(descriptors[0]) if descriptors else Path("/")
    return [base / each for each in re.findall(r'"([^"]*)"', text)]


def _hidden(path: Path, folder: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(folder).parts)


# The other side: the program that is forked.

_SLEEPER = f"""
import ctypes, sys
ctypes.CDLL(None).prctl({_PR_SET_PTRACER}, ctypes.c_ulong(-1), 0, 0, 0)
print(flush=True)
sys.stdin.read()
"""


def _tried(scenarios: str, name: str, trial: str) -> Any:
    """Import a scenario and run it once."""
    spec = importlib.util.spec_from_file_location("scenarios", scenarios)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    scenario = module.PEERS.get(name) or getattr(module, name)
    scenario.prepare(Path(trial))
    scenario.act(Path(trial))
    return scenario


def _serve(scenarios: str, name: str, trial: str) -> None:
    scenario = _tried(scenarios, name, trial)
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what the code prints is no answer

    def answer(message: dict[str, Any]) -> None:
        answers.write(json.dumps(message) + "\n")
        answers.flush()

    answer({})
    for line in sys.stdin:
        request = json.loads(line)
        listen, tell = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(listen)
            if getattr(scenario, "threaded", False):
                os.set_inheritable(tell, True)
                anew = [sys.executable, "-B", "-W", "ignore", __file__, scenarios, name, trial]
                os.execv(sys.executable, [*anew, request["folder"], str(tell)])
            _one_run(scenario, Path(request["folder"]), tell)
        os.close(tell)
        os.waitpid(pid, os.WUNTRACED)  # until it has stopped itself: a tracer sees a stopped process from its next call
        answer({"pid": pid})
        sys.stdin.readline()
        os.kill(pid, signal.SIGCONT)
        with open(listen, "rb") as said:
            text = said.read().decode()
        _, status = os.waitpid(pid, 0)
        killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        error, message = (
            json.loads(text.partition(END)[2]) if END in text else ([], "" if killed else f"status {status}")
        )
        answer({"killed": killed, "error": error, "message": message})


def _one_run(scenario: Any, folder: Path, tell: int) -> None:
    error: BaseException | None = None
    try:
        # Where only ancestors may attach, this lets our sister strace do it.
        ctypes.CDLL(None).prctl(_PR_SET_PTRACER, ctypes.c_ulong(-1), 0, 0, 0)
        os.kill(os.getpid(), signal.SIGSTOP)
        os.write(tell, GO.encode())
        scenario.act(folder)
    except BaseException as raised:
        error = raised
    kinds = [each.__name__ for each in type(error).__mro__] if error is not None else []
    os.write(tell, (END + json.dumps([kinds, str(error or "")])).encode())
    os._exit(0)


if __name__ == "__main__":
    if len(sys.argv) == 4:
        _serve(*sys.argv[1:])
    else:
        _one_run(_tried(*sys.argv[1:4]), Path(sys.argv[4]), int(sys.argv[5]))
