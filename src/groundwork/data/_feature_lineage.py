"""What features are made of: features on features, down to the columns of the table.

Rule: a name that is a feature means the feature, but for the feature itself, which means the table's column. There is
no circle; the one that would close one is refused with the way around it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Any

from groundwork.data._feature import Feature
from groundwork.errors import ConfigurationError


@dataclass(frozen=True)
class Lineage:
    """The graph below some features.

    Attributes:
        reads: For each feature, what it reads.
        order: The features, each after those that it reads.
        columns: The columns of the table at the bottom.
    """

    reads: Mapping[str, tuple[str, ...]]
    order: tuple[str, ...]
    columns: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return {
            "reads": {name: list(read) for name, read in self.reads.items()},
            "order": list(self.order),
            "columns": list(self.columns),
        }


def lineage(wanted: Iterable[str], features: Mapping[str, Feature]) -> Lineage:
    """Follow features down to the table.

    Args:
        wanted: Names of features.
        features: The feature of each name.

    Returns:
        The graph.

    Raises:
        ConfigurationError: Features read each other in a circle.
    """
    reads: dict[str, tuple[str, ...]] = {}
    columns: dict[str, None] = {}
    todo = list(dict.fromkeys(wanted))[::-1]
    while todo:
        name = todo.pop()
        if name in reads:
            continue
        reads[name] = features[name].inputs
        below = [one for one in features[name].inputs if one in features and one != name]
        columns |= dict.fromkeys(one for one in features[name].inputs if one not in below)
        todo += below[::-1]
    graph = {name: [one for one in read if one in reads and one != name] for name, read in reads.items()}
    try:
        order = tuple(TopologicalSorter(graph).static_order())
    except CycleError as error:
        # graphlib lists each before the one that reads it; people follow the reading.
        way = " -> ".join(reversed(error.args[1]))
        raise ConfigurationError(
            f"features read each other in a circle: {way}",
            hint="let one of them read columns of the table only",
            context={"circle": error.args[1][::-1]},
        ) from None
    return Lineage(reads, order, tuple(columns))
