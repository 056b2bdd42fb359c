"""What failing costs, done right and done wrong, measured on your machine: the figures of ``ANSWERS.md``.

    python measure.py                   all of it, in about half a minute
    python measure.py clients outage    some of it
    python measure.py --quick           smaller, to see that it runs

``yours`` is the ``resilience.py`` beside this file, as far as it is written. The others are groundwork's own and those
that come with the course. All but ``calls`` is on virtual time, and the same on every machine.
"""

import asyncio
import math
import pickle
import sys
import timeit
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import groundwork.resilience
from groundwork.course import find_exercise, print_measurements
from groundwork.errors import ContractBroken
from groundwork.testing import Lab, VirtualClock, load_subject
from groundwork.testing.contracts import _breaking, _failures, _pipeline_faults

Row = tuple[object, ...]
QUICK = "--quick" in sys.argv
COURSE = find_exercise("05").path
LIBRARY = "groundwork"
RIGHT = "alternative/resilience.py"
YOURS = "yours"


def subject(name: str) -> ModuleType:
    """Load an implementation by its place in the course, groundwork's own, or the one beside this file."""
    if name == LIBRARY:
        return groundwork.resilience
    return load_subject(Path(__file__).with_name("resilience.py") if name == YOURS else COURSE / name)


def held(names: tuple[str, ...], look: Callable[[ModuleType], Row]) -> list[Row]:
    """Look at each implementation; at yours as far as it is written."""
    rows: list[Row] = []
    for name in names[:1] if QUICK else (*names, YOURS):
        try:
            rows.append((name, *look(subject(name))))
        except (NotImplementedError, ContractBroken, FileNotFoundError, TypeError, AttributeError) as error:
            if name != YOURS:
                raise
            rows.append((name, f"not measured: {str(error)[:60]}"))
    return rows


def wrong(name: str) -> str:
    """Name a wrong implementation's file."""
    return f"wrong/{name}.py"


def calls() -> tuple[str, list[Row]]:
    """Call a function that does nothing: the least of 45 runs, an empty loop taken off."""

    def bare(row: int) -> int:
        return row

    def calling(row: int) -> int:
        return bare(row)

    def trying(row: int) -> int:
        try:
            return bare(row)
        except ConnectionError:
            raise

    number, repeat = (100, 1) if QUICK else (20_000, 45)
    empty = min(timeit.repeat("None", number=number, repeat=repeat))

    def cost(fn: Callable[[int], int]) -> str:
        least = min(timeit.repeat("fn(1)", number=number, repeat=repeat, globals={"fn": fn}))
        return f"{(least - empty) / number * 1e6:.2f}"

    rows: list[Row] = [("the bare function", cost(bare)), ("a function that calls it", cost(calling))]
    rows.append(("the same with a try around the call, no exception", cost(trying)))
    rows += [(f"{row[0]}, retry", *row[1:]) for row in held((RIGHT, LIBRARY), lambda it: (cost(it.retry()(bare)),))]
    guarded = held((RIGHT, LIBRARY), lambda it: (cost(it.CircuitBreaker("measured")(bare)),))
    rows += [(f"{row[0]}, breaker", *row[1:]) for row in guarded]
    return "us a call", rows


def clients() -> tuple[str, list[Row]]:
    """Let 2,000 clients fail together for 120 s, waits of 1, 2, 4, 8, 8, ... s; count arrivals in minute two."""
    many = 20 if QUICK else 2000

    def look(implementation: ModuleType, jitter: str) -> Row:
        seconds, made = [0] * 60, 0
        for _ in range(many):
            clock, moments = VirtualClock(), []

            def fetch(clock: VirtualClock = clock, moments: list[float] = moments) -> None:
                moments.append(clock.monotonic())
                if moments[-1] < 120:
                    raise ConnectionError("down")

            backoff = implementation.Backoff(initial_s=1.0, factor=2.0, cap_s=8.0, jitter=jitter)
            implementation.retry(on=ConnectionError, attempts=999, backoff=backoff, clock=clock)(fetch)()
            made += len(moments)
            for moment in moments:
                if 60 <= moment < 120:
                    seconds[int(moment) - 60] += 1
        return f"{max(seconds) * 60 / sum(seconds):.1f}", seconds.count(0), f"{made / many:.1f}"

    rows: list[Row] = [(f"{RIGHT}, jitter={each}", *look(subject(RIGHT), each)) for each in ("none", "full", "equal")]
    vanishing = wrong("jitter_vanishes_at_the_cap")
    rows += [(f"{row[0]}, jitter=equal", *row[1:]) for row in held((vanishing,), lambda it: look(it, "equal"))]
    return "peak / mean | seconds without any | calls of each client", rows


def deadline() -> tuple[str, list[Row]]:
    """Give a caller 0.5 s, where attempts take 0.3 s and waits 1 s."""

    def look(implementation: ModuleType) -> Row:
        with Lab() as lab:
            fetch, made = _failures.failing(99, lab.clock, takes_s=0.3)
            _failures.caught(_failures.policy(implementation, lab, attempts=9, deadline_s=0.5)(fetch), "failures")
            return f"{lab.clock.monotonic():.1f} s", len(made)

    return "answer after | attempts", held((RIGHT, wrong("sleeps_past_the_deadline"), LIBRARY), look)


