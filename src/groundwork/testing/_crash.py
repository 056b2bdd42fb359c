"""Kill a program at every system call by which it changes files, for real.

Rule: each kill is a SIGKILL to a process that runs nothing but the scenario; what it left on the disk is the evidence.
Cost: one interpreter for a scenario, then one fork (about 3 ms) a kill. It needs ``fork``: not on
Windows.
"""

import importlib
import json
import os
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from groundwork.errors import ContractBroken
from groundwork.testing._failpoints import kill_self
from groundwork.testing._subject import load_subject, source_of
from groundwork.testing._system_calls import Call, system_calls

Scenario = Callable[[Any, Path], None]
"""A module-level function that uses the subject inside a folder."""

_HOST = "from groundwork.testing._crash import host; host()"


@dataclass(frozen=True, slots=True)
class Crash:
    """What one killed run left behind.

    Attributes:
        before: The system call before which the process was killed, as ``replace``.
        nth: Which of all calls that was, counted from 1.
        folder: The folder in which the scenario ran.
    """

    before: str
    nth: int
    folder: Path


def crashes(
    subject: ModuleType,
    scenario: Scenario,
    folder: Path,
    *,
    prepare: Callable[[Path], object],
    limit_s: float,
    most: int,
) -> Iterator[Crash]:
    """Run a scenario again and again, killed before its first, second, ... last file-changing call.

    Args:
        subject: The implementation; the killed process imports it afresh.
        scenario: What to run; a module-level function.
        folder: Where each run gets a folder of its own.
        prepare: Fills that folder before the run; a module-level function.
        limit_s: Seconds after which all of it is given up.
        most: Calls after which the scenario is said never to end.

    Yields:
        Each crash, in order.

    Raises:
        ContractBroken: The scenario never ends, or raised, so that there was nothing to kill.
    """
    request = {
        "subject": source_of(subject),
        "scenario": [scenario.__module__, scenario.__qualname__],
        "prepare": [prepare.__module__, prepare.__qualname__],
        "folder": str(folder),
        "most": most,
    }
    # What the killed runs leave in the system's temporary folder goes with the lab as well.
    temporary = folder / "temporary"
    temporary.mkdir()
    places = dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(temporary))
    environment = {**os.environ, **places, "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)}
    try:
        done = subprocess.run(
            [sys.executable, "-c", _HOST],
            input=json.dumps(request).encode(),
            env=environment,
            capture_output=True,
            timeout=limit_s,
            check=False,
        )
    except subprocess.TimeoutExpired as late:
        raise ContractBroken(f"a run that was to be killed did not end within {limit_s:g} s") from late
    report = folder / "report.jsonl"
    lines = [json.loads(line) for line in report.read_text("utf-8").splitlines()] if report.exists() else []
    if not lines or "end" not in lines[-1]:
        raise ContractBroken(f"the run ended its own process: {_last_line(done.stderr) or f'exit {done.returncode}'}")
    if lines[-1]["end"] != "finished":
        raise ContractBroken(lines[-1]["end"])
    for line in lines[:-1]:
        yield Crash(line["before"], line["nth"], folder / str(line["nth"]))


def host() -> None:
    """Serve one request: import the subject once, fork a run for every kill. The main function of the process."""
    request = json.load(sys.stdin)
    scenario, prepare = (getattr(importlib.import_module(where), name) for where, name in _named(request))
    subject = load_subject(request["subject"])
    folder = Path(request["folder"])
    with (folder / "report.jsonl").open("w", encoding="utf-8") as report:
        for nth in range(1, request["most"] + 1):
            place = folder / str(nth)
            place.mkdir()
            prepare(place)
            line = _one_run(subject, scenario, place, nth)
            report.write(json.dumps(line) + "\n")
            report.flush()
            if "end" in line:
                return
        report.write(json.dumps({"end": f"still not done after {request['most']} system calls"}) + "\n")


def _named(request: dict[str, Any]) -> Iterator[tuple[str, str]]:
    yield tuple(request["scenario"])
    yield tuple(request["prepare"])


def _one_run(subject: ModuleType, scenario: Scenario, place: Path, nth: int) -> dict[str, Any]:
    if sys.platform == "win32":
        raise NotImplementedError
    said, say = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # 3.12: a subject may have started threads
        child = os.fork()
    if child == 0:  # pragma: no cover
        os.close(said)
        _killed_run(subject, scenario, place, nth, say)
    os.close(say)
    with open(said, "rb") as pipe:
        text = pipe.read().decode()
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return {"before": text, "nth": nth}
    return {"end": text or f"the run ended its own process, exit {os.waitstatus_to_exitcode(status)}"}


def _killed_run(  # pragma: no cover - a killed process tells nobody which lines it ran
    subject: ModuleType, scenario: Scenario, place: Path, nth: int, say: int
) -> None:
    seen, tell = 0, os.write

    def hook(call: Call) -> None:
        nonlocal seen
        seen += 1
        if seen == nth:
            tell(say, call.name.encode())
            kill_self()

    try:
        with system_calls(hook, subject=subject):
            scenario(subject, place)
        tell(say, b"finished")
    except BaseException as error:  # noqa: BLE001 - the process ends here; the sentence is all that is left of it
        tell(say, f"raised {type(error).__name__} where nothing was wrong: {error}".encode())
    finally:
        os._exit(0)


def _last_line(output: bytes) -> str:
    lines = output.decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else ""
