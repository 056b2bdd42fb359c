"""The contract of ``Batcher``: what waits together is predicted together, and nothing waits for company.

The subject offers ``async with Batcher(predict, max_size=64, max_wait_s=0.0, max_queue=1024, executor=None)`` with
``await batcher.submit(item, deadline_s=None)``. ``predict`` takes a list and runs in the executor, one batch at a time.
"""

import asyncio
import functools
from typing import Any

from groundwork.errors import ContractBroken
from groundwork.testing._contract import Contract, Level
from groundwork.testing._lab import Lab
from groundwork.testing.contracts._failures import expect, expect_kind
from groundwork.testing.contracts._model_time import SlowModel, expect_no_task_left, later, run, timed

CHECKS = Contract("concurrency/batcher")


def batcher(subject: Any, model: SlowModel, **options: Any) -> Any:
    """Make a batcher of the subject for a slow model."""
    return subject.Batcher(model.predict, **{"executor": model, **options})


async def beside(batch: Any, items: list[Any]) -> list[Any]:
    """Submit items from as many tasks, in their order; return what came of each."""
    calls = (later(0.0, functools.partial(batch.submit, item)) for item in items)
    return list(await asyncio.gather(*calls))


async def _ask(batch: Any, arrivals: dict[float, list[Any]]) -> list[Any]:
    """Submit items at moments, those of one moment in their order; return what came of each."""

    async def together(at_s: float, items: list[Any]) -> list[Any]:
        await asyncio.sleep(at_s)
        return await beside(batch, items)

    found = await asyncio.gather(*(together(at_s, items) for at_s, items in arrivals.items()))
    return [outcome for outcomes in found for outcome in outcomes]


def _batches(
    subject: Any, lab: Lab, arrivals: dict[float, list[Any]], *, workers: int = 1, **options: Any
) -> tuple[SlowModel, list[Any]]:
    """Let items arrive at moments; return the model and the answers."""
    model = SlowModel(lab.clock, workers=workers)

    async def main() -> list[Any]:
        async with batcher(subject, model, **options) as batch:
            return await _ask(batch, arrivals)

    answers = run(lab, main())
    expected = [2 * item for items in arrivals.values() for item in items]
    expect(answers, expected, "the answers of a model that doubles")
    return model, answers


@CHECKS.check(
    Level.BASIC,
    rule="Each caller gets the answer to its own item.",
    why="Answers that are shuffled are the worst failure there is: every status is 200.",
    hint="Keep item and future together; results belong to the items of that one call, by position.",
)
def each_gets_its_own_answer(subject: Any, lab: Lab) -> None:
    """Forty callers that come at random moments, to a model that is always busy."""
    moments_s = [round(lab.random.uniform(0.0, 6.0), 3) for _ in range(40)]

    def holds(items: list[int]) -> None:
        arrivals: dict[float, list[Any]] = {}
        for item in items:
            arrivals.setdefault(moments_s[item], []).append(item)
        with Lab(seed=lab.seed) as fresh:
            _batches(subject, fresh, arrivals, max_size=4)

    lab.smallest(range(40), holds)


@CHECKS.check(
    Level.BASIC,
    rule="An idle model starts at once.",
    why="Waiting 5 ms in case somebody else comes doubles the latency of whoever is alone, which is most of the day.",
    hint="With max_wait_s=0.0 nothing waits for anything but a free executor.",
    after=["each_gets_its_own_answer"],
)
def an_idle_model_starts_at_once(subject: Any, lab: Lab) -> None:
    """One item, and another when the model has long been idle."""
    model, _ = _batches(subject, lab, {0.0: [1], 5.0: [2]})
    expect([round(start_s, 6) for start_s in model.starts_s], [0.0, 5.0], "moments at which the model began")


@CHECKS.check(
    Level.BASIC,
    rule="What waits while the model works is its next batch, in the order in which it came.",
    why="A batch of 32 costs about what a batch of one costs; one by one, the server has a thirtieth of its capacity.",
    hint="One worker: take all that waits, up to max_size, predict, answer, again.",
    after=["each_gets_its_own_answer"],
)
def what_waits_together_is_one_batch(subject: Any, lab: Lab) -> None:
    """Ten come while the first is under way; then ten that come together to an idle model."""
    model, _ = _batches(subject, lab, {0.0: [1], 0.5: list(range(10, 20)), 5.0: list(range(30, 40))})
    expect(model.batches, [[1], list(range(10, 20)), list(range(30, 40))], "the batches")


@CHECKS.check(
    Level.EDGE,
    rule="A batch is formed when the model comes free, not when the items come.",
    why="Formed early, batches are small and many: those that come a moment later wait for a whole batch more.",
    hint="Do not hand a batch over while another is under way, or it lies in the executor's queue, closed.",
    after=["what_waits_together_is_one_batch"],
)
def a_batch_is_formed_when_the_model_is_free(subject: Any, lab: Lab) -> None:
    """They come at three moments while a batch is under way, one of them just before its end."""
    model, _ = _batches(subject, lab, {0.0: [1], 0.1: [2, 3], 0.5: [4], 0.999: [5, 6]})
    expect(model.batches, [[1], [2, 3, 4, 5, 6]], "the batches")


