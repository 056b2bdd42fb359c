"""Exercise 02: a cache, an index of samples, no row twice, parts that do not leak, batches that go on.

Five topics, each on its own: ``LRUCache``, ``DatasetIndex``, ``deduplicate``, ``split``, ``BatchLoader``.
The README says what they must do, the guide how to get there (the core first), and ``groundwork learn check 02`` which
rule comes next.
``Sample``, ``Deduplicated`` and ``Splits`` are records and are written already.
"""
# ruff: noqa: A002 - an id is called id

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl


class LRUCache:
    """Values by key, at most ``capacity`` of them; when it is full, the one that was used longest ago goes.

    Args:
        capacity: How many.

    Attributes:
        hits: How many gets found their key.
        misses: How many did not.
    """

    def __init__(self, capacity: int) -> None:
        raise NotImplementedError("LRUCache")

    def get(self, key: Any, default: Any = None) -> Any:
        """Return the value and refresh the key; the default where there is none."""

    def put(self, key: Any, value: Any) -> None:
        """Keep a value; it is now the one that was used last."""

    def pop(self, key: Any, default: Any = None) -> Any:
        """Take a value out; the default where there is none."""

    def clear(self) -> None:
        """Take all values out."""

    def get_or_load(self, key: Any, load: Callable[[Any], Any]) -> Any:
        """Return the value; where there is none, keep and return ``load(key)``, called by one thread for all."""

    def __contains__(self, key: Any) -> bool:
        """Tell whether the key is there; does not refresh it."""
        raise NotImplementedError("LRUCache")

    def __len__(self) -> int:
        """Tell how many values there are."""
        raise NotImplementedError("LRUCache")


@dataclass(frozen=True, slots=True)
class Sample:
    """One sample of a dataset.

    Attributes:
        id: Its name; no two samples have the same.
        label: Its class, or None.
        split: The part that it is in, as ``"train"``, or None.
        metadata: Anything else that JSON can hold.
    """

    id: str
    label: str | None = None
    split: str | None = None
    metadata: dict[str, Any] = field(default_factory=dict)


class DatasetIndex:
    """Samples, found by what they are; all in the order in which they were added.

    Args:
        samples: The first of them.
        indexed: Keys of the metadata by which ``where`` must find without looking at all samples.
    """

    def __init__(self, samples: Iterable[Sample] = (), *, indexed: Sequence[str] = ()) -> None:
        raise NotImplementedError("DatasetIndex")

    def add(self, sample: Sample) -> None:
        """Add a sample at the end; an id that is there already is an error, and nothing is changed."""

    def get(self, id: str) -> Sample:
        """Return a sample; an unknown id is an error that names it."""
        raise NotImplementedError("DatasetIndex")

    def remove(self, id: str) -> Sample:
        """Take a sample out, of all that it is in, and return it; an unknown id is an error that names it."""
        raise NotImplementedError("DatasetIndex")

    def replace(self, sample: Sample) -> None:
        """Put a sample in the place of the one with its id; an unknown id is an error that names it."""

    def assign(self, id: str, split: str | None) -> None:
        """Move a sample to another split; it keeps its place. An unknown id is an error that names it."""

    def by_label(self, label: str) -> list[Sample]:
        """Return the samples of a label, in their order."""
        raise NotImplementedError("DatasetIndex")

    def by_split(self, split: str) -> list[Sample]:
        """Return the samples of a split, in their order."""
        raise NotImplementedError("DatasetIndex")

    def where(self, **metadata: Any) -> list[Sample]:
        """Return the samples that have all these values in their metadata, in their order."""
        raise NotImplementedError("DatasetIndex")

    @property
    def labels(self) -> Counter[str]:
        """How many samples each label has; samples without one do not count."""
        raise NotImplementedError("DatasetIndex")

    @property
    def splits(self) -> Counter[str]:
        """How many samples each split has; samples without one do not count."""
        raise NotImplementedError("DatasetIndex")

    def balanced_sample(
        self, per_label: int, *, seed: int, split: str | None = None, replace: bool = False
    ) -> list[Sample]:
        """Draw as many samples of each label; one that has too few is an error that names it, unless ``replace``.

        Args:
            per_label: How many of each.
            seed: The same seed draws the same samples, in every process.
            split: Draw from this one only.
            replace: Whether a sample may be drawn more than once.
        """
        raise NotImplementedError("DatasetIndex")

    def to_json(self) -> str:
        """Write everything down."""
        raise NotImplementedError("DatasetIndex")

    @classmethod
    def from_json(cls, text: str) -> "DatasetIndex":
        """Make the index again that ``to_json`` wrote down."""
        raise NotImplementedError("DatasetIndex")

    def __contains__(self, id: str) -> bool:
        """Tell whether there is a sample with this id."""
        raise NotImplementedError("DatasetIndex")

    def __len__(self) -> int:
        """Tell how many samples there are."""
        raise NotImplementedError("DatasetIndex")

    def __iter__(self) -> Iterator[Sample]:
        """Give all samples in their order."""
        raise NotImplementedError("DatasetIndex")


