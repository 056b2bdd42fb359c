import asyncio
import pickle
import threading

import pytest

from groundwork.errors import RetryExhausted
from groundwork.resilience import Backoff, Clock, SystemClock, deadline, remaining_s, retry
from groundwork.testing import VirtualClock, run_virtual


def test_the_system_clock_is_a_clock_that_never_goes_back():
    clock = SystemClock()

    before_s = clock.monotonic()
    clock.sleep(0)
    asyncio.run(clock.sleep_async(0))

    assert isinstance(clock, Clock)
    assert clock.monotonic() >= before_s


def test_all_system_clocks_are_equal():
    assert SystemClock() == pickle.loads(pickle.dumps(SystemClock()))
    assert SystemClock() != VirtualClock()
    assert len({SystemClock(), SystemClock()}) == 1
    assert repr(SystemClock()) == "SystemClock()"


def test_policies_of_the_same_values_are_equal():
    assert retry(attempts=5) == retry(attempts=5)
    assert retry(attempts=5) != retry(attempts=4)
    assert hash(retry()) == hash(retry())


class TestFollowing:
    def test_a_policy_without_a_clock_goes_by_the_time_of_a_virtual_loop(self):
        clock = VirtualClock()

        async def bad():
            raise OSError("down")

        patient = retry(on=OSError, attempts=None, deadline_s=8, backoff=Backoff(1, 1, 1, "none"))
        with pytest.raises(RetryExhausted) as exhausted:
            run_virtual(patient.call(bad), clock=clock)

        assert exhausted.value.attempts == 8
        assert clock.sleeps == [1] * 7

    def test_a_blocking_sleep_moves_the_time_that_is_followed(self):
        clock, system = VirtualClock(), SystemClock()

        with SystemClock.follows(clock), deadline(60):
            system.sleep(20)
            left_s = remaining_s()

        assert clock.monotonic() == 20
        assert left_s == pytest.approx(40)

    def test_time_goes_on_from_the_present_and_never_back(self):
        system = SystemClock()
        before_s = system.monotonic()

        with SystemClock.follows(VirtualClock()):
            began_s = system.monotonic()
            system.sleep(3600)
            inner_s = system.monotonic()
            with SystemClock.follows(VirtualClock(7)):
                system.sleep(3600)
            outer_s = system.monotonic()

        assert before_s <= began_s
        assert inner_s == pytest.approx(began_s + 3600)
        assert inner_s <= outer_s
        assert system.monotonic() >= outer_s

    def test_other_threads_keep_their_time(self):
        system, seen = SystemClock(), []

        with SystemClock.follows(VirtualClock()):
            before_s = system.monotonic()
            thread = threading.Thread(target=lambda: seen.append(system.monotonic()))
            system.sleep(1e6)
            thread.start()
            thread.join()

        assert seen[0] < before_s + 1e5
