"""``post``, rows, inline and parallel batches, on virtual time: the executor takes as long as the test says."""

import asyncio
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextvars import ContextVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundwork.concurrency import Batcher
from groundwork.concurrency._batch_run import BatchRun
from groundwork.errors import ConfigurationError, DeadlineExceeded, Overloaded, PredictionError, UsageError
from groundwork.testing import run_virtual


class TimedExecutor(Executor):
    """Begins at once and is done after the next of some durations."""

    def __init__(self, *durations):
        self.durations = list(durations)
        self.begun = 0

    def submit(self, fn, /, *args):
        duration = self.durations[self.begun % len(self.durations)]
        self.begun += 1
        future = Future()
        answer = fn(*args)
        asyncio.get_running_loop().call_later(duration, lambda: future.cancelled() or future.set_result(answer))
        return future


class Calls:
    """What each call was told, in order."""

    def __init__(self):
        self.outcomes = []

    def __call__(self, outcome):
        self.outcomes.append(outcome)


def doubled(items):
    return [item * 2 for item in items]


def timers():
    return [handle for *_, handle in asyncio.get_running_loop()._timers if not handle.cancelled()]


def test_a_posted_call_is_told_its_answers_once_and_in_order():
    told = Calls()

    async def main():
        async with Batcher(doubled, executor=TimedExecutor(1.0)) as batcher:
            batcher.post([1, 2, 3], told)
            assert told.outcomes == []

    run_virtual(main())

    assert [[2, 4, 6]] == told.outcomes


def test_a_posted_call_without_items_is_told_at_once():
    told = Calls()

    async def main():
        async with Batcher(doubled, executor=TimedExecutor(1.0)) as batcher:
            batcher.post([], told).cancel()

    run_virtual(main())

    assert [[]] == told.outcomes


@pytest.mark.parametrize("items", [[], [1]])
@pytest.mark.parametrize("done", [None, 5])
def test_a_call_that_nobody_can_be_told_of_is_refused_and_disturbs_nobody(items, done):
    async def main():
        async with Batcher(doubled, executor=TimedExecutor(1.0)) as batcher:
            with pytest.raises(UsageError, match=f"done is {done}"):
                batcher.post(items, done)
            return await batcher.submit(1)

    assert 2 == run_virtual(main())


@pytest.mark.parametrize("deadline_s", [float("nan"), "1"])
def test_a_deadline_that_is_no_number_is_refused(deadline_s):
    async def main():
        async with Batcher(doubled, executor=TimedExecutor(1.0)) as batcher:
            with pytest.raises(UsageError, match=f"deadline_s is {deadline_s!r}"):
                await batcher.submit(1, deadline_s)

    run_virtual(main())


def test_a_cancelled_call_is_told_nothing_and_its_items_never_reach_the_model():
    told, seen = Calls(), []

    async def main():
        async with Batcher(lambda items: seen.extend(items) or items, executor=TimedExecutor(1.0)) as batcher:
            handle = batcher.post([1, 2], told)
            batcher.post([3], told)
            handle.cancel()
            handle.cancel()
            assert batcher.queued == 1

    run_virtual(main())

    assert ([[3]], [3]) == (told.outcomes, seen)


def test_a_call_cancelled_in_mid_batch_is_told_nothing_and_its_mates_their_answers():
    told, mate = Calls(), Calls()

    async def main():
        async with Batcher(doubled, executor=TimedExecutor(1.0)) as batcher:
            handle = batcher.post([1], told)
            batcher.post([2], mate)
            await asyncio.sleep(0.5)
            handle.cancel()

    run_virtual(main())

    assert ([], [[4]]) == (told.outcomes, mate.outcomes)


def test_a_task_cancelled_in_the_turn_in_which_the_batch_is_formed_never_reaches_the_model():
    seen = []

    async def main():
        async with Batcher(lambda items: seen.extend(items) or items, executor="inline") as batcher:
            task = asyncio.create_task(batcher.submit(1))
            await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait([task])
            return task.cancelled(), batcher.queued

    assert run_virtual(main()) == (True, 0)
    assert seen == []


