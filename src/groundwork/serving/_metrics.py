"""What the server counts, for Prometheus.

Rule: a registry of the app's own, so that two apps in one process do not mix; labels come from fixed sets, never from
what a client sent. Cost: a count is an addition (see ``Tally``); everything else is asked for at the scrape.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from groundwork.serving._answers import Answers
from groundwork.serving._sums import Family, families
from groundwork.serving._tally import Spread, Tally

ROWS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)


class Limit(Protocol):
    """A concurrency limit."""

    @property
    def limit(self) -> int:
        """How many requests may be in flight."""
        ...


class Shown(Protocol):
    """What is shown of a loaded version of a model."""

    @property
    def name(self) -> str:
        """Of the model."""
        ...

    @property
    def ready(self) -> bool:
        """Loaded and warm."""
        ...

    @property
    def runs(self) -> str:
        """Where it runs."""
        ...

    @property
    def told_version(self) -> str:
        """Its version; "" while it loads."""
        ...

    @property
    def limiter(self) -> Limit | None:
        """How many of its requests may be in flight; None where any number may."""
        ...


class Metrics(Collector):
    """Counters, gauges and histograms of one app.

    Attributes:
        answered: Called with the route, status and seconds of each answered request; see ``Answers.add``.
        in_flight: How many requests have begun and are not answered.
    """

    content_type = b"text/plain; version=0.0.4; charset=utf-8"

    def __init__(self) -> None:
        answers = Answers()
        self.answered = answers.add
        self.in_flight = 0
        self._queues: dict[str, Callable[[], int]] = {}
        self._batches: dict[str, Spread] = {}
        self._shown: Callable[[], Iterable[Shown]] = tuple
        self._rejects = Tally("groundwork_rejected", "Requests turned away before the model.", ["reason"])
        self._reloads = Tally("groundwork_model_reloads", "Newer models found.", ["model", "outcome"])
        self._shadowed = Tally("groundwork_shadow_calls", "Calls copied to a shadow.", ["model", "outcome"])
        self._registry = CollectorRegistry()
        self._registry.register(answers)
        self._registry.register(self)

    def watch_model(self, name: str, queued: Callable[[], int]) -> Callable[[float], None]:
        """Show a model's queue from now on.

        Args:
            name: Label of the model.
            queued: How many rows wait now; asked at each scrape.

        Returns:
            What to call with the size of each batch.
        """
        self._queues[name] = queued
        self._batches[name] = Spread(ROWS)
        return self._batches[name].add

    def watch_app(self, shown: Callable[[], Iterable[Shown]]) -> None:
        """Show the versions of an app and their limits from now on.

        Args:
            shown: Returns every version of every model.
        """
        self._shown = shown

    def rejected(self, reason: str) -> None:
        """Count a request that was turned away before the model; the reason is from a fixed set."""
        self._rejects.add(reason)

    def reloaded(self, model: str, outcome: str) -> None:
        """Count a newer model that was found: "loaded" or "refused"."""
        self._reloads.add(model, outcome)

    def mirrored(self, model: str, outcome: str) -> None:
        """Count a call that was copied to a shadow: "answered", "failed" or "skipped"."""
        self._shadowed.add(model, outcome)

    def families(self) -> list[Family]:
        """Return everything as it stands now, for another process."""
        return families(self._registry.collect())

    def exposition(self) -> bytes:
        """Return everything in the text format."""
        return generate_latest(self._registry)

    def collect(self) -> Iterator[Metric]:
        """Return what is not told of answers; for the registry."""
        batches = HistogramMetricFamily("groundwork_batch_rows", "Rows in one call of the model.", labels=["model"])
        for name, spread in self._batches.items():
            spread.add_to(batches, [name])
        yield batches
        queues = GaugeMetricFamily("groundwork_queue_rows", "Rows that wait for the model.", labels=["model"])
        for name, queued in self._queues.items():
            queues.add_metric([name], queued())
        yield queues
        yield GaugeMetricFamily(
            "groundwork_requests_in_flight", "Requests begun and not yet answered.", value=self.in_flight
        )
        yield from self._models()
        yield self._rejects.family()
        yield self._reloads.family()
        yield self._shadowed.family()

    def _models(self) -> Iterator[Metric]:
        info = GaugeMetricFamily(
            "groundwork_model_info", "1 for each loaded version of a model.", labels=["model", "version", "executor"]
        )
        ready = GaugeMetricFamily(
            "groundwork_model_ready", "Versions of a model that are loaded and warm.", labels=["model"]
        )
        limits = GaugeMetricFamily(
            "groundwork_concurrency_limit",
            "Requests of a version of a model that may be in flight.",
            labels=["model", "version"],
        )
        counts: dict[str, int] = {}
        for shown in self._shown():
            counts[shown.name] = counts.get(shown.name, 0) + shown.ready
            if shown.told_version:
                info.add_metric([shown.name, shown.told_version, shown.runs], 1)
                if shown.limiter is not None:
                    limits.add_metric([shown.name, shown.told_version], shown.limiter.limit)
        for name, count in counts.items():
            ready.add_metric([name], count)
        yield info
        yield ready
        yield limits
