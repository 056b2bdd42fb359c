"""The contract of ``Batcher``, when items are bad, callers leave, and time runs out."""

import asyncio
from typing import Any

from groundwork.errors import ContractBroken
from groundwork.testing._contract import Level
from groundwork.testing._lab import Lab
from groundwork.testing.contracts._batching import CHECKS as CHECKS
from groundwork.testing.contracts._batching import batcher, beside, expect_kind_of
from groundwork.testing.contracts._failures import expect, expect_cancelled
from groundwork.testing.contracts._model_time import SlowModel, later, run, timed


@CHECKS.check(
    Level.FAULT,
    rule="An item that breaks its batch fails alone, with the model's own error.",
    why="One client sends a string where a number belongs, and 31 strangers get a 500 for it.",
    hint="When predict raises for several items, halve the batch and ask again for each half.",
    after=["what_waits_together_is_one_batch"],
)
def a_bad_item_fails_alone(subject: Any, lab: Lab) -> None:
    """One bad of 32, at either end and in the middle; two bad of 32; all bad."""

    async def main() -> None:
        for bad in ([7], [0], [31], [3, 30], list(range(32))):
            model = SlowModel(lab.clock)
            model.bad = {item: ValueError(f"item {item}") for item in bad}
            async with batcher(subject, model) as batch:
                answers = await beside(batch, list(range(32)))
            expected = [model.bad.get(item, 2 * item) for item in range(32)]
            expect(answers, expected, f"the answers of a batch of 32 in which {bad[:3]} are bad")

    run(lab, main())


@CHECKS.check(
    Level.FAULT,
    rule="The bad one is found by halving: about two calls for each time the batch can be halved.",
    why="One by one, a single bad row costs 33 calls of the model, and one client can slow down all others.",
    hint="A half that works is answered whole; only the half that raises is halved again.",
    after=["a_bad_item_fails_alone"],
)
def the_bad_item_is_found_by_halving(subject: Any, lab: Lab) -> None:
    """One bad of 64."""
    model = SlowModel(lab.clock)
    model.bad = {21: ValueError("item 21")}

    async def main() -> None:
        async with batcher(subject, model) as batch:
            await beside(batch, list(range(64)))

    run(lab, main())
    if len(model.batches) > 15:
        raise ContractBroken(f"{len(model.batches)} calls to find one bad item of 64; expected about 13")


@CHECKS.check(
    Level.FAULT,
    rule="Another number of results than of items is a PredictionError for all of that batch, and for no other.",
    why="Nobody can say which result belongs to which item; cut or padded, the answers are somebody else's.",
    hint="Compare the lengths before the first answer is given out. It is not an item's fault: do not halve.",
    after=["what_waits_together_is_one_batch"],
)
def a_wrong_number_of_results_is_an_error(subject: Any, lab: Lab) -> None:
    """One result too few, one too many, none, and no list at all; then the model is well again."""

    async def main() -> None:
        for wrong in ([0, 2], [0, 2, 4, 6], [], None):
            model = SlowModel(lab.clock)
            results: list[Any] = [wrong]

            def predict(items: list[Any], model: SlowModel = model, results: list[Any] = results) -> Any:
                good = model.predict(items)
                return results.pop() if results else good

            async with subject.Batcher(predict, executor=model) as batch:
                for answer in await beside(batch, [0, 1, 2]):
                    expect_kind_of(answer, subject, "PredictionError", f"with {wrong} for three items, submit gave")
                expect(await beside(batch, [3, 4]), [6, 8], "the answers of the next batch")
            expect(model.batches, [[0, 1, 2], [3, 4]], "what the model was asked")

    run(lab, main())


@CHECKS.check(
    Level.FAULT,
    rule="An item whose caller has left never reaches the model.",
    why="In an overload most clients have given up; a server that works for them has no time for those who wait.",
    hint="Look when the batch is formed: a future that is cancelled, or done, is passed over.",
    after=["what_waits_together_is_one_batch"],
)
def abandoned_items_never_reach_the_model(subject: Any, lab: Lab) -> None:
    """Of ten that wait, six leave: the batch is filled with those who stay. Then all of them leave."""
    model = SlowModel(lab.clock)

    async def main() -> None:
        async with batcher(subject, model, max_size=4) as batch:
            tasks = [asyncio.ensure_future(batch.submit(item)) for item in range(5)]
            await asyncio.sleep(0.25)
            tasks += [asyncio.ensure_future(batch.submit(item)) for item in range(10, 19)]
            await asyncio.sleep(0.25)
            leavers = [tasks[4], *tasks[5:10]]
            for task in leavers:
                task.cancel()
            for task in leavers:
                await expect_cancelled(task, "submit")
            await asyncio.gather(*(task for task in tasks if task not in leavers))
            expect(model.batches, [[0, 1, 2, 3], [15, 16, 17, 18]], "the batches, when 4 and 10 to 14 had left")
            busy = asyncio.ensure_future(batch.submit(20))
            await asyncio.sleep(0.25)
            tasks = [asyncio.ensure_future(batch.submit(item)) for item in range(30, 40)]
            await asyncio.sleep(0.25)
            for task in tasks:
                task.cancel()
            await busy
        expect(model.batches[2:], [[20]], "the batches, when all who waited had left")

    run(lab, main())


