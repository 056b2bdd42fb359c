"""A number of 128 bits for each row, the same on every machine and in every version.

Rule: equal rows have equal numbers: missing equals missing, NaN equals NaN, 0.0 equals -0.0; text never equals a
number. Whole columns are cut into words of 64 bits such that unequal values have unequal words (only text and bytes of
more than seven bytes, and lists, are hashed on the way); two lanes, of other constants, take in word after word, the
second with its bytes reversed: what a multiplication hardly spreads in one lane, as a sign, it spreads in the other.
Rows that differ are meant to share a number as seldom as random numbers do: of n rows, any two with a chance of at most
n² / 2^129, which is 1e-21 for a billion. This is tried, not proven, and the constants are public: whoever wants two
rows to collide can search for them.
Cost: some 10 ns for each cell.
"""

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import polars as pl

from groundwork.data._mix import mix
from groundwork.errors import InvalidDataError

Words = npt.NDArray[np.uint64]

# Fractions of the golden ratio, pi and e, made odd; the steps are those of splitmix64.
_SEEDS = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0x243F6A8885A308D3))
_FACTORS = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))
_STEP = np.uint64(0xB7E151628AED2A6B)
_HALF = np.uint64(32)
_PIECE = 16_384
_WORD = 8
# By the number of bytes: which bits of the word they take, and what is put above them.
_INSIDE = np.array([(1 << 8 * size) - 1 for size in range(_WORD + 1)], np.uint64)
_SIZE = np.array([size << 56 for size in range(_WORD)] + [0], np.uint64)


def row_hashes(frame: pl.DataFrame) -> tuple[Words, Words]:
    """Hash every row.

    Args:
        frame: The columns that count, in an order that the caller keeps.

    Returns:
        Two lanes, each a word a row.

    Raises:
        InvalidDataError: A column holds Python objects.
    """
    words = list(_words(frame))
    lanes = np.full(frame.height, _SEEDS[0]), np.full(frame.height, _SEEDS[1])
    spare = np.empty(_PIECE, np.uint64)
    # Short pieces stay in the processor's cache from step to step.
    for start in range(0, frame.height, _PIECE):
        piece = slice(start, min(start + _PIECE, frame.height))
        states = lanes[0][piece], lanes[1][piece]
        for first, second in words:
            _take_in(states, (first[piece], second[piece]), spare[: len(states[0])])
    return lanes


def collision_probability(rows: int) -> float:
    """Bound the chance that any two of so many different rows share their hash, if hashes are as random numbers.

    Args:
        rows: How many.

    Returns:
        n² / 2^129.
    """
    return float(rows) ** 2 / 2.0**129


def _take_in(states: tuple[Words, Words], words: tuple[Words, Words], spare: Words) -> None:
    # Each step can be undone, so that rows which differ in one word only never meet. The second product spreads the
    # highest bits too, which the first leaves where they are; else a chosen next word could take them back.
    for state, factor, word in zip(states, _FACTORS, (words[0], words[1].byteswap()), strict=True):
        np.bitwise_xor(state, word, out=state)
        np.multiply(state, factor, out=state)
        np.right_shift(state, _HALF, out=spare)
        np.bitwise_xor(state, spare, out=state)
        np.multiply(state, _STEP, out=state)


def _words(frame: pl.DataFrame) -> Iterator[tuple[Words, Words]]:
    """Cut the values of each column into words, one for each lane; at last say which are missing."""
    holes = tuple(name for name in frame.columns if frame[name].null_count())
    even = frame.select(_even_columns(tuple(frame.schema.items()), holes))
    for at in range(frame.width):
        column = even[f"value {at}"]
        if isinstance(column.dtype, pl.String):
            sizes = even[f"size {at}"] if f"size {at}" in even else column.str.len_bytes()
            yield _text(sizes.to_numpy().astype(np.int64), (column.str.join("").item() or "").encode())
        elif isinstance(column.dtype, pl.Binary):
            yield _text(column.bin.size().cast(pl.Int64).to_numpy(), b"".join(column.to_list()))
        elif isinstance(column.dtype, pl.Struct):
            # Mixed once more: as they are, they would take back the state of equal columns outside.
            one, two = row_hashes(column.struct.unnest())
            yield mix(one), mix(two)
        elif isinstance(column.dtype, pl.List):
            yield _list(column)
        else:
            # Added here, where -0.0 becomes 0.0; polars would leave the sum out as of no effect.
            values = column.to_numpy() + 0.0 if column.dtype.is_float() else column.to_numpy()
            yield values.view(np.uint64), values.view(np.uint64)
    for at in range(0, frame.width, 64):
        word = even[f"missing {at}"].to_numpy() if f"missing {at}" in even else np.zeros(frame.height, np.uint64)
        yield word, word


