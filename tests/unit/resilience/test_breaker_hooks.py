import logging

import pytest

from groundwork.errors import CircuitOpen
from groundwork.resilience import BreakerChange, CircuitBreaker


def small(clock, **options):
    return CircuitBreaker("prices", window=4, minimum_calls=2, cooldown_s=5.0, clock=clock, **options)


def fail(breaker):
    with pytest.raises(OSError, match="down"), breaker:
        raise OSError("down")


def test_a_hook_is_told_of_each_change_and_why(clock):
    told = []
    breaker = small(clock, hook=told.append)

    fail(breaker)
    fail(breaker)
    clock.advance(5)
    fail(breaker)
    clock.advance(5)
    breaker.call(int)

    assert told == [
        BreakerChange(
            "prices", 1, "closed", "open", "2 of the last 2 calls failed, the last with OSError: down", 100.0
        ),
        BreakerChange("prices", 2, "open", "half_open", "the cooldown is over", 105.0),
        BreakerChange("prices", 3, "half_open", "open", "a probe failed with OSError: down", 105.0),
        BreakerChange("prices", 4, "open", "half_open", "the cooldown is over", 110.0),
        BreakerChange("prices", 5, "half_open", "closed", "the probes succeeded", 110.0),
    ]


def test_a_hook_is_told_what_operators_do_once(clock):
    told = []
    breaker = small(clock, hook=told.append)

    for order in (breaker.reset, breaker.force_open, breaker.force_open, breaker.force_closed, breaker.reset):
        order()

    assert [(change.before.value, change.after.value, change.reason) for change in told] == [
        ("closed", "forced_open", "forced open"),
        ("forced_open", "forced_closed", "forced closed"),
        ("forced_closed", "closed", "reset"),
    ]


def test_a_hook_hears_nothing_of_calls(clock):
    told = []
    breaker = small(clock, hook=told.append)

    for _ in range(3):
        breaker.call(int)
    fail(breaker)

    assert told == []


def test_a_hook_may_use_the_breaker(clock):
    seen = []
    breaker = small(clock, hook=lambda change: seen.append((change.after, breaker.snapshot().state)))

    fail(breaker)
    fail(breaker)

    assert seen == [("open", "open")]


def test_a_hook_that_fails_is_logged_and_the_call_goes_on(clock, caplog):
    def broken(change):
        raise RuntimeError("the hook's own fault")

    breaker = small(clock, hook=broken)

    with caplog.at_level(logging.ERROR, "groundwork.resilience"):
        fail(breaker)
        fail(breaker)

    assert [record.name for record in caplog.records] == ["groundwork.resilience"]
    assert "the hook's own fault" in caplog.text


def test_a_hook_that_ends_the_program_takes_no_slot_with_it(clock):
    def ending(change):
        if change.after == "half_open":
            raise SystemExit(3)

    breaker = small(clock, hook=ending)
    fail(breaker)
    fail(breaker)
    clock.advance(5)

    with pytest.raises(SystemExit), breaker:
        pytest.fail("was entered")

    assert breaker.call(int) == 0


def test_a_snapshot_says_it_all(clock):
    breaker = small(clock)
    fail(breaker)
    fail(breaker)
    with pytest.raises(CircuitOpen), breaker:
        pytest.fail("was entered")

    snapshot = breaker.snapshot()

    assert {name: getattr(snapshot, name) for name in snapshot.__slots__} == {
        "name": "prices",
        "state": "open",
        "reason": "2 of the last 2 calls failed, the last with OSError: down",
        "changes": 1,
        "refused": 1,
        "calls": 0,
        "failed": 0,
        "slow": 0,
        "probes": 0,
        "retry_after_s": 5.0,
    }


def test_a_record_cannot_be_changed(clock):
    with pytest.raises(AttributeError):
        small(clock).snapshot().refused = 3
