"""What a load generator saw of a server.

Rule: only answers with status 2xx count for latency and rate, so a server that refuses quickly does not look fast.
"""

from collections import Counter
from dataclasses import dataclass, field

from groundwork.serving._latency import Latencies


@dataclass(slots=True)
class Load:
    """What a load generator saw.

    Attributes:
        seconds: How long requests were counted.
        latency: Of answers with status 2xx. In an open loop from when each was meant to be sent.
        service: Of the same answers, from when each was sent.
        refused: Of all other answers, from when each was sent.
        statuses: Answers by status.
        failures: Requests without an answer, by reason.
        offered: Requests that were meant to be sent.
        interval_s: What each caller would have kept to, see ``Latencies.corrected``; None in an open loop.
    """

    seconds: float = 0.0
    latency: Latencies = field(default_factory=Latencies)
    service: Latencies = field(default_factory=Latencies)
    refused: Latencies = field(default_factory=Latencies)
    statuses: Counter[int] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)
    offered: int = 0
    interval_s: float | None = None

    @property
    def answered(self) -> int:
        """How many answers had status 2xx."""
        return sum(count for status, count in self.statuses.items() if 200 <= status < 300)

    @property
    def rate(self) -> float:
        """Answers with status 2xx in a second."""
        return self.answered / self.seconds if self.seconds else 0.0

    def fold(self) -> None:
        """Keep the latencies' memory bounded; called now and then."""
        for latencies in (self.latency, self.service, self.refused):
            latencies.fold()