# The expressions of one table are asked for with each of its batches, and take longer to make than to run.
@lru_cache(maxsize=64)
def _even_columns(schema: tuple[tuple[str, pl.DataType], ...], holes: tuple[str, ...]) -> list[pl.Expr]:
    """Say how to bring the columns to even values, how long texts are, and which values are missing."""
    columns = []
    for at, (name, dtype) in enumerate(schema):
        columns.append(_even(name, dtype, holes=name in holes).alias(f"value {at}"))
        if isinstance(dtype, pl.String):
            size = pl.col(name).str.len_bytes()
            columns.append((size.fill_null(0) if name in holes else size).alias(f"size {at}"))
    for start in range(0, len(schema), 64):
        bits = [
            pl.when(pl.col(name).is_null()).then(pl.lit(1 << at, pl.UInt64)).otherwise(pl.lit(0, pl.UInt64))
            for at, (name, _) in enumerate(schema[start : start + 64])
            if name in holes
        ]
        if bits:
            columns.append(pl.sum_horizontal(bits).alias(f"missing {start}"))
    return columns


def _even(name: str, dtype: pl.DataType, *, holes: bool) -> pl.Expr:
    """Bring a column to one of a few types, equal values to one form, and what is missing to any value."""
    column = pl.col(name)
    if isinstance(dtype, pl.Binary):
        return column.fill_null(b"") if holes else column
    if isinstance(dtype, pl.String):
        return column  # what is missing has size 0, and is left out where the texts are joined
    if isinstance(dtype, pl.Categorical | pl.Enum | pl.Decimal | pl.Int128 | pl.UInt128):
        text = column.cast(pl.String)
        return text.fill_null("") if holes else text
    if dtype.is_float():
        return column.cast(pl.Float64).fill_nan(float("nan")).fill_null(0.0)
    if isinstance(dtype, pl.Object):
        raise InvalidDataError(
            f"column {name} holds Python objects, which cannot be told apart on disk",
            hint="leave it out of columns, or make text or numbers of it",
            context={"column": name},
        )
    if isinstance(dtype, pl.List | pl.Array):
        return column.cast(pl.List(dtype.inner)).fill_null([])
    if isinstance(dtype, pl.Struct):
        return column
    whole = column if dtype in (pl.Int64, pl.UInt64) else column.to_physical().cast(pl.Int64)
    return whole.fill_null(0) if holes else whole


def _text(lengths: npt.NDArray[np.int64], content: bytes) -> tuple[Words, Words]:
    data = np.frombuffer(content + bytes(_WORD), np.uint8)
    size = int(lengths[0]) if len(lengths) else 0
    if 0 < size < _WORD and len(content) == size * len(lengths) and bool((lengths == size).all()):
        # Codes, which stand at even distances and are all masked alike.
        even: Words = np.ndarray((len(lengths),), np.dtype("<u8"), data, strides=(size,))
        word = (even & _INSIDE[size]) | _SIZE[size]
        return word, word
    starts = np.cumsum(lengths) - lengths
    if not (lengths >= _WORD).any():
        word = _loaded(data, starts, lengths)
        return word, word
    counts = lengths // _WORD + 1
    firsts = np.cumsum(counts) - counts
    place = np.arange(int(counts.sum())) - np.repeat(firsts, counts)
    left = np.minimum(np.repeat(lengths, counts) - _WORD * place, _WORD)
    word = _loaded(data, np.repeat(starts, counts) + _WORD * place, left)
    # A single word stays as it is, so that a text has one hash beside long texts and beside short ones.
    alone = counts == 1
    first, second = (np.where(alone, word[firsts], lane) for lane in _summed((word, word), place, firsts))
    return first, second


def _loaded(data: npt.NDArray[np.uint8], starts: npt.NDArray[np.int64], sizes: npt.NDArray[np.int64]) -> Words:
    """Read up to eight bytes from each place; of fewer than eight the number of them takes the highest byte."""
    anywhere: Words = np.ndarray((len(data) - _WORD + 1,), np.dtype("<u8"), data, strides=(1,))
    word = anywhere[starts]
    np.bitwise_and(word, _INSIDE[sizes], out=word)
    np.bitwise_or(word, _SIZE[sizes], out=word)
    return word


def _list(column: pl.Series) -> tuple[Words, Words]:
    lengths = column.list.len().to_numpy().astype(np.int64)
    # One element more for each list, so that none is empty: it says the length.
    counts = lengths + 1
    firsts = np.cumsum(counts) - counts
    place = np.arange(int(counts.sum())) - np.repeat(firsts, counts)
    ends = firsts + lengths
    inside = np.ones(len(place), bool)
    inside[ends] = False
    elements = row_hashes(column.filter(column.list.len() > 0).explode().to_frame())
    words = []
    for lane in elements:
        word = np.empty(len(place), np.uint64)
        word[inside], word[ends] = lane, lengths.astype(np.uint64)
        words.append(word)
    return _summed((words[0], words[1]), place, firsts)


def _summed(
    words: tuple[Words, Words], place: npt.NDArray[np.int64], firsts: npt.NDArray[np.int64]
) -> tuple[Words, Words]:
    """Unite the words of each value, every one mixed with its place."""
    keys = (place.astype(np.uint64) + np.uint64(1)) * _STEP
    mixed = keys.copy(), keys ^ _SEEDS[1]
    spare = np.empty_like(keys)
    _take_in(mixed, words, spare)
    _take_in(mixed, (keys, keys), spare)
    if not len(firsts):
        return mixed
    return np.add.reduceat(mixed[0], firsts), np.add.reduceat(mixed[1], firsts)