def test_an_answer_that_comes_with_the_cancellation_disturbs_nobody():
    async def main():
        async with Batcher(doubled, executor="inline") as batcher:
            task = asyncio.create_task(batcher.submit(1, deadline_s=1.0))
            await asyncio.sleep(0)
            (group,) = batcher._queue.all()
            task.cancel()
            group.done([2])
            await asyncio.wait([task])
            return task.cancelled()

    assert run_virtual(main())


def test_a_deadline_ends_a_call_on_time_whether_it_waits_or_is_under_way():
    async def main():
        loop, told = asyncio.get_running_loop(), {}
        seen = []
        async with Batcher(lambda items: seen.extend(items) or items, executor=TimedExecutor(5.0)) as batcher:
            for name, deadline_s in (("under way", 2.0), ("long", 9.0)):
                batcher.post([name], lambda outcome, name=name: told.update({name: (loop.time(), outcome)}), deadline_s)
            await asyncio.sleep(1.0)
            for name, deadline_s in (("waits", 3.0), ("sooner", 1.0)):
                batcher.post([name], lambda outcome, name=name: told.update({name: (loop.time(), outcome)}), deadline_s)
        return told, seen

    told, seen = run_virtual(main())

    assert {"sooner": 2.0, "under way": 2.0, "waits": 4.0, "long": 5.0} == {name: at for name, (at, _) in told.items()}
    assert [DeadlineExceeded] * 3 == [type(told[name][1]) for name in ("sooner", "under way", "waits")]
    assert ["under way", "long"] == seen


@pytest.mark.parametrize("deadline_s", [0.0, -1.0])
def test_a_deadline_that_has_passed_already_is_refused_at_once(deadline_s):
    async def main():
        async with Batcher(doubled, executor="inline") as batcher:
            with pytest.raises(DeadlineExceeded):
                batcher.post([1], pytest.fail, deadline_s)
            assert batcher.queued == 0

    run_virtual(main())


def test_a_deadline_without_end_sets_no_timer():
    async def main():
        async with Batcher(doubled, executor="inline") as batcher:
            batcher.post([1], lambda outcome: None, float("inf"))
            assert timers() == []

    run_virtual(main())


def test_any_number_of_deadlines_has_one_timer_and_leaves_none():
    async def main():
        async with Batcher(doubled, executor=TimedExecutor(0.5), max_queue=5000, max_size=5000) as batcher:
            for number in range(2000):
                batcher.post([number], lambda outcome: None, 10.0 + (number * 7) % 13)
            assert len(timers()) == 1
        assert timers() == []

    run_virtual(main())


def test_a_hundred_thousand_cancelled_calls_leave_nothing_while_the_model_is_busy():
    async def main():
        async with Batcher(doubled, executor=TimedExecutor(1.0)) as batcher:
            batcher.post([0], lambda outcome: None)
            await asyncio.sleep(0.5)
            batcher.post([1], lambda outcome: None, 60.0)
            for number in range(100_000):
                batcher.post([2], pytest.fail, 60.0 - number % 2).cancel()
            assert batcher.queued == len(batcher._queue) == 1
            return len(batcher._queue._groups), len(batcher._deadlines)

    queue, deadlines = run_virtual(main())

    assert queue < 200
    assert deadlines < 600


def test_a_caller_that_fails_on_its_answers_costs_nobody_theirs():
    told, failures = Calls(), []

    def fails(outcome):
        raise KeyError("caller's bug")

    async def main():
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: failures.append(context["exception"]))
        async with Batcher(doubled, executor="inline") as batcher:
            batcher.post([1], fails)
            batcher.post([2], told)

    run_virtual(main())

    assert [[4]] == told.outcomes
    assert [KeyError] == [type(failure) for failure in failures]


