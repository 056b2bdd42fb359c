import asyncio
import inspect

import pytest

from groundwork.errors import RetryExhausted, TransientError
from groundwork.resilience import Backoff, retry


def steady(clock, **options):
    return retry(backoff=Backoff(1, 2, 4, "none"), clock=clock, **options)


def echo():
    """Answers what it is sent and what is thrown into it."""
    answer = "first"
    while answer != "end":
        try:
            answer = yield answer
        except KeyError as error:
            answer = f"thrown {error.args[0]}"
    return "returned"


async def echo_async():
    answer = "first"
    while answer != "end":
        try:
            answer = yield answer
        except KeyError as error:
            answer = f"thrown {error.args[0]}"


class TestGenerators:
    def test_it_begins_again_until_it_gave_its_first_item(self, clock, flaky):
        work = flaky(2)

        @steady(clock)
        def rows(count):
            yield work()
            yield from range(count)

        assert inspect.isgeneratorfunction(rows)
        assert list(rows(2)) == ["done", 0, 1]
        assert clock.sleeps == [1, 2]

    def test_what_fails_after_the_first_item_goes_through(self, clock):
        begun = []

        @steady(clock)
        def rows():
            begun.append(1)
            yield 1
            raise TransientError("halfway")

        with pytest.raises(TransientError, match="halfway"):
            list(rows())

        assert begun == [1]

    def test_one_that_never_begins_is_given_up_on(self, clock, flaky):
        @steady(clock)
        def rows():
            yield flaky(9)()

        with pytest.raises(RetryExhausted):
            list(rows())

    def test_an_empty_one_is_empty(self, clock):
        @steady(clock)
        def rows():
            return "nothing"
            yield

        with pytest.raises(StopIteration) as stopped:
            next(rows())

        assert stopped.value.value == "nothing"

    def test_send_throw_and_the_returned_value_reach_it(self, clock):
        items = steady(clock)(echo)()

        assert [next(items), items.send("a"), items.throw(KeyError("b"))] == ["first", "a", "thrown b"]
        with pytest.raises(StopIteration) as stopped:
            items.send("end")
        assert stopped.value.value == "returned"

    def test_closing_it_closes_what_it_wraps(self, clock):
        closed = []

        @steady(clock)
        def rows():
            try:
                yield 1
                yield 2
            finally:
                closed.append(True)

        items = rows()
        next(items)
        items.close()

        assert closed == [True]

    def test_a_hook_is_told_the_generators_name(self, clock):
        told = []

        @steady(clock, hook=told.append)
        def rows():
            if not told:
                raise TransientError("no")
            yield 1

        assert list(rows()) == [1]
        assert told[0].name == f"{rows.__module__}.{rows.__qualname__}"


class TestAsyncGenerators:
    def test_it_begins_again_until_it_gave_its_first_item(self, clock, flaky):
        work = flaky(2)

        @steady(clock)
        async def rows(count):
            yield await work.answer()
            for number in range(count):
                yield number

        async def main():
            return [row async for row in rows(2)]

        assert inspect.isasyncgenfunction(rows)
        assert clock.run(main()) == ["done", 0, 1]
        assert clock.sleeps == [1, 2]

    def test_what_fails_after_the_first_item_goes_through(self, clock):
        begun = []

        @steady(clock)
        async def rows():
            begun.append(1)
            yield 1
            raise TransientError("halfway")

        async def main():
            return [row async for row in rows()]

        with pytest.raises(TransientError, match="halfway"):
            clock.run(main())

        assert begun == [1]

    def test_a_first_item_that_hangs_is_cancelled_and_tried_again(self, clock):
        begun = []

        @steady(clock, attempt_timeout_s=5)
        async def rows():
            begun.append(1)
            if len(begun) < 3:
                await asyncio.sleep(1e6)
            yield "row"
            await asyncio.sleep(60)
            yield "late, and that is no matter of the retry"

        async def main():
            return len([row async for row in rows()])

        assert (clock.run(main()), len(begun)) == (2, 3)

    def test_an_empty_one_is_empty(self, clock):
        @steady(clock)
        async def rows():
            return
            yield

        async def main():
            return [row async for row in rows()]

        assert clock.run(main()) == []

    def test_asend_and_athrow_reach_it(self, clock):
        async def main():
            items = steady(clock)(echo_async)()
            answers = [await anext(items), await items.asend("a"), await items.athrow(KeyError("b"))]
            with pytest.raises(StopAsyncIteration):
                await items.asend("end")
            return answers

        assert clock.run(main()) == ["first", "a", "thrown b"]

    def test_closing_it_closes_what_it_wraps(self, clock):
        closed = []

        @steady(clock)
        async def rows():
            try:
                yield 1
                yield 2
            finally:
                await asyncio.sleep(1)
                closed.append(True)

        async def main():
            items = rows()
            await anext(items)
            await items.aclose()

        clock.run(main())

        assert closed == [True]
