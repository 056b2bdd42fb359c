"""Another correct answer to exercise 05, built differently from groundwork's: what a learner may write in a day."""
# ruff: noqa: D102, N801 - a learner's own file, whose names say what they do

import asyncio
import collections
import contextlib
import contextvars
import dataclasses
import enum
import functools
import inspect
import itertools
import json
import random
import threading
import time


class RetryExhausted(Exception):
    """No attempt is left, or no time for one."""

    def __init__(self, message, attempts=0):
        super().__init__(message, attempts)
        self.attempts = attempts

    def __str__(self):
        return self.args[0]


class DeadlineExceeded(Exception):
    """The time given is over."""


class CircuitOpen(Exception):
    """Refused without a call."""

    def __init__(self, message, retry_after_s=0.0):
        super().__init__(message, retry_after_s)
        self.retry_after_s = retry_after_s

    def __str__(self):
        return self.args[0]


class SystemClock:
    """The machine's time."""

    monotonic = staticmethod(time.monotonic)
    sleep = staticmethod(time.sleep)
    sleep_async = staticmethod(asyncio.sleep)


_limit = contextvars.ContextVar("limit", default=None)


def remaining_s():
    """Seconds until the deadline around the call, or None."""
    limit = _limit.get()
    return None if limit is None else max(0.0, limit[0] - limit[1].monotonic())


class deadline:
    """Bound a block: ``with deadline(5):``, or ``async with deadline(5):``, which is cancelled."""

    def __init__(self, seconds, *, clock=None):
        self.seconds = seconds
        self.clock = clock or SystemClock()

    def __enter__(self):
        own, around = (self.clock.monotonic() + self.seconds, self.clock), _limit.get()
        self.token = _limit.set(own if around is None else min(own, around, key=lambda limit: limit[0]))
        return self

    def __exit__(self, *_):
        _limit.reset(self.token)

    async def __aenter__(self):
        self.__enter__()
        self.timeout = asyncio.timeout(remaining_s())
        await self.timeout.__aenter__()
        return self

    async def __aexit__(self, *failure):
        self.__exit__()
        try:
            await self.timeout.__aexit__(*failure)
        except TimeoutError as error:
            raise DeadlineExceeded(f"cancelled after {self.seconds:g} s") from error


@dataclasses.dataclass(frozen=True)
class Backoff:
    """Waits that grow up to a cap."""

    initial_s: float = 0.1
    factor: float = 2.0
    cap_s: float = 5.0
    jitter: str = "equal"

    def wait_s(self, failures, chance):
        return self.spread(self.whole(failures), chance)

    def whole(self, failures):
        wait_s = self.initial_s
        for _ in range(failures - 1):
            if wait_s >= self.cap_s or self.factor == 1:
                break
            wait_s *= self.factor
        return min(wait_s, self.cap_s)

    def spread(self, whole, chance):
        low = {"equal": whole / 2, "full": 0.0, "none": whole}[self.jitter]
        return chance.uniform(low, whole)


class RetryBudget:
    """A bucket that first calls fill and retries empty."""

    def __init__(self, ratio=0.2, min_per_s=10.0, *, clock=None):
        self.ratio, self.min_per_s, self.clock = ratio, min_per_s, clock or SystemClock()
        self.tokens, self.at_s, self.most = 0.0, self.clock.monotonic(), max(20.0, 2 * min_per_s)
        self.lock = threading.Lock()

    def deposit(self):
        with self.lock:
            self.tokens = min(self.most, self.tokens + self.ratio)

    def withdraw(self):
        with self.lock:
            now_s = self.clock.monotonic()
            self.tokens = min(self.most, self.tokens + (now_s - self.at_s) * self.min_per_s)
            self.at_s = now_s
            if self.tokens < 1 - 1e-9:
                return False
            self.tokens -= 1
            return True


class Call:
    """What is known of one call: when it began, and how often it has failed."""

    def __init__(self, start_s):
        self.start_s = start_s
        self.failures = 0


