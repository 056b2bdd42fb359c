import asyncio
import gc
from contextlib import aclosing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundwork.concurrency import AsyncPipeline, Stage
from groundwork.errors import ConfigurationError, UsageError
from groundwork.testing import run_virtual

STAGES = st.lists(st.tuples(st.integers(1, 3), st.integers(1, 3)), min_size=1, max_size=3)


async def double(number):
    await asyncio.sleep(1)
    return 2 * number


async def invert(number):
    await asyncio.sleep(0.5)
    return 1 / number


def others():
    return asyncio.all_tasks() - {asyncio.current_task()}


@settings(deadline=None, max_examples=50)
@given(STAGES, st.lists(st.integers(0, 4), max_size=25), st.booleans())
def test_every_item_comes_to_its_own_end_in_order_with_no_more_inside_than_there_is_room(shape, delays, ordered):
    inside = most = 0

    async def source():
        nonlocal inside, most
        for numbered in enumerate(delays):
            inside += 1
            most = max(most, inside)
            yield numbered

    async def work(numbered):
        await asyncio.sleep(numbered[1])
        if numbered[1] == 4:
            raise ValueError(numbered[0])
        return numbered

    async def main():
        nonlocal inside
        stages = [Stage(work, workers=workers, queue=queue) for workers, queue in shape]
        async with AsyncPipeline(*stages, errors="collect") as pipeline:
            got = []
            async for item, outcome in pipeline.stream(source(), ordered=ordered):
                inside -= 1
                assert (outcome.args == (item[0],)) if isinstance(outcome, ValueError) else (item == outcome)
                got.append(item[0])
        return got, pipeline.stats(), others()

    got, stats, left = run_virtual(main())

    assert list(range(len(delays))) == (got if ordered else sorted(got))
    assert most <= 2 * sum(workers + queue for workers, queue in shape)
    assert delays.count(4) == stats[0].failed
    assert len(delays) - delays.count(4) == stats[-1].done
    assert set() == left


@settings(deadline=None, max_examples=50)
@given(STAGES, st.integers(0, 20), st.floats(0, 12))
def test_cancelled_at_any_time_it_leaves_no_task(shape, count, after_s):
    async def use():
        async with AsyncPipeline(*[Stage(double, *each) for each in shape]) as pipeline:
            await pipeline.run(range(count))

    async def main():
        using = asyncio.create_task(use())
        await asyncio.sleep(after_s)
        using.cancel()
        await asyncio.wait([using])
        return others()

    assert set() == run_virtual(main())


def test_stages_work_side_by_side():
    async def main():
        loop = asyncio.get_running_loop()
        async with AsyncPipeline(double, double) as pipeline:
            got = await pipeline.run(range(10))
        return got, loop.time()

    assert ([4 * number for number in range(10)], 11) == run_virtual(main())


def test_a_full_queue_makes_the_one_who_puts_wait():
    async def main():
        loop = asyncio.get_running_loop()
        times = []
        async with AsyncPipeline(Stage(double, queue=1)) as pipeline:
            for number in range(4):
                await pipeline.put(number)
                times.append(loop.time())
        return times

    assert [0, 0, 1, 2] == run_virtual(main())


def test_leaving_the_block_drains_what_was_accepted():
    async def main():
        async with AsyncPipeline(double, double) as pipeline:
            futures = [await pipeline.put(number) for number in range(5)]
        return [future.result() for future in futures]

    assert [0, 4, 8, 12, 16] == run_virtual(main())


def test_a_draining_pipeline_accepts_nothing_and_a_drained_one_has_nothing_left():
    async def main():
        async with AsyncPipeline(double) as pipeline:
            future = await pipeline.put(1)
            draining = asyncio.create_task(pipeline.drain())
            await asyncio.sleep(0)
            with pytest.raises(UsageError, match="drains"):
                await pipeline.put(2)
            await draining
            return future.result()

    assert 2 == run_virtual(main())


def test_a_failure_is_its_items_alone_where_errors_are_collected():
    async def main():
        async with AsyncPipeline(invert, double, errors="collect") as pipeline:
            got = await pipeline.run([1, 0, 4])
        return got, pipeline.stats()

    (first, failed, last), stats = run_virtual(main())

    assert (2, 0.5) == (first, last)
    assert isinstance(failed, ZeroDivisionError)
    assert [("invert", 2, 1), ("double", 2, 0)] == [(each.name, each.done, each.failed) for each in stats]


