"""Proving an exercise: its starter passes nothing, right ones everything, each wrong one fails what it names.

Rule: every claim that an exercise makes of its own files is checked by running them. They are the author's, so they run
here in a few worker processes that are started once, without a learner's limits; one that hangs is killed and told.
What they leave is removed, and on Linux none outlives the command, be that killed.
"""

import importlib
import os
import queue
import signal
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING

from groundwork.course._capstone_claims import capstone_claims, prove_capstone
from groundwork.course._catalog import CAPSTONE, Exercise, find_exercise
from groundwork.course._descendants import descendants, end_group
from groundwork.testing import Check, Outcome, Verdict, die_with_parent, load_subject, run_contract

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

_GRACE_S = 5.0


@dataclass(frozen=True, slots=True)
class Claim:
    """One thing that an exercise says of itself.

    Attributes:
        exercise: Number of the exercise.
        kind: ``starter``, ``library``, ``alternative`` or ``wrong``.
        subject: The file, below the exercise's folder, or the packages.
    """

    exercise: str
    kind: str
    subject: str

    def __str__(self) -> str:
        """As ``04 wrong/leaves_litter.py``."""
        return f"{self.exercise} {self.subject}"


@dataclass(frozen=True, slots=True)
class Proof:
    """What became of a claim.

    Attributes:
        claim: The claim.
        problems: A sentence for each thing that is not as claimed; empty where it holds.
        checks: How many checks were run.
        seen: For a wrong implementation the checks that it names.
    """

    claim: Claim
    problems: tuple[str, ...]
    checks: int = 0
    seen: tuple[str, ...] = ()


def claims_of(exercise: Exercise) -> list[Claim]:
    """List what an exercise claims.

    Args:
        exercise: The exercise.

    Returns:
        A claim for the starter, the library where it has this part, the alternative, and each wrong implementation.
    """
    if exercise.number == CAPSTONE:
        return [Claim(CAPSTONE, kind, subject) for kind, subject in capstone_claims()]
    claims = [Claim(exercise.number, kind, f"{kind}/{exercise.file}") for kind in ("starter", "alternative")]
    if exercise.library:
        claims.append(Claim(exercise.number, "library", ", ".join(exercise.library)))
    wrongs = sorted((exercise.path / "wrong").glob("*.py"))
    return [*claims, *(Claim(exercise.number, "wrong", f"wrong/{path.name}") for path in wrongs)]


def prove(claim: Claim) -> Proof:
    """Check one claim, in this process.

    Args:
        claim: The claim.

    Returns:
        What became of it.
    """
    exercise = find_exercise(claim.exercise)
    starter = str(exercise.path / "starter")
    sys.path.append(starter)  # where a learner has the files that are given
    try:
        if claim.exercise == CAPSTONE:
            return Proof(claim, *prove_capstone(claim.kind, claim.subject))
        return _PROOFS[claim.kind](exercise, claim)
    # An implementation may raise anything when it is imported; that is what is to be told.
    except Exception as error:  # noqa: BLE001
        return Proof(claim, (traceback.format_exception_only(error)[-1].strip(),))
    finally:
        sys.path.remove(starter)


def verify(
    claims: Sequence[Claim],
    *,
    workers: int | None = None,
    limit_s: float = 180.0,
    on_proof: Callable[[Proof], None] | None = None,
) -> list[Proof]:
    """Check claims, side by side.

    Args:
        claims: The claims.
        workers: How many processes; one for each core unless given.
        limit_s: Wall-clock seconds for one claim.
        on_proof: Called with each proof as it is known, from one thread at a time.

    Returns:
        A proof for each claim, in their order.
    """
    waiting: queue.SimpleQueue[int] = queue.SimpleQueue()
    for number in range(len(claims)):
        waiting.put(number)
    proofs: dict[int, Proof] = {}
    lock, stopped = threading.Lock(), threading.Event()

    def work(folder: str) -> None:
        with _Worker(limit_s, folder) as worker:
            while not stopped.is_set():
                try:
                    number = waiting.get_nowait()
                except queue.Empty:
                    return
                proof = worker.prove(claims[number], stopped)
                with lock:
                    proofs[number] = proof
                    if on_proof is not None:
                        on_proof(proof)

    count = min(workers or os.cpu_count() or 1, len(claims))
    # A worker that is killed removes nothing. A short name: a socket's whole path has 104 characters on macOS.
    with tempfile.TemporaryDirectory(prefix="gw-verify-", ignore_cleanup_errors=True) as folder:
        threads = [
            threading.Thread(target=work, args=[folder], name=f"groundwork-verify-{number}") for number in range(count)
        ]
        try:
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        finally:
            stopped.set()
            for thread in threads:
                thread.join()
    return [proofs.get(number, Proof(claim, ("was not run",))) for number, claim in enumerate(claims)]


def unseen(exercise: Exercise, proofs: Sequence[Proof]) -> list[str]:
    """List the checks that no wrong implementation fails: they may check nothing.

    Args:
        exercise: The exercise.
        proofs: Those of all its claims.

    Returns:
        Ids, in the contract's order.
    """
    seen = {check for proof in proofs if proof.claim.exercise == exercise.number for check in proof.seen}
    return [check.id for check in exercise.contract if check.id not in seen]


