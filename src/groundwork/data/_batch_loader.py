"""Batches of a table, epoch after epoch, that a killed training can go on with where it stopped.

Rule: the sequence of batches depends on the rows, the seed and the epoch alone; threads, prefetching and where it was
resumed change nothing. A state counts what was delivered, not what was made ahead. Cost: rows are gathered by the
block, not by the batch; a batch of a block is a view.
"""

from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import closing
from typing import TYPE_CHECKING, Any

from groundwork.data._batch_blocks import ArrayBatches, Blocks, FrameBatches, Make, Transform
from groundwork.data._batch_files import FileRows
from groundwork.data._batch_padding import Padding
from groundwork.data._batch_rows import FrameRows, TableRows
from groundwork.data._batch_state import FORMAT, check_state
from groundwork.data._batch_wish import OrderWish
from groundwork.data._tables import as_frame
from groundwork.data._whole import require_whole
from groundwork.errors import ConfigurationError
from groundwork.storage import ahead

if TYPE_CHECKING:
    from groundwork.data._batch_torch import TorchBatches


class BatchLoader:
    """Batches of a table: ``for batch in loader`` is one epoch.

    Iterating starts at the beginning of the epoch, or after ``load_state_dict`` where the state stood. A finished epoch
    moves ``epoch`` on by one; one that was broken off does not.

    Args:
        dataset: A Dataset, a polars frame, or any table that offers itself through the Arrow PyCapsule interface.
        batch_size: Rows of a batch.
        shuffle: Whether each epoch has an order of its own, else that of the table.
        seed: Of the orders.
        stratify: Column of classes: every batch holds its share of each, rounded down or up.
        weights: Column of weights: an epoch draws as many rows as there are, with replacement, each by its weight.
        bucket_by: Column of lengths (whole numbers, lists or texts): a batch's rows are of like length.
        pad: By column of lists, the value that fills its lists up to the longest of a batch; as many arrays then come
            with ``<column>_length`` and ``<column>_mask``.
        drop_last: Whether to leave out a last batch that is short.
        transform: Makes of a frame what is delivered instead.
        workers: Threads that make batches; 0 is the prefetching one, or the caller's own where nothing is prefetched.
        prefetch: How many batches (of small ones without transform: blocks of them) are made ahead.
        shard: This trainer's number, from 0, and the number of trainers; batches are dealt out in turn. With
            ``drop_last`` each gets equally many.
        buffer_rows: For a Dataset of Parquet files larger than memory: how many rows are in memory at a time, and
            shuffled together. Else the table is read into memory, and shuffled as a whole.

    Attributes:
        batch_size: As given.
        epoch: The epoch that an iteration goes through or would begin.

    Raises:
        ConfigurationError: An argument makes no sense.
        InvalidDataError: A column lacks, or its values cannot serve; or the dataset's rows break its schema.
    """

    def __init__(
        self,
        dataset: Any,
        batch_size: int,
        *,
        shuffle: bool = False,
        seed: int = 0,
        stratify: str | None = None,
        weights: str | None = None,
        bucket_by: str | None = None,
        pad: Mapping[str, Any] | None = None,
        drop_last: bool = False,
        transform: Transform | None = None,
        workers: int = 0,
        prefetch: int = 2,
        shard: tuple[int, int] = (0, 1),
        buffer_rows: int | None = None,
    ) -> None:
        self.batch_size = require_whole("batch_size", batch_size, 1)
        self._seed = require_whole("seed", seed, 0)
        self._threads, self._prefetch = require_whole("workers", workers, 0), require_whole("prefetch", prefetch, 0)
        self._rank, self._world = _shard(shard)
        orders = {"stratify": stratify, "weights": weights, "bucket_by": bucket_by}
        if len(given := [name for name, column in orders.items() if column is not None]) > 1:
            raise ConfigurationError(f"{' and '.join(given)} ask for different orders", hint="give one of them")
        wish = OrderWish(self.batch_size, self._seed, bool(shuffle), stratify, weights, bucket_by)
        self._rows: TableRows = (
            FrameRows(as_frame(dataset), wish)
            if buffer_rows is None
            else FileRows(dataset, wish, require_whole("buffer_rows", buffer_rows, 1))
        )
        self._padding = Padding(pad or {}, self._rows.schema)
        self._drop_last = bool(drop_last)
        self._transform = transform
        self.epoch = 0
        self._start = self._delivered = 0
        self._current: object = None
        self._torch: TorchBatches | None = None

    def __len__(self) -> int:
        """Return the number of batches of an epoch, however many of them were delivered."""
        return len(self._numbers())

    def __iter__(self) -> Iterator[Any]:
        """Go through the epoch, or through the rest that a loaded state left of it."""
        start = self._begin()
        return self._counted(self._made(self.epoch, self._numbers()[start:]), self._current, self.epoch)

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch that the next iteration goes through.

        Choosing the epoch that a loaded state stands in keeps its place.

        Args:
            epoch: Its number, from 0.

        Raises:
            ConfigurationError: It is no number of an epoch.
        """
        if require_whole("epoch", epoch, 0) != self.epoch:
            self._stand_at(epoch, 0)

    def state_dict(self) -> dict[str, Any]:
        """Tell where the loader stands, for JSON, in less than 4 KiB.

        Returns:
            Epoch, number of batches delivered in it, and what the loader must be like to go on from there.
        """
        return {**self._identity(), "epoch": self.epoch, "batch": self._delivered}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on where a state was taken: the next iteration delivers the rest of its epoch.

        A table in memory is compared whole: names, types, values and order of the rows. With ``buffer_rows`` types,
        sizes of the files, their whole footers, and 256 blocks of 64 KiB spread evenly over them (two of each file at
        least) are: of 16 MiB, every byte. In larger files a change between the blocks that leaves sizes, places and
        statistics of all columns as they were is not seen.

        Args:
            state: As ``state_dict`` gave it, perhaps through JSON. Workers, prefetching and transform may differ.

        Raises:
            ConfigurationError: It is of other data, order, batch size or seed. The loader stays as it was.
        """
        self._stand_at(*check_state(state, self._identity(), len(self)))

    def torch(self) -> "TorchBatches":
        """Offer the batches to torch: ``DataLoader(loader.torch(), batch_size=None, num_workers=…)``.

        Whatever the number of workers, these are the loader's batches in the loader's order: mappings of column names
        to tensors (to lists, of what is no number), or what ``transform`` makes. ``set_epoch`` and ``load_state_dict``
        reach workers that persist. Which batches torch has delivered the loader knows by ``track``.

        Returns:
            A ``torch.utils.data.IterableDataset``; one and the same each time.

        Raises:
            ConfigurationError: torch is not installed.
            InvalidDataError: A number is missing where its type has no NaN.
        """
        if self._torch is None:
            try:
                from groundwork.data._batch_torch import TorchBatches
            except ImportError:
                raise ConfigurationError(
                    "loader.torch() needs torch, which is not installed", hint="install groundwork[torch]"
                ) from None
            make: ArrayBatches | FrameBatches
            if isinstance(self._rows, FrameRows) and self._transform is None:
                make = ArrayBatches(self._rows, self._padding)
            else:
                make = FrameBatches(self._rows, self.batch_size, self._padding, self._transform)
            self._torch = TorchBatches(make, self._numbers())
            self._torch.stand_at(self.epoch, self._start)
        return self._torch

    def track(self, batches: Iterable[Any]) -> Iterator[Any]:
        """Count the batches that a torch DataLoader over ``loader.torch()`` delivers: one epoch.

        What the DataLoader's workers have made ahead is not counted, so that ``state_dict`` is exact here too.

        Args:
            batches: The DataLoader.

        Returns:
            Its batches. A finished epoch moves ``epoch`` on by one.
        """
        start = self._begin()
        self.torch().stand_at(self.epoch, start)
        return self._counted(_each(batches), self._current, self.epoch)

    def _stand_at(self, epoch: int, batch: int) -> None:
        self.epoch, self._start, self._delivered, self._current = epoch, batch, batch, None
        if self._torch is not None:
            self._torch.stand_at(epoch, batch)

    def _identity(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "rows": self._rows.height,
            "data": self._rows.digest,
            "batch_size": self.batch_size,
            "seed": self._seed,
            "order": self._rows.order,
            "drop_last": self._drop_last,
            "shard": [self._rank, self._world],
        }

    def _numbers(self) -> range:
        """Return the numbers of this trainer's batches among those of all."""
        if self._drop_last:
            batches = self._rows.height // self.batch_size
            batches -= batches % self._world
        else:
            batches = -(-self._rows.height // self.batch_size)
        return range(self._rank, batches, self._world)

    def _begin(self) -> int:
        start, self._start = self._start, 0
        self._delivered, self._current = start, object()
        return start

    def _counted(self, batches: Generator[Any], current: object, epoch: int) -> Generator[Any]:
        with closing(batches):
            for batch in batches:
                if self._current is current:
                    self._delivered += 1
                yield batch
        if self._current is current:
            self._stand_at(epoch + 1, 0)

    def _made(self, epoch: int, numbers: range) -> Generator[Any]:
        if not numbers:
            return
        blocks = Blocks(self._rows, epoch, numbers, self.batch_size, self._padding)
        threads = self._threads or min(self._prefetch, 1)
        waiting = max(self._prefetch, self._threads)
        if self._transform is None:
            each_block = ahead(iter(range(blocks.count)), blocks.batches, threads=threads, waiting=waiting)
            with closing(each_block) as lists:
                for _, batches in lists:
                    yield from batches
        else:
            make = Make(blocks, self._transform, epoch)
            with closing(ahead(iter(range(len(numbers))), make, threads=threads, waiting=waiting)) as made:
                yield from (batch for _, batch in made)


def _each(batches: Iterable[Any]) -> Generator[Any]:
    yield from batches


def _shard(shard: tuple[int, int]) -> tuple[int, int]:
    if not isinstance(shard, tuple | list) or len(shard) != 2:
        raise ConfigurationError(f"shard {shard!r} is not a trainer of so many", hint="as shard=(0, 4)")
    rank, world = shard
    if require_whole("rank", rank, 0) >= require_whole("world", world, 1):
        raise ConfigurationError(
            f"shard {rank} of {world} does not exist", hint="count trainers from 0, as shard=(0, 2) and shard=(1, 2)"
        )
    return rank, world
