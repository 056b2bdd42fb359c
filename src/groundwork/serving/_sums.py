"""What several processes have counted, as one.

Rule: counts, sums and levels add up; what is a fact and no amount (an info, the time at which something began) is told
once, and what is ready in all is what is ready in each. A process that ended keeps what it had counted, so that no
counter ever goes back.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple, TypeAlias

from prometheus_client import generate_latest
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

Labels: TypeAlias = tuple[tuple[str, str], ...]


class Family(NamedTuple):
    """One metric with its samples, fit to be sent to another process."""

    name: str
    documentation: str
    kind: str
    samples: dict[tuple[str, Labels], float]


def families(metrics: Iterable[Metric]) -> list[Family]:
    """Return what a registry has collected."""
    return [
        Family(
            metric.name,
            metric.documentation,
            metric.type,
            {(sample.name, tuple(sample.labels.items())): sample.value for sample in metric.samples},
        )
        for metric in metrics
    ]


def lasting(found: Iterable[Family]) -> list[Family]:
    """Return what stays true when its process has ended: what was counted, not how things stand."""
    return [family for family in found if family.kind in ("counter", "histogram", "summary")]


def total(parts: Iterable[list[Family]]) -> list[Family]:
    """Add up what several processes have counted.

    Args:
        parts: Of each process.

    Returns:
        Every family that one of them has.
    """
    summed: dict[str, Family] = {}
    for part in parts:
        for family in part:
            into = summed.setdefault(family.name, family._replace(samples={})).samples
            for key, value in family.samples.items():
                before = into.get(key)
                into[key] = value if before is None else _together(family.kind, key[0], before, value)
    return list(summed.values())


def exposition(found: Iterable[Family]) -> bytes:
    """Return families in Prometheus's text format."""
    return generate_latest(_Fixed(found))


def _together(kind: str, sample: str, one: float, other: float) -> float:
    if sample.endswith(("_created", "_ready")):
        return min(one, other)
    if kind == "info" or sample.endswith(("_info", "_seconds_since_epoch")):
        return max(one, other)
    return one + other


class _Fixed(Collector):
    """Families as a registry gives them out."""

    def __init__(self, found: Iterable[Family]) -> None:
        self._found = found

    def collect(self) -> Iterator[Metric]:
        for family in self._found:
            metric = Metric(family.name, family.documentation, family.kind)
            for (name, labels), value in family.samples.items():
                metric.add_sample(name, dict(labels), value)
            yield metric
