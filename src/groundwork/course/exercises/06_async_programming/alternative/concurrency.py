"""Another correct answer to exercise 06, built differently from groundwork's: what a learner may write in a day."""
# ruff: noqa: D102 - a learner's own file, whose names say what they do

import asyncio
import contextlib
import inspect
import json
import math
import signal
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
        except Exception as error:  # noqa: BLE001 - whatever the model raises is the answer
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


class Refused(Exception):
    """A request that is answered with an error: status, words, headers."""


class ClientLeft(Exception):
    """Nobody is there to answer."""


def create_app(models, **options):
    """An ASGI app that serves the first of the models."""
    return App(models, **options)


class App:
    """Routes, and one batcher."""

    def __init__(self, models, max_batch_rows=64, max_queue_rows=1024, max_instances=1024, max_body_bytes=4 * 2**20):
        self.model = next(iter(models.values()))
        self.max_batch_rows = max_batch_rows
        self.max_queue_rows = max_queue_rows
        self.max_instances = max_instances
        self.max_body_bytes = max_body_bytes
        self.ready = False
        self.routes = {
            "/predict": {"POST": self.predict},
            "/v2/health/live": {"GET": self.live},
            "/v2/health/ready": {"GET": self.readiness},
        }

    async def __call__(self, scope, receive, send):
        if scope["type"] == "lifespan":
            await self.live_through(receive, send)
            return
        try:
            status, content, headers = await self.answer(scope, receive)
        except ClientLeft:
            return
        body = json.dumps(content).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body)), *headers]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def live_through(self, receive, send):
        await receive()
        async with self.batching() as self.batcher:
            self.ready = True
            await send({"type": "lifespan.startup.complete"})
            await receive()
            self.ready = False
        await send({"type": "lifespan.shutdown.complete"})

    def batching(self):
        return Batcher(self.model.predict, max_size=self.max_batch_rows, max_queue=self.max_queue_rows)

    async def answer(self, scope, receive):
        try:
            methods = self.routes.get(scope["path"])
            if methods is None:
                raise Refused(404, f"there is no {scope['path']}")
            if scope["method"] not in methods:
                raise Refused(405, f"there is {', '.join(methods)}")
            return 200, await methods[scope["method"]](scope, receive), []
        except Refused as refused:
            status, words, *headers = refused.args
            return status, {"error": words}, headers

    async def live(self, scope, receive):
        return {"live": True}

    async def readiness(self, scope, receive):
        if not self.ready:
            raise Refused(503, "not ready")
        return {"ready": True}

    async def predict(self, scope, receive):
        instances = self.parse(await self.read(scope, receive))
        allowed_ms = dict(scope["headers"]).get(b"x-request-timeout-ms")
        deadline_s = int(allowed_ms) / 1000 if allowed_ms else None
        if self.batcher.waiting() + len(instances) > self.max_queue_rows:
            raise Refused(503, "too much to do", (b"retry-after", b"%d" % math.ceil(max(1.0, self.batcher.wait_s()))))
        answers = await self.unless_left(self.submit_all(instances, deadline_s), receive)
        for answer in answers:
            if isinstance(answer, Exception):
                raise Refused(*self.fault(answer))
        return {"predictions": answers}

    async def submit_all(self, instances, deadline_s):
        calls = (self.batcher.submit(instance, deadline_s) for instance in instances)
        return await asyncio.gather(*calls, return_exceptions=True)

    def fault(self, error):
        if isinstance(error, Overloaded):
            return 503, str(error), (b"retry-after", b"1")
        return (504, str(error)) if isinstance(error, DeadlineExceeded) else (500, "the model failed")

    async def unless_left(self, work, receive):
        working, leaving = asyncio.ensure_future(work), asyncio.ensure_future(receive())
        try:
            await asyncio.wait([working, leaving], return_when=asyncio.FIRST_COMPLETED)
            if not working.done():
                raise ClientLeft
            return working.result()
        finally:
            working.cancel()
            leaving.cancel()
            await asyncio.gather(working, leaving, return_exceptions=True)

    async def read(self, scope, receive):
        if int(dict(scope["headers"]).get(b"content-length", 0)) > self.max_body_bytes:
            raise Refused(413, "too large a body")
        body, more = bytearray(), True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientLeft
            body += message.get("body", b"")
            more = message.get("more_body", False)
            if len(body) > self.max_body_bytes:
                raise Refused(413, "too large a body")
        return body

    def parse(self, body):
        try:
            data = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise Refused(400, "the body is not JSON") from error
        instances = data.get("instances") if isinstance(data, dict) else None
        if not isinstance(instances, list) or not 0 < len(instances) <= self.max_instances:
            raise Refused(422, 'send {"instances": [...]}')
        return instances


