"""The models of an app, by name and version.

Rule: a call says which it means by name and version; one that says nothing means the first, and of its versions the one
that its share falls to.
"""

import asyncio
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from groundwork.errors import ConfigurationError, ModelNotFoundError
from groundwork.serving._adapters import check_source
from groundwork.serving._call import Call
from groundwork.serving._folder import OnDisk
from groundwork.serving._hosted import HostedModel
from groundwork.serving._metrics import Metrics
from groundwork.serving._options import AppOptions
from groundwork.serving._reload import Reloader
from groundwork.serving._versions import ROUTING_HEADER, Served, Shadow, Split, Versions

_UNNAMED = ""


class Models:
    """What an app serves.

    Args:
        models: Name to model; see ``create_app``.
        options: Of the app.
        metrics: Of the app.

    Raises:
        ConfigurationError: The name of a model or version that no path below ``/v2/models/`` can hold.
    """

    def __init__(self, models: Mapping[str, Any], options: AppOptions, metrics: Metrics) -> None:
        for name, model in models.items():
            _nameable("model", name)
            for version in model.versions if isinstance(model, Versions) else ():
                _nameable("version", version)
        self._lines = {name: ModelLine(name, model, options, metrics) for name, model in models.items()}
        self._default = next(iter(self._lines.values()))

    def pick(self, name: str | None, version: str | None, call: Call | None) -> HostedModel:
        """Return the model that a call means.

        Args:
            name: None means the first.
            version: None means the one that the call's share falls to.
            call: Its routing key decides, where it has one.

        Returns:
            The model, perhaps not ready.

        Raises:
            ModelNotFoundError: There is none of that name or version.
        """
        line = self._default if name is None else self._lines.get(name)
        if line is None:
            raise ModelNotFoundError(f"there is no model {name!r}; there are: {', '.join(self._lines)}")
        return line.pick(version, call)

    def items(self) -> Iterator[tuple[str, HostedModel]]:
        """Return each name, and the first version of that name."""
        return ((name, line.first) for name, line in self._lines.items())

    def all(self) -> Iterator[HostedModel]:
        """Return every version of every model."""
        return (hosted for line in self._lines.values() for hosted in line.all())

    def versions(self, name: str) -> list[str]:
        """Return the versions of a model that a call may name."""
        return [hosted.adapter.version for hosted in self._lines[name].all()]

    def waiting(self) -> list[str]:
        """Return the names of those that are not ready."""
        return [name for name, line in self._lines.items() if not all(hosted.ready for hosted in line.all())]

    async def start(self) -> None:
        """Load and warm all, then look for newer ones from time to time."""
        for line in self._lines.values():
            await line.start()

    async def stop(self) -> None:
        """Answer what was accepted, then end."""
        for line in self._lines.values():
            await line.stop()


class ModelLine:
    """One model with its versions.

    Args:
        name: Under which it is served.
        model: See ``create_app``.
        options: Of the app.
        metrics: Of the app.
    """

    def __init__(self, name: str, model: Any, options: AppOptions, metrics: Metrics) -> None:
        self._name = name
        self._options = options
        self._observe_batch = metrics.watch_model(name, lambda: sum(hosted.queued() for hosted in self.all()))
        given = model if isinstance(model, Versions) else Versions({_UNNAMED: model})
        self._served = {
            version: each if isinstance(each, Served) else Served(model=each)
            for version, each in given.versions.items()
        }
        for served in self._served.values():
            check_source(name, served.model)
        self._split = Split(given.shares)
        self._first = next(iter(given.shares))
        self._shadow: Shadow | None = None
        self._shadow_version = shadow = given.shadow
        if shadow is not None:
            self._shadow = Shadow(lambda: self._hosted[shadow], partial(metrics.mirrored, name))
        self._hosted = {version: self._new(version) for version in self._served}
        self._only = len(self._hosted) == 1
        self._reloaders = {
            version: Reloader(
                served.model,
                partial(self._new, version),
                partial(self._swap, version),
                every_s=options.reload_s,
                name=name,
                observe=partial(metrics.reloaded, name),
            )
            for version, served in self._served.items()
            if isinstance(served.model, OnDisk) and options.reload_s > 0
        }

    @property
    def first(self) -> HostedModel:
        """The version that speaks for the model."""
        return self._hosted[self._first]

    def all(self) -> list[HostedModel]:
        """Return every version."""
        return list(self._hosted.values())

    def pick(self, version: str | None, call: Call | None) -> HostedModel:
        """Return a version; see ``Models.pick``."""
        if version is None:
            if self._only:
                return self._hosted[self._first]
            return self._hosted[self._split.pick(call.headers.get(ROUTING_HEADER) if call is not None else None)]
        for hosted in self._hosted.values():
            if hosted.adapter.version == version:
                return hosted
        known = ", ".join(hosted.adapter.version for hosted in self._hosted.values())
        raise ModelNotFoundError(f"there is no version {version!r} of model {self._name!r}; there are: {known}")

    async def start(self) -> None:
        """Load and warm every version."""
        for version, hosted in self._hosted.items():
            if version in self._reloaders:
                await self._reloaders[version].note()
            await hosted.start()
        for reloader in self._reloaders.values():
            reloader.start()

    async def stop(self) -> None:
        """Answer what was accepted, then end."""
        for reloader in self._reloaders.values():
            await reloader.stop()
        await asyncio.gather(*(hosted.stop() for hosted in self.all()))

    def _new(self, version: str) -> HostedModel:
        served = self._served[version]
        hosted = HostedModel(
            self._name,
            served.model,
            self._options,
            version=version or None,
            executor=served.executor,
            threads=served.threads,
            observe_batch=self._observe_batch,
        )
        if version != self._shadow_version:
            hosted.shadow = self._shadow
        return hosted

    def _swap(self, version: str, fresh: HostedModel) -> HostedModel:
        old, self._hosted[version] = self._hosted[version], fresh
        return old


def _nameable(what: str, name: Any) -> None:
    if not isinstance(name, str) or not name or "/" in name:
        raise ConfigurationError(
            f"a {what} is named {name!r}, which no path below /v2/models/ can hold",
            hint="Give it a name of at least one letter, without a slash.",
        )
