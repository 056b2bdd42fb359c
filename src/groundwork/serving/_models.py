"""The models of an app, by name.

Rule: a call says which it means by name and version; one that says nothing means the first.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from groundwork.errors import ModelNotFoundError
from groundwork.serving._call import Call
from groundwork.serving._hosted import HostedModel
from groundwork.serving._metrics import Metrics
from groundwork.serving._options import AppOptions


class Models:
    """What an app serves.

    Args:
        models: Name to model; see ``create_app``.
        options: Of the app.
        metrics: Of the app.
    """

    def __init__(self, models: Mapping[str, Any], options: AppOptions, metrics: Metrics) -> None:
        self._hosted = {
            name: HostedModel(
                name,
                model,
                trust=options.trust,
                max_batch_rows=options.max_batch_rows,
                max_wait_s=options.max_wait_s,
                max_queue_rows=options.max_queue_rows,
            )
            for name, model in models.items()
        }
        for name, hosted in self._hosted.items():
            hosted.observe_batch = metrics.watch_model(name, hosted.queued)
        self._default = next(iter(self._hosted.values()))

    def pick(self, name: str | None, version: str | None, call: Call) -> HostedModel:
        """Return the model that a call means; raise ``ModelNotFoundError`` where there is none."""
        if name is None:
            return self._default
        hosted = self._hosted.get(name)
        if hosted is None:
            raise ModelNotFoundError(f"there is no model {name!r}; there are: {', '.join(self._hosted)}")
        if version is not None and version != hosted.adapter.version:
            raise ModelNotFoundError(
                f"there is no version {version!r} of model {name!r}; there are: {hosted.adapter.version}"
            )
        return hosted

    def items(self) -> Iterator[tuple[str, HostedModel]]:
        """Return each name, and the model that a call of that name alone gets."""
        return iter(self._hosted.items())

    def waiting(self) -> list[str]:
        """Return the names of those that are not ready."""
        return [name for name, hosted in self._hosted.items() if not hosted.ready]

    async def start(self) -> None:
        """Load and warm all."""
        for hosted in self._hosted.values():
            await hosted.start()

    async def stop(self) -> None:
        """Answer what was accepted, then end."""
        for hosted in self._hosted.values():
            await hosted.stop()
