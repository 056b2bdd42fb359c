from concurrent.futures import ThreadPoolExecutor

import pytest

from groundwork.errors import ConfigurationError
from groundwork.resilience import BreakerRegistry


def registry(clock, **options):
    return BreakerRegistry(window=2, cooldown_s=5.0, clock=clock, **options)


def opened(breaker):
    while breaker.state == "closed":
        with pytest.raises(OSError, match="down"), breaker:
            raise OSError("down")
    return breaker


def names(breakers):
    return [snapshot.name for snapshot in breakers.snapshots()]


def test_a_key_has_one_breaker_with_the_registry_s_options(clock):
    breakers = registry(clock)

    first = opened(breakers.get("a"))

    assert breakers.get("a") is first
    assert [(each.name, each.state, each.retry_after_s) for each in breakers.snapshots()] == [("a", "open", 5.0)]
    assert breakers.get("b").state == "closed"


def test_the_closed_one_longest_not_asked_for_is_forgotten(clock):
    breakers = registry(clock, limit=3)
    opened(breakers.get("down"))
    for key in ("a", "b", "a"):
        breakers.get(key)

    breakers.get("c")

    assert (names(breakers), len(breakers)) == (["down", "a", "c"], 3)


def test_one_that_refuses_calls_is_never_forgotten(clock):
    breakers = registry(clock, limit=1)
    opened(breakers.get("a"))

    opened(breakers.get("b"))

    assert (names(breakers), breakers.get("a").state) == (["a", "b"], "open")


@pytest.mark.parametrize("probing", [False, True])
def test_one_that_is_due_for_a_probe_is_forgotten_when_none_is_closed_and_its_hook_told(clock, probing):
    told = []

    def hook(change):
        told.append((change.name, change.before, change.after, change.reason))
        breakers.snapshots()

    breakers = registry(clock, limit=1, hook=hook)
    down = opened(breakers.get("a"))
    clock.advance(5)
    if probing:
        down.__enter__()
    told.clear()

    breakers.get("b")

    state = "half_open" if probing else "open"
    assert told == [("a", state, "closed", "forgotten, since there are more than 1")]
    assert names(breakers) == ["b"]


def test_what_an_operator_forced_is_never_forgotten(clock):
    breakers = registry(clock, limit=2)
    breakers.get("a").force_open()
    breakers.get("b").force_closed()

    breakers.get("c")

    assert names(breakers) == ["a", "b", "c"]
    breakers.get("d")
    assert names(breakers) == ["a", "b", "d"]


def test_threads_that_ask_at_once_get_the_same(clock):
    breakers = registry(clock)

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda number: breakers.get(str(number % 5)), range(400)))

    assert (len({id(breaker) for breaker in found}), len(breakers)) == (5, 5)


def test_wrong_options_are_refused_at_once(clock):
    with pytest.raises(ConfigurationError, match="limit=0 cannot work"):
        registry(clock, limit=0)
    with pytest.raises(ConfigurationError, match="probes=0 cannot work"):
        registry(clock, probes=0)


def test_unless_told_a_registry_holds_a_thousand_breakers():
    registry = BreakerRegistry()
    for number in range(1001):
        registry.get(str(number))

    assert len(registry) == 1000
