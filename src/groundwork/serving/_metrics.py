"""What the server counts, for Prometheus.

Rule: a registry of the app's own, so that two apps in one process do not mix; labels come from fixed sets, never from
what a client sent.
"""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from groundwork.serving._answers import Answers
from groundwork.serving._sums import Family, families

ROWS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)


class Metrics:
    """Counters, gauges and histograms of one app.

    Attributes:
        answered: Called with the route, status and seconds of each answered request; see ``Answers.add``.
        in_flight: How many requests have begun and are not answered.
    """

    content_type = b"text/plain; version=0.0.4; charset=utf-8"

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._answers = Answers()
        self._registry.register(self._answers)
        self._batch_rows = Histogram(
            "groundwork_batch_rows", "Rows in one call of the model.", ["model"], buckets=ROWS, registry=self._registry
        )
        self._queue_rows = Gauge(
            "groundwork_queue_rows", "Rows that wait for the model.", ["model"], registry=self._registry
        )
        self._in_flight = Gauge(
            "groundwork_requests_in_flight", "Requests begun and not yet answered.", registry=self._registry
        )
        self._reloads = Counter(
            "groundwork_model_reloads", "Newer models found.", ["model", "outcome"], registry=self._registry
        )
        self._shadowed = Counter(
            "groundwork_shadow_calls", "Calls copied to a shadow.", ["model", "outcome"], registry=self._registry
        )
        self.answered = self._answers.add
        self.in_flight = 0
        self._in_flight.set_function(lambda: self.in_flight)

    def watch_model(self, name: str, queued: Callable[[], int]) -> Callable[[float], None]:
        """Show a model's queue from now on.

        Args:
            name: Label of the model.
            queued: How many rows wait now; asked at each scrape.

        Returns:
            What to call with the size of each batch.
        """
        self._queue_rows.labels(name).set_function(queued)
        return self._batch_rows.labels(name).observe

    def reloaded(self, model: str, outcome: str) -> None:
        """Count a newer model that was found: "loaded" or "refused"."""
        self._reloads.labels(model, outcome).inc()

    def mirrored(self, model: str, outcome: str) -> None:
        """Count a call that was copied to a shadow: "answered", "failed" or "skipped"."""
        self._shadowed.labels(model, outcome).inc()

    def families(self) -> list[Family]:
        """Return everything as it stands now, for another process."""
        return families(self._registry.collect())

    def exposition(self) -> bytes:
        """Return everything in the text format."""
        return generate_latest(self._registry)
