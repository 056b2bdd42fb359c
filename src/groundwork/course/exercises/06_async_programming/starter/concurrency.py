"""Exercise 06: bounded work, a rate, batches for a model, and a server around them.

Five topics: ``gather_bounded`` with ``map_async``, ``TokenBucket``, ``Batcher``, ``create_app``, ``serve``.
The README says what they must do, the guide how to get there, and ``groundwork learn check 06`` which rule comes next.
The types say what is passed; nothing checks them, and you may change them as long as the calls of the README work.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from concurrent.futures import Executor
from typing import Any, Protocol, Self, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]
"""An ASGI app: ``await app(scope, receive, send)``."""


class Clock(Protocol):
    """What a bucket goes by. The checks pass one whose hours last no time."""

    def monotonic(self) -> float:
        """Return the seconds since some moment."""

    async def sleep_async(self, seconds: float) -> None:
        """Wait, and let others run meanwhile."""


class Model(Protocol):
    """What an app serves."""

    def predict(self, rows: list[Any]) -> list[Any]:
        """Return one prediction for each row."""


class Overloaded(Exception):
    """Refused because too much waits already.

    Args:
        message: Why.
        retry_after_s: When to come back.
    """

    def __init__(self, message: str, retry_after_s: float = 1.0) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class DeadlineExceeded(Exception):
    """The time given for a call is over."""


class PredictionError(Exception):
    """The model gave another number of results than it got items."""


async def gather_bounded(coros: Iterable[Awaitable[Result]], limit: int) -> list[Result]:
    """Await all, at most ``limit`` at a time.

    Args:
        coros: Awaitables; a generator is drawn from as its items are worked off.
        limit: How many may be under way together, at least 1.

    Returns:
        One result each, in the order given.

    Raises:
        ValueError: The limit is below 1; what was given is closed.
    """
    raise NotImplementedError("gather_bounded")


async def map_async(fn: Callable[[Item], Awaitable[Result]], items: Iterable[Item], limit: int) -> list[Result]:
    """Call a coroutine function with each item, at most ``limit`` at a time.

    Args:
        fn: Called with each item when its turn comes.
        items: Any iterable.
        limit: As in ``gather_bounded``.

    Returns:
        One result each, in the order of the items.
    """
    raise NotImplementedError("map_async")


class TokenBucket:
    """So many tokens a second, and so many at once after a pause; first come, first served. Full at first.

    Args:
        rate_per_s: Tokens that come in each second, above 0.
        burst: Most tokens that can be saved up.
        clock: Use its two methods, and never ``time`` or ``asyncio.sleep``; None is the system's time.
    """

    def __init__(self, rate_per_s: float, burst: float, *, clock: Clock | None = None) -> None:
        raise NotImplementedError("TokenBucket")

    async def acquire(self, n: float = 1) -> None:
        """Take tokens, waiting until they are there and everybody who came before has theirs.

        Args:
            n: How many, above 0 and at most ``burst``; anything else is a ValueError at once.
        """

    def try_acquire(self, n: float = 1) -> float:
        """Take tokens and return 0.0, or take nothing and return the seconds until they would be there.

        Args:
            n: As in ``acquire``.
        """

    def retry_after_s(self, n: float = 1) -> float:
        """Return what ``try_acquire`` would, and take nothing.

        Args:
            n: As in ``acquire``.
        """


class Batcher:
    """Collects the items of concurrent callers into batches for one function; an ``async with`` block.

    Args:
        predict: Takes a list of items, returns one result each. It computes: never call it on the loop.
        max_size: Most items in one batch.
        max_wait_s: How long an idle model waits for a batch to fill; 0.0 never waits.
        max_queue: Most items that may wait, those under way not counted; one more is refused with ``Overloaded``.
        executor: Where ``predict`` runs: ``loop.run_in_executor(executor, predict, items)``; None is a thread.
    """

    def __init__(
        self,
        predict: Callable[[list[Any]], list[Any]],
        *,
        max_size: int = 64,
        max_wait_s: float = 0.0,
        max_queue: int = 1024,
        executor: Executor | None = None,
    ) -> None:
        raise NotImplementedError("Batcher")

    async def __aenter__(self) -> Self:
        """Begin to serve; before it ``submit`` is refused."""
        return self

    async def __aexit__(self, *exc: object) -> None:
        """Refuse newcomers, answer what was accepted, leave no task behind."""

    async def submit(self, item: Any, deadline_s: float | None = None) -> Any:
        """Predict one item, together with whatever else waits.

        Args:
            item: What to predict.
            deadline_s: Seconds from now after which the answer is no longer wanted.

        Returns:
            The item's result.

        Raises:
            Overloaded: ``max_queue`` items wait already.
            DeadlineExceeded: The time is over.
            PredictionError: The model gave another number of results than it got items.
        """


def create_app(
    models: Mapping[str, Model],
    *,
    max_batch_rows: int = 64,
    max_queue_rows: int = 1024,
    max_instances: int = 1024,
    max_body_bytes: int = 4 * 2**20,
) -> App:
    """Make an ASGI app; it starts and drains its batcher in the lifespan.

    Args:
        models: Name to object with ``predict(rows)``; ``/predict`` asks the first.
        max_batch_rows: Most rows in one call of the model.
        max_queue_rows: Most rows that may wait.
        max_instances: Most instances in one request.
        max_body_bytes: Largest body.
    """
    raise NotImplementedError("create_app")


def serve(
    models: Mapping[str, Model],
    host: str = "127.0.0.1",
    port: int = 8000,
    *,
    on_ready: Callable[[str], object] | None = None,
    header_timeout_s: float = 10.0,
    **options: Any,
) -> None:
    """Serve models on a socket until SIGTERM, answer what was accepted, return.

    Args:
        models: As for ``create_app``.
        host: Where to listen.
        port: 0 picks a free one.
        on_ready: Called with the address, as ``http://127.0.0.1:8000``, once requests are answered.
        header_timeout_s: Longest time for the head of a request to arrive.
        **options: As for ``create_app``.
    """
    raise NotImplementedError("serve")
