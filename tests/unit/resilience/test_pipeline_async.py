import asyncio
import multiprocessing
import threading

import pytest

from groundwork.errors import Locked, TransientError, UsageError
from groundwork.resilience import Backoff, MemoryJournal, Pipeline, PipelineStatus, Step, StepEvent, StepStatus, retry

pytestmark = pytest.mark.virtual_time


async def load(source):
    await asyncio.sleep(0)
    return source * 2


def hang():
    threading.Event().wait()


async def forever():
    await asyncio.Event().wait()


class TestSynchronousRun:
    def test_coroutine_functions_are_awaited(self):
        async def wanted(load):
            return load == 4

        async def rescue(error):
            return str(error)

        def broken():
            raise TransientError("down")

        steps = [Step("load", load), Step("use", broken, when=wanted, fallback=rescue)]

        result = Pipeline(steps).run({"source": 2})

        assert result.data == {"load": 4, "use": "down"}

    def test_all_coroutines_of_a_run_share_one_loop(self):
        loops = []

        async def see():
            loops.append(asyncio.get_running_loop())

        Pipeline([Step("one", see), Step("two", see)]).run()

        assert loops[0] is loops[1]

    def test_within_a_loop_it_says_what_to_do(self):
        async def main():
            Pipeline([Step("load", load)]).run({"source": 1})

        with pytest.raises(UsageError, match=r"await run_async\(\)"):
            asyncio.run(main())

    def test_within_a_loop_plain_functions_run(self):
        async def main():
            return Pipeline([Step("load", lambda: 1)]).run()

        assert asyncio.run(main()).data == {"load": 1}

    def test_something_to_await_from_a_plain_function_is_a_mistake_that_is_told(self):
        result = Pipeline([Step("load", lambda: load(1))]).run()

        assert "returned something to await" in result.errors[0]["message"]


class TestAsynchronousRun:
    def test_coroutines_and_plain_functions_go_together(self):
        threads = []

        def train(load):
            threads.append(threading.current_thread())
            return load + 1

        pipeline = Pipeline([Step("load", load), Step("train", train)])

        result = asyncio.run(pipeline.run_async({"source": 4}))

        assert (result.status, result.data) == (PipelineStatus.SUCCESS, {"load": 8, "train": 9})
        assert threads != [threading.main_thread()]

    def test_a_failure_is_a_result(self):
        async def down():
            raise TransientError("down")

        result = asyncio.run(Pipeline([Step("load", down)]).run_async())

        assert (result.status, result.errors[0]["message"]) == (PipelineStatus.FAILURE, "down")

    def test_retries_wait_on_the_loop_and_are_counted(self, clock):
        left = [TransientError("busy"), TransientError("busy")]

        async def flaky():
            if left:
                raise left.pop()
            return 1

        policy = retry(backoff=Backoff(1, 1, 1, "none"), clock=clock)
        pipeline = Pipeline([Step("load", flaky, retry=policy)], clock=clock)

        result = clock.run(pipeline.run_async())

        assert (result.steps[0].attempts, result.steps[0].seconds) == (3, 2.0)

    def test_a_coroutine_that_takes_too_long_is_cancelled(self, clock):
        ended = []

        async def hang():
            try:
                await forever()
            finally:
                ended.append(clock.monotonic())

        pipeline = Pipeline([Step("load", hang, timeout_s=5)], clock=clock)
        start_s = clock.monotonic()

        result = clock.run(pipeline.run_async())

        assert (result.errors[0]["code"], ended) == ("deadline_exceeded", [start_s + 5])

    def test_a_cancelled_run_says_so_and_goes_on_cancelled(self):
        journal = MemoryJournal()

        async def main():
            task = asyncio.create_task(Pipeline([Step("load", forever)], journal=journal).run_async())
            await asyncio.sleep(0)
            task.cancel()
            await task

        with pytest.raises(asyncio.CancelledError):
            asyncio.run(main())

        assert list(journal.records())[-1] == {"event": "run_ended", "status": "CANCELLED"}

    def test_a_cancelled_run_leaves_no_thread_at_work(self):
        began, may_end, ended = threading.Event(), threading.Event(), []

        def work():
            began.set()
            may_end.wait()
            ended.append(True)

        async def main():
            task = asyncio.create_task(Pipeline([Step("load", work)]).run_async())
            await asyncio.to_thread(began.wait)
            task.cancel()
            await asyncio.sleep(0)
            task.cancel()
            may_end.set()
            await asyncio.wait([task])
            return task.cancelled(), list(ended)

        assert asyncio.run(main()) == (True, [True])

    def test_a_cancelled_run_kills_a_step_in_a_process_of_its_own(self):
        async def main():
            began = asyncio.Event()
            step = Step("train", hang, timeout_s=600)
            pipeline = Pipeline([step], observers=[lambda event: began.set() if isinstance(event, StepEvent) else None])
            task = asyncio.create_task(pipeline.run_async())
            await began.wait()
            await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait([task])
            return task.cancelled()

        assert asyncio.run(main())
        assert multiprocessing.active_children() == []

    def test_a_run_that_nobody_finishes_is_cancelled_in_the_journal(self):
        journal = MemoryJournal()
        run = Pipeline([Step("load", forever)], journal=journal).run_async()

        async def main():
            run.send(None)
            run.close()

        asyncio.run(main())

        assert list(journal.records())[-1] == {"event": "run_ended", "status": "CANCELLED"}

    def test_finished_work_is_reused_by_either_way_of_running(self):
        journal = MemoryJournal()
        asyncio.run(Pipeline([Step("load", load)], journal=journal).run_async({"source": 1}))

        result = Pipeline([Step("load", load)], journal=journal).run({"source": 1})

        assert (result.steps[0].reused, result.steps[0].status) == (True, StepStatus.SUCCESS)


class TestTimeLimit:
    async def test_a_coroutine_that_runs_out_of_time_is_tried_again(self, virtual_clock):
        policy = retry(attempts=3, backoff=Backoff(1, 1, 1, "none"), clock=virtual_clock)
        step = Step("fetch", forever, timeout_s=5, retry=policy)

        result = await Pipeline([step], clock=virtual_clock).run_async()

        assert (result.steps[0].attempts, result.steps[0].seconds) == (3, 17.0)
        assert result.errors[0]["code"] == "retry_exhausted"

    async def test_a_later_attempt_in_time_gives_the_output(self, virtual_clock):
        waits = iter([60, 1])

        async def fetch():
            await asyncio.sleep(next(waits))
            return "rows"

        policy = retry(attempts=3, backoff=Backoff(1, 1, 1, "none"), clock=virtual_clock)

        result = await Pipeline([Step("fetch", fetch, timeout_s=5, retry=policy)], clock=virtual_clock).run_async()

        assert (result.data, result.steps[0].attempts) == ({"fetch": "rows"}, 2)


class TestOneRunAtATime:
    async def test_a_second_run_on_the_same_journal_is_refused(self, virtual_clock):
        journal, started = MemoryJournal(), asyncio.Event()

        async def work():
            started.set()
            await asyncio.sleep(10)

        first = asyncio.ensure_future(Pipeline([Step("work", work)], journal=journal).run_async())
        await started.wait()

        with pytest.raises(Locked, match="another run uses this journal"):
            await Pipeline([Step("work", work)], journal=journal).run_async()

        assert (await first).status is PipelineStatus.SUCCESS
        assert (await Pipeline([Step("work", work)], journal=journal).run_async()).steps[0].reused
