"""The scenes of the contract of the inference server: a model that a check holds and lets go, and the app's clients."""

import asyncio
import json
import threading
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from groundwork.errors import ContractBroken
from groundwork.testing.contracts._model_time import death

BAD = -1
"""The row that breaks the model."""

_HELD_S = 2.5
"""How long the model waits to be let go; nothing correct waits for it."""
_LIMIT_S = 6.0
"""How long a check takes at most, or one step of it; correct ones take a hundredth of that."""
_ANSWERS_S = 3.0
_TURNS = 60


class HeldModel:
    """Doubles the number in each row; while it is held, a batch does not end.

    Attributes:
        batches: The numbers of each batch, in order.
        gave_up: Whether it was held longer than anything correct holds it.
    """

    version = "1"

    def __init__(self, *, held: bool = False) -> None:
        self.batches: list[list[int]] = []
        self.gave_up = False
        self._free = threading.Event()
        if not held:
            self._free.set()

    def predict(self, rows: list[list[int]]) -> list[int]:
        """Return twice the number of each row."""
        numbers = [row[0] for row in rows]
        self.batches.append(numbers)
        if not self._free.wait(_HELD_S):
            self.gave_up = True
            self._free.set()
        if BAD in numbers:
            raise ArithmeticError("a row that the model cannot do")
        return [2 * number for number in numbers]

    def hold(self) -> None:
        """Let no batch end from now on."""
        self._free.clear()

    def let_go(self) -> None:
        """Let the batch end, and all after it."""
        self._free.set()

    @property
    def seen(self) -> list[int]:
        """All numbers that it was given."""
        return [number for batch in self.batches for number in batch]


@dataclass(frozen=True, slots=True)
class Reply:
    """What the app answered."""

    status: int
    headers: dict[bytes, bytes]
    body: bytes

    def predictions(self) -> Any:
        """Return the predictions, or break the contract."""
        if self.status != 200:
            raise ContractBroken(f"/predict answered {self.status} {self.body[:80]!r}; expected 200")
        try:
            return json.loads(self.body)["predictions"]
        except (ValueError, KeyError, TypeError) as error:
            found = repr(self.body[:80])
            raise ContractBroken(f'/predict answered {found}; expected {{"predictions": [...]}}') from error


class Client:
    """Sends requests to an ASGI app, as a server would on its behalf.

    Args:
        app: The app.
        file: Where its code lies, to name the line that raises.
    """

    def __init__(self, app: Any, file: str | None = None) -> None:
        self._app = app
        self._file = file

    async def predict(self, *numbers: int, timeout_ms: int | None = None) -> Reply:
        """Ask for the doubles of numbers."""
        body = json.dumps({"instances": [[number] for number in numbers]}).encode()
        headers = [] if timeout_ms is None else [(b"x-request-timeout-ms", str(timeout_ms).encode())]
        return await self.send("POST", "/predict", body, headers)

    async def send(
        self,
        method: str,
        path: str,
        body: bytes | Iterator[bytes] = b"",
        headers: list[tuple[bytes, bytes]] | None = None,
    ) -> Reply:
        """Send a request, whole or in parts; a cancelled one is a client that leaves."""
        parts = iter([body]) if isinstance(body, bytes) else body
        length = [(b"content-length", str(len(body)).encode())] if isinstance(body, bytes) else []
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "root_path": "",
            "headers": [(b"host", b"test"), (b"content-type", b"application/json"), *length, *(headers or [])],
            "client": ("127.0.0.1", 50000),
            "server": ("127.0.0.1", 8000),
        }
        left, sent = asyncio.Event(), []
        following: bytes | None = next(parts, b"")

        async def receive() -> dict[str, Any]:
            nonlocal following
            part, following = following, next(parts, None)
            if part is None:
                await left.wait()
                return {"type": "http.disconnect"}
            return {"type": "http.request", "body": part, "more_body": following is not None}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        serving = asyncio.ensure_future(self._app(scope, receive, send))
        try:
            await asyncio.shield(serving)
        except asyncio.CancelledError:
            left.set()
            await asyncio.wait([serving], timeout=_HELD_S)
            raise
        except (NotImplementedError, ContractBroken):
            raise
        except Exception as error:
            content = f" with {body[:30]!r}" if isinstance(body, bytes) and body.strip() else ""
            found = f"at {method} {path}{content} the app raised {told(error, self._file)}; expected an answer"
            raise ContractBroken(found) from error
        return _reply(sent)


