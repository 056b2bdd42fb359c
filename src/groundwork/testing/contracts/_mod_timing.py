"""The contract of ``timed``: how long a call takes, whatever kind of function it is and however it ends.

The subject offers ``timed(hook=..., clock=...)``: each call gives the hook a record with ``name``, ``wall_s`` (by
``clock.monotonic()``) and ``error``, what the call raised or None; and ``timed`` without arguments, which logs.
"""

from typing import Any

from groundwork.errors import ContractBroken
from groundwork.testing._contract import Contract, Level
from groundwork.testing._lab import Lab
from groundwork.testing.contracts._failures import caught, expect, expect_about, run
from groundwork.testing.contracts._mod_scenes import plain

CHECKS = Contract("modeling/timed")


def _only(seen: list[Any], when: str) -> Any:
    if len(seen) != 1:
        raise ContractBroken(f"{len(seen)} records {when}; expected one a call")
    return seen[0]


@CHECKS.check(
    Level.BASIC,
    rule="A call gives its result, and one record with its name and the seconds that it took.",
    why="What nobody has measured is made faster in the wrong place.",
    hint="Read clock.monotonic() before and after the call; the record is a small dataclass.",
)
def a_call_is_timed(subject: Any, lab: Lab) -> None:
    """Two seconds of the clock that was given, then three."""
    seen: list[Any] = []

    @plain(subject.timed(hook=seen.append, clock=lab.clock))
    def train(seconds: float, *, name: str = "model") -> str:
        lab.clock.sleep(seconds)
        return name

    expect((train(2.0), train(3.0, name="other")), ("model", "other"), "what a timed function returned")
    expect(len(seen), 2, "records of two calls")
    for record, seconds in zip(seen, (2.0, 3.0), strict=True):
        if "train" not in record.name:
            raise ContractBroken(f"the record is named {record.name!r}; expected the function's name in it")
        expect_about(record.wall_s, seconds, "wall_s by the clock that was given")
        expect(record.error, None, "the error of a call that had none")


@CHECKS.check(
    Level.FAULT,
    rule="A call that raises is recorded as well, with its error, and the error goes on.",
    why="The slow calls are those that time out: without them the figures are best on the worst day.",
    hint="try, finally: what stands after the call is not reached when it raises.",
    after=["a_call_is_timed"],
)
def a_failed_call_is_timed_too(subject: Any, lab: Lab) -> None:
    """An error after two seconds, then a Ctrl-C after one."""
    seen: list[Any] = []

    @plain(subject.timed(hook=seen.append, clock=lab.clock))
    def train(seconds: float, error: BaseException) -> None:
        lab.clock.sleep(seconds)
        raise error

    for seconds, error in ((2.0, ValueError("no rows")), (1.0, KeyboardInterrupt())):
        raised = caught(lambda seconds=seconds, error=error: train(seconds, error), "a call that fails", error)  # type: ignore[misc]
        if raised is not error:
            raise ContractBroken(f"a call that failed with {error!r} raised {raised!r}; expected the very error")
        record = _only(seen, "of a call that failed")
        expect_about(record.wall_s, seconds, "wall_s of a call that failed")
        if record.error is not error:
            raise ContractBroken(f"the record's error is {record.error!r}; expected {error!r}")
        seen.clear()


@CHECKS.check(
    Level.EDGE,
    rule="Of a coroutine function the time until its result is there is measured, not that of making the coroutine.",
    why="Every request of an async server then takes a microsecond, says the dashboard.",
    hint="inspect.iscoroutinefunction(fn): write a second wrapper, async def, that awaits fn between the two looks.",
    after=["a_call_is_timed"],
)
def a_coroutine_is_timed_until_it_ends(subject: Any, lab: Lab) -> None:
    """Two seconds of asynchronous sleep."""
    seen: list[Any] = []

    @plain(subject.timed(hook=seen.append, clock=lab.clock))
    async def fetch(row: int) -> int:
        await lab.clock.sleep_async(2.0)
        return row

    async def main() -> Any:
        return await fetch(7)

    expect(run(lab, main()), 7, "what a timed coroutine function gave")
    expect_about(_only(seen, "of one await").wall_s, 2.0, "wall_s of a coroutine function")


@CHECKS.check(
    Level.EDGE,
    rule="Of a generator the making of its items is measured, and nothing is made before the first is asked for.",
    why="Reading ten million rows is done by a generator; the call that makes it takes nothing.",
    hint="inspect.isgeneratorfunction(fn): a third wrapper, with yield from between the two looks.",
    after=["a_call_is_timed"],
)
def a_generator_is_timed_until_its_last_item(subject: Any, lab: Lab) -> None:
    """Three items, of one second each."""
    seen: list[Any] = []
    made: list[int] = []

    @plain(subject.timed(hook=seen.append, clock=lab.clock))
    def rows(count: int) -> Any:
        for row in range(count):
            lab.clock.sleep(1.0)
            made.append(row)
            yield row

    reading = rows(3)
    expect(made, [], "items made before the first was asked for")
    expect((next(reading), made), (0, [0]), "the first item, and those made by then")
    expect(list(reading), [1, 2], "the other items")
    expect_about(_only(seen, "of one generator").wall_s, 3.0, "wall_s of a generator of three items")
