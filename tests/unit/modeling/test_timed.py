import asyncio
import inspect
import logging

import pytest

from groundwork.errors import ConfigurationError
from groundwork.modeling import Timing, timed
from groundwork.testing import VirtualClock


class Bench:
    """Clocks that move only when the work says so."""

    def __init__(self):
        self.clock, self.cpu_s, self.seen = VirtualClock(), 0.0, []

    def timed(self, name=None):
        return timed(name, hook=self.seen.append, clock=self.clock, cpu=lambda: self.cpu_s)

    def work(self, wall_s, cpu_s=0.0):
        self.clock.advance(wall_s)
        self.cpu_s += cpu_s

    def only(self):
        (timing,) = self.seen
        return timing.wall_s, timing.cpu_s, timing.error


@pytest.fixture
def bench():
    return Bench()


def test_a_call_is_told_with_wall_and_processor_time(bench):
    @bench.timed()
    def load(rows):
        bench.work(3, 1)
        return rows

    assert 5 == load(5)
    assert [Timing(f"{__name__}.{load.__qualname__}", 3.0, 1.0)] == bench.seen


def test_an_error_is_told_and_goes_on(bench):
    error = ValueError("no")

    @bench.timed("loading")
    def load():
        bench.work(2)
        raise error

    with pytest.raises(ValueError, match="no"):
        load()

    assert [Timing("loading", 2.0, 0.0, error)] == bench.seen


def test_of_a_coroutine_only_its_own_steps_use_the_processor(bench):
    @bench.timed()
    async def fetch():
        bench.work(1, 1)
        await asyncio.sleep(0)
        bench.work(1, 1)
        return "body"

    async def other():
        bench.work(10, 5)

    async def run():
        return (await asyncio.gather(fetch(), other()))[0]

    assert "body" == asyncio.run(run())
    assert (12.0, 2.0, None) == bench.only()


def test_a_coroutine_that_fails_or_is_cancelled_is_told(bench):
    @bench.timed()
    async def hangs():
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            bench.work(1, 1)
            raise

    async def run():
        task = asyncio.create_task(hangs())
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(run())

    wall_s, cpu_s, error = bench.only()
    assert (1.0, 1.0, asyncio.CancelledError) == (wall_s, cpu_s, type(error))


def test_a_generator_is_timed_while_it_works_and_not_while_it_is_read(bench):
    @bench.timed()
    def items():
        bench.work(1, 1)
        got = yield "a"
        bench.work(1, 1)
        try:
            yield got
        except KeyError:
            bench.work(1, 1)
            yield "caught"
        return "end"

    def read():
        ends.append((yield from items()))

    ends = []
    reader = read()
    first = next(reader)
    bench.work(100, 100)
    second = reader.send("sent")
    third = reader.throw(KeyError("x"))

    assert ([], ["a", "sent", "caught"]) == (bench.seen, [first, second, third])
    assert [] == list(reader)
    assert (["end"], (3.0, 3.0, None)) == (ends, bench.only())


def test_a_generator_that_is_left_early_is_closed_and_told_once(bench):
    closed = []

    @bench.timed()
    def items():
        try:
            yield 1
        finally:
            closed.append(True)

    reader = items()
    next(reader)
    reader.close()

    assert ([True], (0.0, 0.0, None)) == (closed, bench.only())


def test_a_generator_that_fails_is_told_with_its_error(bench):
    @bench.timed()
    def items():
        yield 1
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        list(items())

    assert ValueError is type(bench.only()[2])


def test_an_async_generator_is_timed_while_its_reader_waits(bench):
    @bench.timed()
    async def items():
        bench.work(1, 1)
        got = yield "a"
        await asyncio.sleep(0)
        bench.work(2, 1)
        try:
            yield got
        except KeyError:
            yield "caught"

    async def run():
        reader = items()
        got = [await reader.asend(None)]
        bench.work(100, 100)
        got += [await reader.asend("sent"), await reader.athrow(KeyError("x"))]
        return got + [each async for each in reader]

    assert ["a", "sent", "caught"] == asyncio.run(run())
    assert (3.0, 2.0, None) == bench.only()


