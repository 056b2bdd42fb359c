import asyncio
from concurrent.futures import Executor, Future, ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundwork.concurrency import Batcher
from groundwork.concurrency._batch_errors import misfit
from groundwork.concurrency._group import Group
from groundwork.errors import (
    ConfigurationError,
    DeadlineExceeded,
    Overloaded,
    PredictionError,
    UsageError,
)


async def submit_each(batcher, items):
    """Submit each item from a task of its own; return once all wait in the queue."""
    tasks = [asyncio.create_task(batcher.submit(item)) for item in items]
    await asyncio.sleep(0)
    return tasks


async def until(condition):
    """Let the loop turn until a condition holds."""
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0)


def test_an_item_gets_its_own_answer(model):
    async def main():
        model.let_go()
        async with Batcher(model) as batcher:
            return await asyncio.gather(*(batcher.submit(number) for number in range(200)))

    assert [number * 2 for number in range(200)] == asyncio.run(main())


def test_the_batch_is_formed_when_the_model_comes_free_and_not_before(model):
    async def main():
        async with Batcher(model, max_size=8) as batcher:
            tasks = await submit_each(batcher, [1])
            await model.entered()
            tasks += await submit_each(batcher, [2, 3])
            tasks += await submit_each(batcher, [4])
            model.let_go()
            await asyncio.gather(*tasks)

    asyncio.run(main())

    assert model.batches == [[1], [2, 3, 4]]


def test_an_idle_model_starts_at_once_with_all_that_came_in_one_turn_of_the_loop(model):
    async def main():
        model.let_go()
        async with Batcher(model) as batcher:
            await asyncio.gather(*(batcher.submit(number) for number in range(5)))

    asyncio.run(main())

    assert model.batches == [[0, 1, 2, 3, 4]]


def test_no_batch_exceeds_max_size_and_a_larger_call_is_spread(model):
    async def main():
        model.let_go()
        async with Batcher(model, max_size=4) as batcher:
            return await batcher.submit_all(list(range(10)))

    answers = asyncio.run(main())

    assert [len(batch) for batch in model.batches] == [4, 4, 2]
    assert [number * 2 for number in range(10)] == answers


def test_rows_of_several_calls_share_a_batch_and_fill_it(model):
    async def main():
        async with Batcher(model, max_size=4) as batcher:
            first = await submit_each(batcher, [0])
            await model.entered()
            tasks = [asyncio.create_task(batcher.submit_all(items)) for items in ([1, 2, 3], [4, 5, 6], [7])]
            await asyncio.sleep(0)
            model.let_go()
            return await asyncio.gather(*first, *tasks)

    answers = asyncio.run(main())

    assert model.batches == [[0], [1, 2, 3, 4], [5, 6, 7]]
    assert answers == [0, [2, 4, 6], [8, 10, 12], [14]]


def test_an_empty_call_never_reaches_the_model(model):
    async def main():
        async with Batcher(model) as batcher:
            return await batcher.submit_all([])

    assert asyncio.run(main()) == []
    assert model.batches == []


def test_a_bad_item_fails_alone(model):
    error = ValueError("bad row")

    async def main():
        model.let_go()
        async with Batcher(model) as batcher:
            return await asyncio.gather(*(batcher.submit(item) for item in (1, error, 3)), return_exceptions=True)

    assert [2, error, 6] == asyncio.run(main())


def test_submit_all_returns_failures_in_their_place(model):
    error = ValueError("bad row")

    async def main():
        model.let_go()
        async with Batcher(model) as batcher:
            return await batcher.submit_all([1, error, 3])

    assert [2, error, 6] == asyncio.run(main())


def test_a_wrong_number_of_results_fails_that_batch_and_not_the_next(model):
    def predict(items):
        return items[:-1] if items == [1, 2] else items

    async def main():
        async with Batcher(predict) as batcher:
            broken = await batcher.submit_all([1, 2])
            return broken, await batcher.submit(3)

    broken, following = asyncio.run(main())

    assert [PredictionError, PredictionError] == [type(answer) for answer in broken]
    assert following == 3


