"""A client that calls an ASGI app directly, and models to serve."""

import asyncio
import json
import threading
from contextlib import asynccontextmanager
from urllib.parse import unquote

import pytest

from groundwork.errors import InvalidDataError
from groundwork.serving import create_app

PATIENCE_S = 30


class Answer:
    """What an app sent."""

    def __init__(self, messages):
        start, *bodies = messages
        self.status = start["status"]
        self.headers = {name.decode(): value.decode() for name, value in start["headers"]}
        self.body = b"".join(message["body"] for message in bodies)

    @property
    def json(self):
        return json.loads(self.body)


class AsgiClient:
    """Requests to an app, without a server."""

    def __init__(self, app):
        self.app = app

    async def request(self, method, path, *, body=b"", headers=(), parts=None, gone=None):
        """Send one request.

        ``parts`` gives the body in pieces, each bytes or an awaitable to wait for; ``gone`` is an event after which the
        client has left.
        """
        path, _, query = path.partition("?")
        scope = {
            "type": "http",
            "method": method,
            "path": unquote(path),
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode()) for name, value in headers],
        }
        pieces = [body] if parts is None else list(parts)
        sent = []

        async def receive():
            while pieces:
                piece = pieces.pop(0)
                if isinstance(piece, bytes):
                    return {"type": "http.request", "body": piece, "more_body": bool(pieces)}
                await piece
            await (gone or asyncio.Event()).wait()
            return {"type": "http.disconnect"}

        async def send(message):
            sent.append(message)

        await self.app(scope, receive, send)
        return Answer(sent) if sent else None

    async def get(self, path):
        return await self.request("GET", path)

    async def predict(self, instances, query="", **more):
        return await self.request(
            "POST", "/predict" + query, body=json.dumps({"instances": instances}).encode(), **more
        )


@asynccontextmanager
async def lifespan(app, *, wait=True):
    """Start an app and stop it, as a server does."""
    inbox, outbox = asyncio.Queue(), asyncio.Queue()
    task = asyncio.create_task(app({"type": "lifespan"}, inbox.get, outbox.put))
    await inbox.put({"type": "lifespan.startup"})
    assert await outbox.get() == {"type": "lifespan.startup.complete"}
    if wait:
        await app.loaded.wait()
    try:
        yield AsgiClient(app)
    finally:
        await inbox.put({"type": "lifespan.shutdown"})
        assert await outbox.get() == {"type": "lifespan.shutdown.complete"}
        await task


class Doubler:
    """Doubles ``x`` of each row; refuses what is no number; can be held in mid-batch."""

    version = "7"

    def __init__(self):
        self.batches = []
        self.held = False
        self._entered = threading.Semaphore(0)
        self._released = threading.Semaphore(0)

    def input_schema(self):
        return {"type": "object", "properties": {"x": {"type": "number"}}, "examples": [{"x": 1.5}]}

    def parse(self, instances):
        for row, instance in enumerate(instances):
            if not isinstance(instance.get("x"), int | float):
                raise InvalidDataError(f"{instance.get('x')!r} is not a number", context={"row": row, "column": "x"})
        return instances

    def predict(self, batch):
        self.batches.append([row["x"] for row in batch])
        self._entered.release()
        if self.held:
            assert self._released.acquire(timeout=PATIENCE_S)
        if any(row["x"] == 666 for row in batch):
            raise ZeroDivisionError("secret inside")
        return [{"prediction": row["x"] * 2} for row in batch]

    async def entered(self):
        """Return once the model has begun the next batch."""
        assert await asyncio.to_thread(self._entered.acquire, timeout=PATIENCE_S)

    def hold(self):
        """Hold each batch from now on; forget those that were begun."""
        self.batches.clear()
        while self._entered.acquire(blocking=False):
            pass
        self.held = True

    def let_go(self):
        self.held = False
        for _ in range(100):
            self._released.release()


@pytest.fixture
def model():
    doubler = Doubler()
    yield doubler
    doubler.let_go()


@pytest.fixture
def asgi_client():
    return AsgiClient


@pytest.fixture
def served():
    """``async with served(models, **options) as client``."""

    @asynccontextmanager
    async def serve(models, *, wait=True, **options):
        async with lifespan(create_app(models, **options), wait=wait) as client:
            yield client

    return serve


@pytest.fixture
def ask(served):
    """Serve models for one call of ``talk(client)`` and return what it returns."""

    def run(models, talk, **options):
        async def main():
            async with served(models, **options) as client:
                return await talk(client)

        return asyncio.run(main())

    return run
