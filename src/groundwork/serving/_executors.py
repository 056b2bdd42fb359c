"""Where the batches of a model run.

Rule: a call that takes well under a millisecond runs on the server's own thread, since handing it over costs as much;
everything else runs beside it, in threads or in processes, and these times the threads of BLAS, OpenMP and torch never
exceed the cores. A worker process ends with its parent; one that dies costs the batch it had, and is replaced, by the
next batch at the latest.
"""

import contextlib
import logging
import multiprocessing
import os
import pickle
import signal
import sys
import threading
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing.connection import wait
from multiprocessing.context import SpawnContext, SpawnProcess
from time import perf_counter
from typing import Any, Literal, TypeAlias

from groundwork.errors import ConfigurationError, ModelNotReadyError
from groundwork.serving._block import Adapter, Answer, Block
from groundwork.serving._cores import cores

logger = logging.getLogger("groundwork.serving")

Kind: TypeAlias = Literal["auto", "inline", "thread", "process"]
KINDS = ("auto", "inline", "thread", "process")

INLINE_S = 0.001
"""A call that takes longer is not worth the loop's time."""
_TRIALS = 3


def is_quick(adapter: Adapter, block: Block, rows: int, clock: Callable[[], float] = perf_counter) -> bool:
    """Tell whether a model may run on the server's own thread.

    Args:
        adapter: Of the model.
        block: An example of one row.
        rows: Most rows of a batch.
        clock: For the time of a call.

    Returns:
        Whether it is pure and a call takes less than a millisecond, of one row and of a whole batch.
    """
    if not adapter.pure:
        return False
    for blocks in ([block], [block] * rows):
        times = []
        for _ in range(_TRIALS):
            started = clock()
            adapter.predict(blocks)
            times.append(clock() - started)
        # The best of a few: whatever else the machine does only ever adds to it.
        if min(times) >= INLINE_S:
            return False
    return True