def test_a_cancelled_caller_never_reaches_the_model_and_disturbs_nobody(model):
    async def main():
        async with Batcher(model) as batcher:
            first = await submit_each(batcher, [1])
            await model.entered()
            two, three = await submit_each(batcher, [2, 3])
            two.cancel()
            await asyncio.wait([two])
            queued = batcher.queued
            model.let_go()
            return queued, await asyncio.gather(*first, three), two.cancelled()

    assert asyncio.run(main()) == (1, [2, 6], True)
    assert model.batches == [[1], [3]]


def test_cancelling_a_caller_in_mid_batch_leaves_its_mates_their_answers(model):
    async def main():
        async with Batcher(model) as batcher:
            one, two = await submit_each(batcher, [1, 2])
            await model.entered()
            one.cancel()
            await asyncio.wait([one])
            model.let_go()
            return await two

    assert asyncio.run(main()) == 4


def test_a_call_cancelled_between_its_batches_gives_its_remaining_rows_up(model):
    async def main():
        async with Batcher(model, max_size=2) as batcher:
            task = asyncio.create_task(batcher.submit_all([1, 2, 3]))
            await model.entered()
            task.cancel()
            await asyncio.wait([task])
            model.let_go()
            return batcher.queued

    assert asyncio.run(main()) == 0
    assert model.batches == [[1, 2]]


def test_an_item_whose_deadline_passes_is_refused_and_never_reaches_the_model(model):
    async def main():
        async with Batcher(model) as batcher:
            first = await submit_each(batcher, [1])
            await model.entered()
            with pytest.raises(DeadlineExceeded):
                await batcher.submit(2, deadline_s=0.001)
            queued = batcher.queued
            model.let_go()
            await asyncio.gather(*first)
            return queued

    assert asyncio.run(main()) == 0
    assert model.batches == [[1]]


def test_a_deadline_is_looked_at_when_the_batch_is_formed_even_if_its_timer_is_late(model, monkeypatch):
    async def main():
        loop = asyncio.get_running_loop()
        async with Batcher(model) as batcher:
            first = await submit_each(batcher, [1])
            await model.entered()
            late = asyncio.create_task(batcher.submit(2, deadline_s=3600.0))
            await asyncio.sleep(0)
            now = loop.time()
            monkeypatch.setattr(loop, "time", lambda: now + 3600.0)
            batcher._deadlines._timer.cancel()
            model.let_go()
            await asyncio.wait([late])
            return await asyncio.gather(*first, late, return_exceptions=True)

    answers = asyncio.run(main())

    assert [int, DeadlineExceeded] == [type(answer) for answer in answers]
    assert model.batches == [[1]]


@pytest.mark.parametrize("deadline_s", [0.0, -1.0])
def test_a_deadline_that_has_passed_already_is_refused_at_once(model, deadline_s):
    async def main():
        async with Batcher(model) as batcher:
            with pytest.raises(DeadlineExceeded):
                await batcher.submit(1, deadline_s=deadline_s)

    asyncio.run(main())

    assert model.batches == []


def test_an_answer_within_its_deadline_is_given(model):
    async def main():
        model.let_go()
        async with Batcher(model) as batcher:
            return await batcher.submit(1, deadline_s=3600.0)

    assert asyncio.run(main()) == 2


def test_a_full_queue_refuses_with_a_time_to_come_again(model):
    async def main():
        async with Batcher(model, max_size=1, max_queue=3) as batcher:
            tasks = await submit_each(batcher, [1])
            await model.entered()
            tasks += await submit_each(batcher, [2, 3])
            with pytest.raises(Overloaded) as raised:
                await batcher.submit_all([4, 5])
            tasks += await submit_each(batcher, [4])
            model.let_go()
            return raised.value.retry_after_s, await asyncio.gather(*tasks)

    retry_after_s, answers = asyncio.run(main())

    assert retry_after_s >= 0
    assert answers == [2, 4, 6, 8]


def test_as_many_items_as_the_queue_can_hold_are_refused_only_for_now(model):
    async def main():
        async with Batcher(model, max_size=1, max_queue=3) as batcher:
            tasks = await submit_each(batcher, [1])
            await model.entered()
            tasks += await submit_each(batcher, [2])
            with pytest.raises(Overloaded):
                await batcher.submit_all([3, 4, 5])
            model.let_go()
            await asyncio.gather(*tasks)
            return await batcher.submit_all([3, 4, 5])

    assert asyncio.run(main()) == [6, 8, 10]


