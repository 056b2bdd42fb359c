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
from groundwork.testing.contracts._asgi import HeldModel, replies, run, serving, turns, until
from groundwork.testing.contracts._failures import expect

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
                reply = await client.send("POST", "/predict", body)
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
