"""The contract of the inference server: an ASGI app in which many requests share the batches of one model.

The subject offers ``create_app({name: model}, max_batch_rows=64, max_queue_rows=1024, max_instances=1024,
max_body_bytes=4 * 2**20)``: ``POST /predict`` with ``{"instances": [...]}`` gives ``{"predictions": [...]}``;
``GET /v2/health/live`` and ``/v2/health/ready`` say 200 or 503.
"""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

from groundwork.errors import ContractBroken
from groundwork.testing._contract import Contract, Level
from groundwork.testing._lab import Lab
from groundwork.testing.contracts._asgi import BAD, HeldModel, alive, replies, run, serving, turns, until
from groundwork.testing.contracts._failures import expect
from groundwork.testing.contracts._model_time import expect_no_task_left

CHECKS = Contract("concurrency/server")

_BODY = 64 * 2**10


@CHECKS.check(
    Level.BASIC,
    rule="A request gets one prediction for each instance, in their order, as JSON.",
    why="A client that sends a hundred rows pairs them with the answers by position; there is nothing else to go by.",
    hint="Read the body until more_body is false, json.loads, submit each instance, json.dumps.",
)
def a_request_gets_its_predictions(subject: Any, lab: Lab) -> None:
    """One instance, five, and two requests side by side."""

    async def main() -> None:
        async with serving(subject, HeldModel()) as client:
            reply = await client.predict(21)
            expect(reply.predictions(), [42], "predictions of one instance")
            if not reply.headers.get(b"content-type", b"").startswith(b"application/json"):
                raise ContractBroken(f"content-type {reply.headers.get(b'content-type')!r}; expected application/json")
            expect((await client.predict(5, 1, 4, 2, 3)).predictions(), [10, 2, 8, 4, 6], "predictions of five")
            found = await replies([client.predict(1, 2), client.predict(3)])
            expect([reply.predictions() for reply in found], [[2, 4], [6]], "predictions of two requests")

    run(main)


@CHECKS.check(
    Level.BASIC,
    rule="It says that it lives and is ready; what it does not have is 404, a wrong method 405.",
    why="An orchestrator sends traffic to what says 200 and restarts what does not; a catch-all route lies to it.",
    hint="A dict of (path) to {method: handler}; lifespan.startup comes before the first request.",
    after=["a_request_gets_its_predictions"],
)
def it_says_how_it_is(subject: Any, lab: Lab) -> None:
    """Health, an unknown path, and GET of what wants POST."""

    async def main() -> None:
        async with serving(subject, HeldModel()) as client:
            for method, path, expected in (
                ("GET", "/v2/health/live", 200),
                ("GET", "/v2/health/ready", 200),
                ("GET", "/nothing/here", 404),
                ("GET", "/predict", 405),
            ):
                expect((await client.send(method, path)).status, expected, f"status of {method} {path}")

    run(main)


@CHECKS.check(
    Level.BASIC,
    rule="Requests that come while the model works share its next batch.",
    why="One by one, thirty clients wait for thirty runs of the model, where one would have done.",
    hint="One Batcher for each model, made at startup; not one for each request.",
    after=["a_request_gets_its_predictions"],
)
def requests_share_a_batch(subject: Any, lab: Lab) -> None:
    """Eight requests while one is under way, four rows a batch."""

    async def main() -> None:
        model = HeldModel()
        async with serving(subject, model, max_batch_rows=4) as client:
            model.hold()
            calls = [asyncio.ensure_future(client.predict(1))]
            await until(lambda: bool(model.batches), "the model's first batch")
            calls += [asyncio.ensure_future(client.predict(row)) for row in range(2, 10)]
            await turns()
            model.let_go()
            found = [reply.predictions() for reply in await replies(list(calls))]
            expect(found, [[2 * row] for row in range(1, 10)], "predictions of nine requests")
        expect(model.batches, [[1], [2, 3, 4, 5], [6, 7, 8, 9]], "the batches, four rows at most")

    run(main)


