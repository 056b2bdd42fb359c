"""What an index holds, counted.

Rule: every number is a count of samples, but for the imbalance. Cost: one walk over the samples.
"""

from collections import Counter
from collections.abc import Collection
from typing import Any

from groundwork.data._sample import Sample


def index_summary(samples: Collection[Sample], labels: Counter[str], splits: Counter[str]) -> dict[str, Any]:
    """Count samples; see ``DatasetIndex.summary``.

    Args:
        samples: The samples; can be walked over again.
        labels: How many samples each class has.
        splits: How many each split has.

    Returns:
        Plain data for JSON.
    """
    table: dict[str, Counter[str]] = {split: Counter() for split in splits}
    given: Counter[str] = Counter()
    for one in samples:
        given.update(name for name, value in one.metadata.items() if value is not None)
        if one.split is not None and one.label is not None:
            table[one.split][one.label] += 1
    keys = dict.fromkeys(name for one in samples for name in one.metadata)
    return {
        "samples": len(samples),
        "labels": dict(labels.most_common()),
        "splits": dict(splits),
        "labels_by_split": {split: dict(counts) for split, counts in table.items()},
        "imbalance": max(labels.values()) / min(labels.values()) if len(labels) > 1 else None,
        "missing": {
            "label": len(samples) - labels.total(),
            "split": len(samples) - splits.total(),
            "metadata": {name: len(samples) - given[name] for name in keys},
        },
    }
