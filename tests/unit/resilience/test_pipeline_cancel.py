import asyncio
import multiprocessing
import os
import signal
import sys
import threading
import time

import pytest

from groundwork.errors import TransientError
from groundwork.resilience import Backoff, MemoryJournal, Pipeline, PipelineStatus, Step, StepStatus, result_of, retry
from groundwork.testing import VirtualClock


def hang():
    threading.Event().wait()


def cancelled_once(pipeline, started):
    """Cancel from another thread as soon as an event is set."""

    def wait_and_cancel():
        started.wait()
        pipeline.cancel()

    thread = threading.Thread(target=wait_and_cancel)
    thread.start()
    return thread


def signalling(started):
    """An observer that sets an event when a step begins."""

    def observe(event):
        if hasattr(event, "step"):
            started.set()

    return observe


def test_between_steps_nothing_new_begins():
    ran = []
    steps = [Step("one", lambda: pipeline.cancel()), Step("two", lambda: ran.append(2))]
    pipeline = Pipeline(steps)

    result = pipeline.run()

    assert (result.status, ran) == (PipelineStatus.CANCELLED, [])
    assert [step.status for step in result.steps] == [StepStatus.SUCCESS, StepStatus.PENDING]


def test_cancelled_before_it_begins_nothing_runs():
    ran = []
    pipeline = Pipeline([Step("one", lambda: ran.append(1))])
    pipeline.cancel()

    assert (pipeline.run().status, ran) == (PipelineStatus.CANCELLED, [])


def test_after_the_last_step_it_comes_too_late():
    pipeline = Pipeline([Step("one", lambda: pipeline.cancel())])

    assert pipeline.run().status is PipelineStatus.SUCCESS


def test_a_step_in_a_process_of_its_own_is_killed():
    started, journal = threading.Event(), MemoryJournal()
    step = Step("train", hang, timeout_s=600, fallback=lambda: 1, optional=True, retry=retry(on=Exception))
    pipeline = Pipeline([step], journal=journal, observers=[signalling(started)])
    thread = cancelled_once(pipeline, started)

    result = pipeline.run()

    thread.join()
    assert result.status is PipelineStatus.CANCELLED
    assert [step.status for step in result.steps] == [StepStatus.CANCELLED]
    assert list(journal.records())[-1] == {"event": "run_ended", "status": "CANCELLED"}


@pytest.fixture
def ctrl_c():
    """A shell that starts us in the background makes us deaf to it; here it is heard."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.skipif(sys.platform == "win32", reason="no signals to oneself on Windows")
def test_ctrl_c_kills_a_step_in_a_process_of_its_own_and_goes_on_its_way(ctrl_c):
    started, journal = threading.Event(), MemoryJournal()
    pipeline = Pipeline([Step("train", hang, timeout_s=600)], journal=journal, observers=[signalling(started)])

    def wait_and_interrupt():
        started.wait()
        while not multiprocessing.active_children():  # what comes while it starts has a test of its own
            time.sleep(0.001)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=wait_and_interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        pipeline.run()

    thread.join()
    assert result_of(journal.records()).status is PipelineStatus.CANCELLED
    assert multiprocessing.active_children() == []


@pytest.mark.parametrize("swallows", [False, True])
def test_a_coroutine_is_cancelled_and_its_task_is_not(swallows):
    async def hang_async():
        pipeline.cancel()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            if not swallows:
                raise

    async def main():
        result = await pipeline.run_async()
        task = asyncio.current_task()
        await asyncio.sleep(0)
        return result, task.cancelling()

    pipeline = Pipeline([Step("load", hang_async), Step("next", lambda: 1)])

    result, cancelling = asyncio.run(main())

    assert (result.status, cancelling) == (PipelineStatus.CANCELLED, 0)


def test_a_coroutine_that_fails_while_it_is_cancelled_leaves_its_task_alone():
    async def fail_late():
        pipeline.cancel()
        try:
            await asyncio.Event().wait()
        finally:
            raise TransientError("while tidying up")

    async def main():
        result = await pipeline.run_async()
        return result, asyncio.current_task().cancelling()

    pipeline = Pipeline([Step("load", fail_late)])

    result, cancelling = asyncio.run(main())

    assert (result.status, cancelling) == (PipelineStatus.FAILURE, 0)


def test_a_synchronous_run_of_coroutines_can_be_cancelled():
    async def hang_async():
        pipeline.cancel()
        await asyncio.Event().wait()

    pipeline = Pipeline([Step("load", hang_async)])

    assert pipeline.run().status is PipelineStatus.CANCELLED


def test_no_further_attempt_is_made(clock):
    tried = []

    def fail():
        tried.append(1)
        pipeline.cancel()
        raise TransientError("busy")

    policy = retry(attempts=5, backoff=Backoff(1, 1, 1, "none"), clock=clock)
    pipeline = Pipeline([Step("load", fail, retry=policy)], clock=clock)

    assert (pipeline.run().status, tried) == (PipelineStatus.CANCELLED, [1])


def test_a_wait_between_attempts_ends():
    class Impatient(VirtualClock):
        def sleep(self, seconds):
            super().sleep(seconds)
            if self.monotonic() >= 3:
                pipeline.cancel()

    def fail():
        raise TransientError("busy", retry_after_s=600)

    clock = Impatient()
    pipeline = Pipeline([Step("load", fail, retry=retry(clock=clock))], clock=clock)

    assert pipeline.run().status is PipelineStatus.CANCELLED
    assert clock.monotonic() == 3


def test_a_wait_between_attempts_ends_at_once_in_a_coroutine(clock):
    async def fail():
        raise TransientError("busy", retry_after_s=600)

    async def main():
        run = asyncio.create_task(pipeline.run_async())
        await asyncio.sleep(5)
        pipeline.cancel()
        return await run

    pipeline = Pipeline([Step("load", fail, retry=retry(clock=clock))], clock=clock)

    assert clock.run(main()).status is PipelineStatus.CANCELLED
    assert clock.monotonic() == 105


def test_another_pipeline_with_the_journal_goes_on():
    journal, ran = MemoryJournal(), []
    first = Pipeline([Step("one", lambda: first.cancel()), Step("two", lambda: ran.append(2))], journal=journal)
    first.run()

    again = Pipeline([Step("one", lambda: ran.append(1)), Step("two", lambda: ran.append(2))], journal=journal).run()

    assert (again.status, ran) == (PipelineStatus.SUCCESS, [2])