def told(error: Exception, file: str | None) -> str:
    """Tell an error with the last line of a file that it came through."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file]
    place = f" (line {lines[-1]})" if lines else ""
    return f"{type(error).__name__}{place}: {' '.join(str(error).split())[:80]}".removesuffix(": ")


def _reply(sent: list[dict[str, Any]]) -> Reply:
    if not sent or sent[0]["type"] != "http.response.start":
        raise ContractBroken(
            f"the app sent {[message['type'] for message in sent]}; expected http.response.start first"
        )
    body = b"".join(message.get("body", b"") for message in sent[1:])
    return Reply(sent[0]["status"], {key.lower(): value for key, value in sent[0].get("headers", [])}, body)


class Life:
    """An app's lifespan, from its start to its end, as a server drives it.

    Args:
        app: The app.
    """

    def __init__(self, app: Any) -> None:
        self._told: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._said: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}}
        self._living = asyncio.ensure_future(app(scope, self._told.get, self._said.put))

    async def tell(self, event: str) -> None:
        """Tell the app of an event and wait until it says that it has heard."""
        await self._told.put({"type": f"lifespan.{event}"})
        hearing = asyncio.ensure_future(self._said.get())
        await asyncio.wait([hearing, self._living], timeout=_LIMIT_S, return_when=asyncio.FIRST_COMPLETED)
        await turns(2)
        if not hearing.done():
            hearing.cancel()
            if self._living.done():
                self._living.result()
            raise ContractBroken(f"the app left lifespan.{event} unanswered; expected lifespan.{event}.complete")
        if (found := hearing.result()["type"]) != f"lifespan.{event}.complete":
            raise ContractBroken(f"the app answered lifespan.{event} with {found}; expected lifespan.{event}.complete")

    async def end(self) -> None:
        """Shut the app down."""
        await self.tell("shutdown")
        await asyncio.wait([self._living], timeout=_HELD_S)

    async def abandon(self, model: HeldModel) -> None:
        """End it somehow, because the check has failed already."""
        model.let_go()
        self._told.put_nowait({"type": "lifespan.shutdown"})
        await asyncio.wait([self._living], timeout=1.0)
        self._living.cancel()


@asynccontextmanager
async def serving(subject: Any, model: HeldModel, **options: Any) -> AsyncIterator[Client]:
    """Start an app, wait until it says that it is ready, and shut it down in the end; the model is let go by then."""
    async with alive(subject, model, **options) as (client, life):
        yield client
        model.let_go()
        await life.end()


@asynccontextmanager
async def alive(subject: Any, model: HeldModel, **options: Any) -> AsyncIterator[tuple[Client, Life]]:
    """Start an app; the check shuts it down itself."""
    app = subject.create_app({"double": model}, **options)
    life, client = Life(app), Client(app, getattr(subject, "__file__", None))
    try:
        await life.tell("startup")
        await _ready(client)
        yield client, life
    except BaseException:
        await life.abandon(model)
        raise


async def _ready(client: Client) -> None:
    async with asyncio.timeout(_LIMIT_S):
        while (await client.send("GET", "/v2/health/ready")).status != 200:  # noqa: ASYNC110 - asked as by a client
            await asyncio.sleep(0.005)


async def turns(count: int = _TURNS) -> None:
    """Let the loop go round, so that all that can be done without waiting has been."""
    for _ in range(count):
        await asyncio.sleep(0)


async def until(condition: Callable[[], bool], what: str) -> None:
    """Wait until something holds; break the contract if it does not in good time."""
    end_s = asyncio.get_running_loop().time() + _LIMIT_S
    while not condition():
        if asyncio.get_running_loop().time() > end_s:
            raise ContractBroken(f"{what} did not happen")
        await asyncio.sleep(0.001)


class _Tasks:
    """Makes tasks and remembers them: one that failed is mostly why others wait."""

    def __init__(self) -> None:
        self.tasks: list[asyncio.Task[Any]] = []

    def __call__(self, loop: asyncio.AbstractEventLoop, coro: Any, **options: Any) -> "asyncio.Task[Any]":
        self.tasks.append(asyncio.Task(coro, loop=loop, **options))
        return self.tasks[-1]


def run(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run a check on a loop of its own, which the app's threads can reach."""

    async def bounded() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda *_: None)
        asyncio.get_running_loop().set_task_factory(_Tasks())
        try:
            async with asyncio.timeout(_LIMIT_S):
                await main()
        except TimeoutError as late:
            raise ContractBroken("somebody waits for an answer that does not come") from late

    asyncio.run(bounded())


async def replies(calls: list[Awaitable[Reply]]) -> list[Reply]:
    """Await what was sent; break the contract if some is never answered."""
    tasks = [asyncio.ensure_future(call) for call in calls]
    await asyncio.wait(tasks, timeout=_ANSWERS_S)
    if waiting := [task for task in tasks if not task.done()]:
        for task in waiting:
            task.cancel()
        made = asyncio.get_running_loop().get_task_factory()
        cause = death([task for task in made.tasks if task not in tasks]) if isinstance(made, _Tasks) else ""
        raise ContractBroken(f"{len(waiting)} of {len(tasks)} requests were not answered{cause}; expected all")
    return [task.result() for task in tasks]
