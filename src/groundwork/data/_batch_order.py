"""In which order the rows of an epoch come: shuffled, stratified, weighted or bucketed.

Rule: an order is a function of the rows, the seed and the epoch, and of nothing else: no global state, no number of
workers. Randomness is the raw 64 bits of PCG64, a stream that numpy promises never to change, so that the order is the
same on every machine. Cost: one to four sorts of the rows; ten million take one to
four seconds and 160 to 400 MB.
"""

import math
from typing import Any

import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[np.int64]

# Rows, batches, blocks, windows and draws have streams of their own.
OF_ROWS, OF_BATCHES, OF_BLOCKS, OF_WINDOWS, OF_DRAWS = range(5)

_POOL_BATCHES = 100


def raw_bits(count: int, seed: int, epoch: int, stream: tuple[int, ...]) -> npt.NDArray[np.uint64]:
    """Draw 64 random bits for each of ``count`` things.

    Args:
        count: How many.
        seed: The loader's seed.
        epoch: Number of the epoch.
        stream: Which of the epoch's independent streams.

    Returns:
        The draws, shape (count,).
    """
    bits = np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(epoch, *stream)))
    drawn: npt.NDArray[np.uint64] = bits.random_raw(count)
    return drawn


def shuffled(count: int, seed: int, epoch: int, *stream: int) -> Rows:
    """Permute 0 … count - 1, each permutation as likely as any other.

    Args:
        count: How many.
        seed: The loader's seed.
        epoch: Number of the epoch.
        stream: Which of the epoch's independent streams.

    Returns:
        The permutation, shape (count,).
    """
    # One sort of numbers whose upper bits are random and whose lower bits say which row it is: half the time of an
    # argsort. Rows whose random bits are equal (two in 300 epochs of a million rows) keep the table's order.
    low = np.uint64(count.bit_length())
    keys = raw_bits(count, seed, epoch, stream) >> low << low
    keys |= np.arange(count, dtype=np.uint64)
    keys.sort()
    keys &= (np.uint64(1) << low) - np.uint64(1)
    return _int64(keys)


def weighted(weights: npt.NDArray[np.float64], seed: int, epoch: int) -> Rows:
    """Draw as many rows as there are, with replacement, each by its weight.

    Args:
        weights: Finite, not negative, not all zero; shape (rows,).
        seed: The loader's seed.
        epoch: Number of the epoch.

    Returns:
        Row numbers, shape (rows,).
    """
    reached = np.cumsum(weights)
    uniform = (raw_bits(len(weights), seed, epoch, (OF_ROWS,)) >> np.uint64(11)).astype(np.float64) * 2.0**-53
    # Sorted, they are found one beside the other in memory, five times as fast; the draws are shuffled afterwards.
    uniform.sort()
    drawn = np.searchsorted(reached, uniform * reached[-1], side="right")
    # Rounding may reach the very end; the last row that can be drawn is the last with a weight.
    drawn = np.minimum(drawn, np.flatnonzero(weights)[-1])
    return _int64(drawn[shuffled(len(drawn), seed, epoch, OF_DRAWS)])


def bucketed(lengths: npt.NDArray[np.int64], batch_size: int, seed: int, epoch: int, *, shuffle: bool) -> Rows:
    """Order rows so that those of a batch are of like length.

    Shuffled rows are sorted by length within pools, and the batches then shuffled: an epoch's batches differ from the
    last one's. A pool is of as many batches as there are pools, but of 100 at most: larger ones would pad less, and mix
    less. Not shuffled, all rows are sorted, equal lengths in the table's order. The rows of a
    short last batch are set aside before, so that dropping it does not drop the longest.

    Args:
        lengths: Of each row; shape (rows,).
        batch_size: Rows of a batch.
        seed: The loader's seed.
        epoch: Number of the epoch.
        shuffle: Whether to shuffle.

    Returns:
        Row numbers, shape (rows,).
    """
    count = len(lengths)
    order: Rows = shuffled(count, seed, epoch, OF_ROWS) if shuffle else np.arange(count)
    batches = count // batch_size
    head, tail = np.split(order, [batches * batch_size])
    pool_rows = batch_size * min(_POOL_BATCHES, math.isqrt(batches) + 1) if shuffle else count + 1
    pools = np.arange(len(head)) // pool_rows
    head = head[np.lexsort((lengths[head], pools))].reshape(batches, batch_size)
    if shuffle:
        head = head[shuffled(batches, seed, epoch, OF_BATCHES)]
    return np.concatenate([head.reshape(-1), tail])


def stratified(codes: npt.NDArray[np.int64], batch_size: int, seed: int, epoch: int, *, shuffle: bool) -> Rows:
    """Order rows so that every batch holds its share of every class, rounded down or up.

    A batch of b out of n rows is due b * rows(class) / n rows of a class. That every batch and every class can be
    rounded at once is a theorem (controlled rounding); how is McNaughton's wrap-around rule: the rows that rounding
    down leaves over are dealt to the batches in a circle, class after class, so that no batch gets two of one class.

    Args:
        codes: Class of each row, from 0; shape (rows,).
        batch_size: Rows of a batch.
        seed: The loader's seed.
        epoch: Number of the epoch.
        shuffle: Whether to shuffle rows within classes; else they keep the table's order.

    Returns:
        Row numbers, shape (rows,).
    """
    count = len(codes)
    order: Rows = shuffled(count, seed, epoch, OF_ROWS) if shuffle else np.arange(count)
    by_class = np.argsort(codes[order], kind="stable")
    batches, left = divmod(count, batch_size)
    sizes = np.bincount(codes)
    short = _last_batch(sizes, batch_size, batches, left)
    floor = sizes * batch_size // count
    extras = sizes - short - floor * batches
    dealt = np.arange(int(extras.sum())) % max(batches, 1)
    if shuffle:
        dealt = shuffled(batches, seed, epoch, OF_BATCHES)[dealt] if batches else dealt
    batch = np.empty(count, np.int64)
    at = taken = 0
    for size, every, extra, last in zip(sizes, floor, extras, short, strict=True):
        own = [np.repeat(np.arange(batches), every), dealt[taken : taken + extra], np.full(last, batches)]
        batch[at : at + size] = np.sort(np.concatenate(own))
        at, taken = at + size, taken + extra
    placed = np.argsort(batch * count + by_class, kind="stable")
    return _int64(order[by_class[placed]])


def _last_batch(sizes: Rows, batch_size: int, batches: int, left: int) -> Rows:
    """How many rows of each class the short last batch gets, such that the full ones can be filled evenly too."""
    count = int(sizes.sum())
    floor = sizes * batch_size // count
    ceiling = -(-sizes * batch_size // count)
    low = np.maximum(sizes * left // count, sizes - ceiling * batches)
    high = np.minimum(-(-sizes * left // count), sizes - floor * batches)
    remainder = np.where(high > low, sizes * left % count, -1)
    most = np.argsort(-remainder, kind="stable")[: left - int(low.sum())]
    low[most] += 1
    return _int64(low)


def _int64(numbers: npt.NDArray[Any]) -> Rows:
    rows: Rows = numbers.astype(np.int64, copy=False)
    return rows
