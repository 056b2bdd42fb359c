"""The process in which a learner's code runs.

Rule: it answers orders one at a time and decides nothing; what it does not answer has failed. It holds neither the
channel to the grader nor anything that the grader would believe: it has a pipe to its host, and signs what it says.
Before any of the learner's code is imported the pipe is moved to a descriptor that child processes do not inherit,
and what the learner prints goes to standard error.
"""

import importlib
import json
import os
import random
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from types import ModuleType
from typing import IO, Any

from groundwork.course._answers import Answers
from groundwork.course._guard import guard
from groundwork.course._limits import restrain
from groundwork.course._messages import sender
from groundwork.course._seal import EqualToAnything, seal
from groundwork.testing import Contract, load_subject, run_check

Say = Callable[[dict[str, Any]], None]


class Prepared:
    """All that can be done before the learner's file is known.

    Args:
        contract: The checks.
    """

    def __init__(self, contract: Contract) -> None:
        self.checks = {check.id: check for check in contract}
        self.fakes = EqualToAnything()
        self.fakes.watch()
        self.changed = seal(self.checks.values())

    def serve(self, orders: Iterable[str], say: Say) -> None:
        """Answer orders until there are no more: first ``load``, then ``run`` again and again.

        Args:
            orders: Lines of JSON.
            say: Sends an answer.
        """
        checks, fakes, changed = self.checks, self.fakes, self.changed
        judge, decode, number, end = run_check, json.loads, os.getpid, os._exit
        own = number()
        lines = iter(orders)
        order = decode(next(lines))
        path = Path(order["load"])
        fakes.folder = f"{path.parent}{os.sep}"
        restrain()
        guard(order["allows"], fakes.folder, Answers(*map(tuple, order["answers"])))
        subject, error = _load(path, order["beside"])
        say({"error": _about(path, changed() or fakes.found()) or error})
        if subject is None:
            return
        for line in lines:
            order = decode(line)
            outcome, message, moment = _judged(judge, subject, checks[order["run"]], order["seed"])
            if broken := changed() or fakes.found():
                outcome, message, moment = "failed", broken, []
            if number() != own:  # a fork that came back out of the learner's code
                end(0)
            say({"outcome": outcome, "message": message} | ({"moment": moment} if moment else {}))


def _judged(judge: Callable[..., Any], subject: ModuleType, check: Any, seed: int) -> tuple[str, str, Any]:
    try:
        verdict = judge(subject, check, seed=seed)
    # SystemExit, pytest's Skipped and their like: this process has nothing to do but to say so.
    except BaseException as error:  # noqa: BLE001
        ended = f"ended with {type(error).__name__}: {error}".removesuffix(": ")
        return "failed", f"{ended}; expected it to return or raise an error", []
    return str(verdict.outcome), verdict.message, verdict.moment


def _about(path: Path, broken: str | None) -> str | None:
    return broken and f"importing {path.name} {broken}"


def _load(path: Path, beside: Iterable[str]) -> tuple[ModuleType | None, str | None]:
    # At the end, so that no file of the learner's stands before the standard library or groundwork.
    sys.path[:] = [*filter(None, sys.path), str(path.parent), *beside]
    try:
        return load_subject(path), None
    # The learner's module may raise anything; the sentence is the finding.
    except Exception as error:  # noqa: BLE001
        line = _line_of(error, path)
        place = f" (line {line})" if line else ""
        words = f"{error.msg}: {(error.text or '').strip()}" if isinstance(error, SyntaxError) else error
        return None, f"importing {path.name} raised {type(error).__name__}{place}: {words}".removesuffix(": ")
    except BaseException as error:  # noqa: BLE001 - as above, of those that are to end a program
        return (
            None,
            f"importing {path.name} ended the whole process ({f'{type(error).__name__}: {error}'.removesuffix(': ')})",
        )


def _line_of(error: Exception, path: Path) -> int | None:
    if isinstance(error, SyntaxError):
        return error.lineno
    line, trace = None, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == str(path):
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def alone(contract_module: str) -> None:
    """Answer the grader without a host, where there is no ``fork``; the numbers of its orders are the signature."""
    orders, descriptor = private_channel()
    number: list[str] = []
    write, encode = os.write, json.dumps

    def numbered() -> Iterable[str]:
        for line in orders:
            order = json.loads(line)
            number[:] = [order.pop("nonce")]
            if "ready" in order:
                say({})
            else:
                yield json.dumps(order)

    def say(answer: dict[str, Any]) -> None:
        write(descriptor, encode({**answer, "nonce": number[0]}).encode() + b"\n")

    Prepared(importlib.import_module(contract_module).CONTRACT).serve(numbered(), say)


def private_channel() -> tuple[IO[str], int]:
    """Move standard input and output elsewhere: what is printed is no answer, and there is nothing to read.

    Returns:
        Where orders come from, and the descriptor to which answers go.
    """
    orders = os.fdopen(os.dup(0), "r", encoding="utf-8")
    answers = os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return orders, answers


def hidden(descriptor: int) -> int:
    """Move a descriptor to a number that nobody can guess and that no child process inherits.

    Args:
        descriptor: It is closed.

    Returns:
        The new one.
    """
    import fcntl
    import resource

    bound = resource.getrlimit(resource.RLIMIT_NOFILE)[0]  # 256 on macOS; there is none where it is negative
    most = min(bound, 900) if bound > 0 else 900
    moved = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, random.SystemRandom().randrange(most // 4, most))
    os.close(descriptor)
    return moved


def child(prepared: Prepared, orders: int, answers: int, key: list[bytes]) -> None:
    """Be the learner's process, in a session of its own; never returns into what the host does.

    Args:
        prepared: With the checks.
        orders: Descriptor from which to read.
        answers: Descriptor to which to write.
        key: Signs what is written; taken out of the list.
    """
    end = os._exit
    try:
        os.setsid()
        say = sender(key.pop(), hidden(answers))
        with os.fdopen(hidden(orders), "r", encoding="utf-8") as lines:
            prepared.serve(lines, say)
    finally:
        end(0)