def test_a_caller_may_post_again_and_cancel_others_from_its_answer():
    told = Calls()

    async def main():
        async with Batcher(doubled, executor="inline", max_size=1) as batcher:
            batcher.post([1], lambda outcome: (other.cancel(), batcher.post([3], told)))
            other = batcher.post([2], pytest.fail)
            await asyncio.sleep(1)
            assert [[6]] == told.outcomes

    run_virtual(main())


def test_whoever_cancels_a_mate_when_told_of_its_deadline_comes_too_late_for_the_batch():
    log = []

    async def main():
        async with Batcher(lambda items: log.extend(items) or items, executor=TimedExecutor(2.0)) as batcher:
            batcher.post([0], lambda outcome: None)
            await asyncio.sleep(1.0)
            batcher.post([1], lambda outcome: (log.append("cancels"), mate.cancel()), 0.5)
            mate = batcher.post([2], pytest.fail)
            batcher._deadlines._timer.cancel()
            await asyncio.sleep(4.0)

    run_virtual(main())

    assert log == [0, 2, "cancels"]


def test_batches_run_in_the_context_of_whoever_opened_the_batcher():
    who = ContextVar("who", default="nobody")
    seen = []

    async def main():
        async with Batcher(lambda items: seen.append(who.get()) or items, executor="inline") as batcher:
            who.set("caller")
            await batcher.submit(1, deadline_s=1.0)

    run_virtual(main())

    assert seen == ["nobody"]


# Rows


def test_a_batch_holds_as_many_rows_as_it_may_and_overtakes_nobody():
    batches = []

    async def main():
        async with Batcher(
            lambda items: batches.append(items) or items, rows=len, max_size=4, executor=TimedExecutor(1.0)
        ) as batcher:
            for block in ("ab", "cd", "efg", "h", "ijkl", "m"):
                batcher.post([block], lambda outcome: None)
            assert batcher.queued == 13

    run_virtual(main())

    assert batches == [["ab", "cd"], ["efg", "h"], ["ijkl"], ["m"]]


def test_a_call_of_several_blocks_is_spread_over_batches_by_rows():
    batches = []

    async def main():
        async with Batcher(
            lambda items: batches.append(items) or items, rows=len, max_size=4, executor=TimedExecutor(1.0)
        ) as batcher:
            return await asyncio.gather(batcher.submit("xy"), batcher.submit_all(["abc", "de", "fg", "h"]))

    answers = run_virtual(main())

    assert batches == [["xy"], ["abc"], ["de", "fg"], ["h"]]
    assert answers == ["xy", ["abc", "de", "fg", "h"]]


@pytest.mark.parametrize("items", [["abcde"], ["a", "abcde"]])
def test_an_item_larger_than_a_batch_is_a_mistake_of_the_caller(items):
    async def main():
        async with Batcher(doubled, rows=len, max_size=4, executor="inline") as batcher:
            with pytest.raises(UsageError, match="an item of 5 rows; a batch holds 4"):
                batcher.post(items, pytest.fail)

    run_virtual(main())


@pytest.mark.parametrize("items", [[""], ["a", ""]])
def test_an_item_without_rows_is_a_mistake_of_the_caller(items):
    async def main():
        async with Batcher(doubled, rows=len, max_size=4, executor="inline") as batcher:
            with pytest.raises(UsageError, match="an item of 0 rows"):
                batcher.post(items, pytest.fail)

    run_virtual(main())


def test_the_queue_is_bounded_in_rows():
    async def main():
        async with Batcher(doubled, rows=len, max_size=4, max_queue=6, executor=TimedExecutor(1.0)) as batcher:
            batcher.post(["abc"], lambda outcome: None)
            with pytest.raises(Overloaded):
                batcher.post(["abcd"], pytest.fail)
            batcher.post(["abc"], lambda outcome: None)
            with pytest.raises(UsageError, match="8 items at once; the queue holds 6"):
                batcher.post(["abcd", "abcd"], pytest.fail)

    run_virtual(main())


