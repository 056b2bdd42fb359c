import pytest

from groundwork.resilience import BreakerState
from groundwork.resilience._breaker_states import TRANSITIONS, BreakerAction, BreakerEvent

FORCED = {BreakerState.FORCED_OPEN, BreakerState.FORCED_CLOSED}
OPERATORS = {BreakerEvent.FORCE_OPEN, BreakerEvent.FORCE_CLOSED, BreakerEvent.RESET}


def test_without_an_operator_a_breaker_goes_round():
    by_itself = {pair: target for pair, (target, _) in TRANSITIONS.items() if pair[1] not in OPERATORS}

    assert by_itself == {
        ("closed", BreakerEvent.FAILING): "open",
        ("open", BreakerEvent.COOLED): "half_open",
        ("half_open", BreakerEvent.PROBE_FAILED): "open",
        ("half_open", BreakerEvent.RECOVERED): "closed",
    }


@pytest.mark.parametrize("state", BreakerState)
def test_an_operator_is_obeyed_in_every_state(state):
    targets = [TRANSITIONS[state, event][0] for event in sorted(OPERATORS)]

    assert targets == ["forced_closed", "forced_open", "closed"]


@pytest.mark.parametrize("state", sorted(FORCED))
def test_a_forced_state_heeds_nothing_but_an_operator(state):
    assert {event for source, event in TRANSITIONS if source == state} == OPERATORS


def test_the_same_is_done_on_every_way_into_a_state():
    ways_in = {}
    for state, action in TRANSITIONS.values():
        ways_in.setdefault(state, set()).add(action)

    assert ways_in == {
        "closed": {BreakerAction.COUNT},
        "open": {BreakerAction.COOL_DOWN},
        "half_open": {BreakerAction.PROBE},
        "forced_open": {BreakerAction.REFUSE},
        "forced_closed": {BreakerAction.COUNT},
    }
