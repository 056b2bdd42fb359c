"""The contract of the inference server, when rows are bad, clients leave, and there is too much to do."""

import asyncio
from typing import Any

from groundwork.errors import ContractBroken
from groundwork.testing._contract import Level
from groundwork.testing._lab import Lab
from groundwork.testing.contracts._asgi import BAD, HeldModel, alive, replies, run, serving, turns, until
from groundwork.testing.contracts._failures import expect
from groundwork.testing.contracts._inference import CHECKS as CHECKS
from groundwork.testing.contracts._model_time import expect_no_task_left


@CHECKS.check(
    Level.FAULT,
    rule="A row that breaks the model is a 500 for its own request; those beside it are answered.",
    why="Requests of strangers meet in a batch: what one sends must not be an outage for the others.",
    hint="The batcher finds the bad one; the handler turns its exception into an answer.",
    after=["requests_share_a_batch"],
)
def a_bad_row_fails_its_own_request(subject: Any, lab: Lab) -> None:
    """One of eight requests, all in one batch."""

    async def main() -> None:
        model = HeldModel()
        async with serving(subject, model) as client:
            model.hold()
            first = asyncio.ensure_future(client.predict(1))
            await until(lambda: bool(model.batches), "the model's first batch")
            rows = [2, 3, 4, BAD, 6, 7, 8, 9]
            calls = [asyncio.ensure_future(client.predict(row)) for row in rows]
            await turns()
            model.let_go()
            found = await replies(list(calls))
            (await first).predictions()
            expect([reply.status for reply in found], [500 if row == BAD else 200 for row in rows], "statuses of eight")

    run(main)


@CHECKS.check(
    Level.FAULT,
    rule="With the queue full, a request gets 503 with Retry-After at once; those that were accepted are answered.",
    why="A server that queues without bound answers everybody too late, and does all that work for nobody.",
    hint="Overloaded becomes 503; Retry-After is whole seconds, at least 1. All of a request, or nothing of it.",
    after=["requests_share_a_batch"],
)
def an_overload_is_refused(subject: Any, lab: Lab) -> None:
    """One under way, four rows waiting of four; then two more requests."""

    async def main() -> None:
        model = HeldModel()
        async with serving(subject, model, max_batch_rows=4, max_queue_rows=4, max_instances=4) as client:
            model.hold()
            calls = [asyncio.ensure_future(client.predict(1))]
            await until(lambda: bool(model.batches), "the model's first batch")
            calls += [asyncio.ensure_future(client.predict(2, 3)), asyncio.ensure_future(client.predict(4, 5))]
            await turns()
            for refused in await replies([client.predict(6), client.predict(7, 8, 9)]):
                expect(refused.status, 503, "status of a request that finds the queue full")
                if not refused.headers.get(b"retry-after", b"").isdigit():
                    raise ContractBroken(f"Retry-After is {refused.headers.get(b'retry-after')!r}; expected seconds")
            if model.gave_up:
                raise ContractBroken("a refusal took as long as a batch; expected it at once")
            model.let_go()
            found = [reply.predictions() for reply in await replies(list(calls))]
            expect(found, [[2], [4, 6], [8, 10]], "predictions of those that were accepted")
        expect(model.seen, [1, 2, 3, 4, 5], "rows that the model saw")

    run(main)


@CHECKS.check(
    Level.FAULT,
    rule="X-Request-Timeout-Ms is kept: 504 when it is over, or 503 as soon as that is sure; the model never sees it.",
    why="The caller has a deadline of its own; a server that works on past it does so for nobody.",
    hint="The header becomes deadline_s of submit; DeadlineExceeded becomes 504.",
    after=["requests_share_a_batch"],
)
def a_request_keeps_its_time(subject: Any, lab: Lab) -> None:
    """Twenty milliseconds, while the model is held."""

    async def main() -> None:
        model = HeldModel()
        async with serving(subject, model) as client:
            model.hold()
            first = asyncio.ensure_future(client.predict(1))
            await until(lambda: bool(model.batches), "the model's first batch")
            reply = await client.predict(2, timeout_ms=20)
            if model.gave_up:
                raise ContractBroken("the answer came when the batch had ended; expected it when its time was over")
            if reply.status not in (503, 504):
                raise ContractBroken(
                    f"a request of 20 ms behind a longer batch got {reply.status}; expected 504 or 503"
                )
            patient = asyncio.ensure_future(client.predict(3, timeout_ms=60_000))
            await turns()
            model.let_go()
            (await first).predictions()
            (await patient).predictions()
        expect(model.seen, [1, 3], "rows that the model saw")

    run(main)