def test_bisection_finds_the_block_that_breaks_a_batch():
    def predict(items):
        if "bad!" in items:
            raise ValueError
        return [item.upper() for item in items]

    async def main():
        async with Batcher(predict, rows=len, executor="inline") as batcher:
            return await asyncio.gather(
                *(batcher.submit(item) for item in ("ab", "bad!", "c", "def")), return_exceptions=True
            )

    answers = run_virtual(main())

    assert ["AB", ValueError, "C", "DEF"] == [type(a) if isinstance(a, Exception) else a for a in answers]


# Inline


def test_inline_predicts_on_the_loop_once_a_turn_so_that_others_get_theirs():
    turns, batches = [], []

    async def main():
        async with Batcher(lambda items: batches.append(len(turns)) or items, executor="inline", max_size=1) as batcher:
            for number in range(3):
                batcher.post([number], lambda outcome: None)
            while batcher.queued:
                turns.append(None)
                await asyncio.sleep(0)

    run_virtual(main())

    assert batches == [1, 2, 3]


def test_inline_runs_one_batch_at_a_time():
    with pytest.raises(ConfigurationError, match="batches is 2"):
        Batcher(doubled, executor="inline", batches=2)


def test_an_exit_asked_for_inline_reaches_the_loop_and_the_caller():
    told = Calls()

    def predict(items):
        raise KeyboardInterrupt

    async def main():
        async with Batcher(predict, executor="inline") as batcher:
            batcher.post([1], told)
            await asyncio.sleep(1)

    with pytest.raises(KeyboardInterrupt):
        run_virtual(main())

    assert [[KeyboardInterrupt]] == [[type(answer) for answer in outcome] for outcome in told.outcomes]


def test_an_exit_asked_for_while_draining_leaves_nobody_waiting():
    told = Calls()

    def predict(items):
        raise SystemExit(3)

    async def main():
        async with Batcher(predict, executor="inline", max_size=1) as batcher:
            batcher.post([1], told)
            batcher.post([2], told)

    with pytest.raises(SystemExit):
        run_virtual(main())

    assert [list, Overloaded] == [type(outcome) for outcome in told.outcomes]


def test_a_batcher_moves_to_another_executor_and_back_between_batches():
    async def main():
        executor = TimedExecutor(1.0)
        async with Batcher(doubled, executor="inline") as batcher:
            await batcher.submit(1)
            batcher.use(executor)
            await batcher.submit(2)
            batcher.use("inline")
            await batcher.submit(3)
        return executor.begun

    assert run_virtual(main()) == 1


def test_a_batcher_moves_to_threads_of_its_own():
    async def main():
        async with Batcher(doubled, executor="inline") as batcher:
            batcher.use(None)
            return await batcher.submit(2)

    assert asyncio.run(main()) == 4


# Several batches at once


def test_parallel_batches_answer_out_of_order_and_each_call_in_its_own():
    told = []

    async def main():
        loop = asyncio.get_running_loop()
        executor = TimedExecutor(3.0, 1.0, 1.0)
        async with Batcher(doubled, executor=executor, max_size=2, batches=2) as batcher:
            batcher.post([1, 2, 3, 4, 5], lambda outcome: told.append((loop.time(), outcome)))
            batcher.post([6], lambda outcome: told.append((loop.time(), outcome)))
            await asyncio.sleep(0.5)
            assert (batcher.running, batcher.queued) == (2, 2)

    run_virtual(main())

    assert told == [(2.0, [12]), (3.0, [2, 4, 6, 8, 10])]


def test_parallel_batches_have_a_thread_each():
    async def main():
        async with Batcher(lambda items: (barrier.wait(30), items)[1], max_size=1, batches=2) as batcher:
            return await asyncio.gather(batcher.submit(1), batcher.submit(2))

    import threading

    barrier = threading.Barrier(2)

    assert asyncio.run(main()) == [1, 2]