def test_more_items_than_the_queue_can_ever_hold_is_a_mistake_of_the_caller(model):
    async def main():
        async with Batcher(model, max_queue=3) as batcher:
            with pytest.raises(UsageError, match="4 items at once; the queue holds 3"):
                await batcher.submit_all([1, 2, 3, 4])

    asyncio.run(main())


def test_leaving_answers_what_was_accepted_and_refuses_the_rest(model):
    async def main():
        batcher = Batcher(model, max_size=2)
        async with batcher:
            tasks = await submit_each(batcher, [1, 2, 3, 4, 5])
            model.let_go()
        with pytest.raises(UsageError, match="not open"):
            await batcher.submit(6)
        return await asyncio.gather(*tasks)

    assert asyncio.run(main()) == [2, 4, 6, 8, 10]


def test_leaving_while_a_batch_waits_to_fill_answers_it_at_once(model):
    async def main():
        model.let_go()
        async with Batcher(model, max_wait_s=3600.0) as batcher:
            tasks = await submit_each(batcher, [1, 2])
        return await asyncio.gather(*tasks)

    assert asyncio.run(main()) == [2, 4]


def test_a_cancelled_drain_leaves_nobody_waiting(model):
    async def main():
        batcher = Batcher(model, max_size=1)
        await batcher.__aenter__()
        tasks = await submit_each(batcher, [1, 2])
        await model.entered()
        leaving = asyncio.create_task(batcher.__aexit__(None, None, None))
        await asyncio.sleep(0)
        leaving.cancel()
        await asyncio.wait([leaving])
        model.let_go()
        return leaving.cancelled(), await asyncio.gather(*tasks, return_exceptions=True)

    cancelled, (one, two) = asyncio.run(main())

    assert cancelled
    assert one == 2
    assert isinstance(two, Overloaded)


def test_a_batcher_opens_once(model):
    async def main():
        batcher = Batcher(model)
        async with batcher:
            with pytest.raises(UsageError, match="opened before"):
                await batcher.__aenter__()
        with pytest.raises(UsageError, match="opened before"):
            await batcher.__aenter__()

    asyncio.run(main())


def test_max_wait_lets_an_idle_model_wait_until_the_batch_is_full(model):
    async def main():
        model.let_go()
        async with Batcher(model, max_size=3, max_wait_s=3600.0) as batcher:
            tasks = await submit_each(batcher, [1])
            tasks += await submit_each(batcher, [2])
            assert model.batches == []
            tasks += await submit_each(batcher, [3])
            return await asyncio.gather(*tasks)

    assert asyncio.run(main()) == [2, 4, 6]
    assert model.batches == [[1, 2, 3]]


def test_max_wait_ends_with_whatever_has_come(model):
    async def main():
        model.let_go()
        async with Batcher(model, max_wait_s=0.001) as batcher:
            return await batcher.submit(1)

    assert asyncio.run(main()) == 2


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("max_size", 0),
        ("max_size", "5"),
        ("max_size", 2.5),
        ("max_queue", 0),
        ("batches", None),
        ("max_wait_s", -0.1),
        ("max_wait_s", "1"),
        ("max_wait_s", float("inf")),
        ("max_wait_s", float("nan")),
        ("executor", "foo"),
        ("executor", 5),
    ],
)
def test_a_limit_out_of_range_is_named(name, value):
    with pytest.raises(ConfigurationError, match=f"{name} is {value!r}"):
        Batcher(list, **{name: value})


def test_what_is_no_executor_cannot_be_used_later_either(model):
    with pytest.raises(ConfigurationError, match="executor is 'foo'"):
        Batcher(model).use("foo")


def test_an_executor_of_the_callers_is_used_and_left_open(model):
    async def main(executor):
        model.let_go()
        async with Batcher(model, executor=executor) as batcher:
            await batcher.submit(1)
        return executor.submit(int, "7").result()

    with ThreadPoolExecutor(1) as executor:
        assert asyncio.run(main(executor)) == 7


def test_a_broken_executor_fails_the_items_and_not_the_batcher(model):
    executor = ThreadPoolExecutor(1)
    executor.shutdown()

    async def main():
        async with Batcher(model, executor=executor) as batcher:
            return [await batcher.submit_all([1]), await batcher.submit_all([2])]

    answers = asyncio.run(main())

    assert [[RuntimeError], [RuntimeError]] == [[type(answer) for answer in call] for call in answers]


