"""The contract of ``Pipeline``: what steps get, when they run, and what the result says.

The subject offers ``Step(name, fn, retry=None, fallback=None, optional=False, when=None)`` and
``Pipeline(steps, journal=None)``, whose ``run(inputs)`` gives a ``PipelineResult`` with ``status`` (a
``PipelineStatus``), ``data``, ``errors``, ``warnings`` and ``steps``, and which has ``cancel()``.
"""

import functools
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from groundwork.errors import ContractBroken, WorldError
from groundwork.testing._contract import Contract, Level
from groundwork.testing._lab import Lab
from groundwork.testing.contracts._failures import caught, expect, failing, policy

CHECKS = Contract("resilience/pipeline")


def load() -> list[int]:
    """The first step of the scenes."""
    return [3, 1, 2]


def train(load: list[int], scale: int) -> int:
    """The second step, which asks for the first and for an input."""
    return sum(load) * scale


def report(train: int) -> str:
    """The third step, which asks for the second."""
    return f"score {train}"


def broken() -> None:
    """A step that fails, for a reason that has one itself."""
    try:
        raise KeyError("host")
    except KeyError as error:
        raise WorldError("no address to fetch from") from error


class _Journal:
    """A journal in memory; the library's own would show the learner's process how the library is made."""

    def __init__(self) -> None:
        self._records: list[dict[str, Any]] = []

    def records(self) -> Iterator[dict[str, Any]]:
        """Yield what was written."""
        yield from list(self._records)

    def append(self, record: Mapping[str, Any]) -> None:
        """Write."""
        self._records.append(dict(record))


def steps(subject: Any, *functions: Callable[..., Any]) -> list[Any]:
    """Make a step of each function, under the function's name."""
    return [subject.Step(function.__name__, function) for function in functions]


def expect_status(subject: Any, result: Any, name: str, when: str) -> None:
    """Break the contract unless the run ended so."""
    if result.status != getattr(subject.PipelineStatus, name):
        raise ContractBroken(f"the status is {result.status} {when}; expected {name}")


@CHECKS.check(
    Level.BASIC,
    rule="A step gets what the names of its parameters say: outputs of steps before it, inputs of the run.",
    why="Steps that pass one large dictionary around hide what depends on what.",
    hint="inspect.signature(fn).parameters; what a step returns is known under its name from then on.",
)
def steps_get_what_they_name(subject: Any, lab: Lab) -> None:
    """Three steps and an input."""
    result = subject.Pipeline(steps(subject, load, train, report)).run({"scale": 10})
    expect_status(subject, result, "SUCCESS", "after three steps that succeeded")
    expect(dict(result.data), {"load": [3, 1, 2], "train": 60, "report": "score 60"}, "data of the result")
    expect((list(result.errors), list(result.warnings)), ([], []), "errors and warnings")
    expect([step.name for step in result.steps], ["load", "train", "report"], "names of result.steps")


@CHECKS.check(
    Level.BASIC,
    rule="A step that fails ends the run: FAILURE, with the error in the result; no step after it runs.",
    why="The night job's caller wants to know what failed, and what had been done, not a traceback.",
    hint="Catch Exception around the step, write it down, stop.",
    after=["steps_get_what_they_name"],
)
def a_failed_step_ends_the_run(subject: Any, lab: Lab) -> None:
    """The second of three."""
    ran: list[str] = []
    last = subject.Step("last", lambda: ran.append("last"))
    result = subject.Pipeline([*steps(subject, load, broken), last]).run({})
    expect_status(subject, result, "FAILURE", "after a step that failed")
    expect(ran, [], "steps that ran after the one that failed")
    expect(dict(result.data).get("load"), [3, 1, 2], "data of the step before")
    if "no address to fetch from" not in str(list(result.errors)):
        raise ContractBroken(f"errors are {result.errors}; expected the words of the error: no address to fetch from")


@CHECKS.check(
    Level.EDGE,
    rule="A step that asks for what nobody gives, or two of one name, are found before anything runs.",
    why="A misspelt name in the last step should not cost a night of training.",
    hint="Walk through the steps with the set of names known so far, before the first runs.",
    after=["steps_get_what_they_name"],
)
def names_are_checked_before_anything_runs(subject: Any, lab: Lab) -> None:
    """An unknown name, a name that comes later, the same name twice."""
    ran: list[str] = []
    first = subject.Step("first", lambda: ran.append("first"))
    for others, named, what in (
        ([subject.Step("report", report)], "train", "a step that asks for 'train', which nobody gives,"),
        ([*steps(subject, report, load, train)], "train", "a step that asks for 'train', which comes after it,"),
        ([subject.Step("first", load)], "first", "a second step of the name 'first'"),
    ):
        error = caught(lambda others=others: subject.Pipeline([first, *others]).run({"scale": 1}), what)  # type: ignore[misc]
        expect(ran, [], f"steps that ran before {what} was found")
        if named not in str(error):
            raise ContractBroken(f"{what} gave the error {str(error)[:80]!r}; expected it to name {named!r}")