def test_the_first_failure_ends_the_pipeline_and_is_raised_by_whatever_is_called_next():
    async def main():
        with pytest.raises(ZeroDivisionError):
            async with AsyncPipeline(Stage(invert, workers=2), Stage(double, name="second")) as pipeline:
                good = await pipeline.put(5)
                bad = await pipeline.put(0)
                await asyncio.sleep(1)
                with pytest.raises(ZeroDivisionError):
                    await pipeline.put(1)
        assert isinstance(bad.exception(), ZeroDivisionError)
        return good.cancelled(), others()

    assert (True, set()) == run_virtual(main())


@pytest.mark.parametrize("count", [1, 50])
def test_a_run_raises_the_failure_itself_and_not_a_cancellation(count):
    async def main():
        with pytest.raises(ZeroDivisionError):
            async with AsyncPipeline(double, invert) as pipeline:
                await pipeline.run([*range(1, count), 0, *range(1, count)])
        return others()

    assert set() == run_virtual(main())


def test_whoever_waits_for_room_is_told_of_the_failure():
    async def main():
        async def fill(pipeline):
            for number in (0, 1, 2, 3, 4):
                await pipeline.put(number)

        pipeline = AsyncPipeline(Stage(invert, queue=1))
        with pytest.raises(ZeroDivisionError):
            async with pipeline:
                await fill(pipeline)
        return others()

    assert set() == run_virtual(main())


def test_an_item_that_was_given_up_reaches_no_further_stage():
    seen = []

    async def first(number):
        seen.append(("first", number))
        await asyncio.sleep(1)
        return number

    async def second(number):
        seen.append(("second", number))

    async def main():
        async with AsyncPipeline(first, second) as pipeline:
            running, kept, waiting = [await pipeline.put(number) for number in (1, 2, 3)]
            await asyncio.sleep(0.5)
            running.cancel()
            waiting.cancel()
        return kept.done(), [stats.cancelled for stats in pipeline.stats()]

    assert (True, [2, 0]) == run_virtual(main())
    assert [("first", 1), ("first", 2), ("second", 2)] == seen


def test_whoever_is_cancelled_while_waiting_for_room_has_put_nothing():
    seen = []

    async def see(number):
        await asyncio.sleep(1)
        seen.append(number)

    async def main():
        async with AsyncPipeline(Stage(see, queue=1)) as pipeline:
            await pipeline.put(1)
            await asyncio.sleep(0)
            await pipeline.put(2)
            waiting = asyncio.create_task(pipeline.put(3))
            await asyncio.sleep(0.5)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting

    run_virtual(main())

    assert [1, 2] == seen


def test_a_stage_that_cancels_its_item_goes_on_with_the_next():
    async def refuse_odd(number):
        if number % 2:
            raise asyncio.CancelledError
        return number

    async def main():
        async with AsyncPipeline(refuse_odd) as pipeline:
            futures = [await pipeline.put(number) for number in range(4)]
        return [future.cancelled() for future in futures]

    assert [False, True, False, True] == run_virtual(main())


def test_cancelling_gives_up_on_everything():
    async def main():
        async with AsyncPipeline(double, double) as pipeline:
            future = await pipeline.put(1)
            await asyncio.sleep(0.5)
            running = [each.running for each in pipeline.stats()]
            await pipeline.cancel()
            with pytest.raises(UsageError, match="has ended"):
                await pipeline.put(2)
        return running, future.cancelled(), others()

    assert ([1, 0], True, set()) == run_virtual(main())


def test_leaving_by_an_exception_cancels_what_is_under_way():
    async def main():
        with pytest.raises(KeyError):
            async with AsyncPipeline(double) as pipeline:
                future = await pipeline.put(1)
                raise KeyError
        return future.cancelled(), others()

    assert (True, set()) == run_virtual(main())


def test_a_stream_left_early_gives_up_on_what_is_under_way():
    async def main():
        async with AsyncPipeline(double) as pipeline:
            async with aclosing(pipeline.stream(range(100))) as stream:
                async for _ in stream:
                    break
            return sum(stats.done for stats in pipeline.stats()), asyncio.get_running_loop().time()

    assert (1, 1) == run_virtual(main())


