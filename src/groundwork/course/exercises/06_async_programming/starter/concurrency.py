"""Exercise 06: bounded work, a rate, batches for a model, and a server around them.

Five topics: ``gather_bounded`` with ``map_async``, ``TokenBucket``, ``Batcher``, ``create_app``, ``serve``.
The README says what they must do, the guide how to get there, and ``groundwork learn check 06`` which rule comes next.
"""


class Overloaded(Exception):
    """Refused because too much waits already; ``retry_after_s`` says when to come back."""


class DeadlineExceeded(Exception):
    """The time given for a call is over."""


class PredictionError(Exception):
    """The model gave another number of results than it got items."""


async def gather_bounded(coros, limit):
    """Await all, at most ``limit`` at a time.

    Args:
        coros: Awaitables; a generator is drawn from as its items are worked off.
        limit: How many may be under way together, at least 1.

    Returns:
        One result each, in the order given.
    """
    raise NotImplementedError("gather_bounded")


async def map_async(fn, items, limit):
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
        rate_per_s: Tokens that come in each second.
        burst: Most tokens that can be saved up.
        clock: Has ``monotonic()`` and ``async sleep_async(seconds)``; never use ``time`` instead.
    """

    def __init__(self, rate_per_s, burst, *, clock=None):
        raise NotImplementedError("TokenBucket")

    async def acquire(self, n=1):
        """Take tokens, waiting until they are there and everybody who came before has theirs."""

    def try_acquire(self, n=1):
        """Take tokens and return 0.0, or take nothing and return the seconds until they would be there."""

    def retry_after_s(self, n=1):
        """Return what ``try_acquire`` would, and take nothing."""


class Batcher:
    """Collects the items of concurrent callers into batches for one function; an ``async with`` block.

    Args:
        predict: Takes a list of items, returns one result each. It computes: never call it on the loop.
        max_size: Most items in one batch.
        max_wait_s: How long an idle model waits for a batch to fill; 0.0 never waits.
        max_queue: Most items that may wait; one more is refused with ``Overloaded``.
        executor: Where ``predict`` runs: ``loop.run_in_executor(executor, predict, items)``; None is a thread.
    """

    def __init__(self, predict, *, max_size=64, max_wait_s=0.0, max_queue=1024, executor=None):
        raise NotImplementedError("Batcher")

    async def submit(self, item, deadline_s=None):
        """Predict one item, together with whatever else waits.

        Args:
            item: What to predict.
            deadline_s: Seconds from now after which the answer is no longer wanted.

        Returns:
            The item's result.
        """


def create_app(models, *, max_batch_rows=64, max_queue_rows=1024, max_instances=1024, max_body_bytes=4 * 2**20):
    """Make an ASGI app; it starts and drains its batcher in the lifespan.

    Args:
        models: Name to object with ``predict(rows)``; ``/predict`` asks the first.
        max_batch_rows: Most rows in one call of the model.
        max_queue_rows: Most rows that may wait.
        max_instances: Most instances in one request.
        max_body_bytes: Largest body.
    """
    raise NotImplementedError("create_app")


def serve(models, host="127.0.0.1", port=8000, *, on_ready=None, header_timeout_s=10.0, **options):
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
