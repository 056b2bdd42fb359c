"""A model at work in the server: its adapter, its batcher, its state.

Rule: a model is ready once it is loaded and has answered an example; requests before that are told to come again.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from groundwork._failpoints import failpoint
from groundwork.concurrency import Batcher
from groundwork.errors import ModelNotReadyError
from groundwork.serving._adapters import Adapter, example, load

logger = logging.getLogger("groundwork.serving")


class HostedModel:
    """One model of the server.

    Args:
        name: Under which it is served.
        model: See ``create_app``.
        trust: See ``create_app``.
        max_batch_rows: Most rows in one call of the model.
        max_wait_s: How long an idle model waits for more rows.
        max_queue_rows: Most rows that may wait.
    """

    def __init__(
        self, name: str, model: Any, *, trust: bool, max_batch_rows: int, max_wait_s: float, max_queue_rows: int
    ) -> None:
        self.name = name
        self.ready = False
        self.observe_batch: Callable[[float], None] = lambda rows: None
        self._model = model
        self._trust = trust
        self._adapter: Adapter | None = None
        self._batcher: Batcher[Any, Any] = Batcher(
            self._predict, max_size=max_batch_rows, max_wait_s=max_wait_s, max_queue=max_queue_rows
        )

    @property
    def adapter(self) -> Adapter:
        """The adapter; raises ``ModelNotReadyError`` while the model is loading."""
        if self._adapter is None:
            raise ModelNotReadyError(f"model {self.name!r} is still loading", hint="Ask again in a moment.")
        return self._adapter

    def queued(self) -> int:
        """Return how many rows wait."""
        return self._batcher.queued

    async def start(self) -> None:
        """Load, open the batcher, and warm by one example."""
        self._adapter = await asyncio.to_thread(load, self.name, self._model, trust=self._trust)
        await self._batcher.__aenter__()
        try:
            failpoint("serving.load.before_warm")
            rows = self._adapter.parse([example(self._adapter.input_schema())])
            failures = [error for error in await self._batcher.submit_all(rows) if isinstance(error, Exception)]
        except Exception as error:  # noqa: BLE001 - the example is a guess from the schema; a wrong one proves nothing
            failures = [error]
        if failures:
            logger.info("model %r was not warmed: %s", self.name, failures[0])
        self.ready = True

    async def predict(self, instances: list[Any], deadline_s: float | None) -> list[Any]:
        """Return one answer for each instance; an instance that failed has its exception there."""
        rows = self.adapter.parse(instances)
        if not self.ready:
            raise ModelNotReadyError(f"model {self.name!r} is still warming", hint="Ask again in a moment.")
        return await self._batcher.submit_all(rows, deadline_s)

    async def stop(self) -> None:
        """Answer what was accepted, then end."""
        if self._adapter is not None:
            self.ready = False
            await self._batcher.__aexit__(None, None, None)

    def _predict(self, rows: list[Any]) -> Any:
        self.observe_batch(len(rows))
        assert self._adapter is not None
        return self._adapter.predict(rows)