def test_an_executor_that_comes_free_takes_what_waits_for_a_fuller_batch():
    told = []

    async def main():
        loop = asyncio.get_running_loop()
        executor = TimedExecutor(1.0)
        async with Batcher(doubled, executor=executor, max_size=2, max_wait_s=5.0, batches=2) as batcher:
            batcher.post([1, 2], lambda outcome: None)
            await asyncio.sleep(0.5)
            batcher.post([3], lambda outcome: told.append(loop.time()))
            await asyncio.sleep(3.0)

    run_virtual(main())

    assert told == [2.0]


def test_a_drain_waits_for_all_batches():
    told = Calls()

    async def main():
        async with Batcher(doubled, executor=TimedExecutor(3.0, 1.0), max_size=1, batches=2) as batcher:
            for number in range(5):
                batcher.post([number], told)
        assert (batcher.running, batcher.queued) == (0, 0)

    run_virtual(main())

    assert sorted(told.outcomes) == [[0], [2], [4], [6], [8]]


def test_an_executor_that_refuses_in_its_own_words_fails_its_batch_alone():
    class Refusing(TimedExecutor):
        def submit(self, fn, /, *args):
            if not self.begun:
                self.begun += 1
                raise OSError("no more processes")
            return super().submit(fn, *args)

    async def main():
        async with Batcher(doubled, executor=Refusing(1.0)) as batcher:
            return await batcher.submit_all([1, 2]), await batcher.submit(3)

    (first, second), third = run_virtual(main())

    assert [OSError, OSError] == [type(first), type(second)]
    assert third == 6


# Estimates


def test_a_newcomers_wait_is_estimated_from_what_is_ahead(monkeypatch):
    async def main():
        monkeypatch.setattr("groundwork.concurrency._batch_runs.perf_counter", asyncio.get_running_loop().time)
        async with Batcher(doubled, executor=TimedExecutor(2.0), max_size=4, max_queue=8) as batcher:
            fresh = batcher.wait_s()
            await batcher.submit(1)
            idle = batcher.wait_s()
            batcher.post([1], lambda outcome: None)
            await asyncio.sleep(1)
            busy = batcher.wait_s()
            batcher.post(range(8), lambda outcome: None)
            with pytest.raises(Overloaded) as raised:
                batcher.post([1], pytest.fail)
            return fresh, idle, busy, raised.value.retry_after_s, batcher.batch_s

    assert run_virtual(main()) == (0.0, 2.0, 4.0, 8.0, 2.0)


@pytest.mark.parametrize("results", [None, 7, [1], [1, 2, 3]])
def test_results_that_nobody_can_assign_fail_that_batch_alone_and_after_one_call(results):
    calls = []

    def predict(items):
        calls.append(items)
        return results if len(calls) == 1 else items

    async def main():
        async with Batcher(predict, executor="inline") as batcher:
            return await batcher.submit_all([1, 2]), await batcher.submit(3)

    broken, following = run_virtual(main())

    assert [PredictionError, PredictionError] == [type(answer) for answer in broken]
    assert following == 3
    assert len(calls) == 2


def test_a_loop_that_refuses_for_another_reason_is_heard(monkeypatch):
    executor = ThreadPoolExecutor(1)

    async def main():
        batcher = Batcher(doubled, executor=executor)
        await batcher.__aenter__()
        monkeypatch.setattr(batcher._loop, "call_soon_threadsafe", _refuse)
        future = Future()
        future.set_result([1])
        with pytest.raises(RuntimeError, match="no"):
            batcher._runs._finish_soon(BatchRun([], []), future)

    asyncio.run(main())
    executor.shutdown()


def _refuse(*args, **options):
    raise RuntimeError("no")


# The law


