"""Grade a learner's file.

Rule: the verdicts are decided and counted here, in a process that never imports the learner's code; a check that gives
no answer has failed. Cost: about 0.2 s to start, then what the checks cost; after a hang or an exit the process is
started again for the checks that are left.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from groundwork.course._process import LearnerProcess
from groundwork.errors import ContractBroken
from groundwork.testing import Check, Contract, Outcome, Verdict, withheld


@dataclass(frozen=True, slots=True)
class Grade:
    """What a learner's file achieved.

    Attributes:
        contract: Name of the contract.
        verdicts: One for each check, in order.
        error: Why not even the import worked, or None.
        output: What the learner's code printed; the first 64 KiB.
    """

    contract: str
    verdicts: tuple[Verdict, ...]
    error: str | None
    output: str

    @property
    def passed(self) -> bool:
        """Whether every check that can run here passed."""
        done = (Outcome.PASSED, Outcome.SKIPPED)
        return self.error is None and bool(self.verdicts) and all(v.outcome in done for v in self.verdicts)

    def having(self, outcome: Outcome) -> list[Verdict]:
        """Select verdicts.

        Args:
            outcome: Which.

        Returns:
            Those that ended so, in order.
        """
        return [verdict for verdict in self.verdicts if verdict.outcome == outcome]

    def to_dict(self) -> dict[str, Any]:
        """Return the grade as plain data.

        Returns:
            contract, passed, error, output, and the verdicts as dicts.
        """
        return {
            "contract": self.contract,
            "passed": self.passed,
            "error": self.error,
            "verdicts": [verdict.to_dict() for verdict in self.verdicts],
            "output": self.output,
        }


def grade(
    contract: Contract,
    contract_module: str,
    solution: Path,
    *,
    limit_s: float = 10.0,
    total_s: float = 60.0,
    seed: int = 0,
    on_verdict: Callable[[Verdict], None] | None = None,
) -> Grade:
    """Hold a learner's file against a contract, in a process of its own.

    Args:
        contract: The checks.
        contract_module: Where that process finds them.
        solution: The learner's file.
        limit_s: Wall-clock seconds for the import and for each check.
        total_s: Wall-clock seconds for all of it; checks that get no time fail.
        seed: Seed of the labs.
        on_verdict: Called with each verdict as it is known.

    Returns:
        The grade.
    """
    grader = _Grader(contract_module, solution.resolve(), limit_s, time.monotonic() + total_s, seed)
    verdicts: list[Verdict] = []
    error = None
    try:
        for check in contract:
            outcomes = {verdict.check.id: verdict.outcome for verdict in verdicts}
            verdict = withheld(check, outcomes) or grader.verdict(check)
            verdicts.append(verdict)
            if on_verdict is not None:
                on_verdict(verdict)
    except _ImportFailed as failed:
        error = failed.message
        verdicts = [Verdict(check, Outcome.WAITING, f"waits for {solution.name} to import") for check in contract]
    finally:
        grader.close()
    return Grade(contract.name, tuple(verdicts), error, grader.output.decode(errors="replace"))


class _ImportFailed(ContractBroken):
    pass


class _Grader:
    def __init__(self, contract_module: str, solution: Path, limit_s: float, end_s: float, seed: int) -> None:
        self._load = {"load": str(solution), "contract": contract_module}
        self._limit_s = limit_s
        self._end_s = end_s
        self._seed = seed
        self._process: LearnerProcess | None = None
        self.output = bytearray()

    def verdict(self, check: Check) -> Verdict:
        if self._time_left_s() <= 0:
            return Verdict(check, Outcome.FAILED, "no time was left for it; make the checks before it faster")
        process = self._process or self._start()
        started = time.monotonic()
        try:
            answer = process.ask({"run": check.id, "seed": self._seed}, self._time_left_s())
        except ContractBroken as broken:
            self._drop()
            return Verdict(check, Outcome.FAILED, broken.message, time.monotonic() - started)
        # Only the one word that says so is a pass.
        outcome = Outcome.PASSED if answer.get("outcome") == Outcome.PASSED.value else Outcome.FAILED
        return Verdict(check, outcome, str(answer.get("message", "")), time.monotonic() - started)

    def close(self) -> None:
        if self._process is not None:
            self._process.close()
            self._process = None

    def _time_left_s(self) -> float:
        return min(self._limit_s, self._end_s - time.monotonic())

    def _start(self) -> LearnerProcess:
        self._process = LearnerProcess(self.output)
        try:
            answer = self._process.ask(self._load, self._limit_s)
        except ContractBroken as broken:
            self._drop()
            raise _ImportFailed(f"importing {Path(self._load['load']).name} {broken.message}") from broken
        if answer.get("error"):
            raise _ImportFailed(str(answer["error"]))
        return self._process

    def _drop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process = None