@dataclass(frozen=True)
class Deduplicated:
    """A table without its repeated rows: the rows that stay, in their order, and how many went."""

    frame: pl.DataFrame
    removed: int


def deduplicate(frame: pl.DataFrame, *, columns: Sequence[str] | None = None, keep: str = "first") -> Deduplicated:
    """Remove rows that are there more than once; missing equals missing.

    Args:
        frame: The table; it stays as it is.
        columns: Those that make rows equal; all unless given.
        keep: Which of equal rows stays: ``"first"``, ``"last"``, or ``"none"`` of them; another word is an error.

    Returns:
        What is left.
    """
    raise NotImplementedError("deduplicate")


@dataclass(frozen=True)
class Splits:
    """The parts of a table; each row is in one of them."""

    train: pl.DataFrame
    validation: pl.DataFrame
    test: pl.DataFrame


def split(
    frame: pl.DataFrame,
    *,
    kind: str,
    test: float,
    validation: float = 0.0,
    column: str | None = None,
    key: str | None = None,
    seed: int = 0,
) -> Splits:
    """Part a table; what cannot be parted so (shares, kind, column, a class of few rows) is an error.

    Args:
        frame: The table; it stays as it is.
        kind: ``"random"``; ``"stratified"``: each class of ``column`` in equal shares; ``"group"``: rows of one value
            of ``column`` together; ``"time"``: the latest rows by ``column`` are the test.
        test: Share of the rows for test, above 0.
        validation: Share of the rows for validation.
        column: The class, group or time.
        key: For ``"random"``: a column whose value alone, with the seed, decides where a row goes.
        seed: The same seed gives the same parts, in every process.

    Returns:
        The parts.
    """
    raise NotImplementedError("split")


class BatchLoader:
    """The rows of a table in batches: ``for batch in loader`` is one epoch, or what a loaded state left of it.

    Args:
        frame: The table.
        batch_size: Rows of a batch; the last may have fewer.
        shuffle: Whether each epoch has an order of its own, which depends on ``seed`` and the epoch alone.
        seed: Any whole number from 0.
        drop_last: Whether to leave out a last batch that is short.
        transform: Called with each batch; what it returns is delivered instead.
        workers: Threads that make batches; you may do without.
        prefetch: How many batches may be made ahead; you may do without.

    Attributes:
        epoch: The epoch that an iteration goes through, from 0; one more after each that was finished. One that was
            broken off begins again.
    """

    def __init__(
        self,
        frame: pl.DataFrame,
        batch_size: int,
        *,
        shuffle: bool = False,
        seed: int = 0,
        drop_last: bool = False,
        transform: Callable[[pl.DataFrame], Any] | None = None,
        workers: int = 0,
        prefetch: int = 2,
    ) -> None:
        raise NotImplementedError("BatchLoader")

    def __len__(self) -> int:
        """Tell how many batches an epoch has."""
        raise NotImplementedError("BatchLoader")

    def __iter__(self) -> Iterator[Any]:
        """Go through the epoch."""
        raise NotImplementedError("BatchLoader")

    def set_epoch(self, epoch: int) -> None:
        """Go to the beginning of an epoch; of the one in which a loaded state stands: stay where it stands."""

    def state_dict(self) -> dict[str, Any]:
        """Tell where the loader stands, as plain JSON of at most 4 KiB."""
        raise NotImplementedError("BatchLoader")

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on where a state was taken; one of other rows, batch size or seed is an error that names it."""
