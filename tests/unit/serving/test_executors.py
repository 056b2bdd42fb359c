import ast
import asyncio
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import BrokenExecutor
from functools import partial
from types import ModuleType

import pytest

from groundwork.errors import ConfigurationError, ModelNotReadyError
from groundwork.serving import _cores
from groundwork.serving._adapters import load
from groundwork.serving._block import Block
from groundwork.serving._executors import (
    WorkerPool,
    is_quick,
    kill_workers,
    limit_threads,
    predict_in_worker,
)
from groundwork.serving._hosted import HostedModel
from groundwork.serving._object import ObjectAdapter
from groundwork.serving._options import AppOptions


class Clock:
    """Moves on by what each call of the model costs."""

    def __init__(self, cost_s):
        self.now = 0.0
        self.cost_s = cost_s

    def __call__(self):
        return self.now


class Echo:
    pure = True

    def __init__(self, clock):
        self.clock = clock
        self.sizes = []

    def predict(self, blocks):
        self.sizes.append(len(blocks))
        self.clock.now += self.clock.cost_s(len(blocks))
        return blocks


@pytest.mark.parametrize(
    ("cost_s", "pure", "expected"),
    [
        (lambda rows: 0.0005, True, True),
        (lambda rows: 0.0005, False, False),
        (lambda rows: 0.002, True, False),
        (lambda rows: 0.0001 * rows, True, False),
    ],
)
def test_only_a_quick_pure_model_runs_on_the_servers_thread(cost_s, pure, expected):
    clock = Clock(cost_s)
    model = Echo(clock)
    model.pure = pure

    assert is_quick(model, Block(1, []), 64, clock) is expected


class Torch(ModuleType):
    """What of torch is asked here: how many threads it was given."""

    def set_num_threads(self, threads):
        self.threads = threads


@pytest.mark.parametrize(
    ("usable", "servers", "workers", "share"), [(8, 1, 2, 4), (8, 2, 2, 2), (3.5, 1, 2, 1), (0.5, 1, 1, 1)]
)
def test_usable_cores_are_shared_among_servers_and_workers(monkeypatch, usable, servers, workers, share):
    torch, limited = Torch("torch"), []
    monkeypatch.setitem(sys.modules, "torch", torch)
    monkeypatch.setattr("threadpoolctl.threadpool_limits", lambda limits: limited.append(limits))
    monkeypatch.setattr(_cores, "usable_cores", lambda: usable)
    monkeypatch.setattr(_cores, "_sharers", servers)

    limit_threads(workers)

    assert limited == [{"openmp": 1, "blas": share}]
    assert torch.threads == share


def test_a_thread_of_a_pool_is_limited_before_its_first_batch():
    # In a process of its own: a limit of BLAS is one for the whole process, whose other threads set it too.
    code = """
import numpy, sklearn.ensemble
from threadpoolctl import threadpool_info
from groundwork.serving._executors import ModelThreads
with ModelThreads("m", 1024) as pool:
    found = pool.submit(threadpool_info).result()
print({(each["user_api"], each["num_threads"]) for each in found})
"""

    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert ast.literal_eval(told) == {("openmp", 1), ("blas", 1)}


class Kills:
    """Ends its process on 666."""

    def predict(self, batch):
        if 666 in batch:
            os._exit(3)
        return [[row, os.getpid()] for row in batch]


def test_a_worker_that_dies_costs_its_batch_and_is_replaced():
    batches = []
    pool = WorkerPool("m", partial(load, "m", Kills()), 1, observe=batches.append)
    try:
        pool.start()

        def ask(row):
            return pool.submit(predict_in_worker, [Block(1, [row])]).result(60)

        ((first,),) = ask(1)
        with pytest.raises(ModelNotReadyError, match="worker process of model 'm' died") as raised:
            ask(666)
        ((second,),) = ask(2)
    finally:
        pool.shutdown()

    assert raised.value.retry_after_s == 1.0
    assert (first[0], second[0]) == (1, 2)
    assert os.getpid() != first[1] != second[1]
    assert len(batches) == 3
    with pytest.raises(RuntimeError, match="shut down"):
        pool.submit(predict_in_worker, [])


class NeverThere:
    """Cannot be loaded in a worker."""

    def __setstate__(self, state):
        os._exit(3)

    def __getstate__(self):
        return {"a": 1}

    def predict(self, batch):
        return batch


def test_a_worker_that_cannot_load_the_model_says_so():
    pool = WorkerPool("m", partial(load, "m", NeverThere()), 1)

    with pytest.raises(ConfigurationError, match="ended before it had loaded the model"):
        pool.start()


def test_an_error_in_a_worker_is_told_and_the_worker_goes_on():
    pool = WorkerPool("m", partial(load, "m", Kills()), 1)
    try:
        with pytest.raises(AttributeError):
            pool.submit(predict_in_worker, [3]).result(60)
        answers = pool.submit(predict_in_worker, [Block(1, [3])]).result(60)
    finally:
        pool.shutdown()

    assert answers[0][0][0] == 3


def test_a_worker_that_died_idle_costs_nothing():
    pool = WorkerPool("m", partial(load, "m", Kills()), 1)
    try:
        ((_, first),) = pool.submit(predict_in_worker, [Block(1, [1])]).result(60)[0]
        (worker,) = pool._free
        # What the executor notices by itself once its process is gone.
        with pytest.raises(BrokenExecutor):
            worker.submit(os._exit, 3).result(60)
        ((_, second),) = pool.submit(predict_in_worker, [Block(1, [1])]).result(60)[0]
    finally:
        pool.shutdown()

    assert first != second


