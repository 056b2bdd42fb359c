"""Grade a learner's file.

Rule: the verdicts are decided and counted here, in a process that never imports the learner's code; a check that gives
no answer has failed. Cost: about 0.2 s to start, unless a process was kept, then what the checks cost; after a hang or
an exit the file is imported again for the checks that are left, in a new process.
"""

import time
import tokenize
from collections.abc import Callable, Collection
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

from groundwork.course._answers import Answers, answers_to
from groundwork.course._guard import allowed_imports, provided_modules, refusal_of
from groundwork.course._process import LearnerProcess
from groundwork.errors import ContractBroken
from groundwork.testing import Check, Contract, Outcome, Verdict, moment_from, withheld


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
    levels: Collection[str] | None = None,
    only: Collection[str] | None = None,
    first: Collection[str] = (),
    sandbox: bool = False,
    process: LearnerProcess | None = None,
    on_verdict: Callable[[Verdict], None] | None = None,
) -> Grade:
    """Hold a learner's file against a contract, in a process of its own.

    Args:
        contract: The checks.
        contract_module: Where that process finds them.
        solution: The learner's file.
        limit_s: Wall-clock seconds for the import and for each check, up to three times as many where other programs
            had the processors.
        total_s: Wall-clock seconds that checks which fail may take in all; the rest fails without being run. What
            passes takes none of it: a right file is not found wrong because the machine is busy.
        seed: Seed of the labs.
        levels: Only checks of these levels; all unless given. Prerequisites that are left out count as passed.
        only: Only the checks of these ids.
        first: Ids of checks to run first, each after its prerequisites: those that failed last time.
        sandbox: Whether bubblewrap is put around the process.
        process: One that was kept from an earlier grade by the same contract; it is left open. Started, and ended,
            here unless given.
        on_verdict: Called with each verdict as it is known.

    Returns:
        The grade; its verdicts in the contract's order.

    Raises:
        UsageError: There is no check of an id, or no bubblewrap.
    """
    chosen = _chosen(contract, levels, only)
    verdicts: dict[str, Verdict] = {}
    error = None
    kept = process or LearnerProcess(contract_module, sandbox=sandbox)
    grader = _Grader(kept, contract_module, solution.resolve(), limit_s, total_s, seed)
    try:
        for check in _in_turn(contract, chosen, first):
            outcomes = {known: verdict.outcome for known, verdict in verdicts.items()}
            verdict = withheld(check, outcomes) or grader.verdict(check)
            verdicts[check.id] = verdict
            if on_verdict is not None:
                on_verdict(verdict)
    except _ImportFailed as failed:
        error = failed.message
        waiting = f"waits for {solution.name} to import"
        verdicts = {check.id: Verdict(check, Outcome.WAITING, waiting) for check in chosen}
    finally:
        if process is None:
            kept.close()
        else:
            kept.end_learner()
    told = tuple(verdicts[check.id] for check in chosen)
    return Grade(contract.name, told, error, kept.output.decode(errors="replace"))


def _chosen(contract: Contract, levels: Collection[str] | None, only: Collection[str] | None) -> list[Check]:
    wanted = None if only is None else {contract[name].id for name in only}
    return [
        check
        for check in contract
        if (levels is None or check.level in levels) and (wanted is None or check.id in wanted)
    ]


def _in_turn(contract: Contract, chosen: list[Check], first: Collection[str]) -> list[Check]:
    """Order checks so that some come first and each still comes after its prerequisites."""
    known = {check.id: check for check in chosen}
    turn: dict[str, Check] = {}

    def add(check: Check) -> None:
        for name in check.after:
            if name in known and name not in turn:
                add(known[name])
        turn.setdefault(check.id, check)

    # A progress file may know checks that are no more.
    for check in (*(known[name] for name in first if name in known), *chosen):
        add(check)
    return list(turn.values())


class _ImportFailed(ContractBroken):
    pass


class _Grader:
    def __init__(
        self, process: LearnerProcess, contract_module: str, solution: Path, limit_s: float, total_s: float, seed: int
    ) -> None:
        self._process = process
        self._solution = solution
        self._allows = allowed_imports(contract_module, solution)
        self._answers = Answers() if "groundwork" in self._allows else answers_to([contract_module])
        self._beside = provided_modules(contract_module)
        self._limit_s = limit_s
        self._left_s = total_s
        self._seed = seed
        self._loaded = False

    def verdict(self, check: Check) -> Verdict:
        if self._left_s <= 0:
            return Verdict(check, Outcome.FAILED, "no time was left for it; mend the checks that failed before it")
        if not self._loaded:
            self._load()
        verdict = self._asked(check)
        if verdict.outcome != Outcome.PASSED:
            self._left_s -= verdict.seconds
        return verdict

    def _asked(self, check: Check) -> Verdict:
        started = time.monotonic()
        try:
            answer = self._process.ask({"run": check.id, "seed": self._seed}, self._limit_s)
        except ContractBroken as broken:
            self._loaded = False
            return Verdict(check, Outcome.FAILED, broken.message, time.monotonic() - started)
        # Only the one word that says so is a pass.
        outcome = Outcome.PASSED if answer.get("outcome") == Outcome.PASSED.value else Outcome.FAILED
        message, moment = str(answer.get("message", "")), moment_from(answer.get("moment"))
        return Verdict(check, outcome, message, time.monotonic() - started, moment)

    def _load(self) -> None:
        name = self._solution.name
        if refused := refusal_of(_text(self._solution), self._allows):
            raise _ImportFailed(f"{name} {refused}")
        order = {"load": str(self._solution), "allows": self._allows, "beside": self._beside}
        order["answers"] = astuple(self._answers)
        try:
            answer = self._process.ask(order, self._limit_s)
        except ContractBroken as broken:
            raise _ImportFailed(f"importing {name} {broken.message}") from broken
        if answer.get("error") is not None:
            raise _ImportFailed(str(answer["error"]))
        self._loaded = True


def _text(path: Path) -> str:
    try:
        with tokenize.open(path) as file:
            return file.read()
    except (SyntaxError, UnicodeDecodeError, OSError):  # importing it will say so
        return ""
