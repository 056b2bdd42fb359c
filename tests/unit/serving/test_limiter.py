import asyncio
import random
from concurrent.futures import Executor, Future

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundwork.concurrency import Batcher
from groundwork.errors import ConfigurationError
from groundwork.serving._limiter import AdaptiveLimit
from groundwork.testing import run_virtual


class CostlyModel(Executor):
    """A batch takes so long on the virtual clock: 5 ms, and 0.1 ms an item, times ``slowness``."""

    def __init__(self):
        self.slowness = 1.0

    def submit(self, fn, /, *args):
        future = Future()
        answers = fn(*args)
        asyncio.get_running_loop().call_later(
            (0.005 + 0.0001 * len(args[-1])) * self.slowness, future.set_result, answers
        )
        return future


IDEAL_PER_S = 32 / (0.005 + 0.0032)


class Server:
    """A batcher behind a limit, and what its clients met."""

    def __init__(self, limit, batcher, deadline_s=None):
        self.limit = limit
        self.batcher = batcher
        self.deadline_s = deadline_s
        self.answered, self.latencies, self.refused, self.dropped = 0, [], 0, 0

    def ask(self, then=None):
        loop = asyncio.get_running_loop()
        if not self.limit.acquire():
            self.refused += 1
            return
        began = loop.time()

        def done(outcome):
            dropped = not isinstance(outcome, list)
            self.limit.release(loop.time() - began, dropped)
            self.dropped += dropped
            if not dropped:
                self.answered += 1
                self.latencies.append(loop.time() - began)
            if then is not None:
                loop.call_soon(then)

        self.batcher.post([0], done, self.deadline_s)


async def open_loop(server, rate_per_s, seconds, seed=1):
    """Ask at random moments, whatever the answers do."""
    loop, rng = asyncio.get_running_loop(), random.Random(seed)
    end = loop.time() + seconds
    while loop.time() < end:
        await asyncio.sleep(rng.expovariate(rate_per_s))
        server.ask()


def simulate(story, *, deadline_s=None, model=None, **options):
    async def main():
        async with Batcher(
            lambda items: items, max_size=32, max_queue=100_000, executor=model or CostlyModel()
        ) as batcher:
            server = Server(AdaptiveLimit(32, **options), batcher, deadline_s)
            await story(server)
        return server

    return run_virtual(main())


@pytest.mark.parametrize("times", [2, 10])
def test_overload_costs_no_throughput_and_latency_stays_where_two_batches_put_it(times):
    async def story(server):
        await open_loop(server, times * IDEAL_PER_S, 1.0)
        server.answered, server.latencies = 0, []
        await open_loop(server, times * IDEAL_PER_S, 1.5)

    server = simulate(story)

    assert server.answered >= 0.97 * 1.5 * IDEAL_PER_S
    # Twice the 16.4 ms of two full batches is less than the 50 ms that are well in any case.
    assert sorted(server.latencies)[int(0.99 * len(server.latencies))] < 0.065
    assert server.refused > 0


def test_without_overload_nobody_is_refused():
    server = simulate(lambda server: open_loop(server, 0.75 * IDEAL_PER_S, 1.0))

    assert server.refused == 0


def test_deadlines_shorter_than_what_is_well_are_met_all_the_same():
    async def story(server):
        await open_loop(server, 2 * IDEAL_PER_S, 0.5)
        server.answered = 0
        await open_loop(server, 2 * IDEAL_PER_S, 2.0)

    server = simulate(story, deadline_s=0.02)

    assert server.answered >= 0.85 * 2.0 * IDEAL_PER_S


def test_a_model_that_becomes_slow_shrinks_the_limit_and_one_that_recovers_lets_everybody_in():
    model = CostlyModel()
    limits, refused = [], []

    async def story(server):
        for slowness, seconds in ((1.0, 2.0), (8.0, 8.0), (0.1, 2.0)):
            model.slowness = slowness
            await open_loop(server, 2 * IDEAL_PER_S, seconds)
            limits.append(server.limit.limit)
            refused.append(server.refused)
        await open_loop(server, 2 * IDEAL_PER_S, 0.5)
        refused.append(server.refused)

    simulate(story, model=model)

    # Twice the latency of two full batches is well, though it is more than calm.
    assert limits[0] > limits[1] > 80
    assert refused[0] < refused[1]
    assert refused[2] == refused[3]


def test_fast_answers_let_any_number_in_soon():
    refused = []

    async def story(server):
        loop = asyncio.get_running_loop()

        def again():
            if loop.time() < 0.4:
                before = server.refused
                server.ask(again)
                if server.refused > before:
                    refused.append(loop.time())
                    loop.call_later(0.01, again)

        for _ in range(1000):
            again()
        await asyncio.sleep(0.5)

    model = CostlyModel()
    model.slowness = 0.02

    simulate(story, model=model)

    assert 0.0 in refused
    assert max(refused) < 0.2


def test_the_base_is_the_latency_of_two_full_batches_and_not_of_an_idle_server():
    async def story(server):
        await open_loop(server, 100, 0.5)
        assert server.limit.base_s == 0.0
        await open_loop(server, 3 * IDEAL_PER_S, 1.0)

    server = simulate(story, calm_s=0.01)

    assert 0.012 < server.limit.base_s < 0.018


