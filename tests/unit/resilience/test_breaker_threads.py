"""Threads meet at barriers and events; the clock does not move by itself."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from groundwork.errors import CircuitOpen
from groundwork.resilience import CircuitBreaker

WAIT_S = 30


def failing(breaker):
    with pytest.raises(OSError, match="down"), breaker:
        raise OSError("down")


def half_open(clock, **options):
    breaker = CircuitBreaker("prices", window=4, minimum_calls=2, cooldown_s=5.0, clock=clock, **options)
    failing(breaker)
    failing(breaker)
    clock.advance(5)
    return breaker


@pytest.mark.parametrize("probes", [1, 3])
def test_of_many_threads_a_half_open_breaker_lets_its_probes_through(clock, probes):
    breaker = half_open(clock, probes=probes)
    start, all_answered = threading.Barrier(16), threading.Barrier(16)

    def call(number):
        start.wait(WAIT_S)
        try:
            with breaker:
                all_answered.wait(WAIT_S)
        except CircuitOpen:
            all_answered.wait(WAIT_S)
            return "refused"
        return "through"

    with ThreadPoolExecutor(16) as pool:
        outcomes = list(pool.map(call, range(16)))

    assert (outcomes.count("through"), breaker.state) == (probes, "closed")


def test_no_lock_is_held_during_a_call(clock):
    breaker = CircuitBreaker("prices", clock=clock)
    together = threading.Barrier(4)

    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(breaker(together.wait), WAIT_S) for _ in range(4)]:
            done.result(WAIT_S)

    assert breaker.snapshot().calls == 4


def test_threads_that_fail_at_once_open_it_once(clock):
    told = []
    breaker = CircuitBreaker("prices", window=8, minimum_calls=8, clock=clock, hook=told.append)
    start, inside = threading.Barrier(8), threading.Barrier(8)

    def call(_):
        start.wait(WAIT_S)
        with pytest.raises(OSError, match="down"), breaker:
            inside.wait(WAIT_S)
            raise OSError("down")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(call, range(8)))

    assert [(change.number, change.after) for change in told] == [(1, "open")]


def test_a_call_of_another_thread_from_before_a_change_does_not_count(clock):
    breaker = CircuitBreaker("prices", window=4, minimum_calls=2, cooldown_s=5.0, clock=clock)
    begun, go_on = threading.Event(), threading.Event()

    def late():
        with pytest.raises(OSError, match="late"), breaker:
            begun.set()
            assert go_on.wait(WAIT_S)
            raise OSError("late")

    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(late)
        assert begun.wait(WAIT_S)
        failing(breaker)
        failing(breaker)
        clock.advance(5)
        breaker.call(int)
        go_on.set()
        done.result(WAIT_S)

    assert (breaker.state, breaker.snapshot().failed) == ("closed", 0)


def test_every_call_of_many_threads_is_counted(clock):
    breaker = CircuitBreaker("prices", window=100_000, failure_rate=1.0, clock=clock)
    guarded = breaker(divmod)

    def work(_):
        for number in range(500):
            if number % 5:
                guarded(1, 1)
            else:
                with pytest.raises(ZeroDivisionError):
                    guarded(1, 0)

    breaker.call(int)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))

    snapshot = breaker.snapshot()
    assert (snapshot.calls, snapshot.failed) == (2001, 400)
