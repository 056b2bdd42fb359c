"""A newer model takes the place of the one at work, without a dropped request.

Rule: the new one is loaded and warmed beside the old; then calls go to the new at once, and the old answers what it had
accepted. A new one that cannot be loaded, cannot predict or takes other rows than the old is passed over, counted and
told of once.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable

from groundwork.errors import ConfigurationError, ModelNotReadyError
from groundwork.serving._folder import Identity, OnDisk, identity
from groundwork.serving._hosted import HostedModel
from groundwork.serving._signature import misfit_of

logger = logging.getLogger("groundwork.serving")


class Reloader:
    """Looks from time to time whether another model lies on disk.

    Args:
        model: Where it lies.
        build: Makes the hosted model of what lies there, not yet started.
        swap: Puts a hosted model in the place of another, which it returns.
        every_s: How often to look.
        name: Of the model.
        observe: Told "loaded" or "refused".
        grace_s: How long ``stop`` waits for models that were replaced and have not ended.
    """

    def __init__(
        self,
        model: OnDisk,
        build: Callable[[], HostedModel],
        swap: Callable[[HostedModel], HostedModel],
        *,
        every_s: float,
        name: str,
        observe: Callable[[str], None],
        grace_s: float = 5.0,
    ) -> None:
        self._model = model
        self._build = build
        self._swap = swap
        self._every_s = every_s
        self._name = name
        self._observe = observe
        self._grace_s = grace_s
        self._ending: set[asyncio.Task[None]] = set()
        self._seen: Identity | None = None
        self._task: asyncio.Task[None] | None = None

    async def note(self) -> None:
        """Remember what lies there now as the model at work; call it before that is loaded."""
        with contextlib.suppress(Exception):  # loading it will say what is wrong
            self._seen = await asyncio.to_thread(identity, self._model)

    def start(self) -> None:
        """Begin to look."""
        self._task = asyncio.create_task(self._watch())

    async def stop(self) -> None:
        """Look no more; a model that was just being loaded is let go, and so is an old one that does not end."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        if self._ending:
            await asyncio.wait(self._ending, timeout=self._grace_s)
            for ending in self._ending:
                ending.cancel()
            await asyncio.gather(*self._ending, return_exceptions=True)

    async def check(self) -> None:
        """Look once, and change over if another model lies there."""
        try:
            found = await asyncio.to_thread(identity, self._model)
        except Exception as error:  # noqa: BLE001 - as while a folder is being replaced: the old one goes on
            logger.debug("model %r cannot be looked for: %s", self._name, error)
            return
        if found == self._seen:
            return
        before, self._seen = self._seen, found
        fresh = self._build()
        try:
            await fresh.start()
            old = self._changed_over(fresh)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with the new one must not cost the old
            await fresh.stop()
            self._observe("refused")
            logger.error("model %r: the new one in %s is refused, the old one goes on: %s", self._name, found[0], error)
            return
        except BaseException:
            await fresh.stop()
            raise
        self._observe("loaded")
        logger.info(
            "model %r: version %s in %s has taken over from version %s in %s",
            self._name,
            fresh.adapter.version,
            found[0],
            old.adapter.version,
            "another place" if before is None else before[0],
        )
        # Beside: an old one that hangs must not be the last that was ever replaced.
        ending = asyncio.create_task(self._end(old))
        self._ending.add(ending)
        ending.add_done_callback(self._ending.discard)

    async def _end(self, old: HostedModel) -> None:
        try:
            await old.stop()
        except Exception:  # the new one answers already
            logger.exception("model %r: the old one did not end as it should", self._name)

    def _changed_over(self, fresh: HostedModel) -> HostedModel:
        old = self._swap(fresh)
        if misfit := misfit_of(old.adapter.input_schema(), fresh.adapter.input_schema()):
            self._swap(old)
            raise ConfigurationError(f"it takes other rows: {misfit}", hint="Serve it under a name of its own.")
        # An example is a guess from the schema: that both fail on theirs says nothing.
        if fresh.failure is not None and old.failure is None:
            self._swap(old)
            raise ModelNotReadyError(f"it cannot predict its own example: {fresh.failure}") from fresh.failure
        return old

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(self._every_s)
            await self.check()
