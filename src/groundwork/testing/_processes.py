"""Run a scenario in processes of its own, several at once if wanted.

Rule: they import first, start together and give the processor away after each call to the system, so that what races
does meet, on one core too; one that raises, ends itself or does not end breaks the contract. Cost: one interpreter a
process, and of several at once 0.1 ms a call.
"""

import importlib
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

from groundwork.errors import ContractBroken
from groundwork.testing._subject import load_subject, source_of

Work = Callable[[Any, Path, int], Any]
"""A module-level function of the subject, a folder and the number of the process; returns what JSON can hold."""

_SYSTEM = frozenset({"posix", "nt", "fcntl", "msvcrt", "io", "_io"})
_PAUSE_S = 2e-5  # the kernel's own slack makes it about 0.1 ms

_HOST = "from groundwork.testing._processes import host; host()"


def together(subject: ModuleType, work: Work, folder: Path, *, count: int, limit_s: float) -> list[Any]:
    """Run ``work`` in so many processes at once.

    Args:
        subject: The implementation; each process imports it afresh.
        work: A module-level function.
        folder: Given to ``work``; theirs together.
        count: How many processes, numbered from 0.
        limit_s: Seconds after which they are given up.

    Returns:
        What ``work`` returned in each, in order.

    Raises:
        ContractBroken: One of them raised, ended itself or took too long.
    """
    scene = {"work": [work.__module__, work.__qualname__], "folder": str(folder), "alone": count == 1}
    request = {"subject": source_of(subject), **scene}
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)}
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", _HOST], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(count)
    ]
    late = threading.Event()
    watchdog = threading.Timer(limit_s, _give_up, (processes, late))
    watchdog.start()
    try:
        for nth, process in enumerate(processes):
            _tell(process, json.dumps({**request, "nth": nth}))
        said = [_hear(process) for process in processes]  # each has imported the subject by then, or failed to
        for process, word in zip(processes, said, strict=True):
            if word == "ready":
                _tell(process, "go")
        answers = [_hear(process) if word == "ready" else word for process, word in zip(processes, said, strict=True)]
    finally:
        watchdog.cancel()
        for process in processes:
            _end(process)
    if late.is_set():
        raise ContractBroken(f"{count} processes at once did not end within {limit_s:g} s")
    return [_value(answer) for answer in answers]


def _end(process: subprocess.Popen[str]) -> None:
    with suppress(subprocess.TimeoutExpired):
        process.communicate(timeout=1.0)
        return
    process.kill()
    process.communicate()


def _give_up(processes: list[subprocess.Popen[str]], late: threading.Event) -> None:
    late.set()
    for process in processes:
        process.kill()


def _tell(process: subprocess.Popen[str], line: str) -> None:
    assert process.stdin is not None
    try:
        process.stdin.write(line + "\n")
        process.stdin.flush()
    except OSError:  # pragma: no cover - only if it ends within the very instant
        return  # it has ended: the silence that follows says so


def _hear(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def _value(answer: str) -> Any:
    if not answer:
        raise ContractBroken("a process ended itself; expected it to return or raise")
    told = json.loads(answer)
    if told["error"]:
        raise ContractBroken(told["error"])
    return told["value"]


def host() -> None:
    """Serve one request. The main function of the process."""
    said = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what the subject prints is no answer
    request = json.loads(sys.stdin.readline())
    answer: dict[str, Any] = {"value": None, "error": ""}
    try:
        where, name = request["work"]
        work = getattr(importlib.import_module(where), name)
        subject = load_subject(request["subject"])
        print("ready", file=said, flush=True)
        sys.stdin.readline()
        if not request["alone"]:
            sys.setprofile(_give_way)
        answer["value"] = work(subject, Path(request["folder"]), request["nth"])
    except ContractBroken as broken:
        answer["error"] = broken.message
    except Exception as error:  # noqa: BLE001 - the process ends here; the sentence is all that is left of it
        detail = " ".join(str(error).split())
        answer["error"] = f"one of several processes raised {type(error).__name__}: {detail}".removesuffix(": ")
    sys.setprofile(None)
    print(json.dumps(answer), file=said, flush=True)


def _give_way(frame: FrameType, event: str, called: Any) -> None:
    if event != "c_return":
        return
    owner = getattr(called, "__self__", None)  # of a function its module, of a file's method the file
    name = owner.__name__ if isinstance(owner, ModuleType) else type(owner).__module__
    if name in _SYSTEM:
        time.sleep(_PAUSE_S)


def peak_memory_bytes() -> int:
    """Tell the most memory that this process ever held.

    Returns:
        Peak resident bytes; 0 where the system does not say (Windows).
    """
    status = Path("/proc/self/status")
    if status.exists():  # ru_maxrss begins with what the parent held
        found = [line for line in status.read_text("ascii", "replace").splitlines() if line.startswith("VmHWM:")]
        return int(found[0].split()[1]) * 1024 if found else 0
    if sys.platform == "win32":  # pragma: no cover
        return 0
    import resource  # pragma: no cover - macOS

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # pragma: no cover
    return peak if sys.platform == "darwin" else peak * 1024  # pragma: no cover
