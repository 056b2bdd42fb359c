"""Grade the capstone: the seven modules together, in one night on flights.

Rule: as in ``_grade``: the verdicts are decided and counted by processes that never import the learner's code; a stage
that gives no answer has failed. Cost: about eight seconds, most of it the learner's.
"""

import time
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from groundwork.course._capstone_modules import Module, learners_modules, order_of, places
from groundwork.course._catalog import capstone
from groundwork.course._grade import Grade
from groundwork.course._process import LearnerProcess
from groundwork.errors import ContractBroken
from groundwork.testing import Check, Contract, Outcome, Verdict, withheld

LIMIT_S = 20.0
TOTAL_S = 120.0
_HOST = "import sys; from groundwork.course._capstone_host import main; main(*sys.argv[1:])"
# A stage may wait for a night's first half, its second half and the server, one after the other.
_WAITS = 4


class CapstoneProcess(LearnerProcess):
    """The process that drives the story.

    Args:
        hidden: What none of the learner's code may read.
        sandbox: Whether bubblewrap is put around it.

    Raises:
        UsageError: There is no bubblewrap.
    """

    def __init__(self, hidden: Sequence[str], *, sandbox: bool = False) -> None:
        self._hidden = hidden
        super().__init__("", sandbox=sandbox)

    def _command(self, home: Path, *, inside: bool) -> list[str]:
        return [_HOST, str(home), "keep" if inside else "leave", *self._hidden]


def capstone_modules(course: Path, library: Collection[str] = ()) -> list[Module]:
    """Find the seven modules of a learner.

    Args:
        course: The folder that holds the exercises' folders.
        library: Numbers of the exercises for which groundwork's own part is taken.

    Returns:
        One for each exercise, in order; one that is not there says so.
    """
    return learners_modules(places(course), library)


def grade_capstone(
    parts: Sequence[Module],
    *,
    only: Collection[str] | None = None,
    taken: Collection[str] = (),
    limit_s: float = LIMIT_S,
    total_s: float = TOTAL_S,
    sandbox: bool = False,
    on_verdict: Callable[[Verdict], None] | None = None,
) -> Grade:
    """Run the story with seven modules.

    Args:
        parts: The seven, from ``capstone_modules``.
        only: Only the stages of these ids, and those that they wait for.
        taken: Ids of stages that are taken as passed, and not run.
        limit_s: Wall-clock seconds that each wait for the learner's processes may take.
        total_s: Wall-clock seconds for all of it.
        sandbox: Whether bubblewrap is put around the processes.
        on_verdict: Called with each verdict as it is known.

    Returns:
        The grade; each message names the module that it is about.

    Raises:
        UsageError: There is no such stage, or no bubblewrap.
    """
    contract = capstone().contract
    chosen = list(contract) if only is None else _with_earlier(contract, [contract[name].id for name in only])
    chosen = [check for check in chosen if check.id not in taken]
    verdicts: dict[str, Verdict] = {}

    def told(verdict: Verdict) -> None:
        verdicts[verdict.check.id] = verdict
        if on_verdict is not None:
            on_verdict(verdict)

    if problem := _problem(parts):
        missing = {part.number: part for part in parts if part.problem or not part.sources}
        for check in chosen:
            told(_without(check, missing))
        return Grade(contract.name, tuple(verdicts.values()), problem, "")
    end_s = time.monotonic() + total_s
    order = order_of(parts)
    _, hidden = order["answers"]
    with CapstoneProcess(hidden, sandbox=sandbox) as process:
        with suppress(ContractBroken):  # the first stage will say so
            process.ask({"load": order, "limit_s": limit_s}, limit_s)
        for check in chosen:
            outcomes = {name: verdict.outcome for name, verdict in verdicts.items()}
            told(withheld(check, outcomes) or _asked(process, check, min(_WAITS * limit_s, end_s - time.monotonic())))
        process.end_learner()
        process.close()
        output = process.output.decode(errors="replace")
    return Grade(contract.name, tuple(verdicts.values()), None, output)


def blamed(message: str, check: str) -> str:
    """Say whose module a verdict is about.

    Args:
        message: Its message; it begins with the number where the story knew.
        check: Id of the stage.

    Returns:
        The number, as ``04``.
    """
    from groundwork.course._capstone_contract import BLAME

    number = message[:2]
    return number if number in BLAME.values() and message[2:3] == " " else BLAME[check]


def _asked(process: LearnerProcess, check: Check, limit_s: float) -> Verdict:
    if limit_s <= 0:
        return Verdict(check, Outcome.FAILED, "no time was left for it; make what comes before it faster")
    started = time.monotonic()
    try:
        answer: dict[str, Any] = process.ask({"run": check.id}, limit_s)
    except ContractBroken as broken:
        return Verdict(check, Outcome.FAILED, broken.message, time.monotonic() - started)
    # Only the one word that says so is a pass.
    outcome = Outcome.PASSED if answer.get("outcome") == Outcome.PASSED.value else Outcome.FAILED
    return Verdict(check, outcome, str(answer.get("message", "")), time.monotonic() - started)


def _problem(parts: Sequence[Module]) -> str:
    refused = [f"{part.number} {part.file} {part.problem}" for part in parts if part.problem]
    if refused:
        return "; ".join(refused)
    if absent := [f"{part.number} {part.file}" for part in parts if not part.sources]:
        return f"{', '.join(absent)} {'is' if len(absent) == 1 else 'are'} not there; expected seven modules"
    return ""


def _without(check: Check, missing: dict[str, Module]) -> Verdict:
    from groundwork.course._capstone_contract import BLAME, FIRST

    if check.id == FIRST:
        return Verdict(check, Outcome.WAITING, "waits for all seven")
    own = missing.get(BLAME[check.id]) or next(iter(missing.values()))
    return Verdict(check, Outcome.WAITING, f"waits for {own.number} {own.file}")


def _with_earlier(contract: Contract, wanted: list[str]) -> list[Check]:
    needed = set(wanted)
    for check in reversed(list(contract)):
        if check.id in needed:
            needed.update(check.after)
    return [check for check in contract if check.id in needed]