def serve(models, host="127.0.0.1", port=8000, *, on_ready=None, header_timeout_s=10.0, **options):
    """Serve until SIGTERM."""
    asyncio.run(Server(create_app(models, **options), header_timeout_s).run(host, port, on_ready))


class Server:
    """An app on a socket; one request a connection."""

    def __init__(self, app, header_timeout_s):
        self.app = app
        self.header_timeout_s = header_timeout_s
        self.told = asyncio.Event()
        self.reading, self.answering = set(), set()

    async def run(self, host, port, on_ready):
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, self.stop)
        asyncio.get_running_loop().add_signal_handler(signal.SIGINT, self.stop)
        events, said = asyncio.Queue(), asyncio.Queue()
        living = asyncio.create_task(self.app({"type": "lifespan"}, events.get, said.put))
        await events.put({"type": "lifespan.startup"})
        await said.get()
        listener = await asyncio.start_server(self.connection, host, port)
        if on_ready is not None:
            on_ready("http://{}:{}".format(*listener.sockets[0].getsockname()[:2]))
        await self.told.wait()
        listener.close()
        await self.finish()
        await events.put({"type": "lifespan.shutdown"})
        await living

    def stop(self):
        self.app.ready = False
        self.told.set()

    async def finish(self):
        for task in self.reading:
            task.cancel()
        await asyncio.gather(*self.reading, *self.answering, return_exceptions=True)

    async def connection(self, reader, writer):
        task = asyncio.current_task()
        self.reading.add(task)
        try:
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), self.header_timeout_s)
            self.reading.discard(task)
            self.answering.add(task)
            await self.exchange(head, reader, writer)
        except (OSError, ValueError, EOFError, TimeoutError, asyncio.LimitOverrunError, asyncio.CancelledError):
            pass  # the client has gone, or sent what is no HTTP, or the server ends
        finally:
            self.reading.discard(task)
            self.answering.discard(task)
            writer.close()

    async def exchange(self, head, reader, writer):
        request, *lines = head.decode("latin-1").split("\r\n")[:-2]
        method, target, _ = request.split(" ")
        pairs = [line.partition(":") for line in lines]
        headers = [(name.strip().lower().encode(), value.strip().encode()) for name, _, value in pairs]
        left = int(dict(headers).get(b"content-length", 0))

        async def receive():
            nonlocal left
            if left is None:
                await reader.read(1)
                return {"type": "http.disconnect"}
            body = await reader.read(min(left, 65536)) if left else b""
            if left and not body:
                return {"type": "http.disconnect"}
            left = left - len(body) or None
            return {"type": "http.request", "body": body, "more_body": left is not None}

        async def send(message):
            if message["type"] == "http.response.start":
                fields = [*message["headers"], (b"connection", b"close")]
                lines = [b"HTTP/1.1 %d -" % message["status"], *(name + b": " + value for name, value in fields)]
                writer.write(b"\r\n".join(lines) + b"\r\n\r\n")
            else:
                writer.write(message["body"])
                await writer.drain()

        scope = {"type": "http", "method": method, "path": target.partition("?")[0], "headers": headers}
        await self.app(scope, receive, send)
