"""The contract of ``Pipeline``, when steps fail, something else serves, or the process is killed."""

import functools
import json
from collections.abc import Iterator, Mapping
from typing import Any

from groundwork.errors import ContractBroken
from groundwork.testing._contract import Level
from groundwork.testing._lab import Lab
from groundwork.testing.contracts._failures import Killed, caught, expect
from groundwork.testing.contracts._pipelines import CHECKS as CHECKS
from groundwork.testing.contracts._pipelines import broken, expect_status, load, report, steps, train


class _Journal:
    """A journal in memory, in JSON; the process is killed when it wants to write its ``kill_at``-th record."""

    def __init__(self, kill_at: float = float("inf"), lines: list[str] | None = None) -> None:
        self.lines = [] if lines is None else lines
        self._left = kill_at

    def records(self) -> Iterator[dict[str, Any]]:
        """Read what is written."""
        yield from [json.loads(line) for line in self.lines]

    def append(self, record: Mapping[str, Any]) -> None:
        """Write, unless the process is dead: then nothing it does is seen."""
        self._left -= 1
        if self._left <= 0:
            raise Killed
        self.lines.append(json.dumps(record))


def _counted(subject: Any, ran: list[str]) -> list[Any]:
    """Make the three steps of the scenes; each notes that it ran."""

    def noted_load() -> list[int]:
        ran.append("load")
        return load()

    def noted_train(load: list[int], scale: int) -> int:
        ran.append("train")
        return train(load, scale)

    def noted_report(train: int) -> str:
        ran.append("report")
        return report(train)

    return [subject.Step(name, fn) for name, fn in zip(_NAMES, (noted_load, noted_train, noted_report), strict=True)]


_NAMES = ("load", "train", "report")
_DATA = {"load": [3, 1, 2], "train": 60, "report": "score 60"}


@CHECKS.check(
    Level.FAULT,
    rule="When an optional step has failed the run goes on, ends PARTIAL_FAILURE, and a warning says why.",
    why="A run that says SUCCESS with the drift report missing is believed for months.",
    hint="Note that something went less than well; its output is None.",
    after=["a_failed_step_ends_the_run"],
)
def an_optional_failure_is_partial(subject: Any, lab: Lab) -> None:
    """The first of three steps; the last one succeeds."""
    optional = subject.Step("broken", broken, optional=True)
    result = subject.Pipeline([optional, *steps(subject, load, train)]).run({"scale": 10})
    expect_status(subject, result, "PARTIAL_FAILURE", "after an optional step failed")
    expect(dict(result.data).get("train"), 60, "data of a step after it")
    expect(list(result.errors), [], "errors that ended the run")
    if "no address to fetch from" not in str(list(result.warnings)):
        raise ContractBroken(f"warnings are {result.warnings}; expected one with the words of the error")


@CHECKS.check(
    Level.FAULT,
    rule="When a fallback serves, later steps get its output, the run ends PARTIAL_FAILURE, and a warning says why.",
    why="Yesterday's data are better than none, as long as everybody is told that they are yesterday's.",
    hint="The fallback takes its parameters by name as a step does, and may take error.",
    after=["an_optional_failure_is_partial"],
)
def a_fallback_serves_and_says_so(subject: Any, lab: Lab) -> None:
    """It is told the error and an input."""
    given: list[Any] = []

    def stale(error: Exception, scale: int) -> list[int]:
        given.extend([type(error).__name__, scale])
        return [100]

    first = subject.Step("load", broken, fallback=stale)
    result = subject.Pipeline([first, *steps(subject, train)]).run({"scale": 2})
    expect_status(subject, result, "PARTIAL_FAILURE", "after a fallback served")
    expect(given, ["WorldError", 2], "what the fallback was told")
    expect(dict(result.data), {"load": [100], "train": 200}, "data of the result")
    if "no address to fetch from" not in str(list(result.warnings)):
        raise ContractBroken(f"warnings are {result.warnings}; expected one with the words of the error")


@CHECKS.check(
    Level.FAULT,
    rule="An error of the result has its type, its message and its chain of causes.",
    why="'no address to fetch from' is the symptom; the missing key is what somebody can mend.",
    hint="A dict of type, message and cause, where cause is the same again or None.",
    after=["a_failed_step_ends_the_run"],
)
def errors_keep_their_causes(subject: Any, lab: Lab) -> None:
    """A WorldError from a KeyError; then the fallback's own failure, which has the first one behind it."""

    def worse() -> None:
        raise OSError("no stale file either")

    chains = {None: ["WorldError", "KeyError"], worse: ["OSError", "WorldError", "KeyError"]}
    for fallback, expected in chains.items():
        result = subject.Pipeline([subject.Step("broken", broken, fallback=fallback)]).run({})
        expect_status(subject, result, "FAILURE", "after a step failed")
        found: list[str] = []
        error: Any = next(iter(result.errors), None)
        if not isinstance(error, Mapping):
            raise ContractBroken(f"errors has {error!r}; expected a dict of type, message and cause")
        while isinstance(error, Mapping):
            found.append(str(error.get("type")))
            error = error.get("cause")
        expect(found, expected, "types of the error and its causes")