def test_a_limit_that_nobody_reaches_stays_as_it_is():
    limit = AdaptiveLimit(4)
    before = limit.limit

    for _ in range(2000):
        limit.acquire()
        limit.release(0.001)

    assert limit.limit == before


def answer(limit, number, seconds, *, dropped=False, in_flight=10_000):
    """Keep as many in flight as may be, up to a number, and answer so many of them."""
    for _ in range(number):
        while limit.in_flight < in_flight and limit.acquire():
            pass
        limit.release(seconds, dropped)


def test_the_limit_shrinks_to_what_was_in_flight_though_nobody_reached_it_when_requests_are_slow():
    limit = AdaptiveLimit(4, calm_s=0.01, tolerance=1.0, probe_rounds=10**6)
    answer(limit, 500, 0.02)
    answer(limit, 20_000, 0.005)
    grown = limit.limit
    while limit.in_flight:
        limit.release(None)

    answer(limit, 200, 0.015, in_flight=12)

    assert grown > 200
    assert limit.limit <= 16


def test_the_base_falls_when_a_loaded_server_answers_sooner():
    limit = AdaptiveLimit(4, calm_s=0.01, tolerance=10.0, probe_rounds=10**6)
    answer(limit, 200, 0.5)
    before = limit.base_s

    answer(limit, 200, 0.3)

    assert (0.5, 0.3) == (before, pytest.approx(limit.base_s))


def test_the_base_is_renewed_after_a_while():
    limit = AdaptiveLimit(4, calm_s=0.01, tolerance=10.0, probe_rounds=5)
    answer(limit, 200, 0.1)
    before = limit.base_s

    answer(limit, 2000, 0.4)

    assert pytest.approx(0.1) == before
    assert limit.base_s > 0.3


def test_a_look_at_the_base_in_which_many_gave_up_leaves_the_limit_where_it_is():
    limit = AdaptiveLimit(4, calm_s=0.01)
    answer(limit, 32, 0.5)
    assert limit.limit == 8
    answer(limit, limit.in_flight, 0.5)

    answer(limit, 20, 0.5, dropped=True)

    assert limit.limit == 8


def test_a_slow_model_with_little_to_do_keeps_room_for_a_burst():
    limit = AdaptiveLimit(4)
    before = limit.limit
    for _ in range(8):
        limit.acquire()

    for number in range(500):
        limit.release(3.0, dropped=number % 2 == 0)
        limit.acquire()

    assert limit.limit == before


def test_answers_that_say_nothing_change_nothing():
    limit = AdaptiveLimit(4)
    before = limit.limit

    for _ in range(500):
        while limit.acquire():
            pass
        limit.release(None)

    assert limit.limit == before


def test_a_few_that_gave_up_are_no_reason_to_shrink_and_many_are():
    def limit_after(every):
        limit = AdaptiveLimit(4, calm_s=10.0)
        for number in range(5000):
            while limit.acquire():
                pass
            limit.release(0.02, dropped=number % every == 0)
        return limit.limit

    assert limit_after(50) > 32
    assert limit_after(2) == limit_after(1) == 8


def test_a_look_at_the_base_that_met_no_load_is_given_up():
    limit = AdaptiveLimit(4, calm_s=0.01)
    for _ in range(20):
        limit.acquire()
    for _ in range(20):
        limit.release(0.5)
        limit.acquire()
    assert limit.limit == 8

    for _ in range(20):
        limit.release(0.5)
    for _ in range(20):
        limit.acquire()
        limit.release(0.001)

    assert limit.limit > 8
    assert limit.base_s == 0.0


@pytest.mark.parametrize(
    ("name", "value"),
    [("batch_size", 0), ("batches", 0), ("max_limit", 0), ("tolerance", 0.5), ("calm_s", -1), ("probe_rounds", 0)],
)
def test_a_number_out_of_range_is_named(name, value):
    with pytest.raises(ConfigurationError, match=f"{name} is {value}"):
        AdaptiveLimit(**{"batch_size": 4, name: value})


events = st.lists(
    st.tuples(
        st.integers(0, 40),
        st.integers(0, 40),
        st.one_of(st.none(), st.sampled_from([0.0, 0.0004, 0.02, 0.3, 60.0])),
        st.booleans(),
    ),
    max_size=60,
)


@settings(deadline=None, max_examples=50)
@given(events, st.integers(1, 8), st.integers(1, 3), st.integers(1, 100))
def test_never_more_than_the_limit_in_flight_and_never_less_than_two_batches_allowed(plan, size, batches, max_limit):
    limit = AdaptiveLimit(size, batches=batches, max_limit=max_limit)
    least = min(2 * size * batches, max_limit)
    in_flight = 0

    for come, go, seconds, dropped in plan:
        for _ in range(come):
            allowed = in_flight < limit.limit
            assert limit.acquire() is allowed
            in_flight += allowed
        for _ in range(min(go, in_flight)):
            limit.release(seconds, dropped)
            in_flight -= 1
            assert least <= limit.limit <= max_limit
        assert limit.in_flight == in_flight
