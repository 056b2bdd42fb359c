import asyncio
import inspect
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from groundwork.errors import CircuitOpen, ConfigurationError, DeadlineExceeded, Overloaded, RetryExhausted, WorldError
from groundwork.resilience import (
    Backoff,
    BreakerState,
    Bulkhead,
    CircuitBreaker,
    CountWindow,
    Policy,
    RetryBudget,
    deadline,
    fallback,
    remaining_s,
    retry,
)

pytestmark = pytest.mark.virtual_time


def steady(clock, **options):
    return retry(backoff=Backoff(1, 1, 1, "none"), clock=clock, **options)


def quick_breaker(clock, **options):
    return CircuitBreaker("source", window=CountWindow(2), minimum_calls=2, cooldown_s=60, clock=clock, **options)


def everything(clock, instead="stale"):
    return Policy(
        retry=steady(clock),
        breaker=CircuitBreaker("source", clock=clock),
        bulkhead=Bulkhead(2, clock=clock),
        deadline=deadline(10, clock=clock),
        fallback=fallback(instead),
    )


def test_a_policy_of_nothing_calls():
    assert Policy()(str.upper)("a") == Policy().call(str.upper, "a") == "A"


def test_with_every_part_a_good_call_answers(clock):
    policy = everything(clock)

    assert policy(str.upper)("a") == policy.call(str.upper, "a") == "A"
    assert clock.sleeps == []


def test_a_failure_that_passes_is_retried_and_nobody_notices(clock, flaky):
    work = flaky(2)

    assert everything(clock)(work)("done") == "done"
    assert (work.calls, clock.sleeps) == (3, [1, 1])


def test_the_fallback_is_outermost(clock, flaky):
    seen = []
    work = flaky(99)
    policy = Policy(retry=steady(clock), fallback=fallback("stale", hook=lambda served: seen.append(served.error)))

    assert policy(work)() == "stale"
    assert [type(error) for error in seen] == [RetryExhausted]
    assert work.calls == 3


def test_the_deadline_bounds_the_waits_of_the_retry(clock, flaky):
    work = flaky(99, clock=clock, takes_s=3)
    policy = Policy(retry=steady(clock, attempts=None, budget=RetryBudget()), deadline=deadline(10, clock=clock))

    with pytest.raises(RetryExhausted, match="the deadline around the call leaves"):
        policy(work)()

    assert (work.calls, clock.monotonic() - 100) == (3, 11)


def test_a_call_under_a_deadline_that_has_passed_is_not_begun(clock, flaky):
    work = flaky(0)

    with deadline(1, clock=clock), pytest.raises(DeadlineExceeded):
        clock.advance(2)
        everything(clock, instead=_raise)(work)()

    assert work.calls == 0


@pytest.mark.parametrize(
    "parts",
    [("bulkhead",), ("breaker",), ("breaker", "bulkhead"), ("retry",), ("retry", "breaker", "bulkhead")],
    ids=" ".join,
)
def test_whichever_parts_it_has_it_looks_at_the_deadline_around_it(clock, flaky, parts):
    work = flaky(0)
    every = {"bulkhead": Bulkhead(1, clock=clock), "breaker": quick_breaker(clock), "retry": steady(clock)}
    guarded = Policy(**{part: every[part] for part in parts})(work)

    with deadline(1, clock=clock), pytest.raises(DeadlineExceeded):
        clock.advance(2)
        guarded()

    assert work.calls == 0


def _raise(error):
    raise error


def test_the_breaker_counts_each_attempt_and_an_open_circuit_is_not_retried(clock, flaky):
    work, breaker = flaky(99), quick_breaker(clock)
    policy = Policy(retry=steady(clock, attempts=5), breaker=breaker)

    with pytest.raises(CircuitOpen):
        policy(work)()

    assert (work.calls, breaker.state, clock.sleeps) == (2, BreakerState.OPEN, [1, 1])


def test_an_open_circuit_is_retried_if_asked(clock, flaky):
    work, breaker = flaky(2), quick_breaker(clock)
    policy = Policy(retry=steady(clock, on=WorldError, attempts=5), breaker=breaker)

    assert policy(work)() == "done"
    assert (work.calls, clock.sleeps) == (3, [1, 1, 59])