@CHECKS.check(
    Level.FAULT,
    rule="Rows of a client that has left never reach the model.",
    why="In an overload most clients have given up; working for them is what keeps an overload going.",
    hint="Beside the answer await receive(): http.disconnect says that the client has left. Then cancel.",
    after=["requests_share_a_batch"],
)
def a_client_that_left_costs_nothing(subject: Any, lab: Lab) -> None:
    """Four of five that wait leave."""

    async def main() -> None:
        model = HeldModel()
        async with serving(subject, model) as client:
            model.hold()
            first = asyncio.ensure_future(client.predict(1))
            await until(lambda: bool(model.batches), "the model's first batch")
            calls = [asyncio.ensure_future(client.predict(row)) for row in (2, 3, 4, 5, 6)]
            await turns()
            for call in calls[:4]:
                call.cancel()
            await asyncio.wait(calls[:4])
            model.let_go()
            (await first).predictions()
            (await calls[4]).predictions()
        expect(model.seen, [1, 6], "rows that the model saw")

    run(main)


@CHECKS.check(
    Level.FAULT,
    rule="Shut down, the app answers what it has accepted, and leaves no task behind.",
    why="Each deployment is a shutdown; what it loses, somebody sees as an error, several times a day.",
    hint="In lifespan.shutdown leave the batcher's block before you say complete.",
    after=["requests_share_a_batch"],
)
def a_shutdown_answers_what_was_accepted(subject: Any, lab: Lab) -> None:
    """One under way and five waiting, in batches of two."""

    async def main() -> None:
        model = HeldModel()
        async with alive(subject, model, max_batch_rows=2) as (client, life):
            model.hold()
            calls = [asyncio.ensure_future(client.predict(1))]
            await until(lambda: bool(model.batches), "the model's first batch")
            calls += [asyncio.ensure_future(client.predict(row)) for row in (2, 3, 4, 5, 6)]
            await turns()
            ending = asyncio.ensure_future(life.end())
            await turns()
            model.let_go()
            found = [reply.predictions() for reply in await replies(list(calls))]
            expect(found, [[2], [4], [6], [8], [10], [12]], "predictions of those that were accepted")
            await ending
        await turns()
        expect_no_task_left("after the shutdown")

    run(main)


@CHECKS.check(
    Level.LOAD,
    rule="A crowd of clients side by side get each their own or a 503, and nothing is left of them.",
    why="What leaks a task for each request is dead in a week; what mixes up two answers was never alive.",
    hint="Cancel whatever waited beside the answer, and await it.",
    after=["a_client_that_left_costs_nothing", "a_bad_row_fails_its_own_request"],
)
def a_crowd_of_clients_get_their_own(subject: Any, lab: Lab) -> None:
    """A hundred clients with five requests each; every tenth leaves, those that were refused come again."""

    async def client_of(client: Any, number: int) -> None:
        for nth in range(5):
            rows = [1000 * number + 10 * nth + row for row in range(1 + number % 3)]
            call = asyncio.ensure_future(client.predict(*rows))
            if number % 10 == 0:
                await turns(2)
                call.cancel()
                await asyncio.wait([call])
                continue
            while (reply := await call).status == 503:
                await asyncio.sleep(0.005)
                call = asyncio.ensure_future(client.predict(*rows))
            expect(reply.predictions(), [2 * row for row in rows], f"predictions of client {number}")

    async def main() -> None:
        async with serving(subject, HeldModel()) as client:
            await asyncio.gather(*(client_of(client, number) for number in range(1, 101)))
        await turns()
        expect_no_task_left("after the shutdown")

    run(main)
