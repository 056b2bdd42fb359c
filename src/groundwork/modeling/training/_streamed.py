"""Batches of a dataset in its own order, from files of any format and size, that can be gone on with.

Rule: the sequence of batches depends on the files and the number of rows alone. Memory: two batches or so. Cost: going
on reads the file again from its beginning up to where it stood; ``BatchLoader`` over Parquet files does not, and
shuffles.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

import polars as pl

from groundwork.data import BatchLoader, Dataset
from groundwork.errors import ConfigurationError, UsageError
from groundwork.storage import sha256


class ResumableBatches(Protocol):
    """What is trained on batch by batch; ``groundwork.data.BatchLoader`` is one."""

    epoch: int
    """The epoch that an iteration goes through or would begin; a finished one moves it on."""

    def __iter__(self) -> Iterator[Any]:
        """Go through the epoch, or what is left of it."""
        ...

    def state_dict(self) -> dict[str, Any]:
        """Tell where it stands, for JSON."""
        ...

    def load_state_dict(self, state: Mapping[str, Any], /) -> None:
        """Go on where a state was taken.

        Args:
            state: The state.
        """
        ...


class StreamedBatches:
    """Frames of a dataset, in its order; see ``ResumableBatches``.

    Args:
        dataset: The files.
        rows: Of a batch.
    """

    def __init__(self, dataset: Dataset, rows: int) -> None:
        self._dataset = dataset
        self._rows = rows
        self._digests: list[str] | None = None
        self._start = self._delivered = 0
        self.epoch = 0

    def __iter__(self) -> Iterator[pl.DataFrame]:
        """Go through the epoch, or what is left of it."""
        start, self._start = self._start, 0
        self._delivered = start
        for number, batch in enumerate(self._dataset.batches(self._rows)):
            if number >= start:
                self._delivered = number + 1
                yield batch
        self.epoch, self._delivered = self.epoch + 1, 0

    def state_dict(self) -> dict[str, Any]:
        """Tell where it stands; the first time this reads all files, for their SHA-256."""
        return {**self._identity(), "epoch": self.epoch, "batch": self._delivered}

    def load_state_dict(self, state: Mapping[str, Any], /) -> None:
        """Go on where a state was taken.

        Args:
            state: As ``state_dict`` gave it, perhaps through JSON.

        Raises:
            ConfigurationError: It is of other files or batches.
        """
        own = self._identity()
        different = [name for name in own if state.get(name) != own[name]]
        if different:
            name = different[0]
            raise ConfigurationError(
                f"the training that was begun had {name} {state.get(name)!r}; now it is {own[name]!r}",
                hint="give the same files and batch_size, or train into another folder",
            )
        self.epoch, self._start = state["epoch"], state["batch"]
        self._delivered = self._start

    def _identity(self) -> dict[str, Any]:
        if self._digests is None:
            self._digests = [sha256(path) for path in self._dataset.files]
        return {"sha256": self._digests, "batch_size": self._rows}


def resumable(batches: Any, batch_size: int) -> ResumableBatches:
    """Make batches of what a caller gave.

    Args:
        batches: A BatchLoader, another ``ResumableBatches``, or a Dataset.
        batch_size: Rows of a batch of a Dataset.

    Returns:
        The batches.

    Raises:
        UsageError: It is none of these.
        ConfigurationError: The dataset can be read once only.
    """
    if isinstance(batches, Dataset):
        if not batches.rereadable:
            raise ConfigurationError(
                f"{batches.name} can be read once only, so that a training of it could not be gone on with",
                hint="write it to a Parquet file first: dataset.sink('rows.parquet')",
            )
        return StreamedBatches(batches, batch_size) if batches.files else BatchLoader(batches, batch_size)
    if not all(hasattr(batches, name) for name in ("epoch", "__iter__", "state_dict", "load_state_dict")):
        raise UsageError(
            f"{type(batches).__name__} gives no batches that a training could go on with",
            hint="pass a groundwork.data.BatchLoader or a Dataset",
        )
    resumed: ResumableBatches = batches
    return resumed
