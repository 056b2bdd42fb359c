"""Blocks that are left in another order than they were entered, as generators leave them."""

import itertools

import pytest

from groundwork.errors import CircuitOpen
from groundwork.resilience import CircuitBreaker


def entered(clock, names):
    breakers = {name: CircuitBreaker(name, window=1, cooldown_s=5, clock=clock) for name in names}
    for breaker in breakers.values():
        breaker.__enter__()
    return breakers


def is_open(breaker):
    try:
        with breaker:
            return False
    except CircuitOpen:
        return True


@pytest.mark.parametrize("order", list(itertools.permutations("abc")), ids="".join)
def test_each_block_is_judged_by_its_own_end(order, clock):
    breakers = entered(clock, "abc")
    error = OSError("down")

    for name in order:
        failed = name == order[0]
        breakers[name].__exit__(*((OSError, error, None) if failed else (None, None, None)))

    assert [is_open(breakers[name]) for name in order] == [True, False, False]


@pytest.mark.parametrize("order", list(itertools.permutations("abc")), ids="".join)
def test_the_blocks_that_are_left_know_when_they_began(order, clock):
    breakers = {
        name: CircuitBreaker(name, window=1, slow_call_s=2.5, slow_rate=1.0, cooldown_s=50, clock=clock)
        for name in "abc"
    }
    for breaker in breakers.values():
        breaker.__enter__()
        clock.advance(1)

    # Three seconds since a, two since b, one since c: all are left at once, and a alone was slow.
    for name in order:
        breakers[name].__exit__(None, None, None)

    assert {name for name in "abc" if is_open(breakers[name])} == {"a"}
