"""A model at work in the server: its adapter, its batcher, its state.

Rule: a model is ready once it is loaded and has answered an example; requests before that are told to come again. One
that runs on the server's own thread and turns out to be slow moves to a thread of its own.
"""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import Executor
from functools import partial
from time import perf_counter
from typing import Any, Literal

from groundwork._failpoints import failpoint
from groundwork.concurrency import Batcher
from groundwork.errors import ModelNotReadyError, PredictionError
from groundwork.serving._adapters import Adapter, load
from groundwork.serving._block import Answer, Block, TensorSpec
from groundwork.serving._example import example
from groundwork.serving._executors import Kind, ModelThreads, WorkerPool, is_quick, limit_threads, predict_in_worker
from groundwork.serving._limiter import AdaptiveLimit
from groundwork.serving._notes import Note, note_batch
from groundwork.serving._options import AppOptions
from groundwork.serving._outputs import outputs_of, specs_of
from groundwork.serving._versions import Shadow

logger = logging.getLogger("groundwork.serving")

_SLOW_S = 0.005
_SLOW_IN_A_ROW = 3


class HostedModel:
    """One version of one model of the server.

    Args:
        name: Under which it is served.
        model: See ``create_app``.
        options: Of the app.
        version: What it is called; None means what it says of itself.
        executor: Where it runs; None means as the options say.
        threads: How many batches may run at once; None means as the options say.
        observe_batch: Told the rows of each batch.
        clock: For the time of a call.

    Attributes:
        batcher: Where blocks are posted; there once the model is loaded.
        limiter: How many of its calls may be under way, or None where any number may.
        max_batch_rows: Most rows of a block.
        failure: Why its example could not be predicted, or None.
        outputs: What it gives; as its example was answered, where that could be.
        ready: Loaded and warm.
        notes: What is to be noted of the blocks of watched calls, by the identity of the block.
        runs: "inline", "thread" or "process".
        shadow: Another version that gets a copy of what this one is asked, or None.
    """

    batcher: Batcher[Block, Answer]

    def __init__(
        self,
        name: str,
        model: Any,
        options: AppOptions,
        *,
        version: str | None = None,
        executor: Kind | None = None,
        threads: int | None = None,
        observe_batch: Callable[[float], None] = lambda rows: None,
        clock: Callable[[], float] = perf_counter,
    ) -> None:
        self.name = name
        self.ready = False
        self.failure: Exception | None = None
        self.outputs: tuple[TensorSpec, ...] = ()
        self.runs: Literal["inline", "thread", "process"] = "thread"
        self.shadow: Shadow | None = None
        self.notes: dict[int, Note] = {}
        self.max_batch_rows = options.max_batch_rows
        self._load = partial(load, name, model, trust=options.trust, threads=threads or options.threads)
        self._options = options
        self._version = version
        self._kind = executor or options.executor
        self._threads = threads or options.threads
        self.limiter = (
            _limit(options, 1 if self._kind == "inline" else self._threads) if options.adaptive_limit else None
        )
        self._observe_batch = observe_batch
        self._clock = clock
        self._adapter: Adapter | None = None
        self._executor: Executor | None = None
        self._slow = 0

    @property
    def adapter(self) -> Adapter:
        """The adapter; raises ``ModelNotReadyError`` while the model is loading."""
        if self._adapter is None:
            raise ModelNotReadyError(f"model {self.name!r} is still loading", hint="Ask again in a moment.")
        return self._adapter

    @property
    def told_version(self) -> str:
        """Its version; "" while the model is loading."""
        return self._adapter.version if self._adapter is not None else ""

    def queued(self) -> int:
        """Return how many rows wait."""
        return self.batcher.queued if self._adapter is not None else 0

    async def start(self) -> None:
        """Load, open the batcher, and warm by one example."""
        adapter = await asyncio.to_thread(self._load)
        if self._version is not None:
            adapter.version = self._version
        block: Block | None = None
        try:
            failpoint("serving.load.before_warm")
            block = adapter.parse([example(adapter.input_schema())])
        except Exception as error:  # noqa: BLE001 - the example is a guess from the schema; a wrong one proves nothing
            self.failure = error
        executor = await asyncio.to_thread(self._executor_for, adapter, block)
        if executor == "inline":
            limit_threads(1)
        options = self._options
        self.batcher = Batcher(
            predict_in_worker if self.runs == "process" else partial(self._predict, adapter),
            max_size=options.max_batch_rows,
            max_wait_s=options.max_wait_s,
            max_queue=options.max_queue_rows,
            executor=executor,
            rows=_rows,
            batches=1 if self.runs == "inline" else self._threads,
        )
        await self.batcher.__aenter__()
        self._adapter = adapter
        if block is not None:
            (answer,) = await self.batcher.submit_all([block])
            self.failure = answer if isinstance(answer, Exception) else None
        self.outputs = adapter.outputs
        if block is not None and self.failure is None:
            try:
                self.outputs = specs_of(outputs_of(answer))
            except PredictionError as error:
                self.failure = error
        if self.failure is not None:
            logger.info("model %r was not warmed: %s", self.name, self.failure)
        self.ready = True

    async def stop(self) -> None:
        """Answer what was accepted, then end."""
        if self._adapter is not None:
            self.ready = False
            await self.batcher.__aexit__(None, None, None)
        if self._executor is not None:
            # Idle by now; a worker process may take a moment to end.
            await asyncio.to_thread(self._executor.shutdown)

    def _executor_for(self, adapter: Adapter, block: Block | None) -> Executor | Literal["inline"]:
        kind = self._kind
        if kind == "auto":
            limit_threads(1)
            quick = (
                self._threads == 1 and block is not None and is_quick(adapter, block, self.max_batch_rows, self._clock)
            )
            kind = "inline" if quick else "thread"
        self.runs = kind
        if kind == "inline":
            return "inline"
        if kind == "process":
            workers = WorkerPool(self.name, self._load, self._threads, observe=self._observe)
            self._executor = workers
            workers.start()
            return workers
        self._executor = ModelThreads(self.name, self._threads)
        return self._executor

    def _predict(self, adapter: Adapter, blocks: list[Block]) -> list[Answer]:
        self._observe(blocks)
        if self.runs != "inline":
            return adapter.predict(blocks)
        started = self._clock()
        answers = adapter.predict(blocks)
        # One slow call may be the machine's doing; several in a row are the model's.
        self._slow = self._slow + 1 if self._clock() - started > _SLOW_S else 0
        if self._slow >= _SLOW_IN_A_ROW and self._kind == "auto":
            self.runs = "thread"
            self._executor = ModelThreads(self.name, 1)
            self.batcher.use(self._executor)
        return answers

    def _observe(self, blocks: list[Block]) -> None:
        rows = sum([block.rows for block in blocks])
        self._observe_batch(rows)
        if self.notes:
            note_batch(self.notes, blocks, rows, self._clock())


def _limit(options: AppOptions, batches: int) -> AdaptiveLimit:
    rows = options.max_batch_rows
    return AdaptiveLimit(rows, batches=batches, max_limit=options.max_queue_rows + rows * batches)


def _rows(block: Block) -> int:
    return block.rows