def test_what_waits_for_the_next_stage_is_seen_in_the_stats():
    async def slow(number):
        await asyncio.sleep(100)

    async def main():
        async with AsyncPipeline(double, Stage(slow, queue=1)) as pipeline:
            for number in range(4):
                await pipeline.put(number)
            await asyncio.sleep(10)
            stats = pipeline.stats()
            await pipeline.cancel()
        return stats

    first, second = run_virtual(main())

    assert (1, 0, 1, 2, 3.0) == (first.queued, first.running, first.waiting, first.done, first.busy_s)
    assert (1, 1, 0) == (second.queued, second.running, second.done)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (AsyncPipeline, "needs a stage"),
        (lambda: AsyncPipeline(double, errors="group"), "errors is 'group'"),
        (lambda: Stage(double, workers=0), "workers is 0"),
        (lambda: Stage(double, workers="2"), "workers is '2'"),
        (lambda: Stage(double, queue=0), "queue is 0"),
    ],
)
def test_what_cannot_work_is_refused(make, words):
    with pytest.raises(ConfigurationError, match=words):
        make()


def test_a_pipeline_is_for_one_block():
    async def main():
        pipeline = AsyncPipeline(double)
        for outside in (pipeline.put(1), pipeline.drain()):
            with pytest.raises(UsageError, match="was not entered"):
                await outside
        async with pipeline:
            pass
        with pytest.raises(UsageError, match="has been used"):
            async with pipeline:
                pass

    run_virtual(main())


def test_a_worker_goes_on_after_items_that_were_given_up():
    async def slow(number):
        await asyncio.sleep(1)
        return number

    async def main():
        async with AsyncPipeline(slow) as pipeline:
            first, *given_up, last = [await pipeline.put(number) for number in range(5)]
            for future in given_up:
                future.cancel()
            return await first, await last, pipeline.stats()[0].cancelled

    assert (0, 4, 3) == run_virtual(main())


def test_items_given_up_while_they_are_worked_on_are_counted_one_by_one():
    async def slow(number):
        await asyncio.sleep(10)
        if number == 3:
            raise asyncio.CancelledError

    async def main():
        async with AsyncPipeline(Stage(slow, workers=4)) as pipeline:
            futures = [await pipeline.put(number) for number in range(4)]
            await asyncio.sleep(1)
            running = pipeline.stats()[0].running
            for future in futures[:2]:
                future.cancel()
        return running, pipeline.stats()[0]

    running, after = run_virtual(main())

    assert (4, 0) == (running, after.running)
    assert (3, 1) == (after.cancelled, after.done)


def test_stages_that_cancel_their_items_count_each():
    async def never(number):
        raise asyncio.CancelledError

    async def main():
        async with AsyncPipeline(never) as pipeline:
            for number in range(3):
                await pipeline.put(number)
        return pipeline.stats()[0]

    after = run_virtual(main())
    assert (3, 0) == (after.cancelled, after.done)


def test_all_who_wait_for_room_are_counted():
    async def slow(number):
        await asyncio.sleep(100)

    async def main():
        async with AsyncPipeline(Stage(double, workers=3), Stage(slow, queue=1)) as pipeline:
            for number in range(5):
                await pipeline.put(number)
            await asyncio.sleep(10)
            waiting = pipeline.stats()[0].waiting
            await pipeline.cancel()
        return waiting

    assert run_virtual(main()) == 3


def test_every_item_passes_every_stage_in_their_order():
    async def adds(number):
        return number + 1

    async def main():
        async with AsyncPipeline(double, adds, double) as pipeline:
            return await pipeline.run([1, 2, 3])

    assert [6, 10, 14] == run_virtual(main())


def test_a_stage_is_named_by_what_it_calls():
    class Model:
        async def __call__(self, item):
            return item

    pipeline = AsyncPipeline(double, Model(), Stage(double, name="again"))

    assert ["double", "Model", "again"] == [stats.name for stats in pipeline.stats()]


def test_what_a_pipeline_refuses_it_says_how_to_do():
    async def main():
        pipeline = AsyncPipeline(double)
        with pytest.raises(UsageError) as outside:
            await pipeline.put(1)
        async with pipeline:
            pass
        with pytest.raises(UsageError) as again:
            await pipeline.__aenter__()
        return outside.value.hint, again.value.hint

    outside, again = run_virtual(main())
    assert "inside `async with pipeline:`" in outside
    assert "one for each block" in again


def test_failures_that_nobody_asks_for_are_no_noise(caplog):
    async def fail(number):
        raise OSError(f"failure {number}")

    async def main():
        async with AsyncPipeline(fail, errors="collect") as pipeline:
            for number in range(3):
                await pipeline.put(number)
        gc.collect()
        return pipeline.stats()[0].failed

    assert run_virtual(main()) == 3
    assert [] == caplog.messages
