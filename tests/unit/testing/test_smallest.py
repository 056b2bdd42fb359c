import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundwork.errors import ContractBroken
from groundwork.testing import Lab
from groundwork.testing._smallest import hold_for_smallest


class Asked:
    """A test that breaks when it meets all of some items, and counts how often it is asked."""

    def __init__(self, *together):
        self.together = set(together)
        self.times = 0

    def __call__(self, items):
        self.times += 1
        if self.together <= set(items):
            raise ContractBroken(f"breaks on {items}")


def test_what_holds_is_asked_once():
    asked = Asked(100)

    Lab().smallest(range(50), asked)

    assert 1 == asked.times


@settings(deadline=None, max_examples=50)
@given(
    st.integers(1, 200).flatmap(lambda n: st.tuples(st.just(n), st.sets(st.integers(0, n - 1), min_size=1, max_size=4)))
)
def test_what_is_left_is_what_it_takes_to_break(case):
    count, together = case

    with pytest.raises(ContractBroken) as caught:
        hold_for_smallest(range(count), Asked(*together), clock=lambda: 0.0)

    assert f"breaks on {sorted(together)}" == caught.value.message


def test_another_kind_of_failure_is_not_a_smaller_one():
    def holds(items):
        if len(items) < 8:
            raise ValueError("too few to be asked")
        raise ContractBroken(f"breaks on {len(items)}")

    with pytest.raises(ContractBroken, match="breaks on 8"):
        hold_for_smallest(range(64), holds)


def test_the_search_ends_after_some_hundred_runs_or_some_seconds():
    everything, late = Asked(*range(2000)), Asked(*range(100))
    ticks = iter(range(10**6))

    with pytest.raises(ContractBroken):
        hold_for_smallest(range(2000), everything, clock=lambda: 0.0)
    with pytest.raises(ContractBroken):
        hold_for_smallest(range(100), late, clock=lambda: float(next(ticks)))

    assert everything.times <= 301
    assert late.times <= 4


def test_a_ctrl_c_is_no_failure_to_search_with():
    def holds(items):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Lab().smallest([1], holds)