class Policy:
    """Decorates a function so that it is tried again."""

    catches = Exception

    def __init__(
        self,
        on=ConnectionError,
        attempts=3,
        backoff=None,
        deadline_s=None,
        attempt_timeout_s=None,
        budget=None,
        clock=None,
        seed=None,
    ):
        self.on, self.attempts, self.backoff = on, attempts, backoff or Backoff()
        self.deadline_s, self.attempt_timeout_s, self.budget = deadline_s, attempt_timeout_s, budget
        self.clock = clock or SystemClock()
        self.chance = random.Random(seed)

    def __call__(self, fn):
        if inspect.isgeneratorfunction(fn):
            return functools.wraps(fn)(self.generating(fn))
        return functools.wraps(fn)(self.asynchronous(fn) if inspect.iscoroutinefunction(fn) else self.synchronous(fn))

    def generating(self, fn):
        def begun(*args, **kwargs):
            items = fn(*args, **kwargs)
            return [*itertools.islice(items, 1)], items

        def call(*args, **kwargs):
            first, items = self.synchronous(begun)(*args, **kwargs)
            yield from first
            yield from items

        return call

    def synchronous(self, fn):
        def call(*args, **kwargs):
            state = self.begin()
            while True:
                try:
                    return fn(*args, **kwargs)
                except self.catches as error:
                    wait_s = self.next_wait_s(state, error)
                    if wait_s is None:
                        raise
                self.clock.sleep(wait_s)

        return call

    def asynchronous(self, fn):
        async def call(*args, **kwargs):
            state = self.begin()
            while True:
                try:
                    return await self.limited(state, fn, args, kwargs)
                except self.catches as error:
                    wait_s = self.next_wait_s(state, error)
                    if wait_s is None:
                        raise
                await self.pause(wait_s)

        return call

    def begin(self):
        if self.budget is not None:
            self.budget.deposit()
        return Call(self.clock.monotonic())

    async def pause(self, wait_s):
        await self.clock.sleep_async(wait_s)

    async def limited(self, state, fn, args, kwargs):
        limits = [limit for limit in (self.attempt_timeout_s, self.left_s(state)) if limit is not None]
        if not limits:
            return await fn(*args, **kwargs)
        try:
            async with asyncio.timeout(min(limits)) as timeout:
                return await fn(*args, **kwargs)
        except TimeoutError as error:
            if timeout.expired():
                raise DeadlineExceeded(f"an attempt was cancelled after {min(limits):g} s") from error
            raise

    def next_wait_s(self, state, error):
        """Say how long to wait for the next attempt; None if the error is none of ours."""
        if not self.worth(error):
            return None
        state.failures += 1
        if self.is_last(state):
            raise self.exhausted(state, error, "no attempt is left") from error
        wait_s = self.wait_s(state, error)
        if self.too_long(state, wait_s):
            raise self.exhausted(state, error, f"no time for a wait of {wait_s:.2f} s") from error
        if self.budget is not None and not self.budget.withdraw():
            raise self.exhausted(state, error, "the budget is spent") from error
        return wait_s

    def worth(self, error):
        timed_out = isinstance(error, DeadlineExceeded) and self.attempt_timeout_s is not None
        return timed_out or isinstance(error, self.on)

    def is_last(self, state):
        return state.failures >= self.attempts

    def wait_s(self, state, error):
        return max(self.backoff.wait_s(state.failures, self.chance), getattr(error, "retry_after_s", None) or 0.0)

    def too_long(self, state, wait_s):
        return any(left is not None and wait_s >= left for left in (self.left_s(state), remaining_s()))

    def left_s(self, state):
        if self.deadline_s is None:
            return None
        return max(0.0, state.start_s + self.deadline_s - self.clock.monotonic())

    def exhausted(self, state, error, why):
        return RetryExhausted(f"{state.failures} attempts failed, {why}; the last: {error}", state.failures)


def retry(**options):
    """Return a decorator: ``@retry(on=ConnectionError, attempts=3)``."""
    return Policy(**options)


class TimeWindow(float):
    """Seconds that a breaker looks back on, where a whole number would be calls."""


class Period:
    """What a breaker is in now: a window of results, a cooldown, or a probation; a new one at each change."""

    def __init__(self, state, window=1, since_s=0.0):
        self.state, self.since_s = state, since_s
        # A window of seconds forgets by the moments of its results.
        self.results = collections.deque(maxlen=None if isinstance(window, TimeWindow) else window)
        self.at_s = collections.deque(maxlen=self.results.maxlen)
        self.running = self.passed = 0