@CHECKS.check(
    Level.FAULT,
    rule="Whoever leaves while the batch is under way does not disturb the others in it.",
    why="One closed browser tab cancels the batch, and 31 others get a CancelledError that nobody asked for.",
    hint="Callers await futures of their own; the batch belongs to a task of the batcher's.",
    after=["abandoned_items_never_reach_the_model"],
)
def a_leaver_does_not_take_its_batch_along(subject: Any, lab: Lab) -> None:
    """The first, who started the batch, leaves; then one in the middle."""

    async def main() -> None:
        for leaver in (0, 2):
            model = SlowModel(lab.clock)
            async with batcher(subject, model) as batch:
                tasks = [asyncio.ensure_future(batch.submit(item)) for item in range(5)]
                await asyncio.sleep(0.5)
                gone = tasks.pop(leaver)
                gone.cancel()
                await expect_cancelled(gone, "submit")
                found = await asyncio.gather(*tasks, return_exceptions=True)
                expected = [2 * item for item in range(5) if item != leaver]
                expect(found, expected, f"the answers of a batch that caller {leaver} left")
                expect(await batch.submit(9), 18, "the answer of the next batch")

    run(lab, main())


@CHECKS.check(
    Level.FAULT,
    rule="Places of those who left are free again.",
    why="A queue full of the dead refuses the living: the overload goes on after its cause is gone.",
    hint="Count who waits, not what lies in the list; or take leavers out at once.",
    after=["abandoned_items_never_reach_the_model", "the_queue_is_bounded"],
)
def leavers_make_room(subject: Any, lab: Lab) -> None:
    """Four of four leave while a batch is under way; four others come, then a fifth."""
    model = SlowModel(lab.clock)

    async def main() -> None:
        async with batcher(subject, model, max_queue=4) as batch:
            busy = asyncio.ensure_future(batch.submit(0))
            await asyncio.sleep(0.25)
            tasks = [asyncio.ensure_future(batch.submit(item)) for item in range(1, 5)]
            await asyncio.sleep(0.25)
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            *found, refused = await beside(batch, [5, 6, 7, 8, 9])
            expect(found, [10, 12, 14, 16], "what the four got that came when the first four had left")
            expect_kind_of(refused, subject, "Overloaded", "the fifth of four got")
            await busy

    run(lab, main())


@CHECKS.check(
    Level.FAULT,
    rule="At its deadline a caller gets DeadlineExceeded, whether its item waits or is under way.",
    why="The caller has somebody to answer itself; an answer that comes after the deadline is worth nothing.",
    hint="asyncio.timeout around the wait in submit, turned into DeadlineExceeded.",
    after=["what_waits_together_is_one_batch"],
)
def a_deadline_is_kept(subject: Any, lab: Lab) -> None:
    """Deadlines of 0.4 s and 5 s, of an item under way, and of two that wait."""
    model = SlowModel(lab.clock)

    async def main() -> None:
        async with batcher(subject, model) as batch:
            outcomes = await asyncio.gather(
                timed(0.0, lambda: batch.submit(1, deadline_s=0.4)),
                timed(0.0, lambda: batch.submit(2, deadline_s=5.0)),
                timed(0.1, lambda: batch.submit(3, deadline_s=0.4)),
                timed(0.2, lambda: batch.submit(4, deadline_s=5.0)),
            )
            expect([outcomes[place][1] for place in (0, 2)], [0.4, 0.5], "moments at which the two late calls ended")
            for place in (0, 2):
                expect_kind_of(outcomes[place][0], subject, "DeadlineExceeded", "a call whose deadline passed gave")
            expect([outcomes[place][0] for place in (1, 3)], [4, 8], "the answers of those with time enough")

    run(lab, main())


@CHECKS.check(
    Level.FAULT,
    rule="An item whose deadline has passed never reaches the model.",
    why="Late work is the most expensive kind: it makes the next one late as well.",
    hint="What leaves by its deadline leaves the queue, as what leaves by cancellation does.",
    after=["a_deadline_is_kept"],
)
def an_expired_item_never_reaches_the_model(subject: Any, lab: Lab) -> None:
    """Of three that wait, two expire before the model is free."""
    model = SlowModel(lab.clock)

    async def main() -> None:
        async with batcher(subject, model) as batch:
            await asyncio.gather(
                later(0.0, lambda: batch.submit(1)),
                later(0.1, lambda: batch.submit(2, deadline_s=0.5)),
                later(0.2, lambda: batch.submit(3)),
                later(0.3, lambda: batch.submit(4, deadline_s=0.6)),
            )
        expect(model.batches, [[1], [3]], "the batches, when 2 and 4 had expired")

    run(lab, main())