def test_an_async_generator_that_is_left_early_or_fails_is_told_once(bench):
    closed = []

    @bench.timed()
    async def items(fail):
        try:
            yield 1
            if fail:
                raise ValueError("no")
            yield 2
        finally:
            closed.append(fail)

    async def run():
        reader = items(False)
        await anext(reader)
        await reader.aclose()
        with pytest.raises(ValueError, match="no"):
            [each async for each in items(True)]

    asyncio.run(run())

    assert ([False, True], [type(None), ValueError]) == (closed, [type(each.error) for each in bench.seen])


def test_a_block_is_timed_under_its_name_also_inside_itself(bench):
    block = bench.timed("load")

    with block:
        bench.work(1)
        with block:
            bench.work(2)
    with pytest.raises(KeyError), block:
        raise KeyError("x")

    assert [2.0, 3.0, 0.0] == [each.wall_s for each in bench.seen]
    assert {"load"} == {each.name for each in bench.seen}
    assert KeyError is type(bench.seen[-1].error)


def test_a_block_without_a_name_is_refused():
    with pytest.raises(ConfigurationError, match="no name"), timed(hook=print):
        pass


def test_records_go_to_the_logger_of_the_function_or_the_one_given(caplog):
    @timed
    def load():
        return 1

    @timed(logger="here", level=logging.DEBUG)
    def fails():
        raise ValueError("no")

    with caplog.at_level(logging.DEBUG):
        load()
        with pytest.raises(ValueError, match="no"):
            fails()
        with timed("block", logger=logging.getLogger("there")):
            pass

    told = [(each.name, each.levelname, each.getMessage().partition(" took ")[0]) for each in caplog.records]
    assert [
        (__name__, "INFO", f"{__name__}.{load.__qualname__}"),
        ("here", "DEBUG", f"{__name__}.{fails.__qualname__}"),
        ("there", "INFO", "block"),
    ] == told
    assert caplog.records[1].getMessage().endswith(", raised ValueError")
    assert caplog.records[0].wall_s >= 0


def test_where_nobody_listens_no_clock_is_read():
    class Broken:
        def monotonic(self):
            raise AssertionError("read")

    quiet = logging.getLogger("quiet")
    quiet.setLevel(logging.ERROR)

    @timed(logger=quiet, clock=Broken())
    def load():
        return 1

    @timed(logger=quiet, clock=Broken())
    async def fetch():
        return 2

    assert (1, 2) == (load(), asyncio.run(fetch()))


def test_every_kind_keeps_name_signature_and_kind():
    @timed
    def plain(a: int, *, b: str = "") -> int:
        """Doc."""
        return a

    @timed
    async def awaited():
        return 1

    @timed
    def items():
        yield 1

    @timed
    async def items_awaited():
        yield 1

    assert ("plain", "Doc.", "(a: int, *, b: str = '') -> int") == (
        plain.__name__,
        plain.__doc__,
        str(inspect.signature(plain)),
    )
    assert inspect.iscoroutinefunction(awaited)
    assert inspect.isgeneratorfunction(items)
    assert inspect.isasyncgenfunction(items_awaited)


def test_methods_classmethods_and_staticmethods_are_timed(bench):
    class Source:
        @bench.timed("method")
        def method(self):
            return self

        @bench.timed("above")
        @classmethod
        def above(cls):
            return cls

        @classmethod
        @bench.timed("below")
        def below(cls):
            return cls

        @bench.timed("static")
        @staticmethod
        def static(value):
            return value

    source = Source()

    assert (source, Source, Source, 3) == (source.method(), source.above(), Source.below(), source.static(3))
    assert ["method", "above", "below", "static"] == [each.name for each in bench.seen]


@pytest.mark.parametrize("thing", [int, property(len), 3.0])
def test_what_is_no_function_is_refused(thing):
    with pytest.raises(ConfigurationError, match="goes around a function"):
        timed(thing)


def test_a_coroutine_in_place_of_its_function_is_refused_and_closed():
    async def fetch():
        pass

    with pytest.raises(ConfigurationError) as caught:
        timed(fetch())

    assert "without calling it" in caught.value.hint


def test_callable_objects_and_partials_are_timed_under_a_name(bench):
    import functools

    class Adds:
        async def __call__(self, value):
            return value + 1

    adds = bench.timed()(Adds())
    top = bench.timed()(functools.partial(max, 3))

    assert (2, 4) == (asyncio.run(adds(1)), top(4))
    assert ["Adds", "max"] == [each.name.rpartition(".")[2] for each in bench.seen]
