"""Run a contract's checks and say what held.

Rule: one verdict for every check, in order; nothing that an implementation raises stops the run, save what must stop
a program (``KeyboardInterrupt``, ``SystemExit``, cancellation).
"""

import sys
import time
import traceback
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import ModuleType
from typing import Any

from groundwork.errors import ContractBroken
from groundwork.testing._contract import Check
from groundwork.testing._lab import Lab
from groundwork.testing._moment import Moment, moment_of

_NOT_WRITTEN = "not written yet"


class Outcome(StrEnum):
    """How a check ended."""

    PASSED = "passed"
    FAILED = "failed"
    WAITING = "waiting"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one check found.

    Attributes:
        check: The check.
        outcome: How it ended.
        message: One sentence: what broke, what it waits for, why it was skipped; empty where it passed.
        seconds: Time it took.
        moment: Where a check that failed was then, and what its variables held.
    """

    check: Check
    outcome: Outcome
    message: str = ""
    seconds: float = 0.0
    moment: Moment = field(default_factory=list)

    @property
    def given(self) -> str:
        """What the implementation was given when the check failed, on one line; empty where that is not known."""
        if not self.moment or self.message.startswith(_NOT_WRITTEN):
            return ""
        # Late: no verdict needs it.
        from groundwork.testing._failing_input import failing_input

        return failing_input(self.check.run, self.moment)

    def to_dict(self) -> dict[str, Any]:
        """Return the verdict as plain data.

        Returns:
            id, level, outcome, message, input, seconds.
        """
        return {
            "id": self.check.id,
            "level": str(self.check.level),
            "outcome": str(self.outcome),
            "message": self.message,
            "input": self.given,
            "seconds": round(self.seconds, 4),
        }


def run_contract(
    subject: ModuleType,
    checks: Iterable[Check],
    *,
    seed: int = 0,
    on_verdict: Callable[[Verdict], None] | None = None,
) -> list[Verdict]:
    """Hold an implementation against checks.

    Args:
        subject: The implementation: a module with the names that the contract speaks of.
        checks: A ``Contract``, or some of its checks; prerequisites that are not among them count as passed.
        seed: Seed of every lab's randomness.
        on_verdict: Called with each verdict as it is known.

    Returns:
        One verdict for each check, in their order.
    """
    outcomes: dict[str, Outcome] = {}
    verdicts: list[Verdict] = []
    for check in checks:
        verdict = withheld(check, outcomes) or run_check(subject, check, seed=seed)
        outcomes[check.id] = verdict.outcome
        verdicts.append(verdict)
        if on_verdict is not None:
            on_verdict(verdict)
    return verdicts


def withheld(check: Check, outcomes: Mapping[str, Outcome]) -> Verdict | None:
    """Say whether a check is not to be run now.

    Args:
        check: The check.
        outcomes: How the checks before it ended, by id.

    Returns:
        A verdict that it waits or is skipped; None where it is to be run.
    """
    stopped = (Outcome.FAILED, Outcome.WAITING)
    if blocking := [name for name in check.after if outcomes.get(name) in stopped]:
        return Verdict(check, Outcome.WAITING, f"waits for {', '.join(blocking)}")
    if check.posix is not None and sys.platform == "win32":
        return Verdict(check, Outcome.SKIPPED, f"not on Windows: {check.posix}")
    return None


def run_check(subject: ModuleType, check: Check, *, seed: int = 0) -> Verdict:
    """Run one check in a lab of its own.

    Args:
        subject: The implementation.
        check: The check; its prerequisites are not looked at.
        seed: Seed of the lab's randomness.

    Returns:
        Passed or failed.
    """
    started = time.perf_counter()
    outcome, message = Outcome.PASSED, ""
    moment: Moment = []
    with Lab(seed=seed) as lab:
        try:
            check.run(subject, lab)
        except ContractBroken as broken:
            outcome, message, moment = Outcome.FAILED, broken.message, moment_of(broken, check.run)
        # An implementation may raise anything; its error is the finding, and the next check must still run.
        except Exception as error:  # noqa: BLE001
            outcome, message, moment = Outcome.FAILED, _sentence(error, subject), moment_of(error, check.run)
    return Verdict(check, outcome, message, time.perf_counter() - started, moment)


def _sentence(error: Exception, subject: ModuleType) -> str:
    file = getattr(subject, "__file__", None)
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if file and frame.filename == file]
    place = f" (line {lines[-1]})" if lines else ""
    if isinstance(error, NotImplementedError):
        return f"{_NOT_WRITTEN}{place}: {error}".removesuffix(": ")
    if isinstance(error, AttributeError) and error.obj is subject:
        return f"{_NOT_WRITTEN}: there is no {error.name}"
    detail = " ".join(str(error).split())
    return f"raised {type(error).__name__}{place}: {detail}".removesuffix(": ")
