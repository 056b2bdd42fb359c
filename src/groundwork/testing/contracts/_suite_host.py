"""The process that judges a suite: it imports pytest once, and each run is a child of it.

Rule: it never runs the suite itself; a child answers one line or has said nothing, however it ended. A test that takes
too much of the processor is broken off in the child; the kernel ends a child that goes on, or takes too long on the
clock. Where there is no fork, each run is an interpreter of its own. Cost: 0.3 s to start, 50 ms a session; without
fork 0.5 s a run.
"""

import gc
import importlib
import json
import math
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import IO

from groundwork.testing.contracts._suite_session import Answer, session

LIMIT_S = 60
PROCESSOR_S = 3
MISSING = "pytest is not installed here; install it: python -m pip install pytest"

_ALONE = "from groundwork.testing.contracts._suite_host import alone; alone()"
# Those that suites use and that take long to import; a fork has them already.
_HEAVY = ("hypothesis", "numpy", "unittest.mock")


def host() -> None:
    """Answer the requests on standard input, one a line. The main function of the process."""
    requests, answers = _private_channel()
    try:
        _warm_up()
    except ImportError:
        print(json.dumps({"missing": MISSING}), file=answers, flush=True)
        return
    for line in requests:
        request = json.loads(line)
        _import_what_it_imports(request["suite"])
        gc.freeze()  # so that the children need not copy what they only look at
        shutil.rmtree(request["place"], ignore_errors=True)
        work = partial(session, request, _forked if len(request["runs"]) > 1 else None)
        answer = _forked(work) if request["fork"] else _spawned(request)
        print(json.dumps(answer), file=answers, flush=True)


def alone() -> None:
    """Answer one request of one run, and end."""
    requests, answers = _private_channel()
    _warm_up()
    _bound()
    print(json.dumps(session(json.loads(requests.readline()), None)), file=answers, flush=True)


def _private_channel() -> tuple[IO[str], IO[str]]:
    requests, answers = os.fdopen(os.dup(0), "r", encoding="utf-8"), os.fdopen(os.dup(1), "w", encoding="utf-8")
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nothing, descriptor)  # the suite is run a hundred times: nobody wants to read it all
    os.close(nothing)
    return requests, answers


def _warm_up() -> None:
    from _pytest.config import default_plugins

    for name in default_plugins:
        importlib.import_module(f"_pytest.{name}")


def _import_what_it_imports(suite: str) -> None:
    with open(suite, encoding="utf-8") as file:
        text = file.read()
    for name in _HEAVY:
        if name in text:
            importlib.import_module(name)


def _bound() -> None:
    if sys.platform != "win32":
        import resource
        import signal

        signal.alarm(LIMIT_S)
        limit_s = math.ceil(time.process_time()) + PROCESSOR_S
        signal.signal(signal.SIGXCPU, _take_too_long)
        # The first of the two breaks off the test that runs, so that it can be named; the second ends the process.
        resource.setrlimit(resource.RLIMIT_CPU, (limit_s, limit_s + 2))


class TookTooLongError(BaseException):
    """A test has used up what its suite may take of the processor."""


def _take_too_long(number: int, frame: object) -> None:
    raise TookTooLongError(f"more than {PROCESSOR_S} s of the processor; does it end?")


def _forked(work: Callable[[], Answer]) -> Answer:
    end, write = os._exit, os.write  # the suite may put others there
    reading, writing = os.pipe()
    child = os.fork()
    if not child:  # pragma: no cover - a fork ends without telling what it has run
        try:
            _bound()
            os.close(reading)
            answer = json.dumps(work()).encode() + b"\n"
            while answer:
                answer = answer[write(writing, answer) :]
        finally:
            end(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        line = pipe.readline()
    _, status = os.waitpid(child, 0)
    return _answer(line, os.waitstatus_to_exitcode(status))


def _spawned(request: Answer) -> Answer:
    answers: list[Answer] = []
    for run in request["runs"]:
        shutil.rmtree(request["place"], ignore_errors=True)
        one = json.dumps({**request, "runs": [run]}).encode() + b"\n"
        command = [sys.executable, "-c", _ALONE]
        try:
            done = subprocess.run(command, input=one, stdout=subprocess.PIPE, timeout=LIMIT_S, check=False)
        except subprocess.TimeoutExpired:
            return {"ended": _ending(-14)}
        answers.append(_answer(done.stdout, done.returncode))
    runs = [run for answer in answers for run in answer.get("runs", [answer])]
    return {**answers[0], "runs": runs}


def _answer(line: bytes, code: int) -> Answer:
    if line.endswith(b"\n"):
        answer: Answer = json.loads(line)
        return answer
    return {"ended": _ending(code)}


def _ending(code: int) -> str:
    if code == -14:  # SIGALRM
        return f"did not end within {LIMIT_S} s"
    if code in (-9, -24):  # SIGKILL, SIGXCPU
        return f"took more than {PROCESSOR_S} s of the processor"
    return f"ended the whole process ({f'exit {code}' if code >= 0 else f'signal {-code}'})"
