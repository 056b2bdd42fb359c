import asyncio
from types import SimpleNamespace

from groundwork.testing import VirtualClock, plugin
from groundwork.testing.plugin import run_virtual, virtual_clock  # noqa: F401 - fixtures


def test_the_clock_of_a_test_starts_at_zero(virtual_clock):  # noqa: F811 - the fixture above
    virtual_clock.sleep(60)

    assert virtual_clock.monotonic() == 60


def test_a_coroutine_runs_on_the_clock_of_the_test(run_virtual, virtual_clock):  # noqa: F811
    run_virtual(asyncio.sleep(60))

    assert virtual_clock.monotonic() == 60


class Item:
    """What the plugin asks of pytest's item."""

    def __init__(self, obj, marker=None, **funcargs):
        self.obj, self.marker, self.funcargs = obj, marker, funcargs

    def get_closest_marker(self, name):
        return self.marker if name == "virtual_time" else None


def marked(seed=None):
    return SimpleNamespace(kwargs={"seed": seed})


def test_a_marked_async_test_runs_on_virtual_time_with_its_fixtures():
    clock, seen = VirtualClock(), []

    async def test(virtual_clock, other):  # noqa: F811
        await asyncio.sleep(60)
        seen.append((virtual_clock.monotonic(), other))

    done = plugin.pytest_pyfunc_call(Item(test, marked(), virtual_clock=clock, other="fixture", unused=1))

    assert (True, [(60, "fixture")]) == (done, seen)


def test_the_seed_of_the_marker_is_the_seed_of_the_loop():
    def order(seed):
        log = []

        async def test():
            for name in range(4):
                asyncio.get_running_loop().call_later(1, log.append, name)
            await asyncio.sleep(2)

        plugin.pytest_pyfunc_call(Item(test, marked(seed)))
        return tuple(log)

    assert len({order(seed) for seed in range(20)}) > 5


def test_other_tests_are_left_to_pytest():
    async def asynchronous():
        raise AssertionError

    def synchronous():
        raise AssertionError

    assert plugin.pytest_pyfunc_call(Item(asynchronous)) is None
    assert plugin.pytest_pyfunc_call(Item(synchronous, marked())) is None