def no_process(self):
    raise OSError(12, "Cannot allocate memory")


def test_a_worker_that_cannot_be_replaced_at_once_is_replaced_by_a_later_batch(monkeypatch, caplog):
    pool = WorkerPool("m", partial(load, "m", Kills()), 1)
    try:
        pool.start()
        with monkeypatch.context() as patched:
            patched.setattr(WorkerPool, "_worker", no_process)
            with pytest.raises(ModelNotReadyError, match="died"):
                pool.submit(predict_in_worker, [Block(1, [666])]).result(60)
            for _ in range(2):
                with pytest.raises(ModelNotReadyError, match="none can be begun now") as raised:
                    pool.submit(predict_in_worker, [Block(1, [1])])

        ((row, _),) = pool.submit(predict_in_worker, [Block(1, [2])]).result(60)[0]
    finally:
        pool.shutdown()

    assert row == 2
    assert raised.value.retry_after_s == 1.0
    assert "cannot be replaced now" in caplog.text


class TakesTwo(Exception):
    """Cannot be read from a pipe, so that the executor is broken and its process alive."""

    def __init__(self, one, two):
        super().__init__(one)


class Unreadable(Kills):
    def predict(self, batch):
        return [TakesTwo(1, 2)] if 3 in batch else super().predict(batch)


@pytest.mark.skipif(os.name == "nt", reason="no signals between processes")
def test_sigterm_to_a_worker_is_passed_over_and_its_executor_can_end_it_nevertheless():
    pool = WorkerPool("m", partial(load, "m", Unreadable()), 1)
    try:

        def ask(row):
            return pool.submit(predict_in_worker, [Block(1, [row])]).result(60)[0]

        ((_, first),) = ask(1)
        os.kill(first, signal.SIGTERM)
        ((_, second),) = ask(2)
        with pytest.raises(ModelNotReadyError, match="died"):
            ask(3)
        ((_, third),) = ask(4)
    finally:
        pool.shutdown()

    assert first == second
    assert third != first
    with pytest.raises(ProcessLookupError):
        os.kill(first, 0)


def test_workers_can_be_killed_whatever_they_do():
    pool = WorkerPool("m", partial(load, "m", Kills()), 1)
    try:
        ((_, first),) = pool.submit(predict_in_worker, [Block(1, [1])]).result(60)[0]
        running = pool.submit(time.sleep, 3600)

        kill_workers()

        with pytest.raises(ModelNotReadyError, match="died"):
            running.result(60)
    finally:
        pool.shutdown()

    assert first != os.getpid()


def test_workers_are_ended_even_if_a_batch_is_under_way():
    pool = WorkerPool("m", partial(load, "m", Kills()), 1)
    pool.start()

    running = pool.submit(predict_in_worker, [Block(1, [1])])
    pool.shutdown()

    assert running.result(60)[0][0][0] == 1


def test_what_cannot_be_sent_to_a_worker_is_refused():
    with pytest.raises(ConfigurationError, match="cannot be sent to worker processes"):
        WorkerPool("m", partial(load, "m", lambda batch: batch), 1)


def test_a_model_in_processes_answers_and_stops():
    async def main():
        sizes = []
        hosted = HostedModel("m", Kills(), AppOptions(), executor="process", threads=1, observe_batch=sizes.append)
        await hosted.start()
        (answer,) = await hosted.batcher.submit_all([Block(2, [1, 2])])
        ready = hosted.ready
        await hosted.stop()
        return answer, ready, hosted.runs, sizes

    answer, ready, runs, sizes = asyncio.run(main())

    assert [row for row, _ in answer] == [1, 2]
    assert answer[0][1] != os.getpid()
    assert (ready, runs, sizes[-1]) == (True, "process", 2)


class Slows:
    """Quick until it is told to be slow, by a clock of its own."""

    slow = False
    now = 0.0

    def predict(self, batch):
        self.now += 0.006 if self.slow else 0.0005
        return batch


def test_a_model_on_the_servers_thread_that_slows_down_moves_to_its_own(monkeypatch):
    monkeypatch.setattr(ObjectAdapter, "pure", True)
    model = Slows()

    async def main():
        hosted = HostedModel("m", model, AppOptions(), clock=lambda: model.now)
        await hosted.start()
        runs = []
        for model.slow in (True, True, False, True, True, True):
            runs.append(hosted.runs)
            await hosted.batcher.submit(Block(1, [1]))
        runs.append(hosted.runs)
        answer = await hosted.batcher.submit(Block(1, [1]))
        await hosted.stop()
        return runs, answer

    assert asyncio.run(main()) == (["inline"] * 6 + ["thread"], [1])


def test_a_model_that_was_told_where_to_run_stays_there():
    async def main():
        hosted = HostedModel("m", Slows(), AppOptions(executor="inline"))
        await hosted.start()
        answer = await hosted.batcher.submit(Block(1, [1]))
        await hosted.stop()
        return hosted.runs, answer

    assert asyncio.run(main()) == ("inline", [1])


def test_options_that_are_none_are_refused():
    with pytest.raises(ConfigurationError, match="executor is 'gpu'"):
        AppOptions(executor="gpu")
