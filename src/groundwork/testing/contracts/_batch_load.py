"""The contract of ``Batcher``, under load, and in real time."""

import asyncio
import functools
import threading
from typing import Any

from groundwork.errors import ContractBroken
from groundwork.testing._contract import Level
from groundwork.testing._lab import Lab
from groundwork.testing.contracts._batch_faults import CHECKS as CHECKS
from groundwork.testing.contracts._batching import batcher, expect_kind_of
from groundwork.testing.contracts._failures import expect
from groundwork.testing.contracts._model_time import SlowModel, expect_no_task_left, later, run

_REAL_S = 3.0
"""How long a real thread may take to be let go; nothing correct waits for it."""


@CHECKS.check(
    Level.FAULT,
    rule="Without an executor the model runs in a thread: the loop goes on.",
    why="A model that computes on the loop stops everything: health checks fail, and the server is restarted.",
    hint="loop.run_in_executor(executor, predict, items); with None, a thread of your own, or asyncio's.",
    after=["each_gets_its_own_answer"],
)
def the_loop_goes_on_while_the_model_works(subject: Any, lab: Lab) -> None:
    """A model that waits for what only the loop can give: in real time, of which it takes next to none."""
    let_go, waited = threading.Event(), []

    def predict(items: list[Any]) -> list[Any]:
        waited.append(let_go.wait(_REAL_S))
        return [2 * item for item in items]

    async def main() -> None:
        async with subject.Batcher(predict) as batch:
            asyncio.get_running_loop().call_later(0.01, let_go.set)
            expect(await asyncio.wait_for(batch.submit(1), 2 * _REAL_S), 2, "the answer")

    asyncio.run(main())
    if not all(waited):
        raise ContractBroken("the loop stood still while the model worked; expected it to go on")


@CHECKS.check(
    Level.LOAD,
    rule="A closed loop of 128 callers gets at least 95 % of what the model can give.",
    why="What the batcher wastes between two batches is lost for good: it is the server's capacity.",
    hint="The next batch starts when the last one is answered; callers that come back at once must find it open.",
    after=["a_batch_is_formed_when_the_model_is_free", "a_batch_has_its_size"],
)
def the_model_is_never_idle_under_load(subject: Any, lab: Lab) -> None:
    """Batches of at most 32 that cost 5 ms and 0.1 ms an item, for two seconds: 3,902 items a second are ideal."""
    model, answered = SlowModel(lab.clock, batch_s=0.005, item_s=0.0001), 0

    async def caller(batch: Any) -> None:
        nonlocal answered
        while lab.clock.monotonic() < 2.0:
            await batch.submit(answered)
            answered += 1

    async def main() -> None:
        async with batcher(subject, model, max_size=32) as batch:
            await asyncio.gather(*(caller(batch) for _ in range(128)))

    run(lab, main())
    if (found := answered / lab.clock.monotonic()) < 0.95 * 32 / 0.0082:
        raise ContractBroken(f"{found:,.0f} items a second; expected at least 3,707, 95 % of the ideal")


@CHECKS.check(
    Level.LOAD,
    rule="In a crowd that leaves, expires and sends bad items, everybody gets what is theirs, and nothing is left.",
    why="Each rule alone is easy; servers die of two that meet in the same millisecond.",
    hint="A future may be done already when its answer comes; look before you set it.",
    after=[
        "a_bad_item_fails_alone",
        "a_leaver_does_not_take_its_batch_along",
        "an_expired_item_never_reaches_the_model",
    ],
)
def a_crowd_gets_what_is_theirs(subject: Any, lab: Lab) -> None:
    """Two thousand callers in ten seconds, a third of them in trouble."""
    model = SlowModel(lab.clock, batch_s=0.05, item_s=0.002)
    model.bad = {item: ValueError(f"item {item}") for item in range(0, 2000, 97)}
    told: list[str] = []

    async def main() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(str(context["message"])))
        async with batcher(subject, model, max_size=16, max_queue=2000) as batch:
            tasks = []
            for item in range(2000):
                deadline_s = lab.random.choice([None, None, 0.05, 0.2])
                submit = functools.partial(batch.submit, item, deadline_s=deadline_s)
                tasks.append(asyncio.ensure_future(later(lab.random.uniform(0.0, 10.0), submit)))
                if item % 7 == 0:
                    asyncio.get_running_loop().call_later(lab.random.uniform(0.0, 10.0), tasks[-1].cancel)
            outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        expect_no_task_left("after the crowd")
        for item, outcome in enumerate(outcomes):
            _expect_theirs(subject, model, item, outcome)

    run(lab, main())
    expect(told[:3], [], "errors that only the loop heard of")
    good = [item for batch in model.batches if not set(batch) & set(model.bad) for item in batch]
    if len(good) != len(set(good)):
        raise ContractBroken(
            f"{len(good) - len(set(good))} items were predicted twice without need; expected once each"
        )


def _expect_theirs(subject: Any, model: SlowModel, item: int, outcome: Any) -> None:
    if isinstance(outcome, asyncio.CancelledError) and item % 7 == 0:
        return
    if item in model.bad and outcome is model.bad[item]:
        return
    if isinstance(outcome, BaseException):
        expect_kind_of(outcome, subject, "DeadlineExceeded", f"caller {item} got")
        return
    expect(outcome, 2 * item, f"the answer of caller {item}")