class TooSlow(Exception):
    """A call that succeeded too late."""


class CircuitBreaker:
    """Refuses calls of what keeps failing."""

    counts = Exception

    def __init__(
        self,
        name,
        *,
        window=100,
        failure_rate=0.5,
        minimum_calls=10,
        cooldown_s=30.0,
        probes=1,
        slow_call_s=None,
        on=Exception,
        clock=None,
    ):
        self.slow_call_s = float("inf") if slow_call_s is None else slow_call_s
        self.name, self.window, self.failure_rate, self.minimum_calls = name, window, failure_rate, minimum_calls
        self.cooldown_s, self.probes, self.on, self.clock = cooldown_s, probes, on, clock or SystemClock()
        self.lock = threading.Lock()
        self.entered = contextvars.ContextVar("entered", default=())
        self.period = Period("closed", window)

    def __enter__(self):
        self.entered.set((*self.entered.get(), (self.begin(), self.clock.monotonic())))
        return self

    def __exit__(self, kind, error, trace):
        *rest, (period, start_s) = self.entered.get()
        self.entered.set(tuple(rest))
        if error is None and self.slow(start_s):
            error = TooSlow()
        self.end(period, error)

    def slow(self, start_s):
        return self.clock.monotonic() - start_s >= self.slow_call_s

    async def __aenter__(self):
        return self.__enter__()

    async def __aexit__(self, *failure):
        self.__exit__(*failure)

    def call(self, fn, *args, **kwargs):
        return self(fn)(*args, **kwargs)

    def __call__(self, fn):
        @functools.wraps(fn)
        def call(*args, **kwargs):
            with self:
                return fn(*args, **kwargs)

        @functools.wraps(fn)
        async def call_async(*args, **kwargs):
            with self:
                return await fn(*args, **kwargs)

        return call_async if inspect.iscoroutinefunction(fn) else call

    def begin(self):
        """Let a call through and return the period in which it began, or refuse it."""
        with self.lock:
            if self.period.state == "open" and self.left_s() <= 0:
                self.change("half-open")
            if self.period.state == "open":
                raise self.refusal(f"circuit {self.name} is open", self.left_s())
            if self.period.state == "half-open" and self.full():
                raise self.refusal(f"circuit {self.name} is being tried", 0.0)
            self.period.running += 1
            return self.period

    def left_s(self):
        return self.period.since_s + self.cooldown_s - self.clock.monotonic()

    def full(self):
        return self.period.running + self.period.passed >= self.probes

    def refusal(self, message, retry_after_s):
        return CircuitOpen(message, retry_after_s)

    def end(self, period, error):
        with self.lock:
            period.running -= 1
            if period is not self.period:
                return
            if error is not None and not isinstance(error, self.counts):
                return
            self.count(failed=error is not None and isinstance(error, (TooSlow, self.on)))

    def count(self, *, failed):
        if self.period.state == "half-open":
            self.period.passed += not failed
            if failed:
                self.change("open")
            elif self.period.passed >= self.probes:
                self.change("closed")
            return
        self.period.results.append(failed)
        self.period.at_s.append(self.clock.monotonic())
        if isinstance(self.window, float):
            self.forget(self.period)
        if failed and self.failing(self.period.results):
            self.change("open")

    def forget(self, period):
        while self.clock.monotonic() - period.at_s[0] > self.window:
            period.at_s.popleft()
            period.results.popleft()

    def failing(self, results):
        return len(results) >= self.minimum_calls and sum(results) >= self.failure_rate * len(results)

    def change(self, state):
        self.period = Period(state, self.window, self.clock.monotonic())


class PipelineStatus(enum.StrEnum):
    """How a run ended."""

    SUCCESS = "SUCCESS"
    PARTIAL_FAILURE = "PARTIAL_FAILURE"
    FAILURE = "FAILURE"
    CANCELLED = "CANCELLED"


@dataclasses.dataclass
class Step:
    """A function, and what is done when it fails."""

    name: str
    fn: object
    retry: object = None
    fallback: object = None
    optional: bool = False
    when: object = None


@dataclasses.dataclass
class StepResult:
    """What became of a step."""

    name: str
    status: str = "PENDING"
    attempts: int = 0


