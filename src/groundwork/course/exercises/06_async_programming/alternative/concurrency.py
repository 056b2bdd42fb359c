"""Another correct answer to exercise 06, built differently from groundwork's: what a learner may write in a day."""
# ruff: noqa: D102 - a learner's own file, whose names say what they do

import asyncio
import contextlib
import inspect
import time
from collections import deque


class Overloaded(Exception):
    """Refused without a try; ``retry_after_s`` says when to come back."""

    def __init__(self, message, retry_after_s=0.0):
        super().__init__(message, retry_after_s)
        self.retry_after_s = retry_after_s

    def __str__(self):
        return self.args[0]


class DeadlineExceeded(Exception):
    """The time given is over."""


class PredictionError(Exception):
    """The model's results are not one for each item."""


class SystemClock:
    """The machine's time."""

    monotonic = staticmethod(time.monotonic)
    sleep_async = staticmethod(asyncio.sleep)


async def gather_bounded(coros, limit):
    """Await all, at most ``limit`` at a time; results in the order given."""
    opened = list(coros) if isinstance(coros, list | tuple) else []
    tasks, results = {}, {}
    try:
        if limit < 1:
            raise ValueError(f"limit is {limit}; it must be at least 1")
        for place, coro in enumerate(coros):
            tasks[asyncio.ensure_future(coro)] = place
            if len(tasks) >= limit:
                await _one_more(tasks, results)
        while tasks:
            await _one_more(tasks, results)
        return [results[place] for place in range(len(results))]
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for coro in opened:
            if inspect.iscoroutine(coro):
                coro.close()


async def _one_more(tasks, results):
    done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in done:
        results[tasks[task]] = task.result()
        del tasks[task]


async def map_async(fn, items, limit):
    """Call ``fn`` with each item, at most ``limit`` at a time; results in the order of the items."""
    return await gather_bounded((fn(item) for item in items), limit)


class TokenBucket:
    """So many a second, so many at once after a pause; first come, first served."""

    def __init__(self, rate_per_s, burst, *, clock=None):
        self.rate_per_s = rate_per_s
        self.burst = burst
        self.clock = clock or SystemClock()
        self.tokens = float(burst)
        self.counted_s = self.clock.monotonic()
        self.wanted = 0.0
        self.turn = asyncio.Lock()

    async def acquire(self, n=1):
        self.check(n)
        self.wanted += n
        try:
            async with self.turn:
                await self.pause(n)
                self.tokens -= n
        finally:
            self.wanted -= n

    async def pause(self, n):
        while (seconds := self.missing_s(n)) > 0.0:
            await self.clock.sleep_async(seconds)

    def try_acquire(self, n=1):
        seconds = self.retry_after_s(n)
        if seconds == 0.0:
            self.tokens -= n
        return seconds

    def retry_after_s(self, n=1):
        self.check(n)
        return self.missing_s(n + self.wanted)

    def missing_s(self, n):
        self.refill()
        seconds = (n - self.tokens) / self.rate_per_s
        return seconds if seconds > 1e-9 else 0.0

    def refill(self):
        now_s = self.clock.monotonic()
        self.tokens = min(self.burst, self.tokens + (now_s - self.counted_s) * self.rate_per_s)
        self.counted_s = now_s

    def check(self, n):
        if not 0 < n <= self.burst:
            raise ValueError(f"{n} tokens of a bucket that holds {self.burst}")


class Batcher:
    """One worker: take what waits, predict, answer, again."""

    def __init__(self, predict, *, max_size=64, max_wait_s=0.0, max_queue=1024, executor=None):
        self.predict = predict
        self.max_size = max_size
        self.max_wait_s = max_wait_s
        self.max_queue = max_queue
        self.executor = executor
        self.queue = deque()
        self.open = False
        self.arrived = asyncio.Event()
        self.full = asyncio.Event()
        self.batch_s = 0.0

    async def __aenter__(self):
        self.open = True
        self.worker = asyncio.create_task(self.work())
        return self

    async def __aexit__(self, *_):
        self.open = False
        self.arrived.set()
        self.full.set()
        await self.worker

    async def submit(self, item, deadline_s=None):
        if not self.open:
            raise ValueError("the batcher is not open")
        if self.waiting() >= self.max_queue:
            raise Overloaded(f"{self.max_queue} items wait already", self.wait_s())
        entry = (item, asyncio.get_running_loop().create_future())
        self.queue.append(entry)
        self.arrived.set()
        if len(self.queue) >= self.max_size:
            self.full.set()
        try:
            async with asyncio.timeout(deadline_s) as limit:
                return await self.answer_to(entry)
        except TimeoutError as error:
            if not limit.expired():
                raise
            raise DeadlineExceeded(f"no answer within {deadline_s} s") from error
        finally:
            self.leave(entry)

    async def answer_to(self, entry):
        return await entry[1]

    def leave(self, entry):
        if entry in self.queue:
            self.queue.remove(entry)

    def waiting(self):
        return sum(not future.done() for _, future in self.queue)

    def wait_s(self):
        return self.batch_s * (1 + len(self.queue) / self.max_size)

    async def work(self):
        while self.open or self.queue:
            await self.company()
            if batch := self.take():
                await self.serve(batch)

    async def company(self):
        idle = not self.queue
        if idle:
            self.arrived.clear()
            self.full.clear()
            await self.arrived.wait()
        if idle and self.open and self.max_wait_s and len(self.queue) < self.max_size:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.full.wait(), self.max_wait_s)

    def take(self):
        batch = []
        while self.queue and len(batch) < self.max_size:
            entry = self.queue.popleft()
            if not entry[1].done():
                batch.append(entry)
        return batch

    async def serve(self, batch):
        started_s = time.monotonic()
        answers = await self.answers([item for item, _ in batch])
        self.batch_s = time.monotonic() - started_s
        for (_, future), answer in zip(batch, answers, strict=True):
            if future.done():
                continue
            if isinstance(answer, Exception):
                future.set_exception(answer)
            else:
                future.set_result(answer)

    async def answers(self, items):
        try:
            results = await self.run(items)
        except Exception as error:
            return [error] if len(items) == 1 else await self.halves(items)
        return self.checked(items, results)

    async def halves(self, items):
        middle = len(items) // 2
        return await self.answers(items[:middle]) + await self.answers(items[middle:])

    async def run(self, items):
        return await asyncio.get_running_loop().run_in_executor(self.executor, self.predict, items)

    def checked(self, items, results):
        if not hasattr(results, "__len__") or len(results) != len(items):
            return [PredictionError(f"{results!r:.40} for {len(items)} items")] * len(items)
        return list(results)