@CHECKS.check(
    Level.EDGE,
    rule="What the client sent wrong is a 4xx, whatever it is, and the server goes on.",
    why="A 500 pages somebody at night; an exception that ends the app is an attack of fifty bytes.",
    hint="RecursionError, too, can come out of json.loads. Look at every type: [1] is JSON, and no object.",
    after=["a_request_gets_its_predictions"],
)
def a_bad_request_is_the_clients_fault(subject: Any, lab: Lab) -> None:
    """No JSON, other JSON, no list, too many instances, and very deep JSON."""
    bodies = [b"", b"{", b"\xff\xfe", b"null", b"[1]", b'"x"', b"{}", b'{"instances": 5}', b'{"instances": null}']
    bodies += [b"[" * 50_000, b'{"instances":' + b"[" * 50_000, json.dumps({"instances": [[1]] * 9}).encode()]

    async def main() -> None:
        async with serving(subject, HeldModel(), max_instances=8) as client:
            for body in bodies:
                try:
                    reply = await client.send("POST", "/predict", body)
                except (Exception, RecursionError) as error:
                    found = type(error).__name__
                    raise ContractBroken(f"the body {body[:30]!r} made the app raise {found}; expected a 4xx") from error
                if not 400 <= reply.status < 500:
                    raise ContractBroken(f"the body {body[:30]!r} was answered with {reply.status}; expected a 4xx")
            expect((await client.predict(4)).predictions(), [8], "predictions after all that")

    run(main)


@CHECKS.check(
    Level.EDGE,
    rule="A body above max_body_bytes is answered with 413, before it is read to its end.",
    why="One client that sends without end fills the memory, and takes all the others along.",
    hint="Look at content-length first; then count what comes, and stop at the bound.",
    after=["a_request_gets_its_predictions"],
)
def a_body_is_bounded(subject: Any, lab: Lab) -> None:
    """One that says how large it is, and one without an end."""
    read = 0

    def endless() -> Iterator[bytes]:
        nonlocal read
        while True:
            read += 1
            if read > 40:
                raise ContractBroken("the app read forty times its bound; expected it to stop at once")
            yield b" " * (_BODY // 2)

    async def main() -> None:
        async with serving(subject, HeldModel(), max_body_bytes=_BODY) as client:
            for body in (b" " * (_BODY + 1), endless()):
                expect((await client.send("POST", "/predict", body)).status, 413, "status of too large a body")
            expect((await client.predict(4)).predictions(), [8], "predictions after it")

    run(main)


@CHECKS.check(
    Level.EDGE,
    rule="While the model works, everything else is answered.",
    why="A liveness probe that waits behind a batch fails, and the server is killed for being busy.",
    hint="The model belongs into a thread; the loop only waits for it.",
    after=["requests_share_a_batch", "it_says_how_it_is"],
)
def a_busy_model_holds_nobody_up(subject: Any, lab: Lab) -> None:
    """Health is asked in the middle of a batch."""

    async def main() -> None:
        model = HeldModel()
        async with serving(subject, model) as client:
            model.hold()
            call = asyncio.ensure_future(client.predict(1))
            await until(lambda: bool(model.batches), "the model's first batch")
            expect((await client.send("GET", "/v2/health/live")).status, 200, "liveness in the middle of a batch")
            if model.gave_up:
                raise ContractBroken("the loop stood still while the model worked; expected it to answer meanwhile")
            model.let_go()
            expect((await call).predictions(), [2], "predictions")

    run(main)


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
    why="A server that queues without bound answers everybody after their timeout, and does all that work for nobody.",
    hint="Overloaded comes out of submit; Retry-After is whole seconds, at least 1. All of a request, or nothing of it.",
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
                raise ContractBroken(f"a request of 20 ms behind a longer batch got {reply.status}; expected 504 or 503")
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
    """Five hundred requests of one to three rows from a hundred clients; every tenth leaves, refused ones come again."""

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