class _Worker:
    """A process that proves claims one after the other; started at the first, and again after one that hung."""

    def __init__(self, limit_s: float, folder: str) -> None:
        self._limit_s, self._folder = limit_s, folder
        self._started: tuple[BaseProcess, Connection] | None = None

    def __enter__(self) -> "_Worker":
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def prove(self, claim: Claim, stopped: threading.Event) -> Proof:
        process, channel = self._started = self._started or _start(self._folder)
        channel.send(claim)
        left = self._limit_s
        try:
            while not channel.poll(min(0.5, left)):
                left -= 0.5
                if stopped.is_set() or left <= 0:
                    self._end(at_once=True)
                    return Proof(claim, (f"did not finish within {self._limit_s:g} s",))
            proof = channel.recv()
        except (EOFError, OSError):
            process.join(5.0)
            self._end()
            return Proof(claim, (f"ended the process that ran it (exit {process.exitcode})",))
        assert isinstance(proof, Proof)
        return proof

    def _end(self, *, at_once: bool = False) -> None:
        if self._started is None:
            return
        process, channel = self._started
        self._started = None
        channel.close()
        if not at_once:
            process.join(_GRACE_S)  # it ends what its checks have started
        if process.is_alive():
            if process.pid is not None:
                for pid in (*descendants(process.pid), process.pid):  # some of them lead a session of their own
                    end_group(pid)
            process.kill()
        process.join()


def _start(folder: str) -> "tuple[BaseProcess, Connection]":
    import multiprocessing

    # Spawned everywhere: polars and OpenMP do not survive a fork of a process in which they have threads.
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, folder), name="groundwork-verify")
    with _ctrl_c_held_back():
        process.start()
    theirs.close()
    return process, ours


@contextmanager
def _ctrl_c_held_back() -> Iterator[None]:
    """Let no Ctrl-C reach the processes that this thread starts, until they take it."""
    if sys.platform == "win32":
        yield
        return
    from multiprocessing import resource_tracker

    resource_tracker.ensure_running()  # starting that lets it through again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _serve(channel: "Connection", folder: str) -> None:
    die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's
    if sys.platform != "win32":
        os.setsid()  # what we start can be ended with us
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
    os.environ.update(dict.fromkeys(("TMPDIR", "TEMP", "TMP"), folder))
    tempfile.tempdir = folder
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    while True:
        try:
            claim = channel.recv()
        except (EOFError, OSError):
            return
        channel.send(prove(claim))


def _starter(exercise: Exercise, claim: Claim) -> Proof:
    subject = load_subject(exercise.path / claim.subject)
    verdicts = [verdict for check in exercise.contract for verdict in run_contract(subject, [check])]
    problems = [f"{verdict.check.id} passes" for verdict in verdicts if verdict.outcome == Outcome.PASSED]
    return Proof(claim, tuple(problems), len(verdicts))


def _alternative(exercise: Exercise, claim: Claim) -> Proof:
    return _all_pass(claim, run_contract(load_subject(exercise.path / claim.subject), exercise.contract))


def _library(exercise: Exercise, claim: Claim) -> Proof:
    doors = [importlib.import_module(name) for name in exercise.library]
    verdicts: list[Verdict] = []
    for topic, names in exercise.topics.items():
        door = next((door for door in doors if _has(door, names)), None)
        if door is None:
            return Proof(claim, (f"none of {claim.subject} has {', '.join(names)}",))
        verdicts += run_contract(door, topic)
    return _all_pass(claim, verdicts)


def _wrong(exercise: Exercise, claim: Claim) -> Proof:
    subject = load_subject(exercise.path / claim.subject)
    named = tuple(getattr(subject, "FAILS", ()))
    problems = [] if named else ["names no check in FAILS"]
    problems += [f"names {check}, which the contract does not have" for check in named if check not in _ids(exercise)]
    checks: list[Check] = []
    for topic, names in exercise.topics.items():
        if _has(subject, names):
            checks += topic
    verdicts = run_contract(subject, checks)
    failed = {verdict.check.id: verdict for verdict in verdicts if verdict.outcome == Outcome.FAILED}
    passed = {verdict.check.id for verdict in verdicts if verdict.outcome == Outcome.PASSED}
    unnamed = [each for check, each in failed.items() if check not in named]
    problems += [f"fails {each.check.id}, which it does not name: {each.message}" for each in unnamed]
    problems += [f"does not fail {check}, which it names" for check in named if check in passed]
    waiting = [v for v in verdicts if v.check.id in named and v.outcome == Outcome.WAITING]
    problems += [f"{verdict.check.id}, which it names, {verdict.message}" for verdict in waiting]
    return Proof(claim, tuple(problems), len(verdicts), named)


def _all_pass(claim: Claim, verdicts: Sequence[Verdict]) -> Proof:
    done = (Outcome.PASSED, Outcome.SKIPPED)
    problems = [f"{each.check.id}: {each.message}" for each in verdicts if each.outcome not in done]
    return Proof(claim, tuple(problems), len(verdicts))


def _ids(exercise: Exercise) -> set[str]:
    return {check.id for check in exercise.contract}


def _has(subject: ModuleType, names: Sequence[str]) -> bool:
    return all(hasattr(subject, name) for name in names)


_PROOFS: dict[str, Callable[[Exercise, Claim], Proof]] = {
    "starter": _starter,
    "alternative": _alternative,
    "library": _library,
    "wrong": _wrong,
}