@CHECKS.check(
    Level.FAULT,
    rule="Ctrl-C and exit go through: they are no failure of a step, and no fallback serves for them.",
    why="Whoever stops a run wants it stopped, not gone on with on stale data.",
    hint="except Exception around the step; KeyboardInterrupt is none.",
    after=["a_fallback_serves_and_says_so"],
)
def ctrl_c_ends_the_run(subject: Any, lab: Lab) -> None:
    """In an optional step, and in one with a fallback."""
    for thrown in (KeyboardInterrupt(), SystemExit(3)):
        for options in ({"optional": True}, {"fallback": list}):
            ran: list[str] = []

            def interrupted(thrown: BaseException = thrown) -> None:
                raise thrown

            step = subject.Step("interrupted", interrupted, **options)
            last = subject.Step("last", functools.partial(ran.append, "last"))
            run = subject.Pipeline([step, last]).run
            error = caught(functools.partial(run, {}), f"a {type(thrown).__name__} in a step", thrown)
            if error is not thrown:
                raise ContractBroken(f"{type(thrown).__name__} came out as {error!r}; expected it as it is")
            expect(ran, [], f"steps that ran after a {type(thrown).__name__}")


@CHECKS.check(
    Level.CRASH,
    rule="With a journal, a finished step is not run again, and its output is known.",
    why="The training that took the night is done; the report after it has failed.",
    hint="journal.append({...}) after each step; at the start, read journal.records().",
    after=["a_failed_step_ends_the_run"],
)
def a_finished_step_is_not_run_again(subject: Any, lab: Lab) -> None:
    """The third step fails in the first run; then all have finished."""
    journal = _Journal()
    ran: list[str] = []
    first = _counted(subject, ran)
    first[2] = subject.Step("report", lambda train: broken())
    result = subject.Pipeline(first, journal=journal).run({"scale": 10})
    expect_status(subject, result, "FAILURE", "after the third step failed")
    for _ in range(2):
        result = subject.Pipeline(_counted(subject, ran), journal=journal).run({"scale": 10})
        expect_status(subject, result, "SUCCESS", "after a run that went on")
        expect(dict(result.data), _DATA, "data of a run that went on")
    expect(ran, ["load", "train", "report"], "steps that ran in three runs, the third failing in the first")


@CHECKS.check(
    Level.CRASH,
    rule="Killed before any record of the journal, a run can go on, and one step at most is run twice.",
    why="Power cuts do not wait for the end of a run.",
    hint="Write each step down when it has ended, not all of them at the end.",
    after=["a_finished_step_is_not_run_again"],
)
def killed_anywhere_it_goes_on(subject: Any, lab: Lab) -> None:
    """Killed when it wants to write its first record, its second, ...; the next run starts from what is written."""
    for kill_at in range(1, 100):
        journal = _Journal(kill_at)
        ran: list[str] = []
        try:
            subject.Pipeline(_counted(subject, ran), journal=journal).run({"scale": 10})
        except Killed:
            pass
        else:
            break
        result = subject.Pipeline(_counted(subject, ran), journal=_Journal(lines=journal.lines)).run({"scale": 10})
        when = f"after a kill at record {kill_at} of the journal"
        expect_status(subject, result, "SUCCESS", when)
        expect(dict(result.data), _DATA, f"data {when}")
        if len(ran) > 4 or sorted(set(ran)) != sorted(_NAMES):
            raise ContractBroken(f"{', '.join(ran)} ran {when}; expected each step, and one of them twice at most")
    if kill_at < 4:
        raise ContractBroken(f"the journal got {kill_at - 1} records of three steps; expected one a step at least")


@CHECKS.check(
    Level.CRASH,
    rule="With another input, exactly the steps that depend on it run again.",
    why="A result from the old data under the new name is worse than a crash; a whole new run costs the night.",
    hint="The key of a finished step: its name and the values it was given.",
    after=["a_finished_step_is_not_run_again"],
)
def a_changed_input_runs_what_depends(subject: Any, lab: Lab) -> None:
    """Scale 10, then 20, then 10 again; load does not ask for it. What was known of 10 may be known still, or not."""
    journal = _Journal()
    ran: list[str] = []
    for scale, score, expected in ((10, 60, list(_NAMES)), (20, 120, ["train", "report"]), (10, 60, None)):
        ran.clear()
        result = subject.Pipeline(_counted(subject, ran), journal=journal).run({"scale": scale})
        expect(dict(result.data).get("report"), f"score {score}", f"the report with scale={scale}")
        if expected is not None:
            expect(ran, expected, f"steps that ran with scale={scale}")


@CHECKS.check(
    Level.CRASH,
    rule="What a fallback served, or an optional step failed to give, is tried again in the next run.",
    why="The source is back in the morning; a journal that keeps the stale data keeps them for ever.",
    hint="Only a success is a finished step.",
    after=["a_finished_step_is_not_run_again", "a_fallback_serves_and_says_so"],
)
def what_went_wrong_is_tried_again(subject: Any, lab: Lab) -> None:
    """The source fails in the first run and works in the second."""
    for options in ({"fallback": lambda: [100]}, {"optional": True}):
        journal = _Journal()
        for source, status in ((broken, "PARTIAL_FAILURE"), (load, "SUCCESS")):
            first = subject.Step("load", source, **options)
            result = subject.Pipeline([first], journal=journal).run({})
            expect_status(subject, result, status, f"with the source {source.__name__}, and {', '.join(options)}")
        expect(dict(result.data), {"load": [3, 1, 2]}, "data after the source was back")