def limit_threads(workers: int) -> None:
    """Share the cores among workers, for this thread and, as far as libraries know no threads, for the process.

    OpenMP gets one thread, since two wait for each other in a busy loop at every call, which few rows do not repay.

    Args:
        workers: How many batches run at once.
    """
    share = max(1, cores() // workers)
    from threadpoolctl import threadpool_limits

    threadpool_limits(limits={"openmp": 1, "blas": share})
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(share)


class ModelThreads(ThreadPoolExecutor):
    """Threads for the batches of a model.

    Args:
        name: Of the model.
        workers: How many.

    Attributes:
        workers: How many, for the batcher to know.
    """

    def __init__(self, name: str, workers: int) -> None:
        super().__init__(workers, f"groundwork-{name}", initializer=limit_threads, initargs=(workers,))
        self.workers = workers


def predict_in_worker(blocks: list[Block]) -> list[Answer]:
    """Predict in a worker process."""
    return _adapter.predict(blocks)


class WorkerPool(Executor):
    """Worker processes, each with the model loaded once.

    Args:
        name: Of the model.
        load: Returns its adapter; pickled, and called in each worker.
        workers: How many.
        observe: Told each batch before it runs.

    Raises:
        ConfigurationError: The model cannot be sent to another process.
    """

    def __init__(
        self,
        name: str,
        load: Callable[[], Adapter],
        workers: int,
        *,
        observe: Callable[[list[Block]], None] = lambda blocks: None,
    ) -> None:
        try:
            pickle.dumps(load)
        except Exception as error:
            raise ConfigurationError(
                f"model {name!r} cannot be sent to worker processes: {error}",
                hint="Pass a folder, or an object whose class is at the top of a module; or use executor='thread'.",
            ) from error
        self._name = name
        self._observe = observe
        self._arguments = (load, workers)
        self._lock = threading.Lock()
        self._open = True
        # None is a place whose worker is to be made by the batch that takes it.
        self._free: list[ProcessPoolExecutor | None] = [self._worker() for _ in range(workers)]

    def start(self) -> None:
        """Wait until every worker has loaded the model.

        Raises:
            ConfigurationError: One ended before it had.
        """
        try:
            for ready in [worker.submit(_ready) for worker in self._free if worker is not None]:
                ready.result()
        except BrokenExecutor as error:
            self.shutdown(wait=False)
            raise ConfigurationError(
                f"a worker process of model {self._name!r} ended before it had loaded the model",
                hint="What it wrote to stderr says why. A script calls serve below `if __name__ == '__main__':`.",
            ) from error

    def submit(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":
        """Run a function of a batch in a free worker; there are never more calls than workers.

        Raises:
            ModelNotReadyError: The worker had died, and another cannot be begun now.
            RuntimeError: The workers were shut down.
        """
        self._observe(args[-1])
        with self._lock:
            if not self._open:
                raise RuntimeError("the workers were shut down")
            free = self._free.pop()
        try:
            worker, inner = self._begun(free, function, args, kwargs)
        except BaseException as error:
            self._give_back(None, last=True)
            if isinstance(error, (OSError, BrokenExecutor)):
                raise ModelNotReadyError(
                    f"model {self._name!r} has no worker process, and none can be begun now: {error}",
                    retry_after_s=1.0,
                    hint="Send the request again.",
                ) from error
            raise
        outer: Future[Any] = Future()
        inner.add_done_callback(lambda done: self._done(worker, outer, done))
        return outer

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the workers."""
        with self._lock:
            self._open = False
            free, self._free = self._free, []
        for worker in free:
            if worker is not None:
                worker.shutdown(wait, cancel_futures=cancel_futures)

    def _begun(
        self, worker: ProcessPoolExecutor | None, function: Callable[..., Any], args: Any, kwargs: Any
    ) -> "tuple[ProcessPoolExecutor, Future[Any]]":
        if worker is not None:
            try:
                return worker, worker.submit(function, *args, **kwargs)
            except BrokenExecutor:
                # It died while it had nothing to do; the batch has not begun, so another may have it.
                worker.shutdown(wait=False)
        worker = self._worker()
        return worker, worker.submit(function, *args, **kwargs)

    def _done(self, worker: ProcessPoolExecutor, outer: "Future[Any]", inner: "Future[Any]") -> None:
        error = inner.exception()
        if isinstance(error, BrokenExecutor):
            self._lost(worker, outer, error)
            return
        self._give_back(worker)
        if error is not None:
            outer.set_exception(error)
        else:
            outer.set_result(inner.result())

    def _lost(self, worker: ProcessPoolExecutor, outer: "Future[Any]", error: BaseException) -> None:
        fresh = None
        try:
            worker.shutdown(wait=False)
            fresh = self._worker()
            fresh.submit(_ready)  # begins to load
        except Exception as failure:  # noqa: BLE001 - as for want of memory: the next batch tries again
            fresh = None
            logger.error("a worker process of model %r cannot be replaced now: %s", self._name, failure)
        finally:
            self._give_back(fresh, last=True)
            lost = ModelNotReadyError(
                f"a worker process of model {self._name!r} died", retry_after_s=1.0, hint="Send the request again."
            )
            lost.__cause__ = error
            outer.set_exception(lost)

    def _give_back(self, worker: ProcessPoolExecutor | None, *, last: bool = False) -> None:
        with self._lock:
            if self._open:
                self._free.insert(0 if last else len(self._free), worker)
                return
        if worker is not None:
            worker.shutdown(wait=False)

    def _worker(self) -> ProcessPoolExecutor:
        # One process a pool: in a pool of several, the death of one breaks the batches of all.
        return ProcessPoolExecutor(1, _Context(), initializer=_begin, initargs=self._arguments)


class _Process(SpawnProcess):
    """A process that pays no heed to SIGTERM, and is killed where its executor would terminate it."""

    def terminate(self) -> None:
        self.kill()


class _Context(SpawnContext):
    Process = _Process


def kill_workers() -> None:
    """Kill the worker processes of all models; one that never lets its interpreter go would outlive its parent."""
    for child in multiprocessing.active_children():
        if isinstance(child, _Process):
            child.kill()


_adapter: Adapter


def _ready() -> bool:
    return True


def _begin(load: Callable[[], Adapter], workers: int) -> None:
    """Make this process a worker."""
    global _adapter
    # Ctrl-C goes to all processes of a terminal, and what a service manager sends to all of a group; the parent lets
    # accepted requests finish.
    with contextlib.suppress(ValueError):
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _adapter = load()
    limit_threads(workers)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    wait([parent.sentinel])
    os._exit(1)