def outage() -> tuple[str, list[Row]]:
    """Let 1,000 callers with four attempts each meet an outage, with a budget of ratio=0.2."""

    def look(implementation: ModuleType) -> Row:
        with Lab() as lab:
            budget = implementation.RetryBudget(ratio=0.2, min_per_s=0.0, clock=lab.clock)
            fetch, made = _failures.failing(math.inf, lab.clock)
            asking = _failures.policy(implementation, lab, attempts=4, budget=budget)(fetch)
            for _ in range(1000):
                _failures.caught(asking, "a call in an outage")
            return (f"{len(made):,}",)

    names = (wrong("does_not_ask_the_budget"), wrong("earns_by_success_only"), RIGHT, LIBRARY)
    return "calls", held(names, look)


def overflow() -> tuple[str, list[Row]]:
    """Look for the first power that is too large."""
    power = next(each for each in range(5000) if _overflows(lambda each=each: 2.0**each))
    whole = next(each for each in range(5000) if _overflows(lambda each=each: 0.1 * 2**each))
    return "first exponent", [("2.0 ** n", power), ("0.1 * 2 ** n, of whole numbers", whole)]


def _overflows(act: Callable[[], object]) -> bool:
    try:
        act()
    except OverflowError:
        return True
    return False


def exceptions() -> tuple[str, list[Row]]:
    """Ask of each error whether `except Exception` catches it."""
    asked = (asyncio.CancelledError, KeyboardInterrupt, SystemExit, GeneratorExit, TimeoutError)
    return "caught", [(each.__name__, "yes" if issubclass(each, Exception) else "no") for each in asked]


def travels() -> tuple[str, list[Row]]:
    """Send the error at the end, and an ordinary one, through pickle, and look at its cause."""

    def look(implementation: ModuleType) -> Row:
        with Lab() as lab:
            fetch, _ = _failures.failing(99, lab.clock)
            error = _failures.caught(_failures.policy(implementation, lab)(fetch), "failures")
        return repr(error.__cause__), repr(pickle.loads(pickle.dumps(error)).__cause__)  # noqa: S301 - our own bytes

    ordinary = RuntimeError("three attempts failed")
    ordinary.__cause__ = ConnectionError("failure 3")
    back = pickle.loads(pickle.dumps(ordinary))  # noqa: S301 - our own bytes
    first = ("RuntimeError", repr(ordinary.__cause__), repr(back.__cause__))
    return "cause before | cause after", [first, *held((RIGHT, LIBRARY), look)]


def probe() -> tuple[str, list[Row]]:
    """Interrupt a probe by Ctrl-C; then make one call a second for a day."""
    day = 60 if QUICK else 86_400

    def look(implementation: ModuleType) -> Row:
        with Lab() as lab:
            guard = _breaking.opened(implementation, lab)
            lab.clock.advance(31.0)
            _breaking.feed(implementation, guard, "-", KeyboardInterrupt)
            refused = 0
            for _ in range(day):
                refused += not _breaking.lets_through(implementation, guard)
                lab.clock.advance(1.0)
            return (f"{refused:,}",)

    return f"refused of {day:,}", held((wrong("a_lost_probe_wedges_it"), RIGHT, LIBRARY), look)


def sleep() -> tuple[str, list[Row]]:
    """Let a task tick every 0.5 s beside a coroutine that waits 1 s and 2 s for its next attempt."""

    def look(implementation: ModuleType) -> Row:
        with Lab() as lab:
            ticks: list[float] = []

            async def tick() -> None:
                for _ in range(5):
                    await asyncio.sleep(0.5)
                    ticks.append(lab.clock.monotonic())

            async def both() -> None:
                fetch, _ = _failures.failing_async(2, lab.clock)
                await asyncio.gather(_failures.policy(implementation, lab)(fetch)(), tick())

            _failures.run(lab, both())
            return (", ".join(map(str, ticks)),)

    return "ticks at, s", held((RIGHT, wrong("blocks_the_loop"), LIBRARY), look)


def journal() -> tuple[str, list[Row]]:
    """Kill a run of three steps at each record that it wants to write; then run it again."""

    def look(implementation: ModuleType) -> Row:
        twice: list[int] = []
        for kill_at in range(1, 100):
            kept, ran = _pipeline_faults._Journal(kill_at), []
            try:
                _run(implementation, kept, ran)
            except _failures.Killed:
                _run(implementation, _pipeline_faults._Journal(lines=kept.lines), ran)
            else:
                break
            twice.append(len(ran) - 3)
        return len(twice), ", ".join(map(str, twice))

    names = (RIGHT, LIBRARY, wrong("writes_at_the_end"), wrong("forgets_the_night"))
    return "records | steps that ran twice, by the record at which it was killed", held(names, look)


def _run(implementation: ModuleType, kept: Any, ran: list[str]) -> None:
    implementation.Pipeline(_pipeline_faults._counted(implementation, ran), journal=kept).run({"scale": 10})


def halfopen() -> tuple[str, list[Row]]:
    """Let 20 callers at once find a breaker half-open, with probes=1."""

    def look(implementation: ModuleType) -> Row:
        with Lab() as lab:
            guard = _breaking.opened(implementation, lab, probes=1)
            lab.clock.advance(31.0)
            fetch, made = _failures.failing_async(0, lab.clock, takes_s=1.0)
            guarded = guard(fetch)

            async def twenty() -> None:
                await asyncio.gather(*(guarded() for _ in range(20)), return_exceptions=True)

            _failures.run(lab, twenty())
            return (len(made),)

    return "let through", held((wrong("lets_all_through_half_open"), RIGHT, LIBRARY), look)


PARTS = {
    "calls": calls,
    "clients": clients,
    "deadline": deadline,
    "outage": outage,
    "overflow": overflow,
    "except": exceptions,
    "pickle": travels,
    "probe": probe,
    "sleep": sleep,
    "journal": journal,
    "halfopen": halfopen,
}

if __name__ == "__main__":
    print_measurements(PARTS, about=__doc__)
