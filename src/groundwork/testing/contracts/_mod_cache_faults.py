"""The contract of ``cached`` where calls fail, and where threads meet."""

import asyncio
import itertools
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from groundwork.errors import ContractBroken
from groundwork.testing._contract import Level
from groundwork.testing._lab import Lab
from groundwork.testing.contracts._data_scenes import within
from groundwork.testing.contracts._failures import expect, expect_cancelled, run
from groundwork.testing.contracts._mod_caching import CHECKS as CHECKS
from groundwork.testing.contracts._mod_scenes import plain

_STUCK_S = 3.0
"""How long a thread may hang; nothing correct waits for it."""
_PATIENCE_S = 30.0


@CHECKS.check(
    Level.FAULT,
    rule="An error is not kept: the next call computes again.",
    why="The network fails for one second, and the answer is an error until somebody starts the server anew.",
    hint="Store the result behind the call, in the line after it: an error never gets there.",
    after=["a_result_is_computed_once"],
)
def an_error_is_not_kept(subject: Any, lab: Lab) -> None:
    """It fails twice, then succeeds."""
    calls: list[str] = []
    error = OSError("no network")

    @plain(subject.cached)
    def fetch(name: str) -> str:
        calls.append(name)
        if len(calls) < 3:
            raise error
        return name.upper()

    for _ in range(2):
        try:
            found = within(lambda: fetch("a"), _STUCK_S, "a call after one that failed")
        except OSError as raised:
            if raised is not error:
                raise ContractBroken(f"the call raised {raised!r}; expected the function's own error") from raised
        else:
            raise ContractBroken(f"the call gave {found!r} although the function raised; expected its error")
    found = [within(lambda: fetch("a"), _STUCK_S, "the third call") for _ in range(2)]
    expect(found, ["A", "A"], "the call that works, and the one after it")
    expect(len(calls), 3, "computations: two that failed, one that is kept")


@CHECKS.check(
    Level.FAULT,
    rule="Threads that ask for the same at once share one computation.",
    why="When the cache is cold forty requests load the same model forty times, and the machine is out of memory.",
    hint="The first to miss leaves a concurrent.futures.Future under the key; the others wait for its result.",
    after=["a_result_is_computed_once"],
)
def threads_compute_it_once(subject: Any, lab: Lab) -> None:
    """Eight threads, one argument; the first waits in the function for a second one that must not come."""
    loads: list[str] = []
    another, asked, all_asked = threading.Event(), itertools.count(1), threading.Event()

    @plain(subject.cached(max_entries=4))
    def load(name: str) -> str:
        loads.append(name)
        if len(loads) > 1:
            another.set()
        all_asked.wait(_PATIENCE_S)
        another.wait(0.25)  # what is correct waits in vain
        return "model"

    def ask() -> Any:
        if next(asked) == 8:
            all_asked.set()
        return load("a")

    with ThreadPoolExecutor(8) as pool:
        calls = [pool.submit(ask) for _ in range(8)]
        expect({call.result(_PATIENCE_S) for call in calls}, {"model"}, "what eight threads got")
    expect(len(loads), 1, "computations for eight threads that asked at once")
    expect((load("a"), len(loads)), ("model", 1), "the result, and computations, afterwards")


@CHECKS.check(
    Level.FAULT,
    rule="While one result is computed, the others can be had.",
    why="A lock that is held during a computation of ten seconds stops every request, also those that are cached.",
    hint="Hold the lock only while you look and while you store, never while the function runs.",
    after=["threads_compute_it_once"],
)
def a_slow_computation_holds_nobody_up(subject: Any, lab: Lab) -> None:
    """One that ends only when another has been found and a third computed."""
    begun, others_done = threading.Event(), threading.Event()
    waited: list[bool] = []

    @plain(subject.cached(max_entries=4))
    def load(name: str) -> str:
        if name == "slow":
            begun.set()
            waited.append(others_done.wait(_STUCK_S))
        return name

    load("kept")

    def others() -> list[str]:
        begun.wait(_PATIENCE_S)
        found = [load("kept"), load("new")]
        others_done.set()
        return found

    with ThreadPoolExecutor(2) as pool:
        slow, quick = pool.submit(load, "slow"), pool.submit(others)
        expect((slow.result(_PATIENCE_S), quick.result(_PATIENCE_S)), ("slow", ["kept", "new"]), "what two threads got")
    if waited != [True]:
        raise ContractBroken("other calls waited for the slow one; expected them to be answered meanwhile")


@CHECKS.check(
    Level.FAULT,
    rule="Tasks that await the same at once share one computation as well.",
    why="A server of one thread has its forty requests in forty tasks: no lock of threads is ever in their way.",
    hint="Leave a mark of the running computation before the await; the others wait for its result.",
    after=["a_result_is_computed_once"],
)
def tasks_compute_it_once(subject: Any, lab: Lab) -> None:
    """Five tasks, one argument, a second of asynchronous sleep; then a computation that fails for all who wait."""
    calls: list[str] = []

    @plain(subject.cached(max_entries=4))
    async def load(name: str) -> str:
        calls.append(name)
        await lab.clock.sleep_async(1.0)
        if name == "bad":
            raise OSError("no such model")
        return "model"

    async def main() -> None:
        found = await asyncio.gather(*(load("a") for _ in range(5)))
        expect((found, calls), (["model"] * 5, ["a"]), "what five tasks got, and the computations")
        errors = await asyncio.gather(*(load("bad") for _ in range(3)), return_exceptions=True)
        expect([type(each).__name__ for each in errors], ["OSError"] * 3, "what three tasks got of one that fails")

    run(lab, main())


@CHECKS.check(
    Level.FAULT,
    rule="If the task that computes is cancelled, those who wait for it get their result all the same.",
    why="One client closes its browser, and forty others who asked for the same get an error that none of them caused.",
    hint="A waiter that finds the computation cancelled, and was not cancelled itself, begins anew.",
    after=["tasks_compute_it_once"],
)
def a_cancelled_computation_is_taken_over(subject: Any, lab: Lab) -> None:
    """Three tasks; the first is cancelled while it computes."""

    @plain(subject.cached(max_entries=4))
    async def load(name: str) -> str:
        await lab.clock.sleep_async(1.0)
        return "model"

    async def main() -> None:
        tasks = [asyncio.ensure_future(load("a")) for _ in range(3)]
        await lab.clock.sleep_async(0.5)
        tasks[0].cancel()
        await expect_cancelled(tasks[0], "a cached coroutine function")
        found = await asyncio.gather(*tasks[1:], return_exceptions=True)
        expect([str(each) or repr(each) for each in found], ["model"] * 2, "what the two others got")
        expect(await load("a"), "model", "the result afterwards")

    run(lab, main())