@dataclasses.dataclass
class PipelineResult:
    """What became of a run; plain data but for the status."""

    status: PipelineStatus
    data: dict = dataclasses.field(default_factory=dict)
    errors: list = dataclasses.field(default_factory=list)
    warnings: list = dataclasses.field(default_factory=list)
    steps: list = dataclasses.field(default_factory=list)

    def to_dict(self):
        return {**dataclasses.asdict(self), "status": str(self.status)}

    @classmethod
    def from_dict(cls, data):
        steps = [StepResult(**step) for step in data["steps"]]
        return cls(**{**data, "status": PipelineStatus(data["status"]), "steps": steps})


class Memory(list):
    """A journal for runs that need not survive."""

    def records(self):
        return iter(self)


class Pipeline:
    """Runs steps in order, and writes down each that has finished."""

    catches = Exception

    def __init__(self, steps, *, journal=None):
        self.steps = list(steps)
        self.journal = Memory() if journal is None else journal
        self.cancelled = False

    def cancel(self):
        self.cancelled = True

    def run(self, inputs=None):
        values = dict(inputs or {})
        self.check(values)
        finished = self.finished()
        result = PipelineResult(PipelineStatus.SUCCESS, steps=[StepResult(step.name) for step in self.steps])
        for step, told in zip(self.steps, result.steps, strict=True):
            if self.cancelled:
                result.status = PipelineStatus.CANCELLED
                break
            if not self.wanted(step, values):
                told.status, values[step.name], result.data[step.name] = "SKIPPED", None, None
                continue
            key = self.key(step, values)
            if key in finished:
                told.status, output = "SUCCESS", finished[key]
            else:
                with contextlib.suppress(Stopped):
                    output = self.made(step, values, told, result)
                if told.status == "FAILED" and not step.optional:
                    break
                if told.status == "SUCCESS":
                    self.write(key, output)
            values[step.name] = result.data[step.name] = output
        return result

    def wanted(self, step, values):
        return step.when is None or step.when(**self.arguments(step.when, values))

    def made(self, step, values, told, result):
        def once(**arguments):
            told.attempts += 1
            return step.fn(**arguments)

        try:
            output = (step.retry(once) if step.retry else once)(**self.arguments(step.fn, values))
        except self.catches as error:
            return self.rescued(step, values, error, told, result)
        told.status = "SUCCESS"
        return output

    def rescued(self, step, values, error, told, result):
        told.status, output = "FAILED", None
        if step.fallback is not None:
            try:
                output = step.fallback(**self.arguments(step.fallback, {**values, "error": error}))
                told.status = "FALLBACK"
            except self.catches as second:
                second.__cause__ = second.__cause__ or error
                error = second
        if told.status == "FAILED" and not step.optional:
            result.status = PipelineStatus.FAILURE
            result.errors.append(self.told(error))
            raise Stopped
        self.note_partial(result)
        result.warnings.append(f"step {step.name} failed: {error}")
        return output

    def note_partial(self, result):
        result.status = PipelineStatus.PARTIAL_FAILURE

    def told(self, error):
        cause = None if error.__cause__ is None else self.told(error.__cause__)
        return {"type": type(error).__name__, "message": str(error), "cause": cause}

    def arguments(self, fn, values):
        return {name: values[name] for name in needs(fn)}

    def check(self, values):
        known = set(values)
        for step in self.steps:
            missing = {*needs(step.fn), *needs(step.when)} | set(needs(step.fallback)) - {"error"}
            missing -= known
            if missing:
                raise ValueError(f"step {step.name} asks for {sorted(missing)}; there is {sorted(known)}")
            if step.name in known:
                raise ValueError(f"the name {step.name} is given twice")
            known.add(step.name)

    def finished(self):
        return {record["key"]: record["output"] for record in self.journal.records()}

    def key(self, step, values):
        return json.dumps([step.name, self.arguments(step.fn, values)], sort_keys=True)

    def write(self, key, output):
        self.journal.append({"key": key, "output": output})


class Stopped(Exception):
    """The run ends here; the result says why."""


def needs(fn):
    """Names of the parameters that have no default."""
    if fn is None:
        return []
    parameters = inspect.signature(fn).parameters.values() if fn not in (list, dict, int) else ()
    return [each.name for each in parameters if each.default is each.empty]
