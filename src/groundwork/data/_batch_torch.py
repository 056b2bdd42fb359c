"""The batches of a loader as a source for torch's DataLoader.

Rule: worker w of n makes the batches w, w + n, w + 2n …, and the DataLoader asks its workers in turn: what it delivers
is the loader's own order. Where the epoch begins lies in memory that all processes share, so that workers that persist
over epochs learn of it. This module is imported only where torch is there.
"""

import os
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch.utils.data import IterableDataset, get_worker_info

from groundwork.data._batch_blocks import ArrayBatches, FrameBatches
from groundwork.errors import ConfigurationError


class TorchBatches(IterableDataset):  # type: ignore[misc]
    """Batches for ``DataLoader(batches, batch_size=None, num_workers=…)``.

    Args:
        make: Makes the batches of an epoch by their numbers.
        numbers: Of all batches of an epoch.
    """

    def __init__(self, make: ArrayBatches | FrameBatches, numbers: range) -> None:
        self._make = make
        self._numbers = numbers
        self._position = torch.zeros(2, dtype=torch.int64).share_memory_()
        self._process = os.getpid()

    def __len__(self) -> int:
        """Return the number of batches of an epoch."""
        return len(self._numbers)

    def __iter__(self) -> Iterator[Any]:
        """Go through the epoch, or through this worker's part of it."""
        if not self._make.bears_fork and os.getpid() != self._process:
            raise ConfigurationError(
                "this worker was forked, and polars, which transform and files need, does not work in a forked process",
                hint='pass multiprocessing_context="spawn" to the DataLoader',
            )
        epoch, start = self._position.tolist()
        worker = get_worker_info()
        first, step = (worker.id, worker.num_workers) if worker else (0, 1)
        batches = self._make(epoch, self._numbers[start:][first::step])
        return map(_tensors, batches) if self._make.gives_arrays else batches

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        # Who gets this by pickle was not forked with it.
        self._process = os.getpid()

    def stand_at(self, epoch: int, batch: int) -> None:
        """Say where the next iteration begins, in every process.

        Args:
            epoch: The epoch.
            batch: How many of its batches are left out.
        """
        self._position[0], self._position[1] = epoch, batch


def _tensors(batch: Any) -> Any:
    if not isinstance(batch, dict):
        return batch
    return {name: torch.from_numpy(value) if isinstance(value, np.ndarray) else value for name, value in batch.items()}
