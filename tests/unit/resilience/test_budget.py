import math
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundwork.errors import ConfigurationError, RetryExhausted
from groundwork.resilience import Backoff, RetryBudget, retry
from groundwork.testing import VirtualClock


def granted(budget, asked):
    return sum(budget.withdraw() for _ in range(asked))


def outage(clock, calls_per_s, seconds, attempts=3, **options):
    """Calls at a steady rate, all of which fail; return calls made by first attempts."""
    budget = RetryBudget(clock=clock, **options)
    made = 0
    for _ in range(int(calls_per_s * seconds)):
        clock.advance(1 / calls_per_s)
        budget.deposit()
        made += 1
        for _ in range(attempts - 1):
            if not budget.withdraw():
                break
            made += 1
    return made / int(calls_per_s * seconds)


def test_in_a_full_outage_calls_stay_within_the_ratio(clock):
    assert 1.15 < outage(clock, calls_per_s=1000, seconds=30) <= 1.25


@settings(deadline=None, max_examples=30)
@given(calls_per_s=st.floats(60, 2000), ratio=st.floats(0.0, 1.0), attempts=st.integers(2, 20))
def test_the_ratio_is_a_bound_beyond_what_the_first_second_has_saved(calls_per_s, ratio, attempts):
    share = outage(VirtualClock(), calls_per_s, 20, attempts, ratio=ratio, min_per_s=10)

    floor = 10 * (20 + 2) / (calls_per_s * 20)
    assert share <= 1 + max(ratio, floor) + floor


def test_where_the_ratio_gives_as_much_the_floor_does_not_come_on_top(clock):
    share = outage(clock, calls_per_s=50, seconds=60, ratio=0.2, min_per_s=10)

    saved = 10 * 2 / (50 * 60)
    assert share <= 1.2 + saved


def test_callers_of_few_calls_may_retry_at_the_floor(clock):
    budget = RetryBudget(ratio=0.2, min_per_s=2.5, memory_s=1, clock=clock)
    granted(budget, 100)

    clock.advance(100)

    assert granted(budget, 100) == 2
    assert RetryBudget(ratio=0, min_per_s=0, clock=clock).withdraw() is False


def test_the_first_call_of_a_process_may_be_retried(clock):
    assert granted(RetryBudget(clock=clock), 100) == 20


def test_a_quiet_hour_saves_no_more_than_the_memory(clock):
    budget = RetryBudget(ratio=0.2, min_per_s=0, memory_s=2, clock=clock)
    for _ in range(3600):
        budget.deposit()
    clock.advance(3600)

    # One call a second, of which each earns 0.2 for two seconds.
    assert budget.balance() == pytest.approx(0.4, rel=0.01)


def test_calls_at_one_instant_earn_their_share(clock):
    budget = RetryBudget(ratio=0.2, min_per_s=0, clock=clock)
    for _ in range(100):
        budget.deposit()

    assert (granted(budget, 100), budget.balance()) == (20, pytest.approx(0))


def test_what_was_earned_and_not_spent_fades(clock):
    budget = RetryBudget(ratio=0.2, min_per_s=0, memory_s=2, clock=clock)
    for _ in range(100):
        budget.deposit()
    assert budget.balance() == pytest.approx(20)

    clock.advance(2)

    assert budget.balance() == pytest.approx(20 / math.e)


def test_looking_at_the_balance_spends_and_earns_nothing(clock):
    budget = RetryBudget(ratio=1, min_per_s=1, memory_s=1, clock=clock)

    assert [budget.balance() for _ in range(50)] == [1.0] * 50


def test_no_thread_gets_what_another_has_spent():
    budget = RetryBudget(ratio=0.5, min_per_s=0, memory_s=1e9)
    counts = []

    def call():
        for _ in range(2000):
            budget.deposit()
        counts.append(granted(budget, 2000))

    threads = [threading.Thread(target=call) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(counts) + budget.balance() == pytest.approx(8000, abs=1)


def test_policies_that_share_a_budget_give_up_together(clock, flaky):
    budget = RetryBudget(ratio=0, min_per_s=1, memory_s=3, clock=clock)
    first = retry(attempts=3, backoff=Backoff(0), budget=budget, clock=clock)
    second = retry(attempts=3, backoff=Backoff(0), budget=budget, clock=clock, deadline_s=60)

    assert first.call(flaky(2)) == "done"
    with pytest.raises(RetryExhausted, match=r"2 of 3 attempts failed in 0.0 s; the retry budget is spent"):
        second.call(flaky(2))


def test_without_a_bound_on_attempts_the_budget_ends_them(clock, flaky):
    budget = RetryBudget(ratio=0, min_per_s=1, memory_s=3, clock=clock)

    with pytest.raises(RetryExhausted, match=r"^4 attempts failed in 0.0 s; the retry budget is spent"):
        retry(attempts=None, backoff=Backoff(0), budget=budget, clock=clock).call(flaky(99))


def test_each_first_attempt_earns_and_retries_do_not(clock, flaky):
    budget = RetryBudget(ratio=1, min_per_s=0, memory_s=1e9, clock=clock)
    policy = retry(attempts=3, backoff=Backoff(0), budget=budget, clock=clock)

    for _ in range(4):
        policy.call(flaky(0))
    policy.call(flaky(2))

    assert budget.balance() == pytest.approx(5 - 2)


def test_coroutines_earn_as_functions_do(clock, flaky):
    budget = RetryBudget(ratio=1, min_per_s=0, memory_s=1e9, clock=clock)

    for limit in ({}, {"deadline_s": 60}):
        policy = retry(attempts=3, backoff=Backoff(0), budget=budget, clock=clock, **limit)
        clock.run(policy.call(flaky(0).answer))
        clock.run(policy.call(flaky(1).answer))

    assert budget.balance() == pytest.approx(4 - 2)


def test_a_retry_that_will_not_be_made_is_not_paid_for(clock, flaky):
    budget = RetryBudget(ratio=0, min_per_s=5, memory_s=1, clock=clock)

    with pytest.raises(RetryExhausted):
        retry(attempts=1, budget=budget, clock=clock).call(flaky(9))

    assert budget.balance() == 5


@pytest.mark.parametrize(
    "wrong", [{"ratio": -0.1}, {"min_per_s": -1}, {"memory_s": 0}, {"ratio": float("nan")}, {"min_per_s": float("inf")}]
)
def test_numbers_that_cannot_work_are_refused(wrong):
    with pytest.raises(ConfigurationError, match="retry budget"):
        RetryBudget(**wrong)


def test_what_came_in_over_a_while_has_faded_from_when_it_came(clock):
    budget = RetryBudget(1.0, 0.0, memory_s=10, clock=clock)
    for _ in range(8):
        budget.deposit()
    clock.advance(5)

    assert budget.balance() == pytest.approx(8 * (1 - math.exp(-0.5)) / 0.5)


def test_the_floor_comes_back_to_what_the_memory_holds(clock):
    budget = RetryBudget(0.0, 2.0, memory_s=10, clock=clock)
    while budget.withdraw():
        pass
    clock.advance(10)

    assert budget.balance() == pytest.approx(20 * (1 - math.exp(-1)), abs=1)
    clock.advance(1e4)
    assert budget.balance() == pytest.approx(20)