def test_a_call_that_waits_for_its_next_attempt_holds_no_slot(clock, flaky):
    bulkhead, running = Bulkhead(1), []
    policy = Policy(retry=retry(hook=lambda attempt: running.append(bulkhead.running), clock=clock), bulkhead=bulkhead)

    policy(flaky(2))()

    assert running == [0, 0]


def test_a_refusal_of_the_bulkhead_is_retried(clock):
    bulkhead = Bulkhead(1)
    bulkhead.__enter__()
    policy = Policy(
        retry=retry(hook=lambda attempt: bulkhead.__exit__(None, None, None), clock=clock), bulkhead=bulkhead
    )

    assert policy.call(str.upper, "a") == "A"


def test_a_refusal_of_the_bulkhead_is_no_failure_of_what_is_called(clock):
    bulkhead, breaker = Bulkhead(1), quick_breaker(clock)
    policy = Policy(breaker=breaker, bulkhead=bulkhead)

    with bulkhead:
        for _ in range(5):
            with pytest.raises(Overloaded, match="bulkhead: 1 calls run"):
                policy.call(str.upper, "a")

    assert breaker.state is BreakerState.CLOSED
    assert policy.call(str.upper, "a") == "A"


def test_a_refusal_by_what_is_called_is_a_failure_of_it(clock, flaky):
    breaker = quick_breaker(clock)
    guarded = Policy(breaker=breaker, bulkhead=Bulkhead(1))(flaky(99, Overloaded))

    for _ in range(2):
        with pytest.raises(Overloaded):
            guarded()

    assert breaker.state is BreakerState.OPEN


def test_a_probe_that_got_no_slot_gives_up_its_place(clock, flaky):
    bulkhead, breaker = Bulkhead(1), quick_breaker(clock)
    guarded = Policy(breaker=breaker, bulkhead=bulkhead)(flaky(2))
    for _ in range(2):
        with pytest.raises(WorldError):
            guarded()
    clock.advance(60)

    with bulkhead, pytest.raises(Overloaded):
        guarded()

    assert guarded() == "done"
    assert breaker.state is BreakerState.CLOSED


def test_an_open_circuit_refuses_before_the_queue(clock, flaky):
    bulkhead, breaker = Bulkhead(1), quick_breaker(clock)
    breaker.force_open()

    with bulkhead, pytest.raises(CircuitOpen):
        Policy(breaker=breaker, bulkhead=bulkhead)(flaky(0))()


def test_a_decorated_function_keeps_its_signature_and_its_kind(clock):
    @everything(clock)
    def load(path: str, rows: int = 3) -> str:
        """Load."""
        return path * rows

    @everything(clock)
    async def load_async(path: str) -> str:
        """Load."""
        return path

    assert (load("a"), load.__doc__, str(inspect.signature(load))) == (
        "aaa",
        "Load.",
        "(path: str, rows: int = 3) -> str",
    )
    assert (inspect.iscoroutinefunction(load), inspect.iscoroutinefunction(load_async)) == (False, True)
    assert (load_async.__name__, str(inspect.signature(load_async))) == ("load_async", "(path: str) -> str")


def test_methods_of_every_kind_are_guarded(clock):
    policy = everything(clock)

    class Source:
        @policy
        def method(self):
            return self

        @policy
        @classmethod
        def above(cls):
            return cls

        @classmethod
        @policy
        def below(cls):
            return cls

        @staticmethod
        @policy
        def static(value):
            return value

    source = Source()
    assert [source.method(), Source.above(), Source.below(), Source.static(4)] == [source, Source, Source, 4]


def test_hooks_are_told_the_name_of_the_function(clock, flaky):
    names = []
    policy = Policy(
        retry=steady(clock, hook=lambda attempt: names.append(attempt.name)),
        breaker=CircuitBreaker("source", clock=clock),
        bulkhead=Bulkhead(2),
        deadline=deadline(60, clock=clock),
        fallback=fallback(0, hook=lambda served: names.append(served.name)),
    )

    @policy
    def load():
        raise WorldError("bad")

    @policy
    def load_again():
        return work()

    work = flaky(1)
    load()
    load_again()

    place = f"{__name__}.test_hooks_are_told_the_name_of_the_function.<locals>"
    assert names == [f"{place}.load", f"{place}.load_again"]


def test_a_generator_function_is_refused(clock):
    def rows():
        yield 1

    with pytest.raises(ConfigurationError, match="policy cannot hold around the generator function"):
        Policy(retry=steady(clock))(rows)


