import asyncio

from groundwork.resilience import Clock, SystemClock


def test_the_system_clock_is_a_clock_that_never_goes_back():
    clock = SystemClock()

    before_s = clock.monotonic()
    clock.sleep(0)
    asyncio.run(clock.sleep_async(0))

    assert isinstance(clock, Clock)
    assert clock.monotonic() >= before_s
