"""The process between the grader and the learner's: imports the checks once, forks one process a grade, watches it.

Rule: it never runs the learner's code. It alone holds the channel to the grader; the learner's process ends with all
that came from it when the grader says so, when it takes too much, and at the latest when the channel closes.
Cost: 3 ms a grade once the checks are imported; while a check runs, a look every 50 ms.
"""

import atexit
import gc
import importlib
import json
import os
import select
import shutil
import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from groundwork.course._descendants import descendants, end_children, end_group, peak_address_space
from groundwork.course._limits import LIMITS, adopt_orphans, leave_the_network
from groundwork.course._messages import FOREIGN, KEY_BYTES, Receiver
from groundwork.course._worker import Prepared, child, private_channel
from groundwork.errors import ContractBroken

_LOOK_S = 0.05
_LINE_BYTES = 1_000_000


def main(contract_module: str, home: str, network: str, *warm: str) -> None:
    """Answer the grader's orders until it closes the channel.

    Args:
        contract_module: Where the checks are.
        home: The learner's temporary folder; removed at the end.
        network: ``keep`` where something else has taken it away already.
        warm: Modules that nearly every file of the exercise imports, and that bear to be forked.
    """
    orders, answers = private_channel()
    os.set_inheritable(orders.fileno(), False)
    adopt_orphans()
    if network != "keep":
        leave_the_network()
    # Nothing of what is imported is ever thrown away; looking for that takes a tenth of the time, in each fork too.
    gc.disable()
    contract = importlib.import_module(contract_module).CONTRACT
    for name in warm:
        with suppress(ImportError):
            importlib.import_module(name)
    gc.freeze()
    gc.enable()
    sys.dont_write_bytecode = True  # nothing beside the learner's files
    host = _Host(Prepared(contract), orders.fileno(), answers)
    try:
        for order in host.orders():
            host.answer(order)
    finally:
        host.end_learner()
        shutil.rmtree(home, ignore_errors=True)
    # Taking numpy and the checks apart costs 30 ms, for which the grader would wait.
    atexit._run_exitfuncs()
    os._exit(0)


class _Lines:
    """Whole lines out of a descriptor, without waiting for more than are there."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self.ended = False
        self._rest = b""

    def next(self) -> bytes | None:
        """Read what is there, after waiting for something; None where it makes no whole line."""
        if b"\n" not in self._rest:
            more = os.read(self.descriptor, 65536)
            self.ended = not more
            self._rest += more
        if b"\n" not in self._rest:
            return None
        line, _, self._rest = self._rest.partition(b"\n")
        return line

    def waiting(self) -> bool:
        """Tell whether there is something that has not been read as a line, or the end."""
        return bool(self._rest) or _readable(self.descriptor, 0)

    def too_long(self) -> bool:
        """Tell whether what is no line yet is longer than any answer."""
        return len(self._rest) > _LINE_BYTES


class _Learner:
    def __init__(self, pid: int, tell: int, hear: int, key: bytes) -> None:
        self.pid = pid
        self.tell = tell
        self.said = _Lines(hear)
        self.receiver = Receiver(key)


class _Host:
    def __init__(self, prepared: Prepared, orders: int, answers: int) -> None:
        self._prepared = prepared
        self._orders = _Lines(orders)
        self._answers = answers
        self._learner: _Learner | None = None

    def orders(self) -> Iterator[dict[str, Any]]:
        while not self._orders.ended:
            if (line := self._orders.next()) is not None:
                yield json.loads(line)

    def answer(self, order: dict[str, Any]) -> None:
        nonce = order.pop("nonce")
        answer: dict[str, Any] = {}
        if "end" in order:
            self.end_learner()
        elif "ready" not in order:
            try:
                answer = self._asked(order)
            except ContractBroken as broken:
                self.end_learner()
                answer = {"broken": broken.message}
        if self._learner is not None:
            answer["pid"] = self._learner.pid
        os.write(self._answers, json.dumps({**answer, "nonce": nonce}).encode() + b"\n")

    def end_learner(self) -> None:
        """Kill the learner's process and all that came from it."""
        learner, self._learner = self._learner, None
        if learner is not None:
            os.close(learner.tell)
            end_group(learner.pid)
            end_children()
            os.close(learner.said.descriptor)

    def _asked(self, order: dict[str, Any]) -> dict[str, Any]:
        if "load" in order:
            self.end_learner()
            self._learner = self._fork()
        learner = self._learner
        if learner is None:
            raise ContractBroken("has no process any more")
        if learner.said.waiting():
            learner.said.next()
            raise ContractBroken(self._end_of(learner) if learner.said.ended else FOREIGN)
        usual = peak_address_space(learner.pid)
        with suppress(OSError):  # it has ended: the silence that follows says so
            os.write(learner.tell, json.dumps(order).encode() + b"\n")
        line = self._line_of(learner, usual)
        self._look(learner, usual)
        return learner.receiver.read(line)

    def _line_of(self, learner: _Learner, usual: int) -> bytes:
        while not learner.said.ended:
            if _readable(self._orders.descriptor, 0):
                raise ContractBroken("was given up")
            if not _readable(learner.said.descriptor, _LOOK_S, self._orders.descriptor):
                self._look(learner, usual)
            elif _readable(learner.said.descriptor, 0) and (line := learner.said.next()) is not None:
                return line
            elif learner.said.too_long():
                raise ContractBroken(FOREIGN)
        raise ContractBroken(self._end_of(learner))

    def _end_of(self, learner: _Learner) -> str:
        return f"ended the whole process ({_ending(learner)}); expected it to return or raise"

    def _look(self, learner: _Learner, usual: int) -> None:
        most = LIMITS.memory_bytes
        below = descendants(os.getpid())
        if len(below) > LIMITS.processes:
            raise ContractBroken(f"ran more than {LIMITS.processes} processes at once")
        for pid in {learner.pid, *below}:
            taken = peak_address_space(pid)
            # Of a process that it started nobody knows what is usual.
            if taken > (usual + most if pid == learner.pid else most + 1_000_000_000):
                raise ContractBroken(f"asked for more than {most / 1e9:.0f} GB of memory")

    def _fork(self) -> _Learner:
        orders_end, tell = os.pipe()
        hear, answers_end = os.pipe()
        key = os.urandom(KEY_BYTES)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # 3.12 warns of threads; there are none here
            pid = os.fork()
        if not pid:  # pragma: no cover - ends without a word to whoever counts lines
            for descriptor in (tell, hear, self._orders.descriptor, self._answers):
                os.close(descriptor)
            box, key = [key], b""  # whoever walks up the frames finds nothing in this one
            child(self._prepared, orders_end, answers_end, box)
        os.close(orders_end)
        os.close(answers_end)
        return _Learner(pid, tell, hear, key)


def _readable(descriptor: int, limit_s: float, *others: int) -> bool:
    return bool(select.select([descriptor, *others], [], [], limit_s)[0])


def _ending(learner: _Learner) -> str:
    with suppress(ChildProcessError):
        for _ in range(100):
            ended, status = os.waitpid(learner.pid, os.WNOHANG)
            if ended:
                code = os.waitstatus_to_exitcode(status)
                return f"exit {code}" if code >= 0 else f"signal {-code}"
            time.sleep(0.01)
    return "it closed its channel"