def test_two_functions_share_the_parts_of_one_policy(clock, flaky):
    breaker = quick_breaker(clock)
    policy = Policy(breaker=breaker)
    first, second = policy(flaky(9)), policy(flaky(9))

    for guarded in (first, second):
        with pytest.raises(WorldError):
            guarded()

    with pytest.raises(CircuitOpen):
        first()


def test_a_number_is_a_deadline_in_seconds():
    assert 29 < Policy(deadline=30).call(remaining_s) <= 30


@pytest.mark.parametrize("name", ["retry", "breaker", "bulkhead", "deadline", "fallback"])
def test_a_part_of_the_wrong_kind_is_refused(name):
    with pytest.raises(ConfigurationError, match=f"policy {name}='3' is no"):
        Policy(**{name: "3"})


async def test_every_part_works_on_coroutine_functions(virtual_clock, flaky):
    work = flaky(2)
    policy = everything(virtual_clock)

    assert await policy(work.answer)("done") == "done"
    assert await policy.call(flaky(99).answer) == "stale"
    assert virtual_clock.monotonic() == 4


async def test_a_hung_call_is_cancelled_and_counted_by_the_breaker(virtual_clock):
    breaker, bulkhead = quick_breaker(virtual_clock), Bulkhead(1)
    policy = Policy(
        retry=steady(virtual_clock, attempt_timeout_s=3),
        breaker=breaker,
        bulkhead=bulkhead,
        deadline=deadline(60, clock=virtual_clock),
    )

    with pytest.raises(CircuitOpen):
        await policy(asyncio.sleep)(1e6)

    assert (virtual_clock.monotonic(), breaker.state, bulkhead.running) == (3 + 1 + 3 + 1, BreakerState.OPEN, 0)


async def test_the_deadline_cancels_whatever_is_inside(virtual_clock):
    breaker, bulkhead = quick_breaker(virtual_clock), Bulkhead(1, 1)
    policy = Policy(
        retry=steady(virtual_clock), breaker=breaker, bulkhead=bulkhead, deadline=deadline(5, clock=virtual_clock)
    )

    for hold in (False, True):
        if hold:
            bulkhead.__enter__()
        with pytest.raises(DeadlineExceeded):
            await policy(asyncio.sleep)(1e6)

    assert virtual_clock.monotonic() == 10
    assert (bulkhead.running, bulkhead.waiting) == (1, 0)
    # The first call hung, the second never began.
    assert breaker.snapshot().failed == 1


async def test_a_refusal_of_the_bulkhead_is_no_failure_of_an_async_call(virtual_clock):
    bulkhead, breaker = Bulkhead(1), quick_breaker(virtual_clock)
    guarded = Policy(breaker=breaker, bulkhead=bulkhead)(asyncio.sleep)
    first = asyncio.create_task(guarded(10, "a"))
    await asyncio.sleep(1)

    for _ in range(5):
        with pytest.raises(Overloaded):
            await guarded(1)

    assert (await first, breaker.state) == ("a", BreakerState.CLOSED)


def test_threads_queue_under_a_policy(clock):
    bulkhead = Bulkhead(1, 1)
    guarded = Policy(breaker=quick_breaker(clock), bulkhead=bulkhead)(str.upper)

    with ThreadPoolExecutor(1) as pool:
        with bulkhead:
            answer = pool.submit(guarded, "a")
            while not bulkhead.waiting:
                threading.Event().wait(0.001)

        assert answer.result() == "A"


async def test_calls_queue_under_a_policy(virtual_clock):
    guarded = Policy(breaker=quick_breaker(virtual_clock), bulkhead=Bulkhead(1, 5))(asyncio.sleep)

    answers = await asyncio.gather(*(guarded(1, number) for number in range(4)))

    assert (answers, virtual_clock.monotonic()) == ([0, 1, 2, 3], 4)


async def test_a_cancellation_goes_through_every_part(virtual_clock):
    calls = []
    policy = everything(virtual_clock)

    @policy
    async def hang():
        calls.append(1)
        await asyncio.sleep(5)

    task = asyncio.create_task(hang())
    await asyncio.sleep(1)
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    assert calls == [1]


@pytest.mark.parametrize("end", [KeyboardInterrupt, SystemExit])
def test_what_ends_the_program_goes_through_every_part(clock, end):
    calls = []

    def ends():
        calls.append(1)
        raise end

    with pytest.raises(end):
        everything(clock)(ends)()

    assert calls == [1]
