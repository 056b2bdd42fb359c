"""Where a key or a group falls: a number in [0, 1) that only its own value and the seed decide.

Rule: BLAKE2b over a written-out text of the value, so that no process, machine, version of Python or of polars, and no
other row has a say. Whole numbers up to 2^53, text and instants are one key whatever column type carries them: 7, 7.0
and "7"; an instant in any zone or time unit. Fractions are not: 1.1 of 32 bits is not 1.1 of 64, and a decimal is its
digits, 7.00 not 7. Cost: one hash a distinct key, about a million a second.
"""

import hashlib
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

from groundwork.errors import InvalidDataError

_WHOLE = 2**53  # above it a float no longer names one integer


def places(frame: pl.DataFrame, columns: Sequence[str], seed: int) -> npt.NDArray[np.float64]:
    """Give each row the place of its key.

    Args:
        frame: The rows; none of the columns has missing values.
        columns: The columns that make the key.
        seed: Changes every place.

    Returns:
        One number in [0, 1) a row; rows of one key have one place.

    Raises:
        InvalidDataError: A column's type has no text to hash.
    """
    texts = [key_texts(frame[name]).alias(f"{at}") for at, name in enumerate(columns)]
    keys = pl.DataFrame(texts)
    # With one column the text is the key. With several each says how long it is: "a" + "bc" is not "ab" + "c".
    joined = texts[0] if len(texts) == 1 else keys.select(pl.concat_str(_measured(keys.columns)))["key"]
    distinct = joined.unique().alias("key")
    found = pl.DataFrame({"key": distinct, "place": _hashes(distinct, seed)})
    placed = joined.alias("key").to_frame().join(found, on="key", how="left", maintain_order="left")
    result: npt.NDArray[np.float64] = placed["place"].to_numpy()
    return result


def key_texts(values: pl.Series) -> pl.Series:
    """Write values out as text that no version of polars will write in another way.

    Args:
        values: Numbers, text, booleans, dates or times.

    Returns:
        One text a value.

    Raises:
        InvalidDataError: The type has no such text.
    """
    dtype = values.dtype
    if dtype == pl.Datetime:
        # Microseconds since 1970 in UTC, whatever the zone and the unit.
        return values.dt.epoch("us").cast(pl.String)
    if dtype == pl.Date:
        return values.dt.strftime("%Y-%m-%d")
    if dtype == pl.Duration:
        return values.dt.total_microseconds().cast(pl.String)
    if dtype == pl.Time:
        return values.to_physical().cast(pl.String)
    if dtype.is_float():
        return pl.Series(values.name, [_float_text(value) for value in values], pl.String)
    if dtype.is_integer() or dtype in (pl.String, pl.Categorical, pl.Enum, pl.Boolean, pl.Decimal):
        return values.cast(pl.String)
    raise InvalidDataError(
        f"column {values.name} is {dtype}, which cannot be a key or group",
        hint="use a column of numbers, text, booleans, dates or times",
        context={"column": values.name, "dtype": str(dtype)},
    )


def _float_text(value: float) -> str:
    return str(int(value)) if value.is_integer() and abs(value) <= _WHOLE else repr(value)


def _measured(columns: Iterable[str]) -> list[pl.Expr]:
    parts = [(pl.col(name).str.len_bytes().cast(pl.String), pl.lit(":"), pl.col(name)) for name in columns]
    return [pl.concat_str(expression for part in parts for expression in part).alias("key")]


def _hashes(keys: Iterable[str], seed: int) -> npt.NDArray[np.float64]:
    start = hashlib.blake2b(f"{seed}\0".encode(), digest_size=8)
    digests = bytearray()
    for key in keys:
        one = start.copy()
        one.update(key.encode())
        digests += one.digest()
    # 53 bits: all that a float below 1 can hold, so that no place is rounded up to 1.
    numbers = np.frombuffer(digests, ">u8") >> np.uint64(11)
    result: npt.NDArray[np.float64] = numbers.astype(np.float64) / 2**53
    return result