@CHECKS.check(
    Level.EDGE,
    rule="A step whose when(...) says no is not run; its output is None, and the run is no worse for it.",
    why="An if around the step list is seen by nobody: neither what was left out nor why.",
    hint="Call when with what its parameters name, before the step; look for these names too before anything runs.",
    after=["names_are_checked_before_anything_runs"],
)
def a_step_runs_when_it_is_wanted(subject: Any, lab: Lab) -> None:
    """Not with three rows; with two. Then a condition that asks for what nobody gives."""
    for most, expected in ((2, None), (3, "tuned")):
        ran: list[str] = []

        def tune(ran: list[str] = ran) -> str:
            ran.append("tune")
            return "tuned"

        wanted = subject.Step("tune", tune, when=lambda load, most=most: len(load) <= most)
        fit = subject.Step("fit", lambda tune: f"fit {tune}")
        result = subject.Pipeline([*steps(subject, load), wanted, fit]).run({})
        expect_status(subject, result, "SUCCESS", f"with a step for at most {most} rows, of 3")
        expect(ran, ["tune"] if expected else [], f"steps that ran, for at most {most} rows, of 3")
        expect([dict(result.data).get(name, "-") for name in ("tune", "fit")], [expected, f"fit {expected}"], "data")
    ran = []
    first = subject.Step("first", functools.partial(ran.append, "first"))
    asking = subject.Step("asking", load, when=lambda rows: rows)
    error = caught(lambda: subject.Pipeline([first, asking]).run({}), "a condition that asks for an unknown name")
    expect((ran, "rows" in str(error)), ([], True), "steps that ran, and whether the error names what is missing")


@CHECKS.check(
    Level.EDGE,
    rule="After cancel() nothing new begins: the run ends CANCELLED, and another with its journal goes on.",
    why="Whoever ends a run at seven in the morning wants what is done kept, and the rest not begun.",
    hint="A flag; look at it before each step. What has finished is in the journal as ever.",
    after=["a_failed_step_ends_the_run"],
)
def a_cancelled_run_begins_nothing_new(subject: Any, lab: Lab) -> None:
    """Cancelled by its second step, of three."""
    ran: list[str] = []
    journal = _Journal()

    def pipeline(second: Callable[[], object]) -> Any:
        names = {"first": lambda: None, "second": second, "third": lambda: None}
        made = [subject.Step(name, _noted(ran, name, act)) for name, act in names.items()]
        return subject.Pipeline(made, journal=journal)

    cancelled: Any = pipeline(lambda: cancelled.cancel())
    result = cancelled.run({})
    expect_status(subject, result, "CANCELLED", "after cancel() in the second of three steps")
    expect(ran, ["first", "second"], "steps that ran in a run that its second step cancelled")
    expect_status(
        subject, pipeline(lambda: None).run({}), "SUCCESS", "of a new run with the journal of a cancelled one"
    )
    expect(ran, ["first", "second", "third"], "steps that ran in both")


def _noted(ran: list[str], name: str, act: Callable[[], object]) -> Callable[[], None]:
    def step() -> None:
        ran.append(name)
        act()

    return step


@CHECKS.check(
    Level.EDGE,
    rule="A step is tried again as its policy says, and the result tells how often.",
    why="The run that needed three attempts yesterday is the one that will fail tomorrow.",
    hint="Step(retry=policy): the policy decorates what calls the function; count in there.",
    after=["a_failed_step_ends_the_run"],
)
def a_step_is_retried(subject: Any, lab: Lab) -> None:
    """Two failures, then a value; the policy belongs to the check."""

    def retrying(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            while True:
                try:
                    return function(*args, **kwargs)
                except ConnectionError:
                    lab.clock.sleep(1.0)

        return call

    fetch, calls = failing(2, lab.clock)
    retry = policy(subject, lab) if hasattr(subject, "retry") else retrying
    result = subject.Pipeline([subject.Step("fetch", lambda: fetch(1), retry=retry)]).run({})
    expect_status(subject, result, "SUCCESS", "after a step that succeeded at the third attempt")
    expect((len(calls), result.steps[0].attempts), (3, 3), "calls, and attempts of result.steps")


@CHECKS.check(
    Level.EDGE,
    rule="A result is plain data and back: from_dict(to_dict()) is equal, by way of JSON.",
    why="The report and the next process read it; an exception object in it cannot be written.",
    hint="Errors as dicts of type, message and cause; the status as its text.",
    after=["a_failed_step_ends_the_run"],
)
def a_result_survives_json(subject: Any, lab: Lab) -> None:
    """Of a run that succeeded, and of one that failed."""
    for last, inputs in ((train, {"scale": 2}), (broken, {})):
        result = subject.Pipeline(steps(subject, load, last)).run(inputs)
        back = type(result).from_dict(json.loads(json.dumps(result.to_dict())))
        expect(back, result, "the result after JSON")
        expect(type(back.status), type(result.status), "the type of the status after JSON")