gaps = st.sampled_from([0.0, 0.0, 0.3, 1.0])
posts = st.tuples(
    gaps,
    st.lists(st.integers(1, 4), min_size=1, max_size=4),
    st.sampled_from([None, None, 0.5, 2.0, 7.0]),
    st.sampled_from([None, None, 0.0, 0.4, 1.5]),
)


@settings(deadline=None, max_examples=50)
@given(
    st.lists(posts, min_size=1, max_size=25),
    st.lists(st.sampled_from([0.0, 0.2, 1.0, 3.0]), min_size=1, max_size=5),
    st.integers(1, 3),
    st.sampled_from([0.0, 0.25]),
    st.integers(0, 2**16),
    st.booleans(),
)
def test_every_call_ends_once_and_nothing_reaches_the_model_after_its_end(
    plan, durations, batches, max_wait_s, seed, inline
):
    ended, outcomes, taken, late, sizes, posted = {}, {}, [], [], [], []

    def predict(items):
        now = asyncio.get_running_loop().time()
        sizes.append(sum(size for _, _, size in items))
        for call, place, _ in items:
            taken.append((call, place))
            if call in ended or deadlines[call] <= now:
                late.append((call, place))
        return [(call, place) for call, place, _ in items]

    deadlines = {}

    async def main():
        loop = asyncio.get_running_loop()
        executor = "inline" if inline else TimedExecutor(*durations)
        batcher = Batcher(
            predict,
            rows=lambda item: item[2],
            max_size=5,
            max_queue=24,
            max_wait_s=max_wait_s,
            executor=executor,
            batches=1 if inline else batches,
        )

        def end(call, outcome):
            assert call not in ended
            ended[call] = loop.time()
            outcomes[call] = outcome

        def cancel(call, handle):
            handle.cancel()
            ended.setdefault(call, loop.time())

        async with batcher:
            for call, (gap, sizes_of, deadline_s, cancel_s) in enumerate(plan):
                await asyncio.sleep(gap)
                deadlines[call] = loop.time() + (float("inf") if deadline_s is None else deadline_s)
                items = [(call, place, size) for place, size in enumerate(sizes_of)]
                try:
                    handle = batcher.post(items, lambda outcome, call=call: end(call, outcome), deadline_s)
                except Overloaded:
                    continue
                posted.append(call)
                assert 0 <= batcher.queued <= 24
                assert batcher.running <= batches
                if cancel_s is not None:
                    loop.call_later(cancel_s, cancel, call, handle)
        assert (batcher.queued, batcher.running, len(batcher._queue), len(batcher._deadlines)) == (0, 0, 0, 0)

    run_virtual(main(), seed=seed)

    assert set(posted) == set(ended)
    assert late == []
    assert max(sizes, default=0) <= 5
    assert taken == sorted(taken)
    assert len(taken) == len(set(taken))
    for call, outcome in outcomes.items():
        if isinstance(outcome, list):
            assert [(call, place) for place in range(len(plan[call][1]))] == outcome
        else:
            assert isinstance(outcome, DeadlineExceeded)
            assert ended[call] >= deadlines[call]
            assert inline or ended[call] == deadlines[call]


def test_a_batch_that_predicted_nothing_says_nothing_of_how_long_one_takes(monkeypatch):
    async def main():
        async with Batcher(doubled) as batcher:
            await batcher.submit(1)
            batcher._runs.batch_s = 2.0
            # Handed over, and given up before its thread begins.
            monkeypatch.setattr(BatchRun, "predict_wanted", given_up(BatchRun.predict_wanted))
            batcher.post([1], pytest.fail)
            await asyncio.sleep(0)
            while batcher.running:
                await asyncio.sleep(0)
            return batcher.batch_s

    def given_up(predict_wanted):
        def run(batch, predict, clock):
            for group, _, _ in batch.slices:
                group.done = None
            return predict_wanted(batch, predict, clock)

        return run

    assert asyncio.run(main()) == 2.0