class Abandoning(Executor):
    """Cancels whatever it is given, as an executor does that is shut down with ``cancel_futures``."""

    def submit(self, *args, **kwargs):
        future = Future()
        future.cancel()
        return future


def test_a_batch_that_its_executor_dropped_is_an_error_and_no_hang(model):
    async def main():
        async with Batcher(model, executor=Abandoning()) as batcher:
            return await batcher.submit_all([1])

    (answer,) = asyncio.run(main())

    assert isinstance(answer, UsageError)


def test_an_exit_asked_for_by_the_model_is_not_swallowed():
    def predict(items):
        raise SystemExit(3)

    async def main():
        async with Batcher(predict) as batcher:
            return await batcher.submit_all([1])

    (answer,) = asyncio.run(main())

    assert isinstance(answer, SystemExit)


def test_a_loop_closed_in_mid_batch_is_no_error_in_the_models_thread(model):
    loop = asyncio.new_event_loop()
    executor = ThreadPoolExecutor(1)

    async def main():
        batcher = Batcher(model, executor=executor)
        await batcher.__aenter__()
        task = asyncio.create_task(batcher.submit(1))
        await model.entered()
        task.cancel()
        await asyncio.wait([task])

    loop.run_until_complete(main())
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()
    model.let_go()
    executor.shutdown()

    assert model.batches == [[1]]


@settings(deadline=None, max_examples=30)
@given(
    st.lists(st.lists(st.integers(-5, 5), min_size=1, max_size=9), min_size=1, max_size=12),
    st.integers(1, 6),
)
def test_whatever_the_sizes_each_call_gets_its_own_rows_answers(calls, max_size):
    sizes = []

    def predict(items):
        sizes.append(len(items))
        if -5 in items:
            raise ValueError
        return [item * 2 for item in items]

    async def main():
        async with Batcher(predict, max_size=max_size) as batcher:
            return await asyncio.gather(*(batcher.submit_all(items) for items in calls))

    answers = asyncio.run(main())

    for items, given_back in zip(calls, answers, strict=True):
        assert [item == -5 or item * 2 for item in items] == [isinstance(a, ValueError) or a for a in given_back]
    assert max(sizes) <= max_size


def test_a_batch_that_is_full_already_waits_at_the_executors_door(model):
    async def main():
        async with Batcher(model, max_size=2) as batcher:
            tasks = await submit_each(batcher, [1, 2])
            await model.entered()
            tasks += await submit_each(batcher, [3, 4, 5, 6, 7])
            await until(lambda: batcher.running == 2)
            queued = batcher.queued
            model.let_go()
            return queued, await asyncio.gather(*tasks)

    queued, answers = asyncio.run(main())

    assert 5 == queued
    assert [2, 4, 6, 8, 10, 12, 14] == answers
    assert [[1, 2], [3, 4], [5, 6], [7]] == model.batches


def test_who_leaves_at_the_executors_door_never_reaches_the_model(model):
    async def main():
        async with Batcher(model, max_size=2) as batcher:
            tasks = await submit_each(batcher, [1, 2])
            await model.entered()
            tasks += await submit_each(batcher, [3, 4, 5, 6])
            await until(lambda: batcher.running == 2)
            tasks[3].cancel()
            tasks[4].cancel()
            await asyncio.sleep(0)
            model.let_go()
            return await asyncio.gather(*tasks, return_exceptions=True)

    one, two, three, *gone, six = asyncio.run(main())

    assert [2, 4, 6, 12] == [one, two, three, six]
    assert [asyncio.CancelledError] * 2 == [type(error) for error in gone]
    assert [[1, 2], [3], [6]] == model.batches


def test_a_batch_that_all_leave_at_the_executors_door_never_reaches_the_model(model):
    async def main():
        async with Batcher(model, max_size=2) as batcher:
            tasks = await submit_each(batcher, [1, 2])
            await model.entered()
            leaving = await submit_each(batcher, [3, 4])
            await until(lambda: batcher.running == 2)
            for task in leaving:
                task.cancel()
            await asyncio.sleep(0)
            model.let_go()
            await asyncio.gather(*tasks)

    asyncio.run(main())

    assert [[1, 2]] == model.batches