@CHECKS.check(
    Level.EDGE,
    rule="A batch holds at most max_size items, and is as large as that if so many wait.",
    why="One item more than the GPU was measured for is an out-of-memory error for all of them.",
    hint="Take min(max_size, len(queue)) from the front; the rest stays, in its order.",
    after=["what_waits_together_is_one_batch"],
)
def a_batch_has_its_size(subject: Any, lab: Lab) -> None:
    """Ten wait, four fit."""
    model, _ = _batches(subject, lab, {0.0: [0], 0.5: list(range(1, 11))}, max_size=4)
    expect(model.batches, [[0], [1, 2, 3, 4], [5, 6, 7, 8], [9, 10]], "the batches, max_size=4")


@CHECKS.check(
    Level.EDGE,
    rule="One batch at a time, even if the executor could run more.",
    why="A model is not thread-safe by nature, and two batches on one GPU take longer than one after the other.",
    hint="Await the batch before you form the next.",
    after=["a_batch_is_formed_when_the_model_is_free"],
)
def one_batch_at_a_time(subject: Any, lab: Lab) -> None:
    """An executor of four workers."""
    model, _ = _batches(subject, lab, {0.0: [1], 0.25: [2], 0.5: [3], 0.75: [4]}, workers=4)
    if model.most_at_once > 1:
        raise ContractBroken(f"{model.most_at_once} batches were under way together; expected one at a time")


@CHECKS.check(
    Level.EDGE,
    rule="With max_wait_s an idle model waits so long for a batch to fill, no longer, and not at all for a full one.",
    why="Some models gain so much by company that a few milliseconds are well spent; but only if they are bounded.",
    hint="The wait counts from the first item, and ends when max_size items are there.",
    after=["an_idle_model_starts_at_once", "what_waits_together_is_one_batch"],
)
def a_wait_for_company_is_bounded(subject: Any, lab: Lab) -> None:
    """Three of four within the wait; then four; then one alone."""
    arrivals = {0.0: [1], 0.25: [2], 0.375: [3], 5.0: [4, 5], 5.25: [6, 7], 10.0: [8]}
    model, _ = _batches(subject, lab, arrivals, max_size=4, max_wait_s=0.5)
    expect(model.batches, [[1, 2, 3], [4, 5, 6, 7], [8]], "the batches, max_size=4, max_wait_s=0.5")
    expect([round(start_s, 6) for start_s in model.starts_s], [0.5, 5.25, 10.5], "moments at which the model began")


@CHECKS.check(
    Level.EDGE,
    rule="At most max_queue items wait; one more is refused at once, with Overloaded and retry_after_s.",
    why="An unbounded queue answers everybody too late: in an overload its latency grows until the memory is full.",
    hint="Look at the length in submit, before anything is awaited.",
    after=["what_waits_together_is_one_batch"],
)
def the_queue_is_bounded(subject: Any, lab: Lab) -> None:
    """One under way and four waiting; two more come; later there is room again."""
    model = SlowModel(lab.clock)

    async def main() -> None:
        async with batcher(subject, model, max_size=4, max_queue=4) as batch:
            accepted = asyncio.ensure_future(_ask(batch, {0.0: [1], 0.25: [2, 3, 4, 5]}))
            for item in (6, 7):
                error, at_s = await timed(0.5 if item == 6 else 0.0, functools.partial(batch.submit, item))
                expect_kind_of(error, subject, "Overloaded", f"with 4 of 4 places taken, submit({item}) gave")
                expect(at_s, 0.5, "the moment of the refusal")
                found = getattr(error, "retry_after_s", None)
                if not isinstance(found, int | float) or found < 0:
                    raise ContractBroken(f"retry_after_s of the refusal is {found!r}; expected seconds")
            expect(await accepted, [2, 4, 6, 8, 10], "the answers of those that were accepted")
            expect(await batch.submit(8), 16, "an answer when there is room again")
        expect(model.seen, [1, 2, 3, 4, 5, 8], "items that reached the model")

    run(lab, main())


@CHECKS.check(
    Level.EDGE,
    rule="Leaving the block answers what was accepted; after it, and before it, submit is refused.",
    why="A deployment a day loses a handful of requests each, and one that is accepted after the end waits for ever.",
    hint="In __aexit__: refuse from now on, then await the worker, which ends when the queue is empty.",
    after=["what_waits_together_is_one_batch"],
)
def leaving_answers_what_was_accepted(subject: Any, lab: Lab) -> None:
    """The block is left with one under way and six waiting, in two batches; then there is no task left."""
    model = SlowModel(lab.clock)

    async def main() -> None:
        batch = batcher(subject, model, max_size=4)
        tasks = []
        async with batch:
            tasks = [asyncio.ensure_future(batch.submit(item)) for item in range(7)]
            await asyncio.sleep(0.5)
        answers = await asyncio.gather(*tasks, return_exceptions=True)
        expect(answers, [0, 2, 4, 6, 8, 10, 12], "the answers of those that were accepted before the block was left")
        for late in (batch, batcher(subject, model)):
            outcome = await later(0.0, functools.partial(_within_a_minute, late))
            if not isinstance(outcome, Exception) or isinstance(outcome, TimeoutError):
                found = "waits" if isinstance(outcome, TimeoutError) else f"gave {outcome!r}"
                raise ContractBroken(f"submit outside of the block {found}; expected an error at once")
        expect_no_task_left("after the block")

    run(lab, main())


async def _within_a_minute(batch: Any) -> Any:
    return await asyncio.wait_for(batch.submit(9), 60.0)


def expect_kind_of(outcome: Any, subject: Any, name: str, what: str) -> None:
    """Break the contract unless a call ended with an error of a kind."""
    if not isinstance(outcome, BaseException):
        raise ContractBroken(f"{what} {outcome!r}; expected {name}")
    expect_kind(outcome, subject, name, when=f"{what}:")