class CountedThreads(ThreadPoolExecutor):
    """Says how many threads it has."""

    def __init__(self, workers):
        super().__init__(workers)
        self.workers = workers


@pytest.mark.parametrize(
    ("threads", "count", "expected"),
    [(CountedThreads, 1, 2), (CountedThreads, 2, 1), (ThreadPoolExecutor, 1, 1), (ThreadPoolExecutor, 2, 1)],
)
def test_only_an_executor_known_to_have_no_more_threads_than_batches_holds_one_at_its_door(
    model, threads, count, expected
):
    async def main():
        with threads(count) as pool:
            async with Batcher(model, max_size=2, executor=pool) as batcher:
                tasks = await submit_each(batcher, [1, 2])
                await model.entered()
                tasks += await submit_each(batcher, [3, 4])
                await asyncio.sleep(0)
                running = batcher.running
                model.let_go()
                await asyncio.gather(*tasks)
                return running

    assert expected == asyncio.run(main())


def test_what_waits_at_the_executors_door_takes_room_in_the_queue(model):
    async def main():
        async with Batcher(model, max_size=2, max_queue=3) as batcher:
            tasks = await submit_each(batcher, [1, 2])
            await model.entered()
            tasks += await submit_each(batcher, [3, 4])
            await until(lambda: batcher.running == 2)
            tasks += await submit_each(batcher, [5])
            with pytest.raises(Overloaded, match="3 items wait already"):
                await batcher.submit(6)
            model.let_go()
            return await asyncio.gather(*tasks)

    assert [2, 4, 6, 8, 10] == asyncio.run(main())


def test_who_leaves_at_the_executors_door_makes_room_in_the_queue(model):
    async def main():
        async with Batcher(model, max_size=2, max_queue=2) as batcher:
            tasks = await submit_each(batcher, [1, 2])
            await model.entered()
            leaving = await submit_each(batcher, [3, 4])
            await until(lambda: batcher.running == 2)
            queued = [batcher.queued]
            for task in leaving:
                task.cancel()
            await asyncio.sleep(0)
            queued.append(batcher.queued)
            tasks += await submit_each(batcher, [5, 6])
            model.let_go()
            return queued, await asyncio.gather(*tasks)

    assert ([2, 0], [2, 4, 10, 12]) == asyncio.run(main())


def test_what_a_batcher_refuses_it_says_how_to_do(model):
    async def main():
        batcher = Batcher(model, max_queue=3)
        with pytest.raises(UsageError) as closed:
            await batcher.submit(1)
        async with batcher:
            with pytest.raises(UsageError) as many:
                await batcher.submit_all([1, 2, 3, 4])
        return closed.value.hint, many.value.hint

    closed, many = asyncio.run(main())
    assert "inside `async with Batcher" in closed
    assert "fewer at a time" in many


def test_an_answer_that_comes_too_late_says_what_to_do(model):
    async def main():
        async with Batcher(model) as batcher:
            with pytest.raises(DeadlineExceeded, match="the deadline passed before the model answered") as late:
                await batcher.submit(1, deadline_s=0)
        return late.value.hint

    assert "Allow more time" in asyncio.run(main())


@pytest.mark.parametrize(("rows", "hint"), [(0, "at least one row"), (9, "Split it first")])
def test_an_item_that_is_in_no_batch_says_what_to_do(rows, hint):
    error = misfit(rows, 8)

    assert f"an item of {rows} rows" in error.message
    assert hint in error.hint


@pytest.mark.parametrize(("weights", "rows"), [(None, 2), ([1, 2, 3, 4, 5], 5)])
def test_a_call_knows_the_rows_of_some_of_its_items(weights, rows):
    group = Group("abcde", sum(weights or [5]), weights, print, print)

    assert rows == group.rows_of(1, 2)


def test_batches_that_wait_are_shared_by_those_that_run_side_by_side(model):
    async def main():
        with ThreadPoolExecutor(2) as pool:
            async with Batcher(model, executor=pool, batches=2) as batcher:
                model.let_go()
                await batcher.submit(1)
                return batcher._runs.wait_s(3) / batcher.batch_s

    assert asyncio.run(main()) == 2.5
